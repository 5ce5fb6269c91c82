# SPDX-License-Identifier: LGPL-2.1-or-later
"""The criu program by hand, on the images of a container of the product: what a checkpoint is compared with.

The tree that it restores is the one that was dumped from the container, PID 1 included, which stands still as the
supervisor left it for the dump. So both sides dump and restore the same processes, with the same options.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import time

from harness import mountinfo, syscalls

import shape
from saved import processes

PLACE = "/var/lib/bench"  # beside the product's folder, on the same file system
TREE = "/run/bench/tree"
CRIU = "/usr/sbin/criu"
# as libcore/criurun.c sets them
OPTIONS = ["-v4", "--manage-cgroups=ignore", "--enable-external-sharing", "--enable-external-masters",
           "--link-remap", "--ghost-limit", str(256 << 20), "--timeout", "60", "--network-lock", "skip"]
MASK = "/run/bench/mask"  # in TREE: what hides a folder
KEPT = ("tmpfs", "devpts", "mqueue", "proc")  # of libcore/mntlist.c


def externals(pid):
    """Mount points that CRIU is to take from outside, as libcore/mntlist.c finds them, and the path of the host that
    each shows."""
    hosts = mountinfo.read("self")
    known, devices = shape.index(hosts), {mount.device for mount in hosts}
    found = {}
    for mount in mountinfo.read(pid):
        if "nr_inodes=1" in mount.super_options.split(","):
            found[mount.target] = MASK
        elif mount.target != "/" and (mount.fstype not in KEPT or mount.device in devices):
            found[mount.target] = shape.source_of(mount, known, "") or mount.target
    return found


def _reason(folder, log):
    with open(f"{folder}/{log}", errors="replace") as file:
        return "".join([line for line in file if "Error" in line][:6])


class Bare:
    """A mount namespace with the host's tree at TREE, kept by a process that sleeps in it; each images folder is
    used up by the next step."""

    def __init__(self, points, images, count):
        self.points, self.count = points, count
        self.pid, self.number = 0, 0
        for path in (PLACE, TREE, MASK):
            os.makedirs(path, mode=0o700, exist_ok=True)
        shutil.rmtree(PLACE)
        shutil.copytree(images, self._images())
        script = f"mount --rbind / {TREE} && mount -t tmpfs -o ro,size=4k,nr_inodes=1 none {TREE}{MASK} && " \
                 "echo && exec sleep infinity"
        self.keeper = subprocess.Popen(["unshare", "-m", "--propagation", "private", "sh", "-c", script],
                                       stdout=subprocess.PIPE)
        assert self.keeper.stdout.readline(), "the tree could not be mounted"
        self.mounts = os.open(f"/proc/{self.keeper.pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)

    def _images(self):
        return f"{PLACE}/{self.number}"

    def _enter(self):
        if ctypes.CDLL(None, use_errno=True).setns(self.mounts, syscalls.CLONE_NEWNS) < 0:
            os._exit(126)

    def _criu(self, *arguments):
        """Milliseconds of one run."""
        argv = [CRIU, *arguments, "-D", self._images(), *OPTIONS, "-o", f"{arguments[0]}.log"]
        begin = time.monotonic()
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
                              preexec_fn=self._enter, check=False)
        spent = (time.monotonic() - begin) * 1000
        assert done.returncode == 0, f"{done}\n{_reason(self._images(), arguments[0] + '.log')}"
        return spent

    def restore(self):
        more = [word for point, source in self.points.items()
                for word in ("--external", f"mnt[m{point}]:{TREE}{source}")]
        spent = self._criu("restore", "-d", "--root", TREE, "--pidfile", "pid", *more)
        with open(f"{self._images()}/pid") as file:
            self.pid = int(file.read())
        shutil.rmtree(self._images())
        found = processes(self.pid)
        assert found == self.count, f"{found} processes came back of {self.count}"
        return spent

    def dump(self):
        self.number += 1
        os.makedirs(self._images(), mode=0o700)
        more = [word for point in self.points for word in ("--external", f"mnt[{point}]:m{point}")]
        spent = self._criu("dump", "-t", str(self.pid), *more)
        self._await_end()
        return spent

    def _await_end(self):
        deadline = time.monotonic() + 30
        while os.path.exists(f"/proc/{self.pid}"):
            assert time.monotonic() < deadline, f"PID 1 ({self.pid}) is still there after its dump"
            time.sleep(0.005)
        self.pid = 0

    def close(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            self._await_end()
        os.close(self.mounts)
        self.keeper.kill()
        self.keeper.wait()
        self.keeper.stdout.close()
        shutil.rmtree(PLACE)
