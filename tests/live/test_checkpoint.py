# SPDX-License-Identifier: LGPL-2.1-or-later
"""Containers onto the disk and back: processes, walls, sessions; what is refused."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

from harness import outside, syscalls, zoo
from harness.world import write

CONTAINED = True
OWN = """[Global]
OnError=deny
[Match students]
Group=students
Container=box
Instance=user
"""
BOX = """[Container]
Description=a box for tests
Linger=1h
[Exec]
Hostname=box
[Files]
PrivateTmp=yes
[Resources]
TasksMax=300
"""


def ctl(world, *arguments, code=0):
    done = world.run(["containerctl", *arguments], timeout=60)
    assert done.returncode == code, done
    return done


def _box(world, extra="", text=BOX):
    world.policy(OWN)
    world.definition("box", text + extra)


def status(world, name="alice.box"):
    done = world.run(["containerctl", "list", "--all", "--json"])
    rows = json.loads(done.stdout)["containers"]
    return {row["id"]: row["state"] for row in rows}.get(name)


def _shell(world, user="alice"):
    term = world.terminal(world.ssh_argv(user, "-tt"))
    term.send("PS1='$ '; echo re''ady\n")
    term.expect("ready\r\n")
    return term


def _ask(term, command, answer):
    term.send(command + "\n")
    term.expect(answer)


def test_a_login_comes_back(world):
    """A shell over ssh: checkpoint, gone, ssh again, the same shell."""
    _box(world)
    term = _shell(world)
    _ask(term, "x=kept; cd /tmp; f() { echo \"f of $x\"; }; echo s''et", "set\r\n")
    _ask(term, "(while :; do echo tick >> /tmp/ticks; sleep 0.1; done) & echo b''g", "bg\r\n")
    ctl(world, "checkpoint", "alice.box")
    term.wait()
    assert status(world) == "checkpointed"
    assert not os.listdir("/run/pam_container/containers")
    term = world.terminal(world.ssh_argv("alice", "-tt"))
    _ask(term, "f; pwd; jobs; hostname", "f of kept\r\n/tmp\r\n")
    term.expect("Running")
    term.expect("box\r\n")
    assert status(world) == "running"
    assert not os.listdir("/var/lib/pam_container/checkpoints")
    ctl(world, "terminate", "alice.box")


def _inside(world, path):
    """What a file of the container has; empty while it is not there."""
    place = f"/proc/{outside.init_pid()}/root{path}"
    if not os.path.exists(place):
        return ""
    with open(place) as file:
        return file.read()


def _back(world, user="alice"):
    """The administrator checkpoints, the user logs in again."""
    ctl(world, "checkpoint", f"{user}.box")
    assert status(world, f"{user}.box") == "checkpointed"
    return world.terminal(world.ssh_argv(user, "-tt"))


def test_vim_with_unsaved_text(world):
    """The screen is drawn again, the text is still there and can be saved."""
    _box(world)
    term = _shell(world)
    term.send("vim -u NONE -c 'set nocompatible' /tmp/text\n")
    term.expect("/tmp/text")
    term.send("iunsaved words\x1b")
    term.expect("unsaved words")
    before = term
    term = _back(world)
    before.expect(r"(?s)\x1b\[\?1047l.*a checkpoint is being made; should this end, log in again")
    term.expect("unsaved words")
    term.send(":wq\n")
    _ask(term, "cat /tmp/text", "unsaved words\r\n")
    ctl(world, "terminate", "alice.box")


def test_python_at_its_prompt(world):
    """Objects, an open file, a generator half way; a new session keyring, and not that of who restores it (MUST-6)."""
    _box(world, text=BOX.replace("[Exec]\n", "[Exec]\nSystemCallFilter=\n"))
    term = _shell(world)
    _ask(term, "python3 -q", ">>> ")
    _ask(term, "g = (i * i for i in range(100)); f = open('/etc/passwd'); l = [next(g) for _ in range(5)]", ">>> ")
    _ask(term, "first = f.readline(); import random; random.seed(1); r = random.random()", ">>> ")
    _ask(term, "import ctypes; ring = lambda n=-3: ctypes.CDLL(None).syscall(250, 0, n, 0); was = ring()", ">>> ")
    ctl(world, "checkpoint", "alice.box")
    ctl(world, "restore", "alice.box")
    term = world.terminal(world.ssh_argv("alice", "-tt"))
    host = int(world.run(["python3", "-c", "import ctypes; print(ctypes.CDLL(None).syscall(250, 0, -3, 0))"]).stdout)
    _ask(term, f"print('ring', was > 0, ring() > 0, len({{was, ring(), {host}}}))", r"ring True True 3\r\n")
    _ask(term, "print('said', l, next(g), f.tell() > 0, random.random() != r, first[:5])",
         r"said \[0, 1, 4, 9, 16\] 25 True True root:\r\n")
    ctl(world, "terminate", "alice.box")


def test_less_in_the_middle(world):
    """It stands at the same line."""
    _box(world)
    term = _shell(world)
    term.send("seq 1 5000 > /tmp/numbers; less /tmp/numbers\n")
    term.expect("/tmp/numbers")
    term.send("2500g")
    term.expect("2520")
    term = _back(world)
    term.expect("2510")
    for _ in range(10):  # less forgets what is typed while it draws its screen anew
        term.send("=")
        with contextlib.suppress(AssertionError):
            term.expect(r"lines 2\d\d\d-25", 1.0)
            break
    else:
        raise AssertionError("less does not say where it is")
    ctl(world, "terminate", "alice.box")


def test_jobs_history_and_a_pipeline_in_flight(world):
    """A stopped job, a running one, what was typed before, a pipe that is being read."""
    _box(world)
    term = _shell(world)
    _ask(term, "cat > /tmp/stopped", "stopped\r\n")
    term.send("one line\n")
    world.until(lambda: _inside(world, "/tmp/stopped"), "cat has it")
    term.send("\x1a")
    term.expect("Stopped")
    _ask(term, "(for i in $(seq 100000); do echo $i; sleep 0.01; done | while read i; do echo $i >> /tmp/pipe; done) & "
         "echo st''arted", "started\r\n")
    term = _back(world)
    _ask(term, "jobs", r"\[1\][+-]? +Stopped")
    term.expect(r"\[2\].*Running")
    _ask(term, "history | grep -c s''topped", "1\r\n")
    _ask(term, "a=$(wc -l < /tmp/pipe); sleep 1; [ $(wc -l < /tmp/pipe) -gt $a ] && seq 1 $a | cmp - <(head -n $a /tmp/pipe) && echo wh''ole",
         "whole\r\n")
    _ask(term, "fg %1", "stopped\r\n")
    term.send("another\n\x04")
    _ask(term, "cat /tmp/stopped", "one line\r\nanother\r\n")
    ctl(world, "terminate", "alice.box")


def _prefix(term, key):
    """tmux takes keys that come together for a paste."""
    for each in "\x02", key:
        time.sleep(0.3)
        term.send(each)
    time.sleep(0.3)


def test_tmux_with_two_panes(world):
    """A server, its client on the terminal, two shells on terminals of the server's."""
    _box(world)
    term = _shell(world)
    term.send("tmux -f /dev/null new-session\n")
    term.expect(r"\[0\] 0:")
    term.send("x=left; echo le''ft\n")
    term.expect("left\r\n|left")
    _prefix(term, "%")
    term.send("x=right; echo ri''ght\n")
    term.expect("right")
    term = _back(world)
    term.expect(r"\[0\] 0:")
    term.send("echo this is $x\n")
    term.expect("this is right")
    _prefix(term, "o")
    term.send("echo this is $x\n")
    term.expect("this is left")
    ctl(world, "terminate", "alice.box")


def same(answer):
    assert answer.get("as before") is True, answer


def _round(world, name="alice.box", *options):
    ctl(world, "checkpoint", *options, name)
    assert status(world, name) == "checkpointed"
    ctl(world, "restore", name)
    assert status(world, name) == "running"


def test_one_of_everything(world):
    """Memory, files, sockets, pipes, timers, a filter: ten times in a row."""
    _box(world)
    zoo.start(world)
    for _ in range(10):
        _round(world)
        same(zoo.ask(world, "alice.box"))
    ctl(world, "terminate", "alice.box")


def test_much_memory_and_many_processes(world):
    """256 MiB of a pattern and a tree of 200."""
    _box(world)
    os.makedirs("/var/lib/pam_container", mode=0o700, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=700,size=90%", "tmpfs", "/var/lib/pam_container"], check=True)
    zoo.start(world, mib=256, children=200)
    _round(world)
    answer = zoo.ask(world, "alice.box")
    same(answer)
    assert answer["children"] == 200 and answer["memory"], answer
    ctl(world, "terminate", "alice.box")
    subprocess.run(["umount", "/var/lib/pam_container"], check=True)


WALLS = r"""
import json, os, re
status = dict(l.split(":\t", 1) for l in open("/proc/self/status").read().splitlines() if ":\t" in l)
keep = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Uid", "Gid", "Groups"]
def read(path):
    try:
        return open(path).read()
    except OSError as e:
        return str(e.errno)
mounts = sorted(" ".join(l.split()[4:6]) for l in open("/proc/self/mountinfo"))
print(json.dumps({"status": {k: status.get(k) for k in keep}, "limits": read("/proc/self/limits"),
    "mounts": mounts, "host": os.uname().nodename, "dev": sorted(os.listdir("/dev")),
    "net": sorted(os.listdir("/sys/class/net")), "oom": read("/proc/self/oom_score_adj"),
    "sysctl": read("/proc/sys/kernel/msgmax"), "kcore": read("/proc/kcore"), "pids": len([p for p in os.listdir("/proc") if p.isdigit()]),
    "lo": read("/proc/net/dev").split("lo:")[0] != "", "cgroup": [l.split(":", 1)[1] for l in read("/proc/self/cgroup").splitlines()]}))
"""


def _walls(world):
    write("/etc/walls.py", WALLS)
    done = world.ssh("alice", "python3 /etc/walls.py")
    assert done.returncode == 0, done
    return json.loads(done.stdout)


def _walls_hold(world, text):
    _box(world, text=text)
    zoo.start(world, children=0)
    before = _walls(world)
    limits = _limits(world)
    world.until(lambda: not outside.sessions(), "nobody is in")
    _round(world)
    assert _walls(world) == before
    assert _limits(world) == limits
    same(zoo.ask(world, "alice.box"))
    ctl(world, "terminate", "alice.box")


def _limits(world):
    show = ctl(world, "show", "alice.box").stdout.decode()
    return [line for line in show.splitlines() if "limit" in line]


def test_walls_of_the_host_view(world):
    """MUST-10: capabilities, filter, limits, mounts, host name are as they were."""
    _walls_hold(world, BOX + "MemoryMax=512M\nCPUWeight=50\n[Network]\nPrivate=no\n")


def test_walls_of_a_strict_box(world):
    """Read-only, hidden processes, own network, an overlay's scratch, sysctls."""
    _walls_hold(world, """[Container]
Linger=1h
[Exec]
Hostname=strict
CapabilityBoundingSet=
LimitNOFILE=512
OOMScoreAdjust=100
UMask=027
[Files]
ReadOnly=yes
PrivateTmp=yes
ProtectProc=invisible
TemporaryFileSystem=/home:size=1M,mode=0755
Bind=/home/alice
Inaccessible=/srv -/no/such
ReadOnlyPaths=/etc
Sysctl=kernel.msgmax=9999
[Network]
Private=loopback
[Resources]
TasksMax=100
MemoryMax=400M
""")


def test_an_overlay_keeps_what_was_written(world):
    """What is in the volatile upper folder is saved beside the images. (Not over the world's own overlay: programs
    mapped through two of them are shown at a mount that is in no list.)"""
    tree = "/mnt/tree"
    os.makedirs(tree)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", tree], check=True)
    for path in ("bin", "dev", "proc", "sys", "run", "tmp", "etc", "home/alice", "var/tmp"):
        os.makedirs(f"{tree}/{path}")
    shutil.copy("/bin/busybox", f"{tree}/bin/busybox")
    os.link(f"{tree}/bin/busybox", f"{tree}/bin/sh")
    write(f"{tree}/etc/old", "old")
    subprocess.run(["chmod", "777", f"{tree}/home/alice", f"{tree}/etc"], check=True)
    _box(world, text=f"""[Container]
[Files]
RootDirectory={tree}
Volatile=overlay
""")
    ctl(world, "start", "--id", "over", "box")
    script = ("cd /etc; echo mine > file; ln -s file link; rm old; mkdir d; echo x > d/x; mkfifo p; "
              "(while :; do echo t >> /etc/ticks; sleep 0.1; done) </dev/null >/dev/null 2>&1 &")
    ctl(world, "exec", "over", "--", "/bin/busybox", "sh", "-c", script)
    _round(world, "over")
    done = ctl(world, "exec", "over", "--", "/bin/busybox", "sh", "-c",
                "cd /etc; cat link d/x; ls; a=$(wc -l < ticks); sleep 1; [ $(wc -l < ticks) -gt $a ] && echo more")
    assert done.stdout.decode().split() == ["mine", "x", "d", "file", "link", "p", "ticks", "more"], done
    ctl(world, "exec", "over", "--", "/bin/busybox", "dd", "if=/dev/zero", "of=/etc/big", "bs=1k", "count=200")
    _round(world, "over", "--compress")
    done = ctl(world, "exec", "over", "--", "/bin/busybox", "wc", "-c", "/etc/big", "/etc/d/x")
    assert done.stdout.decode().split()[:4] == ["204800", "/etc/big", "2", "/etc/d/x"], done
    assert sorted(os.listdir(f"{tree}/etc")) == ["old"]
    ctl(world, "terminate", "over")
    subprocess.run(["umount", tree], check=True)


def test_configuration_of_criu_is_not_read(world):
    """MUST-10: what an administrator wrote for other uses of CRIU changes nothing."""
    _box(world)
    zoo.start(world)
    write("/etc/criu/default.conf", "no-such-option\n")
    _round(world)
    same(zoo.ask(world, "alice.box"))
    ctl(world, "terminate", "alice.box")


def test_files_that_are_others_by_now(world):
    """MUST-10: what was open is opened again by its path, as root; a link there gives nobody root's files."""
    _box(world)
    write("/etc/target", "0123456789", 0o600)
    script = ("import os, time; os.makedirs('d'); f = open('d/f', 'w+'); f.write('0123456789'); f.flush(); "
              "os.fchmod(f.fileno(), 0o600); open('ready', 'w'); time.sleep(1000)")
    world.ssh("alice", f'cd ~; setsid python3 -c "{script}" </dev/null >/dev/null 2>&1 & '
                       "while [ ! -e ~/ready ]; do sleep 0.05; done")
    ctl(world, "checkpoint", "alice.box")
    home = "/home/alice"
    os.rename(f"{home}/d", f"{home}/e")
    os.mkdir(f"{home}/d")
    os.symlink("/etc/target", f"{home}/d/f")
    said = ctl(world, "restore", "alice.box", code=1).stderr
    assert b"not the one that was open" in said, said
    assert not outside.containers() and status(world) == "checkpointed"
    os.unlink(f"{home}/d/f")
    os.rmdir(f"{home}/d")
    os.rename(f"{home}/e", f"{home}/d")
    ctl(world, "restore", "alice.box")
    ctl(world, "terminate", "alice.box")


def test_files_that_change_while_they_are_opened(world):
    """MUST-10: a file that is mapped many times is opened each time, as root; all of them are looked at, not one of them."""
    _box(world)
    for path, owner in (("/home/alice/x", 4001), ("/home/alice/y", 4001), ("/etc/target", 0)):
        write(path, "x" * 4096, 0o600)
        os.chown(path, owner, owner and 5001)
    write("/home/alice/prog", "import mmap, time\nx, y = open('x', 'r+'), open('y', 'r+')\n"
          "maps = [mmap.mmap((x, y)[i % 2].fileno(), 4096, mmap.MAP_SHARED) for i in range(200)]\n"
          "x.close()\ny.close()\nopen('ready', 'w')\ntime.sleep(1000)\n")
    world.ssh("alice", "cd ~; setsid python3 prog </dev/null >/dev/null 2>&1 & while [ ! -e ~/ready ]; do sleep 0.05; done")
    ctl(world, "checkpoint", "alice.box")
    os.symlink("/etc/target", "/home/alice/link")
    over = threading.Event()

    def flip():
        while not over.is_set():
            for _ in range(2):
                syscalls.exchange("/home/alice/x", "/home/alice/link")
    flipping = threading.Thread(target=flip)
    flipping.start()
    try:
        for _ in range(4):
            done = world.run(["containerctl", "restore", "alice.box"], timeout=60)
            if done.returncode == 0:  # by chance all were good
                break
    finally:
        over.set()
        flipping.join()
    assert not _maps("/etc/target"), "it has root's file"
    assert done.returncode == 0 or b"not the one that was open" in done.stderr or b"CRIU" in done.stderr, done
    if done.returncode:
        assert not outside.containers() and status(world) == "checkpointed"
        ctl(world, "restore", "alice.box")
    ctl(world, "terminate", "alice.box")


def _maps(path):
    """Who has a file mapped."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/maps") as file:
            if path in file.read():
                found.append(pid)
    return found


def _copied(path):
    """The same name, content, owner and mode, as rsync or a backup brings it to another machine: not the same inode."""
    subprocess.run(["cp", "-a", path, path + ".copy"], check=True)
    os.rename(path, path + ".first")  # so that its inode is not given again
    os.rename(path + ".copy", path)


def test_files_of_an_imported_one_are_copies(world):
    """MUST-10: by import, the user's own file by its name will do; a link, another's file or root's among others' not."""
    _box(world)
    write("/etc/target", "0123456789", 0o600)
    write("/home/alice/prog", "import os, time\nf = open('f', 'r+')\nopen('ready', 'w')\n"
          "while not os.path.exists('go'):\n    time.sleep(0.1)\n"
          "print(f.read(), file=open('said', 'w'), flush=True)\ntime.sleep(1000)\n")
    write("/home/alice/f", "0123456789", 0o600)
    os.chown("/home/alice/f", 4001, 5001)
    world.ssh("alice", "cd ~; setsid python3 prog </dev/null >/dev/null 2>&1 & "
                       "while [ ! -e ~/ready ]; do sleep 0.05; done")
    ctl(world, "checkpoint", "alice.box")
    file = "/home/alice/f"
    _copied(file)
    assert b"not the one that was open" in ctl(world, "restore", "alice.box", code=1).stderr, "it was not imported"
    ctl(world, "export", "alice.box", "/root/moves")
    ctl(world, "checkpoints", "rm", "--yes", "alice.box")
    ctl(world, "import", "/root/moves")

    def refused(change, why=b"not the one that was open"):
        os.rename(file, file + ".good")
        change()
        said = ctl(world, "restore", "alice.box", code=1).stderr
        assert why in said, said
        assert not outside.containers() and status(world) == "checkpointed"
        os.unlink(file)
        os.rename(file + ".good", file)

    def others(uid, gid, mode):
        write(file, "0123456789", mode)
        os.chown(file, uid, gid)
    refused(lambda: os.symlink("/etc/target", file))
    refused(lambda: os.link("/etc/target", file))
    refused(lambda: others(4002, 5001, 0o600))
    refused(lambda: others(4001, 0, 0o600))
    refused(lambda: others(4001, 5001, 0o644), b"bad mode")  # by CRIU
    ctl(world, "restore", "alice.box")
    write("/home/alice/go", "")
    for _ in range(100):
        if os.path.exists("/home/alice/said") and os.path.getsize("/home/alice/said"):
            break
        time.sleep(0.1)
    with open("/home/alice/said") as said:
        assert said.read() == "0123456789\n"
    ctl(world, "terminate", "alice.box")


def test_descriptors_on_their_way(world):
    """MUST-10: what is in a socket's queue is in nobody's table, and CRIU opens it again by its path, as root: refused."""
    _box(world)
    write("/home/alice/prog", "import os, socket, time\na, b = socket.socketpair()\nf = open('f', 'w+')\n"
          "a.send(b'before')\nsocket.send_fds(a, [b'data'], [f.fileno()])\nf.close()\nopen('ready', 'w')\n"
          "while not os.path.exists('go'):\n    time.sleep(0.05)\nb.recv(6)\nsocket.recv_fds(b, 4, 1)\n"
          "a.send(b'after')\nopen('gone', 'w')\ntime.sleep(1000)\n")
    world.ssh("alice", "cd ~; setsid python3 prog </dev/null >/dev/null 2>&1 & while [ ! -e ~/ready ]; do sleep 0.05; done")
    said = ctl(world, "checkpoint", "alice.box", code=1).stderr
    assert b"a descriptor is on its way through a socket" in said, said
    assert status(world) == "running"
    write("/home/alice/go", "")
    world.until(lambda: os.path.exists("/home/alice/gone"), "it was received")
    _round(world)
    ctl(world, "terminate", "alice.box")


def test_deleted_files_of_other_file_systems(world):
    """CRIU would make such a file again by its path, as root, where its folder is somebody's: refused."""
    _box(world)
    world.ssh("alice", "cd ~; exec 5>gone; rm gone; setsid sleep 1000 </dev/null >/dev/null 2>&1 & sleep 0.2")
    said = ctl(world, "checkpoint", "alice.box", code=1).stderr
    assert b"deleted" in said, said
    assert status(world) == "running"
    ctl(world, "terminate", "alice.box")


def test_sockets_on_other_file_systems(world):
    """CRIU would remove what stands at such a name, as root, and bind it again: refused. In /tmp it is saved."""
    _box(world)
    script = "import socket, sys, time; s = socket.socket(1); s.bind(sys.argv[1]); s.listen(); time.sleep(1000)"
    for path in ("/tmp/s", "/home/alice/s"):
        world.ssh("alice", f'setsid python3 -c "{script}" {path} </dev/null >/dev/null 2>&1 & '
                           f"while [ ! -e {path} ]; do sleep 0.05; done")
        if path == "/tmp/s":
            _round(world)
    said = ctl(world, "checkpoint", "alice.box", code=1).stderr
    assert b"bound to /home/alice/s" in said, said
    assert status(world) == "running"
    ctl(world, "terminate", "alice.box")


def _flip(path):
    """Change the byte in the middle; returns what undoes it."""
    with open(path, "r+b") as file:
        place = os.fstat(file.fileno()).st_size // 2
        before = os.pread(file.fileno(), 1, place)
        os.pwrite(file.fileno(), bytes([before[0] ^ 1]), place)
    def undo():
        with open(path, "r+b") as file:
            os.pwrite(file.fileno(), before, place)
    return undo


def test_changed_images_are_refused(world):
    """MUST-10: a byte of any file, before CRIU has seen it. (At 200 places of each: images.)"""
    _box(world)
    zoo.start(world, mib=1)
    ctl(world, "checkpoint", "alice.box")
    top = "/var/lib/pam_container/checkpoints/alice.box"
    files = [os.path.join(folder, name) for folder, _names, names in os.walk(top) for name in names]
    for path in [f for f in files if os.path.getsize(f)]:
        undo = _flip(path)
        said = ctl(world, "restore", "alice.box", code=1).stderr.decode()
        assert "CRIU" not in said and not outside.containers(), (path, said)
        undo()
    ctl(world, "restore", "alice.box")
    same(zoo.ask(world, "alice.box"))
    ctl(world, "terminate", "alice.box")


def test_left_running_then_a_crash(world):
    """The container goes on; when it has crashed its image brings back what was. (With a network of its own: on the
    host's, connections of the crashed one are still being closed.)"""
    _box(world, "[Network]\nPrivate=loopback\n")
    zoo.start(world)
    stats = json.loads(ctl(world, "checkpoint", "--leave-running", "--print-stats", "alice.box").stdout)
    assert stats["id"] == "alice.box" and stats["pages_written"] > 2000 and stats["frozen_us"] > 0, stats
    assert status(world) == "running"
    same(zoo.ask(world, "alice.box"))
    os.kill(outside.init_pid(), signal.SIGKILL)
    world.until(lambda: not os.listdir("/run/pam_container/containers"), "it is gone")
    assert status(world) == "checkpointed"
    ctl(world, "restore", "alice.box")
    same(zoo.ask(world, "alice.box"))
    ctl(world, "terminate", "alice.box")


def test_a_lost_connection_goes_to_disk(world):
    """OnDisconnect=checkpoint: the client is killed, the container is written to disk, the next login is back in."""
    _box(world, text=BOX.replace("Linger=1h", "OnDisconnect=checkpoint"))
    term = _shell(world)
    _ask(term, "x=kept; echo s''et", "set\r\n")
    os.kill(term.pid, signal.SIGKILL)
    term.wait()
    world.until(lambda: status(world) == "checkpointed" and not outside.containers(), "it is on disk")
    term = world.terminal(world.ssh_argv("alice", "-tt"))
    _ask(term, "echo $x", "kept\r\n")
    _ask(term, "exit", "")
    term.wait()
    world.until(lambda: status(world) is None, "a shell that ends leaves nothing")


def test_a_logout_leaves_work_on_disk(world):
    """OnLogout=yes: what still runs goes to disk; nothing runs, nothing is written."""
    _box(world, text=BOX.replace("Linger=1h", "Linger=1s") + "[Checkpoint]\nOnLogout=yes\n")
    zoo.start(world)
    world.until(lambda: status(world) == "checkpointed", "it is on disk", 15)
    assert world.ssh("alice", "echo in").stdout == b"in\n"
    same(zoo.ask(world, "alice.box"))
    ctl(world, "terminate", "alice.box")
    assert world.ssh("alice", "echo in").stdout == b"in\n"
    world.until(lambda: status(world) is None, "there is nothing to keep")


def test_no_restore_where_it_is_not_wanted(world):
    """RestoreOnLogin=no, and an image that was left running: the login gets a new container, the image stays."""
    _box(world, "[Checkpoint]\nRestoreOnLogin=no\n")
    zoo.start(world)
    ctl(world, "checkpoint", "alice.box")
    assert world.ssh("alice", "ls /tmp").stdout == b""
    assert status(world) == "checkpointed" and status(world, "alice.box-2") == "running"
    ctl(world, "terminate", "alice.box-2")
    ctl(world, "restore", "alice.box")
    same(zoo.ask(world, "alice.box"))
    world.definition("box", BOX)
    ctl(world, "checkpoint", "--leave-running", "alice.box")
    ctl(world, "terminate", "alice.box")
    assert status(world) == "checkpointed"
    assert world.ssh("alice", "ls /tmp").stdout == b""
    ctl(world, "terminate", "alice.box-2")
    ctl(world, "terminate", "alice.box")


def test_what_can_not_be_saved_is_said(world):
    """A command whose pipes end in sshd: named, untouched; ended where that is wanted."""
    _box(world)
    job = subprocess.Popen(world.ssh_argv("alice", "echo up; exec sleep 1000"), stdout=subprocess.PIPE)
    assert job.stdout.readline() == b"up\n"
    said = ctl(world, "checkpoint", "alice.box", code=1).stderr
    assert b"(sleep 1000)" in said and b"--kill-plain" in said, said  # by command line
    assert job.poll() is None and status(world) == "running"
    ctl(world, "checkpoint", "--kill-plain", "alice.box")
    job.wait(10)
    assert status(world) == "checkpointed"


def test_what_a_restored_container_is(world):
    """Processes, statistics, pause, limits, logins, and a second checkpoint."""
    _box(world, "MemoryMax=300M\n")
    zoo.start(world)
    _round(world)
    listed = world.run(["containermon", "ps", "alice.box"]).stdout
    assert listed.count(b"python3") == 4 and b"init" in listed, listed
    assert b"300M" in world.run(["containermon", "stats", "alice.box"]).stdout
    ctl(world, "pause", "alice.box")
    assert status(world) == "paused"
    ctl(world, "resume", "alice.box")
    ctl(world, "set", "alice.box", "TasksMax=123")
    same(zoo.ask(world, "alice.box"))
    assert world.ssh("alice", "id -un").stdout == b"alice\n"
    _round(world)
    assert b"pids_limit=123" in ctl(world, "show", "alice.box").stdout
    ctl(world, "terminate", "alice.box")


def test_locks_of_files(world):
    """Refused unless they are wanted; then they are held again."""
    _box(world)
    world.ssh("alice", "setsid flock ~/l sleep 1000 </dev/null >/dev/null 2>&1 & until ! flock -n ~/l true; do sleep 0.05; done")
    assert b"--file-locks" in ctl(world, "checkpoint", "alice.box", code=1).stderr
    assert status(world) == "running"
    ctl(world, "checkpoint", "--file-locks", "alice.box")
    assert world.run(["flock", "-n", "/home/alice/l", "true"]).returncode == 0
    ctl(world, "restore", "alice.box")
    assert world.run(["flock", "-n", "/home/alice/l", "true"]).returncode == 1
    ctl(world, "terminate", "alice.box")


def test_what_is_not_as_it_was_is_said(world):
    """A mount that is gone, a file that has another size: the line of CRIU's log that matters; the images stay."""
    os.makedirs("/srv/data")
    os.chmod("/srv/data", 0o777)
    _box(world, text=BOX.replace("PrivateTmp=yes", "PrivateTmp=yes\nBind=-/srv/data"))
    world.ssh("alice", "echo one > ~/f; setsid sh -c 'exec 6<~/f; echo up > /tmp/up; exec sleep 1000' </dev/null "
                       ">/dev/null 2>&1 & until [ -e /tmp/up ]; do sleep 0.05; done")
    ctl(world, "checkpoint", "alice.box")
    os.rename("/srv/data", "/srv/elsewhere")
    assert b"/srv/data" in ctl(world, "restore", "alice.box", code=1).stderr
    os.rename("/srv/elsewhere", "/srv/data")
    write("/home/alice/f", "another size\n")
    assert b"bad size" in ctl(world, "restore", "alice.box", code=1).stderr
    assert status(world) == "checkpointed" and not outside.containers()
    write("/home/alice/f", "one\n")
    os.chown("/home/alice/f", 4001, 5001)
    ctl(world, "terminate", "alice.box")


def test_who_has_dev_tty_open(world):
    """The leader of a session (bob's shell is dash), and a program that leads none and reads keys one by one: it has
    no controlling terminal after a restore, and reads on from its own one, with its settings."""
    _box(world)
    bob, alice = _shell(world, "bob"), _shell(world)
    _ask(bob, "stty -echo; x=kept; readlink /proc/$$/fd/10", "/dev/tty\r\n")
    script = "import os, tty; f = open('/dev/tty', 'rb', 0); tty.setcbreak(f); print('key' + '?'); print('key', f.read(1))"
    _ask(alice, f'python3 -c "{script}"', re.escape("key?\r\n"))
    bob, alice = _back(world, "bob"), _back(world)
    alice.send("k")
    alice.expect("key b'k'")
    _ask(bob, "echo m''ore; echo $x", r"\$ more\r\nkept\r\n")  # what was typed is not echoed
    for name in ("bob.box", "alice.box"):
        ctl(world, "terminate", name)


def test_connections_to_the_outside_are_said(world):
    """A socket whose other end is not the container's: process and peer are named, nothing was touched."""
    _box(world)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        script = f"import socket, time; s = socket.create_connection((\"127.0.0.1\", {port})); time.sleep(1000)"
        world.ssh("alice", f"setsid python3 -c '{script}' </dev/null >/dev/null 2>&1 &")
        peer = server.accept()[0]
        said = ctl(world, "checkpoint", "alice.box", code=1).stderr.decode()
        assert f"connected to 127.0.0.1:{port} outside" in said and "(python3)" in said, said
        assert status(world) == "running" and outside.ask("sessions")[0] == "sessions"
        peer.close()
    ctl(world, "terminate", "alice.box")


def test_states_of_a_checkpoint(world):
    """It can be listed, shown, destroyed; what makes no sense is refused with a reason."""
    _box(world)
    zoo.start(world)
    ctl(world, "pause", "alice.box")
    assert b"resume" in ctl(world, "checkpoint", "alice.box", code=1).stderr
    ctl(world, "resume", "alice.box")
    said = ctl(world, "restore", "alice.box", code=1).stderr
    assert b"exists already" in said or b"in use" in said, said
    ctl(world, "checkpoint", "alice.box")
    for verb in (["pause"], ["checkpoint"], ["exec", "--", "true"], ["set", "TasksMax=9"]):
        arguments = [verb[0], "alice.box", *verb[1:]]
        done = world.run(["containerctl", *arguments])
        assert done.returncode in (1, 125) and b"checkpoint" in done.stderr, done
    assert b"state=checkpointed" in ctl(world, "show", "alice.box").stdout
    ctl(world, "terminate", "alice.box")
    left = os.listdir("/var/lib/pam_container/checkpoints")
    assert not left and status(world) is None, left
    ctl(world, "restore", "alice.box", code=1)
    said = ctl(world, "restore", "nosuch", code=1).stderr
    assert said == b"containerctl: there is no checkpoint of container nosuch; try 'containerctl checkpoints'\n", said


def _locks():
    """Tables of nftables by which CRIU keeps packets from connections that are on disk."""
    tables = subprocess.run(["nft", "list", "tables"], capture_output=True, check=True).stdout.split()
    return [name for name in tables if name.startswith(b"CRIU-")]


def test_a_connection_to_the_outside_is_kept(world):
    """--tcp-established: the peer sees nothing of it, what was sent meanwhile arrives, both ends go on. A checkpoint
    that is removed takes with it what kept packets from the connection."""
    _box(world)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        script = ("import socket, sys; s = socket.create_connection((\"127.0.0.1\", int(sys.argv[1])))\n"
                  "while True: s.sendall(s.recv(100).upper())")
        world.ssh("alice", f"setsid python3 -c '{script}' {port} </dev/null >/dev/null 2>&1 &")
        peer = server.accept()[0]
        with peer:
            peer.settimeout(10)
            peer.sendall(b"one")
            assert peer.recv(100) == b"ONE"
            ctl(world, "checkpoint", "--tcp-established", "alice.box")
            assert len(_locks()) == 1
            peer.sendall(b"two")
            ctl(world, "restore", "alice.box")
            assert peer.recv(100) == b"TWO" and not _locks()
            peer.sendall(b"three")
            assert peer.recv(100) == b"THREE"
            ctl(world, "checkpoint", "--tcp-established", "alice.box")
            assert len(_locks()) == 1
            ctl(world, "checkpoints", "rm", "alice.box")
            assert not _locks()
