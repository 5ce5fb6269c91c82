# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a user does to logins and containers of others, and to those who keep them."""

import os

from harness import oracle, people

CONTAINED = True


def _as(user, *argv):
    uid, gid, _shell = people.USERS[user]
    return ["setpriv", "--reuid", str(uid), "--regid", str(gid), "--init-groups", *argv]


def _su(world, user, target, command, before=""):
    """su as an ordinary user calls it, on a terminal; before: what his shell does first."""
    script = f"{before} exec su {target} -c '{command}'"
    term = world.terminal(_as(user, "sh", "-c", script))
    term.expect("Password: ")
    term.send(people.PASSWORD + "\n")
    return term


def _named(name):
    """Processes of ours by the name of their program's file."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.path.basename(os.readlink(f"/proc/{pid}/exe")) == name:
                found.append(oracle.Facts(int(pid)))
        except (OSError, KeyError):
            pass
    return found


def test_su_by_a_user(world):
    """su's real uid is its caller's; the session is contained all the same."""
    term = _su(world, "carol", "alice", "id -un; read x")
    term.expect("alice")
    world.require_walls("alice")
    term.send("\n")
    assert term.wait() == 0


def test_the_supervisor_is_roots_alone(world):
    """Who called su can neither signal what keeps the container nor choose its limits."""
    before = ("ulimit -Sn 40; ulimit -St 10; renice -n 5 $$ >/dev/null; "
              "echo 500 > /proc/self/oom_score_adj;")
    term = _su(world, "carol", "alice", "id -un; read x", before)
    term.expect("alice")
    keepers = _named("container-supervisor") + _named("init")
    assert len(keepers) == 2, keepers
    for facts in keepers:
        assert facts.status["Uid"].split() == facts.status["Gid"].split() == ["0"] * 4, facts.status
        assert not facts.status["Groups"].split()
        assert world.run(_as("carol", "sh", "-c", f"kill -0 {facts.pid}")).returncode == 1
        with open(f"/proc/{facts.pid}/limits") as file:
            limits = {line[:26].strip(): line[26:].split() for line in file}
        assert limits["Max cpu time"][0] == "unlimited" and int(limits["Max open files"][0]) > 2000
        with open(f"/proc/{facts.pid}/oom_score_adj") as file:
            assert file.read() == "0\n"
        assert os.getpriority(os.PRIO_PROCESS, facts.pid) == 0
    term.send("\n")
    assert term.wait() == 0
