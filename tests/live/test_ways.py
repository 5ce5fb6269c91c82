# SPDX-License-Identifier: LGPL-2.1-or-later
"""More ways in: at, pamtester, passwords, forced commands; and what login programs write down."""

import os
import subprocess

from harness import people
from harness.world import write

PIDNS = "readlink /proc/self/ns/pid"


def _is_inside(world, text):
    assert (text.decode().strip() != os.readlink("/proc/self/ns/pid")) == world.product, text


def test_at(world):
    daemon = world.daemon(["/usr/sbin/atd", "-f", "-b", "0"])
    done = world.run(["setpriv", "--reuid", "alice", "--regid", "students", "--init-groups", "sh", "-c",
                      "cd /home/alice; echo '" + PIDNS + " > at.out; sleep 2' | at now"])
    world.until(lambda: os.path.exists("/home/alice/at.out") and os.path.getsize("/home/alice/at.out"),
                f"at has run the job ({done})", timeout=30)
    world.require_walls("alice")
    with open("/home/alice/at.out", "rb") as file:
        _is_inside(world, file.read())
    daemon.terminate()
    daemon.wait()


def test_pamtester(world):
    """A plain PAM program: open_session and close_session in one process, which joins and leaves."""
    write("/etc/pam.d/tester", "auth required pam_permit.so\naccount required pam_permit.so\n"
          "session required pam_permit.so\n" + ("session required pam_container.so\n"
                                                if world.product else ""))
    for _ in range(3):
        done = world.run(["pamtester", "tester", "alice", "open_session", "close_session"])
        assert done.returncode == 0 and done.stdout.count(b"successfully") == 2, done


def _password(world, method):
    options = [f"-oPreferredAuthentications={method}", "-oNumberOfPasswordPrompts=1"]
    argv = world.ssh_argv("alice", *options, "-tt", "echo ns=$(" + PIDNS + ")=")
    term = world.terminal([word.replace("BatchMode=yes", "BatchMode=no") for word in argv])
    term.expect("assword: ")
    term.send(people.PASSWORD + "\n")
    _is_inside(world, term.expect("ns=(.*)=").group(1))
    assert term.wait() == 0


def test_password(world):
    _password(world, "password")


def test_keyboard_interactive(world):
    """Auth and account run in another process there; the session hooks alone know us."""
    _password(world, "keyboard-interactive")


test_keyboard_interactive.sshd_lines = ["KbdInteractiveAuthentication yes"]


def test_forced_command(world):
    _is_inside(world, world.ssh("alice", "echo ignored").stdout)


test_forced_command.sshd_lines = ["ForceCommand " + PIDNS]


def test_command_of_a_key(world):
    with open("/etc/ssh/keys/alice") as file:
        key = file.read()
    write("/etc/ssh/keys/alice", f'command="{PIDNS}; echo $SSH_ORIGINAL_COMMAND >&2" {key}')
    done = world.ssh("alice", "what I wanted")
    _is_inside(world, done.stdout)
    assert done.stderr == b"what I wanted\n", done


def test_rc(world):
    """~/.ssh/rc is run by sshd's child, before and beside the shell."""
    os.makedirs("/home/alice/.ssh")
    write("/home/alice/.ssh/rc", PIDNS + " > ~/rc.out\n")
    assert world.ssh("alice", "echo fine").stdout == b"fine\n"
    with open("/home/alice/rc.out", "rb") as file:
        _is_inside(world, file.read())


def test_job_control(world):
    term = world.terminal(world.ssh_argv("alice", "-tt"))
    term.send("PS1=; stty -echo; echo be''gin\n")
    term.expect("begin\r\n")
    term.send("cat\n")
    world.until(lambda: world.run(["pgrep", "-x", "cat"]).returncode == 0, "cat runs")
    term.send("\x1a")
    term.expect("Stopped")
    term.send("sleep 100 &\njobs\n")
    term.expect("Running")
    term.send("kill %2; fg %1\n")
    term.expect("cat\r\n")
    term.send("some text\n")
    term.expect("some text\r\n")
    term.send("\x04")
    term.send("echo al''l done\n")
    term.expect("all done")
    term.send("exit 4\n")
    assert term.wait() == 4


def test_su_from_inside(world):
    """A program in a container opens a session: its walls hold already, and nothing is nested."""
    world.definition("box", "[Exec]\nNoNewPrivileges=no\n")
    term = world.terminal(world.ssh_argv("alice", "-tt"))
    term.send("PS1=; stty -echo; echo be''gin $(" + PIDNS + ")=\n")
    outer = term.expect("begin (.*)=").group(1)
    term.send("su bob -c 'id -un; " + PIDNS + "'\n")
    term.expect("assword: ")
    term.send(people.PASSWORD + "\n")
    term.expect("bob\r\n")
    assert term.expect("pid:.*\\]").group(0) == outer
    term.send("exit\n")
    term.wait()


test_su_from_inside.contained = True


def _records(path):
    """Users in utmp(5) records of type USER_PROCESS, with their terminals."""
    with open(path, "rb") as file:
        data = file.read()
    found = []
    for at in range(0, len(data), 384):
        kind = int.from_bytes(data[at:at + 2], "little")
        if kind == 7:
            found.append((data[at + 44:at + 76].rstrip(b"\0").decode(),
                          data[at + 8:at + 40].rstrip(b"\0").decode()))
    return found


def test_records_of_ssh(world):
    """utmp and wtmp stay the host's, with the terminal that the host knows."""
    term = world.terminal(world.ssh_argv("alice", "-tt"))
    term.send("PS1=; stty -echo; echo be''gin\n")
    term.expect("begin\r\n")
    (user, line), = _records("/run/utmp")
    assert user == "alice" and os.path.exists("/dev/" + line), (user, line)
    assert ("alice", line) in _records("/var/log/wtmp")
    term.send("exit\n")
    term.wait()
    world.until(lambda: not _records("/run/utmp"), "the record is closed")


def test_records_of_login(world):
    term = world.terminal(["login", "alice"])
    term.expect("Password: ")
    term.send(people.PASSWORD + "\n")
    term.expect("[$] ")
    assert [user for user, _line in _records("/run/utmp")] == ["alice"]
    assert [user for user, _line in _records("/var/log/wtmp")] == ["alice"]
    term.send("exit\n")
    term.wait()


def test_logs_of_a_caller_that_joined(world):
    """su logs the end of the session from inside, by the host's /dev/log."""
    world.run(["su", "alice", "-c", "true"])
    world.until(lambda: any("session closed for user alice" in line for line in world.log),
                "su has logged the end")


def test_parent_lives_on_after_close(world):
    """A caller that joined goes back: what it starts afterwards is the host's."""
    done = subprocess.run(["sh", "-c", "su alice -c true; " + PIDNS], capture_output=True)
    assert done.stdout.decode().strip() == os.readlink("/proc/self/ns/pid")
