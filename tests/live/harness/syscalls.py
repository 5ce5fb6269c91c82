# SPDX-License-Identifier: LGPL-2.1-or-later
"""The few system calls that Python 3.11 does not offer, as thin shims over libc."""

import ctypes
import os
import signal

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

_PR_SET_PDEATHSIG = 1
_SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result, what):
    if result != 0:
        errno = ctypes.get_errno()
        raise OSError(errno, f"{what}: {os.strerror(errno)}")


def _bytes(text):
    return None if text is None else os.fsencode(text)


def unshare(flags):
    _check(_libc.unshare(ctypes.c_int(flags)), f"unshare({flags:#x})")


def mount(source, target, fstype=None, flags=0, options=None):
    _check(_libc.mount(_bytes(source), _bytes(target), _bytes(fstype),
                       ctypes.c_ulong(flags), _bytes(options)),
           f"mount {fstype or 'bind'} {source} on {target}")


def bind(source, target, recursive=False):
    mount(source, target, flags=MS_BIND | (MS_REC if recursive else 0))


def make_private(target):
    mount(None, target, flags=MS_REC | MS_PRIVATE)


def umount(target, flags=0):
    _check(_libc.umount2(_bytes(target), ctypes.c_int(flags)), f"umount {target}")


def exchange(one, two):
    """renameat2(2) with RENAME_EXCHANGE: at no moment is there none."""
    _check(_libc.renameat2(-100, _bytes(one), -100, _bytes(two), 2), f"exchange {one} and {two}")


def pivot_root(new_root):
    """Make new_root the root, and let go of the old one."""
    os.chdir(new_root)
    number = _SYS_PIVOT_ROOT[os.uname().machine]
    _check(_libc.syscall(ctypes.c_long(number), b".", b"."), f"pivot_root {new_root}")
    umount(".", MNT_DETACH)
    os.chdir("/")


def die_with_parent(parent):
    """SIGKILL for this process when `parent` (the process that forked it) ends."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0), "prctl")
    if parent and os.getppid() != parent:
        os._exit(1)
