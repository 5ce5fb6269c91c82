# SPDX-License-Identifier: LGPL-2.1-or-later
"""A reboot, the power: what comes back, and what must not stay."""

import time

from ground import PIDNS, is_inside, leave, need, nothing_left, shell_of
from machine import Failed


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
    vm.figures["reboot"] = vm.reboot()
    need("checkpointed" in vm.root("containerctl list --all"), "the checkpoint is not listed")
    back_in_the_editor(vm)


def back_in_the_editor(vm):
    """The first login may take longer than the module waits, and is told so: the next one is in."""
    began = time.monotonic()
    for _ in range(3):
        shell = vm.terminal("alice")
        if shell.expect("not saved|try again in a moment", 120).group() == b"not saved":
            break
        shell.close()
    else:
        raise Failed(f"she is not in her editor: {shell.all[-800:]!r}")
    vm.figures["back in the editor"] = time.monotonic() - began
    time.sleep(1)
    shell.send("A, until now\x1b")
    time.sleep(1)
    shell.send(":wq\r")
    shell.expect(r"\$ ", 120)
    leave(shell)
    need(vm.root("cat /home/alice/paper.txt") == "Words that were not saved, until now", "the file has something else")


def the_power_fails_in_a_checkpoint(vm):
    vm.ssh("alice", "true")
    vm.root("systemd-run -q sh -c 'containerctl checkpoint alice.work'")
    time.sleep(1.5)
    vm.cut()
    vm.start()
    vm.root("systemctl start container-gc.service")
    need(not (left := vm.root("containerctl gc --dry-run")), f"gc finds: {left}")
    for _ in range(2):
        done = vm.ssh("alice", PIDNS)
        if done.returncode == 0:
            break
    need(is_inside(vm, done.stdout), f"{done}")
