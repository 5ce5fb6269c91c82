# SPDX-License-Identifier: LGPL-2.1-or-later
"""Options of a checkpoint: what is kept of the outside."""

import os
import shutil
import socket

from harness import outside, zoo
from harness.world import write
from test_checkpoint import BOX, OWN, ctl, same, status

CONTAINED = True
ID = "alice.box"


def test_a_socket_of_the_outside(world):
    """--ext-unix-sk: a datagram socket that is connected to a service of the host's finds it again by its name."""
    os.makedirs("/srv/log")
    world.policy(OWN)
    world.definition("box", BOX.replace("[Files]", "[Files]\nBind=/srv/log"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as service:
        service.settimeout(10)
        service.bind("/srv/log/socket")
        os.chmod("/srv/log/socket", 0o666)
        script = ("import socket, time; s = socket.socket(1, 2); s.connect(\"/srv/log/socket\")\n"
                  "while True: s.send(b\"line\"); time.sleep(0.05)")
        world.ssh("alice", f"setsid python3 -c '{script}' </dev/null >/dev/null 2>&1 &")
        assert service.recv(10) == b"line"
        said = ctl(world, "checkpoint", ID, code=1).stderr
        assert b"--ext-unix-sk" in said, said
        assert status(world) == "running"
        ctl(world, "checkpoint", "--ext-unix-sk", ID)
        service.setblocking(False)
        try:
            while service.recv(10):
                pass
        except BlockingIOError:
            service.settimeout(10)
        ctl(world, "restore", ID)
        assert service.recv(10) == b"line"
    ctl(world, "terminate", ID)


def test_a_terminal_of_the_outside(world):
    """What a background command has of su's terminal is named, and the command goes on: no option would bring it back."""
    world.policy(OWN)
    world.definition("box", BOX)
    term = world.terminal(["sh", "-c", "su - alice -c 'setsid sleep 1000 & sleep 0.3; echo do''ne' </dev/null"])
    term.expect("done")
    term.wait()
    said = ctl(world, "checkpoint", ID, code=1).stderr
    assert b"path=/dev/pts/" in said and status(world) == "running", said
    ctl(world, "terminate", ID)


def test_a_folder_of_ones_own(world):
    """-o and Directory=: root's alone, listed and restored as any other, found by its path when the root has no link."""
    world.policy(OWN)
    world.definition("box", BOX + "[Checkpoint]\nDirectory=/srv/kept\n")
    zoo.start(world, mib=1)
    root = "/var/lib/pam_container/checkpoints"
    ctl(world, "checkpoint", ID)
    assert os.listdir("/srv/kept/checkpoints") == [ID] and os.readlink(f"{root}/{ID}") == f"/srv/kept/checkpoints/{ID}"
    assert status(world) == "checkpointed" and b"ready" in ctl(world, "checkpoints").stdout
    ctl(world, "restore", ID)
    same(zoo.ask(world, ID))
    assert not os.listdir("/srv/kept/checkpoints") and not os.listdir(root)
    ctl(world, "checkpoint", "-R", ID)  # an older one is replaced, wherever it is
    ctl(world, "checkpoint", "-o", "/srv/big", ID)
    assert not os.listdir("/srv/kept/checkpoints") and os.listdir("/srv/big/checkpoints") == [ID]
    os.unlink(f"{root}/{ID}")
    os.rename("/srv/big", "/srv/moved")
    assert status(world) is None
    # MUST-8, MUST-10: others could put another one there
    os.chmod("/srv/moved", 0o750)
    assert b"root's alone" in ctl(world, "restore", "/srv/moved", code=1).stderr
    os.chmod("/srv/moved", 0o700)
    os.chmod("/srv", 0o777)
    assert b"/srv" in ctl(world, "restore", "/srv/moved", code=1).stderr
    os.chmod("/srv", 0o755)
    path = f"/srv/moved/checkpoints/{ID}/plan"
    os.rename(path, path + "x")
    ctl(world, "restore", "/srv/moved", code=1)
    assert not os.listdir(root) and not outside.containers()
    os.rename(path + "x", path)
    ctl(world, "restore", "-o", "/srv/moved", ID)
    same(zoo.ask(world, ID))
    assert b"0 checkpoints" in ctl(world, "restore", "/srv/moved", code=1).stderr
    os.chmod("/srv", 0o777)
    assert b"/srv" in ctl(world, "checkpoint", ID, code=1).stderr and status(world) == "running"
    os.chmod("/srv", 0o755)
    ctl(world, "checkpoint", "-R", ID)
    ctl(world, "terminate", ID)
    ctl(world, "checkpoints", "rm", ID)
    assert not os.listdir("/srv/kept/checkpoints") and not os.listdir(root)
    for each in ("/srv/kept", "/srv/moved"):
        shutil.rmtree(each)


def _held_up(world, *arguments):
    """containerctl on a terminal, with a criu that waits before it begins; all that the terminal shows."""
    path = shutil.which("criu")
    os.rename(path, path + ".own")
    write(path, f'#!/bin/sh\n[ "$1" != swrk ] || sleep 1.6\nexec {path}.own "$@"\n', 0o755)
    term = world.terminal(["containerctl", *arguments])
    term.wait()
    os.rename(path + ".own", path)
    return term.all


def test_progress_on_a_terminal(world):
    """What takes over a second shows phase, size and time in one line, which is gone at the end; in a pipe nothing."""
    world.policy(OWN)
    world.definition("box", BOX)
    zoo.start(world, mib=32)
    shown = _held_up(world, "checkpoint", ID)
    assert b"\ralice.box: writing, " in shown and shown.endswith(b"\r\x1b[K") and shown.count(b"\n") == 0, shown
    shown = _held_up(world, "restore", ID)
    assert b"\ralice.box: restoring, " in shown and shown.endswith(b"\r\x1b[K"), shown
    same(zoo.ask(world, ID))
    done = ctl(world, "checkpoint", ID)
    assert not done.stderr and not done.stdout, done
    ctl(world, "terminate", ID)
