# SPDX-License-Identifier: LGPL-2.1-or-later
"""Namespaces that are there already, joined by path; time namespaces with offsets."""

import os
import subprocess
import time

from harness import census
from test_network import end, inside, ip, links, pid_of, start

CONTAINED = True


class Holder:
    """A process in new namespaces, which others join."""

    def __init__(self, world, *options):
        self.job = subprocess.Popen(["unshare", *options, "sleep", "1000"], stdin=subprocess.DEVNULL)
        own = os.readlink("/proc/self/ns/ipc"), os.readlink("/proc/self/ns/net")
        world.until(lambda: own[0] != self.space("ipc") and own[1] != self.space("net"), "it holds")

    def space(self, name):
        return os.readlink(f"/proc/{self.job.pid}/ns/{name}")

    def end(self):
        self.job.kill()
        self.job.wait()


def _there_and_back(world, name):
    for verb in ("checkpoint", "restore"):
        done = world.run(["containerctl", verb, name], timeout=60)
        assert done.returncode == 0, done


def test_a_network_by_path(world):
    """ip netns add: joined as it is, seen inside, left as it was; the login's way in too."""
    subprocess.run(["ip", "netns", "add", "lab"], check=True)
    subprocess.run(["ip", "-n", "lab", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "-n", "lab", "link", "add", "inlab", "type", "bridge"], check=True)
    name = start(world, "lab", "[Network]\nPrivate=/run/netns/lab\n[Resources]\nTasksMax=50\n")
    assert "inlab" in inside(world, name, "ip", "link")
    assert os.stat(f"/proc/{pid_of(name)}/ns/net").st_ino == os.stat("/run/netns/lab").st_ino
    _there_and_back(world, name)
    assert os.stat(f"/proc/{pid_of(name)}/ns/net").st_ino == os.stat("/run/netns/lab").st_ino
    world.definition("box", "[Network]\nPrivate=/run/netns/lab\n")
    done = world.ssh("alice", "ip -br link; readlink /proc/self/ns/net")
    assert b"inlab" in done.stdout and str(os.stat("/run/netns/lab").st_ino).encode() in done.stdout, done
    end(world, name)
    done = subprocess.run(["ip", "-n", "lab", "link"], capture_output=True, check=True)
    assert b"inlab" in done.stdout
    subprocess.run(["ip", "netns", "delete", "lab"], check=True)
    assert "No such file" in start(world, "lab", code=1)
    subprocess.run(["umount", "/run/netns"], check=True)


def test_a_path_that_is_refused(world):
    """Not a namespace, of another type, the host's own, in a folder of somebody else's."""
    before = census.take()
    subprocess.run(["ip", "netns", "add", "lab"], check=True)
    os.makedirs("/run/user-made", exist_ok=True)
    os.chown("/run/user-made", 2001, 2001)
    subprocess.run(["ip", "netns", "add", "own"], check=True)
    subprocess.run(["mount", "--bind", "/proc/self/ns/net", "/run/netns/own"], check=True)
    for path, why in (("/etc/passwd", "is no namespace"), ("/proc/self/ns/uts", "/proc/self"),
                      (f"/proc/{os.getpid()}/ns/uts", "is no net namespace"),
                      (f"/proc/{os.getpid()}/ns/net", "is the host's own namespace"),
                      ("/run/netns/own", "is the host's own namespace"),
                      ("/run/netns/none", "No such file"), ("/run/user-made/x", "/run/user-made")):
        told = start(world, "bad", f"[Network]\nPrivate={path}\n", code=1)
        assert why in told, (path, told)
    for path, why in (("ipc:/run/netns/lab", "is no ipc namespace"),
                      (f"uts:/proc/{os.getpid()}/ns/uts", "is the host's own namespace")):
        told = start(world, "bad", f"[Container]\nJoinNamespaces={path}\n", code=1)
        assert why in told, (path, told)
    subprocess.run(["umount", "/run/netns/own"], check=True)
    for name in ("own", "lab"):
        subprocess.run(["ip", "netns", "delete", name], check=True)
    subprocess.run(["umount", "/run/netns"], check=True)
    assert not census.left_behind(before)
    assert not os.listdir("/run/pam_container/containers")


def test_somebodys_user_namespace(world):
    """A network that a user administers is no wall for the container of another (MUST-1)."""
    holder = Holder(world, "--user", "--net", "--ipc")
    told = start(world, "bad", f"[Network]\nPrivate=/proc/{holder.job.pid}/ns/net\n", code=1)
    assert "belongs to another user namespace" in told
    holder.end()


def _saved(world, child, types):
    """Others than ipc and uts: joined again at a restore."""
    words = " ".join(f"{t}:/proc/{child}/ns/{t}" for t in types)
    name = start(world, "saved", f"[Container]\nJoinNamespaces={words}\n")
    _there_and_back(world, name)
    for kind in types:
        want = os.readlink(f"/proc/{child}/ns/{kind}")
        assert os.readlink(f"/proc/{pid_of(name)}/ns/{kind}") == want, kind
    end(world, name)


def test_each_type_by_path(world):
    """ipc, uts, cgroup and time: the container is in the one named, and not in one of its own."""
    holder = Holder(world, "--ipc", "--uts", "--cgroup", "--net", "--time", "--fork", "--kill-child")
    world.until(lambda: world.run(["pgrep", "-P", str(holder.job.pid), "sleep"]).stdout, "it holds")
    child = int(world.run(["pgrep", "-P", str(holder.job.pid)]).stdout)
    types = ("ipc", "uts", "cgroup", "time")
    words = " ".join(f"{t}:/proc/{child}/ns/{t}" for t in types)
    name = start(world, "joins", f"[Container]\nJoinNamespaces={words}\n[Network]\n"
                 f"Private=/proc/{child}/ns/net\n")
    for kind in (*types, "net"):
        want = os.readlink(f"/proc/{child}/ns/{kind}")
        assert os.readlink(f"/proc/{pid_of(name)}/ns/{kind}") == want, kind
        assert inside(world, name, "readlink", f"/proc/self/ns/{kind}").strip() == want, kind
    subprocess.run(["nsenter", "-t", str(child), "-u", "hostname", "shared"], check=True)
    assert inside(world, name, "hostname") == "shared\n"
    done = world.run(["containerctl", "checkpoint", name])
    assert done.returncode != 0 and b"has joined an ipc or uts namespace" in done.stderr, done
    assert inside(world, name, "hostname") == "shared\n"
    end(world, name)
    _saved(world, child, ("cgroup", "time"))
    world.definition("box", f"[Container]\nJoinNamespaces={words}\n")
    done = world.ssh("alice", "readlink /proc/self/ns/ipc /proc/self/ns/time")
    assert done.stdout.decode().split() == [os.readlink(f"/proc/{child}/ns/{t}")
                                            for t in ("ipc", "time")], done
    holder.end()


def test_time_offsets(world):
    """CLOCK_MONOTONIC and CLOCK_BOOTTIME of PID 1's children, of exec and of every way in."""
    text = ("[Container]\nNamespaces=mount pid ipc uts time\nTimeOffset=monotonic 1h\n"
            "TimeOffset=boottime 2h 500ms\n")
    ask = ["python3", "-c", "import time; print(time.clock_gettime(time.CLOCK_MONOTONIC), "
           "time.clock_gettime(time.CLOCK_BOOTTIME))"]

    def check(answer):
        mono, boot = map(float, answer.split())
        assert 3600 <= mono - before[0] < 3630 and 7200.5 <= boot - before[1] < 7230, (answer, before)
    name = start(world, "clocks", text)
    before = time.clock_gettime(time.CLOCK_MONOTONIC), time.clock_gettime(time.CLOCK_BOOTTIME)
    check(inside(world, name, *ask))
    end(world, name)
    world.definition("box", text)
    before = time.clock_gettime(time.CLOCK_MONOTONIC), time.clock_gettime(time.CLOCK_BOOTTIME)
    done = world.ssh("alice", f"python3 -c '{ask[2]}'")
    assert done.returncode == 0, done
    check(done.stdout.decode())
    done = world.run(["su", "-c", f"python3 -c '{ask[2]}'", "alice"])
    assert done.returncode == 0, done
    check(done.stdout.decode())
    told = start(world, "past", text.replace("monotonic 1h", "monotonic -100000d"), code=1)
    assert "set TimeOffset=monotonic -100000d" in told, told


def test_a_clock_comes_back(world):
    """A time namespace of its own: CLOCK_MONOTONIC goes on where it stood."""
    name = start(world, "clocks", "[Container]\nNamespaces=mount pid ipc uts time\nTimeOffset=monotonic 1h\n")
    ask = ["python3", "-c", "import time; print(time.clock_gettime(time.CLOCK_MONOTONIC))"]
    before = float(inside(world, name, *ask))
    _there_and_back(world, name)
    after = float(inside(world, name, *ask))
    assert before < after < before + 30, (before, after)
    end(world, name)
