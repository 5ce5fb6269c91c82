# SPDX-License-Identifier: LGPL-2.1-or-later
"""SystemCallFilter= and SeccompProfile= in real logins: what programs get, not what is installed."""

import errno
import json
import os

from harness.world import write

CONTAINED = True
# each line: what is tried; prints its errno, 0 when it worked
PROBE = r"""
import ctypes, fcntl, os, socket
libc = ctypes.CDLL(None, use_errno=True)
def call(f, *args):
    ctypes.set_errno(0)
    return ctypes.get_errno() if f(*args) < 0 else 0
def family(*args):
    try:
        socket.socket(*args).close()
        return 0
    except OSError as e:
        return e.errno
print("mount", call(libc.mount, None, None, None, 0, None))
print("setns", call(libc.setns, -1, 0))
print("ptrace", call(libc.ptrace, -1, 0, 0, 0))
print("sti", call(libc.ioctl, 99, ctypes.c_ulong(0x5412), None))
print("sti_high", call(libc.ioctl, 99, ctypes.c_ulong(0x100005412), None))
print("alg", family(38, socket.SOCK_SEQPACKET, 0))
print("inet", family(socket.AF_INET, socket.SOCK_STREAM, 0))
print("route", family(socket.AF_NETLINK, socket.SOCK_RAW, 0))
print("generic", family(socket.AF_NETLINK, socket.SOCK_RAW, 16))
pid = os.fork()
if pid == 0:
    os._exit(call(libc.unshare, 0x10000000))
print("user_ns", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
ENOTTY_OR_EBADF = (errno.ENOTTY, errno.EBADF)


def _parse(done):
    assert done.returncode == 0, done
    return {k: int(v) for k, v in (line.split() for line in done.stdout.decode().splitlines())}


def _probe(world, lines=""):
    """By ssh, where PID 1 starts the program, and by su, where the caller itself is inside."""
    world.definition("box", lines)
    write("/etc/probe.py", PROBE)
    by_ssh = _parse(world.ssh("alice", "python3 /etc/probe.py"))
    by_su = _parse(world.run(["su", "alice", "-c", "python3 /etc/probe.py"]))
    assert by_ssh == by_su
    return by_ssh


def test_default_profile(world):
    """MUST-1: the default, in a login and not in a unit test."""
    got = _probe(world)
    for name in ("mount", "setns", "sti", "sti_high", "user_ns"):
        assert got[name] == errno.EPERM, (name, got)
    assert got["alg"] == got["generic"] == errno.EAFNOSUPPORT, got
    assert got["inet"] == got["route"] == 0, got
    assert got["ptrace"] == errno.EIO or got["ptrace"] == errno.ESRCH, got


def test_without_a_filter(world):
    """The twin of the one before: it is the filter that denies."""
    got = _probe(world, "[Exec]\nSystemCallFilter=\n")
    assert got["setns"] == errno.EBADF and got["sti"] in ENOTTY_OR_EBADF, got
    assert got["sti_high"] in ENOTTY_OR_EBADF and got["generic"] == 0, got


def test_lists(world):
    got = _probe(world, "[Exec]\nSystemCallFilter=~ptrace\nSystemCallErrorNumber=EACCES\n")
    assert got["ptrace"] == got["mount"] == errno.EACCES, got
    got = _probe(world, "[Exec]\nSystemCallFilter=@login socket setns\n")
    assert got["generic"] == 0 and got["setns"] == errno.EBADF, got
    got = _probe(world, "[Exec]\nSystemCallFilter=@system-service\n")
    assert got["mount"] == got["ptrace"] == errno.EPERM, got


def test_services_work_under_system_service(world):
    """sshd's own child is under the list too: sftp and forwarding are its work."""
    world.definition("box", "[Exec]\nSystemCallFilter=@system-service\nNoNewPrivileges=no\n")
    done = world.run(world.ssh_argv("alice", program="sftp"), input=b"mkdir made\nls\n")
    assert done.returncode == 0 and os.path.isdir("/home/alice/made"), done
    term = world.terminal(world.ssh_argv("alice", "-tt"))
    term.send("echo is=$(tty)=\n")
    term.expect(r"is=/dev/pts/\d+=")
    term.send("exit\n")


def test_oci_profile(world):
    rule = {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": errno.ENOSPC}
    profile = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}
    write("/etc/security/p.json", json.dumps(profile))
    world.definition("box", "[Exec]\nSeccompProfile=/etc/security/p.json\n")
    done = world.ssh("alice", "mkdir /tmp/x; echo end")
    assert done.stdout.endswith(b"end\n") and b"No space left" in done.stderr, done


def _refused(world, lines, why):
    """The reason is for the log; the user gets none of it."""
    world.definition("box", lines)
    done = world.ssh("alice", "echo inside")
    assert done.returncode != 0 and b"inside" not in done.stdout, done
    world.until(lambda: any(why in line for line in world.log), why)
    assert why.encode() not in done.stdout + done.stderr, done


def test_bad_filters_refuse_the_login(world):
    """MUST-1: a misspelt wall is no missing wall; MUST-8: nor is one that others can write."""
    _refused(world, "[Exec]\nSystemCallFilter=~moutn\n", "did you mean 'mount'")
    _refused(world, "[Exec]\nSeccompProfile=/etc/security/none.json\n", "no such file")
    write("/etc/security/p.json", '{"defaultAction": "SCMP_ACT_ALL')
    _refused(world, "[Exec]\nSeccompProfile=/etc/security/p.json\n", "is no JSON")
    write("/etc/security/p.json", '{"defaultAction": "SCMP_ACT_ALLOW"}', 0o666)
    _refused(world, "[Exec]\nSeccompProfile=/etc/security/p.json\n", "lets others write")
