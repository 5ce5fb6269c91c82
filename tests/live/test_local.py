# SPDX-License-Identifier: LGPL-2.1-or-later
"""Logins on the machine itself: su, runuser, sudo, login, cron."""

import fcntl
import glob
import os
import signal
import stat
import subprocess
import termios

from harness import oracle, people, runner
from harness.world import DEFINITION, POLICY, write


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


CONSOLE = (4, 60)  # a virtual terminal that nobody looks at


def _on_console(argv, node):
    """A program as getty would start it: leader of a session whose terminal is the console."""
    def become_leader():
        os.setsid()
        terminal = os.open(node, os.O_RDWR)
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 1)
        for fd in (0, 1, 2):
            os.dup2(terminal, fd)
    return subprocess.Popen(argv, preexec_fn=become_leader)


def _shell_on_console():
    for facts in oracle.processes(people.USERS["alice"][0]):
        with open(f"/proc/{facts.pid}/stat") as file:
            if int(file.read().rsplit(") ", 1)[1].split()[4]) == os.makedev(*CONSOLE):
                return facts.pid
    return 0


def _console_rules():
    """Whether the container may use the console, as v1 tells; None without container."""
    found = glob.glob("/sys/fs/cgroup/devices/pam_container/alice.*/devices.list")
    if not found:
        return None
    with open(found[0]) as file:
        return f"c {CONSOLE[0]}:{CONSOLE[1]} rw" in file.read().splitlines()


def test_login_on_a_console(world):
    """login opens its terminal by name once it has joined; a console is not in the usual rules."""
    if not os.path.exists("/sys/class/tty/tty60"):
        raise runner.Skip("this kernel has no virtual terminals")
    os.mknod("/dev/tty60", stat.S_IFCHR | 0o600, os.makedev(*CONSOLE))
    world.policy(POLICY + "Instance=user\n")
    world.definition("box", DEFINITION.replace("[Exec]", "Linger=2s\n[Exec]"))
    login = _on_console(["login", "-f", "alice"], "/dev/tty60")
    world.until(_shell_on_console, "alice has a shell on the console")
    world.require_walls("alice")
    if world.product and os.path.exists("/sys/fs/cgroup/devices"):
        assert _console_rules() is True
        os.kill(_shell_on_console(), signal.SIGHUP)
        login.wait(10)
        world.until(lambda: _console_rules() is False, "the container may no longer use it")
        world.until(lambda: _console_rules() is None, "the container is gone")
    else:
        os.kill(_shell_on_console(), signal.SIGHUP)
        login.wait(10)


def test_terminal_by_name(world):
    """util-linux's login opens its pty by name once it has joined: the host's, no other of that name."""
    terms = [world.terminal(["su", "-l", "alice"]) for _ in range(2)]
    for term in terms:
        term.expect("[$] ")
        name = os.readlink(f"/proc/{term.pid}/fd/0")
        seen, real = os.stat(f"/proc/{term.pid}/root{name}"), os.stat(name)
        assert ((seen.st_dev, seen.st_rdev) == (real.st_dev, real.st_rdev)) or not world.product
    for term in terms:
        term.send("exit\n")
        term.wait()
