# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sessions by name in PID 1: they outlive their connection, and are given back to their user alone."""

import os
import re
import signal
import subprocess
import time

from harness import inside, outside
from harness.world import write

CONTAINED = True
LINGER = "[Container]\nLinger=1s\n"


def _shell(world, user="alice", **options):
    """An interactive ssh login, at its prompt."""
    term = world.terminal(world.ssh_argv(user, "-tt"), **options)
    term.send("PS1='@'; echo re''ady\n")
    term.expect("ready\r\n.*@")
    return term


OWN = "[Match students]\nGroup=students\nContainer=box\nInstance=user\n"


def _plain(world, user="alice"):
    """A command whose pipes end in ssh."""
    job = subprocess.Popen(world.ssh_argv(user, "echo up; exec sleep 1000"), stdout=subprocess.PIPE)
    assert job.stdout.readline() == b"up\n"
    return job


def _end(job):
    job.kill()
    job.wait(10)
    job.stdout.close()


def test_quiet_for_a_checkpoint(world):
    """PID 1 lets go of all that ends outside, and takes it up again."""
    world.policy(OWN)
    world.definition("box", LINGER.replace("1s", "5s"))
    term = _shell(world)
    init = outside.init_pid()
    term.send("x=kept; (while :; do sleep 0.1; python3 -c 'import socket; socket.socket(1, 5)"
              ".connect(\"/dev/.container/socket\")' 2>>/tmp/errors; done) & echo st''arted\n")
    term.expect("started\r\n")
    peer = outside.Peer(init)
    assert peer.ask("quiesce") == ["quiet", []]
    term.wait()
    assert peer.hear() == []
    held = [link.split(":")[0] for link in outside.links(init)]
    assert sorted(held) == ["/dev/null", "/dev/null", "/dev/null", "/dev/pts/1", "/dev/pts/ptmx", "/dev/pts/ptmx",
                            "/dev/tty", "/memfd", "anon_inode", "anon_inode"], outside.links(init)
    peer.close()
    errors = f"/proc/{init}/root/tmp/errors"
    world.until(lambda: os.path.exists(errors) and "FileNotFoundError" in open(errors).read(),
                "there is no socket")
    outside.wake()
    world.until(lambda: "PermissionError" in open(errors).read(), "connections are refused")
    one, = outside.sessions()
    assert one["session"] == 1 and one["attached"] == 0 and one["uid"] == 4001
    assert outside.ask("quiesce") == ["error", outside.ANY]
    assert outside.ask("unquiet") == ["ok", []]
    world.until(lambda: not {"/dev/tty", "/dev/pts/1"} & set(outside.links(init)), "its own terminal is gone")
    assert world.ssh("alice", "echo in").stdout == b"in\n"
    peer = outside.Peer(init)
    assert peer.ask("attach", session=1)[0] == "attached"
    os.write(peer.fds[0], b"echo \"<$x>\"\n")
    os.set_blocking(peer.fds[0], True)
    world.until(lambda: b"<kept>" in os.read(peer.fds[0], 65536), "the shell answers")
    os.write(peer.fds[0], b"exit\n")
    assert peer.hear() == ["exited", [("status", "0")]]
    peer.close()
    _is_gone(world)


def test_comes_back_after_a_checkpoint(world):
    """Of a container that goes on: who was attached is again, and sees what was written meanwhile once."""
    world.policy(OWN)
    term = _shell(world)
    init = outside.init_pid()
    term.send("(sleep 1; echo mean''while) & x=kept\n")
    term.expect("@")
    peer = outside.Peer(init)
    assert peer.ask("quiesce", again=1) == ["quiet", []]
    term.expect("a checkpoint is being made")
    assert peer.hear() == []
    peer.close()
    world.until(lambda: not world.run(["pgrep", "-u", "alice", "sleep"]).stdout, "it has written")
    outside.wake(init)
    assert outside.ask("unquiet") == ["ok", []]
    term.expect("meanwhile\r\n")
    term.send('echo "<$x>"\n')
    term.expect("<kept>")
    assert term.all.count(b"ready\r\n") == 1 and term.all.count(b"meanwhile\r\n") == 1, term.all
    term.send("exit 4\n")
    assert term.wait() == 4
    _is_gone(world)


def test_plain_commands_keep_from_a_checkpoint(world):
    """They are named, nothing has happened to them; with kill_plain they are ended first."""
    world.policy(OWN)
    world.definition("box", LINGER)
    job = _plain(world)
    init = outside.init_pid()
    verb, pids = outside.ask("quiesce", kill_plain=0)
    assert verb == "busy" and [key for key, _pid in pids] == ["pid"], (verb, pids)
    with open(f"/proc/{init}/root/proc/{pids[0][1]}/comm") as file:
        assert file.read() in ("sleep\n", "bash\n")
    assert world.ssh("alice", "echo in").stdout == b"in\n"
    assert job.poll() is None
    stubborn = _plain_stubborn(world)
    assert outside.ask("quiesce", kill_plain=1) == ["quiet", []]
    job.wait(10)
    stubborn.wait(10)
    outside.wake()
    assert outside.ask("unquiet") == ["ok", []]
    world.until(lambda: not {"/dev/tty", "/dev/pts/1"} & set(outside.links(init)), "its own terminal is gone")
    assert world.ssh("alice", "echo in").stdout == b"in\n"
    _end(job)
    _end(stubborn)


def _plain_stubborn(world):
    command = "trap '' HUP TERM; echo up; while :; do sleep 1; done"
    job = subprocess.Popen(world.ssh_argv("alice", command), stdout=subprocess.PIPE)
    assert job.stdout.readline() == b"up\n"
    return job


def test_supervisor_that_dies_after_a_checkpoint(world):
    """MUST-9: PID 1 dies with its supervisor again when the checkpoint is over."""
    world.policy(OWN)
    world.definition("box", LINGER)
    term = _shell(world)
    init = outside.init_pid()
    assert outside.ask("quiesce") == ["quiet", []]
    term.wait()
    outside.wake()
    assert outside.ask("unquiet") == ["ok", []]
    with open(f"/proc/{init}/status") as file:
        supervisor = int(file.read().split("PPid:")[1].split()[0])
    os.kill(supervisor, signal.SIGKILL)
    world.until(lambda: not os.path.exists(f"/proc/{init}"), "PID 1 is gone")
    assert world.ssh("alice", "echo in").stdout == b"in\n"  # and reaps what is left


KEEP = "[Container]\nOnDisconnect=keep\n"


def _kill(term):
    """SIGKILL of the ssh client, as a network that is gone."""
    os.kill(term.pid, signal.SIGKILL)
    term.wait()


def _detached(world, count=1):
    world.until(lambda: [s["attached"] for s in outside.sessions()] == [0] * count,
                f"{count} sessions are detached")


def _is_gone(world):
    world.until(lambda: not os.listdir("/run/pam_container/containers"), "the container is gone")


def test_kept_when_the_connection_is_lost(world):
    """Output meanwhile, variables and folder are there for the next login; at the end nothing is."""
    world.policy(OWN)
    world.definition("box", KEEP)
    term = _shell(world)
    term.send("x=kept; cd /usr/lib; f() { echo fun''ction; }; (sleep 1; echo mean''while) &\n")
    term.expect("@")
    _kill(term)
    _detached(world)
    world.until(lambda: not world.run(["pgrep", "-u", "alice", "sleep"]).stdout, "it has written")
    term = world.terminal(world.ssh_argv("alice", "-tt"))
    term.expect("meanwhile")
    term.send('echo "<$x $PWD $(f)>"\n')
    term.expect("<kept /usr/lib function>")
    term.send("exit 7\n")
    assert term.wait() == 7
    _is_gone(world)


def test_hung_up_without_keep(world):
    world.policy(OWN)
    term = _shell(world)
    _kill(term)
    _is_gone(world)


def test_the_last_64_kib(world):
    """What was written last is shown again, byte for byte; a program is not held up by nobody."""
    world.policy(OWN)
    world.definition("box", KEEP)
    term = _shell(world)
    term.send("stty -opost -echo; PS1=; sleep 1; seq -f 'line %08.0f' 1 100000; echo all > /tmp/done\n")
    term.expect("done\r\n")
    _kill(term)
    _detached(world)
    done = f"/proc/{outside.init_pid()}/root/tmp/done"
    world.until(lambda: os.path.exists(done), "it has written all", 30)
    whole = "".join(f"line {n:08d}\n" for n in range(1, 100001)).encode()
    write("/home/alice/.hushlogin", "")
    term = world.terminal(world.ssh_argv("alice", "-tt"))
    prompt = "\x1b[?2004h"  # bracketed paste; the rest of it is empty
    term.expect("line 00100000\n" + re.escape(prompt))
    seen = term.all
    assert seen == (whole + prompt.encode())[-65536:], (len(seen), seen[:80], seen[-40:])
    term.send("seq -s . 1 30000\n")  # and nobody else reads from now on
    term.expect(r"\.".join(str(n) for n in range(29000, 30001)))
    assert ".".join(str(n) for n in range(1, 30001)).encode() in term.all
    term.send("exit\n")
    term.wait()
    _is_gone(world)


SCREEN = """import os, signal, time
def draw(*_):
    os.write(1, b"\\033[2J<%d columns>" % os.get_terminal_size().columns)
signal.signal(signal.SIGWINCH, draw)
print("dra" "wn", flush=True)
while True: time.sleep(100)
"""


def test_full_screens_are_drawn_again(world):
    """A program hears of its size when somebody attaches, the same or another one."""
    world.policy(OWN)
    world.definition("box", KEEP)
    write("/etc/screen.py", SCREEN)
    term = _shell(world)
    term.send("python3 /etc/screen.py\n")
    term.expect("drawn")
    for columns in (80, 132):
        _kill(term)
        _detached(world)
        term = world.terminal(world.ssh_argv("alice", "-tt"), columns=columns)
        term.expect(f"<{columns} columns>")
    world.interrupt(term, "^python3 /etc/screen")
    term.send("exit\n")
    term.wait()
    _is_gone(world)


def test_several_sessions_and_which_one(world):
    """With more than one a login asks; names are the lowest free numbers."""
    world.policy(OWN)
    world.definition("box", KEEP)
    terms = [_shell(world) for _ in range(3)]
    for n, term in enumerate(terms, 1):
        term.send(f"me=number-{n}\n")
        term.expect("@")
    for term in terms:
        _kill(term)
    _detached(world, 3)
    term = world.terminal(world.ssh_argv("alice", "-tt"))
    term.expect(r"Which one\? \[3\] ")
    term.send("7\n")
    term.expect(r"Which one\? \[3\] ")
    term.send("2\n")
    term.send("echo <$me>\n".replace("<$me>", '"<$me>"'))
    term.expect("<number-2>")
    term.send("exit\n")
    term.wait()
    term = world.terminal(world.ssh_argv("alice", "-tt"))
    term.expect(r"Which one\? \[3\] ")
    term.send("n\n")
    term.expect(r"\$ ")
    assert sorted(s["session"] for s in outside.sessions()) == [1, 2, 3]
    term.send("kill -9 -1; exit\n")
    term.wait()
    _is_gone(world)


def test_asked_always_and_never(world):
    world.policy(OWN)
    world.definition("box", KEEP + "Reattach=ask\n")
    _kill(_shell(world))
    _detached(world)
    term = world.terminal(world.ssh_argv("alice", "-tt"))
    term.expect(r"Which one\? \[1\] ")
    term.send("\n")
    world.until(lambda: outside.sessions()[0]["attached"], "it is attached")
    term.send("\x15exit\n")
    term.wait()
    _is_gone(world)
    world.definition("box", KEEP + "Reattach=no\n")
    _kill(_shell(world))
    _detached(world)
    term = _shell(world)
    assert len(outside.sessions()) == 2
    term.send("kill -9 -1; exit\n")
    term.wait()
    _is_gone(world)


def _ctl(world, *words):
    done = world.run(["containerctl", *words])
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_detach_and_attach_by_the_administrator(world):
    """Also where a lost connection ends a session: the container stays for it until it ends."""
    world.policy(OWN)
    term = _shell(world)
    term.send("x=kept\n")
    term.expect("@")
    assert _ctl(world, "show", "-p", "terminals", "-p", "detached", "alice.box")[1] == \
        "terminals=1\ndetached=\n"
    assert _ctl(world, "detach", "alice.box") == (0, "", "")
    term.expect("detached from session 1 of box; log in again to get it back\r+\n")
    assert term.wait() == 0
    _detached(world)
    assert "session 1 of uid 4001 since " in _ctl(world, "status", "alice.box")[1]
    code, out, said = _ctl(world, "detach", "alice.box")
    assert (code, out, said) == (1, "", "containerctl: alice.box: no session is attached\n")
    code, out, said = _ctl(world, "detach", "alice.box", "9")
    assert (code, out, said) == (1, "", "containerctl: alice.box: there is no session 9\n")
    root = world.terminal(["containerctl", "attach", "alice.box"])
    root.send('echo "<$x>"\n')
    root.expect("<kept>")
    _kill(root)  # an administrator's visit does not end it
    _detached(world)
    term = world.terminal(world.ssh_argv("alice", "-tt"))
    term.send('echo "<<$x>>"\n')
    term.expect("<<kept>>")
    term.send("exit 3\n")
    assert term.wait() == 3
    _is_gone(world)


def test_one_attachment(world):
    world.policy(OWN)
    term = _shell(world)
    root = world.terminal(["containerctl", "attach", "alice.box", "1"])
    root.expect(r"alice.box: session 1 is attached by process \d+ of uid 4001")
    assert root.wait() == 1
    term.send("exit\n")
    term.wait()
    _is_gone(world)


def test_shared_attachments(world):
    """Both see and type; when the first one goes the other one reads on."""
    world.policy(OWN)
    world.definition("box", KEEP + "Attachments=shared\n")
    term = _shell(world)
    root = world.terminal(["containerctl", "attach", "alice.box", "1"])
    root.expect("ready")
    root.send('echo "<$((20 + 1))>"\n')
    for one in (term, root):
        one.expect("<21>")
    term.send('echo "<$((30 + 1))>"\n')
    for one in (term, root):
        one.expect("<31>")
    _kill(term)
    root.send('echo "<$((40 + 1))>"\n')
    root.expect("<41>")
    assert [s["attached"] for s in outside.sessions()] == [1]
    root.send("seq 20000; exit 5\n")
    root.expect("\n20000\r\n", 20)
    assert root.wait() == 5
    _is_gone(world)


def test_a_second_login_into_the_same_session(world):
    """Its user chooses it from the list, and follows what the first one sees."""
    world.policy(OWN)
    world.definition("box", "[Container]\nAttachments=shared\nReattach=ask\n")
    first = _shell(world)
    second = world.terminal(world.ssh_argv("alice", "-tt"))
    second.expect(r"1  since .*  bash  \(attached\)\r\n  n  a new one\r\nWhich one\? \[1\] ")
    second.send("1\n")
    second.expect("ready")
    second.send('echo "<$((50 + 1))>"\n')
    for one in (first, second):
        one.expect("<51>")
    _kill(second)  # the first one is still there
    world.until(lambda: len(outside.sessions()) == 1, "one session")
    first.send("exit 6\n")
    assert first.wait() == 6
    _is_gone(world)


SHARED = "[Match students]\nGroup=students\nContainer=box\nInstance=shared\n"


def test_of_others(world):
    """MUST-7: another user of the same container gets no session but his own; nor does root inside."""
    world.policy(SHARED)
    world.definition("box", KEEP + "Attachments=shared\n[Exec]\nNoNewPrivileges=no\n")
    term = _shell(world)
    code = r"""
for name in (b"1", b"", b"2", b"01", b"x", b"-1", b"99999999999"):
    peer = Peer()
    peer.send(b"attach", b"session=" + name)
    out[name.decode()] = peer.answer()[:1]
"""
    got = inside.run(world, code, user="bob")
    assert got.pop("") == ["none"] and set(map(tuple, got.values())) == {("error",)}, got
    got = inside.run_as_root(world, code)
    assert got.pop("") == ["none"] and set(map(tuple, got.values())) == {("error",)}, got
    got = inside.run(world, code)
    assert got["1"] == ["attached"] and got["2"] == ["error"], got
    term.send("exit\n")
    term.wait()
    _is_gone(world)


def test_forged_verbs(world):
    """What only the host's root may ask costs anybody else his connection, root inside too."""
    world.policy(SHARED)
    world.definition("box", KEEP + "[Exec]\nNoNewPrivileges=no\n")
    term = _shell(world, "bob")
    code = r"""
for name, records in {"detach": [b"session=1"], "sessions": [b"from=0"], "watch": [], "unquiet": [],
                      "quiesce": [b"kill_plain=1"], "idle": [], "lead": [], "attached": [],
                      "attach": [], "exited": [b"status=0"]}.items():
    peer = Peer()
    peer.send(name.encode(), *records)
    out[name] = peer.answer()
out["alive"] = output_of(b"echo", b"yes")[0]
"""
    for run in (inside.run, inside.run_as_root):
        got = run(world, code)
        assert got.pop("alive") == "yes\n" and set(map(tuple, got.values())) == {()}, got
    assert [s["attached"] for s in outside.sessions()] == [1]
    term.send("exit\n")
    term.wait()
    _is_gone(world)


def test_flood_of_sessions(world):
    """Detached ones count in a user's share; others get in, and PID 1 grows by nothing much."""
    world.policy(SHARED)
    world.definition("box", KEEP)
    holder = _shell(world, "bob")
    init = outside.init_pid()
    code = r"""
told = []
for i in range(100):
    peer = Peer()
    told += peer.start(b"file=sleep", b"arg=sleep", b"arg=1000", b"env=PATH=/bin", terminal=1)[:1]
    peer.sock.close()
out["started"] = told.count("started")
for i in range(300):
    peer = Peer()
    for name in (b"1", b"70", b""):
        tried(peer.send, b"attach", b"session=" + name)
begin = time.monotonic()
"""
    got = inside.run(world, code, timeout=60)
    assert 60 <= got["started"] <= 64, got
    assert len(outside.links(init)) < 16 + 3 * 70, len(outside.links(init))
    with open(f"/proc/{init}/status") as file:
        assert int(file.read().split("VmRSS:")[1].split()[0]) < 2048
    assert world.ssh("bob", "echo in").stdout == b"in\n"
    assert len(outside.sessions()) >= 60
    assert world.run(["pkill", "-9", "-u", "alice", "-x", "sleep"]).returncode == 0
    world.until(lambda: len(outside.sessions()) == 1, "they are gone")
    world.until(lambda: len(outside.links(init)) < 16, "nothing of them is open")
    holder.send("exit\n")
    holder.wait()
    _is_gone(world)


def test_a_terminal_that_its_user_holds_too(world):
    """MUST-4: who keeps a detached session's terminal, and makes reading it wait, holds up himself."""
    world.policy(SHARED)
    world.definition("box", KEEP)
    write(inside.PATH, inside.PRELUDE + r"""
import threading
held = []
for i in range(8):
    peer = Peer()
    given = payload(b"file=cat", b"arg=cat", b"env=PATH=/bin")
    peer.send(b"start", b"terminal=1", fds=[given])
    data, control, _f, _a = peer.sock.recvmsg(4096, 4096)
    fds = array.array("i", control[0][2])
    held.append(fds[0])
    peer.sock.close()

def grab(fd):
    while True:
        fcntl.fcntl(fd, fcntl.F_SETFL, os.O_RDWR)
        os.write(fd, b"x\n")
        os.read(fd, 1000)
for fd in held:
    threading.Thread(target=grab, args=[fd], daemon=True).start()
print("up", flush=True)
sys.stdin.read()
os._exit(0)
""")
    job = subprocess.Popen(world.ssh_argv("alice", "python3 " + inside.PATH), stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE)
    assert job.stdout.readline() == b"up\n"
    for _ in range(3):
        begin = time.monotonic()
        assert world.ssh("bob", "echo in").stdout == b"in\n"
        assert time.monotonic() - begin < 5
    begin = time.monotonic()
    assert len(outside.sessions()) == 8
    assert outside.ask("attach", session=1)[0] == "attached"
    assert time.monotonic() - begin < 2
    job.stdin.close()
    job.wait(10)
    job.stdout.close()
    world.run(["pkill", "-9", "-u", "alice"])
    _is_gone(world)


def test_kept_with_a_container_for_each_login(world):
    """Instance=session: the next login that can have a terminal gets what is detached; another one its own container,
    and nobody waits for one that is paused."""
    world.policy(OWN.replace("Instance=user", "Instance=session"))
    world.definition("box", KEEP)
    term = _shell(world)
    term.send("x=kept\n")
    term.expect("@")
    _kill(term)
    kept = "/run/pam_container/containers/alice-1/kept"
    world.until(lambda: os.path.exists(kept), "it is marked")
    assert world.run(["containerctl", "pause", "alice-1"]).returncode == 0
    other = _shell(world)
    other.send('echo "<$x>"; exit\n')
    other.expect("<>")
    other.wait()
    assert world.run(["containerctl", "resume", "alice-1"]).returncode == 0
    assert world.ssh("bob", "hostname; echo in").stdout.endswith(b"in\n")
    term = world.terminal(world.ssh_argv("alice", "-tt"))
    term.send('echo "<$x>"\n')
    term.expect("<kept>")
    assert not os.path.exists(kept)
    other = _shell(world)
    other.send('echo "<$x>"; exit\n')
    other.expect("<>")
    other.wait()
    term.send("exit 7\n")
    assert term.wait() == 7
    _is_gone(world)
