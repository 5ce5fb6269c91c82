# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ways to authenticate to sshd, what sshd runs instead of a shell, and what it writes down."""

import os
import subprocess

from harness import people
from harness.world import write

PIDNS = "readlink /proc/self/ns/pid"


def _here():
    return os.readlink("/proc/self/ns/pid")


def _where(world, text):
    """The text names the container's PID namespace, or the host's without the product."""
    found = text.decode().strip().split("\n")[-1]
    assert found.startswith("pid:[") and (found != _here()) == world.product, (found, _here())


def _by_password(world, method):
    argv = ["-oBatchMode=no" if word == "BatchMode=yes" else word
            for word in world.ssh_argv("alice", f"{PIDNS}; echo e''nd")]
    argv[argv.index("-oBatchMode=no") - 1:argv.index("-oBatchMode=no") + 1] = ["-oBatchMode=no"]
    term = world.terminal(argv[:1] + [f"-oPreferredAuthentications={method}"] + argv[1:])
    term.expect("[Pp]assword: ")
    term.send(people.PASSWORD + "\n")
    _where(world, term.expect(r"(pid:\[\d+\])\r\n").group(1))
    term.expect("end")
    assert term.wait() == 0


def test_password(world):
    _by_password(world, "password")


def test_keyboard_interactive(world):
    """auth and account run in another process there: only the session's hooks see our data."""
    _by_password(world, "keyboard-interactive")


test_keyboard_interactive.sshd_lines = ["KbdInteractiveAuthentication yes"]


def test_force_command(world):
    done = world.ssh("alice", "echo not this")
    assert done.stdout.startswith(b"forced: echo not this\n") and done.returncode == 4, done
    _where(world, done.stdout)


test_force_command.sshd_lines = [f"ForceCommand echo forced: $SSH_ORIGINAL_COMMAND; {PIDNS}; exit 4"]


def test_command_of_a_key(world):
    with open("/etc/ssh/keys/alice") as file:
        key = file.read()
    write("/etc/ssh/keys/alice", f'command="echo keyed; {PIDNS}" {key}')
    done = world.ssh("alice", "echo not this")
    assert done.stdout.startswith(b"keyed\n"), done
    _where(world, done.stdout)


def test_permit_tty(world):
    done = world.ssh("alice", "-tt", "tty")
    assert done.returncode == 255 and b"PTY allocation request failed" in done.stderr, done
    done = world.ssh("alice", f"tty; {PIDNS}")
    assert done.stdout.startswith(b"not a tty"), done
    _where(world, done.stdout)


test_permit_tty.sshd_lines = ["PermitTTY no"]


def test_ssh_rc(world):
    """~/.ssh/rc is the user's code: sshd runs it by sh, not by the login shell."""
    write("/home/alice/.ssh/rc", f"{PIDNS} > /home/alice/where\n")
    os.chown("/home/alice/.ssh", 4001, 5001)
    assert world.ssh("alice", "echo in").stdout == b"in\n"
    with open("/home/alice/where", "rb") as file:
        _where(world, file.read())


def test_records(world):
    """utmp, wtmp and lastlog of the host name user, terminal and remote host, and the logout."""
    term = world.terminal(world.ssh_argv("alice", "-tt"))
    term.send("PS1=; stty -echo; echo be''gin\n")
    term.expect("begin\r\n")
    who = world.run(["who", "/run/utmp"]).stdout.decode().split("\n")
    assert len(who) == 2 and who[0].startswith("alice") and "pts/" in who[0] and "127.0.0.1" in who[0]
    assert b"still logged in" in world.run(["last", "-f", "/var/log/wtmp", "alice"]).stdout
    assert b"127.0.0.1" in world.run(["lastlog", "-u", "alice"]).stdout
    term.send("exit\n")
    term.wait()
    world.until(lambda: world.run(["who", "/run/utmp"]).stdout == b"", "utmp has no user")
    assert b"still logged in" not in world.run(["last", "-f", "/var/log/wtmp", "alice"]).stdout


def _has_terminal(world, name):
    groups = world.run(["ps", "-C", name, "-o", "pgid=,tpgid="]).stdout.decode().splitlines()
    return any(len(set(line.split())) == 1 for line in groups)


def test_job_control(world):
    """Stop, background, foreground, interrupt: by the keys, at the container's terminal."""
    term = world.terminal(world.ssh_argv("alice", "-tt"))
    term.send("PS1=; stty -echo; echo be''gin\n")
    term.expect("begin\r\n")
    term.send("bash -c 'echo on''e; exec sleep 100'\n")
    term.expect("one")
    term.send("\x1a")
    term.expect("Stopped")
    term.send("jobs; bg; jobs; echo tw''o\n")
    term.expect("Stopped.*Running.*two".replace(".*", r"[\s\S]*"))
    term.send("fg\n")
    term.expect("sleep 100")
    # bash names the job before it hands the terminal over
    world.until(lambda: _has_terminal(world, "sleep"), "it is in the foreground")
    world.interrupt(term, "^sleep 100")
    term.send("echo st=$?=; sleep 50 & echo th''ree\n")
    term.expect("st=130=[\\s\\S]*three")
    term.send("kill %1; wait; (exit 6); exit\n")
    assert term.wait() == 6


def test_sudden_end_of_a_terminal(world):
    """SIGHUP reaches what runs at the terminal when its client is gone."""
    term = world.terminal(world.ssh_argv("alice", "-tt"))
    term.send("exec sh -c 'trap \"touch hung; exit\" HUP; echo be''gin; while :; do sleep 0.1; done'\n")
    term.expect("begin\r\n")
    world.close_terminals()
    world.until(lambda: os.path.exists("/home/alice/hung"), "the shell was told")


def test_two_hundred_logins(world):
    """No growth: what a login leaves behind would show two hundred times."""
    for _ in range(200):
        done = subprocess.run(["pamtester", "su", "alice", "open_session", "close_session"],
                              capture_output=True)
        assert done.returncode == 0, (done, world.log[-5:])
    if world.product:
        world.until(lambda: sum("event=end" in line for line in world.log) == 200, "200 ends")
        world.until(lambda: not os.listdir("/run/pam_container/containers"), "the last one is gone")
