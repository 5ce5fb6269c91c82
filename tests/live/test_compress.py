# SPDX-License-Identifier: LGPL-2.1-or-later
"""checkpoint --compress: smaller, as authentic as any other, and nothing of it left elsewhere, whatever happens."""

import os
import shutil
import subprocess

from harness import outside, zoo
from test_checkpoint import BOX, OWN, _flip, ctl, same, status
from test_interrupted import _begin, _criu, _kill_at, _settle, _supervisor, _unfinished

CONTAINED = True
ID = "alice.box"
TOP = "/var/lib/pam_container/checkpoints"


def _box(world, mib=1):
    world.policy(OWN)
    world.definition("box", BOX + "[Network]\nPrivate=loopback\n")
    zoo.start(world, mib=mib)


def _compress(world, *options):
    """Without a word: a warning says that it is not compressed."""
    done = ctl(world, "checkpoint", "--compress", *options, ID)
    assert not done.stderr and not done.stdout, done


def _mount_disk():
    os.makedirs(os.path.dirname(TOP), mode=0o700, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=700,size=128m", "tmpfs", os.path.dirname(TOP)], check=True)


def _size(top=f"{TOP}/{ID}"):
    return sum(os.path.getsize(os.path.join(folder, name)) for folder, _names, names in os.walk(top) for name in names)


def _compressed(top=f"{TOP}/{ID}"):
    return sorted(os.path.join(folder, name) for folder, _names, names in os.walk(top) for name in names
                  if name.endswith(".zst"))


def test_a_process_comes_back_from_a_smaller_one(world):
    """With its memory; also where the checkpoint lies elsewhere, and from one that was left running."""
    _box(world)
    ctl(world, "checkpoint", "-R", ID)
    plain = _size()
    _compress(world, "-R")
    assert status(world) == "running" and os.listdir(TOP) == [ID]
    assert _compressed() and _size() < plain * 3 // 4, (plain, _size())
    assert not any(os.path.exists(path[:-4]) for path in _compressed())
    same(zoo.ask(world, ID))
    os.kill(outside.init_pid(), 9)
    world.until(lambda: not outside.containers() and status(world) == "checkpointed", "it is gone")
    for options in ([], ["-o", "/srv/kept"]):
        ctl(world, "restore", ID)
        same(zoo.ask(world, ID))
        assert not os.listdir(TOP)
        _compress(world, *options)
    assert status(world) == "checkpointed" and os.listdir("/srv/kept/checkpoints") == [ID] == os.listdir(TOP)
    assert _compressed(f"/srv/kept/checkpoints/{ID}")
    ctl(world, "restore", ID)
    same(zoo.ask(world, ID))
    assert not os.listdir("/srv/kept/checkpoints") and not os.listdir(TOP)
    assert b"--pre takes no option" in ctl(world, "checkpoint", "--pre", "--compress", ID, code=2).stderr
    ctl(world, "terminate", ID)
    shutil.rmtree("/srv/kept")


def test_nothing_unchecked_is_decompressed(world):
    """MUST-10: on a disk without room for the plain ones a good one fails for that, and each changed one before it."""
    _mount_disk()
    _box(world)
    _compress(world)
    room = _size() // 4096 * 4 + 2048
    subprocess.run(["mount", "-o", f"remount,size={room}k", os.path.dirname(TOP)], check=True)
    said = ctl(world, "restore", ID, code=1).stderr
    assert b"No space left" in said and b"decompress" in said, said
    for path in [*_compressed(), f"{TOP}/{ID}/packed"]:
        undo = _flip(path)
        said = ctl(world, "restore", ID, code=1).stderr.decode()
        assert f"{os.path.relpath(path, f'{TOP}/{ID}')}: changed" in said, said
        assert os.listdir(TOP) == [ID] and not outside.containers()
        undo()
    subprocess.run(["mount", "-o", "remount,size=128m", os.path.dirname(TOP)], check=True)
    ctl(world, "restore", ID)
    same(zoo.ask(world, ID))
    ctl(world, "terminate", ID)
    subprocess.run(["umount", os.path.dirname(TOP)], check=True)


def test_a_disk_without_room_for_both(world):
    """The checkpoint is there as it was, and that is said."""
    _mount_disk()
    _box(world)
    ctl(world, "checkpoint", "-R", ID)
    room = _size() // 4096 * 4 + 1536
    ctl(world, "checkpoints", "rm", ID)
    subprocess.run(["mount", "-o", f"remount,size={room}k", os.path.dirname(TOP)], check=True)
    done = ctl(world, "checkpoint", "--compress", ID)
    assert b"is not compressed" in done.stderr, done
    assert os.listdir(TOP) == [ID] and not _compressed()
    ctl(world, "restore", ID)
    same(zoo.ask(world, ID))
    ctl(world, "terminate", ID)
    subprocess.run(["umount", os.path.dirname(TOP)], check=True)


def test_a_compressed_one_is_exported(world):
    """Its files are what they are: smaller in the bundle too, restored where it was imported."""
    _box(world)
    _compress(world)
    size = _size()
    ctl(world, "export", ID, "/root/bundle")
    assert os.path.getsize("/root/bundle") < size + (1 << 20)
    ctl(world, "checkpoints", "rm", ID)
    ctl(world, "import", "/root/bundle")
    assert _compressed()
    ctl(world, "restore", ID)
    same(zoo.ask(world, ID))
    ctl(world, "terminate", ID)
    os.unlink("/root/bundle")


def test_the_supervisor_is_killed_while_it_decompresses(world):
    """MUST-9: what CRIU was to read is gone after gc, the checkpoint as it was or spent."""
    _box(world)
    again = 0
    for moment in (0, 0, 0.01, 0.02, 0.05):
        _compress(world)
        job = _begin("restore", ID)
        while job.poll() is None and not any(name.startswith(".new-") for name in os.listdir(TOP)):
            pass
        assert job.poll() is None, "it decompresses"
        _kill_at(moment, job, _supervisor)
        world.until(lambda: not _criu(), "criu has ended")
        if _settle(world) == "checkpointed":
            done = world.run(["containerctl", "restore", ID], timeout=60)
            assert done.returncode == 0 or b"restored before" in done.stderr, done
            again += done.returncode == 0
        elif status(world):
            same(zoo.ask(world, ID))
        ctl(world, "gc")
        assert not [name for name in os.listdir(TOP) if name.startswith(".new-")], os.listdir(TOP)
        if status(world) == "running":
            same(zoo.ask(world, ID))
            continue
        if status(world):
            ctl(world, "terminate", ID)
        world.until(lambda: not outside.containers(), "nothing is left")
        zoo.start(world, mib=1)
    assert again > 0
    ctl(world, "terminate", ID)


def _begin_to_compress():
    """A job that has its plain checkpoint on the disk, and writes the smaller one."""
    job = _begin("checkpoint", "--compress", ID)
    while job.poll() is None and not (os.path.isdir(f"{TOP}/{ID}") and _unfinished()):
        pass
    assert job.poll() is None, "it is done already"
    return job


def test_who_compresses_is_killed(world):
    """MUST-9: by then the checkpoint is on the disk, and comes back, smaller or as it was. Nothing else is left after gc."""
    for moment in (0, 0.02, 0.1):
        for find in (_supervisor, None):
            _box(world, mib=16)
            job = _begin_to_compress()
            _kill_at(moment, job, find or (lambda: job.pid))  # pylint: disable=cell-var-from-loop
            world.until(lambda: not _supervisor(), "who compresses has ended")
            assert _settle(world) == "checkpointed" and os.listdir(TOP) == [ID], (moment, os.listdir(TOP))
            assert find or _compressed(), "nobody but who asked was killed"
            ctl(world, "restore", ID)
            same(zoo.ask(world, ID))
            ctl(world, "terminate", ID)
