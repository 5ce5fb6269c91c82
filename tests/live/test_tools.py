# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that use ssh as their transport, and bulk data."""

import hashlib
import os
import subprocess
import time

from harness import people
from harness.world import write


def _shell(world):
    """The transport as rsync and git want it: one string."""
    argv = world.ssh_argv("alice")
    return " ".join(argv[:-1])


def _files(world):
    """A folder of the client's, and its digest."""
    os.makedirs("/tmp/tree/deep")
    write("/tmp/tree/a b", "one\n")
    with open("/tmp/tree/deep/bytes", "wb") as file:
        file.write(os.urandom(300000))


def _same(one, two):
    assert subprocess.run(["diff", "-r", one, two]).returncode == 0


def test_rsync(world):
    _files(world)
    for _ in range(2):
        done = world.run(["rsync", "-a", "-e", _shell(world), "/tmp/tree/", "alice@127.0.0.1:tree"])
        assert done.returncode == 0, done
    _same("/tmp/tree", "/home/alice/tree")
    done = world.run(["rsync", "-a", "-e", _shell(world), "alice@127.0.0.1:tree/", "/tmp/back"])
    assert done.returncode == 0, done
    _same("/tmp/tree", "/tmp/back")


def test_scp_both_protocols(world):
    _files(world)
    for flag in ("-O", "-s"):
        argv = world.ssh_argv("alice", "-qr", program="scp")
        done = world.run([*argv[:-1], flag, "-qr", "/tmp/tree", f"alice@127.0.0.1:tree{flag}"])
        assert done.returncode == 0, done
        _same("/tmp/tree", f"/home/alice/tree{flag}")


def test_git(world):
    env = {**os.environ, "GIT_SSH_COMMAND": _shell(world), "GIT_CONFIG_NOSYSTEM": "1",
           "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a",
           "GIT_COMMITTER_EMAIL": "a@b"}

    def git(*words, folder="/tmp"):
        done = subprocess.run(["git", *words], cwd=folder, env=env, capture_output=True)
        assert done.returncode == 0, done
        return done.stdout
    assert world.ssh("alice", "git init -q --bare repo").returncode == 0
    git("clone", "-q", "alice@127.0.0.1:repo", "here")
    write("/tmp/here/file", "text\n")
    git("add", "file", folder="/tmp/here")
    git("commit", "-qm", "one", folder="/tmp/here")
    git("push", "-q", "origin", "HEAD:main", folder="/tmp/here")
    git("clone", "-q", "-b", "main", "alice@127.0.0.1:repo", "again")
    _same("/tmp/here/file", "/tmp/again/file")


def test_bulk_pipe(world):
    """100 MB through cat, both ways at once, byte-identical."""
    data = os.urandom(1 << 20) * 100
    done = world.ssh("alice", "cat", input=data, timeout=100)
    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(data).digest()


def test_bulk_terminal(world):
    """100 MB through cat on a raw terminal: 8-bit clean, flow-controlled, byte-identical."""
    data = os.urandom(1 << 20) * 100
    job = subprocess.Popen(world.ssh_argv("alice", "-enone", "-tt", "stty raw -echo; echo go; exec head -c "
                                          f"{len(data)}"), stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE)
    assert job.stdout.readline() == b"go\n"
    out, _ = job.communicate(data, timeout=100)
    assert len(out) == len(data) and hashlib.sha256(out).digest() == hashlib.sha256(data).digest()


def test_all_bytes_pass_a_terminal(world):
    every = bytes(range(256)) * 20
    job = subprocess.Popen(world.ssh_argv("alice", "-enone", "-tt", "stty raw -echo; echo go; exec "
                                          f"head -c {len(every)}"), stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE)
    assert job.stdout.readline() == b"go\n"
    assert job.communicate(every, timeout=20)[0] == every


def test_output_that_nobody_reads_does_not_stop_input(world):
    """The terminal's two directions do not wait for each other."""
    term = world.terminal(["login", "alice"])
    term.expect("Password: ")
    term.send(people.PASSWORD + "\n")
    term.expect("[$] ")
    term.send("PS1=; stty -echo; echo be''gin\n")
    term.expect("begin\r\n")
    term.send("yes\n")
    world.until(lambda: world.run(["pgrep", "-x", "yes"]).returncode == 0, "yes runs")
    time.sleep(1)  # until every buffer is full
    world.interrupt(term, "^yes")
    term.send("echo al''ive; exit\n")
    term.expect("alive", timeout=20)
