# SPDX-License-Identifier: LGPL-2.1-or-later
"""Init=none: the program that is started first is PID 1 of the container."""

import os
import subprocess

import test_api as api
from test_network import end, inside, pid_of, start

CONTAINED = True


def test_the_first_program_is_pid_1(world):
    api._group(world, "api_bare", "first")


def test_it_ends_with_its_supervisor(world):
    api._group(world, "api_bare", "supervisor")


def test_later_ones_enter(world):
    api._group(world, "api_bare", "later")


def test_nobody_looks_into_what_enters(world):
    api._group(world, "api_visit", "hidden")


def test_the_program_that_enters_is_not_writable(world):
    api._group(world, "api_visit", "program")


def test_what_is_traced_holds_nobody_up(world):
    api._group(world, "api_visit", "traced")


def test_what_is_stopped_on_its_way(world):
    api._group(world, "api_visit", "stopped")


def test_terminals(world):
    api._group(world, "api_bare", "terminal")


def test_refusals(world):
    api._group(world, "api_bare", "refusals")


def _exec(name, command):
    return subprocess.Popen(["containerctl", "exec", name, "--", "sh", "-c", command], stdin=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def test_many_at_once(world):
    """Each has its own status; there are 63 rows, and those of who went are free again."""
    name = start(world, "bare", "[Container]\nInit=none\n[Resources]\nTasksMax=300\n")
    first = _exec(name, "exec sleep 1000")
    world.until(lambda: os.readlink(f"/proc/{pid_of(name)}/exe").endswith("/sleep"), "it is PID 1")
    jobs = [_exec(name, f"exit {n}") for n in range(40)]
    assert [job.wait(60) for job in jobs] == list(range(40))
    jobs = [_exec(name, "exec sleep 100") for _ in range(70)]
    world.until(lambda: sum(job.poll() is not None for job in jobs) == 7, "seven find no place", 60)
    alive = [job for job in jobs if job.poll() is None]
    for job in alive[:40]:
        job.kill()
        job.wait()
    world.until(lambda: inside(world, name, "pgrep", "-c", "sleep").strip() == "24", "those are gone")
    end(world, name)
    assert all(job.wait(20) != 0 for job in (first, *alive[40:]))


def test_by_the_commands(world):
    name = start(world, "bare", "[Container]\nInit=none\n[Resources]\nTasksMax=50\n")
    first = subprocess.Popen(["containerctl", "exec", name, "--", "sleep", "1000"],
                             stdin=subprocess.DEVNULL)
    world.until(lambda: os.readlink(f"/proc/{pid_of(name)}/exe").endswith("/sleep"), "it is PID 1")
    assert inside(world, name, "ps", "-o", "comm=", "-p", "1").strip() == "sleep"
    inside(world, name, "sh", "-c", "exit 5", code=5)
    done = world.run(["containerctl", "checkpoint", name])
    assert done.returncode and b"Init=none" in done.stderr, done
    end(world, name)
    assert first.wait(20) != 0
    world.definition("box", "[Container]\nInit=none\n")
    assert world.ssh("alice", "true").returncode != 0
    assert any("Init=none of box" in line for line in world.log), world.log[-5:]
