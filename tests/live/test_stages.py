# SPDX-License-Identifier: LGPL-2.1-or-later
"""MUST-9: set-up that fails or dies at any row of the tables leaves nothing that stays."""

import array
import os
import signal
import socket
import subprocess

from harness import census

CONTAINED = True
SUPERVISOR = "/usr/libexec/pam_container/container-supervisor"
OWN = ("state", "join", "hooks", "cgroup", "users", "clone", "restrict", "network", "checked", "place", "child",
       "verify", "publish")
CHILD = ("door", "user", "cgns", "spaces", "owned", "uts", "net", "sysctl", "root", "keyring", "listen",
         "starthooks", "exec")
DEFINITION = b"[Exec]\nHostname=box\nPrivateUsers=pick\n[Network]\nPrivate=loopback\n[Resources]\nTasksMax=50\n"


def _create(name, fault=None, definition=DEFINITION):
    """Verb and records of the answer of container-supervisor create; None when it died."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    text = os.memfd_create("definition")
    os.write(text, definition)
    os.lseek(text, 0, os.SEEK_SET)

    def place():
        os.dup2(theirs.fileno(), 3)
        os.set_inheritable(3, True)
    argv = [SUPERVISOR] + ([f"--fault={fault}"] if fault else []) + ["create"]
    job = subprocess.Popen(argv, preexec_fn=place, close_fds=False, stdin=subprocess.DEVNULL)
    theirs.close()
    records = [b"create", b"id=" + name.encode(), b"definition=box", b"keep=0", b"timeout=5000"]
    ours.sendmsg([b"\0".join(records) + b"\0"],
                 [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [text]))])
    os.close(text)
    ours.settimeout(10)
    answer = ours.recv(65536).split(b"\0")
    ours.close()
    verb = answer[0].decode() if answer[0] else None
    if verb != "created":
        job.wait(10)
    return verb, answer, job


def _end(world, name, job):
    """PID 1's end is the container's, and so the supervisor's."""
    with open(f"/run/pam_container/containers/{name}/state.json") as file:
        pid = int(file.read().split('"init.pid":')[1].split(",")[0])
    os.kill(pid, signal.SIGKILL)
    job.wait(10)
    path = f"/run/pam_container/containers/{name}"
    world.until(lambda: not os.path.exists(path), f"{name} is removed")


def test_no_fault(world):
    verb, answer, job = _create("box")
    assert verb == "created", answer
    _end(world, "box", job)


def _fails_at(world, stages):
    for stage in stages:
        before = census.take()
        verb, answer, _job = _create("box", stage)
        assert verb == "denied" and any(stage.encode() in a for a in answer), (stage, answer)
        left = census.left_behind(before)
        assert not left, (stage, left)


def test_each_stage_of_the_supervisor_fails(world):
    _fails_at(world, OWN)


def test_each_stage_of_the_child_fails(world):
    _fails_at(world, CHILD)


def test_the_child_is_killed_at_each_stage(world):
    for stage in CHILD:
        before = census.take()
        verb, answer, _job = _create("box", f"{stage}:9")
        assert verb == "denied", (stage, answer)
        left = census.left_behind(before)
        assert not left, (stage, left)


def test_the_supervisor_is_killed_at_each_stage(world):
    for stage in OWN:
        before = census.take()
        verb, answer, _job = _create("box", f"{stage}:9")
        assert verb is None, (stage, answer)
        verb, answer, job = _create("box")
        assert verb == "created", (stage, answer)
        _end(world, "box", job)
        left = census.left_behind(before)
        assert not left, (stage, left)
