# SPDX-License-Identifier: LGPL-2.1-or-later
"""[Exec] and [Network]: what a process of a session may do, read from the kernel inside it."""

import socket

CONTAINED = True
STATUS = "grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status"
KEYRING = ("python3 -c 'import ctypes; print(ctypes.CDLL(None).syscall(250, 0, -3, 0))'")


def _inside(world, command, lines="", **options):
    world.definition("box", lines)
    done = world.ssh("alice", command, **options)
    assert done.returncode == 0, (done, world.log[-5:])
    return done.stdout.decode()


def _status(world, lines):
    out = _inside(world, STATUS, lines)
    return {k: int(v, 16) for k, v in (line.split(":\t") for line in out.splitlines())}


def test_capabilities_of_a_user(world):
    """MUST-1: nothing but a bounding set, and of that what the definition leaves."""
    caps = _status(world, "")
    assert [caps[k] for k in ("CapInh", "CapPrm", "CapEff", "CapAmb")] == [0, 0, 0, 0], caps
    assert bin(caps["CapBnd"]).count("1") == 14 and not caps["CapBnd"] >> 21 & 1, caps
    assert _status(world, "[Exec]\nCapabilityBoundingSet=\n")["CapBnd"] == 0
    caps = _status(world, "[Exec]\nCapabilityBoundingSet=CAP_KILL CAP_CHOWN\n")
    assert caps["CapBnd"] == 1 << 5 | 1 << 0, caps
    caps = _status(world, "[Exec]\nCapabilityBoundingSet=~CAP_CHOWN\n")
    assert bin(caps["CapBnd"]).count("1") >= 13 and not caps["CapBnd"] & 1, caps


def test_ambient_capabilities(world):
    lines = "[Exec]\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n[Network]\nPrivate=loopback\n"
    caps = _status(world, lines)
    assert [caps[k] for k in ("CapInh", "CapPrm", "CapEff", "CapAmb")] == [1 << 10] * 4, caps
    probe = "python3 -c 'import socket; socket.socket().bind((\"127.0.0.1\", 80)); print(1)'"
    assert _inside(world, probe, lines) == "1\n"
    assert world.ssh("alice", probe).returncode == 0
    world.definition("box", "[Network]\nPrivate=loopback\n")
    assert b"PermissionError" in world.ssh("alice", probe).stderr


def test_other_capability_sets(world):
    caps = _status(world, "[Exec]\nCapabilityPermittedSet=CAP_KILL CAP_CHOWN\n"
                   "CapabilityEffectiveSet=CAP_KILL\nCapabilityInheritableSet=CAP_CHOWN\n")
    # execve(2) of a program without file capabilities clears what is not ambient
    assert caps["CapInh"] == 1 and caps["CapPrm"] == caps["CapEff"] == 0, caps


def test_no_new_privileges(world):
    assert _status(world, "")["NoNewPrivs"] == 1
    assert _status(world, "[Exec]\nNoNewPrivileges=no\n")["NoNewPrivs"] == 0


def test_filter_is_there(world):
    assert _status(world, "")["Seccomp"] == 2
    assert _status(world, "[Exec]\nSystemCallFilter=\n")["Seccomp"] == 0


def test_limits(world):
    out = _inside(world, "ulimit -Sn; ulimit -Hn; ulimit -Sc; ulimit -Su; ulimit -Hf",
                  "[Exec]\nLimitNOFILE=123:456\nLimitCORE=0\nLimitNPROC=77\nLimitFSIZE=1G\n")
    assert out.split() == ["123", "456", "0", "77", "1048576"], out


def test_a_lower_limit_of_the_login_stays(world):
    with open("/etc/security/limits.conf", "a") as file:
        file.write("alice - nofile 99\n")
    assert _inside(world, "ulimit -Sn; ulimit -Hn", "[Exec]\nLimitNOFILE=4096\n").split() == ["99"] * 2


def test_nice_oom_umask(world):
    out = _inside(world, "nice; cat /proc/self/oom_score_adj; umask",
                  "[Exec]\nNice=7\nOOMScoreAdjust=500\nUMask=0027\n")
    assert out.split() == ["7", "500", "0027"], out


def test_environment(world):
    out = _inside(world, "echo $SITE $WHO; id -un; echo $HOME $USER $SHELL",
                  "[Exec]\nEnvironment=SITE=lab\nEnvironment=WHO=%u-%U\n")
    assert out == "lab alice-4001\nalice\n/home/alice alice /bin/bash\n", out
    # in place of what the login has, and once
    out = _inside(world, "tr '\\0' '\\n' </proc/$$/environ | grep ^LOGNAME=",
                  "[Exec]\nEnvironment=LOGNAME=other\n")
    assert out == "LOGNAME=other\n", out


def test_host_name(world):
    assert _inside(world, "hostname", "[Exec]\nHostname=lab-%u\n") == "lab-alice\n"
    assert _inside(world, "hostname", "") == socket.gethostname() + "\n"


def test_session_keyring(world):
    """MUST-6: keys of the program that logged the user in do not come along."""
    world.definition("box", "[Exec]\nSystemCallFilter=\n")
    rings = {world.run(["su", "alice", "-c", KEYRING]).stdout for _ in range(2)}
    rings.add(world.run(["sh", "-c", KEYRING]).stdout)
    assert len(rings) == 3 and all(int(r) > 0 for r in rings), rings


def test_ipc(world):
    world.run(["ipcmk", "-M", "4096"])
    try:
        assert "4096" in world.run(["ipcs", "-m"]).stdout.decode()
        assert "4096" not in _inside(world, "ipcs -m", "")
        assert "4096" in _inside(world, "ipcs -m", "[Container]\nNamespaces=mount pid uts cgroup\n")
    finally:
        world.run(["ipcrm", "--all=shm"])


def test_sysctl(world):
    assert _inside(world, "cat /proc/sys/kernel/shmmni",
                   "[Files]\nSysctl=kernel.shmmni=8192\n") == "8192\n"
    with open("/proc/sys/kernel/shmmni") as file:
        assert file.read() != "8192\n"


def test_network_of_the_host(world):
    probe = f"python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", {world.port}), 3)'"
    assert world.ssh("alice", probe).returncode == 0


def test_private_network(world):
    lines = "[Network]\nPrivate=loopback\n"
    out = _inside(world, "cat /proc/net/dev | tail -n +3 | cut -d: -f1; ip -o link | grep -c LOWER_UP",
                  lines)
    assert out.split() == ["lo", "1"], out
    probe = (f"python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", {world.port}), 3)'")
    assert b"ConnectionRefused" in world.ssh("alice", probe).stderr
    probe = ("python3 -c 'import socket as s; l = s.create_server((\"127.0.0.1\", 7777));"
             "s.create_connection((\"127.0.0.1\", 7777)); print(1)'")
    assert _inside(world, probe, lines) == "1\n"
