# SPDX-License-Identifier: LGPL-2.1-or-later
"""Limits as systemd shows them, each measured by exceeding it."""

import time

from ground import SCOPE, leave, need, shell_of


def limits_are_systemds_too(vm):
    vm.ssh("alice", "true")
    shown = vm.root(f"systemctl show -p Slice -p Delegate -p MemoryMax -p TasksMax -p CPUQuotaPerSecUSec {SCOPE}").splitlines()
    want = {"Slice=container.slice", "Delegate=yes", "MemoryMax=67108864", "TasksMax=40", "CPUQuotaPerSecUSec=500ms"}
    need(want <= set(shown), f"{shown}")
    need("alice.work" in vm.root("systemd-cgtop -b -n 1 --depth=4 container.slice"), "systemd-cgtop does not show it")


def memory_is_bounded_and_the_user_is_told(vm):
    """An OOM kill: on the terminal, in the log, and to who listens to events."""
    shell = shell_of(vm, "alice")
    vm.root("rm -f /root/events; systemd-run -q --unit=events sh -c 'exec containermon events >/root/events'")
    time.sleep(3)
    shell.send("head -c 300M /dev/zero | tail | wc -c; echo e''nd\r")
    told, over = "out of memory: a process was killed", "end"  # whichever is first
    shell.expect(f"{told}[\\s\\S]*{over}|{over}[\\s\\S]*{told}", 200)
    need(b"314572800" not in shell.all, "nothing was killed")
    leave(shell)
    need(int(vm.root(f"sed -n 's/^oom_kill //p' /sys/fs/cgroup/container.slice/{SCOPE}/memory.events")) > 0, "nothing was killed")
    need("event=oom" in vm.root("journalctl -b -t container-supervisor --no-pager | grep event=oom"), "the log does not say so")
    heard = vm.root("systemctl stop events; cat /root/events")
    need("alice.work" in heard and "oom" in heard, f"containermon events: {heard}")


def tasks_are_bounded(vm):
    done = vm.ssh("alice", "sh -c 'for i in $(seq 60); do sleep 2 & done; echo all'")
    need("all" not in done.stdout and "ork" in done.stderr, f"{done}")


def processor_is_bounded(vm):
    vm.ssh("alice", "timeout 4 sh -c 'while :; do :; done'")
    need(int(vm.root(f"sed -n 's/^nr_throttled //p' /sys/fs/cgroup/container.slice/{SCOPE}/cpu.stat")) > 0, "never throttled")


def devices_processors_and_disks_are_bounded(vm):
    said = vm.root("su carol -c 'sh -c \": </dev/null && echo null; : </dev/zero && echo zero\"' 2>&1 || true")
    need("null" in said and "zero\n" not in said + "\n" and "not permitted" in said, said)
    said = vm.root("nproc; su carol -c 'nproc; taskset -c 0 nproc' 2>&1 || true").splitlines()
    need(said[:2] == ["2", "1"] and "nvalid" in said[2], f"processors: {said}")
    vm.root("head -c 6M /dev/urandom >/home/carol/read; sync; echo 1 >/proc/sys/vm/drop_caches")
    read = "dd if=/home/carol/read bs=256k iflag=direct 2>/dev/null | wc -c"
    began = time.monotonic()
    vm.root(read)
    free, began = time.monotonic() - began, time.monotonic()
    need("6291456" in vm.root(f"su carol -c '{read}'"), "it can not be read")
    held = time.monotonic() - began
    need(held > 4 and held > 2 * free, f"6 MB took {held:.1f} s inside with 1 MB/s allowed, {free:.1f} s outside")
