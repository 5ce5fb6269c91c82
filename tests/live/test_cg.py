# SPDX-License-Identifier: LGPL-2.1-or-later
"""The cgroup layer on real groups, through cgtool; needs no product, but a build with its tests."""

import glob
import os
import signal
import subprocess
import sys
import threading
import time

from harness import mountinfo
from harness.runner import Skip

_TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
_TOOLS = sorted(glob.glob(_TOP + "/build*/tests/live/cgtool") +
                glob.glob(_TOP + "/build*/*/tests/live/cgtool"), key=os.path.getmtime)
# read before the world's root hides the build folder
_TOOL = open(_TOOLS[-1], "rb").read() if _TOOLS else b""
TOOL = "/usr/local/bin/cgtool"
BOMB = "/usr/local/bin/bomb"
TOP = "/sys/fs/cgroup"


def _install():
    assert _TOOL, "cgtool is not built: make -C build check"
    if not os.path.exists(TOOL):
        with open(TOOL, "wb") as file:
            file.write(_TOOL)
        os.chmod(TOOL, 0o755)


def tool(verb, name, *words, fails=None):
    """Output of cgtool; fails: the code that it must fail with, then its message."""
    _install()
    done = subprocess.run([TOOL, verb, name, *words], capture_output=True, text=True, timeout=30)
    if fails:
        assert done.returncode == 1 and done.stderr.startswith(fails + " "), done
        return done.stderr
    assert done.returncode == 0, done
    return done.stdout


def enter(name, *argv, **options):
    _install()
    return subprocess.Popen([TOOL, "enter", name, *argv], **options)


def sleeper(name):
    """A process that is inside the groups for sure."""
    job = enter(name, "sh", "-c", "echo in; exec sleep 1000", stdout=subprocess.PIPE)
    assert job.stdout.readline() == b"in\n"
    return job


def mounts():
    """Our hierarchies: every one but those without controllers of v1."""
    return [m.target for m in mountinfo.read("self") if m.fstype == "cgroup2" or
            m.fstype == "cgroup" and "name=" not in m.super_options]


def groups(name):
    return [m for m in mounts() if os.path.isdir(f"{m}/pam_container/{name}")]


def value(controller, name, file):
    with open(f"{TOP}/{controller}/pam_container/{name}/{file}") as f:
        return f.read().strip()


def only_v2():
    """As on a machine without v1: the tests of what needs no controller run there, too."""
    for m in mountinfo.read("self"):
        if m.fstype == "cgroup":
            subprocess.run(["umount", m.target], check=True)


def v1(test):
    """A test that names files of v1 controllers."""
    def needing(world):
        if not os.path.isdir(TOP + "/pids"):
            raise Skip("the pids controller of cgroup v1 is not mounted")
        test(world)
    return needing


def both(test):
    """Run a test twice: on the layout of the machine and with the v2 tree alone."""
    def on_machine(world):
        test()

    def on_v2(world):
        only_v2()
        assert tool("probe", "x").startswith("v2")
        test()
    return on_machine, on_v2


def _nothing_is_left():
    assert not [m for m in mounts() if os.path.exists(m + "/pam_container")]


def test_hierarchies(world):
    lines = tool("probe", "x").splitlines()
    assert sorted(line.split()[1] for line in lines[1:]) == sorted(mounts())
    assert lines[0].split()[0] in ("v1", "hybrid", "v2")


def _libraries(*argv):
    """What a program opens, in the dynamic linker's own words."""
    _install()
    done = subprocess.run([TOOL, *argv], capture_output=True, text=True, check=True,
                          env={"LD_DEBUG": "files"})
    return done.stderr


@v1
def test_groups_are_made_by_libcgroup(world):
    """And by nothing else behind its back: without the library there is an error, and no group."""
    assert "libcgroup.so" in _libraries("create", "c")
    for m in mounts():
        assert os.stat(m + "/pam_container").st_mode & 0o7777 == 0o755
    assert "libcgroup.so" not in _libraries("remove", "c"), "rmdir(2) is all that it takes"
    for path in glob.glob("/usr/lib/*/libcgroup.so.*"):
        os.unlink(path)
    _install()
    done = subprocess.run([TOOL, "create", "c"], capture_output=True, text=True)
    assert done.returncode == 1 and "libcgroup.so" in done.stderr, done
    _nothing_is_left()


def _limits_of_v1():
    tool("create", "c", "MemoryMax=64M", "MemorySwapMax=0", "TasksMax=20", "CPUQuota=150%",
         "CPUWeight=50", "AllowedCPUs=0", "MemoryHigh=1M", "IOWeight=50")
    assert sorted(groups("c")) == sorted(mounts())
    assert value("memory", "c", "memory.limit_in_bytes") == str(64 << 20)
    assert value("memory", "c", "memory.memsw.limit_in_bytes") == str(64 << 20)
    assert value("pids", "c", "pids.max") == "20"
    assert value("cpu", "c", "cpu.cfs_quota_us") == "150000"
    assert value("cpu", "c", "cpu.shares") == "512"
    assert value("cpuset", "c", "cpuset.cpus") == "0"
    assert value("cpuset", "c", "cpuset.mems") != ""
    # libcontainer wrote 0 where none was given
    assert value("memory", "c", "memory.swappiness") == _above("memory", "memory.swappiness")
    assert "c 1:3 rwm" in value("devices", "c", "devices.list").splitlines()
    tool("remove", "c")
    tool("remove", "c")
    _nothing_is_left()


def _above(controller, file):
    with open(f"{TOP}/{controller}/pam_container/{file}") as text:
        return text.read().strip()


def _limits_of_v2():
    root = mounts()[0]
    tool("create", "c", "MemoryMax=64M", "MemoryHigh=48M", "MemorySwapMax=0", "TasksMax=20",
         "CPUQuota=150%", "CPUWeight=50", "AllowedCPUs=0")
    for file, want in (("memory.max", str(64 << 20)), ("memory.high", str(48 << 20)),
                       ("memory.swap.max", "0"), ("pids.max", "20"), ("cpu.max", "150000 100000"),
                       ("cpu.weight", "50"), ("cpuset.cpus", "0")):
        with open(f"{root}/pam_container/c/{file}") as got:
            assert got.read().strip() == want, file
    tool("set", "c", "TasksMax=9")
    assert open(f"{root}/pam_container/c/memory.max").read() == "max\n"
    tool("set", "c", "TasksMax=5", "AllowedMemoryNodes=77", fails="config")
    assert open(f"{root}/pam_container/c/pids.max").read() == "9\n"
    tool("remove", "c")
    _nothing_is_left()


def test_limits_are_written(world):
    _limits_of_v1() if os.path.isdir(TOP + "/pids") else _limits_of_v2()


def test_failure_leaves_nothing(world):
    text = tool("create", "c", "TasksMax=5", "AllowedCPUs=0-500", fails="config")
    assert "AllowedCPUs" in text and "cpuset.cpus" in text
    text = tool("create", "c", "IOReadIOPSMax=/dev/null 5", fails="config")
    assert "/dev/null" in text
    tool("create", "c", "MemorySwapMax=0", fails="unsupported")
    tool("create", "c", "DeviceAllow=/dev/no-such-node r", fails="config")
    _nothing_is_left()


def test_other_hierarchies_are_left_alone(world):
    tool("create", "c")
    for m in mountinfo.read("self"):
        if m.fstype == "cgroup" and "name=" in m.super_options:
            assert not os.path.exists(m.target + "/pam_container")
    tool("remove", "c")


def _id_in_use():
    tool("create", "c")
    job = sleeper("c")
    before = groups("c")
    assert "1 processes" in tool("create", "c", fails="id-in-use")
    assert groups("c") == before and tool("has", "c", str(job.pid)) == "1\n"
    tool("kill", "c")
    job.wait()
    tool("remove", "c")
    _nothing_is_left()


test_id_in_use, test_id_in_use_v2 = both(_id_in_use)


@v1
def test_an_empty_group_is_made_anew(world):
    tool("create", "c", "TasksMax=5", "MemoryMax=1M")
    os.mkdir(f"{TOP}/pids/pam_container/c/below")
    tool("freeze", "c")
    tool("create", "c", "CPUWeight=7")
    assert value("pids", "c", "pids.max") == "max"
    assert int(value("memory", "c", "memory.limit_in_bytes")) > 1 << 40
    assert tool("frozen", "c") == "thawed\n"
    tool("remove", "c")


def _frozen_groups_take_nobody():
    """MUST-4: a process that enters a frozen group of v1 could not be killed."""
    tool("create", "c")
    job, other = sleeper("c"), subprocess.Popen(["sleep", "1000"])
    tool("freeze", "c")
    assert tool("frozen", "c") == "frozen\n"
    tool("freeze", "c")
    assert "resume" in tool("attach", "c", str(other.pid), fails="paused")
    tool("enter", "c", "true", fails="paused")
    assert tool("has", "c", str(other.pid)) == "0\n"
    tool("thaw", "c")
    assert tool("frozen", "c") == "thawed\n"
    tool("thaw", "c")
    tool("attach", "c", str(other.pid))
    assert tool("has", "c", str(other.pid)) == "1\n"
    assert tool("pids", "c").split() == sorted([str(job.pid), str(other.pid)], key=int)
    tool("freeze", "c")
    assert int(tool("kill", "c")) < 1000, "a frozen group dies, too"
    assert job.wait() == other.wait() == -signal.SIGKILL
    tool("remove", "c")


test_frozen_groups_take_nobody, test_frozen_groups_take_nobody_v2 = both(_frozen_groups_take_nobody)


_BOMB = r"""
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	(void)argv;
	while (argc == 1)
		fork();
	/* four lines of processes that live for one fork each; the dead vanish at once */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	signal(SIGCHLD, SIG_IGN);
	for (int i = 0; i < 4; i++)
		if (fork() == 0)
			for (;;)
				if (fork() > 0)
					_exit(0);
	for (;;)
		pause();
}
"""


def _build_bomb():
    subprocess.run(["cc", "-O2", "-xc", "-", "-o", BOMB], input=_BOMB.encode(), check=True)


def _bomb(name, size):
    job = enter(name, BOMB)
    deadline = time.monotonic() + 20
    while len(tool("pids", name).split()) < size * 9 // 10:
        assert time.monotonic() < deadline, "the bomb does not go off"
    return job


def test_fleeing_processes(world):
    """Each lives for one fork: a list of pids is old when it has been read."""
    _build_bomb()
    tool("create", "c")
    for _ in range(5):
        job = enter("c", BOMB, "flee")
        world.until(lambda: len(tool("pids", "c").split()) >= 5, "the lines are there")
        first = tool("pids", "c")
        world.until(lambda: tool("pids", "c") != first, "they flee")
        took = int(tool("kill", "c"))
        assert took < 1000 and tool("pids", "c") == "", f"{took} ms"
        job.wait()
    tool("remove", "c")
    _nothing_is_left()


@v1
def test_fork_bomb(world):
    """As many processes as TasksMax= allows, each forking without an end."""
    _build_bomb()
    tool("create", "c", "TasksMax=300")
    for frozen in (False, True):
        job = _bomb("c", 300)
        if frozen:
            tool("freeze", "c")
        took = int(tool("kill", "c"))
        assert took < 1000, f"{took} ms"
        assert tool("pids", "c") == ""
        job.wait()
    job = _bomb("c", 300)
    tool("freeze", "c")
    tool("thaw", "c")
    tool("kill", "c")
    job.wait()
    tool("remove", "c")
    _nothing_is_left()


@v1
def test_a_quota_does_not_hold_up_the_end(world):
    _build_bomb()
    took = []
    for quota in ([], ["CPUQuota=1%"]):
        tool("create", "c", "TasksMax=300")
        job = _bomb("c", 300)  # before the quota, with which this many forks may take minutes
        if quota:
            tool("set", "c", "TasksMax=300", *quota)
        took.append(int(tool("kill", "c")))
        job.wait()
        tool("remove", "c")
    assert took[1] < took[0] + 1500, f"{took} ms; 2500 more where the quota counts"


def test_fork_bomb_v2(world):
    """Without the pids controller: a bomb that is small by RLIMIT_NPROC of a user."""
    only_v2()
    _build_bomb()
    tool("create", "c")
    program = ("import os, resource, sys; resource.setrlimit(resource.RLIMIT_NPROC, (300, 300)); "
               f"os.setuid(4003); os.execv('{BOMB}', ['bomb'])")
    job = enter("c", sys.executable, "-c", program)
    time.sleep(1)
    assert len(tool("pids", "c").split()) > 200
    assert int(tool("kill", "c")) < 1000
    assert tool("pids", "c") == ""
    job.wait()
    tool("remove", "c")


def _groups_below():
    """Groups that root inside made: killed, thawed, listed and removed with the rest."""
    tool("create", "c")
    jobs = [sleeper("c") for _ in range(3)]
    for m in groups("c"):
        for below, job in (("a", jobs[1]), ("a/.hidden", jobs[2])):
            os.mkdir(f"{m}/pam_container/c/{below}")
            for file in ("cpuset.cpus", "cpuset.mems"):
                if os.path.exists(f"{m}/pam_container/c/{file}"):
                    text = open(f"{m}/pam_container/c/{file}").read()
                    open(f"{m}/pam_container/c/{below}/{file}", "w").write(text)
            open(f"{m}/pam_container/c/{below}/cgroup.procs", "w").write(str(job.pid))
    for job in jobs:
        assert tool("has", "c", str(job.pid)) == "1\n"
    assert len(tool("pids", "c").split()) == 3
    frozen = f"{TOP}/freezer/pam_container/c/a/freezer.state"
    if os.path.exists(frozen):
        open(frozen, "w").write("FROZEN")
    else:
        open(f"{groups('c')[0]}/pam_container/c/a/cgroup.freeze", "w").write("1")
    tool("freeze", "c")
    tool("thaw", "c")
    assert tool("frozen", "c") == "thawed\n"
    os.kill(jobs[2].pid, signal.SIGTERM)
    assert jobs[2].wait(5) == -signal.SIGTERM, "thawed with the rest"
    tool("kill", "c")
    for job in jobs[:2]:
        job.wait()
    tool("remove", "c")
    _nothing_is_left()


test_groups_below, test_groups_below_v2 = both(_groups_below)


@v1
def test_a_freeze_that_takes_too_long_is_undone(world):
    _build_bomb()
    tool("create", "c", "TasksMax=300")
    job = _bomb("c", 300)
    for _ in range(20):
        done = subprocess.run([TOOL, "freeze", "c", "0"], capture_output=True, text=True)
        if done.returncode:
            assert done.stderr.startswith("timeout 110 "), done
            assert tool("frozen", "c") == "thawed\n"
            break
        tool("thaw", "c")
    assert done.returncode, "froze 300 processes at once, 20 times"
    tool("kill", "c")
    job.wait()
    tool("remove", "c")


@v1
def test_a_frozen_parent_is_named(world):
    tool("create", "c")
    job = sleeper("c")
    parent = f"{TOP}/freezer/pam_container/freezer.state"
    open(parent, "w").write("FROZEN")
    assert "above" in tool("thaw", "c", "50", fails="timeout")
    tool("enter", "c", "true", fails="paused")
    open(parent, "w").write("THAWED")
    tool("thaw", "c")
    tool("kill", "c")
    job.wait()
    tool("remove", "c")


def _many_at_once():
    """Groups come and go beside each other, and the parent with them."""
    failures = []

    def life(name):
        try:
            tool("bench", name, "300")
        except AssertionError as error:
            failures.append(error)
    threads = [threading.Thread(target=life, args=(f"c{i}",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    _nothing_is_left()


test_many_at_once, test_many_at_once_v2 = both(_many_at_once)


def test_signal(world):
    tool("create", "c")
    jobs = [sleeper("c") for _ in range(3)]
    outside = subprocess.Popen(["sleep", "1000"])
    tool("signal", "c", str(signal.SIGTERM), str(jobs[1].pid))
    assert jobs[0].wait(5) == jobs[2].wait(5) == -signal.SIGTERM
    assert jobs[1].poll() is None and outside.poll() is None
    tool("kill", "c")
    jobs[1].wait()
    assert outside.poll() is None
    outside.kill()
    outside.wait()
    tool("remove", "c")


@v1
def test_threads_come_along(world):
    """libcgroup would move one thread: "tasks" of v1."""
    tool("create", "c")
    job = subprocess.Popen([sys.executable, "-c", "import threading, time\n"
                            "for _ in range(4): threading.Thread(target=time.sleep, args=(99,))"
                            ".start()\nprint(flush=True); time.sleep(99)"],
                           stdout=subprocess.PIPE)
    job.stdout.readline()
    tool("attach", "c", str(job.pid))
    with open(f"{TOP}/pids/pam_container/c/tasks") as file:
        assert len(file.read().split()) == 5
    tool("kill", "c")
    job.wait()
    tool("remove", "c")


def test_inherit(world):
    tool("create", "c", "Cgroup=inherit")
    assert "MemoryMax" in tool("create", "c", "Cgroup=inherit", "MemoryMax=1G", fails="unsupported")
    assert "Cgroup=inherit" in tool("create", "c", "Cgroup=inherit", "TasksMax=5",
                                    fails="unsupported")
    _nothing_is_left()


def _snapshot(name):
    return [value("memory", name, "memory.limit_in_bytes"),
            value("memory", name, "memory.memsw.limit_in_bytes"), value("pids", name, "pids.max"),
            value("cpu", name, "cpu.cfs_quota_us"), value("cpuset", name, "cpuset.cpus"),
            sorted(value("devices", name, "devices.list").splitlines())]


@v1
def test_set(world):
    """Up, down, lifted; and what the kernel refuses leaves all as it was."""
    tool("create", "c", "MemoryMax=64M", "MemorySwapMax=0", "TasksMax=20", "AllowedCPUs=0")
    tool("set", "c", "MemoryMax=256M", "MemorySwapMax=1M")
    assert _snapshot("c")[:3] == [str(256 << 20), str(257 << 20), "max"]
    assert _snapshot("c")[4] == open(TOP + "/cpuset/pam_container/cpuset.cpus").read().strip()
    tool("set", "c", "MemoryMax=32M", "MemorySwapMax=0", "TasksMax=7", "CPUQuota=30%",
         "DeviceAllow=/dev/fuse rw")
    assert _snapshot("c")[:4] == [str(32 << 20), str(32 << 20), "7", "30000"]
    assert "c 10:229 rw" in value("devices", "c", "devices.list").splitlines()
    before = _snapshot("c")
    tool("set", "c", "MemoryMax=1G", "TasksMax=9", "DevicePolicy=auto", "AllowedMemoryNodes=77",
         fails="config")
    assert _snapshot("c") == before
    tool("set", "c", "DevicePolicy=auto")
    assert value("devices", "c", "devices.list") == "a *:* rwm"
    tool("set", "c")
    assert value("devices", "c", "devices.list").count("\n") == 10
    tool("remove", "c")


def _notify(level):
    """What is heard while one takes more than there is, and of the end."""
    job = subprocess.Popen([TOOL, "notify", "c", level], stdout=subprocess.PIPE)
    assert job.stdout.readline() == b"ready\n"
    return job


@v1
def test_notify(world):
    tool("create", "c", "MemoryMax=32M", "MemorySwapMax=0")
    oom, low = _notify("oom"), _notify("low")
    job = enter("c", sys.executable, "-c", "bytearray(200 << 20)")
    assert job.wait(20) == -signal.SIGKILL
    assert oom.stdout.readline() == b"oom\n" and low.stdout.readline() == b"pressure\n"
    tool("remove", "c")
    for listener in (oom, low):
        assert listener.stdout.read().endswith(b"gone\n") and listener.wait(5) == 0


def test_notify_v2(world):
    """Triggers of PSI, which need no controller: the kernel takes them, and tells of the end."""
    only_v2()
    tool("create", "c", "DevicePolicy=auto")
    jobs = [_notify(level) for level in ("low", "medium", "critical")]
    tool("notify", "c", "oom", fails="unsupported")
    tool("remove", "c")
    for job in jobs:
        assert job.stdout.read() == b"gone\n" and job.wait(5) == 0


MORE = {  # key: what it is given, file, what it becomes
    "MemoryLow": ("16M", "memory/memory.soft_limit_in_bytes", str(16 << 20)),
    "MemorySwappiness": ("7", "memory/memory.swappiness", "7"),
    "CPUQuotaPeriodSec": ("20ms", "cpu/cpu.cfs_period_us", "20000"),
    "CPUQuota": ("50%", "cpu/cpu.cfs_quota_us", "10000"),
    "CPUQuotaBurstSec": ("5ms", "cpu/cpu.cfs_burst_us", "5000"),
    "CPUShares": ("512", "cpu/cpu.shares", "512"),
}


@v1
def test_more_limits(world):
    """Each is written, at birth and later, and lifted when it is not given any more."""
    read = lambda name: value(*MORE[name][1].replace("/", "/c/").split("/"))  # noqa: E731
    if not os.path.exists(TOP + "/cpu/cpu.cfs_burst_us"):
        raise Skip("the kernel has no cpu.cfs_burst_us")
    words = [f"{key}={MORE[key][0]}" for key in MORE]
    tool("create", "c")
    usual = {key: read(key) for key in MORE}
    tool("remove", "c")
    tool("create", "c", *words)
    for again in range(2):
        for key in MORE:
            assert read(key) == MORE[key][2], (key, again)
        before = {key: read(key) for key in MORE}
        tool("set", "c", "CPUShares=77", "MemorySwappiness=9", "AllowedCPUs=0-500", fails="config")
        assert {key: read(key) for key in MORE} == before, "the first failure takes all back"
        tool("set", "c", "CPUWeight=idle")
        assert value("cpu", "c", "cpu.idle") == "1"
        tool("set", "c")
        assert {key: read(key) for key in MORE} == usual
        assert value("cpu", "c", "cpu.idle") == "0"
        tool("set", "c", *words)
    tool("set", "c", "OOMKillDisable=yes")
    assert "oom_kill_disable 1" in value("memory", "c", "memory.oom_control")
    tool("set", "c", "AllowedCPUs=0-500", fails="config")
    assert "oom_kill_disable 1" in value("memory", "c", "memory.oom_control"), "taken back"
    tool("set", "c")
    assert "oom_kill_disable 0" in value("memory", "c", "memory.oom_control")
    tool("set", "c", "Unified=memory.max=1", fails="unsupported")
    tool("set", "c", "NetworkClassID=5", fails="unsupported")
    tool("remove", "c")
    tool("create", "c", "Unified=pids.max=5", fails="unsupported")
    tool("create", "c", "KernelMemoryMax=50M")  # ignored: later kernels have no such limit
    tool("remove", "c")
    _nothing_is_left()


def _devices():
    """DevicePolicy=closed, from inside: what is opened, and what is made and opened."""
    probe = ("import os, stat\n"
             "def go(path):\n"
             "    try: os.close(os.open(path, os.O_RDWR | os.O_NOCTTY)); return 0\n"
             "    except OSError as e: return e.errno\n"
             "os.mknod('/dev/mem0', stat.S_IFCHR | 0o600, os.makedev(1, 1))\n"
             "print(*(go('/dev/' + n) for n in ('null', 'zero', 'ptmx', 'fuse', 'mem0')))\n"
             "os.unlink('/dev/mem0')")
    got = []
    for words in ((), ("DeviceAllow=/dev/fuse rw",), ("DevicePolicy=strict",)):
        tool("create", "c", *words)
        got.append(enter("c", sys.executable, "-c", probe, stdout=subprocess.PIPE).communicate()[0])
        tool("remove", "c")
    assert got[0] == b"0 0 0 1 1\n", got
    assert got[1] == b"0 0 0 0 1\n", got
    assert got[2] == b"0 1 1 1 1\n", got


test_devices, test_devices_v2 = both(_devices)


def _stats(name):
    return dict(line.split()[:2] for line in tool("stats", name).splitlines())


@v1
def test_limits_hold(world):
    tool("create", "c", "MemoryMax=32M", "MemorySwapMax=0", "TasksMax=10", "CPUQuota=20%")
    job = enter("c", sys.executable, "-c", "bytearray(200 << 20)")
    assert job.wait(20) == -signal.SIGKILL
    job = enter("c", "sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 5 & done",
                stderr=subprocess.DEVNULL)
    assert job.wait(20) != 0
    job = enter("c", "sh", "-c", "while :; do :; done")
    world.until(lambda: int(_stats("c")["cpu_throttled_us"]) > 100000, "the quota holds", 60)
    tool("kill", "c")
    job.wait()
    stats = _stats("c")
    assert stats["oom_kills"] == "1" and stats["mem_limit"] == str(32 << 20)
    assert int(stats["mem_peak"]) > 30 << 20 and stats["mem_swap_limit"] == "0"
    assert "mem_failures" in stats, "memory.failcnt is there, but Linux 6.18 does not count in it"
    assert stats["pids_limit"] == "10" and int(stats["pids_failures"]) > 0
    assert int(stats["cpu_throttled"]) > 0 and int(stats["cpu_usage_us"]) > 10000
    tool("remove", "c")
    tool("stats", "c", fails="system")


def test_supervisors_have_a_group(world):
    """Outside of every container, so that no limit of one holds up its end."""
    _install()
    text = subprocess.run([TOOL, "supervisor", "x", "cat", "/proc/self/cgroup"],
                          capture_output=True, text=True, check=True).stdout
    for line in text.splitlines():
        _, controllers, path = line.split(":")
        if controllers and "name=" not in controllers:
            assert path == "/pam_container/_supervisor", line
    for m in groups("_supervisor"):
        os.rmdir(f"{m}/pam_container/_supervisor")
        os.rmdir(f"{m}/pam_container")


def test_a_recycled_pid_is_not_killed(world):
    """A pid that was listed may be another process when the signal is sent."""
    tool("create", "c")
    job, outside = sleeper("c"), subprocess.Popen(["sleep", "1000"])
    tool("send", "c", str(signal.SIGKILL), str(outside.pid))
    assert outside.poll() is None
    tool("send", "c", str(signal.SIGTERM), str(job.pid))
    assert job.wait(5) == -signal.SIGTERM
    tool("send", "c", str(signal.SIGTERM), str(job.pid))
    outside.kill()
    outside.wait()
    tool("remove", "c")
