# SPDX-License-Identifier: LGPL-2.1-or-later
"""[Files]: what a session sees of the machine's tree, and what its writes reach."""

import os
import shutil
import stat
import subprocess

from harness.world import write

CONTAINED = True
BOX = """[Exec]
Hostname=box-%u
[Files]
"""


def _inside(world, command, lines=""):
    """Output of a shell command of alice's in a container of that definition."""
    world.definition("box", BOX + lines)
    done = world.ssh("alice", command)
    assert done.returncode in (0, 1, 2), (done, world.log[-5:])
    return done.stdout.decode()


def _refused(world, lines, reason):
    world.definition("box", BOX + lines)
    done = world.ssh("alice", "echo in")
    assert done.returncode == 254 and b"in\n" not in done.stdout, done
    assert b"refused" in done.stdout, done
    world.until(lambda: any(reason in line for line in world.log), f"the log says {reason!r}")


def _open_folder(path):
    os.makedirs(path)
    os.chmod(path, 0o777)


def test_host_view(world):
    out = _inside(world, "cat /etc/passwd; hostname; echo mine > made; id -u; ls /usr/bin/env")
    with open("/etc/passwd") as file:
        assert file.read() in out
    assert out.endswith("box-alice\n4001\n/usr/bin/env\n"), out
    with open("/home/alice/made") as file:
        assert file.read() == "mine\n"
    assert os.stat("/home/alice/made").st_uid == 4001


def test_private_tmp(world):
    for folder in ("/tmp", "/var/tmp"):
        write(f"{folder}/of-the-host", "")
        out = _inside(world, f"ls -a {folder}; touch {folder}/of-the-session; stat -c %a {folder}")
        assert out == ".\n..\n1777\n", out
        assert not os.path.exists(f"{folder}/of-the-session")


def test_private_tmp_off_shows_the_hosts(world):
    write("/tmp/of-the-host", "")
    assert "of-the-host" in _inside(world, "ls /tmp", "PrivateTmp=no\n")


def test_protect_proc(world):
    """MUST-6: other users' processes are hidden; the twin shows that this is ProtectProc's work."""
    probe = "for p in /proc/[0-9]*; do stat -c %u $p; done | sort -u"
    assert _inside(world, probe) == "4001\n"
    assert _inside(world, probe, "ProtectProc=default\n") == "0\n4001\n"


def test_run_is_its_own(world):
    write("/run/secret.sock", "")
    out = _inside(world, "ls -A /run; stat -c '%u %a' /run/user/4001")
    assert out.split() == ["lock", "user", "4001", "700"], out


def test_devices(world):
    out = _inside(world, "cd /dev; ls -A; stat -c '%n %t:%T' null zero full random urandom tty")
    names, numbers = out.split("null 1:3")
    assert names.split() == [".container", "console", "core", "fd", "full", "mqueue", "null", "ptmx",
                             "pts", "random", "shm", "stderr", "stdin", "stdout", "tty", "urandom",
                             "zero"], names
    assert numbers.split() == ["zero", "1:5", "full", "1:7", "random", "1:8", "urandom", "1:9", "tty",
                               "5:0"], numbers
    assert _inside(world, "echo x > /dev/null && echo y > /dev/shm/f && cat /dev/shm/f") == "y\n"
    assert not os.path.exists("/dev/shm/f")


def test_devices_of_the_host(world):
    assert "fuse" not in _inside(world, "ls /dev")
    out = _inside(world, "stat -c %t:%T /dev/fuse", "Devices=/dev/fuse\n")
    assert out == "a:e5\n", out


def test_masked_and_read_only_kernel_files(world):
    """MUST-5, MUST-6: kernel files that tell of the machine or change it."""
    out = _inside(world, "cat /proc/kcore /proc/timer_list /proc/keys | wc -c; ls /sys/firmware | wc -l")
    assert out == "0\n0\n", out
    out = _inside(world, "findmnt -no OPTIONS /sys /proc/sys /proc/sysrq-trigger /proc/irq; "
                  "awk '$5 ~ \"^/(sys|proc/sys|proc/sysrq-trigger|proc/irq|proc/bus)$\" {print $6}' "
                  "/proc/self/mountinfo")
    assert out and all(line.startswith("ro,") for line in out.split()), out


def test_read_only(world):
    _open_folder("/srv/open")
    out = _inside(world, "touch /srv/open/f 2>&1; touch /home/alice/f 2>&1", "ReadOnly=yes\n")
    assert out.count("Read-only file system") == 2, out
    assert _inside(world, "touch /srv/open/f /home/alice/f && echo fine") == "fine\n"


def test_volatile_overlay(world):
    _open_folder("/srv/open")
    write("/srv/open/old", "old\n", 0o666)
    out = _inside(world, "cd /srv/open; echo new > old; touch f; ls; cat old", "Volatile=overlay\n")
    assert out == "f\nold\nnew\n", out
    assert os.listdir("/srv/open") == ["old"]
    assert _inside(world, "cat /srv/open/*", "Volatile=overlay\n") == "old\n"


def test_volatile_state(world):
    out = _inside(world, "ls -A /var; cd /var && stat -fc %T .", "Volatile=state\n")
    assert out.split() == ["tmp", "tmpfs"] or out.split() == ["tmpfs"], out


def test_bind(world):
    _open_folder("/srv/data")
    write("/srv/data/f", "host\n")
    out = _inside(world, "cat /mnt/d/f; echo in > /mnt/d/g", "Bind=/srv/data:/mnt/d\n")
    assert out == "host\n" and open("/srv/data/g").read() == "in\n"


def test_bind_read_only(world):
    _open_folder("/srv/data")
    out = _inside(world, "touch /srv/data/f 2>&1; echo $?", "BindReadOnly=/srv/data\n")
    assert "Read-only" in out and out.endswith("1\n"), out


def test_bind_home_alone(world):
    lines = "TemporaryFileSystem=/home:mode=0755\nBind=%h\n"
    assert _inside(world, "ls /home", lines) == "alice\n"


def test_bind_of_what_is_missing(world):
    _refused(world, "Bind=/srv/nowhere\n", "/srv/nowhere")
    assert _inside(world, "echo in", "Bind=-/srv/nowhere\n") == "in\n"


def test_temporary_file_system(world):
    write("/opt/f", "")
    out = _inside(world, "ls -A /opt; head -c 2M /dev/zero > /opt/big; stat -c %s /opt/big",
                  "TemporaryFileSystem=/opt:size=1M,mode=1777\n")
    assert out == "1048576\n", out


def test_inaccessible(world):
    os.makedirs("/srv/exams")
    write("/srv/exams/answers", "42")
    write("/srv/note", "42")
    out = _inside(world, "cat /srv/exams/answers /srv/note 2>&1; ls /srv/exams 2>&1",
                  "Inaccessible=/srv/exams /srv/note -/srv/nowhere\n")
    assert "42" not in out, out
    assert "42" in _inside(world, "cat /srv/note")


def _make_root(top):
    """A tree of static programs without a libc: what attach and PID 1 must not need."""
    for name in ("bin", "dev", "proc", "sys", "run", "tmp", "etc", "home/alice", "var/tmp"):
        os.makedirs(f"{top}/{name}")
    shutil.copy("/bin/busybox", f"{top}/bin/busybox")
    shutil.copy("/bin/bash-static", f"{top}/bin/bash")
    for name in ("sh", "ls", "cat", "id", "touch", "readlink"):
        os.symlink("busybox", f"{top}/bin/{name}")
    write(f"{top}/etc/marker", "of the image\n")


def test_root_directory(world):
    _make_root("/srv/image")
    out = _inside(world, "cat /etc/marker; ls /; ls /etc; id -u", "RootDirectory=/srv/image\n")
    assert out == ("of the image\nbin\ndev\netc\nhome\nproc\nrun\nsys\ntmp\nvar\nmarker\n4001\n"), out


def test_root_directory_of_the_user(world):
    """MUST-8: a tree that a user can change is no root."""
    _make_root("/home/alice/image")
    os.chown("/home/alice/image", 4001, -1)
    _refused(world, "RootDirectory=/home/alice/image\n", "must be root")


def test_root_directory_that_is_missing(world):
    _refused(world, "RootDirectory=/srv/nowhere\n", "/srv/nowhere")


def test_hostile_root_directory(world):
    """MUST-5: links in the tree where we mount, or make nodes, lead nowhere: not on the host (threats B1), nor in it."""
    os.makedirs("/srv/canary")
    write("/srv/canary/f", "host\n")
    before = _tree("/srv/canary"), os.stat("/dev/null").st_rdev
    for name in ("dev", "proc", "sys", "run", "tmp"):
        for target in ("/srv/canary", "../../srv/canary", "/proc/1/root/srv/canary", name, "nowhere"):
            shutil.rmtree("/srv/image", ignore_errors=True)
            _make_root("/srv/image")
            if name in ("dev", "proc", "sys"):  # of the others root's own links count, inside the tree
                os.makedirs("/srv/image/srv/canary")
            os.rmdir(f"/srv/image/{name}")
            os.symlink(target, f"/srv/image/{name}")
            world.definition("box", BOX + "RootDirectory=/srv/image\n")
            done = world.run(["su", "alice", "-c", "touch /tmp/x /run/x"])
            # what is mounted out of the tree is gone with the host's: that somebody is in tells of it
            assert done.returncode == 1 and b"cannot open session" in done.stderr, (name, target, done)
            assert (_tree("/srv/canary"), os.stat("/dev/null").st_rdev) == before, (name, target)


def test_hostile_destination(world):
    """MUST-5: what is made for a bind or a tmpfs is made inside the tree."""
    os.makedirs("/srv/canary")
    _open_folder("/srv/data")
    _make_root("/srv/image")
    os.symlink("/srv/canary", "/srv/image/mnt")
    os.makedirs("/srv/image/srv/canary")
    out = _inside(world, "ls /srv/canary; touch /mnt/a/f",
                  "RootDirectory=/srv/image\nBind=/srv/data:/mnt/a\nTemporaryFileSystem=/mnt/b\n")
    assert out == "a\nb\n" and os.listdir("/srv/data") == ["f"], out
    assert os.listdir("/srv/canary") == []


def _tree(top):
    return sorted((p, stat.S_IMODE(os.lstat(os.path.join(p, n)).st_mode), n)
                  for p, ns, fs in os.walk(top) for n in ns + fs)


def test_no_setuid_inside(world):
    """NoNewPrivileges: setuid programs have no power; the twin shows that it is the setting."""
    probe = "grep NoNewPrivs /proc/self/status; findmnt -no OPTIONS / | grep -c nosuid"
    assert _inside(world, probe).split() == ["NoNewPrivs:", "1", "1"]
    world.definition("box", "[Exec]\nNoNewPrivileges=no\n")
    assert world.ssh("alice", probe).stdout.split()[:2] == [b"NoNewPrivs:", b"0"]


def test_host_mounts_are_not_touched(world):
    """MUST-5: what is mounted for a container never shows on the host (threats B6)."""
    def mounts():
        with open("/proc/self/mountinfo") as file:
            return file.read()
    world.run(["mount", "--make-rshared", "/"])
    before = mounts()
    client = subprocess.Popen(world.ssh_argv("alice", "echo ready; cat"), stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE)
    assert client.stdout.readline() == b"ready\n"
    assert mounts() == before
    client.stdin.close()
    assert client.wait(10) == 0
