# SPDX-License-Identifier: LGPL-2.1-or-later
"""PID 1 and what a user can send to it: identity comes from the kernel, limits hold, it serves on."""

import os
import subprocess

from harness import inside
from harness.world import write

CONTAINED = True
SHARED = "[Match students]\nGroup=students\nContainer=box\nInstance=shared\n"
AS_ROOT = "[Exec]\nNoNewPrivileges=no\n"


def _init(world):
    """Host pid of the only container's PID 1."""
    name, = os.listdir("/run/pam_container/containers")
    with open(f"/run/pam_container/containers/{name}/state.json") as file:
        return int(file.read().split('"init.pid":')[1].split(",")[0])


def test_identity_is_the_kernels(world):
    """MUST-7: a user's message may say what it wants about who he is."""
    got = inside.run(world, r'''
peer = Peer()
read, end = os.pipe()
out["first"] = peer.start(b"file=sh", b"arg=sh", b"arg=-c", b"arg=id -u; id -g; id -G", b"uid=0",
                          b"gid=0", b"group=0", b"env=PATH=/usr/bin:/bin", fds=(0, end, 2))
os.close(end)
out["id"] = os.fdopen(read).read().split()
out["plain"] = output_of(b"id", b"-u")
''')
    assert got["first"][0] in ("started", "error"), got
    assert got["id"] in ([], ["4001", "5001", "5001"]), got
    assert got["plain"][0] == "4001\n" and got["plain"][2] == "status=0", got


def test_restrictions_of_what_it_starts(world):
    """MUST-1: by which door a program comes, the walls are the same."""
    got = inside.run(world, r'''
out["status"] = output_of(b"grep", b"-E", b"^(Cap...|NoNewPrivs|Seccomp):", b"/proc/self/status")[0]
out["own"] = os.popen("grep -E '^(Cap...|NoNewPrivs|Seccomp):' /proc/self/status").read()
''')
    assert got["status"] == got["own"] and "Seccomp:\t2" in got["own"], got


def test_what_is_no_message(world):
    """Each costs the sender his connection and nobody else anything."""
    got = inside.run(world, r'''
bad = {"empty": b"", "no end": b"start", "huge": b"start\0x=" + b"y" * 32700 + b"\0",
       "too huge": b"start\0" + b"x=yyyyyyyy\0" * 10000, "odd verb": b"st art\0", "unknown": b"attack\0",
       "no key": b"start\0=x\0", "shutdown": b"shutdown\0grace=0\0", "binary": bytes(range(256)),
       "signal first": b"signal\0sig=9\0", "no descriptors": b"start\0terminal=0\0",
       "terminal 2": b"start\0terminal=2\0", "two ends": b"signal\0\0"}
for name, data in bad.items():
    peer = Peer()
    try:
        peer.send_raw(data)
        peer.sock.shutdown(socket.SHUT_WR)
        out[name] = peer.answer()[:1]
    except OSError as e:
        out[name] = [errno.errorcode[e.errno]]
for count in (2, 3, 5, 16, 17, 200):
    peer = Peer()
    peer.send(b"start", b"terminal=0", fds=[0] * count)
    peer.sock.shutdown(socket.SHUT_WR)
    out["%d descriptors" % count] = peer.answer()[:1]
peer = Peer()
out["unsealed"] = peer.start(b"file=true", b"arg=true", seal=False)[:1]
for name, records in {"nothing": [b"arg=x"], "no argument": [b"file=true"], "record": [b"file=true",
                      b"arg=x", b"caps=all"], "umask": [b"file=true", b"arg=x", b"umask=9"],
                      "large": [b"file=true", b"arg=x", b"env=" + b"x" * (5 << 20)]}.items():
    out[name] = Peer().start(*records)[:1]
peer = Peer()
out["once"] = peer.start(b"file=sleep", b"arg=sleep", b"arg=1", b"env=PATH=/bin")[:1]
out["twice"] = peer.start(b"file=id", b"arg=id", b"env=PATH=/bin")[:1]
out["after all"] = output_of(b"echo", b"alive")[0]
''')
    assert got.pop("after all") == "alive\n" and got.pop("once") == ["started"], got
    wrong = {k: v for k, v in got.items() if v not in ([], ["error"], ["EMSGSIZE"], ["EPIPE"])}
    assert not wrong, wrong


def test_shutdown_is_for_the_supervisor(world):
    """Neither the user nor root inside ends the container by a message, PID 1 by a signal, or gets more from it."""
    code = r'''
for number in (1, 2, 3, 6, 9, 15, 19, 20):
    out["kill %d" % number] = tried(os.kill, 1, number)
out["seize"] = tried(syscall, 101, 0x4206, 1, 0, 0)
peer = Peer()
peer.send(b"shutdown", b"grace=0")
out["shutdown"] = peer.answer()
time.sleep(0.3)
for key, text in (("caps", b"caps=1,-,-,-,-"), ("limit", b"rlimit=7,9,9")):
    out[key] = Peer().start(b"file=true", b"arg=true", b"env=PATH=/bin", text)
out["alive"] = output_of(b"echo", b"yes")[0]
'''
    got = inside.run(world, code)
    assert got["alive"] == "yes\n" and got["shutdown"] == [], got
    assert {v for k, v in got.items() if k.startswith(("kill", "seize"))} == {"EPERM"}, got
    world.definition("box", AS_ROOT)
    got = inside.run_as_root(world, code)
    assert got["alive"] == "yes\n" and got["shutdown"] == [], got
    assert got["seize"] == "EPERM", got
    for key in ("caps", "limit"):  # its own sets and limits are what the host's root gives a process
        assert got[key][0] == "error" and "unknown record" in got[key][4], got


def test_signals_reach_the_sender_s_process_alone(world):
    got = inside.run(world, r'''
one, two = Peer(), Peer()
out["one"] = one.start(b"file=sleep", b"arg=sleep", b"arg=3", b"env=PATH=/bin")[:1]
out["two"] = two.start(b"file=sleep", b"arg=sleep", b"arg=100", b"env=PATH=/bin")[:1]
for number in (b"0", b"-1", b"65", b"9999999999", b"x"):
    two.send(b"signal", b"sig=" + number)
two.send(b"signal", b"sig=9")
out["two ended"] = two.answer()
out["one ended"] = one.answer()
''')
    assert got["two ended"] == ["exited", "status=9"] and got["one ended"] == ["exited", "status=0"], got


def test_hang_up_ends_the_process(world):
    """Who closes his connection takes his program along."""
    got = inside.run(world, r'''
peer = Peer()
name, pid = peer.start(b"file=sleep", b"arg=sleep", b"arg=77", b"env=PATH=/bin")
pid = int(pid[4:])
out["before"] = tried(os.kill, pid, 0)
peer.sock.close()
end = time.monotonic() + 3
while tried(os.kill, pid, 0) == "ok" and time.monotonic() < end:
    time.sleep(0.02)
out["after"] = tried(os.kill, pid, 0)
''')
    assert got == {"before": "ok", "after": "ESRCH"}, got



def _rss(pid):
    with open(f"/proc/{pid}/status") as file:
        return int(file.read().split("VmRSS:")[1].split()[0])


def _fds(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def test_flood(world):
    """Tables, not hope: one user's share is bounded, PID 1 grows by nothing, others get in."""
    world.policy(SHARED)
    holder = subprocess.Popen(world.ssh_argv("bob", "echo up; cat"), stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"up\n"
    init = _init(world)
    rss, fds = _rss(init), _fds(init)
    write(inside.PATH, inside.PRELUDE + r'''
peers = []
for i in range(600):
    peers.append(Peer())
for peer in peers:
    tried(peer.send_raw, b"start\0terminal=0\0", [0] * 16)
for i in range(100):
    peers[i] = Peer()
    tried(peers[i].send_raw, b"sig", [0] * 16)
print("up", len(peers), flush=True)
sys.stdin.read()
''')
    attacker = subprocess.Popen(world.ssh_argv("alice", "python3 " + inside.PATH),
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    word, count = attacker.stdout.readline().split()
    assert (word, count) == (b"up", b"600")
    assert _fds(init) - fds < 200, (_fds(init), fds)
    assert world.ssh("bob", "echo in").stdout == b"in\n"
    assert world.ssh("root", "echo in").stdout == b"in\n"
    attacker.stdin.close()
    attacker.wait(10)
    world.until(lambda: _fds(init) <= fds, "its descriptors are closed again")
    assert _rss(init) - rss < 1024, (_rss(init), rss)
    assert world.ssh("alice", "echo in").stdout == b"in\n"
    holder.stdin.close()
    holder.wait(10)


def test_peer_that_does_not_read(world):
    """PID 1 waits for nobody: answers that nobody takes are lost, and others are served."""
    got = inside.run(world, r'''
deaf = []
for i in range(40):
    deaf.append(Peer())
    fds = [payload(b"file=true", b"arg=true", b"env=PATH=/bin"), 0, 1, 2]
    deaf[-1].send(b"start", b"terminal=0", fds=fds)
    for n in range(20):
        try:
            deaf[-1].sock.setblocking(False)
            deaf[-1].send(b"signal", b"sig=10")
        except BlockingIOError:
            break
begin = time.monotonic()
out["served"] = output_of(b"echo", b"yes")[0]
out["seconds"] = time.monotonic() - begin
''')
    assert got["served"] == "yes\n" and got["seconds"] < 2, got
