# SPDX-License-Identifier: LGPL-2.1-or-later
"""A container with a tree of processes that goes onto the disk and comes back, by the product."""

import contextlib
import json
import os
import subprocess
import time

from harness.world import write

CHECKPOINTS = "/var/lib/pam_container/checkpoints"
ID = "saved-bench"
SCRIPT = "/etc/bench-tree.py"  # shown inside, since /etc is the host's
DEFINITION = """[Container]
Description=host view, for checkpoints
[Exec]
Hostname=saved
[Resources]
TasksMax=200
MemoryMax={limit}M
"""
# the children first: each would have the memory in its own images
PROGRAM = """import os, signal, sys, time
for _ in range(int(sys.argv[2])):
    if os.fork() == 0:
        signal.pause()
memory = bytearray(os.urandom(int(sys.argv[1]) << 20))
open("/tmp/bench-tree", "w").close()
part = len(memory) * int(sys.argv[3]) // 100
while part:  # a byte of each page of that much of it, over and over
    for i in range(0, part, 4096):
        memory[i] = memory[i] + 1 & 255
    time.sleep(0.01)
signal.pause()
"""


def _run(*arguments):
    done = subprocess.run(["containerctl", *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=600, check=False)
    assert done.returncode == 0, done
    return done.stdout


def _ctl(*arguments):
    """Milliseconds of one containerctl."""
    begin = time.monotonic()
    _run(*arguments)
    return (time.monotonic() - begin) * 1000


def tracks():
    """Does the kernel tell which pages were written to? As CRIU finds it."""
    return subprocess.run(["criu", "check", "--feature", "mem_dirty_track"], capture_output=True,
                          check=False).returncode == 0


def processes(pid):
    """How many live in the pid namespace of a process."""
    want, found = os.readlink(f"/proc/{pid}/ns/pid"), 0
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            found += os.readlink(f"/proc/{name}/ns/pid") == want
    return found


class Saved:
    def __init__(self, stage, mib, children, changing=0):
        self.stage = stage
        stage.world.definition("saved", DEFINITION.format(limit=512 + mib))
        write(SCRIPT, PROGRAM)
        _ctl("start", "--id", ID, "saved")
        _ctl("exec", ID, "--", "sh", "-c", f"setsid python3 {SCRIPT} {mib} {children} {changing} "
             "</dev/null >/dev/null 2>&1 & i=0; while [ ! -e /tmp/bench-tree ]; do sleep 0.05; "
             "i=$((i + 1)); [ $i -lt 2400 ] || exit 1; done; rm /tmp/bench-tree")
        self.processes = processes(self.init())

    def init(self):
        return self.stage.record(ID)["init.pid"]

    @staticmethod
    def images():
        return f"{CHECKPOINTS}/{ID}/images"

    def dump(self):
        """What the supervisor does after it has answered is waited for, and not in the figure."""
        spent = _ctl("checkpoint", ID)
        self.stage.settle()
        return spent

    def frozen(self, before):
        """Milliseconds in which all stood still, with so many pre-dumps before; it lives again then."""
        for _ in range(before):
            _ctl("checkpoint", "--pre", ID)
        stats = json.loads(_run("checkpoint", "--print-stats", ID))
        self.stage.settle()
        _ctl("restore", ID)
        return stats["frozen_us"] / 1000

    def restore(self):
        spent = _ctl("restore", ID)
        found, end = processes(self.init()), time.monotonic() + 1
        while found != self.processes and time.monotonic() < end:  # PID 1 closes something by a child
            time.sleep(0.01)
            found = processes(self.init())
        assert found == self.processes, f"{found} processes came back of {self.processes}"
        return spent

    def close(self):
        with contextlib.suppress(AssertionError):
            _ctl("terminate", ID)
        if os.path.exists(f"{CHECKPOINTS}/{ID}"):
            _ctl("checkpoints", "rm", ID)
        self.stage.settle()
