# SPDX-License-Identifier: LGPL-2.1-or-later
"""A user who wants out: each attack is refused, and where a definition can take the defence away,
the twin shows that the same attack then works.
"""

import hashlib
import os
import signal
import socket
import subprocess

from harness import inside, people
from harness.runner import Skip
from harness.world import write

CONTAINED = True
AS_ROOT = "[Exec]\nNoNewPrivileges=no\n"
HELPERS = "/usr/libexec/pam_container"

# Each with what a user gets for it; "ok" is a success. Files that are not there at all are walls too.
# Nothing here may be run outside: with root's rights it would change the machine.
USER_DOORS = r'''
def device(path, mode, major, minor):
    os.mknod(path, mode, os.makedev(major, minor))
    os.close(os.open(path, os.O_RDONLY))

def clone(flag):
    pid = syscall(56, flag | 17, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)

for path in ("/proc/1/mem", "/proc/1/exe", "/proc/1/environ", "/proc/1/oom_score_adj",
             "/dev/.container/init", "/dev/.container/attach", "/proc/sysrq-trigger",
             "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sys/vm/drop_caches",
             "/sys/power/state", "/sys/kernel/uevent_helper", "/proc/self/loginuid", "/dev/mem",
             "/proc/kcore", "/proc/acpi/wakeup", "/sys/fs/cgroup/cgroup.procs"):
    out["write " + path] = tried(write, path)
for path in ("/proc/1/root", "/proc/1/cwd", "/proc/1/fd", "/proc/1/map_files", "/home/bob", "/root",
             "/run/pam_container", "/sys/kernel/debug/x", "/sys/firmware/acpi"):
    out["list " + path] = tried(os.listdir, path)
for place in ("/tmp", "/dev/shm", "/home/alice"):
    out["char device in " + place] = tried(device, place + "/c", stat.S_IFCHR | 0o666, 1, 5)
    out["block device in " + place] = tried(device, place + "/b", stat.S_IFBLK | 0o666, 7, 0)
out["mount"] = tried(syscall, 165, b"none", b"/tmp", b"tmpfs", 0, 0)
out["umount"] = tried(syscall, 166, b"/tmp", 2)
out["fsopen"] = tried(syscall, 430, b"proc", 0)
out["open_tree"] = tried(syscall, 428, -100, b"/", 1)
out["pivot_root"] = tried(syscall, 155, b"/tmp", b"/tmp")
out["setns"] = tried(syscall, 308, os.open("/proc/self/ns/net", os.O_RDONLY), 0)
for name, flag in (("user", 0x10000000), ("mnt", 0x20000), ("net", 0x40000000), ("pid", 0x20000000)):
    out["unshare " + name] = tried(syscall, 272, flag)
    out["clone " + name] = tried(clone, flag)
out["sethostname"] = tried(socket.sethostname, "x")
out["handle"] = tried(syscall, 304, -100, 0, 0)
out["keys"] = tried(syscall, 250, 0, -4, 0)
out["bpf"] = tried(syscall, 321, 0, 0, 0)
out["perf"] = tried(syscall, 298, 0, 0, -1, -1, 0)
out["io_uring"] = tried(syscall, 425, 1, 0)
out["userfaultfd"] = tried(syscall, 323, 0)
out["module"] = tried(syscall, 313, -1, 0, 0)
out["kexec"] = tried(syscall, 246, 0, 0, 0, 0)
out["reboot"] = tried(syscall, 169, 0, 0, 0, 0)
out["swapon"] = tried(syscall, 167, b"/tmp/x", 0)
out["clock"] = tried(syscall, 227, 0, ctypes.byref((ctypes.c_long * 2)(1, 0)))
out["syslog"] = tried(syscall, 103, 10, 0, 0)
out["iopl"] = tried(syscall, 172, 3)
out["af_alg"] = tried(socket.socket, 38, socket.SOCK_SEQPACKET, 0)
out["af_packet"] = tried(socket.socket, 17, socket.SOCK_RAW, 768)
out["af_vsock"] = tried(socket.socket, 40, socket.SOCK_STREAM, 0)
'''


def _open_doors(got):
    return sorted(name for name, result in got.items() if result == "ok")


def test_doors_of_a_user(world):
    got = inside.run(world, USER_DOORS + '''
out["seize"] = tried(syscall, 101, 0x4206, 1, 0, 0)
out["setuid"] = tried(os.setuid, 0)
out["chroot"] = tried(os.chroot, "/tmp")
out["raw"] = tried(socket.socket, 2, socket.SOCK_RAW, 1)
''')
    assert len(got) > 50 and not _open_doors(got), _open_doors(got)


def test_doors_of_root_inside(world):
    """What NoNewPrivileges=no gives back is root's rights inside, none over the host."""
    world.definition("box", AS_ROOT + "[Files]\nReadOnly=yes\nInaccessible=/root /home\n")
    got = inside.run_as_root(world, USER_DOORS)
    # the container's own: PID 1's score, numbers of its descriptors, an empty folder over /root
    own = {"list /proc/1/fd", "write /proc/1/oom_score_adj", "list /root"}
    assert len(got) > 50 and set(_open_doors(got)) <= own, _open_doors(got)


def test_doors_without_a_filter(world):
    """The twin: what the filter alone holds shut, and what is held by something else as well."""
    world.definition("box", "[Exec]\nSystemCallFilter=\n")
    got = inside.run(world, USER_DOORS)
    shut = ["mount", "umount", "pivot_root", "sethostname", "block device in /tmp", "module", "reboot",
            "iopl", "write /proc/sys/kernel/core_pattern", "list /proc/1/root",
            "write /dev/.container/init"]
    assert {"clone user", "keys", "userfaultfd"} & set(_open_doors(got)), got
    assert not set(shut) & set(_open_doors(got)), got


def test_doors_on_the_host(world):
    """The other twin: the calls are well-formed, outside they work. Only what is the world's own."""
    world.policy("[Match all]\nContainer=host\n")
    got = inside.run_as_root(world, '''
os.mkdir("/srv/place")
out["mount"] = tried(syscall, 165, b"none", b"/srv/place", b"tmpfs", 0, 0)
out["umount"] = tried(syscall, 166, b"/srv/place", 2)
out["fsopen"] = tried(syscall, 430, b"proc", 0)
out["open_tree"] = tried(syscall, 428, -100, b"/", 1)
out["mknod"] = tried(os.mknod, "/srv/c", stat.S_IFCHR | 0o666, os.makedev(1, 5))
out["setns"] = tried(syscall, 308, os.open("/proc/self/ns/net", os.O_RDONLY), 0)
out["unshare mnt"] = tried(syscall, 272, 0x20000)
out["sethostname"] = tried(socket.sethostname, "x")
out["keys"] = tried(syscall, 250, 0, -4, 0)
out["list /proc/1/root"] = tried(os.listdir, "/proc/1/root")
out["seize"] = tried(syscall, 101, 0x4206, 1, 0, 0)
out["unshare user"] = tried(syscall, 272, 0x10000000)  # gives up what the others need
''')
    assert not set(got.values()) - {"ok"}, got


def _helpers():
    return {name: hashlib.sha256(open(f"{HELPERS}/{name}", "rb").read()).hexdigest()
            for name in sorted(os.listdir(HELPERS))}


def test_helpers_are_not_writable(world):
    """MUST-6: root inside rewrites no program of ours by any name that the container has for it."""
    before = _helpers()
    world.definition("box", AS_ROOT + "[Files]\nReadOnly=yes\n")
    got = inside.run_as_root(world, rf'''
for path in ("/dev/.container/init", "/dev/.container/attach", "/proc/1/exe",
             "{HELPERS}/container-init", "{HELPERS}/container-supervisor"):
    for flag in (os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_TRUNC):
        out["%s %d" % (path, flag)] = tried(os.open, path, flag)
    out["unlink " + path] = tried(os.unlink, path)
for pid in filter(str.isdigit, os.listdir("/proc")):
    out["exe of " + pid] = tried(os.open, "/proc/%s/exe" % pid, os.O_WRONLY)
''')
    assert not _open_doors(got), got
    assert _helpers() == before


def test_chroot_is_no_way_out(world):
    """MUST-5: pivot_root, so above the root there is nothing; the old trick finds the same root."""
    write("/tmp/of-the-host", "")
    world.definition("box", AS_ROOT)
    got = inside.run_as_root(world, '''
before = os.stat("/").st_dev, os.stat("/").st_ino
out["tmp"] = os.listdir("/tmp")
os.mkdir("/tmp/jail")
fd = os.open("/", os.O_RDONLY)
os.chroot("/tmp/jail")
os.fchdir(fd)
for _ in range(64):
    os.chdir("..")
os.chroot(".")
out["same"] = before == (os.stat("/").st_dev, os.stat("/").st_ino)
out["after"] = os.listdir("/tmp")
''')
    assert got == {"tmp": [], "same": True, "after": ["jail"]}, got


ABI = r'''
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
static long by_int80(long nr, long a, long b)
{
	long r;
	__asm__ volatile("int $0x80" : "=a"(r) : "a"(nr), "b"(a), "c"(b) : "memory");
	return r;
}
static long by_syscall(long nr, long a, long b)
{
	long r;
	__asm__ volatile("syscall" : "=a"(r) : "a"(nr), "D"(a), "S"(b) : "rcx", "r11", "memory");
	return r;
}
int main(int argc, char **argv)
{
	long r = 0;
	switch (argv[1][0]) {
	case '8': r = by_int80(310, 0x10000000, 0); break;	      /* unshare(CLONE_NEWUSER), i386 */
	case 's': r = by_int80(346, -1, 0); break;		      /* setns(-1), i386 */
	case 'x': r = by_syscall(0x40000000 + 308, -1, 0); break;     /* setns(-1), x32 */
	case 'h': r = by_syscall(308 | 1l << 32, -1, 0); break;	      /* setns(-1), high bits */
	case 'n': r = by_syscall(308, -1, 0); break;		      /* setns(-1), as usual */
	}
	printf("%ld\n", -r);
	return 0;
}
'''


def _abi(world, lines):
    write("/srv/abi.c", ABI)
    subprocess.run(["gcc", "-o", "/srv/abi", "/srv/abi.c"], check=True)
    world.definition("box", lines)
    done = world.ssh("alice", "for i in n 8 s x h; do /srv/abi $i || echo died $?; done")
    return done.stdout.decode().split("\n")[:-1]


def test_other_abis(world):
    """The filter holds for 32-bit calls and x32 too: they are refused as a whole or one by one."""
    got = _abi(world, "")
    assert len(got) == 5 and got[0] == "1", got
    # 1 EPERM; 38 ENOSYS where the kernel has no such calls; a filter that kills: died 159
    refused = {"1", "38", "died 159"}
    if subprocess.run(["/srv/abi", "8"], stdout=subprocess.DEVNULL).returncode == -signal.SIGSEGV:
        refused.add("died 139")  # on this machine int $0x80 is no way into the kernel, for the host neither
    assert set(got[1:]) <= refused, got


def test_other_abis_without_a_filter(world):
    """The twin: EBADF says that the kernel itself was asked."""
    got = _abi(world, "[Exec]\nSystemCallFilter=\n")
    assert got[0] == "9" and got[2] in ("9", "38", "died 139"), got


def _abstract(world, lines):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("\0door-of-the-host")
    listener.listen()
    world.definition("box", lines)
    got = inside.run(world, '''
out["abstract"] = tried(socket.socket(socket.AF_UNIX).connect, "\\0door-of-the-host")
''')
    listener.close()
    return got["abstract"]


def test_abstract_sockets_of_the_host(world):
    """Private=loopback shuts them; without a network of its own they are the host's."""
    assert _abstract(world, "[Network]\nPrivate=loopback\n") == "ECONNREFUSED"
    assert _abstract(world, "") == "ok"


def test_sockets_of_the_host_by_path(world):
    """No door in /run or /tmp: buses, container engines, agents, X servers. The twin has /tmp's."""
    for path in ("/run/door", "/tmp/door"):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        os.chmod(path, 0o777)
        listener.listen()
        probe = f'out["door"] = tried(socket.socket(socket.AF_UNIX).connect, "{path}")'
        assert inside.run(world, probe)["door"] == "ENOENT"
    world.definition("box", "[Files]\nPrivateTmp=no\n")
    assert inside.run(world, probe)["door"] == "ok"


def test_control_groups(world):
    """No cgroup file system inside, no way to mount one, and the root that is shown is its own."""
    for lines, run in (("", inside.run), (AS_ROOT, inside.run_as_root)):
        world.definition("box", lines)
        got = run(world, '''
out["mounted"] = [line for line in open("/proc/self/mounts") if line.split()[2].startswith("cgroup")]
out["shown"] = sorted({line.rstrip().split(":")[2] for line in open("/proc/self/cgroup")})
out["found"] = [path for path, names, files in os.walk("/sys/fs/cgroup") if "cgroup.procs" in files]
for kind in (b"cgroup", b"cgroup2"):
    out[kind.decode()] = tried(syscall, 165, b"none", b"/tmp", kind, 0, 0)
''')
        assert got == {"mounted": [], "shown": ["/"], "found": [], "cgroup": "EPERM",
                       "cgroup2": "EPERM"}, got


INJECT = r'''
import fcntl, os
for c in "id>/root/injected\n":
    try:
        fcntl.ioctl(0, 0x5412, c)
    except OSError as e:
        print("refused", e.errno)
        break
'''


def _inject(world, lines, policy=""):
    """Root on a terminal runs su; the user's program types for root. True when root's shell ran it."""
    if os.path.exists("/root/injected"):
        os.unlink("/root/injected")
    write("/srv/inject.py", INJECT)
    world.definition("box", lines)
    world.policy("[Match students]\nGroup=students\nContainer=box\n" + policy)
    term = world.terminal(["bash", "--norc"])
    term.send("PS1=; stty -echo; echo be''gin\n")
    term.expect("begin\r\n")
    term.send("su alice\n")  # with -c su would give up the terminal itself
    term.expect("[$] ")
    term.send("exec python3 /srv/inject.py\n")
    world.until(lambda: world.run(["pgrep", "-u", "alice"]).returncode == 1, "su has ended")
    term.send("echo do''ne; exit\n")
    term.expect("done")
    term.wait()
    return os.path.exists("/root/injected")


def test_terminal_injection(world):
    """A terminal of the container's, and a filter: each holds by itself; without both it works."""
    with open("/proc/sys/dev/tty/legacy_tiocsti") as file:
        if file.read() == "0\n":
            raise Skip("dev.tty.legacy_tiocsti is 0: the kernel refuses by itself")
    assert not _inject(world, "")
    assert not _inject(world, "[Exec]\nSystemCallFilter=\n")
    assert not _inject(world, "", "Attach=no\n")
    assert _inject(world, "[Exec]\nSystemCallFilter=\n", "Attach=no\n")


def _leaks(world, argv):
    """What of a folder of the host a program's session can reach by descriptors that were left open."""
    os.makedirs("/srv/secret", exist_ok=True)
    write("/srv/secret/file", "")
    write(inside.PATH, inside.PRELUDE + r'''
found = []
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        for fd in os.listdir("/proc/%s/fd" % pid):
            if os.path.isdir("/proc/%s/fd/%s" % (pid, fd)):
                found += os.listdir("/proc/%s/fd/%s" % (pid, fd))
    except OSError:
        pass
print("file" in found)
''')
    folder = os.open("/srv/secret", os.O_RDONLY | os.O_DIRECTORY)
    try:
        done = world.run(argv, pass_fds=[folder])
    finally:
        os.close(folder)
    assert done.stdout in (b"True\n", b"False\n"), done
    return done.stdout == b"True\n"


def test_descriptors_that_were_left_open(world):
    """MUST-6: by whatever program, with the shell started by PID 1 or by the caller itself."""
    ways = [["su", "alice", "-c", "python3 " + inside.PATH],
            ["su", "-l", "alice", "-c", "python3 " + inside.PATH],
            ["runuser", "-u", "alice", "--", "python3", inside.PATH],
            ["runuser", "-l", "alice", "-c", "python3 " + inside.PATH],
            ["sudo", "-C", "100", "-n", "-u", "alice", "python3", inside.PATH]]
    write("/etc/sudoers.d/close", "Defaults closefrom_override\n", 0o440)
    for argv in ways:
        assert not _leaks(world, argv), argv
    world.policy("[Match all]\nContainer=host\n")
    assert all(_leaks(world, argv) for argv in ways)


def test_working_directory(world):
    """MUST-6: the caller's folder on the host is not the session's, where the container hides it."""
    os.makedirs("/srv/hidden/deep", mode=0o755)
    world.definition("box", "[Files]\nTemporaryFileSystem=/srv\n")
    probe = "pwd -P; ls -la . | wc -l; readlink /proc/self/cwd"
    for argv in (["su", "alice", "-c", probe], ["runuser", "-u", "alice", "--", "sh", "-c", probe]):
        done = subprocess.run(argv, cwd="/srv/hidden/deep", capture_output=True, text=True,
                              stdin=subprocess.DEVNULL)
        assert done.stdout.split("\n")[0] == done.stdout.split("\n")[2] == "/", done
    world.definition("box", "")
    done = subprocess.run(["su", "alice", "-c", "pwd -P"], cwd="/srv/hidden/deep", text=True,
                          capture_output=True, stdin=subprocess.DEVNULL)
    assert done.stdout == "/srv/hidden/deep\n", done


def test_attach_cannot_be_taken_over(world):
    """It is on the outer terminal: not for the user's other programs to trace or look into."""
    term = world.terminal(["login", "alice"])
    term.expect("Password: ")
    term.send(people.PASSWORD + "\n")
    term.expect("[$] ")
    write(inside.PATH, inside.PRELUDE + r'''
for pid in range(2, 60):
    out[str(pid)] = tried(syscall, 101, 0x4206, pid, 0, 0)
    out["fd of %d" % pid] = tried(os.listdir, "/proc/%d/fd" % pid)
own = {str(os.getpid()), str(os.getppid())}
print("reached", sorted(n for n, r in out.items() if r == "ok" and n.split()[-1] not in own), "end")
print("tried", sum(r == "EPERM" for r in out.values()), "end")
''')
    term.send(f"exec python3 {inside.PATH}\n")
    assert term.expect(r"reached (.*) end").group(1) == b"[]"
    assert int(term.expect(r"tried (\d+) end").group(1)) >= 1
    term.wait()
