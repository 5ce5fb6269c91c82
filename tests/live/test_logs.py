# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is written down about a login: one line an event, and the host's own records."""

import os
import re

from harness import people

CONTAINED = True
PIDNS = "readlink /proc/self/ns/pid"


def _event(world, name):
    """The fields of the last line of that event."""
    def found():
        return [line for line in world.log if f"event={name} " in line]
    world.until(found, f"event={name} is logged")
    line = found()[-1]
    assert line.startswith(("<86>", "<83>")), line  # authpriv
    return dict(re.findall(r"([a-z_]+)=(\"[^\"]*\"|\S*)", line))


def test_a_session(world):
    world.ssh("alice", "true")
    want = {"user": "alice", "uid": "4001", "service": "sshd", "rhost": "127.0.0.1", "id": "alice-1",
            "container": "box", "rule": "students"}
    start, end = _event(world, "start"), _event(world, "end")
    assert want.items() <= start.items() and want.items() <= end.items(), (start, end)
    assert 0 < int(end["duration_ms"]) < 60000 and end["why"] == "close", end
    assert _event(world, "stop")["id"] == "alice-1"
    for name in ("start", "end", "stop"):
        assert sum(f"event={name} " in line for line in world.log) == 1, world.log


def test_a_login_on_the_host(world):
    world.ssh("carol", "true")
    host = _event(world, "host")
    assert (host["user"], host["service"], host["why"]) == ("carol", "sshd", '"no rule matches"'), host


def test_a_refusal(world):
    """One line, by who refused: the supervisor what it decided, the module what it could not ask."""
    world.policy("[Match all]\nUser=alice\nContainer=deny\n[Match rest]\nUser=bob\nContainer=nowhere\n")
    world.ssh("alice", "true")
    assert _event(world, "denied")["user"] == "alice"
    world.ssh("bob", "true")
    refused = _event(world, "refused")
    assert refused["user"] == "bob" and refused["service"] == "sshd", refused
    assert sum("event=refused" in line for line in world.log) == 1, world.log
    os.unlink("/usr/libexec/pam_container/container-supervisor")
    world.ssh("bob", "true")
    world.until(lambda: sum("event=refused" in line for line in world.log) == 2, "the module says it")


def test_a_caller_that_joined(world):
    """su logs the end of the session from inside, by the host's /dev/log."""
    world.run(["su", "alice", "-c", "true"])
    world.until(lambda: any("session closed for user alice" in line for line in world.log),
                "su has logged the end")


def _records(path):
    """Users in utmp(5) records of type USER_PROCESS."""
    with open(path, "rb") as file:
        data = file.read()
    return [data[at + 44:at + 76].rstrip(b"\0").decode() for at in range(0, len(data), 384)
            if int.from_bytes(data[at:at + 2], "little") == 7]


def test_records_of_login(world):
    term = world.terminal(["login", "alice"])
    term.expect("Password: ")
    term.send(people.PASSWORD + "\n")
    term.expect("[$] ")
    assert _records("/run/utmp") == _records("/var/log/wtmp") == ["alice"]
    term.send("exit\n")
    term.wait()


def _definition(world, name):
    world.policy(f"[Match students]\nGroup=students\nContainer={name}\n")
    done = world.ssh("alice", "id -un; hostname; grep ^Cap /proc/self/status | tail -n 2 | head -n 1; ls "
                     "/home; ulimit -n; touch ~/f 2>&1; grep -c : /proc/net/dev; pwd")
    assert done.returncode == 0, (done, world.log[-3:])
    for name in world.run(["containerctl", "list", "-q"]).stdout.decode().split():
        world.run(["containerctl", "terminate", name])  # one that lingers
    return done.stdout.decode().splitlines()


def test_shipped_definitions(world):
    """What an administrator is to start from works as it stands, and does what it says."""
    default, student = _definition(world, "default"), _definition(world, "student")
    assert default[0] == "alice" and "bob" in default, default
    assert student[1] == "lab-alice" and "4096" in student and "bob" not in student, student
    assert "alice" in student[3:], student
    bastion, ctf = _definition(world, "bastion"), _definition(world, "ctf")
    assert "1024" in bastion and any("0000000000000000" in line for line in bastion), bastion
    assert ctf[1] == "ctf" and "512" in ctf and "1" in ctf, ctf
