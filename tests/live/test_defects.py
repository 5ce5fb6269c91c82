# SPDX-License-Identifier: LGPL-2.1-or-later
"""Defects of libcontainer 0.0.4 in mounts, devices and processes: each test would catch one."""

import os
import subprocess

from harness.world import write
from test_mounts import _container, _flags

CONTAINED = True


def test_read_only_bind_keeps_flags(world):
    """There a remount said ro alone, and noexec, nosuid ... of the source were gone."""
    os.makedirs("/srv/locked/in")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "noexec,nosuid,nodev,noatime", "none", "/srv/locked"],
                   check=True)
    try:
        lines = ("[Files]\nBindReadOnly=/srv/locked:/mnt/a\nMount=/srv/locked /mnt/b bind ro\n"
                 "Mount=/srv/locked /mnt/c bind rro\n")
        with _container(world, lines) as run:
            for name in "abc":
                got = _flags(run, f"/mnt/{name}")[1].split(",")
                assert set(got) >= {"ro", "noexec", "nosuid", "nodev", "noatime"}, (name, got)
    finally:
        subprocess.run(["umount", "/srv/locked"], check=True)


def test_targets_do_not_follow_links_out(world):
    """There mount targets and nodes followed links of the tree, out of it or over a part of it."""
    os.makedirs("/srv/victim")
    os.makedirs("/home/alice/place")
    os.symlink("/etc", "/home/alice/place/link")
    os.lchown("/home/alice/place/link", 4001, 4001)
    os.chown("/home/alice/place", 4001, 4001)
    for line in ("Mount=none /home/alice/place/link tmpfs", "Mount=/srv /home/alice/place/link bind",
                 "Mount=none /home/alice/place/link/cg cgroup", "Mount=/home/alice/place/link /mnt bind",
                 "Overlay=/srv:/srv/victim:/home/alice/place/link"):
        world.definition("box", f"[Files]\n{line}\n")
        done = world.ssh("alice", "echo in")
        assert done.returncode == 254 and b"in\n" not in done.stdout, (line, done)
    assert not os.path.exists("/etc/cg")
    world.definition("box", "[Files]\nDeviceNode=/dev/shm/../../etc/node c 1:3\n")
    assert world.ssh("alice", "echo in").returncode == 254 and not os.path.exists("/etc/node")


def test_folders_are_masked(world):
    """There only files could be."""
    os.makedirs("/srv/secret/deep")
    write("/srv/secret/deep/f", "42")
    lines = "[Files]\nInaccessible=/srv/secret /proc/sys/fs\n"
    with _container(world, lines, "yes") as run:
        out = run("ls -A /srv/secret /proc/sys/fs; cat /srv/secret/deep/f; touch /srv/secret/x")
        assert "42" not in out and out.startswith("/proc/sys/fs:\n\n/srv/secret:\n"), out
        assert "No such file" in out and "Read-only" in out, out


def test_passwd_of_the_tree_says_nothing(world):
    """There users were looked up in the container's own files, which its users may write."""
    lines = "[Files]\nVolatile=overlay\n[Exec]\nSupplementaryGroups=audio\n"
    with _container(world, lines) as run:
        run("sed -i 's/^daemon:.*/daemon:x:0:0::\\/root:\\/bin\\/sh/' /etc/passwd; sed -i 's/^audio:.*/audio:x:0:/' "
            "/etc/group")
        assert run("grep -c ^daemon:x:0: /etc/passwd") == "1\n"
        done = world.run(["containerctl", "exec", "-u", "daemon", run.name, "--", "id", "-u"])
        assert done.stdout == b"1\n", done
        assert "29" in run("id -G").split(), "audio is the host's"


def test_name_of_the_host(world):
    """A host name without a namespace for it would be the machine's."""
    before = os.uname().nodename
    for key in ("Hostname", "DomainName"):
        world.definition("box", f"[Container]\nNamespaces=mount pid ipc\n[Exec]\n{key}=stolen\n")
        assert world.ssh("alice", "echo in").returncode == 254
    assert os.uname().nodename == before
    with open("/proc/sys/kernel/domainname") as file:
        assert "stolen" not in file.read()
