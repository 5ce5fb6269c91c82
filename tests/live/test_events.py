# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is told when a container's memory runs out: to its user, the log, and who listens."""

import json
import os
import subprocess
import time

from harness import outside

CONTAINED = True
TEXT = r"This container is out of memory: a process was killed\."
HOG = "python3 -c 'bytearray(200 << 20)'"
SMALL = "[Resources]\nMemoryMax=32M\nMemorySwapMax=0\n"


def _listen(*words):
    return subprocess.Popen(["containermon", "events", *words], stdout=subprocess.PIPE)


def test_oom_is_told(world):
    """On the terminals, in the log, by containermon; to no other container's terminal."""
    job = _listen("--json")
    world.definition("box", SMALL)
    shell = world.terminal(world.ssh_argv("alice", "-tt", "sh"))
    shell.send("echo up\n")
    shell.expect("up\r")
    world.until(outside.containers, "the container is there")
    other = world.terminal(world.ssh_argv("bob", "-tt", "sh"))
    other.send("echo up; sleep 1; echo later\n")
    other.expect("up\r")
    start = json.loads(job.stdout.readline())
    assert start["event"] == "start" and start["version"] == 1, start
    shell.send(HOG + "\n")
    shell.expect(TEXT)
    world.until(lambda: any("event=oom id=alice-1" in line and "killed=1" in line
                            for line in world.log), "the log has it")
    while True:
        event = json.loads(job.stdout.readline())
        assert event["id"] in ("alice-1", "bob-1") and event["event"] != "stop", event
        if event["event"] == "oom":
            break
    assert event["id"] == "alice-1" and event["killed"] == 1 and event["time_us"], event
    job.terminate()
    job.wait()
    other.expect("later\r")
    assert b"out of memory" not in other.all
    shell.send("exit\n")
    shell.wait()
    other.send("exit\n")
    other.wait()


# PID 1 of Init=none, whose /dev leads to the host's for who resolves it from outside.
CHANGED = """
import os, time
os.mkdir("/tmp/x"); os.symlink("/dev", "/tmp/x/dev"); os.chroot("/tmp/x")
if os.fork() == 0: bytearray(200 << 20)
time.sleep(100)
"""


def test_the_hosts_terminals_are_not_told(world):
    """MUST-5: PID 1 has changed its root, and a link there leads to the terminals of the host."""
    world.definition("bare", f"{SMALL}[Container]\nInit=none\n[Files]\nPrivateTmp=yes\n")
    name = world.run(["containerctl", "start", "bare"]).stdout.decode().strip()
    master, terminal = os.openpty()
    job = subprocess.Popen(["containerctl", "exec", name, "--", "python3", "-c", CHANGED])
    world.until(lambda: any(f"event=oom id={name}" in line for line in world.log), "the log has it")
    time.sleep(1)
    os.set_blocking(master, False)
    try:
        assert not os.read(master, 1000)
    except BlockingIOError:
        pass
    world.run(["containerctl", "terminate", "--yes", "--grace", "0", name])
    job.wait(10)
    os.close(master)
    os.close(terminal)


def test_lines(world):
    """Of one that is named: its lines, and the end with its end."""
    world.definition("box", SMALL)
    name = world.run(["containerctl", "start", "box"]).stdout.decode().strip()
    job = _listen(name)
    world.until(lambda: len(os.listdir(f"/proc/{job.pid}/fd")) > 10, "it listens")
    done = world.run(["containerctl", "exec", name, "--", "sh", "-c", HOG])
    assert done.returncode != 0, done
    while not (line := job.stdout.readline()).endswith(f" {name} oom killed=1\n".encode()):
        assert f" {name} pressure ".encode() in line, line
    world.run(["containerctl", "terminate", "--grace", "0", name])
    rest = job.stdout.read().decode().splitlines()
    assert job.wait(10) == 0 and rest[-1].endswith(f" {name} stop"), rest
    wrong = world.run(["containermon", "events", "nobody"])
    assert wrong.returncode == 1 and b"nobody" in wrong.stderr and not wrong.stdout, wrong
