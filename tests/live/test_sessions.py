# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sessions by name in PID 1: they outlive their connection, and are given back to their user alone."""

import os
import signal
import subprocess

from harness import outside

CONTAINED = True
LINGER = "[Container]\nLinger=1s\n"


def _shell(world, user="alice", **options):
    """An interactive ssh login, at its prompt."""
    term = world.terminal(world.ssh_argv(user, "-tt"), **options)
    term.send("PS1='@'; echo re''ady\n")
    term.expect("ready\r\n.*@")
    return term


OWN = "[Match students]\nGroup=students\nContainer=box\nInstance=user\n"


def _plain(world, user="alice"):
    """A command whose pipes end in ssh."""
    job = subprocess.Popen(world.ssh_argv(user, "echo up; exec sleep 1000"), stdout=subprocess.PIPE)
    assert job.stdout.readline() == b"up\n"
    return job


def _end(job):
    job.kill()
    job.wait(10)
    job.stdout.close()


def test_quiet_for_a_checkpoint(world):
    """PID 1 lets go of all that ends outside, and takes it up again."""
    world.policy(OWN)
    world.definition("box", LINGER)
    term = _shell(world)
    init = outside.init_pid()
    term.send("x=kept; (while :; do sleep 0.1; python3 -c 'import socket; socket.socket(1, 5)"
              ".connect(\"/dev/.container/socket\")' 2>>/tmp/errors; done) & echo st''arted\n")
    term.expect("started\r\n")
    peer = outside.Peer(init)
    assert peer.ask("quiesce") == ["quiet", []]
    term.wait()
    held = [link.split(":")[0] for link in outside.links(init)]
    assert sorted(held) == ["/dev/null", "/dev/null", "/dev/null", "/dev/pts/ptmx", "/memfd",
                            "anon_inode", "anon_inode"], outside.links(init)
    assert peer.hear() == []
    peer.close()
    errors = f"/proc/{init}/root/tmp/errors"
    world.until(lambda: os.path.exists(errors) and "FileNotFoundError" in open(errors).read(),
                "there is no socket")
    outside.wake()
    world.until(lambda: "PermissionError" in open(errors).read(), "connections are refused")
    one, = outside.sessions()
    assert one["session"] == 1 and one["attached"] == 0 and one["uid"] == 4001
    assert outside.ask("quiesce") == ["error", outside.ANY]
    assert outside.ask("unquiet") == ["ok", []]
    assert world.ssh("alice", "echo in").stdout == b"in\n"
    peer = outside.Peer(init)
    assert peer.ask("attach", session=1)[0] == "attached"
    os.write(peer.fds[0], b"echo \"<$x>\"\n")
    os.set_blocking(peer.fds[0], True)
    world.until(lambda: b"<kept>" in os.read(peer.fds[0], 65536), "the shell answers")
    peer.close()
    world.until(lambda: not outside.sessions(), "root's hang-up ends it")


def test_plain_commands_keep_from_a_checkpoint(world):
    """They are named, nothing has happened to them; with kill_plain they are ended first."""
    world.policy(OWN)
    world.definition("box", LINGER)
    job = _plain(world)
    init = outside.init_pid()
    verb, pids = outside.ask("quiesce", kill_plain=0)
    assert verb == "busy" and [key for key, _pid in pids] == ["pid"], (verb, pids)
    with open(f"/proc/{init}/root/proc/{pids[0][1]}/comm") as file:
        assert file.read() in ("sleep\n", "bash\n")
    assert world.ssh("alice", "echo in").stdout == b"in\n"
    assert job.poll() is None
    stubborn = _plain_stubborn(world)
    assert outside.ask("quiesce", kill_plain=1) == ["quiet", []]
    job.wait(10)
    stubborn.wait(10)
    outside.wake()
    assert outside.ask("unquiet") == ["ok", []]
    assert world.ssh("alice", "echo in").stdout == b"in\n"
    _end(job)
    _end(stubborn)


def _plain_stubborn(world):
    command = "trap '' HUP TERM; echo up; while :; do sleep 1; done"
    job = subprocess.Popen(world.ssh_argv("alice", command), stdout=subprocess.PIPE)
    assert job.stdout.readline() == b"up\n"
    return job


def test_supervisor_that_dies_after_a_checkpoint(world):
    """MUST-9: PID 1 dies with its supervisor again when the checkpoint is over."""
    world.policy(OWN)
    world.definition("box", LINGER)
    term = _shell(world)
    init = outside.init_pid()
    assert outside.ask("quiesce") == ["quiet", []]
    term.wait()
    outside.wake()
    assert outside.ask("unquiet") == ["ok", []]
    with open(f"/proc/{init}/status") as file:
        supervisor = int(file.read().split("PPid:")[1].split()[0])
    os.kill(supervisor, signal.SIGKILL)
    world.until(lambda: not os.path.exists(f"/proc/{init}"), "PID 1 is gone")
    assert world.ssh("alice", "echo in").stdout == b"in\n"  # and reaps what is left
