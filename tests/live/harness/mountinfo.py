# SPDX-License-Identifier: LGPL-2.1-or-later
"""/proc/PID/mountinfo, parsed."""

import collections

Mount = collections.namedtuple("Mount", "id device root target options fstype source super_options")


def _unescape(text):
    for code, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, char)
    return text


def parse(line):
    fields = line.split()
    dash = fields.index("-", 6)
    return Mount(fields[0], fields[2], _unescape(fields[3]), _unescape(fields[4]), fields[5],
                 fields[dash + 1], fields[dash + 2], " ".join(fields[dash + 3:]))


def read(pid):
    with open(f"/proc/{pid}/mountinfo") as file:
        return [parse(line) for line in file]


def ordinary():
    """Mounts of real file systems, parents first; the last mount on a path hides the others."""
    special = {"proc", "sysfs", "devtmpfs", "devpts", "tmpfs", "mqueue", "cgroup", "cgroup2",
               "hugetlbfs", "debugfs", "tracefs", "securityfs", "pstore", "bpf", "configfs",
               "fusectl", "efivarfs", "binfmt_misc", "autofs", "rpc_pipefs", "ramfs", "nsfs"}
    kept = {}
    for mount in read("self"):
        top = mount.target.split("/")[1]
        if top in ("proc", "sys", "dev", "run", "tmp"):
            continue
        kept.pop(mount.target, None)
        if mount.fstype not in special:
            kept[mount.target] = mount
    return sorted(kept.values(), key=lambda mount: mount.target.count("/"))
