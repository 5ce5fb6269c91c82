# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the system knows about a contained login: logind, utmp's and wtmp's successors, loginuid, the journal."""

import json
import time

from ground import SCOPE, leave, need, shell_of
from machine import Failed


def contained_users_have_no_systemd_outside(vm):
    need(vm.root("systemctl show -p ActiveState --value user@1000") == "inactive", "user@1000.service runs")
    need(vm.root("systemctl is-system-running") == "running", vm.root("systemctl --failed --no-legend"))
    bob = vm.ssh("bob", "systemctl --user is-system-running")
    need(bob.stdout.strip() == "running", f"bob's own systemd: {bob}")


def records_of_a_session_are_right(vm):
    shell = shell_of(vm, "alice")
    shell.send("echo $(cat /proc/self/loginuid) $(tty); echo e''nd\r")
    found = shell.expect(r"(\d+)\s+(/dev/pts/\d+)\s+end", 60)
    need(found.group(1) == b"1000", f"loginuid {found.group(1)}")
    need("alice" in vm.root("loginctl list-sessions --no-legend"), "no session of alice")
    need("alice" in vm.root("who"), "who does not show alice")
    need("alice" in vm.root("last | head -5"), "last does not show alice")
    need("alice" in vm.root("lastlog2 -u alice"), "lastlog2 does not show alice")
    entries = [json.loads(line) for line in
               vm.root("journalctl -b -o json --no-pager -t container-supervisor -n 40").splitlines()]
    ours = [one for one in entries if "user=alice" in one["MESSAGE"]]
    need(ours, f"no line of alice: {entries[-3:]}")
    need(all(one["_UID"] == "0" and "pam_container" in one["_EXE"] for one in ours), f"{ours[-1]}")
    need(f"container-alice" not in ours[-1].get("_SYSTEMD_UNIT", ""), f"the supervisor is in {SCOPE}")
    leave(shell)
    found = vm.root("ausearch --input-logs -m USER_START,USER_END -ts recent --raw | grep -a 'acct=\"alice\"'")
    events = found.splitlines()
    for kind in ("USER_START", "USER_END"):
        one = [line for line in events if f"type={kind} " in line and "op=PAM:session_" in line]
        need(one and all(word in one[-1] for word in (" auid=1000 ", "pam_container,", "sshd", "addr=10.0.2.2", "terminal=ssh", "res=success")),
             f"{kind}: {one or events}")
    for _ in range(30):
        if "alice" not in vm.root("loginctl list-sessions --no-legend"):
            return
        time.sleep(1)
    raise Failed("her session stays: " + vm.root("loginctl list-sessions --no-legend"))
