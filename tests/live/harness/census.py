# SPDX-License-Identifier: LGPL-2.1-or-later
"""What there is in a world before and after a test; the difference is what was left behind."""

import contextlib
import os
import time

from . import cgroup, mountinfo


def _processes():
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{name}/stat") as file:
                found[name] = file.read().split(") ")[0] + ")"
    return found


def _namespaces(pids):
    found = set()
    for pid in pids:
        for folder in (f"/proc/{pid}/ns", f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                for name in os.listdir(folder):
                    with contextlib.suppress(OSError):
                        link = os.readlink(f"{folder}/{name}")
                        if ":[" in link and not link.startswith(("pipe", "socket", "anon")):
                            found.add(link)
    return found


def _files(top):
    return {os.path.join(path, name) for path, names, files in os.walk(top)
            for name in names + files}


def take():
    processes = _processes()
    return {"processes": set(processes.values()),
            "namespaces": _namespaces(processes),
            "mounts": {f"{m.target} {m.fstype}" for m in mountinfo.read("self")},
            "cgroups": cgroup.directories(),
            "state": _files("/run/pam_container/containers") | _files("/run/pam_container/locks"),
            "terminals": set(os.listdir("/dev/pts")), "shm": _files("/dev/shm")}


def _standing(path):
    """Our own top groups stay for the next container, by design."""
    return os.path.basename(path) in ("pam_container", "_supervisor")


def left_behind(before, timeout=3.0):
    """Differences that stay for longer than the timeout, as lines of text."""
    deadline = time.monotonic() + timeout
    while True:
        after = take()
        left = [f"{kind}: {item}" for kind in before for item in sorted(after[kind] - before[kind])
                if not (kind == "cgroups" and _standing(item))]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.05)
