# SPDX-License-Identifier: LGPL-2.1-or-later
"""More programs that open sessions on the machine itself, and what they find inside."""

import os
import subprocess
import time

from harness import people
from harness.world import DEFINITION, write

PIDNS = "readlink /proc/self/ns/pid"


def _stays(world, argv, **options):
    """A session that waits; every process of alice's is where it belongs (MUST-1)."""
    job = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)
    assert job.stdout.readline() == b"alice\n", world.log[-5:]
    world.require_walls("alice")
    job.stdin.close()
    assert job.wait(10) == 0


def test_sudo_login_shell(world):
    _stays(world, ["sudo", "-n", "-i", "-u", "alice", "sh", "-c", "id -un; cat"])


def test_sudo_shell(world):
    _stays(world, ["sudo", "-n", "-s", "-u", "alice", "--", "sh", "-c", "id -un; cat"])


def test_sudo_with_a_terminal_of_its_own(world):
    write("/etc/sudoers.d/pty", "Defaults use_pty\n", 0o440)
    term = world.terminal(["sudo", "-n", "-u", "alice", "bash", "--norc"])
    term.send("PS1=; stty -echo; echo in''side $(id -un) $(stty size)=\n")
    term.expect(r"inside alice 24 80=")
    world.require_walls("alice")
    term.send("exit 3\n")
    assert term.wait() == 3


def test_runuser_login_shell(world):
    _stays(world, ["runuser", "-l", "alice", "-c", "id -un; cat"])


def test_runuser_status(world):
    assert world.run(["runuser", "-u", "alice", "--", "sh", "-c", "exit 9"]).returncode == 9
    assert world.run(["sudo", "-n", "-u", "alice", "sh", "-c", "exit 8"]).returncode == 8


def test_su_by_a_user(world):
    """A user of the host becomes a contained one by her password; he himself stays where he is."""
    term = world.terminal(["su", "-s", "/bin/bash", "carol"])
    term.expect("[$] ")
    term.send("su -l alice\n")
    term.expect("Password: ")
    term.send(people.PASSWORD + "\n")
    term.expect("[$] ")
    term.send("PS1=; stty -echo; echo in''side $(id -un)\n")
    term.expect("inside alice")
    world.require_walls("alice")
    term.send("exit\n")
    term.expect("[$] ")
    term.send("exit\n")
    term.wait()


def test_su_on_a_terminal(world):
    """The session's terminal is known by name, takes keys and tells its size."""
    term = world.terminal(["su", "-l", "alice"], rows=31, columns=97)
    term.expect("[$] ")
    term.send("PS1=; stty -echo; echo is=$(tty)=$(stty size)=\n")
    term.expect(r"is=/dev/pts/\d+=31 97=")
    term.send("bash -c 'echo sle''eping; exec sleep 100'\n")
    term.expect("sleeping")
    world.interrupt(term, "^sleep 100")
    term.send("exit 7\n")
    assert term.wait() == 7


def test_at(world):
    for path in ("/var/spool/cron/atjobs", "/var/spool/cron/atspool"):
        os.makedirs(path, exist_ok=True)
    daemon = world.daemon(["/usr/sbin/atd", "-f", "-b", "1", "-l", "100"])
    job = "id -un > /home/alice/done; sleep 1"
    done = world.run(["su", "alice", "-s", "/bin/sh", "-c", f"echo '{job}' | at -M now"]
                     if not world.product else
                     ["sh", "-c", f"echo '{job}' | setpriv --reuid=4001 --regid=5001 "
                      "--init-groups --reset-env at -M now"])
    assert done.returncode == 0, done
    world.until(lambda: os.path.exists("/home/alice/done") and os.path.getsize("/home/alice/done"),
                "atd has run the job")
    world.require_walls("alice")
    daemon.terminate()
    daemon.wait()


def test_pamtester(world):
    done = world.run(["pamtester", "su", "alice", "setcred(PAM_ESTABLISH_CRED)", "open_session",
                      "close_session"])
    assert done.returncode == 0, done
    if world.product:
        world.until(lambda: any("event=end" in line for line in world.log), "the end is logged")


def test_second_session_of_one_process(world):
    """MUST-1: who joined has given up what a second join needs. He is refused, not let go."""
    done = world.run(["pamtester", "su", "alice", "open_session", "close_session", "open_session"])
    assert done.returncode == 1 and b"This login is refused" in done.stderr, done


test_second_session_of_one_process.contained = True


def test_from_inside(world):
    """sudo and su inside a container open no second one, and trap nobody."""
    world.definition("box", DEFINITION.replace("NoNewPrivileges=yes", "NoNewPrivileges=no")
                     .replace("CapabilityBoundingSet=\n", ""))
    write("/etc/sudoers.d/alice", "alice ALL=(ALL) NOPASSWD: ALL\n", 0o440)
    begin = time.monotonic()
    done = world.ssh("alice", f"{PIDNS}; sudo -n -u bob sh -c '{PIDNS}; id -un'; sudo -n id -un")
    lines = done.stdout.decode().split("\n")
    assert lines[0] == lines[1] != os.readlink("/proc/self/ns/pid"), (done, world.log[-5:])
    assert lines[2:4] == ["bob", "root"] and time.monotonic() - begin < 5, done


test_from_inside.contained = True


def test_limits_of_the_caller(world):
    """pam_limits stands before us: what it sets for the user is not the supervisor's limit.

    Soft ones here: to raise a hard one needs CAP_SYS_RESOURCE, which not every machine gives root.
    """
    with open("/etc/security/limits.conf", "a") as file:
        file.write("alice soft nofile 512\nalice soft fsize 1\nalice soft cpu 1\n")
    jobs = [subprocess.Popen(world.ssh_argv("alice", "ulimit -n; cat"), stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE) for _ in range(4)]
    lines = [job.stdout.readline() for job in jobs]
    assert lines == [b"512\n"] * 4, (lines, world.log[-5:])
    name = os.listdir("/run/pam_container/containers")[0]
    with open(f"/run/pam_container/containers/{name}/state.json") as file:
        text = file.read()
    for key in ("super", "init"):
        pid = text.split(f'"{key}.pid":')[1].split(",")[0].strip()
        with open(f"/proc/{pid}/limits") as file:
            limits = {line[:26].strip(): line[26:].split()[:2] for line in file}
        assert limits["Max cpu time"] == ["unlimited"] * 2, (key, limits)
        assert limits["Max file size"] == ["unlimited"] * 2, (key, limits)
        assert int(limits["Max open files"][0]) >= 1024, (key, limits)
    for job in jobs:
        job.stdin.close()
        assert job.wait(10) == 0


def test_limits_in_a_shared_container(world):
    """Each session has its own user's limits, not those of who came first and started PID 1."""
    world.policy("[Match students]\nGroup=students\nContainer=box\nInstance=shared\n")
    with open("/etc/security/limits.conf", "a") as file:
        file.write("bob - nofile 300\nbob soft fsize 77\n")
    job = subprocess.Popen(world.ssh_argv("alice", "ulimit -n; cat"), stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE)
    first = job.stdout.readline()
    assert world.ssh("bob", "ulimit -Sn; ulimit -Hn; ulimit -Sf").stdout == b"300\n300\n154\n"
    assert world.ssh("alice", "ulimit -n").stdout == first != b"300\n"
    job.stdin.close()
    assert job.wait(10) == 0


test_limits_in_a_shared_container.contained = True
test_limits_of_the_caller.contained = True
