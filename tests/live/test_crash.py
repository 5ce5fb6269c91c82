# SPDX-License-Identifier: LGPL-2.1-or-later
"""MUST-9: SIGKILL of whatever process, and nothing stays that the next login or gc does not remove."""

import contextlib
import os
import re
import signal
import subprocess
import time

CONTAINED = True
STATE = "/run/pam_container/containers"
SHARED = "[Match students]\nGroup=students\nContainer=box\nInstance=user\n"


def _hold(world, user="alice"):
    """A session that stays."""
    job = subprocess.Popen(world.ssh_argv(user, "echo up; exec cat"), stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE)
    assert job.stdout.readline() == b"up\n", world.log[-5:]
    return job


def _record(name):
    with open(f"{STATE}/{name}/state.json") as file:
        return file.read()


def _pids(name):
    """Host pids of PID 1 and the supervisor."""
    text = _record(name)
    return [int(re.search(rf'"{key}.pid":\s*(\d+)', text).group(1)) for key in ("init", "super")]


def _named(world, word):
    """Pids of the processes whose title begins so."""
    done = world.run(["pgrep", "-f", "^" + word])
    return [int(pid) for pid in done.stdout.split()]


def _kill(*pids):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _next_login_works(world, user="alice"):
    done = world.ssh(user, "echo in; id -un")
    assert done.stdout.decode() == f"in\n{user}\n", (done, world.log[-8:])


def _nothing_left(world, user="alice"):
    world.until(lambda: not os.listdir(STATE), "the container's record is gone")
    world.until(lambda: not _named_uid(world, user), f"{user} has no process")


def _named_uid(world, user):
    return world.run(["pgrep", "-u", user]).stdout


def test_init(world):
    job = _hold(world)
    _kill(_pids("alice-1")[0])
    job.wait(10)
    _nothing_left(world)
    _next_login_works(world)


def test_supervisor(world):
    """PID 1 dies with it, so does the session; the record is dead, and the next login takes its ID."""
    job = _hold(world)
    _kill(_pids("alice-1")[1])
    job.wait(10)
    world.until(lambda: not _named_uid(world, "alice"), "alice has no process")
    _next_login_works(world)
    _nothing_left(world)


def test_supervisor_and_gc(world):
    """With nobody logging in any more, containerctl gc removes what is left."""
    jobs = [_hold(world), _hold(world), _hold(world, "bob")]
    for name in os.listdir(STATE):
        _kill(_pids(name)[1])
    for job in jobs:
        job.wait(10)
    done = world.run(["containerctl", "gc"])
    assert done.returncode == 0, done
    assert not os.listdir(STATE) and not os.listdir("/run/pam_container/locks")


def test_supervisor_and_init_at_once(world):
    job = _hold(world)
    _kill(*_pids("alice-1"))
    job.wait(10)
    _next_login_works(world)
    _nothing_left(world)


def test_attach(world):
    """The user may kill it himself: it is his own process, and his session ends."""
    term = world.terminal(world.ssh_argv("alice", "-tt"))
    term.send("PS1=; stty -echo; echo be''gin\n")
    term.expect("begin\r\n")
    attach = world.run(["pgrep", "-x", "ctr-attach"]).stdout.split()
    assert len(attach) == 1, attach
    _kill(int(attach[0]))
    assert term.wait() in (-1, 255, 137)
    _nothing_left(world)
    _next_login_works(world)


def test_user_child_of_sshd(world):
    job = _hold(world)
    _kill(*_named(world, r"sshd: alice@notty"))
    job.wait(10)
    _nothing_left(world)


def test_client_dies(world):
    """An abrupt disconnect with a program that does not read: it is ended all the same."""
    job = subprocess.Popen(world.ssh_argv("alice", "echo up; trap '' HUP PIPE; sleep 100"),
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert job.stdout.readline() == b"up\n"
    _kill(job.pid)
    job.wait()
    # without a terminal sshd notices when it has something to send: TCP tells it of the reset
    _nothing_left(world)


def test_su_that_joined(world):
    """The caller is the container's user too: killed at once, it takes its container along."""
    job = subprocess.Popen(["su", "alice", "-c", "echo up; exec sleep 100"], stdout=subprocess.PIPE)
    assert job.stdout.readline() == b"up\n"
    _kill(job.pid)
    job.wait()
    _nothing_left(world)
    assert world.run(["su", "alice", "-c", "echo in"]).stdout == b"in\n"


def test_init_of_a_caller_that_joined(world):
    """login and su can no more fork inside, but end in good order, and the host is not affected."""
    job = subprocess.Popen(["su", "alice", "-c", "echo up; exec sleep 100"], stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE)
    assert job.stdout.readline() == b"up\n"
    _kill(_pids("alice-1")[0])
    assert job.wait(10) != 0
    _nothing_left(world)
    assert world.run(["su", "alice", "-c", "echo in"]).stdout == b"in\n"


def test_one_of_two_sessions(world):
    """Sessions that share a container: the end of one caller is not the end of the other."""
    world.policy(SHARED)
    one, two = _hold(world), _hold(world)
    monitors = sorted(_named(world, r"sshd: alice \[priv\]"))
    assert len(monitors) == 2, monitors
    _kill(monitors[0])
    one.wait(10)
    two.stdin.write(b"still\n")
    two.stdin.flush()
    assert two.stdout.readline() == b"still\n"
    two.stdin.close()
    assert two.wait(10) == 0
    _nothing_left(world)


def _first(prefix, deadline):
    """Pid of a process whose title begins so, as soon as it is there."""
    while time.monotonic() < deadline:
        for name in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError), open(f"/proc/{name}/cmdline", "rb") as file:
                if file.read(200).startswith(prefix):
                    return int(name)
    return 0


def _sweep(world, prefix):
    """Kill that process again and again, each time a little later in its life."""
    for number in range(12):
        job = subprocess.Popen(world.ssh_argv("alice", "sleep 0.05"), stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        pid = _first(prefix, time.monotonic() + 10)
        assert pid, f"no {prefix} was there"
        time.sleep(number * number * 0.0008)  # dense at the beginning, up to 100 ms
        _kill(pid)
        job.wait(15)
    _next_login_works(world)
    world.until(lambda: not _named_uid(world, "alice"), "alice has no process")
    assert world.run(["containerctl", "gc"]).returncode == 0
    _nothing_left(world)


def test_supervisor_at_any_time(world):
    _sweep(world, b"container-supervisor")


def test_init_at_any_time(world):
    _sweep(world, b"container-init")


def test_monitor_at_any_time(world):
    _sweep(world, b"sshd: alice [priv]")
