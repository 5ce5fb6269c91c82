# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a user does to logins and containers of others, and to those who keep them."""

import contextlib
import os
import signal
import subprocess
import time

from harness import inside, oracle, people
from harness.runner import Skip
from harness.world import write

CONTAINED = True


def _as(user, *argv):
    uid, gid, _shell = people.USERS[user]
    return ["setpriv", "--reuid", str(uid), "--regid", str(gid), "--init-groups", *argv]


def _su(world, user, target, command, before=""):
    """su as an ordinary user calls it, on a terminal; before: what his shell does first."""
    script = f"{before} exec su {target} -c '{command}'"
    term = world.terminal(_as(user, "sh", "-c", script))
    term.expect("Password: ")
    term.send(people.PASSWORD + "\n")
    return term


def _named(name):
    """Processes of ours by the name of their program's file."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.path.basename(os.readlink(f"/proc/{pid}/exe")) == name:
                found.append(oracle.Facts(int(pid)))
        except (OSError, KeyError):
            pass
    return found


def test_su_by_a_user(world):
    """su's real uid is its caller's; the session is contained all the same."""
    term = _su(world, "carol", "alice", "id -un; read x")
    term.expect("alice")
    world.require_walls("alice")
    term.send("\n")
    assert term.wait() == 0


def test_the_supervisor_is_roots_alone(world):
    """Who called su can neither signal what keeps the container nor choose its limits."""
    before = ("ulimit -Sn 40; ulimit -St 10; renice -n 5 $$ >/dev/null; "
              "echo 500 > /proc/self/oom_score_adj;")
    term = _su(world, "carol", "alice", "id -un; read x", before)
    term.expect("alice")
    keepers = []

    def are_alone():
        """Both have children for a moment, one of which makes a group."""
        keepers[:] = _named("container-supervisor") + _named("init")
        return len(keepers) == 2
    world.until(are_alone, "the supervisor and PID 1 are alone")
    for facts in keepers:
        assert facts.status["Uid"].split() == facts.status["Gid"].split() == ["0"] * 4, facts.status
        assert not facts.status["Groups"].split()
        assert world.run(_as("carol", "sh", "-c", f"kill -0 {facts.pid}")).returncode == 1
        with open(f"/proc/{facts.pid}/limits") as file:
            limits = {line[:26].strip(): line[26:].split() for line in file}
        assert limits["Max cpu time"][0] == "unlimited" and int(limits["Max open files"][0]) > 2000
        with open(f"/proc/{facts.pid}/oom_score_adj") as file:
            assert file.read() == "0\n"
        assert os.getpriority(os.PRIO_PROCESS, facts.pid) == 0
    term.send("\n")
    assert term.wait() == 0


def _shared(world):
    world.policy("[Match students]\nGroup=students\nContainer=box\nInstance=shared\n")


# A socket whose close(2) takes 100 s: SO_LINGER, and a peer that does not read.
LINGER = r'''
import threading

def lingering():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one, two = socket.create_connection(server.getsockname()), server.accept()[0]
    one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 100))
    one.setblocking(False)
    try:
        while True:
            one.send(b"x" * 65536)
    except BlockingIOError:
        return one.detach(), two

def poison(*data, count=1):
    """Sent so that PID 1 may have other things to do until nobody else holds the socket."""
    peer, (fd, other) = Peer(), lingering()
    try:
        for _ in range(50):
            peer.send(b"signal", b"sig=28")
        peer.send_raw(b"\0".join(data) + b"\0", [fd] * count)
    except BrokenPipeError:
        pass  # refused already
    threading.Thread(target=os.close, args=[fd], daemon=True).start()
    return peer, other
'''


def _attack(world, user, code, word="up"):
    """Code that runs inside until its session ends; returns what it printed besides."""
    write(inside.PATH, inside.PRELUDE + LINGER + code + "\nprint('up', flush=True)\nsys.stdin.read()\n")
    job = subprocess.Popen(world.ssh_argv(user, "python3 " + inside.PATH), stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE)
    assert job.stdout.readline() == word.encode() + b"\n"
    return job


def test_descriptors_that_are_slow_to_close(world):
    """MUST-4: what a user passes to PID 1 holds nobody up but himself."""
    _shared(world)
    job = _attack(world, "alice", r'''
kept = [poison(b"nonsense") for _ in range(40)]
kept += [poison(b"start", b"terminal=1"), poison(b"start", b"terminal=7"),
        poison(b"start", b"terminal=0", count=4), poison(b"start", b"terminal=0", count=200)]
refused = [Peer() for _ in range(70)]
kept += [poison(b"start"), poison(b"signal", b"sig=1", count=30)]
for peer, other in kept[:2]:
    peer.sock.close()
''')
    begin = time.monotonic()
    assert world.ssh("bob", "echo in").stdout == b"in\n"
    assert time.monotonic() - begin < 8
    job.stdin.close()
    job.wait(10)


def test_numbers_of_who_has_ended(world):
    """Limits and loginuid are the peer's, not those of the next process of his number."""
    job = _attack(world, "alice", r'''
peer = Peer()
ours, theirs = socket.socketpair()
if os.fork() == 0:
    other = Peer()  # connected by a child that is gone when its connection is used
    socket.send_fds(ours, [b"x"], [other.sock.fileno()])
    os._exit(0)
os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)  # its number is not free yet, its process is no more
peer.sock = socket.socket(fileno=socket.recv_fds(theirs, 1, 1)[1][0])
peer.sock.settimeout(5)
print(*peer.start(b"file=true", b"arg=true", b"env=PATH=/bin")[:1], flush=True)
''', "error")
    job.stdin.close()
    job.wait(10)


def test_groups_are_not_the_payloads(world):
    """A user's payload with groups wrote behind the list of his own; it is refused as a whole."""
    got = inside.run(world, r'''
out["answer"] = Peer().start(b"file=true", b"arg=true", *[b"group=0"] * 50)
''')
    assert got["answer"][0] == "error" and "unknown record" in got["answer"][4], got


def test_from_outside(world):
    """A user's processes outside reach his container by /proc; PID 1 starts nothing for them."""
    job = _attack(world, "alice", "")
    pid = next(f.pid for f in oracle.processes(people.USERS["alice"][0]) if f.status["Name"] == "python3")
    write("/srv/knock.py", inside.PRELUDE.replace("/dev/.container", f"/proc/{pid}/root/dev/.container") +
          "print(Peer().start(b'file=true', b'arg=true', b'env=PATH=/bin'))\n")
    done = world.run(_as("alice", "/usr/bin/python3", "/srv/knock.py"))
    assert done.stdout == b"[]\n" or b"BrokenPipeError" in done.stderr, done
    job.stdin.close()
    job.wait(10)


def test_links_of_a_user(world):
    """MUST-5: what is mounted below a home goes there, or the login is refused; never to /etc."""
    os.makedirs("/srv/share", exist_ok=True)
    os.chmod("/srv/share", 0o777)
    write("/srv/share/passwd", "alice:x:0:0::/:/bin/sh\n")
    probe = "cat ~/share/passwd; grep -c . /etc/passwd"
    for line in ("Bind=/srv/share:%h/share", "TemporaryFileSystem=%h/share", "Bind=%h/share:/mnt",
                 "Inaccessible=%h/share", "ReadOnlyPaths=%h/share"):
        world.definition("box", f"[Files]\nBind=%h\n{line}\n")
        os.mkdir("/home/alice/share")
        os.chown("/home/alice/share", 4001, 5001)
        done = world.ssh("alice", probe)
        assert done.returncode == 0 and int(done.stdout.split()[-1]) > 5, (line, done)
        os.rmdir("/home/alice/share")
        os.symlink("/etc", "/home/alice/share")
        done = world.ssh("alice", probe)
        os.unlink("/home/alice/share")
        assert done.returncode == 254 and b"alice:x:0" not in done.stdout, (line, done)
    # an administrator's own links go on working
    os.symlink("../home", "/srv/homes")
    world.definition("box", "[Files]\nBind=/srv/homes/alice\nBind=/srv/share:/srv/homes/alice/share\n")
    assert world.ssh("alice", "cat ~/share/passwd").stdout.startswith(b"alice:x:0")


def test_code_of_root_inside(world):
    """MUST-1: su, which joins as root, is refused where users inside can write what it loads."""
    theirs = "[Exec]\nNoNewPrivileges=no\n[Files]\nVolatile=overlay\n"
    world.definition("box", theirs)
    assert world.run(["su", "alice", "-c", "echo in"]).stdout == b""
    world.until(lambda: any("su would join alice-1" in line for line in world.log), "the log says why")
    assert world.ssh("alice", "echo in").stdout == b"in\n"  # enters late, loads nothing as root
    world.policy("[Match students]\nGroup=students\nContainer=box\nEntry=join\n")
    world.definition("box", theirs)
    assert world.run(["su", "alice", "-c", "echo in"]).stdout == b"in\n"


# A FUSE server that takes each request and answers none but the first: who asks can not be killed.
FUSE = r'''
import ctypes, os, struct
server = os.open("/dev/fuse", os.O_RDWR)
options = b"fd=%d,rootmode=40000,user_id=4001,group_id=5001" % server
if ctypes.CDLL(None).mount(b"x", b"/home/alice/mnt", b"fuse", 6, options):
    raise SystemExit("mount")
os.setresgid(5001, 5001, 5001)
os.setresuid(4001, 4001, 4001)
print("mounted", flush=True)
while True:
    _length, kind, number = struct.unpack("IIQ", os.read(server, 1 << 17)[:16])
    if kind == 26:  # FUSE_INIT
        answer = struct.pack("IIIIHHIIHHI28x", 7, 31, 65536, 0, 12, 10, 65536, 1, 0, 0, 0)
        os.write(server, struct.pack("IiQ", 16 + len(answer), 0, number) + answer)
'''


def test_what_can_not_be_killed(world):
    """MUST-4: a user's process that is stuck in the kernel keeps no other user out."""
    if not os.path.exists("/sys/module/fuse") and not os.path.exists("/sys/fs/fuse"):
        raise Skip("this kernel has no FUSE")
    _shared(world)
    world.run(["mount", "--make-rshared", "/"])
    os.mkdir("/home/alice/mnt")
    os.chown("/home/alice/mnt", 4001, 5001)
    write("/srv/fuse.py", FUSE)
    server = subprocess.Popen(["/usr/bin/python3", "/srv/fuse.py"], stdout=subprocess.PIPE)
    assert server.stdout.readline() == b"mounted\n"
    job = subprocess.Popen(world.ssh_argv("alice", "(stat ~/mnt/x >/dev/null 2>&1 </dev/null &) ; sleep 0.5; echo up; cat"),
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert job.stdout.readline() == b"up\n"
    job.stdin.close()
    job.wait(10)
    world.until(lambda: any("event=stuck" in line for line in world.log), "its end takes too long")
    for user in ("bob", "alice"):
        assert world.ssh(user, "echo in").stdout == b"in\n"
    assert "box" in os.listdir("/run/pam_container/containers")
    server.kill()
    server.wait()
    world.until(lambda: os.listdir("/run/pam_container/containers") == [], "all of it is removed")
    world.run(["umount", "-l", "/home/alice/mnt"])



def _heard(world, word):
    """When the lines with that word came, seconds."""
    return [when for when, line in zip(world.heard, world.log) if word in line]


def test_stopped_su(world):
    """MUST-4: su's caller may stop it at the open door; nobody else waits for it.

    They are let in one after the other. Waiting for one takes a second, and giving one up takes no
    time: with the machine busy there may be a second between two, but not between each two.
    """
    _shared(world)
    job = _attack(world, "bob", "")
    stopped = [subprocess.Popen(["strace", "-qq", "-o", "/dev/null", "-e", "trace=sendmsg", "-e",
                                 "inject=sendmsg:delay_enter=30s:when=2", "su", "alice", "-c", "id"],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
               for _ in range(8)]
    world.until(lambda: _heard(world, "let process"), "one was given up")
    assert world.ssh("bob", "echo in").stdout == b"in\n"
    # one that got its answer before it asked stops a step later, when it is inside already
    world.until(lambda: len(_heard(world, "let process")) >= 3, "more were given up")
    times = _heard(world, "let process")
    gaps = [after - before for before, after in zip(times, times[1:])]
    assert min(gaps) < 0.5, f"each was waited for: {gaps}"
    for su in stopped:
        su.kill()
        su.wait()
    for facts in _named("su"):
        with contextlib.suppress(ProcessLookupError):  # those that go on now end by themselves
            os.kill(facts.pid, signal.SIGKILL)
    job.stdin.close()
    job.wait(10)


def test_places_of_a_shared_container(world):
    """One user's sessions are bounded where others share the container with him."""
    _shared(world)
    job = _attack(world, "bob", "")
    master = world.ssh_argv("alice", "-N")
    masters = []
    for count in (16, 32, 48, 64):  # all at once would meet the module's deadline on a slow machine
        masters += [subprocess.Popen(master, stdin=subprocess.DEVNULL) for _ in range(16)]
        world.until(lambda n=count: sum("event=start" in line and "user=alice" in line for line in world.log) == n,
                    f"{count} of them are in", 60)
    done = world.ssh("alice", "echo in")
    assert done.returncode == 254 and b"in\n" not in done.stdout, done
    assert world.ssh("bob", "echo in").stdout == b"in\n"
    for each in masters:
        each.kill()
        each.wait()
    job.stdin.close()
    job.wait(10)


test_places_of_a_shared_container.sshd_lines = ["MaxStartups 100"]


def test_ways_in_are_not_kept(world):
    """MUST-6: sshd's process for the user holds no namespace nor their descriptions."""
    job = subprocess.Popen(world.ssh_argv("alice", "-N"), stdin=subprocess.DEVNULL)
    world.until(lambda: any(f.status["Name"] == "sshd" and not oracle.faults(f)
                            for f in oracle.processes(people.USERS["alice"][0])), "sshd has entered")
    time.sleep(0.3)
    for facts in oracle.processes(people.USERS["alice"][0]):
        links = [os.readlink(f"/proc/{facts.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{facts.pid}/fd")]
        assert not [l for l in links if ":[" in l and not l.startswith(("socket", "pipe"))], links
        assert not any("restrict" in link for link in links), links
    job.kill()
    job.wait()


def test_programs_that_enter_nowhere(world):
    """MUST-1: cronie and su call setcred in the opener alone; late there would leave the user outside."""
    for service in ("su", "cron"):
        with open(f"/etc/pam.d/{service}") as file:
            text = file.read()
        write(f"/etc/pam.d/{service}", "auth optional pam_container.so\n" + text)
    # a program in cronie's order, with the service that Debian's cron has
    world.run(["strace", "-qq", "-o", "/tmp/trace", "-e", "trace=setns", "pamtester", "cron", "alice",
               "setcred(PAM_ESTABLISH_CRED)", "open_session", "setcred(PAM_REINITIALIZE_CRED)"])
    with open("/tmp/trace") as file:
        assert "CLONE_NEWNS) " in file.read()
    world.policy("[Match students]\nGroup=students\nContainer=box\nEntry=late\n")
    job = subprocess.Popen(["su", "alice", "-c", "echo up; cat"], stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE)
    assert job.stdout.readline() == b"up\n"
    world.require_walls("alice")
    job.stdin.close()
    job.wait(10)


def test_terminals_of_the_machine(world):
    """MUST-4: one container does not take them all."""
    job = _attack(world, "alice", r'''
ready, told = os.pipe()
for _ in range(8):
    if os.fork() == 0:
        try:
            while True:
                os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY)
        except OSError:
            os.write(told, b"x")
            os.read(0, 1)
            os._exit(0)
for _ in range(8):
    os.read(ready, 1)
''')
    term = world.terminal(world.ssh_argv("bob", "-t", "tty"))
    term.expect("/dev/pts/0")
    assert term.wait() == 0
    job.stdin.close()
    job.wait(10)
