# SPDX-License-Identifier: LGPL-2.1-or-later
"""The measurements. Each takes the stage and the sizes of the run, and yields figures."""

import contextlib
import os
import statistics
import subprocess
import time

from harness import census

from bare import Bare, externals
from keys import Keys
from library import library, monitor
from report import Figure, Unmeasured, spread
from sampling import interleave, median
from saved import Saved, tracks

MIB = 1 << 20


class Sizes:
    def __init__(self, quick):
        self.quick = quick
        self.samples = 7 if quick else 41
        self.bulk = 32 * MIB if quick else 256 * MIB
        self.bulk_terminal = 8 * MIB if quick else 64 * MIB
        self.bulk_samples = 3 if quick else 31
        self.alive = 30 if quick else 300
        self.watched = 50 if quick else 200
        self.cycles = 100 if quick else 2000
        self.checkpoints = 3 if quick else 15
        self.tree = (16, 20) if quick else (64, 20)  # MiB, children
        self.memory = 64 if quick else 1024  # MiB, of which a tenth changes
        self.predumps = 2 if quick else 7
        self.keys = 50 if quick else 400


def new_container(stage, sizes):
    plan, bundle = stage.make_plan(), stage.make_bundle()

    def contained():
        spent = stage.open_session("new")
        stage.settle()
        return spent
    ours, floor, runc = interleave(sizes.samples, contained, lambda: stage.run_floor(plan),
                                   lambda: stage.run_runc(bundle))
    yield Figure("new container / floor", median(ours) / median(floor), "x", "<=", 3.0,
                 {"open_session ms": spread(ours), "floor ms": spread(floor),
                  "mounts": plan.count(b"\nnew") + plan.count(b"\nbind"),
                  "groups": plan.count(b"group\t")}, slack=1.5)
    yield Figure("new container / runc run", median(ours) / median(runc), "x", "<=", 1.0,
                 {"runc ms": spread(runc)}, slack=1.0)


def join_running(stage, sizes):
    for service, name in (("shared", "late"), ("joined", "join"), ("grouped", "join, by groups")):
        with stage.held("shared"):
            ours, none = interleave(sizes.samples, lambda: stage.open_session(service),
                                    lambda: stage.open_session("none"))
        yield Figure(f"running container, {name}", median(ours) - median(none), "ms", "<=",
                     2.0, {"open_session ms": spread(ours), "no-op ms": spread(none)}, slack=2.5)


def ssh_login(stage, sizes):
    def contained():
        spent = stage.ssh_login(True)
        stage.settle()
        return spent
    ours, plain = interleave(sizes.samples, contained, lambda: stage.ssh_login(False))
    yield Figure("ssh login", median(ours) / median(plain), "x", "<=", 1.05,
                 {"contained ms": spread(ours), "not ms": spread(plain)}, slack=1.2)


def bulk(stage, sizes):
    for name, size, terminal, target in (("bulk", sizes.bulk, False, 0.95),
                                         ("bulk on a pty", sizes.bulk_terminal, True, 0.8)):
        path = stage.make_file(size)
        ours, plain = interleave(sizes.bulk_samples,
                                 lambda: stage.ssh_bulk(True, path, size, terminal),
                                 lambda: stage.ssh_bulk(False, path, size, terminal))
        yield Figure(name, median(ours) / median(plain), "x", ">=", target,
                     {"contained MB/s": spread(ours), "not MB/s": spread(plain)}, slack=1.5)


def _pss(pid):
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss:")) / 1024


def _memory(stage, name):
    record = stage.record(name)
    return _pss(record["super.pid"]), _pss(record["init.pid"])


def many(stage, sizes):
    """Idle memory of the first container, then many alive at once."""
    def latency(count, alive):
        def one(login):
            spent = login()
            stage.settle(alive)
            return spent
        results = interleave(count, lambda: one(lambda: stage.open_session("new")),
                             lambda: one(lambda: stage.ssh_login(True)))
        return [median(samples) for samples in results]
    count = max(5, sizes.samples // 4)
    first_open, first_ssh = latency(count, 0)
    with stage.held("new"):
        time.sleep(0.2)
        supervisor, init = _memory(stage, stage.containers()[0])
    yield Figure("idle memory of a container", supervisor + init, "MiB", "<=", 1.5,
                 {"supervisor": supervisor, "PID 1": init}, slack=1.1)
    with stage.held("new", sizes.alive) as times:
        alive = len(stage.containers())
        assert alive == sizes.alive, f"{alive} of {sizes.alive} are alive"
        last_open, last_ssh = latency(count, alive)
        each = statistics.mean(sum(_memory(stage, n)) for n in stage.containers())
    yield Figure(f"open_session with {sizes.alive} alive", last_open / first_open, "x", "<=", 2.0,
                 {"first ms": first_open, "then ms": last_open,
                  "each MiB": each, "while filling ms": spread(times)}, slack=1.5)
    yield Figure(f"ssh login with {sizes.alive} alive", last_ssh / first_ssh, "x", "<=", 2.0,
                 {"first ms": first_ssh, "then ms": last_ssh}, slack=1.0)


def _lines(path):
    with open(path) as file:
        return sum(1 for _ in file)


def _files(top):
    return sum(len(names) + len(files) for path, names, files in os.walk(top)
               if not path.startswith("/run/bench/"))


def _slab(*names):
    """Objects in use of kernel caches, machine-wide: what no /proc of a process shows."""
    with contextlib.suppress(OSError), open("/proc/slabinfo") as file:
        return {f[0]: int(f[1]) for f in map(str.split, file) if f[0] in names}
    return {}


def _counts(driver):
    kinds = {kind: len(items) for kind, items in census.take().items()}
    with open(f"/proc/{driver}/statm") as file:
        pages = int(file.read().split()[1])
    return {**kinds, "fds": len(os.listdir(f"/proc/{driver}/fd")), "files in /run": _files("/run"),
            "caller pages": pages}


def _machine_counts():
    """Of the whole machine, others' included: growth shows only against the number of cycles."""
    return {"keys": _lines("/proc/keys"), **_slab("mnt_cache", "net_namespace", "pid_namespace")}


def cycles(stage, sizes):
    """Growth over many logins, counted while the same caller goes on."""
    process = subprocess.Popen(stage.argv("new", "rounds", sizes.cycles), stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, bufsize=0)
    warm = max(10, sizes.cycles // 20)

    def advance(count):
        process.stdin.write(b"x" * count)
        got = 0
        while got < count:
            more = process.stdout.read(65536).count(b"\n")
            assert more, f"the driver ended after {got} of {count}: {stage.world.log[-5:]}"
            got += more
        stage.settle()
        time.sleep(0.5)
        return _counts(process.pid), _machine_counts()
    before, kernel_before = advance(warm)
    after, kernel_after = advance(sizes.cycles - warm)
    process.stdin.close()
    assert process.wait() == 0
    grown = {kind: after[kind] - before[kind] for kind in before}
    pages = grown.pop("caller pages")
    counted = sizes.cycles - warm
    kernel = {k: kernel_after[k] - kernel_before.get(k, 0) for k in kernel_after}
    yield Figure("growth of anything counted", max(grown.values()), "", "<=", 0,
                 {"cycles": counted, **grown})
    yield Figure("growth of the caller, pages", pages, "", "<=", 16, {"per cycle": pages / counted})
    yield Figure("growth in the kernel per cycle", max(kernel.values(), default=0) / counted, "",
                 "<=", 0.1, kernel, slack=5.0)


def checkpoint(stage, sizes):
    """The same tree onto the disk and back, by the product and by the criu program, in turn."""
    saved, bare = Saved(stage, *sizes.tree), None
    try:
        points = externals(saved.init())
        saved.dump()
        bare = Bare(points, saved.images(), saved.processes)
        restore, bare_restore, dump, bare_dump = interleave(
            sizes.checkpoints, saved.restore, bare.restore, saved.dump, bare.dump)
    finally:
        if bare:
            bare.close()
        saved.close()
    about = {"MiB": sizes.tree[0], "processes": saved.processes}
    yield Figure("checkpoint / criu dump", median(dump) / median(bare_dump), "x", "<=", 1.25,
                 {"checkpoint ms": spread(dump), "criu ms": spread(bare_dump), **about}, slack=2.0)
    yield Figure("restore / criu restore", median(restore) / median(bare_restore), "x", "<=", 1.25,
                 {"restore ms": spread(restore), "criu ms": spread(bare_restore), **about}, slack=2.0)


def predump(stage, sizes):
    """For how long all stands still, with two pre-dumps before the checkpoint and with none."""
    name = "frozen, with two pre-dumps / with none"
    if not tracks():
        yield Unmeasured(name, "this kernel does not tell which pages were written to (CONFIG_MEM_SOFT_DIRTY)")
        return
    saved = Saved(stage, sizes.memory, 0, changing=10)
    try:
        with_two, alone = interleave(sizes.predumps, lambda: saved.frozen(2), lambda: saved.frozen(0))
    finally:
        saved.close()
    yield Figure(name, median(with_two) / median(alone), "x", "<=", 1 / 3,
                 {"with two ms": spread(with_two), "with none ms": spread(alone), "MiB": sizes.memory}, slack=2.0)


def echo(stage, sizes):
    """From a key to its echo by a program in raw mode, on two logins that live side by side."""
    with Keys(stage.ssh_argv, True) as contained, Keys(stage.ssh_argv, False) as plain:
        ours, none = interleave(sizes.keys, contained.press, plain.press)
    stage.settle()
    yield Figure("keystroke echo, contained - not", median(ours) - median(none), "ms", "<=", 2.0,
                 {"contained ms": spread(ours), "not ms": spread(none)}, slack=2.0)


ALL = {"new": new_container, "join": join_running, "ssh": ssh_login, "bulk": bulk, "many": many,
       "cycles": cycles, "checkpoint": checkpoint, "predump": predump, "echo": echo,
       "library": library, "monitor": monitor}
