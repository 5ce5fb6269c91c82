# SPDX-License-Identifier: LGPL-2.1-or-later
"""The machine as it is outside of a world, before, during and after: for the demonstration.

All that a world runs is in one group of each cgroup hierarchy, so the kernel itself says which
processes belong to it, on a machine that does other things meanwhile.
"""

import contextlib
import os
import re
import socket
import time

from . import cgroup, mountinfo, oracle


def _processes():
    """Each living process with its start time, which tells it from a later one of its number."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{name}/stat") as file:
                found[int(name)] = file.read().rsplit(")", 1)[1].split()[19]
    return found


def _spaces(pid):
    """The namespaces that a process is in or holds open."""
    found = set()
    for folder in (f"/proc/{pid}/ns", f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            for name in os.listdir(folder):
                with contextlib.suppress(OSError):
                    found.add(os.readlink(f"{folder}/{name}"))
    return found


class Machine:
    """What there is, as seen from the machine's own namespaces."""

    FILES = ("/etc", "/usr/sbin", "/run/pam_container", "/run/sshd")

    def __init__(self, group):
        self.group = group
        self.spaces = set()
        self.older = _processes()
        self.controllers = {h.path: self._subtree(h) for h in cgroup.hierarchies()
                            if h.fstype == "cgroup2"}
        self.counts = {}
        self.port = 0

    @staticmethod
    def _subtree(hierarchy):
        with open(hierarchy.path + "/cgroup.subtree_control") as file:
            return set(file.read().split())

    def make_group(self):
        cgroup.remove_stale()
        cgroup.create(self.group)

    def remove_group(self):
        """End what is left, and give the v2 tree the controllers that it had."""
        left = cgroup.remove(self.group)
        for hierarchy in cgroup.hierarchies():
            if hierarchy.path not in self.controllers:
                continue
            for name in self._subtree(hierarchy) - self.controllers[hierarchy.path]:
                with open(hierarchy.path + "/cgroup.subtree_control", "w") as file:
                    file.write("-" + name)
        return left

    def groups(self):
        return [path for h in cgroup.hierarchies() if os.path.isdir(h.group(self.group))
                for path, _names, _files in os.walk(h.group(self.group))]

    def processes(self):
        pids = set()
        for group in self.groups():
            try:
                with open(group + "/cgroup.procs") as file:
                    pids.update(map(int, file.read().split()))
            except OSError:
                pass
        return pids

    def settle(self, everything, timeout=3.0):
        """Wait until containers (everything: all processes) are gone; the kernel takes a moment."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if not (everything and self.processes()) and not self.spaces_in_use():
                return
            time.sleep(0.02)

    def remember_spaces(self):
        """The namespaces of every process that is in a container now."""
        here = oracle.host().namespaces.values()
        for pid in self.processes():
            try:
                facts = oracle.Facts(pid)
            except (OSError, ValueError):
                continue
            if any(re.search(r"/pam_container/[^_]", line) for line in facts.cgroups):
                self.spaces.update(set(facts.namespaces.values()) - set(here))

    def spaces_in_use(self):
        """Which of those are still held: by a process of ours, by one older than the
        demonstration, or by a mount. Others' newer processes do not count: the kernel gives the
        numbers of ended namespaces to new ones at once."""
        used = {m.root for m in mountinfo.read("self") if m.fstype == "nsfs"}
        ours = self.processes()
        for pid, started in _processes().items():
            if pid in ours or self.older.get(pid) == started:
                used |= _spaces(pid)
        return len(self.spaces & used)

    def files(self):
        found = {}
        for top in self.FILES:
            for path, names, files in os.walk(top):
                for name in names + files:
                    try:
                        s = os.lstat(os.path.join(path, name))
                    except OSError:
                        continue
                    found[os.path.join(path, name)] = (s.st_ino, s.st_mode, s.st_uid, s.st_size,
                                                       s.st_mtime_ns)
        return found

    @staticmethod
    def listens(port):
        with socket.socket() as sock:
            sock.settimeout(1)
            return sock.connect_ex(("127.0.0.1", port)) == 0

    def count(self, when, port=0, product_files=0):
        self.counts[when] = {
            "processes": len(self.processes()),
            "namespaces of containers": self.spaces_in_use(),
            "groups of containers": sum(bool(re.search(r"/pam_container/[^_]", g))
                                        for g in self.groups()),
            "state files of containers": product_files,
            "control groups": len(self.groups()),
            "mounts of the machine": len(mountinfo.read("self")),
            "sshd answers": "yes" if port and self.listens(port) else "no",
        }
        return self.counts[when]
