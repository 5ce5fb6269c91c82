# SPDX-License-Identifier: LGPL-2.1-or-later
"""PrivateUsers=: user namespaces of containers, their maps, and what root inside can not do outside."""

import os
import re

CONTAINED = True
RANGE = "[Exec]\nPrivateUsers=700000:65536\n"
# what is needed to try things as root inside
OPEN = ("PrivateUsers=700000:65536\nNoNewPrivileges=no\nCapabilityBoundingSet=~\nSystemCallFilter=\n"
        "Hostname=box\n")


def _inside(world, command, lines, **options):
    world.definition("box", lines)
    done = world.ssh("alice", command, **options)
    assert done.returncode == 0, (done, world.log[-5:])
    return done.stdout.decode()


def _map(lines):
    return [tuple(int(n) for n in line.split()) for line in lines]


def test_identity(world):
    """MUST-1: the namespace is another one; numbers are the host's."""
    out = _inside(world, "readlink /proc/self/ns/user; id -u; stat -c %u /etc/passwd; cat /proc/self/uid_map",
                  "[Exec]\nPrivateUsers=identity\n").splitlines()
    assert out[0] != os.readlink("/proc/self/ns/user") and out[1:3] == ["4001", "0"], out
    assert _map(out[3:]) == [(0, 0, 4294967295)], out


def test_range(world):
    """The login keeps its numbers, everybody else is somebody else, root is nobody."""
    out = _inside(world, "readlink /proc/self/ns/user; id -u; id -g; cat /proc/self/setgroups; "
                  "stat -c %u /etc/passwd ~ /tmp /run /dev/shm; touch ~/x; stat -c %u:%g ~/x; "
                  "cat /proc/self/uid_map", RANGE).splitlines()
    assert out[0] != os.readlink("/proc/self/ns/user") and out[1:4] == ["4001", "5001", "allow"], out
    assert out[4:10] == ["65534", "4001", "0", "0", "0", "4001:5001"], out
    assert _map(out[10:]) == [(0, 700000, 4001), (4001, 4001, 1), (4002, 704002, 61534)], out
    stat = os.stat("/home/alice/x")
    assert (stat.st_uid, stat.st_gid) == (4001, 5001)


def test_terminal(world):
    """A shell on the container's terminal: its group is the number 5 inside."""
    world.definition("box", RANGE)
    term = world.terminal(world.ssh_argv("alice", "-tt"))
    term.send(b"stat -c 'tty %u:%g %a' $(tty)\n")
    term.expect("tty 4001:5 620")
    term.send(b"exit\n")
    assert term.wait() == 0


def test_sftp(world):
    """What runs in the process that has entered, without a shell: internal-sftp."""
    world.definition("box", RANGE)
    done = world.run(world.ssh_argv("alice", program="sftp"), input=b"mkdir made\nls -ln\n")
    assert done.returncode == 0, done
    assert re.search(rb" alice +students .* made", done.stdout), done.stdout
    assert os.stat("/home/alice/made").st_uid == 4001


def test_programs_that_join(world):
    """MUST-1: su is refused where root is nobody, and is inside where he is not."""
    world.definition("box", RANGE)
    done = world.run(["su", "-", "alice", "-c", "id"])
    assert done.returncode != 0 and b"uid=" not in done.stdout, done
    assert any("would join" in line and "late" in line for line in world.log), world.log[-5:]
    world.definition("box", "[Exec]\nPrivateUsers=identity\n")
    done = world.run(["su", "-", "alice", "-c", "readlink /proc/self/ns/user; id -u"])
    assert done.returncode == 0, (done, world.log[-5:])
    out = done.stdout.decode().split()
    assert out[0] != os.readlink("/proc/self/ns/user") and out[1] == "4001", out
