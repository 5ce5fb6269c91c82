# SPDX-License-Identifier: LGPL-2.1-or-later
"""A reboot, another machine, the power: what comes back, and what must not stay."""

import os
import subprocess
import sys
import time

from ground import PIDNS, is_inside, leave, need, nothing_left, shell_of
from machine import HERE, Failed, Machine

sys.path.insert(0, os.path.join(HERE, "../bench"))
from saved import PROGRAM  # noqa: E402

CHECKPOINT = "/root/alice.ckpt"


def a_user_is_back_in_his_editor_after_a_reboot(vm):
    nothing_left(vm)
    shell = shell_of(vm, "alice")
    shell.send("vim paper.txt\r")
    shell.expect("paper.txt", 200)
    time.sleep(2)
    shell.send("iWords that were not saved\x1b")
    shell.expect("not saved", 120)
    time.sleep(1)
    vm.root("containerctl checkpoint alice.work", timeout=300)
    shell.wait(120)
    need(not vm.ssh("root", "pgrep -u alice vim").stdout, "vim still runs")
    carry(vm)
    vm.figures["reboot"] = vm.reboot()
    need("checkpointed" in vm.root("containerctl list --all"), "the checkpoint is not listed")
    back_in_the_editor(vm, "back in the editor")


def back_in_the_editor(vm, figure):
    """The first login may take longer than the module waits, and is told so: the next one is in."""
    began = time.monotonic()
    for _ in range(3):
        shell = vm.terminal("alice")
        if shell.expect("not saved|try again in a moment", 120).group() == b"not saved":
            break
        shell.close()
    else:
        raise Failed(f"she is not in her editor: {shell.all[-800:]!r}")
    vm.figures[figure] = time.monotonic() - began
    time.sleep(1)
    shell.send("A, until now\x1b")
    time.sleep(1)
    shell.send(":wq\r")
    shell.expect(r"\$ ", 120)
    leave(shell)
    need(vm.root("cat /home/alice/paper.txt") == "Words that were not saved, until now", "the file has something else")


def carry(vm):
    """What goes to the second machine: the key, the checkpoint, her home; a copy, so that no inode is the same."""
    vm.root(f"containerctl export alice.work {CHECKPOINT} && cp /var/lib/pam_container/key /root/fleet.key && "
            "tar -C /root -cf /root/carried.tar alice.ckpt fleet.key -C /home alice && rm /root/alice.ckpt /root/fleet.key", timeout=300)
    with open(os.path.join(vm.folder, "carried"), "wb") as file:
        subprocess.run(vm.ssh_command("root", "-S", vm.root_line()) + ["cat /root/carried.tar"], stdout=file, check=True,
                       stdin=subprocess.DEVNULL)


def start_second(vm, furnish):
    """Another machine of the same image, which furnish() makes the same of. More memory, for the figure of pre-dumps."""
    other = Machine(os.path.join(vm.folder, "second"), vm.image, memory=3072)
    vm.second, other.packages, other.figures = other, vm.packages, vm.figures
    other.start()
    furnish(other)
    return other


def a_user_is_back_in_his_editor_on_another_machine(vm):
    other = vm.other.result()
    with open(os.path.join(vm.folder, "carried"), "rb") as file:
        subprocess.run(other.ssh_command("root", "-S", other.root_line()) + ["tar -C /root -xf - && cp -a /root/alice/. /home/alice/"],
                       stdin=file, check=True)
    need(other.root("cat /etc/machine-id") != vm.root("cat /etc/machine-id"), "it is the same machine")
    other.root("chmod 600 /root/fleet.key && containerctl checkpoint-key import --replace -y /root/fleet.key && "
               f"containerctl import {CHECKPOINT}", timeout=300)
    back_in_the_editor(other, "back in the editor, on another machine")
    again = other.ssh("root", f"containerctl import {CHECKPOINT}")
    need(again.returncode != 0, "it can be imported twice")


def pre_dumps_shorten_the_freeze(vm):
    """Issue 3's figure: CRIU's frozen_us, with two pre-dumps before and with none; a tenth of the memory changes."""
    other, frozen = vm.other.result(), {}
    need(other.ssh("root", "criu check --feature mem_dirty_track").returncode == 0, "this kernel does not track pages")
    mib = 512  # while it comes to be, twice as much
    other.root("mkdir -p /etc/security/containers && printf '[Resources]\\nMemoryMax=1800M\\n' >/etc/security/containers/saved.conf")
    with open(os.path.join(vm.folder, "tree.py"), "w", encoding="utf-8") as file:
        file.write(PROGRAM)
    other.copy_in([file.name], "/etc/bench-tree.py")
    other.root("containerctl start --id saved saved && containerctl exec saved -- sh -c '"
               f"setsid python3 /etc/bench-tree.py {mib} 1 10 </dev/null >/dev/null 2>&1 & "
               "while [ ! -e /tmp/bench-tree ]; do sleep 0.2; done'", timeout=300)
    for before in (2, 0):
        said = other.root("containerctl checkpoint --pre saved && " * before +
                          "containerctl checkpoint --print-stats --leave-running saved", timeout=900)
        frozen[before] = int(said.split('"frozen_us":')[1].split(",")[0].strip(" }")) / 1e6
    other.root("containerctl terminate -y saved; containerctl checkpoints -y rm saved; true")
    vm.figures[f"frozen, {mib} MiB, no pre-dump"], vm.figures[f"frozen, {mib} MiB, two pre-dumps"] = frozen[0], frozen[2]
    need(frozen[2] * 3 < frozen[0], f"frozen for {frozen[2]:.1f} s with two pre-dumps, {frozen[0]:.1f} s without")


def power_cut(vm, act, after):
    """act runs, and after so many seconds the power goes; the next boot's own gc leaves nothing to do."""
    vm.root(f"systemd-run -q sh -c '{act}'")
    time.sleep(after)
    vm.cut()
    vm.start()
    vm.root("systemctl start container-gc.service")
    need(not (left := vm.root("containerctl gc --dry-run")), f"gc finds: {left}")
    need(vm.root("systemctl is-system-running --wait || true") in ("running", "degraded"), "it does not come up")


def alice_gets_in(vm):
    for _ in range(3):  # what is restored may take longer than the module waits
        done = vm.ssh("alice", PIDNS)
        if done.returncode == 0:
            break
        need("try again in a moment" in done.stdout + done.stderr, f"{done}")
    need(is_inside(vm, done.stdout), f"{done}")


LOGINS = "for i in 1 2 3; do su dave -c true & su -l alice -c true & done; wait"


def the_power_fails_in_logins_and_a_checkpoint(vm):
    for after in (0.7, 2):
        vm.ssh("alice", "setsid sleep 1000 </dev/null >/dev/null 2>&1 & echo started")
        power_cut(vm, f"containerctl checkpoint alice.work & {LOGINS}", after)
        alice_gets_in(vm)


def the_power_fails_in_logins_and_a_restore(vm):
    for after in (1, 4):
        vm.ssh("alice", "setsid sleep 1000 </dev/null >/dev/null 2>&1 & echo started")
        vm.root("containerctl checkpoint alice.work", timeout=300)
        power_cut(vm, f"containerctl restore alice.work & {LOGINS.replace('alice', 'carol')}", after)
        alice_gets_in(vm)
