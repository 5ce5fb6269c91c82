# SPDX-License-Identifier: LGPL-2.1-or-later
"""The users and groups that exist only in a test's world."""

import os

PASSWORD = "correct horse"
_HASH = ("$6$pamcontainer$9wIXZwyiEW9gaDnEQxxH07d2rcoAuNORr4oF5BaW0KTmM5FayD2zfOWn53qerhGpGXM.A1s3D"
         "zspOW6MorPNe/")
GROUPS = {"students": (5001, ["alice", "bob"]), "staff2": (5002, ["carol"]),
          "wheel": (5100, ["admin"])}
USERS = {"alice": (4001, 5001, "/bin/bash"), "bob": (4002, 5001, "/bin/sh"),
         "carol": (4003, 5002, "/bin/bash"), "admin": (4100, 5100, "/bin/bash")}


def _replace(path, names, lines, mode):
    with open(path) as file:
        kept = [line for line in file if line.split(":")[0] not in names]
    with open(path, "w") as file:
        file.writelines(kept + [line + "\n" for line in lines])
    os.chmod(path, mode)


def create():
    """Write the accounts into the (private) /etc and give each a home folder."""
    _replace("/etc/group", GROUPS, [f"{name}:x:{gid}:{','.join(members)}"
                                    for name, (gid, members) in GROUPS.items()], 0o644)
    _replace("/etc/passwd", USERS, [f"{name}:x:{uid}:{gid}::/home/{name}:{shell}"
                                    for name, (uid, gid, shell) in USERS.items()], 0o644)
    _replace("/etc/shadow", USERS, [f"{name}:{_HASH}:19000:0:99999:7:::" for name in USERS], 0o640)
    for name, (uid, gid, _shell) in USERS.items():
        home = f"/home/{name}"
        os.makedirs(home, exist_ok=True)
        os.chmod(home, 0o700)
        os.chown(home, uid, gid)
