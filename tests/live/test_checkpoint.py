# SPDX-License-Identifier: LGPL-2.1-or-later
"""Containers onto the disk and back: processes, walls, sessions; what is refused."""

import json
import os
import subprocess
import time

OWN = """[Global]
OnError=deny
[Match students]
Group=students
Container=box
Instance=user
"""
BOX = """[Container]
Description=a box for tests
Linger=1h
[Exec]
Hostname=box
[Files]
PrivateTmp=yes
[Resources]
TasksMax=300
"""


def _ctl(world, *arguments, code=0):
    done = world.run(["containerctl", *arguments], timeout=60)
    assert done.returncode == code, done
    return done


def _box(world, extra="", text=BOX):
    world.policy(OWN)
    world.definition("box", text + extra)


def _status(world, name="alice.box"):
    done = world.run(["containerctl", "list", "--all", "--json"])
    rows = json.loads(done.stdout)["containers"]
    return {row["id"]: row["state"] for row in rows}.get(name)


def _shell(world, user="alice"):
    term = world.terminal(world.ssh_argv(user, "-tt"))
    term.send("PS1='$ '; echo re''ady\n")
    term.expect("ready\r\n")
    return term


def _ask(term, command, answer):
    term.send(command + "\n")
    term.expect(answer)


def test_a_login_comes_back(world):
    """A shell over ssh: checkpoint, gone, ssh again, the same shell."""
    _box(world)
    term = _shell(world)
    _ask(term, "x=kept; cd /tmp; f() { echo \"f of $x\"; }; echo s''et", "set\r\n")
    _ask(term, "(while :; do echo tick >> /tmp/ticks; sleep 0.1; done) & echo b''g", "bg\r\n")
    _ctl(world, "checkpoint", "alice.box")
    term.wait()
    assert _status(world) == "checkpointed"
    assert not os.listdir("/run/pam_container/containers")
    term = world.terminal(world.ssh_argv("alice", "-tt"))
    _ask(term, "f; pwd; jobs; hostname", "f of kept\r\n/tmp\r\n")
    term.expect("Running")
    term.expect("box\r\n")
    assert _status(world) == "running"
    assert not os.listdir("/var/lib/pam_container/checkpoints")
