# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which login gets which container, who shares one, and who is never contained."""

import os
import subprocess
import time

from harness.world import write

CONTAINED = True
BOX = "[Container]\nDescription=box\n"
POLICY = "[Global]\nAlwaysHost=root,@wheel\n[Match students]\nGroup=students\nContainer=box\n"
PIDNS = "readlink /proc/self/ns/pid"


def _hold(world, user="alice", command=PIDNS + "; exec cat"):
    """A session that stays; its first line of output."""
    job = subprocess.Popen(world.ssh_argv(user, command), stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE)
    job.first = job.stdout.readline().decode().strip()
    return job


def _end(*jobs):
    for job in jobs:
        job.stdin.close()
        assert job.wait(10) == 0


def _ids():
    return sorted(os.listdir("/run/pam_container/containers"))


def _here():
    return os.readlink("/proc/self/ns/pid")


def _gone(world):
    world.until(lambda: not _ids(), "the container is gone")


def _is_refused(world, user="alice", reason=None):
    done = world.ssh(user, "echo in")
    assert done.returncode == 254 and b"in\n" not in done.stdout, done
    if reason:
        world.until(lambda: any(reason in line for line in world.log), f"the log says {reason!r}")


def test_instance_session(world):
    one, two = _hold(world), _hold(world)
    assert _ids() == ["alice-1", "alice-2"]
    assert len({one.first, two.first, _here()}) == 3
    _end(one)
    world.until(lambda: _ids() == ["alice-2"], "the first one's container is gone")
    _end(two)
    _gone(world)


def test_instance_user(world):
    world.policy(POLICY + "Instance=user\n")
    one, two, other = _hold(world), _hold(world), _hold(world, "bob")
    assert _ids() == ["alice.box", "bob.box"]
    assert one.first == two.first != other.first and one.first != _here()
    _end(one)
    three = _hold(world)
    assert three.first == two.first
    _end(two, three, other)
    _gone(world)


def test_instance_shared(world):
    world.policy(POLICY + "Instance=shared\n")
    one, two = _hold(world), _hold(world, "bob")
    assert _ids() == ["box"] and one.first == two.first != _here()
    world.require_walls("bob")
    _end(one, two)
    _gone(world)


def test_many_first_logins_share_one_container(world):
    world.policy(POLICY + "Instance=user\n")
    jobs = [subprocess.Popen(world.ssh_argv("alice", PIDNS + "; exec cat"), stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE) for _ in range(8)]
    assert len({job.stdout.readline() for job in jobs}) == 1
    assert _ids() == ["alice.box"]
    _end(*jobs)
    _gone(world)


def test_thirty_logins_at_once(world):
    jobs = [subprocess.Popen(world.ssh_argv("alice", PIDNS + "; exec cat"), stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE) for _ in range(30)]
    seen = {job.stdout.readline() for job in jobs}
    assert len(seen) == 30 and _here().encode() not in seen, seen
    _end(*jobs)
    _gone(world)


test_thirty_logins_at_once.sshd_lines = ["MaxStartups 100"]


def test_linger(world):
    """What was left running is there at the next login, and gone when the time has passed."""
    world.policy(POLICY + "Instance=user\n")
    world.definition("box", "[Container]\nLinger=2s\n")
    first = world.ssh("alice", PIDNS + "; setsid sleep 100 >/dev/null 2>&1 </dev/null &").stdout
    time.sleep(0.5)
    second = world.ssh("alice", PIDNS + "; pgrep -c sleep").stdout
    assert second == first + b"1\n", (first, second)
    ended = time.monotonic()
    _gone(world)
    assert 1.5 < time.monotonic() - ended < 5


def test_background_work_ends_with_the_session(world):
    world.ssh("alice", "setsid sleep 100 >/dev/null 2>&1 </dev/null &")
    _gone(world)
    assert world.run(["pgrep", "-u", "alice"]).returncode == 1


def test_entry_join(world):
    world.policy(POLICY + "Entry=join\n")
    job = _hold(world)
    world.require_walls("alice")
    assert job.first != _here()
    _end(job)


def test_session_line_alone(world):
    """Without the auth line nobody would enter late: the login is contained by join."""
    with open("/etc/pam.d/sshd") as file:
        lines = [line for line in file if not line.startswith("auth optional pam_container")]
    write("/etc/pam.d/sshd", "".join(lines))
    job = _hold(world)
    world.require_walls("alice")
    assert job.first != _here()
    _end(job)
    assert world.ssh("alice", "exit 3").returncode == 3


def test_attach_no(world):
    world.policy(POLICY + "Attach=no\n")
    job = _hold(world)
    world.require_walls("alice")
    _end(job)


def test_first_match_wins(world):
    world.policy("[Match one]\nUser=bob\nContainer=host\n[Match two]\nUser=!carol\nGroup=students\n"
                 "Container=box\n[Match three]\nUser=*\nContainer=deny\n")
    assert world.ssh("bob", PIDNS).stdout.decode().strip() == _here()
    assert world.ssh("alice", PIDNS).stdout.decode().strip() != _here()
    _is_refused(world, "carol", "denied by rule three")


def test_service_and_address(world):
    world.policy("[Match one]\nService=sshd\nAddress=127.0.0.0/8\nUser=alice\nContainer=box\n"
                 "[Match two]\nAddress=10.0.0.0/8\nUser=bob\nContainer=box\n")
    assert world.ssh("alice", PIDNS).stdout.decode().strip() != _here()
    assert world.ssh("bob", PIDNS).stdout.decode().strip() == _here()
    assert world.run(["su", "alice", "-c", PIDNS]).stdout.decode().strip() == _here()


def test_deny(world):
    """MUST-1: sudo goes on after PAM_SESSION_ERR, so a refusal is PAM_ABORT."""
    world.policy(POLICY.replace("box", "deny"))
    _is_refused(world, "alice", "denied by rule students")
    for argv in (["su", "alice", "-c", "echo in"], ["sudo", "-n", "-u", "alice", "echo", "in"],
                 ["runuser", "-u", "alice", "echo", "in"]):
        done = world.run(argv)
        assert done.returncode != 0 and b"in\n" not in done.stdout, done


def test_permissive(world):
    world.policy(POLICY.replace("[Global]", "[Global]\nMode=permissive"))
    assert world.ssh("alice", PIDNS).stdout.decode().strip() == _here()
    assert any("Mode=permissive" in line and "user=alice" in line for line in world.log)


def test_off(world):
    world.policy(POLICY.replace("[Global]", "[Global]\nMode=off"))
    assert world.ssh("alice", PIDNS).stdout.decode().strip() == _here()


def test_on_error(world):
    """MUST-1: what cannot be contained is refused, but for the administrator's explicit choice."""
    world.definition("box", "[Files]\nBind=/srv/nowhere\n")
    _is_refused(world, "alice", "/srv/nowhere")
    world.policy(POLICY.replace("[Global]", "[Global]\nOnError=host"))
    assert world.ssh("alice", PIDNS).stdout.decode().strip() == _here()


def test_always_host_with_a_broken_policy(world):
    """MUST-2: root and whom AlwaysHost= names get in; everybody else is refused."""
    world.policy(POLICY + "Containr=box\n")
    for user in ("root", "admin"):
        assert world.ssh(user, PIDNS).stdout.decode().strip() == _here()
    _is_refused(world, "alice", "did you mean 'Container'?")
    _is_refused(world, "carol")


def test_root_without_a_helper(world):
    """MUST-2: uid 0 is decided in the module, before anything is read."""
    os.unlink("/usr/libexec/pam_container/container-supervisor")
    write("/etc/security/container.conf", "nonsense\n", 0o666)
    assert world.ssh("root", PIDNS).stdout.decode().strip() == _here()
    _is_refused(world, "alice", "container-supervisor: No such file")


def test_root_with_a_read_only_run(world):
    """MUST-2"""
    world.run(["mount", "-t", "tmpfs", "-o", "size=4k", "none", "/run/pam_container"])
    world.run(["mount", "-o", "remount,ro", "/run"])
    assert world.ssh("root", PIDNS).stdout.decode().strip() == _here()
    _is_refused(world)
    world.run(["umount", "/run/pam_container"])
    world.run(["mount", "-o", "remount,rw", "/run"])


def test_root_with_a_full_disk(world):
    """MUST-2: no room for state is no login for users, and no obstacle for root."""
    os.makedirs("/run/pam_container", mode=0o700, exist_ok=True)
    world.run(["mount", "-t", "tmpfs", "-o", "size=4k,mode=700", "none", "/run/pam_container"])
    with open("/run/pam_container/filler", "wb") as file:
        file.write(b"x" * 4096)
    try:
        assert world.ssh("root", PIDNS).stdout.decode().strip() == _here()
        _is_refused(world, "alice", "No space left")
    finally:
        world.run(["umount", "/run/pam_container"])
    job = _hold(world)
    assert job.first != _here()
    _end(job)
