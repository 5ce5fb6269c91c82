# SPDX-License-Identifier: LGPL-2.1-or-later
"""Root of the host talks to PID 1 of a container, as the supervisor and the library do."""

import array
import os
import signal
import socket
import time


class _Any:
    def __eq__(self, other):
        return True


ANY = _Any()


def init_pid():
    """Host pid of the only container's PID 1."""
    name, = os.listdir("/run/pam_container/containers")
    with open(f"/run/pam_container/containers/{name}/state.json") as file:
        return int(file.read().split('"init.pid":')[1].split(",")[0])


def containers():
    """IDs of the folders."""
    place = "/run/pam_container/containers"
    return os.listdir(place) if os.path.isdir(place) else []


def wake(init=None):
    """After `quiesce` PID 1 has no socket until it sees this signal."""
    init = init or init_pid()
    os.kill(init, signal.SIGUSR2)
    end = time.monotonic() + 5
    while not os.path.exists(f"/proc/{init}/root/dev/.container/socket"):
        assert time.monotonic() < end, "PID 1 has no socket"
        time.sleep(0.01)


class Peer:
    def __init__(self, init=None, timeout=8):
        self.init = init or init_pid()
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.settimeout(timeout)
        self.sock.connect(f"/proc/{self.init}/root/dev/.container/socket")
        self.fds = []

    def ask(self, verb, **records):
        """Verb of the answer and its records as (key, value); [] when the connection is closed."""
        text = "\0".join([verb, *(f"{k}={v}" for k, v in records.items())]) + "\0"
        self.sock.send(text.encode())
        return self.hear()

    def hear(self):
        data, control, _flags, _address = self.sock.recvmsg(65536, 4096)
        for _level, _type, content in control:
            self.fds += array.array("i", content)
        words = data.decode().split("\0")[:-1]
        return [words[0], [tuple(w.split("=", 1)) for w in words[1:]]] if words else []

    def close(self):
        for fd in self.fds:
            os.close(fd)
        self.fds = []
        self.sock.close()


def ask(verb, **records):
    peer = Peer()
    try:
        return peer.ask(verb, **records)
    finally:
        peer.close()


def sessions():
    """Terminal sessions: a list of dictionaries."""
    verb, records = ask("sessions")
    assert verb == "sessions", verb
    found = []
    for key, value in records[1:]:
        if key == "session":
            found.append({})
        found[-1][key] = int(value)
    assert int(records[0][1]) == len(found)
    return found


def links(pid):
    """What a process holds open, as /proc names it."""
    found = []
    for n in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.append(os.readlink(f"/proc/{pid}/fd/{n}"))
        except FileNotFoundError:  # closed meanwhile
            pass
    return sorted(found)
