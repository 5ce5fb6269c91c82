# SPDX-License-Identifier: LGPL-2.1-or-later
"""Run a function in a copy-on-write view of this machine that vanishes afterwards.

The root is an overlay of the machine's file systems over a tmpfs, with /dev, /run, /tmp and
devpts of its own, so a test may edit /etc/passwd, /etc/pam.d or /var/log without touching the
machine. Isolated, it also has its own PID, network, IPC, UTS and cgroup namespaces: a census
then sees only what the test did, and the end of its PID 1 ends every process at once. Without
isolation (the demo) it shares all but the mounts with the machine.
"""

import contextlib
import os
import signal
import stat
import sys
import traceback

from . import cgroup, mountinfo, syscalls

_ISOLATION = (syscalls.CLONE_NEWPID | syscalls.CLONE_NEWNET | syscalls.CLONE_NEWIPC |
              syscalls.CLONE_NEWUTS | syscalls.CLONE_NEWCGROUP)
_NODES = {"null": (1, 3, 0o666), "zero": (1, 5, 0o666), "full": (1, 7, 0o666),
          "random": (1, 8, 0o666), "urandom": (1, 9, 0o666), "tty": (5, 0, 0o666),
          "console": (5, 1, 0o600), "fuse": (10, 229, 0o666)}
_LINKS = {"ptmx": "pts/ptmx", "fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1",
          "stderr": "fd/2"}


def private_mounts(work):
    """Give this process its own mount table with a tmpfs at `work`; nothing reaches the host."""
    syscalls.unshare(syscalls.CLONE_NEWNS)
    syscalls.make_private("/")
    syscalls.mount("tmpfs", work, "tmpfs", options="mode=755")


def work_place():
    """An empty folder that every machine has, to mount on without creating anything."""
    for path in ("/media", "/srv", "/mnt"):
        if os.path.isdir(path) and not os.listdir(path):
            return path
    return "/mnt"


class Sandbox:
    def __init__(self, work, name, layer=None, isolated=True):
        self.work = os.path.join(work, name)
        self.group = cgroup.PREFIX + name
        self.layer = layer
        self.isolated = isolated
        self.pid = 0

    def start(self, function):
        """Fork; the child runs function() inside. stdin is /dev/null unless not isolated."""
        os.mkdir(self.work)
        if self.isolated:
            cgroup.create(self.group)
        parent = os.getpid()
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            _in_child(lambda: self._enter(parent, function))

    def poll(self):
        """The exit status of the child, or None while it is alive."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if not pid:
            return None
        self.pid = 0
        return os.waitstatus_to_exitcode(status)

    def stop(self):
        """End what is left of it. Returns what could not be removed."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            if self.isolated:
                cgroup.thaw(self.group)
            os.waitpid(self.pid, 0)
            self.pid = 0
        left = cgroup.remove(self.group) if self.isolated else []
        with contextlib.suppress(OSError):
            os.rmdir(self.work)
        return left

    def _enter(self, parent, function):
        syscalls.die_with_parent(parent)
        views = cgroup.hierarchies()
        if not self.isolated:
            syscalls.unshare(syscalls.CLONE_NEWNS)
            self._build_root(views)
            return function()
        cgroup.enter(self.group, os.getpid())
        syscalls.unshare(syscalls.CLONE_NEWNS | _ISOLATION)
        cgroup.leave_the_root(self.group, views)
        first = os.fork()
        if first == 0:
            _in_child(lambda: self._be_init(views, function))
        return os.waitstatus_to_exitcode(os.waitpid(first, 0)[1])

    def _be_init(self, views, function):
        syscalls.die_with_parent(0)
        self._build_root(views)
        import socket
        socket.sethostname("harness")
        _raise_loopback()
        child = os.fork()
        if child == 0:
            _in_child(lambda: (os.setsid(), function())[1])
        while True:
            pid, status = os.wait()
            if pid == child:
                return os.waitstatus_to_exitcode(status)

    def _build_root(self, views):
        syscalls.make_private("/")
        syscalls.mount("tmpfs", self.work, "tmpfs", options="mode=755")
        root = self.work + "/root"
        self._overlay("/", root, 0)
        mounts = [m for m in mountinfo.ordinary() if m.target != "/"]
        for number, mount in enumerate(mounts, 1):
            target = root + mount.target
            if not os.path.isdir(target):
                with contextlib.suppress(OSError):
                    syscalls.bind(mount.target, target)
            else:
                self._overlay(mount.target, target, number)
        self._kernel_files(root, views)
        _devices(root, self.isolated)
        _scratch(root)
        syscalls.pivot_root(root)

    def _overlay(self, lower, target, number):
        upper, work = f"{self.work}/upper{number}", f"{self.work}/work{number}"
        for path in (upper, work):
            os.mkdir(path)
        info = os.stat(lower)
        os.chmod(upper, stat.S_IMODE(info.st_mode))
        os.chown(upper, info.st_uid, info.st_gid)
        os.makedirs(target, exist_ok=True)
        below = f"{self.layer}:{lower}" if self.layer and lower == "/" else lower
        syscalls.mount("overlay", target, "overlay",
                       options=f"lowerdir={below},upperdir={upper},workdir={work}")

    def _kernel_files(self, root, views):
        if not self.isolated:
            for path in ("/proc", "/sys"):
                syscalls.bind(path, root + path, recursive=True)
            return
        flags = syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC
        syscalls.mount("proc", root + "/proc", "proc", flags)
        syscalls.mount("sysfs", root + "/sys", "sysfs", flags)
        cgroup.mount_own_view(root + "/sys/fs/cgroup", views)


def _devices(root, isolated):
    dev = root + "/dev"
    syscalls.mount("tmpfs", dev, "tmpfs", syscalls.MS_NOSUID, "mode=755")
    for name, (major, minor, mode) in _NODES.items():
        os.mknod(f"{dev}/{name}", stat.S_IFCHR | mode, os.makedev(major, minor))
        os.chmod(f"{dev}/{name}", mode)
    for name, target in _LINKS.items():
        os.symlink(target, f"{dev}/{name}")
    for name in ("pts", "shm", "mqueue"):
        os.mkdir(f"{dev}/{name}")
    if isolated:
        syscalls.mount("devpts", dev + "/pts", "devpts", 0,
                       "newinstance,gid=5,mode=620,ptmxmode=666")
        syscalls.mount("mqueue", dev + "/mqueue", "mqueue")
    else:
        syscalls.bind("/dev/pts", dev + "/pts")
        os.unlink(dev + "/ptmx")
        os.mknod(dev + "/ptmx", stat.S_IFCHR | 0o666, os.makedev(5, 2))
        os.chmod(dev + "/ptmx", 0o666)
    syscalls.mount("tmpfs", dev + "/shm", "tmpfs", options="mode=1777")


def _scratch(root):
    for path, mode in (("/run", "755"), ("/tmp", "1777"), ("/var/tmp", "1777")):
        if not os.path.realpath(__file__).startswith(path + "/"):
            syscalls.mount("tmpfs", root + path, "tmpfs", options="mode=" + mode)


def _raise_loopback():
    import fcntl
    import socket
    import struct
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, 0x8914, struct.pack("16sh14x", b"lo", 0x1 | 0x40))


def _in_child(function):
    status = 1
    try:
        status = function() or 0
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status if 0 <= status <= 255 else 255)
