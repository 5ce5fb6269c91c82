# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the kernel says about a process, read from outside it (MUST-1: never a return code)."""

import contextlib
import os

NAMESPACES = ("mnt", "pid_for_children", "ipc", "uts", "net", "cgroup")


class Facts:
    def __init__(self, pid):
        self.pid = pid
        self.namespaces = {n: os.readlink(f"/proc/{pid}/ns/{n}") for n in NAMESPACES}
        with open(f"/proc/{pid}/status") as file:
            self.status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        with open(f"/proc/{pid}/cgroup") as file:
            self.cgroups = sorted(file.read().split("\n")[:-1])

    @property
    def uid(self):
        return int(self.status["Uid"].split()[0])

    def shared_with(self, other):
        return sorted(n for n in NAMESPACES if self.namespaces[n] == other.namespaces[n])


def host():
    return Facts("self")


def processes(uid):
    """Facts of every living process of a user, whatever program it runs."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError, ValueError):
            facts = Facts(int(name))
            if facts.uid == uid and not facts.status["State"].startswith("Z"):
                found.append(facts)
    return found


def faults(facts, expected_private=("mnt", "pid_for_children", "ipc", "uts", "cgroup")):
    """Why this process is not inside a container; an empty list proves that it is."""
    here = host()
    wrong = [f"shares {n} with the host" for n in facts.shared_with(here) if n in expected_private]
    if not any("pam_container/" in line for line in facts.cgroups):
        wrong.append(f"cgroups {facts.cgroups}")
    if facts.status["Seccomp"].strip() != "2":
        wrong.append("no seccomp filter")
    if facts.status["CapBnd"] == here.status["CapBnd"]:
        wrong.append("the host's capability bounding set")
    if facts.status["NoNewPrivs"].strip() != "1":
        wrong.append("no_new_privs is off")
    return wrong
