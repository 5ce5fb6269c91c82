# SPDX-License-Identifier: LGPL-2.1-or-later
"""Probes: Python code that runs as a user inside a session and tells what it got, as JSON."""

import json

from .world import write

PATH = "/etc/probe.py"  # shown inside, since /etc is the host's

PRELUDE = r'''
import array, ctypes, errno, fcntl, json, os, signal, socket, stat, struct, sys, time
libc = ctypes.CDLL(None, use_errno=True)
out = {}

def syscall(number, *args):
    result = libc.syscall(ctypes.c_long(number), *args)
    if result < 0:
        raise OSError(ctypes.get_errno(), "syscall %d" % number)
    return result

def tried(function, *args):
    """The name of the error, or "ok"."""
    try:
        function(*args)
    except OSError as e:
        return errno.errorcode.get(e.errno, str(e.errno))
    return "ok"

def write(path, data=b"0"):
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, data)
    finally:
        os.close(fd)

class Peer:
    """A connection to PID 1, without any care for its protocol."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.connect("/dev/.container/socket")
        self.sock.settimeout(5)

    def send_raw(self, data, fds=()):
        right = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        for again in range(100):  # what a user has under way counts for all containers, and is taken back later, unix(7)
            try:
                return self.sock.sendmsg([data], right)
            except OSError as e:
                if e.errno != errno.ETOOMANYREFS or again == 99:
                    raise
                time.sleep(.05)

    def send(self, verb, *records, fds=()):
        self.send_raw(b"\0".join([verb, *records]) + b"\0", fds)

    def answer(self):
        """Verb and records; [] when the connection was closed."""
        try:
            data = self.sock.recvmsg(65536, 4096)[0]
        except ConnectionResetError:
            data = b""
        return data.decode().split("\0")[:-1]

    def start(self, *records, terminal=0, fds=(0, 1, 2), seal=True):
        given = [payload(*records, seal=seal), *(() if terminal else fds)]
        self.send(b"start", b"terminal=%d" % terminal, fds=given)
        os.close(given[0])
        return self.answer()

def payload(*records, seal=True):
    fd = os.memfd_create("payload", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    data = b"".join(r + b"\0" for r in records)
    while data:
        data = data[os.write(fd, data):]
    if seal:
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, 0xf)
    return fd

def output_of(*argv):
    """What a program says that PID 1 was asked to start, and its wait status."""
    read, write_end = os.pipe()
    peer = Peer()
    first = peer.start(b"file=" + argv[0], *(b"arg=" + a for a in argv), b"env=PATH=/usr/bin:/bin",
                       fds=(0, write_end, 2))
    os.close(write_end)
    if first[:1] != ["started"]:
        return first
    with os.fdopen(read) as file:
        text = file.read()
    return [text, *peer.answer()]
'''


def run(world, code, user="alice", command="python3 " + PATH, **options):
    """Run the code by ssh as that user; returns what it put into `out`."""
    write(PATH, PRELUDE + code + "\nprint(json.dumps(out))\n")
    done = world.ssh(user, command, **options)
    assert done.returncode == 0, (done.stdout.decode(), done.stderr.decode(), world.log[-5:])
    return json.loads(done.stdout)


def run_as_root(world, code):
    """The same as root inside: needs NoNewPrivileges=no in the definition."""
    write("/etc/sudoers.d/alice", "alice ALL=(ALL) NOPASSWD: ALL\n", 0o440)
    return run(world, code, command="sudo -n python3 " + PATH)
