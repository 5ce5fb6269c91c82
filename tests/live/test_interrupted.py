# SPDX-License-Identifier: LGPL-2.1-or-later
"""MUST-9: who makes or restores a checkpoint is killed at many moments; a full disk; nothing is lost or left."""

import contextlib
import os
import shutil
import signal
import subprocess
import time

from harness import outside, zoo
from test_checkpoint import BOX, OWN, ctl, same, status

CONTAINED = True
ID = "alice.box"
MOMENTS = [n / 1000 for n in range(0, 160, 20)]


def _box(world):
    world.policy(OWN)
    world.definition("box", BOX)
    zoo.start(world, mib=4)


def _criu():
    """The program that libcriu started, by its arguments; None before and after."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
            words = file.read().split(b"\0")
            if b"swrk" in words and any(w.endswith(b"/criu") for w in words):
                return int(pid)
    return None


def _parent_criu():
    """The same, as soon as it has a child: what it tries out on the kernel would outlive it."""
    end = time.monotonic() + 2
    while time.monotonic() < end:
        pid = _criu()
        with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{pid}/children") as file:
            if file.read():
                return pid
    return None


def _supervisor():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
            if file.read().startswith(b"container-supervisor\0"):
                return int(pid)
    return None


def _unfinished():
    """Folders of checkpoints that are being written; on a slow machine CRIU is long gone by then."""
    top = "/var/lib/pam_container/checkpoints"
    return [name for name in os.listdir(top) if name.startswith(".new-")] if os.path.isdir(top) else []


def _kill_at(moment, job, find):
    """After so many seconds of a job whoever find() tells; the job's exit code."""
    time.sleep(moment)
    pid = find()
    if pid:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    job.wait(60)
    job.stderr.close()
    return job.returncode


def _begin(*arguments):
    return subprocess.Popen(["containerctl", *arguments], stderr=subprocess.PIPE)


def _settle(world):
    """What is dead is removed, as soon as no child of the dead one holds the lock; the status that is left."""
    def settled():
        ctl(world, "gc")
        return status(world, ID) in ("running", "checkpointed", None)
    world.until(settled, "it is one or the other")
    return status(world, ID)


def test_criu_is_killed_in_a_dump(world):
    """The container runs as before, or it is on disk and comes back; nothing of criu is left."""
    _box(world)
    for moment, find in (*((n, _criu) for n in MOMENTS), (0, _parent_criu), (0, _parent_criu)):
        code = _kill_at(moment, _begin("checkpoint", ID), find)
        assert status(world, ID) == ("checkpointed" if code == 0 else "running"), (moment, code)
        assert not _criu(), moment
        if code == 0:
            ctl(world, "restore", ID)
        same(zoo.ask(world, ID))
    ctl(world, "terminate", ID)
    assert not os.listdir("/var/lib/pam_container/checkpoints")


def test_containerctl_is_killed_in_a_dump(world):
    """Whoever asked may go: it ends well or as if it had not begun."""
    _box(world)
    for moment in MOMENTS:
        job = _begin("checkpoint", ID)
        _kill_at(moment, job, lambda: job.pid)  # pylint: disable=cell-var-from-loop
        world.until(lambda: not _criu() and not _unfinished() and status(world, ID) in ("running", "checkpointed"),
                    "it has ended")
        time.sleep(0.3)
        if status(world, ID) == "checkpointed":
            ctl(world, "restore", ID)
        same(zoo.ask(world, ID))
    ctl(world, "terminate", ID)


def test_the_supervisor_is_killed_in_a_dump(world):
    """Its container ends with it; what is on disk then is whole, or nothing is."""
    world.policy(OWN)
    world.definition("box", BOX)
    for moment in MOMENTS:
        zoo.start(world, mib=4)
        _kill_at(moment, _begin("checkpoint", ID), _supervisor)
        if _settle(world) == "checkpointed":
            ctl(world, "restore", ID)
            same(zoo.ask(world, ID))
        if status(world, ID):
            ctl(world, "terminate", ID)
        world.until(lambda: not outside.containers() and not _criu(), "nothing is left")


def test_gc_sweeps_folders_of_ones_own(world):
    """What is in the making below -o, which no definition names, is let be; when its supervisor was killed the note in the
    root leads gc there, at last when the disk is there again."""
    store, root = "/srv/kept/checkpoints", "/var/lib/pam_container/checkpoints"
    _box(world)
    job = _begin("checkpoint", "-o", "/srv/kept", ID)
    criu = None
    while not criu and job.poll() is None:
        criu = _criu()
    os.kill(criu, signal.SIGSTOP)
    (making,) = os.listdir(store)
    assert making.startswith(".new-") and os.readlink(f"{root}/{making}") == f"{store}/{making}"
    assert ctl(world, "gc").stdout == b"" and os.listdir(store) == [making] == os.listdir(root)
    os.kill(_supervisor(), signal.SIGKILL)
    os.kill(criu, signal.SIGCONT)
    job.wait(60)
    job.stderr.close()
    world.until(lambda: not _criu(), "nobody is at it")
    os.rename("/srv/kept", "/srv/away")
    os.mkdir("/srv/kept", 0o700)
    assert _settle(world) is None
    assert os.listdir(root) == [making] and not os.listdir("/srv/kept")
    os.rmdir("/srv/kept")
    assert _settle(world) is None and os.listdir(root) == [making]
    os.rename("/srv/away", "/srv/kept")
    assert b"1 unfinished" in ctl(world, "gc", "--dry-run").stdout and os.listdir(store)
    assert b"1 unfinished: removed" in ctl(world, "gc").stdout
    assert not os.listdir(store) and not os.listdir(root)
    shutil.rmtree("/srv/kept")


def test_criu_is_killed_in_a_restore(world):
    """The checkpoint is as it was and comes back at the next try."""
    _box(world)
    for moment in MOMENTS:
        ctl(world, "checkpoint", ID)
        if _kill_at(moment, _begin("restore", ID), _criu) != 0:
            assert status(world, ID) == "checkpointed", moment
            assert not outside.containers()
            ctl(world, "restore", ID)
        same(zoo.ask(world, ID))
    ctl(world, "terminate", ID)


def test_the_supervisor_is_killed_in_a_restore(world):
    """Before anything runs the checkpoint is as it was; after that the container ended with its supervisor."""
    world.policy(OWN)
    world.definition("box", BOX)
    again = 0
    for moment in MOMENTS:
        zoo.start(world, mib=4)
        ctl(world, "checkpoint", ID)
        _kill_at(moment, _begin("restore", ID), _supervisor)
        if _settle(world) == "checkpointed":
            done = world.run(["containerctl", "restore", ID], timeout=60)
            assert done.returncode == 0 or b"restored before" in done.stderr, done
            if done.returncode == 0:
                again += 1
                same(zoo.ask(world, ID))
        if status(world, ID):
            ctl(world, "terminate", ID)
        world.until(lambda: not outside.containers() and not _criu(), "nothing is left")
    assert again > 0


def test_a_full_disk(world):
    """The container runs on; the message says why; nothing is left on the disk."""
    os.makedirs("/var/lib/pam_container", mode=0o700, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=700,size=2m", "tmpfs", "/var/lib/pam_container"], check=True)
    _box(world)
    said = ctl(world, "checkpoint", ID, code=1).stderr
    assert b"No space left" in said, said
    assert status(world, ID) == "running"
    same(zoo.ask(world, ID))
    assert not os.listdir("/var/lib/pam_container/checkpoints")
    ctl(world, "terminate", ID)
    subprocess.run(["umount", "/var/lib/pam_container"], check=True)
