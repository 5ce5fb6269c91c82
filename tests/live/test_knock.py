# SPDX-License-Identifier: LGPL-2.1-or-later
"""A login into a living container asks its supervisor at once; what that one may and must not decide.

Where the helper was taken away, only a living supervisor can let anybody in.
"""

import contextlib
import os
import re
import signal
import socket
import subprocess
import time

from harness import people

CONTAINED = True
HELPER = "/usr/libexec/pam_container/container-supervisor"
STATE = "/run/pam_container"
POLICY = "[Global]\nAlwaysHost=root\n"
USERS = POLICY + "[Match all]\nContainer=box\nInstance=user\n"
SHARED = POLICY + "[Match all]\nContainer=box\nInstance=shared\n"


@contextlib.contextmanager
def _without_helper():
    os.rename(HELPER, HELPER + ".away")
    try:
        yield
    finally:
        os.rename(HELPER + ".away", HELPER)


def _hold(world, user="alice"):
    job = subprocess.Popen(world.ssh_argv(user, "echo up; exec cat"), stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE)
    assert job.stdout.readline() == b"up\n", world.log[-5:]
    return job


def _end(*jobs):
    for job in jobs:
        job.stdin.close()
        assert job.wait(10) == 0


def _links():
    with contextlib.suppress(FileNotFoundError):
        return {name: os.readlink(f"{STATE}/recent/{name}") for name in os.listdir(f"{STATE}/recent")}
    return {}


def _uid(user):
    return str(people.USERS[user][0])


def _supervisor(name):
    with open(f"{STATE}/containers/{name}/state.json") as file:
        return int(re.search(r'"super.pid":\s*(\d+)', file.read()).group(1))


def _su(world, user, command="echo in"):
    return world.run(["su", user, "-c", command])


def _pidns(world, user="alice"):
    return _su(world, user, "readlink /proc/self/ns/pid").stdout.decode().strip()


def test_both_ways_in(world):
    """late and join; the walls are the same, and the log and the list of sessions know of it."""
    world.policy(USERS)
    job = _hold(world)
    assert _links() == {_uid("alice"): "../containers/alice.box/control"}
    with _without_helper():
        late = _hold(world)
        world.require_walls("alice")
        join = world.terminal(["su", "alice", "-c", "readlink /proc/self/ns/pid; read x"])
        join.expect("pid:")
        world.require_walls("alice")
        lines = [line for line in world.log if "event=start" in line]
        assert len(lines) == 3 and all("id=alice.box container=box rule=all" in line for line in lines)
        assert "service=su" in lines[2] and "sessions=3" in lines[2], lines
        join.send("\n")
        assert join.wait() == 0
        assert _su(world, "alice", "exit 7").returncode == 7
        assert _su(world, "bob").stdout == b""  # he has no container
        _end(late, job)
        world.until(lambda: not os.listdir(f"{STATE}/containers"), "the container is gone")
        assert _links() == {}
        assert _su(world, "alice").stdout == b""
    assert _su(world, "alice").stdout == b"in\n"


def test_all_users_of_a_shared_container(world):
    world.policy(SHARED)
    job = _hold(world)
    with _without_helper():
        assert _su(world, "bob").stdout == b""
    assert _su(world, "bob").stdout == b"in\n"
    assert set(_links()) == {_uid("alice"), _uid("bob")}
    with _without_helper():
        assert _su(world, "bob", "id -un").stdout == b"bob\n"
    _end(job)
    world.until(lambda: not os.listdir(f"{STATE}/containers"), "the container is gone")
    assert _links() == {}


def test_policy_is_read_anew(world):
    """MUST-1: what the files say now counts, not what they said when the container was made."""
    world.policy(USERS)
    job = _hold(world)
    inside = _pidns(world)
    world.policy(POLICY + "[Match all]\nContainer=deny\n")
    assert _su(world, "alice").stdout == b""
    world.until(lambda: any("event=denied" in line for line in world.log), "the log says so")
    world.policy(POLICY + "[Match all]\nContainer=host\n")
    assert _pidns(world) == os.readlink("/proc/self/ns/pid")
    world.policy(USERS.replace("AlwaysHost=root", "AlwaysHost=root,alice"))
    assert _pidns(world) == os.readlink("/proc/self/ns/pid")
    world.policy(USERS.replace("[Global]\n", "[Global]\nMode=permissive\n"))
    assert _pidns(world) == os.readlink("/proc/self/ns/pid")
    world.definition("other", "[Container]\nDescription=other\n")
    world.policy(USERS.replace("Container=box", "Container=other"))
    assert _pidns(world) not in (inside, os.readlink("/proc/self/ns/pid"))
    world.policy(USERS.replace("Instance=user", "Instance=session"))
    assert _pidns(world) not in (inside, os.readlink("/proc/self/ns/pid"))
    world.policy("nonsense\n")
    assert _su(world, "alice").stdout == b""
    world.policy(USERS)
    assert _pidns(world) == inside  # by the helper: the last one went to a container that is gone
    with _without_helper():
        assert _pidns(world) == inside
    _end(job)


def test_groups(world):
    """MUST-7: the groups are those of now."""
    world.policy(POLICY + "[Match some]\nGroup=students\nContainer=deny\n" + USERS[len(POLICY):])
    job = _hold(world, "carol")  # she is no student
    with _without_helper():
        assert _su(world, "carol").stdout == b"in\n"
    world.run(["gpasswd", "-a", "carol", "students"])
    with _without_helper():
        assert _su(world, "carol").stdout == b""
    assert _su(world, "carol").stdout == b""
    world.until(lambda: any("event=denied" in line for line in world.log), "the log says so")
    world.run(["gpasswd", "-d", "carol", "students"])
    with _without_helper():
        assert _su(world, "carol").stdout == b"in\n"
    _end(job)


def test_groups_that_do_not_come(world):
    """MUST-4: NSS may wait for a server; nobody else in the container waits with it."""
    world.policy(USERS.replace("Container=box", "Group=students\nContainer=box"))
    job = _hold(world)
    os.rename("/etc/group", "/etc/group.away")
    os.mkfifo("/etc/group")
    try:
        login = subprocess.Popen(["pamtester", "-I", "rhost=x", "runuser", "alice", "open_session"],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        time.sleep(0.5)
        assert login.poll() is None, login.stdout.read()
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
            sock.settimeout(1)
            sock.connect(f"{STATE}/containers/alice.box/control")
            sock.send(b"ping\0")
            assert sock.recv(64) == b"ok\0"
        assert login.wait(10) != 0
    finally:
        os.close(os.open("/etc/group", os.O_RDWR | os.O_NONBLOCK))  # the helper goes on to its end
        os.rename("/etc/group.away", "/etc/group")
    _end(job)


def test_a_container_of_others(world):
    """MUST-7: wherever the hint points, nobody gets into another user's container."""
    world.policy(USERS)
    jobs = [_hold(world, user) for user in ("alice", "bob")]
    spaces = {user: _pidns(world, user) for user in ("alice", "bob")}
    os.unlink(f"{STATE}/recent/{_uid('bob')}")
    os.symlink("../containers/alice.box/control", f"{STATE}/recent/{_uid('bob')}")
    with _without_helper():
        assert _su(world, "bob").stdout == b""
    assert _pidns(world, "bob") == spaces["bob"] != spaces["alice"]
    assert _links()[_uid("bob")] == "../containers/bob.box/control"  # set right by the way
    _end(*jobs)


def test_other_configuration(world):
    """Definitions of one name differ between two values of conf=."""
    world.policy(USERS)
    job = _hold(world)
    os.makedirs("/srv/conf/containers")
    for name in ("container.conf", "containers/box.conf"):
        with open(f"/etc/security/{name}") as source, open(f"/srv/conf/{name}", "w") as target:
            target.write(source.read())
    with open("/etc/pam.d/su") as file:
        text = file.read()
    with open("/etc/pam.d/su", "w") as file:
        file.write(text.replace("pam_container.so", "pam_container.so conf=/srv/conf/container.conf"))
    with _without_helper():
        assert _su(world, "alice").stdout == b""
    _end(job)


def test_other_files(world):
    """MUST-1: where the caller sees another policy, that one counts."""
    world.policy(USERS)
    job = _hold(world)
    os.makedirs("/srv/conf")
    with open("/srv/conf/host.conf", "w") as file:
        file.write(POLICY)
    done = world.run(["unshare", "-m", "sh", "-c",
                      "mount --bind /srv/conf/host.conf /etc/security/container.conf && "
                      "exec su alice -c 'readlink /proc/self/ns/pid'"])
    assert done.stdout.decode().strip() == os.readlink("/proc/self/ns/pid"), done
    _end(job)


def test_what_stands_against_every_login(world):
    """MUST-1: su would run code that users inside may have written."""
    world.policy(USERS)
    world.definition("box", "[Exec]\nNoNewPrivileges=no\n[Files]\nVolatile=overlay\n")
    job = _hold(world)
    assert _su(world, "alice").stdout == b""
    world.until(lambda: any("su would join alice.box" in line for line in world.log), "the log says why")
    with _without_helper():
        assert world.ssh("alice", "echo in").stdout == b"in\n"
    _end(job)


def test_paused(world):
    """MUST-4: who logs in is told, by the helper as ever; the container is untouched."""
    world.policy(USERS)
    job = _hold(world)
    assert world.run(["containerctl", "pause", "alice.box"]).returncode == 0
    done = _su(world, "alice")
    assert done.stdout == b"" and b"paused" in done.stdout + done.stderr, done
    assert sum("is paused" in line for line in world.log) == 1
    assert world.run(["containerctl", "resume", "alice.box"]).returncode == 0
    with _without_helper():
        assert _su(world, "alice").stdout == b"in\n"
    _end(job)


def test_stopped_supervisor(world):
    """MUST-4: it costs a moment; and a login that went elsewhere meanwhile is not taken in later."""
    world.policy(USERS)
    job = _hold(world)
    world.definition("other", "[Container]\nDescription=other\n")
    world.policy(USERS.replace("Container=box", "Container=other"))
    supervisor = _supervisor("alice.box")
    os.kill(supervisor, signal.SIGSTOP)
    try:
        begin = time.monotonic()
        assert _su(world, "alice").stdout == b"in\n"
        spent = time.monotonic() - begin
    finally:
        world.policy(USERS)
        os.kill(supervisor, signal.SIGCONT)
    assert spent < 3, spent
    assert _su(world, "alice").stdout == b"in\n"
    starts = [line for line in world.log if "event=start" in line and "id=alice.box " in line]
    assert len(starts) == 2, starts
    _end(job)


def test_killed_supervisor(world):
    """MUST-9: what points to it goes with what it left."""
    world.policy(USERS)
    job = _hold(world)
    os.kill(_supervisor("alice.box"), signal.SIGKILL)
    job.wait(10)
    assert _links()
    assert _su(world, "alice").stdout == b"in\n"
    world.until(lambda: not os.listdir(f"{STATE}/containers"), "the container is gone")
    assert _links() == {}
    job = _hold(world)
    os.kill(_supervisor("alice.box"), signal.SIGKILL)
    job.wait(10)
    assert world.run(["containerctl", "gc"]).returncode == 0
    assert _links() == {}
    job.stdin.close()


def test_memory_is_given_back(world):
    """Reading the policy in a living supervisor does not make it larger for good."""
    def used(pid):
        with open(f"/proc/{pid}/smaps_rollup") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("Private_Dirty:"))
    world.policy(USERS)
    job = _hold(world)
    supervisor = _supervisor("alice.box")
    time.sleep(0.5)
    before = used(supervisor)
    for _ in range(20):
        assert _su(world, "alice").stdout == b"in\n"
    after = used(supervisor)
    world.until(lambda: used(supervisor) < before + 64, f"{after} KiB sink to {before}")
    _end(job)
