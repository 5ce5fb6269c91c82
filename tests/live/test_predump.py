# SPDX-License-Identifier: LGPL-2.1-or-later
"""Memory to disk beforehand. Where the kernel tracks no memory, criutrack.c stands between it and CRIU."""

import json
import os
import shutil
import subprocess

from harness import outside, zoo
from harness.world import write
from test_checkpoint import BOX, OWN, _flip, ctl, same, status

CONTAINED = True
ID = "alice.box"
TOP = "/var/lib/pam_container/checkpoints"
SOURCE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "criutrack.c")
LIBRARY, SUMS, KNOWN = "/usr/local/lib/criutrack.so", "/run/criutrack", "/run/criu.kdat"
CRIU = "/usr/sbin/criu"


def _tracks():
    return subprocess.run([CRIU, "check", "--feature", "mem_dirty_track"], capture_output=True, check=False).returncode == 0


def _begin(world, mib=16):
    world.policy(OWN)
    world.definition("box", BOX)
    zoo.start(world, mib=mib)


def _shimmed():
    """A criu that believes that the kernel tracks memory; what it knows of the kernel is forgotten."""
    subprocess.run(["gcc", "-O2", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", LIBRARY, SOURCE], check=True)
    os.makedirs(SUMS)
    with open(CRIU) as file:
        program = file.read().split()[-2]
    with open(program) as file:
        text = file.read()
    assert '/shim.so"' in text, text
    text = text.replace('d=${0%/*}', f"export TRACK_DIR={SUMS}\nd={os.path.dirname(program)}")
    os.rename(CRIU, CRIU + ".real")
    write(CRIU, text.replace('/shim.so"', f'/shim.so:{LIBRARY}"'), 0o755)
    _forget()


def _forget():
    if os.path.exists(KNOWN):
        os.unlink(KNOWN)


def _restored():
    os.rename(CRIU + ".real", CRIU)
    shutil.rmtree(SUMS)
    _forget()


def _folders():
    return os.listdir(TOP) if os.path.exists(TOP) else []


def test_a_kernel_that_does_not_track_memory(world):
    """It is said before anything is touched, by doctor too."""
    _begin(world, 1)
    if _tracks():
        ctl(world, "checkpoint", "--pre", ID)
        assert len(_folders()) == 1 and status(world) == "running"
    else:
        said = ctl(world, "checkpoint", "--pre", ID, code=1).stderr
        assert b"does not tell which pages were written to" in said, said
        assert not _folders() and status(world) == "running"
        assert b"no pre-dumps" in world.run(["containerctl", "doctor"]).stdout
    same(zoo.ask(world, ID))
    assert b"--print-stats" in ctl(world, "checkpoint", "--pre", "-R", ID, code=2).stderr
    ctl(world, "terminate", ID)
    world.until(lambda: not _folders(), "nothing is kept of it")


def _pre_dumps(world):
    _begin(world)
    first = json.loads(ctl(world, "checkpoint", "--pre", "--print-stats", ID).stdout)
    second = json.loads(ctl(world, "checkpoint", "--pre", "--print-stats", ID).stdout)
    assert first["pages_written"] > 4000 > 4 * second["pages_written"], (first, second)
    assert status(world) == "running" and len(_folders()) == 1 and _folders()[0].startswith(".new-")
    same(zoo.ask(world, ID))
    last = json.loads(ctl(world, "checkpoint", "--print-stats", ID).stdout)
    assert last["pages_skipped_parent"] > 4000 > 4 * last["pages_written"], last
    assert _folders() == [ID] and {"images", "pre-1", "pre-2"} < set(os.listdir(f"{TOP}/{ID}"))
    # MUST-10: they are signed with the rest
    undo = _flip(max((f"{TOP}/{ID}/pre-1/{n}" for n in os.listdir(f"{TOP}/{ID}/pre-1")), key=os.path.getsize))
    assert b"pre-1/" in ctl(world, "restore", ID, code=1).stderr
    undo()
    assert not outside.containers()
    ctl(world, "export", ID, "/root/exported")
    os.unlink("/root/exported")
    ctl(world, "restore", ID)
    same(zoo.ask(world, ID))
    assert not _folders()
    # one that is left running uses them up; then the container ends, and what was begun anew goes
    ctl(world, "checkpoint", "--pre", ID)
    ctl(world, "checkpoint", "--leave-running", "--auto-dedup", "--compress", ID)
    assert any(name.endswith(".img.zst") for name in os.listdir(f"{TOP}/{ID}/pre-1"))
    ctl(world, "checkpoint", "--pre", ID)
    assert len(_folders()) == 2
    same(zoo.ask(world, ID))
    ctl(world, "terminate", ID)
    world.until(lambda: _folders() == [ID], "one checkpoint is left")
    ctl(world, "restore", ID)
    same(zoo.ask(world, ID))
    ctl(world, "terminate", ID)


def test_two_pre_dumps_and_a_checkpoint(world):
    """The last has little to write and all is back; signed; gone with the container when nothing came of them."""
    if _tracks():
        _pre_dumps(world)
        return
    _shimmed()
    try:
        _pre_dumps(world)
    finally:
        _restored()
