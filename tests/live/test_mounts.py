# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mount=, Overlay=, MountFlags=: each kind, in the order given, by what the kernel shows inside."""

import contextlib
import os
import shutil
import subprocess

from harness.world import write

CONTAINED = True


@contextlib.contextmanager
def _container(world, lines, root="no"):
    world.definition("made", f"[Exec]\nNoNewPrivileges={root}\n" + lines)
    done = world.run(["containerctl", "start", "made"])
    name = done.stdout.decode().strip()
    assert name, (done, world.log[-5:])

    def run(command):
        done = world.run(["containerctl", "exec", name, "--", "sh", "-c", command])
        return done.stdout.decode() + done.stderr.decode()
    run.name = name
    try:
        yield run
    finally:
        world.run(["containerctl", "terminate", "--grace", "0", name])


def _flags(run, path):
    return run(f"findmnt -no FSTYPE,OPTIONS,PROPAGATION {path}").split()


def test_kinds(world):
    os.makedirs("/srv/full/sub")
    write("/srv/full/sub/file", "kept\n", 0o640)
    os.chown("/srv/full/sub/file", 4001, 4001)
    os.chmod("/srv/full", 0o1777)
    lines = ("[Files]\nMount=none /srv/full tmpfs copy-up,size=1M\nMount=none /srv/empty tmpfs mode=711,noexec\n"
             "Mount=none /srv/proc proc\nMount=none /srv/sys sysfs\nMount=none /srv/mq mqueue\n"
             "Mount=none /srv/pts devpts max=3\n")
    with _container(world, lines) as run:
        out = run("cat /srv/full/sub/file; stat -c '%a %u' /srv/full /srv/full/sub/file; "
                  "echo x > /srv/full/new; cat /srv/full/new")
        assert out == "kept\n1777 0\n640 4001\nx\n", out
        assert run("stat -c %a /srv/empty; ls -A /srv/empty") == "711\n"
        for path, want in (("/srv/empty", "tmpfs rw,nosuid,nodev,noexec"), ("/srv/proc", "proc rw,nosuid,nodev,noexec"),
                           ("/srv/sys", "sysfs ro,nosuid,nodev,noexec"), ("/srv/mq", "mqueue rw,nosuid,nodev,noexec"),
                           ("/srv/pts", "devpts rw,nosuid,noexec")):
            got = " ".join(_flags(run, path))
            assert got.startswith(want), got
        out = run("ls /srv/proc | grep -vE '^[0-9]+$' | tr '\\n' ' '; cat /srv/proc/self/comm")
        assert out == "self thread-self cat\n", out
        assert "No such" in run("cat /srv/proc/kcore /srv/proc/sys/kernel/hostname")
    assert not os.path.exists("/srv/full/new") and os.listdir("/srv/full") == ["sub"]


def test_order_and_binds(world):
    """Later lines stand on earlier ones; flags of one mount, or of all below; one mount alone."""
    for name in ("a", "b/in", "c"):
        os.makedirs(f"/srv/{name}")
    write("/srv/c/f", "")
    world.run(["mount", "-t", "tmpfs", "-o", "mode=1777", "none", "/srv/b/in"])
    write("/srv/b/in/deep", "")
    try:
        lines = ("[Files]\nMount=none /srv/x tmpfs mode=755\nMount=/srv/b /srv/x/all bind rro\n"
                 "Mount=/srv/b /srv/x/one bind norbind,ro,private\nMount=/srv/b /srv/x/top bind ro,noexec,noatime\n"
                 "Mount=-/srv/absent /srv/x/absent bind\nMount=/srv/c/f /srv/x/file bind rprivate\n")
        with _container(world, lines) as run:
            assert run("ls /srv/x") == "all\nfile\none\ntop\n"
            assert run("ls /srv/x/all/in; ls -A /srv/x/one/in") == "deep\n"
            assert _flags(run, "/srv/x/all")[1].startswith("ro,nosuid,nodev")
            assert _flags(run, "/srv/x/all/in")[1].startswith("ro,nosuid,nodev")
            assert _flags(run, "/srv/x/top")[1].startswith("ro,nosuid,nodev,noexec,noatime")
            assert _flags(run, "/srv/x/top/in")[1].startswith("rw,nosuid,nodev")
            assert _flags(run, "/srv/x/one")[2] == "private" and _flags(run, "/srv/x/file")[2] == "private"
    finally:
        world.run(["umount", "/srv/b/in"])


def test_overlay(world):
    for name in ("low", "mid", "up"):
        os.makedirs(f"/dev/shm/o/{name}")
        write(f"/dev/shm/o/{name}/which", name + "\n")
    write("/dev/shm/o/low/lowest", "")
    try:
        _try_overlays(world)
    finally:
        shutil.rmtree("/dev/shm/o")


def _try_overlays(world):
    lines = ("[Files]\nMount=/dev/shm/o/low:/dev/shm/o/mid /srv/ro overlay ro\n"
             "Overlay=/dev/shm/o/low:/dev/shm/o/mid:/dev/shm/o/up:/srv/rw\n")
    with _container(world, lines) as run:
        assert run("cat /srv/ro/which; ls /srv/ro; touch /srv/ro/f").startswith(
            "mid\nlowest\nwhich\ntouch: cannot touch '/srv/ro/f': Read-only")
        assert run("cat /srv/rw/which; echo made > /srv/rw/f; rm /srv/rw/lowest; ls /srv/rw") == "up\nf\nwhich\n"
    with open("/dev/shm/o/up/f") as file:
        assert file.read() == "made\n"
    assert os.listdir("/dev/shm/o/low") and os.path.exists("/dev/shm/o/low/lowest")


def test_overlay_of_a_user(world):
    """MUST-5: what a user put beside the upper folder is not what root works in."""
    os.makedirs("/dev/shm/o/low")
    os.makedirs("/dev/shm/o/up")
    os.makedirs("/dev/shm/victim")
    os.chmod("/dev/shm/o", 0o777)
    world.definition("box", "[Files]\nOverlay=/dev/shm/o/low:/dev/shm/o/up:/srv/o\n")
    for prepare in (lambda: os.symlink("/dev/shm/victim", "/dev/shm/o/.up.work"),
                    lambda: (os.unlink("/dev/shm/o/.up.work"), os.mkdir("/dev/shm/o/.up.work"),
                             os.chown("/dev/shm/o/.up.work", 4001, 4001))):
        prepare()
        done = world.ssh("alice", "echo in")
        assert done.returncode == 254 and b"in\n" not in done.stdout, done
    assert os.listdir("/dev/shm/victim") == []
    for name in ("o", "victim"):
        shutil.rmtree("/dev/shm/" + name)


def test_propagation(world):
    """RootfsPropagation: the host's later mounts show with slave, not with private."""
    os.makedirs("/srv/top")
    subprocess.run(["mount", "-t", "tmpfs", "none", "/srv/top"], check=True)
    subprocess.run(["mount", "--make-shared", "/srv/top"], check=True)
    os.mkdir("/srv/top/later")
    try:
        for word, shown in (("slave", True), ("private", False)):
            with _container(world, f"[Files]\nMountFlags={word}\n") as run:
                subprocess.run(["mount", "-t", "tmpfs", "none", "/srv/top/later"], check=True)
                out = run("findmnt -no FSTYPE /srv/top/later")
                subprocess.run(["umount", "/srv/top/later"], check=True)
                assert out == ("tmpfs\n" if shown else ""), (word, out)
    finally:
        subprocess.run(["umount", "-l", "/srv/top"], check=True)


def test_cgroup(world):
    """MountCgroupRO, MountCgroupRW: its own groups, and nothing above or beside them."""
    for options, want in (("", "ro"), (" rw", "rw")):
        lines = f"[Files]\nMount=none /sys/fs/cgroup cgroup{options}\n[Resources]\nTasksMax=77\n"
        with _container(world, lines) as run:
            top = run("findmnt -Rno TARGET,FSTYPE,OPTIONS /sys/fs/cgroup | tr -d '|`├─└│ -' ").splitlines()
            assert top and all(f"{want},nosuid,nodev,noexec" in line for line in top), top
            assert "cgroup" in top[-1], top
            out = run("cat /sys/fs/cgroup/pids/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids.max")
            assert out == "77\n", out
            out = run("cd /sys/fs/cgroup; cd pids 2>/dev/null; mkdir x 2>&1 && rmdir x && echo made")
            assert ("made" in out) == (want == "rw"), out
            assert run("ls -d /sys/fs/cgroup/systemd 2>/dev/null; ls -d /sys/fs/cgroup/pids/pam_container") \
                .startswith("ls: cannot"), "the host's groups show"


def test_checkpoint(world):
    """What Mount= made is there again, with its contents, or made anew."""
    os.makedirs("/srv/full")
    write("/srv/full/file", "kept\n")
    for name in ("low", "up"):
        os.makedirs(f"/dev/shm/o/{name}")
    lines = ("[Exec]\nDomainName=lab\n[Files]\nMount=none /srv/full tmpfs copy-up\nMount=none /srv/proc proc\n"
             "Mount=/srv /mnt bind ro\nMount=none /sys/fs/cgroup cgroup\nOverlay=/dev/shm/o/low:/dev/shm/o/up:/srv/o\n")
    os.makedirs("/srv/o")
    with _container(world, lines) as run:
        look = "findmnt -rno TARGET,FSTYPE,VFS-OPTIONS | grep -E '/srv|/mnt|cgroup' | sort; cat /srv/full/*; domainname"
        run("echo more > /srv/full/new; echo up > /srv/o/file; sleep 1000 </dev/null >/dev/null 2>&1 &")
        before = run(look)
        done = world.run(["containerctl", "checkpoint", run.name])
        assert done.returncode == 0, done
        done = world.run(["containerctl", "restore", run.name])
        assert done.returncode == 0, done
        after = run(look)
        assert after == before and "kept\nmore\nlab" in after, (before, after)
        assert "sleep" in run("cat /proc/[0-9]*/comm"), "it runs on"
    shutil.rmtree("/dev/shm/o")


def test_in_a_user_namespace(world):
    """The kinds are made there too; the file systems of the container's own are root's inside."""
    for name in ("low", "up"):
        os.makedirs(f"/dev/shm/o/{name}")
    os.makedirs("/srv/full")
    write("/srv/full/file", "kept\n")
    lines = ("[Files]\nMount=none /srv/full tmpfs copy-up\nMount=none /srv/empty tmpfs mode=750\n"
             "Mount=none /srv/proc proc\nMount=none /srv/mq mqueue\n"
             "Mount=none /srv/pts devpts\nMount=none /sys/fs/cgroup cgroup\nMount=/srv/full /mnt bind rro\n"
             "Overlay=/dev/shm/o/low:/dev/shm/o/up:/srv/o\nDeviceNode=/dev/lab c 1:5 0640 0 0\n")
    for users in ("identity", "200000:65536"):
        with _container(world, f"[Exec]\nPrivateUsers={users}\n" + lines) as run:
            out = run("cat /srv/full/file /mnt/file; stat -c '%u %a' /srv/empty; head -c 1 /dev/lab | wc -c; "
                      "for p in o mq pts proc; do findmnt -rno FSTYPE /srv/$p; done; ls /sys/fs/cgroup | wc -l")
            assert out.startswith("kept\nkept\n0 750\n1\noverlay\nmqueue\ndevpts\nproc\n"), (users, out)
            assert not out.endswith("\n0\n"), (users, out)
    shutil.rmtree("/dev/shm/o")
