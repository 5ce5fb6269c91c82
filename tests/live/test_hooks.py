# SPDX-License-Identifier: LGPL-2.1-or-later
"""[Hooks]: when they run, with what, and what comes of one that fails."""

import json
import os
import re
import signal
import time

from harness import census, outside
from harness.world import write

CONTAINED = True
HOOK = "/usr/sbin/test-hook"
LOG = "/var/log/test-hook"
KINDS = ("Prestart", "CreateRuntime", "CreateContainer", "StartContainer", "Poststart", "Poststop")
ABORTING = KINDS[:4]


def _install(body="", mode=0o755):
    """A hook that writes down what it was given; body: what it does besides."""
    log = f"state=$(cat)\ncase $CONTAINER_HOOK in startContainer) log=/tmp/started;; *) log={LOG};; esac\n"
    write(HOOK, f"#!/bin/sh\n{log}ns=$(readlink /proc/self/ns/uts)\n"
          "echo \"$CONTAINER_HOOK $ns $state\" >>$log\n" + body, mode)


def _lines():
    if not os.path.exists(LOG):
        return []
    with open(LOG) as file:
        return [line.split(" ", 2) for line in file.read().splitlines()]


def _names():
    return [line[0] for line in _lines()]


def _definition(world, kinds=KINDS, more="", command=HOOK, files=""):
    world.definition("box", f"[Files]\n{files}[Hooks]\n" + more + "".join(f"{kind}={command}\n" for kind in kinds))


def _gone(world):
    world.until(lambda: not outside.containers(), "the container is gone")


# The set-up child's mounts at that moment: those of the host, and what was made since.
MOUNTS = ("pid=$(echo \"$state\" | sed -n 's/.*\"pid\":\\([0-9]*\\),.*/\\1/p')\n"
          "[ $CONTAINER_HOOK != prestart ] || cp /proc/$pid/mountinfo /var/log/mounts\n")


def test_order_and_state(world):
    _install(MOUNTS)
    _definition(world, files="Bind=/usr/share/doc:/opt\n")
    done = world.ssh("alice", "cat /tmp/started; readlink /proc/self/ns/uts")
    assert done.returncode == 0, (done, world.log[-5:])
    inner = done.stdout.decode().splitlines()
    started = json.loads(inner[0].split(" ", 2)[2])
    _gone(world)
    world.until(lambda: "poststop" in _names(), "the last one has run")
    assert _names() == ["prestart", "createRuntime", "createContainer", "poststart", "poststop"]
    spaces = {line[0]: line[1] for line in _lines()}
    host = os.readlink("/proc/self/ns/uts")
    assert spaces["createContainer"] == inner[1] == inner[0].split()[1] != host
    assert {spaces[name] for name in ("prestart", "createRuntime", "poststart", "poststop")} == {host}
    states = {line[0]: json.loads(line[2]) for line in _lines()}
    for name, status in (("prestart", "creating"), ("createRuntime", "creating"),
                         ("createContainer", "creating"), ("poststart", "running"),
                         ("poststop", "stopped")):
        state = states[name]
        assert state["ociVersion"].startswith("1.") and state["status"] == status, state
        assert state["id"] == "alice-1" and state["root"] == "/", state
        assert state["bundle"] == "/run/pam_container/containers/alice-1", state
        assert state["annotations"]["pam_container.user"] == "alice", state
    assert started["status"] == "created" and started["pid"] == 1, started
    pids = {states[name]["pid"] for name in ("prestart", "createRuntime", "createContainer",
                                             "poststart")}
    assert len(pids) == 1 and pids.pop() > 1 and "pid" not in states["poststop"]
    with open("/var/log/mounts") as file:
        mounts = file.read()
    for what in ("container-init", "/usr/share/doc"):
        assert what in mounts, "libcontainer ran it before its mounts"


def test_a_failure_refuses(world):
    """Of each kind that comes before the login; Poststop= runs all the same, all of it."""
    for kind in ABORTING:
        name = kind[0].lower() + kind[1:]
        _install(f'if [ $CONTAINER_HOOK = {name} ]; then echo "no: \a" >&2; exit 3; fi\n')
        if os.path.exists(LOG):
            os.unlink(LOG)
        _definition(world, KINDS + ("Poststop",))
        before = census.take()
        done = world.ssh("alice", "echo in")
        assert done.returncode != 0 and b"in\n" not in done.stdout, (kind, done)
        world.until(lambda: _names().count("poststop") == 2, "both Poststop= have run")
        assert "poststart" not in _names()
        text = "\n".join(world.log)
        assert f"{kind}={HOOK} ended with status 3: no: " in text, (kind, world.log[-4:])
        assert "x07" in text and "\a" not in text, "MUST-11"
        left = census.left_behind(before)
        assert not outside.containers() and not left, (kind, left)


def test_others_are_logged(world):
    _install("case $CONTAINER_HOOK in post*) exit 4;; esac\n")
    _definition(world, ("Poststart", "Poststop", "Poststop"))
    done = world.ssh("alice", "echo in")
    assert done.stdout == b"in\n", done
    _gone(world)
    world.until(lambda: _names().count("poststop") == 2, "both have run")
    for kind in ("Poststart", "Poststop"):
        world.until(lambda k=kind: any(f"{k}={HOOK} ended with status 4" in line and
                                       "event=hook-failed" in line for line in world.log),
                    f"the log has {kind}")


def test_time(world):
    """MUST-4: what takes too long is killed, its children with it, and the login is refused. timeout= is what a login may take."""
    _install("sleep 4711 & echo $! >/var/log/sleeper; sleep 4711\n")
    for argument, more, least in (("", "TimeoutSec=300ms\n", 0.3), ("", "TimeoutSec=1min\n", 3),
                                  ("timeout=2", "TimeoutSec=1min\n", 1.5)):
        _definition(world, ("Prestart",), more)
        world.session_line("sshd", argument)
        start = time.monotonic()
        done = world.ssh("alice", "echo in")
        took = time.monotonic() - start
        assert done.returncode != 0 and b"container is not ready yet" in done.stdout and least < took < 9, (more, took, done)
        with open("/var/log/sleeper") as file:
            pid = int(file.read())
        world.until(lambda p=pid: not os.path.exists(f"/proc/{p}"), "the sleeper is gone")
        _gone(world)
    _install("sleep 5\n")
    world.session_line("sshd", "timeout=20")
    assert world.ssh("alice", "echo in").stdout.endswith(b"in\n"), world.log[-5:]


def test_only_roots_own(world):
    """MUST-8: a program, or a folder above it, that others can change is not run."""
    cases = ((HOOK, 0o757, 0), (HOOK, 0o755, 1000), ("/home/alice/hook", 0o755, 0))
    for path, mode, owner in cases:
        _install("", mode)
        if path != HOOK:
            os.rename(HOOK, path)
        os.chown(path, owner, 0)
        _definition(world, ("Prestart",), command=path)
        done = world.ssh("alice", "echo in")
        assert done.returncode != 0 and not _lines(), (path, mode, owner, done)
        assert re.search(r"Prestart=.*(owned|writ)", "\n".join(world.log)), world.log[-4:]
        os.unlink(path)


def test_after_a_crash(world):
    """MUST-9: who removes what a killed supervisor left runs Poststop=."""
    _install()
    _definition(world, ("Poststop",))
    job = world.daemon(world.ssh_argv("alice", "echo in; sleep 100"))
    world.until(outside.containers, "the container is there")
    world.until(lambda: any("event=start" in line for line in world.log), "it has started")
    with open("/run/pam_container/containers/alice-1/state.json") as file:
        state = json.load(file)
    os.kill(state["super.pid"], signal.SIGKILL)
    world.until(lambda: not os.path.exists(f"/proc/{state['init.pid']}"), "PID 1 is gone")
    assert _names() == []
    done = world.run(["containerctl", "gc"])
    assert done.returncode == 0 and b"removed" in done.stdout, done
    assert _names() == ["poststop"] and not outside.containers()
    job.terminate()


def test_a_crash_of_the_maker(world):
    """The same in the midst of Prestart=, when nothing was published yet."""
    _install("if [ $CONTAINER_HOOK = prestart ]; then kill -9 $PPID; exec sleep 4712; fi\n")
    _definition(world, ("Prestart", "Poststop"))
    assert world.ssh("alice", "echo in").returncode != 0
    assert _names() == ["prestart"]
    done = world.run(["containerctl", "gc"])
    assert done.returncode == 0 and b"removed" in done.stdout, done
    assert _names() == ["prestart", "poststop"] and not outside.containers()


def test_tree_of_the_user(world):
    """StartContainer= is root's code out of the tree: not where that is written from inside."""
    world.definition("box", "[Files]\nVolatile=overlay\n"
                            f"[Hooks]\nStartContainer={HOOK}\n")
    done = world.run(["containerctl", "check"])
    assert done.returncode != 0 and b"StartContainer= runs as root in a tree" in done.stdout, done
