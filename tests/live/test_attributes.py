# SPDX-License-Identifier: LGPL-2.1-or-later
"""Attributes of processes, read from the kernel, whichever way the process came in."""

import contextlib
import os

from harness.world import POLICY

CONTAINED = True
LINES = """[Exec]
DomainName=lab.example.org
CPUSchedulingPolicy=batch
CPUAffinity=0
IOSchedulingClass=best-effort
IOSchedulingPriority=6
Personality=linux32
SupplementaryGroups=audio 12345
OOMScoreAdjust=321
Nice=3
"""
PROBE = "python3 -c 'import os, ctypes; print(os.sched_getscheduler(0), os.sched_getaffinity(0), " \
        "ctypes.CDLL(None).syscall(252, 1, 0) >> 13, ctypes.CDLL(None).syscall(252, 1, 0) & 7)'; " \
        "uname -m; cat /proc/self/oom_score_adj /proc/sys/kernel/domainname; nice; id -G"


def _has_all(text, groups=True):
    lines = text.split("\n")
    assert lines[0] == "3 {0} 2 6", text  # SCHED_BATCH; IOPRIO_CLASS_BE
    assert lines[1:5] == ["i686", "321", "lab.example.org", "3"], text
    if groups:
        assert {"29", "12345"} <= set(lines[5].split()), text


@contextlib.contextmanager
def _container(world, lines):
    world.definition("made", lines)
    name = world.run(["containerctl", "start", "made"]).stdout.decode().strip()
    assert name, world.log[-5:]
    try:
        yield lambda *argv: world.run(["containerctl", "exec", name, "--", *argv]).stdout.decode()
    finally:
        world.run(["containerctl", "terminate", "--grace", "0", name])


def test_by_each_entry(world):
    """Started by PID 1 (attach, exec), in the user's process (late), in the caller (join)."""
    world.definition("box", LINES)
    done = world.ssh("alice", PROBE)
    _has_all(done.stdout.decode())
    with _container(world, LINES) as run:
        _has_all(run("sh", "-c", PROBE))
    done = world.run(["su", "alice", "-c", PROBE])
    _has_all(done.stdout.decode())
    world.policy(POLICY + "Attach=no\n")
    _has_all(world.ssh("alice", PROBE).stdout.decode(), groups=False)
    _has_all(world.run(["su", "alice", "-c", PROBE]).stdout.decode())


def _share_real_time():
    """For this world's own groups, where the kernel shares real time out (CONFIG_RT_GROUP_SCHED)."""
    with open("/proc/self/cgroup") as file:
        groups = [line.split(":")[2].strip() for line in file if ":cpu:" in line]
    path = "/sys/fs/cgroup/cpu"
    for name in groups[0].strip("/").split("/") if groups else []:
        path += "/" + name
        if os.path.exists(path + "/cpu.rt_runtime_us"):
            with open(path + "/cpu.rt_runtime_us", "w") as file:
                file.write("50000")


def test_real_time(world):
    """In the caller's groups: where the kernel shares real time out to groups, one of ours has none."""
    _share_real_time()
    world.definition("box", "[Exec]\nCPUSchedulingPolicy=rr\nCPUSchedulingPriority=7\n"
                     "[Resources]\nCgroup=inherit\n")
    done = world.ssh("alice", "python3 -c 'import os; print(os.sched_getscheduler(0), "
                     "os.sched_getparam(0).sched_priority)'")
    assert done.stdout == b"2 7\n", done


def _refused(world, lines, reason):
    """By the supervisor (254), or in the user's process, which ends then (255)."""
    world.definition("box", lines)
    done = world.ssh("alice", "echo in")
    assert done.returncode in (254, 255) and b"in\n" not in done.stdout, done
    world.until(lambda: any(reason in line for line in world.log), f"the log says {reason!r}")


def test_what_is_not_there(world):
    """MUST-1: what cannot be had is refused, not left out."""
    _refused(world, "[Exec]\nCPUAffinity=8000\n", "names no CPU")
    _refused(world, "[Exec]\nSupplementaryGroups=nosuch\n", "unknown group 'nosuch'")
    _refused(world, "[Container]\nNamespaces=mount pid\n[Exec]\nHostname=stolen\n", "needs uts")


def test_labels(world):
    """MUST-1: a label without its LSM is an error; where it is there, the process has it."""
    for key, label, there in (("SELinuxContext", "system_u:system_r:lab_t:s0", "/sys/fs/selinux/enforce"),
                              ("AppArmorProfile", "lab", "/sys/kernel/security/apparmor/profiles")):
        if world.run(["test", "-e", there]).returncode:
            _refused(world, f"[Exec]\n{key}={label}\n", "is not active on this machine")
        else:  # a label that no policy has: refused by the kernel
            _refused(world, f"[Exec]\n{key}={label}-absent\n", "ask for the label")


def test_groups_are_the_hosts(world):
    """MUST-7: a tree's own /etc/group says nothing."""
    with open("/etc/group", "a") as file:
        file.write("labgroup:x:23456:\n")
    lines = "[Exec]\nSupplementaryGroups=labgroup\n[Files]\nVolatile=overlay\n"
    with _container(world, lines) as run:
        assert run("sed", "-i", "s/23456/34567/", "/etc/group") == ""
        assert "labgroup:x:34567" in run("cat", "/etc/group")
        assert {"23456", "34567"} & set(run("id", "-G").split()) == {"23456"}
