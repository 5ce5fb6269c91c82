# SPDX-License-Identifier: LGPL-2.1-or-later
"""Options of a checkpoint: what is kept of the outside."""

import os
import socket

from test_checkpoint import BOX, OWN, ctl, status

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
