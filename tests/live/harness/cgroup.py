# SPDX-License-Identifier: LGPL-2.1-or-later
"""Control groups of one world: one group of our own in each hierarchy of the machine.

The world's processes live in that group and see it as the root, by a cgroup namespace, so that
what the product creates stays below it, tests of several people do not meet, and all of it can
be removed whatever a test did.
"""

import contextlib
import os
import signal
import time

from . import mountinfo, syscalls

PREFIX = "pam_container_test."
_INHERITED = ("cpuset.cpus", "cpuset.mems")


class Hierarchy:
    """A cgroup file system of the machine: where it is mounted, and its controllers."""

    def __init__(self, mount):
        self.path = mount.target
        self.fstype = mount.fstype
        self.options = ",".join(o for o in mount.super_options.split(",") if o not in ("rw", "ro"))
        self.name = os.path.relpath(mount.target, "/sys/fs/cgroup")

    def group(self, name):
        return os.path.join(self.path, name)


def hierarchies():
    found = {}
    for mount in mountinfo.read("self"):
        if mount.fstype in ("cgroup", "cgroup2") and mount.root == "/":
            found.setdefault(mount.device, Hierarchy(mount))
    return list(found.values())


def _write(path, text):
    with open(path, "w") as file:
        file.write(text)


def _read(path):
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return ""


def create(name):
    """Make the group in every hierarchy; on v2 hand it all controllers that there are."""
    for hierarchy in hierarchies():
        group = hierarchy.group(name)
        if hierarchy.fstype == "cgroup2":
            _delegate(hierarchy.path)
        os.makedirs(group, exist_ok=True)
        for file in _INHERITED:
            value = _read(os.path.join(hierarchy.path, file))
            if value and hierarchy.fstype == "cgroup":
                _write(os.path.join(group, file), value)


def _delegate(group):
    wanted = ["+" + c for c in _read(os.path.join(group, "cgroup.controllers")).split()]
    for controller in wanted:
        with contextlib.suppress(OSError):
            _write(os.path.join(group, "cgroup.subtree_control"), controller)


def enter(name, pid):
    for hierarchy in hierarchies():
        _write(os.path.join(hierarchy.group(name), "cgroup.procs"), str(pid))


def _is_unified(found):
    return len(found) == 1 and found[0].name == "."


def leave_the_root(name, found):
    """After unshare(CLONE_NEWCGROUP), before a fork: v2 allows controllers below a group only while
    it holds no process, and from a PID namespace inside, its parent could not be moved."""
    if not _is_unified(found):
        return
    group = found[0].group(name)
    os.mkdir(os.path.join(group, "world"))
    _write(os.path.join(group, "world", "cgroup.procs"), "0")
    _delegate(group)


def mount_own_view(target, found):
    """After unshare(CLONE_NEWCGROUP): mount the hierarchies again, rooted at our group."""
    if _is_unified(found):
        syscalls.mount("cgroup2", target, "cgroup2")
        return
    syscalls.mount("tmpfs", target, "tmpfs", options="mode=755")
    for hierarchy in found:
        place = os.path.join(target, hierarchy.name)
        os.makedirs(place)
        syscalls.mount(hierarchy.fstype, place, hierarchy.fstype, options=hierarchy.options or None)


def directories(top="/sys/fs/cgroup"):
    """All groups below the mount points, for the census."""
    found = set()
    for path, names, _files in os.walk(top):
        found.update(os.path.join(path, name) for name in names)
    return found


def thaw(name):
    """A frozen task of v1 survives SIGKILL until it is thawed, and holds up its namespace."""
    for hierarchy in hierarchies():
        for path, _names, files in os.walk(hierarchy.group(name)):
            for file, value in (("freezer.state", "THAWED"), ("cgroup.freeze", "0")):
                if file in files:
                    with contextlib.suppress(OSError):
                        _write(os.path.join(path, file), value)


def _kill_members(group):
    for path, _names, files in os.walk(group):
        for pid in _read(os.path.join(path, "cgroup.procs")).split():
            with contextlib.suppress(OSError):
                os.kill(int(pid), signal.SIGKILL)


def remove(name, timeout=5.0):
    """Remove the groups and all below them; returns the paths that would not go."""
    deadline = time.monotonic() + timeout
    left = [h.group(name) for h in hierarchies() if os.path.isdir(h.group(name))]
    while left:
        thaw(name)
        for group in left:
            _kill_members(group)
            for path, _names, _files in os.walk(group, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(path)
        left = [group for group in left if os.path.isdir(group)]
        if time.monotonic() > deadline:
            return left
        if left:
            time.sleep(0.02)
    return []


def remove_stale():
    """Groups of a runner that was SIGKILLed: its pid is part of the name."""
    for hierarchy in hierarchies():
        for name in os.listdir(hierarchy.path):
            owner = name[len(PREFIX):].split(".")[0]
            if name.startswith(PREFIX) and not os.path.isdir(f"/proc/{owner}"):
                remove(name)
