# SPDX-License-Identifier: LGPL-2.1-or-later
"""What bad configuration and missing parts get: users a refusal, the log a reason, root his shell."""

import os
import shutil
import signal
import subprocess
import time

from harness.world import DEFINITION, POLICY, write

CONTAINED = True
REFUSED = b"This login is refused: its container can not be used now."
PAUSED = b"Your session's container is paused"
CONF = "/etc/security/container.conf"
BOX = "/etc/security/containers/box.conf"


def _refused(world, *words, user="alice", said=REFUSED):
    """MUST-1 and MUST-2: no shell, one line for the user, the words in one line of the log."""
    del world.log[:]
    done = world.ssh(user, "echo inside")
    assert b"inside" not in done.stdout and done.returncode == 254, done
    assert said in done.stdout + done.stderr, done
    world.until(lambda: any(all(word in line for word in words) for line in world.log),
                f"the log says {words}: {world.log}")
    assert world.ssh("root", "echo inside").stdout == b"inside\n"


def _policy(world, text, *words):
    world.policy(text)
    _refused(world, *words)
    world.policy(POLICY)


def _definition(world, text, *words):
    world.definition("box", text)
    _refused(world, *words)
    world.definition("box", DEFINITION)


def test_policy(world):
    """Each with file:line, what is wrong, and what was meant."""
    _policy(world, POLICY + "Containr=box\n", f"{CONF}:8", "Containr", "did you mean", "Container")
    _policy(world, POLICY.replace("[Global]", "[Globl]"), f"{CONF}:1", "Globl", "Global")
    _policy(world, POLICY.replace("enforce", "enforced"), f"{CONF}:2", "enforced", "enforce")
    _policy(world, POLICY + "Instance=sesion\n", f"{CONF}:8", "sesion", "session")
    _policy(world, POLICY.replace("Container=box\n", ""), CONF, "students", "Container")
    _policy(world, POLICY + "Address=10.0.0.0/33\n", f"{CONF}:8", "10.0.0.0/33")
    _policy(world, POLICY + "nonsense\n", f"{CONF}:8")
    _policy(world, POLICY + "User=" + "x," * 120 + "\n", f"{CONF}:8", "198")
    _policy(world, POLICY + "[Match students]\nContainer=host\n", CONF, "students")
    _policy(world, "\0\1\2" * 50, CONF)
    _policy(world, POLICY.replace("=box", "=bax"), "bax")
    os.unlink(CONF)
    _refused(world, CONF)


def test_definition(world):
    _definition(world, DEFINITION + "MemoryMx=1G\n", f"{BOX}:12", "MemoryMx", "MemoryMax")
    _definition(world, DEFINITION.replace("[Files]", "[File]"), f"{BOX}:8", "File", "Files")
    _definition(world, DEFINITION + "MemoryMax=1Q\n", f"{BOX}:12", "1Q")
    _definition(world, DEFINITION.replace("=200", "=many"), f"{BOX}:11", "many")
    _definition(world, "[Container]\nExtends=nobody\n", "nobody")
    _definition(world, "[Container]\nExtends=box\n", "box")
    _definition(world, "[Exec]\nCapabilityBoundingSet=CAP_NET_BIND\n", f"{BOX}:2", "CAP_NET_BIND")
    _definition(world, "[Exec]\nEnvironment=" + "X" * 200 + "\n", f"{BOX}:2", "198")
    _definition(world, "[Exec]\nHostname=a/b\n", BOX)
    _definition(world, "[Exec]\nLimitNOFILE=9:3\n", f"{BOX}:2")
    os.unlink(BOX)
    _refused(world, "box")


def test_files_that_others_can_write(world):
    """MUST-8: each file and each folder above it, whoever owns it."""
    for path in (CONF, BOX, "/etc/security/containers", "/etc/security", "/etc"):
        mode = os.stat(path).st_mode & 0o7777
        for bad in (mode | 0o020, mode | 0o002):
            os.chmod(path, bad)
            _refused(world, path)
            os.chmod(path, mode)
        os.chown(path, 4002, 0)
        _refused(world, path)
        os.chown(path, 0, 0)
    os.rename(BOX, "/home/bob/box.conf")
    os.chown("/home/bob", 4002, 5001)
    os.symlink("/home/bob/box.conf", BOX)
    _refused(world, BOX)


test_files_that_others_can_write.limit = 240


def test_missing_parts(world):
    """What the product, the definition or the user's account names and is not there."""
    for helper in ("container-supervisor", "container-init", "container-attach"):
        path = "/usr/libexec/pam_container/" + helper
        os.rename(path, "/srv/helper")
        _refused(world, path)
        shutil.copy2("/srv/helper", path)
        os.unlink("/srv/helper")
    _definition(world, "[Files]\nRootDirectory=/srv/no-image\n", "/srv/no-image")
    _definition(world, "[Exec]\nSeccompProfile=/srv/no-profile\n", "/srv/no-profile")
    _definition(world, "[Files]\nBind=/srv/no-folder\n", "/srv/no-folder")
    assert world.ssh("alice", "echo inside").stdout == b"inside\n"


def test_missing_shell(world):
    """As on a host without it: refused by name, before anything is started."""
    with open("/etc/passwd") as file:
        text = file.read()
    for shell in ("/bin/zsh-that-is-not-here", "/etc/passwd", "/home"):
        write("/etc/passwd", text.replace("/home/alice:/bin/bash", f"/home/alice:{shell}"))
        done = world.run(["su", "alice", "-c", "echo inside"])
        assert done.returncode and b"inside" not in done.stdout, (shell, done)
    world.until(lambda: any("zsh-that-is-not-here" in line for line in world.log), "it is logged")


def test_missing_controller(world):
    """A limit is a wall: without its controller the login is refused, not let in without it."""
    for path in ("/sys/fs/cgroup/pids", "/sys/fs/cgroup/memory"):
        if not os.path.isdir(path):
            continue
        world.definition("box", "[Resources]\nTasksMax=50\nMemoryMax=100M\n")
        world.run(["umount", "-l", path])
        _refused(world, os.path.basename(path))
        break
    else:
        raise AssertionError("this machine has no v1 controller to take away")


def _hold(world):
    job = subprocess.Popen(world.ssh_argv("alice", "echo up; exec cat"), stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE)
    assert job.stdout.readline() == b"up\n"
    return job


def test_paused(world):
    """MUST-4: told so and refused at once; the container stays paused and goes on afterwards."""
    world.policy(POLICY + "Instance=user\n")
    job = _hold(world)
    assert world.run(["containerctl", "pause", "alice.box"]).returncode == 0
    begin = time.monotonic()
    _refused(world, "alice.box", "paused", said=PAUSED)
    done = world.run(["su", "alice", "-c", "echo inside"])
    assert b"inside" not in done.stdout and PAUSED in done.stdout + done.stderr, done
    assert time.monotonic() - begin < 5
    assert b"paused" in world.run(["containerctl", "list"]).stdout
    assert world.run(["containerctl", "resume", "alice.box"]).returncode == 0
    job.stdin.write(b"still\n")
    job.stdin.close()
    assert job.stdout.read() == b"still\n" and job.wait(10) == 0


def test_frozen_by_hand(world):
    """The same when nobody asked us: by the freezer's own file, on v1 and v2."""
    world.policy(POLICY + "Instance=user\n")
    job = _hold(world)
    files = [(f"{path}/{name}", bad, good) for path, _names, files in os.walk("/sys/fs/cgroup")
             for name, bad, good in (("freezer.state", "FROZEN", "THAWED"), ("cgroup.freeze", "1", "0"))
             if name in files and path.endswith("/alice.box")]
    assert files
    for path, bad, good in files:
        write(path, bad)
        begin = time.monotonic()
        _refused(world, "alice.box", said=PAUSED)
        assert time.monotonic() - begin < 5
        assert b"paused" in world.run(["containerctl", "list"]).stdout
        assert world.run(["containerctl", "resume", "alice.box"]).returncode == 0
        with open(path) as file:
            assert file.read().strip() == good
    assert world.ssh("alice", "echo inside").stdout == b"inside\n"
    job.stdin.close()
    assert job.wait(10) == 0


def test_stopped_processes(world):
    """PID 1 or the supervisor does not run: refused within the deadline, root not affected."""
    world.policy(POLICY + "Instance=user\n")
    job = _hold(world)
    with open("/run/pam_container/containers/alice.box/state.json") as file:
        text = file.read()
    pids = [int(text.split(f'"{key}.pid":')[1].split(",")[0]) for key in ("super", "init")]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
        begin = time.monotonic()
        client = subprocess.Popen(world.ssh_argv("alice", "echo inside"), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            assert b"inside" not in client.communicate(timeout=8)[0]
        except subprocess.TimeoutExpired:  # in, but nobody starts a shell: the user's own stop
            assert pid == pids[1]
            client.kill()
            client.communicate()
        assert time.monotonic() - begin < 10
        assert world.ssh("root", "echo inside").stdout == b"inside\n"
        os.kill(pid, signal.SIGCONT)
    assert world.ssh("alice", "echo inside").stdout == b"inside\n"
    job.stdin.close()
    assert job.wait(10) == 0
