# SPDX-License-Identifier: LGPL-2.1-or-later
"""Devices: what each container has, what a definition makes, allows and denies; by using them."""

from test_mounts import _container

CONTAINED = True


def test_defaults(world):
    """libcontainer's simple devices are made; of what it allows, no screens, no tun, no fuse."""
    with _container(world, "", "yes") as run:
        out = run("find /dev -xdev -type c -o -xdev -type b | sort | tr '\\n' ' '")
        assert out == "/dev/full /dev/null /dev/random /dev/tty /dev/urandom /dev/zero ", out
        for node, numbers in (("tty0", "4 0"), ("tty1", "4 1"), ("tun", "10 200"), ("fuse", "10 229"),
                              ("mem", "1 1")):
            out = run(f"mknod /dev/shm/{node} c {numbers} 2>&1; cat /dev/shm/{node} 2>&1")
            assert "Permission denied" in out or "not permitted" in out, (node, out)


def test_nodes(world):
    lines = ("[Files]\nDeviceNode=/dev/lab/zero c 1:5 0640 daemon audio\nDeviceNode=/dev/mem0 c 1:1 600\n"
             "DeviceNode=/dev/disk0 b 7:0\n")
    with _container(world, lines) as run:
        out = run("cd /dev; stat -c '%n %F %t:%T %a %U %G' lab/zero mem0 disk0; head -c 3 lab/zero | wc -c")
        assert out == ("lab/zero character special file 1:5 640 daemon audio\n"
                       "mem0 character special file 1:1 600 root root\n"
                       "disk0 block special file 7:0 666 root root\n3\n"), out
    world.definition("box", "[Files]\nDeviceNode=/dev/x c 1:5 600 nosuchuser\n")
    done = world.ssh("alice", "echo in")
    assert done.returncode == 254 and b"in\n" not in done.stdout, done
    world.until(lambda: any("unknown user 'nosuchuser'" in line for line in world.log), "the log tells")


def test_fuse(world):
    """libcontainer makes the node and does not allow it; here it is both, or neither."""
    with _container(world, "[Files]\nDevices=/dev/fuse\n") as run:
        assert run("exec 3<>/dev/fuse && echo open") == "open\n"
    lines = "[Files]\nDevices=/dev/fuse\n[Resources]\nDeviceDeny=/dev/fuse\n"
    with _container(world, lines) as run:
        assert "open\n" not in run("exec 3<>/dev/fuse && echo open")


def test_deny(world):
    for policy, node, denied, other in (("closed", "full", "/dev/full r", "zero"),
                                        ("auto", "full", "/dev/full rw", "zero"),
                                        ("auto", "urandom", "/dev/urandom r", "random")):
        lines = f"[Resources]\nDevicePolicy={policy}\nDeviceDeny={denied}\n"
        with _container(world, lines) as run:
            assert "not permitted" in run(f"head -c 1 /dev/{node} | wc -c"), (policy, node)
            assert "not permitted" not in run(f"head -c 1 /dev/{other} | wc -c"), (policy, other)
            done = world.run(["containerctl", "set", run.name, "DeviceDeny=/dev/zero"])
            assert done.returncode == 1 and b"cannot be changed" in done.stderr, done
            assert world.run(["containerctl", "set", run.name, "TasksMax=50"]).returncode == 0
            assert "not permitted" in run(f"head -c 1 /dev/{node} | wc -c"), "still"
    world.definition("box", "[Resources]\nDeviceDeny=/dev/pts/ptmx\nDeviceAllow=char-* rw\n")
    assert world.ssh("alice", "echo in").returncode == 254
    world.until(lambda: any("is a part of what is allowed" in line for line in world.log), "the log tells")
