# SPDX-License-Identifier: LGPL-2.1-or-later
"""A process with one of everything that a checkpoint must bring back; says what it still has when it is asked."""

import subprocess

from .world import write

PATH = "/etc/zoo.py"  # shown inside, since /etc is the host's

PROGRAM = r'''
import ctypes, hashlib, json, mmap, os, select, signal, socket, struct, sys, time
MIB = int(sys.argv[2])
libc = ctypes.CDLL(None, use_errno=True)
place = sys.argv[1]  # a folder of its own; "ask" there is answered in "answer"
os.makedirs(place)
os.chdir(place)
# before the memory, of which each would have a copy in the images
children = []
for i in range(int(sys.argv[3])):
    pid = os.fork()
    if pid == 0:
        signal.pause()
    children.append(pid)
def digest(m):
    return hashlib.sha256(memoryview(m)).hexdigest()
memory = mmap.mmap(-1, MIB << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
block = os.urandom(1 << 20)
for i in range(MIB):
    memory[i << 20:(i + 1) << 20] = block[i:] + block[:i]
shared = mmap.mmap(-1, 1 << 20)
shared[:] = block
gone = open("gone", "w+b")
gone.write(b"deleted but open")
gone.flush()
os.unlink("gone")
here = open("here", "w+b")
here.write(b"0123456789")
here.flush()
here.seek(4)
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(1)
client = socket.create_connection(listener.getsockname())
server, _ = listener.accept()
client.sendall(b"in flight")
one, two = socket.socketpair()
one.sendall(b"in the pair")
reader, writer = os.pipe()
os.write(writer, b"in the pipe")
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
mask = struct.pack("Q", 1 << (signal.SIGUSR1 - 1))
signals = libc.signalfd(-1, mask, 0o2000000)
event = libc.eventfd(7, 0o2000000)
timer = libc.timerfd_create(1, 0o2000000)
libc.timerfd_settime(timer, 0, struct.pack("qqqq", 0, 0, 1, 0), None)
watch = libc.inotify_init1(0o2004000)
assert libc.inotify_add_watch(watch, place.encode(), 0x100) > 0
poll = select.epoll()
poll.register(event, select.EPOLLIN)
libc.prctl(38, 1, 0, 0, 0)
# a filter of its own: getppid is EPERM
program = struct.pack("HBBI" * 4, 0x20, 0, 0, 0, 0x15, 0, 1, 110, 6, 0, 0, 0x50001, 6, 0, 0, 0x7fff0000)
buffer = ctypes.create_string_buffer(program)
class Filter(ctypes.Structure):
    _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_void_p)]
if "--filter" in sys.argv:
    assert libc.prctl(22, 2, ctypes.byref(Filter(4, ctypes.addressof(buffer))), 0, 0) == 0
# places and turns of its own: the last CPU, the last turn at the disk, no haste
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
libc.syscall(251, 1, 0, 2 << 13 | 7)
os.nice(3)
before = digest(memory)
def facts():
    os.kill(os.getpid(), signal.SIGUSR1)
    open("new", "w").close()
    os.unlink("new")
    gone.seek(0)
    # each is asked whether it still works, after the first time with what is left of it
    client.sendall(b"!")
    writer_said = os.write(writer, b"!") == 1
    server.setblocking(False)
    return {
        "pid": os.getpid(), "cwd": os.getcwd(), "memory": digest(memory) == before,
        "shared": bytes(shared) == block, "gone": gone.read().decode(), "offset": here.tell(),
        "tcp": server.recv(100)[-1:].decode(), "pair": two.recv(100, socket.MSG_PEEK).decode(),
        "pipe": os.read(reader, 100)[-1:].decode(), "signal": len(os.read(signals, 128)),
        "event": [fd for fd, _ in poll.poll(0)] == [event], "timer": os.read(timer, 8)[0],
        "watch": len(os.read(watch, 4096)) > 0, "children": sum(os.kill(c, 0) is None for c in children),
        "filter": libc.getppid() == -1, "uid": os.getuid(), "groups": sorted(os.getgroups()),
        "limit": __import__("resource").getrlimit(7), "umask": int(open("/proc/self/status").read().split("Umask:")[1].split()[0], 8), "nice": os.nice(0),
        "cpus": sorted(os.sched_getaffinity(0)), "policy": os.sched_getscheduler(0), "io": libc.syscall(252, 1, 0),
        "slack": libc.prctl(30), "persona": libc.personality(0xffffffff), "host": os.uname().nodename}
state = facts()
libc.timerfd_settime(timer, 0, struct.pack("qqqq", 0, 0, 1, 0), None)
open("ready", "w").close()
while True:
    time.sleep(0.02)
    if os.path.exists("ask"):
        os.unlink("ask")
        try:
            libc.timerfd_settime(timer, 0, struct.pack("qqqq", 0, 0, 0, 1), None)
            answer = facts()
            answer["as before"] = answer == state or {k: (state[k], answer[k]) for k in state if state[k] != answer[k]}
        except Exception as e:
            answer = {"error": repr(e)}
        with open("answer.new", "w") as f:
            json.dump(answer, f)
        os.rename("answer.new", "answer")
'''


def start(world, user="alice", mib=8, children=3, place="/tmp/zoo", filter=True):
    """Without a terminal, out of the login's reach."""
    write(PATH, PROGRAM)
    options = "--filter" if filter else ""
    done = world.ssh(user, f"setsid python3 {PATH} {place} {mib} {children} {options} </dev/null >/tmp/zoo.log 2>&1 & "
                           f"for i in $(seq 400); do [ -e {place}/ready ] && exit 0; sleep 0.05; done; "
                           "cat /tmp/zoo.log; exit 1", timeout=60)
    assert done.returncode == 0, done


def ask(world, name, place="/tmp/zoo"):
    """What it says, as a dictionary; run from outside, through the container."""
    script = (f"rm -f {place}/answer; touch {place}/ask; "
              f"for i in $(seq 200); do [ -e {place}/answer ] && exec cat {place}/answer; sleep 0.05; done; "
              "cat /tmp/zoo.log; exit 1")
    done = subprocess.run(["containerctl", "exec", name, "--", "sh", "-c", script], capture_output=True,
                          timeout=60, check=False)
    assert done.returncode == 0, done
    return __import__("json").loads(done.stdout)
