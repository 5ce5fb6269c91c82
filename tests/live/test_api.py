# SPDX-License-Identifier: LGPL-2.1-or-later
"""The C API as an outside program uses it: compiled against the installed header and library."""

import os
import shutil
import subprocess

from harness import compiled
from harness.runner import Skip
from harness.world import write

CONTAINED = True
HELPERS = ("/usr/local/libexec/pam_container", "/usr/libexec/pam_container")


def _group(world, program, name):
    """One group of checks of a program: each of its lines must be ok, and the last must be there."""
    done = world.run([compiled.program(world, f"tests/live/{program}.c"), name], timeout=100)
    text = done.stdout.decode(errors="replace")
    lines = text.splitlines()
    assert done.returncode == 0 and lines and lines[-1].startswith("done "), \
        text + done.stderr.decode(errors="replace")
    return text


def test_walkthrough(world):
    program = compiled.program(world, "docs/examples/walkthrough.c")
    done = world.run([program], input=b"id -un; hostname; ulimit -n; sleep .1; exit 7\n")
    text = done.stdout.decode()
    assert done.returncode == 0, done.stderr.decode() + text
    assert done.stderr == b""
    lines = text.splitlines()
    for line in ("daemon", "testing", "1024", "status: paused", "bash ended with status 7"):
        assert line in lines, text
    assert "inside 2, uid 1: bash" in text, text
    assert "bytes of memory" in text, text


def test_matrix(world):
    _group(world, "api_matrix", "matrix")


def test_matrix_pausing(world):
    if not os.path.exists("/sys/fs/fuse"):
        raise Skip("this kernel has no FUSE")
    _group(world, "api_matrix", "matrix_pausing")


def test_matrix_on_disk(world):
    _group(world, "api_matrix", "matrix_on_disk")


def test_ids(world):
    _group(world, "api_states", "ids")


def test_race(world):
    _group(world, "api_states", "race")


def test_identity(world):
    _group(world, "api_states", "identity")


def test_list(world):
    _group(world, "api_states", "list")


def test_first(world):
    _group(world, "api_states", "first")


def test_storm(world):
    _group(world, "api_states", "storm")


def test_damage(world):
    _group(world, "api_ends", "damage")


def test_forged(world):
    _group(world, "api_ends", "forged")


def test_crash(world):
    _group(world, "api_ends", "crash")


def test_crash_next(world):
    _group(world, "api_ends", "crash_next")


def test_crash_caller(world):
    _group(world, "api_ends", "crash_caller")


def test_pause(world):
    _group(world, "api_ends", "pause")


def test_destroy(world):
    _group(world, "api_ends", "destroy")


def test_destroy_hung(world):
    _group(world, "api_ends", "destroy_hung")


def test_refusals(world):
    _group(world, "api_process", "refusals")


def test_ending(world):
    _group(world, "api_process", "ending")


def test_signals(world):
    _group(world, "api_process", "signals")


def test_lost(world):
    _group(world, "api_process", "lost")


def test_streams(world):
    _group(world, "api_process", "streams")


def test_who(world):
    _group(world, "api_process", "who")


def test_terminal(world):
    _group(world, "api_process", "terminal")


def test_what_stands_for_null(world):
    _group(world, "api_process", "null")


def test_processes(world):
    _group(world, "api_figures", "processes")


def test_stats(world):
    _group(world, "api_figures", "stats")


def test_inherit(world):
    _group(world, "api_figures", "inherit")


def test_set(world):
    _group(world, "api_figures", "set")


def test_set_stays(world):
    _group(world, "api_figures", "set_stays")


def test_timeout(world):
    if world.product:
        shutil.copytree(next(filter(os.path.isdir, HELPERS)), "/tmp/slow")
        write("/tmp/slow/container-init", "#!/bin/sh\nexec sleep 1000\n", 0o755)
    _group(world, "api_figures", "timeout")


def test_sessions(world):
    """The logins of a container, and its end by the library."""
    job = subprocess.Popen(world.ssh_argv("alice", "echo here; sleep 100"),
                           stdout=subprocess.PIPE)
    assert job.stdout.readline() == b"here\n"
    try:
        text = _group(world, "api_figures", "sessions")
    finally:
        job.kill()
        job.wait()
    assert "# alice-1 box alice sshd session\n" in text, text
    assert "# session alice 4001 sshd 127.0.0.1 1 " in text, text


def test_sessions_many(world):
    """More than one answer of the supervisor holds."""
    world.policy("[Global]\nMode=enforce\n[Match students]\nGroup=students\nContainer=box\n"
                 "Instance=user\nAttach=no\n")
    world.definition("box", "[Container]\nDescription=for many\n")
    argv = ["su", "alice", "-c", "echo here; sleep 100"]
    jobs = []
    for _ in range(6):  # all at once would meet the module's deadline on a slow machine
        new = [subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) for _ in range(25)]
        assert all(job.stdout.readline() == b"here\n" for job in new)
        jobs += new
    callers = {job.pid for job in jobs}
    text = _group(world, "api_figures", "sessions")
    for job in jobs:
        job.stdout.close()
        job.wait()
    found = [line.split()[-1] for line in text.splitlines() if line.startswith("# session alice ")]
    assert len(found) == len(jobs) and {int(pid) for pid in found} == callers, text


def test_notify_oom(world):
    _group(world, "api_notify", "oom")


def test_notify_pressure(world):
    _group(world, "api_notify", "pressure")


def test_end_by_oom(world):
    _group(world, "api_notify", "end_by_oom")


def test_details(world):
    _group(world, "api_figures", "details")
