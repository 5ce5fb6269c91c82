# SPDX-License-Identifier: LGPL-2.1-or-later
"""A world that is shown to somebody: it shares the machine's network and process numbers.

Three processes. The audience stays outside, on the machine, and counts what is there. The
stagehand installs the build into a tmpfs that only it sees. The world, in a copy-on-write view of
the machine's files and with control groups of its own, runs what is shown.
"""

import os
import select
import signal
import socket
import subprocess
import sys
import traceback

from . import cgroup, layer, sandbox, syscalls

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__)))))

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _own_cgroups(group):
    """This process sees the demonstration's groups as all groups that there are."""
    found = cgroup.hierarchies()
    cgroup.enter(group, os.getpid())
    syscalls.unshare(syscalls.CLONE_NEWCGROUP)
    syscalls.umount("/sys/fs/cgroup", syscalls.MNT_DETACH)
    cgroup.mount_own_view("/sys/fs/cgroup", found)


def _in_world(group, link, act):
    _own_cgroups(group)
    syscalls.mount("tmpfs", "/tmp", "tmpfs", options="mode=1777")

    def tell(*words):
        link.sendall((" ".join(map(str, words)) + "\n").encode())
        assert link.recv(16) == b"ok", "the process outside answers"
    return act(tell)


def _stagehand(build, group, link, act):
    """In mounts of its own: install the build into a tmpfs, lay it under the world's root."""
    cgroup.enter(group, os.getpid())
    work = sandbox.work_place()
    sandbox.private_mounts(work)
    staged, merged = f"{work}/stage", f"{work}/layer"
    done = subprocess.run(["make", "-s", "-C", build, "install", f"DESTDIR={staged}"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0 or not layer.find(staged, "pam_container.so"):
        print("make install:\n" + done.stdout, flush=True)
        return 1
    subprocess.run([f"{TOP}/tools/criu", f"{build}/criu", staged], stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, check=True)
    layer.copy(staged, merged)
    box = sandbox.Sandbox(work, group[len(cgroup.PREFIX):], merged, isolated=False)
    box.start(lambda: _in_world(group, link, act))
    link.close()
    return os.waitstatus_to_exitcode(os.waitpid(box.pid, 0)[1])


def _follow(machine, link, woken):
    """Count when the world says so, until it ends (0) or a signal comes (its number)."""
    text = b""
    while True:
        ready, _, _ = select.select([link, woken], [], [])
        if woken in ready:
            return woken.recv(1)[0]
        data = link.recv(256)
        if not data:
            return 0
        text += data
        while b"\n" in text:
            line, text = text.split(b"\n", 1)
            when, port, files = line.decode().split()
            machine.port = int(port)
            machine.remember_spaces()
            if when == "logged-out":
                machine.settle(everything=False)
            machine.count(when, int(port), int(files))
            link.sendall(b"ok")


def _catch_signals():
    """From here on ^C and its like are bytes that _follow() reads: no clean-up is interrupted."""
    woken, write_end = socket.socketpair()
    write_end.setblocking(False)
    signal.set_wakeup_fd(write_end.fileno(), warn_on_full_buffer=False)
    for each in SIGNALS:
        signal.signal(each, lambda *_: None)
    return woken, write_end


def _start_stagehand(build, group, act, interactive):
    ours, theirs = socket.socketpair()
    parent = os.getpid()
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            ours.close()
            signal.set_wakeup_fd(-1)
            for each in SIGNALS[1:]:
                signal.signal(each, signal.SIG_DFL)
            # ^C is for the process outside; only the shell needs this terminal as its own
            if not interactive:
                os.setsid()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            syscalls.die_with_parent(parent)
            status = _stagehand(build, group, theirs, act)
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(status)
    theirs.close()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    return pid, ours


def _start_janitor(machine):
    """A process that removes all of it when this one is SIGKILLed. Returns its pid and its leash:
    it starts when the last copy of the leash is closed."""
    read_end, leash = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            for each in SIGNALS:
                signal.signal(each, signal.SIG_IGN)
            os.close(leash)
            os.read(read_end, 1)
            machine.remove_group()
        finally:
            os._exit(0)
    os.close(read_end)
    return pid, leash


def play(machine, build, act, interactive):
    """Run act(tell) in a world on top of the build. Returns its status, and a signal or 0.

    act calls tell(WHEN, PORT, FILES) to have the machine counted. interactive: it needs this
    terminal as its own. A signal ends the world; whatever happens, nothing of it is left.
    """
    woken, _write_end = _catch_signals()
    janitor, leash = _start_janitor(machine)
    try:
        machine.make_group()
        pid, link = _start_stagehand(build, machine.group, act, interactive)
        number = _follow(machine, link, woken)
        if number:
            os.kill(pid, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if not number:
            machine.settle(everything=True)
        alive = [] if number else machine.processes()
    finally:
        left = machine.remove_group()
        os.close(leash)
        os.waitpid(janitor, 0)
    machine.settle(everything=True)
    machine.count("at the end", machine.port)
    machine.counts["at the end"]["processes"] += len(alive)
    machine.counts["at the end"]["control groups"] += len(left)
    return status, number
