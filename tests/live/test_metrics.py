# SPDX-License-Identifier: LGPL-2.1-or-later
"""Figures for Prometheus: what a collector reads, in a form that it can."""

import os
import re
import stat

from harness import outside

CONTAINED = True
LABEL = r'[a-z_]+="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"(pam_container_[a-z_]+)\{{({LABEL}(?:,{LABEL})*)\}} (\d+(?:\.\d+)?)")


def read(text):
    """{family: {labels: value}}; every line is one of the text format, after HELP and TYPE of its family."""
    found, types = {}, {}
    for line in text.splitlines():
        if line.startswith("# "):
            word, name, rest = line[2:].split(" ", 2)
            assert word in ("HELP", "TYPE"), line
            if word == "TYPE":
                assert rest == ("counter" if name.endswith("_total") else "gauge"), line
                types[name] = rest
            continue
        m = SAMPLE.fullmatch(line)
        assert m and m[1] in types, line
        assert m[2] not in found.setdefault(m[1], {}), f"twice: {line}"
        found[m[1]][m[2]] = float(m[3])
    return found


def metrics(world, *arguments, code=0):
    done = world.run(["containermon", "metrics", *arguments])
    assert done.returncode == code, done
    return done


def test_of_all_and_of_each(world):
    world.definition("box", "[Resources]\nMemoryMax=64M\nTasksMax=20\n")
    first = metrics(world)
    assert read(first.stdout.decode()) == {} and not first.stderr
    shells = [world.terminal(world.ssh_argv(user, "-tt", "sh")) for user in ("alice", "bob")]
    for shell in shells:
        shell.send("echo u''p\n")
        shell.expect("up\r")
    world.until(lambda: len(outside.containers()) == 2, "both are there")
    found = read(metrics(world).stdout.decode())
    assert found["pam_container_containers"] == {'container="box",state="running"': 2}, found
    assert found["pam_container_tasks"]['container="box"'] >= 4, found
    assert found["pam_container_memory_bytes"]['container="box"'] > 0, found
    assert not [name for name in found if name.endswith("_total") or "limit" in name], found
    each = read(metrics(world, "--per-container").stdout.decode())
    ids = {f'container="box",id="{user}-1",user="{user}"' for user in ("alice", "bob")}
    for name in ("cpu_seconds_total", "memory_bytes", "created_seconds", "io_read_bytes_total"):
        assert set(each["pam_container_" + name]) == ids, each
    assert set(each["pam_container_memory_limit_bytes"].values()) == {float(64 << 20)}, each
    assert set(each["pam_container_tasks_limit"].values()) == {20.0}, each


def test_without_figures(world):
    """One in its caller's groups, and one that is paused: counted as well."""
    world.definition("box", "[Resources]\nCgroup=inherit\n")
    world.run(["containerctl", "start", "--id", "one", "box"])
    world.definition("box", "[Resources]\nTasksMax=20\n")
    world.run(["containerctl", "start", "--id", "two", "box"])
    world.run(["containerctl", "pause", "two"])
    found = read(metrics(world).stdout.decode())
    assert sum(found["pam_container_containers"].values()) == 2, found
    assert found["pam_container_containers"]['container="box",state="paused"'] == 1, found
    for name in ("one", "two"):
        world.run(["containerctl", "resume", name])
        world.run(["containerctl", "terminate", "-y", "--grace", "0", name])


def test_a_file_for_a_collector(world):
    """Whole or not at all, to be read by everybody; what stands there is replaced, not followed or written into."""
    os.makedirs("/run/collector")
    target, path = "/root/target", "/run/collector/pam_container.prom"
    with open(target, "w") as file:
        file.write("mine")
    os.symlink(target, path)
    done = metrics(world, "--textfile", path)
    assert not done.stdout and not os.path.islink(path)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o644 and os.listdir("/run/collector") == ["pam_container.prom"]
    with open(path) as file:
        assert read(file.read()) == {}
    with open(target) as file:
        assert file.read() == "mine"
    assert b"/nowhere/x" in metrics(world, "--textfile", "/nowhere/x", code=1).stderr
    assert b"exists" in metrics(world, "--textfile", "/dev/null", code=1).stderr and stat.S_ISCHR(os.stat("/dev/null").st_mode)
    os.symlink("/run/collector", "/run/link")
    assert b"/run/link/x" in metrics(world, "--textfile", "/run/link/x", code=1).stderr
    assert metrics(world, "alice-1", code=2).stderr
