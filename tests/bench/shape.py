# SPDX-License-Identifier: LGPL-2.1-or-later
"""The shape of a living container, read from the kernel, as a plan for the floor program.

What the floor program has to make is not written down by hand: mounts, groups and the values in
their files are those of a container that the product has just made, so that both do the same.
"""

import os
import stat

from harness import mountinfo

_FLAGS = ("ro", "nosuid", "nodev", "noexec")
# changed by the kernel itself, or not a setting
_VOLATILE = ("usage", "stat", "failcnt", "procs", "tasks", "current", "state", "reset", "peak",
             "threads", "pressure")


def _join(top, path):
    return top.rstrip("/") + path


def source_of(mount, known, root):
    """Where the bind of a mount came from: a path of the host, or one below the new root."""
    for place, other in known.get(mount.device, ()):
        if mount.root == other.root or mount.root.startswith(other.root.rstrip("/") + "/"):
            return _join(root + place, mount.root[len(other.root.rstrip("/")):]) or "/"
    return None


def index(mounts, prefix=""):
    found = {}
    for mount in mounts:
        found.setdefault(mount.device, []).append((prefix + mount.target, mount))
    return found


def _places(pid, mount, fresh, made):
    """What must be made for the target to exist, when a new tmpfs holds it."""
    top = max((t for t in fresh if mount.target.startswith(t + "/")), key=len, default=None)
    if top is None or fresh[top] != "tmpfs":
        return []
    lines, path = [], top
    for word in mount.target[len(top) + 1:].split("/"):
        path += "/" + word
        if path not in made:
            made.add(path)
            info = os.stat(f"/proc/{pid}/root{path}", follow_symlinks=False)
            lines.append(f"{'dir' if stat.S_ISDIR(info.st_mode) else 'file'}\t{path}")
    return lines


def _options(mount):
    return ",".join(o for o in mount.super_options.split(",") if o not in ("rw", "ro"))


def mounts(pid, root):
    """Plan lines for the mounts of the process, parents first."""
    host, inside, fresh, made, lines = index(mountinfo.read("self")), {}, {}, set(), []
    for mount in sorted(mountinfo.read(pid), key=lambda m: m.target.rstrip("/").count("/")):
        flags = ",".join(o for o in mount.options.split(",") if o in _FLAGS)
        target = "" if mount.target == "/" else mount.target
        lines += _places(pid, mount, fresh, made)
        source = source_of(mount, host, "") or source_of(mount, inside, root)
        if source and source.endswith("/dev/null") and "/dev/null" not in made:
            made.add("/dev/null")
            lines.append("node\t/dev/null")
        if source:
            lines.append(f"bind\t{source}\t{target}\t{flags}")
        else:
            lines.append(f"new\t{mount.fstype}\t{target}\t{flags}\t{_options(mount)}")
            fresh[mount.target] = mount.fstype
            inside.setdefault(mount.device, []).append((target, mount))
    return lines


def _hierarchy(controllers):
    for mount in mountinfo.read("self"):
        if mount.fstype == "cgroup2" and not controllers:
            return mount.target
        if mount.fstype == "cgroup" and controllers and \
                set(controllers.split(",")) <= set(mount.super_options.split(",")):
            return mount.target
    return None


def groups(pid):
    """(folder of the hierarchy, folder of the group, v2) of each group that the product made."""
    found = []
    with open(f"/proc/{pid}/cgroup") as file:
        for line in file:
            _number, controllers, path = line.rstrip("\n").split(":", 2)
            top = _hierarchy(controllers)
            if top and "pam_container/" in path:
                found.append((top, top + path, not controllers))
    return found


def _settings(group):
    found = {}
    for name in sorted(os.listdir(group)):
        path = os.path.join(group, name)
        if not os.path.isfile(path) or any(word in name for word in _VOLATILE):
            continue
        if os.stat(path).st_mode & 0o222:
            try:
                with open(path) as file:
                    found[name] = file.read()
            except OSError:
                pass
    for name, read in (("devices.allow", "devices.list"),):
        if os.path.exists(os.path.join(group, name)):
            with open(os.path.join(group, read)) as file:
                found[name] = file.read()
    return found


def _writes(group, name, value):
    if name == "devices.allow":
        return [f"write\t{group}/devices.deny\ta"] + \
            [f"write\t{group}/devices.allow\t{line}" for line in value.splitlines()]
    return [f"write\t{group}/{name}\t{value.strip()}"]


def control(pid, name):
    """Plan lines for the same groups under another name: make, set what differs, attach."""
    lines = []
    for _top, theirs, v2 in groups(pid):
        group = os.path.join(os.path.dirname(theirs), name)
        os.mkdir(group)
        fresh = _settings(group)
        os.rmdir(group)
        lines.append(f"group\t{group}")
        for key, value in _settings(theirs).items():
            if value != fresh.get(key) and value.strip():
                lines += _writes(group, key, value)
        lines.append(f"into\t{group}" if v2 else f"attach\t{group}/tasks")
    return lines


def plan(pid, name, root):
    return "\n".join(control(pid, name) + mounts(pid, root)) + "\n"
