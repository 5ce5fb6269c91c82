# SPDX-License-Identifier: LGPL-2.1-or-later
"""Logins on the machine itself: su, runuser, sudo, login, cron."""

import os
import subprocess

from harness import people
from harness.world import write


def _identity(world, argv):
    """MUST-1: the command runs as alice, and each process of hers is where it belongs."""
    job = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert job.stdout.readline() == b"alice\n"
    world.require_walls("alice")
    job.stdin.close()
    assert job.wait(10) == 0


def test_su_command(world):
    _identity(world, ["su", "alice", "-c", "id -un; cat"])


def test_su_login(world):
    _identity(world, ["su", "-l", "alice", "-c", "id -un; cat"])


def test_su_other_shell(world):
    _identity(world, ["su", "-s", "/bin/sh", "alice", "-c", "id -un; cat"])


def test_su_status(world):
    assert world.run(["su", "alice", "-c", "exit 7"]).returncode == 7


def test_runuser(world):
    _identity(world, ["runuser", "-u", "alice", "--", "sh", "-c", "id -un; cat"])


def test_sudo(world):
    _identity(world, ["sudo", "-n", "-u", "alice", "sh", "-c", "id -un; cat"])


def test_login(world):
    term = world.terminal(["login", "alice"])
    term.expect("Password: ")
    term.send(people.PASSWORD + "\n")
    term.expect("[$] ")
    term.send("PS1=; stty -echo; echo in''side $(id -un)\n")
    term.expect("inside alice")
    world.require_walls("alice")
    term.send("exit\n")
    term.wait()


def _cron(world, shell):
    tab = "/var/spool/cron/crontabs/alice"
    write(tab, f"{shell}@reboot id -un > /home/alice/done; sleep 1\n", 0o600)
    os.chown(tab, people.USERS["alice"][0], -1)
    daemon = world.daemon(["/usr/sbin/cron", "-f"])
    world.until(lambda: os.path.exists("/home/alice/done") and os.path.getsize("/home/alice/done"),
                "cron has run the job")
    world.require_walls("alice")
    daemon.terminate()
    daemon.wait()


def test_cron(world):
    _cron(world, "")


def test_cron_with_shell(world):
    _cron(world, "SHELL=/bin/bash\n")
