# SPDX-License-Identifier: LGPL-2.1-or-later
"""PrivateUsers=: user namespaces of containers, their maps, and what root inside can not do outside."""

import os
import re
import shutil
import subprocess

from harness.world import write
from test_commands import container, ctl

CONTAINED = True
RANGE = "[Exec]\nPrivateUsers=700000:65536\n"
PICK = "[Exec]\nPrivateUsers=pick\n"
# what is needed to try things as root inside
OPEN = ("NoNewPrivileges=no\nCapabilityBoundingSet=~\nSystemCallFilter=\nHostname=box\n")


def _inside(world, command, lines, user="alice", **options):
    world.definition("box", lines)
    done = world.ssh(user, command, **options)
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


def test_cron(world):
    """cron changes the groups of its job before it enters, and its uid afterwards."""
    world.definition("box", PICK)
    tab = "/var/spool/cron/crontabs/alice"
    write(tab, "@reboot readlink /proc/self/ns/user >~/job; id -u >>~/job; id -g >>~/job; id -G >>~/job\n", 0o600)
    os.chown(tab, 4001, 0)
    daemon = world.daemon(["/usr/sbin/cron", "-f"])
    world.until(lambda: os.path.exists("/home/alice/job") and
                len(open("/home/alice/job").readlines()) == 4, "cron has run the job")
    with open("/home/alice/job") as file:
        out = file.read().split()
    assert out[0] != os.readlink("/proc/self/ns/user") and out[1:] == ["4001", "5001", "5001"], out
    daemon.terminate()
    daemon.wait(10)


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


ROOT = r"""
import ctypes, errno, os, resource, socket, time
libc = ctypes.CDLL(None, use_errno=True)
def tell(name, call):
    try:
        print(name, call() or "done")
    except OSError as e:
        print(name, errno.errorcode[e.errno])
def libc_call(*a):
    def call():
        if libc[a[0]](*a[1:]) < 0:
            raise OSError(ctypes.get_errno(), "")
    return call
tell("uid", lambda: f"{os.getuid()}:{os.getgid()}")
tell("files", lambda: "{}:{}".format(*resource.getrlimit(resource.RLIMIT_NOFILE)))
tell("share", lambda: open("/srv/share/x", "w"))
tell("groups", lambda: os.setgroups([3, 4]))
tell("shadow", lambda: open("/etc/shadow").read())
tell("write", lambda: open("/etc/made", "w"))
tell("chown", lambda: os.chown("/etc/passwd", 0, 0))
tell("home", lambda: os.listdir("/home/alice"))
tell("mknod", lambda: os.mknod("/tmp/mem", 0o20666, os.makedev(1, 1)))
tell("null", lambda: open("/dev/null", "w").write("x") and None)
tell("name", lambda: socket.sethostname("renamed"))
tell("mount", libc_call("mount", b"none", b"/mnt", b"tmpfs", 0, None))
tell("mounted", lambda: open("/mnt/here", "w") and None)
tell("umount", libc_call("umount2", b"/proc/sys", 2))
tell("helper", libc_call("umount2", b"/dev/.container/init", 2))
tell("remount", libc_call("mount", None, b"/proc/sys", None, 32 | 4096, None))
tell("sysctl", lambda: open("/proc/sys/kernel/panic", "w"))
tell("nice", lambda: os.setpriority(os.PRIO_PROCESS, 0, -5))
tell("clock", lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()))
tell("reboot", libc_call("reboot", 0))
"""


def test_root_inside(world):
    """MUST-1: what capabilities of root inside reach, and what they do not; exec joins the namespace."""
    write("/srv/probe.py", ROOT)
    os.makedirs("/srv/share")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=1777", "none", "/srv/share"], check=True)
    text = f"[Exec]\nPrivateUsers=700000:65536\nLimitNOFILE=99:999\n{OPEN}[Files]\nBind=/srv/share\n"
    with container(world, text=text) as name:
        out, err = ctl(world, "exec", name, "--", "python3", "/srv/probe.py")
        told = dict(line.split(" ", 1) for line in out.splitlines())
        assert told == {
            "uid": "0:0", "files": "99:999", "share": "EOVERFLOW", "groups": "done", "shadow": "EACCES", "write": "EACCES", "chown": "EPERM",
            "home": "EACCES", "mknod": "EPERM", "null": "done", "name": "done", "mount": "done",
            "mounted": "done", "umount": "EINVAL", "helper": "EINVAL", "remount": "EPERM",
            "sysctl": "EROFS", "nice": "EACCES", "clock": "EPERM", "reboot": "EPERM"}, (told, err)
        assert ctl(world, "exec", name, "hostname")[0] == "renamed\n" and os.uname().nodename != "renamed"
        assert not os.path.exists("/mnt/here")
        # a user of the host is another one inside; outside root is the first number of the range
        assert ctl(world, "exec", "-u", "alice", name, "--", "id", "-u")[0] == "4001\n"
        job = subprocess.Popen(["containerctl", "exec", name, "sleep", "60"])
        world.until(lambda: subprocess.run(["pgrep", "-U", "700000", "sleep"],
                                           capture_output=True).returncode == 0, "it runs as 700000")
        assert "PrivateUsers" in ctl(world, "checkpoint", name, code=1)[1]
        ctl(world, "terminate", "--grace", "0", name)
        job.wait(10)
    subprocess.run(["umount", "/srv/share"], check=True)


def test_covered_proc(world):
    """MUST-1: what is started later does not ask a /proc that root inside has made."""
    cover = ("cp /proc/self/status /tmp/status; mount -t tmpfs none /proc; mkdir /proc/self; "
             "mv /tmp/status /proc/self")
    with container(world, text=f"{PICK}{OPEN}") as name:
        ctl(world, "exec", name, "--", "sh", "-ec", cover)
        assert "/proc is covered" in ctl(world, "exec", name, "--", "true", code=125)[1]


def _notes():
    top = "/run/pam_container/containers"
    return {c: open(f"{top}/{c}/users").read() for c in os.listdir(top)
            if os.path.exists(f"{top}/{c}/users")}


def test_picks(world):
    """Picks do not overlap, keep out of what is somebody's, and are free again; a crash frees them too."""
    write("/etc/subuid", "pam_container:1000000:262144\ncarol:1065536:10\n")
    write("/etc/subgid", "carol:1065536:10\npam_container:1000000:262144\n")
    with open("/etc/group", "a") as file:
        file.write("directory:x:1131100:\n")
    base = "awk '$3 > 4000 { print $2 - $1; exit }' /proc/self/uid_map; sleep 0.2"
    world.definition("box", PICK)
    jobs = [subprocess.Popen(world.ssh_argv(user, base), stdout=subprocess.PIPE)
            for user in ("alice", "bob")]
    bases = {int(job.communicate(timeout=20)[0]) for job in jobs}
    # of four there are two left: carol has one, a group of the host's another
    assert bases == {1000000, 1196608}, (bases, world.log[-5:])
    world.until(lambda: _notes() == {}, "both are free")
    with container(world, "first", PICK), container(world, "second", PICK):
        assert {note for note in _notes().values()} == {"1000000:65536:pick", "1196608:65536:pick"}
        done = world.ssh("alice", "id")
        assert done.returncode != 0 and b"uid=" not in done.stdout, done
        assert any("no 65536 numbers" in line for line in world.log), world.log[-5:]
        world.definition("box", "[Exec]\nPrivateUsers=1000000:2000\n")
        assert world.ssh("alice", "id").returncode != 0
        assert any("1000000 is a user" in line for line in world.log), world.log[-5:]
    world.definition("box", "[Exec]\nPrivateUsers=1131090:2000\n")
    assert world.ssh("alice", "id").returncode != 0
    assert any("1131100 is a user" in line for line in world.log), world.log[-5:]


def test_groups_of_the_login(world):
    """They stay, in shells of PID 1 and in what has entered; number 0 of the host is in no map."""
    with open("/etc/group", "a") as file:
        file.write("crew:x:70005:alice\nold:x:90:alice\n")
    subprocess.run(["sed", "-i", "s/^root:x:0:.*/root:x:0:alice/", "/etc/group"], check=True)
    write("/srv/crew", "told\n", 0o640)
    os.chown("/srv/crew", 0, 70005)
    out = _inside(world, "id -G; cat /srv/crew; cat /proc/self/gid_map", PICK).splitlines()
    assert {"5001", "90", "70005"} <= set(out[0].split()) and out[1] == "told", out
    assert all(outside > 0 for _, outside, _ in _map(out[2:])), out
    done = world.run(world.ssh_argv("alice", program="sftp"), input=b"get /srv/crew /dev/null\n")
    assert done.returncode == 0 and b"denied" not in done.stderr, done


def test_tree_of_its_own(world):
    """RootDirectory=: root's files are root's inside, programs that are setuid root make one that."""
    os.makedirs("/srv/trees")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "none", "/srv/trees"], check=True)
    try:
        _make_tree("/srv/trees/image")
        lines = f"[Exec]\nPrivateUsers=700000:65536\n{OPEN}[Files]\nRootDirectory=/srv/trees/image\n"
        look = ("id -u; root -p -c 'echo $EUID; echo >/etc/made && echo made; echo $(</etc/secret)'; "
                "stat -c %u /etc/marker /home/alice")
        world.definition("box", lines)
        for mode in (0o755, 0o700):  # others could execute what he leaves there, and chmod / is his
            os.chmod("/srv/trees/image", mode)
            before = len(world.log)
            assert world.ssh("alice", "id").returncode != 0
            assert any("mode 0700" in line for line in world.log[before:]), (mode, world.log[-5:])
        os.chmod("/srv/trees/image", 0o755)
        for more in ("ReadOnly=yes\n", "Volatile=overlay\n"):
            out = _inside(world, look, lines + more).split()
            made = [] if "Read" in more else ["made"]
            assert out == ["4001", "0", *made, "kept", "0", "4001"], (more, out)
            assert not os.path.exists("/srv/trees/image/etc/made")
        os.chmod("/srv/trees", 0o700)
        out = _inside(world, look, lines).split()
        assert out == ["4001", "0", "made", "kept", "0", "4001"], out
        assert os.stat("/srv/trees/image/etc/made").st_uid == 0
    finally:
        subprocess.run(["umount", "/srv/trees"], check=True)


def _make_tree(top):
    for name in ("bin", "dev", "proc", "sys", "run", "tmp", "etc", "home/alice", "var/tmp"):
        os.makedirs(f"{top}/{name}")
    shutil.copy("/bin/busybox", f"{top}/bin/busybox")
    shutil.copy("/bin/bash-static", f"{top}/bin/bash")
    shutil.copy("/bin/bash-static", f"{top}/bin/root")
    os.chmod(f"{top}/bin/root", 0o4755)
    for name in ("id", "touch", "cat", "stat"):
        os.symlink("busybox", f"{top}/bin/{name}")
    write(f"{top}/etc/marker", "of the image\n")
    write(f"{top}/etc/secret", "kept\n", 0o600)
    os.chown(f"{top}/home/alice", 4001, 5001)
