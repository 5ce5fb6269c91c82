# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the C API takes for a container's whole life, and containermon for looking at many."""

import os
import re
import shutil

from report import Figure, spread
from sampling import interleave, median

import shape

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))


def library(stage, sizes):
    """ctr_create, ctr_start of /bin/true, ctr_process_wait, ctr_destroy."""
    plan, bundle = stage.make_plan(stage.alive(1)), stage.make_bundle()

    def runc():
        return stage.run_runc(bundle)
    ours, floor, runc = interleave(sizes.samples, stage.life, lambda: stage.run_floor(plan, "life"),
                                   runc)
    yield Figure("life of a container / runc run", median(ours) / median(runc), "x", "<=", 0.2,
                 {"life ms": spread(ours), "runc ms": spread(runc)}, slack=1.5)
    yield Figure("life of a container / floor", median(ours) / median(floor), "x", "<=", 3.0,
                 {"floor ms": spread(floor)}, slack=1.5)


def _files(stage, names):
    """What cgstat.c reads of each container, and its record."""
    with open(f"{TOP}/libcore/cgstat.c") as file:
        words = sorted(set(re.findall(r'"([a-z_]+\.[a-z_.]+)"', file.read())))
    for name in names:
        record = stage.record(name)
        pid = record["init.pid"]
        yield f"/run/pam_container/containers/{name}/state.json"
        yield from (f"/proc/{record['super.pid']}/stat", f"/proc/{pid}/stat", f"/proc/{pid}/net/dev")
        for _top, folder, v2 in shape.groups(pid):
            mixed = v2 and not os.path.exists(f"{folder}/memory.stat")
            for word in words:
                path = f"{folder}/{word}"
                if os.access(path, os.R_OK) and (not mixed or word.endswith(".pressure")):
                    yield path


def monitor(stage, sizes):
    """CPU time, since containermon naps between two looks; the same files, as often, by `read`."""
    containermon = shutil.which("containermon")
    with stage.alive(sizes.watched) as names:
        files = "\n".join(_files(stage, names)).encode()
        ours, plain = interleave(
            max(5, sizes.samples // 4), lambda: stage.cpu_ms([containermon, "stats"]),
            lambda: stage.cpu_ms([stage.lifecycle, "read", "2"], files))
    yield Figure(f"stats of {sizes.watched} containers", median(ours) / median(plain), "x", "<=", 1.5,
                 {"containermon ms": spread(ours), "read ms": spread(plain),
                  "files": files.count(b"\n") + 1}, slack=1.5)
