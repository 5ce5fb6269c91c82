# SPDX-License-Identifier: LGPL-2.1-or-later
"""Forwarding by ssh, and one connection that carries several sessions."""

import contextlib
import os
import socket
import subprocess
import threading

PRIVATE = "[Network]\nPrivate=loopback\n"
LISTENER = ("import socket; l = socket.create_server(('127.0.0.1', 7001)); print('up', flush=True)\n"
            "while 1: c = l.accept()[0]; c.sendall(b'inner'); c.close()")


def _serve(path_or_port, text):
    """A listener of the host that says one word to whoever connects."""
    if isinstance(path_or_port, int):
        sock = socket.create_server(("127.0.0.1", path_or_port))
    else:
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(path_or_port)
        os.chmod(path_or_port, 0o666)
        sock.listen()

    def answer():
        with contextlib.suppress(OSError):
            while True:
                peer = sock.accept()[0]
                peer.sendall(text)
                peer.close()
    threading.Thread(target=answer, daemon=True).start()
    return sock


def _read(port):
    with socket.create_connection(("127.0.0.1", port), 5) as sock:
        return sock.recv(100)


def _ssh(world, *options, command=None):
    """A client in the background that stays until its standard input closes."""
    argv = world.ssh_argv("alice", *options, command or "echo up; cat")
    job = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert job.stdout.readline() == b"up\n"
    return job


def _end(job):
    job.stdin.close()
    job.wait(10)


def test_local_forward(world):
    _serve(7000, b"outer")
    job = _ssh(world, "-L7100:127.0.0.1:7000")
    assert _read(7100) == b"outer"
    _end(job)


def test_remote_forward(world):
    _serve(7000, b"outer")
    job = _ssh(world, "-R7100:127.0.0.1:7000")
    assert _read(7100) == b"outer"
    _end(job)


def test_dynamic_forward(world):
    _serve(7000, b"outer")
    job = _ssh(world, "-D7100")
    with socket.create_connection(("127.0.0.1", 7100), 5) as sock:
        sock.sendall(b"\x05\x01\x00")
        assert sock.recv(2) == b"\x05\x00"
        sock.sendall(b"\x05\x01\x00\x01\x7f\x00\x00\x01" + (7000).to_bytes(2, "big"))
        assert sock.recv(10)[1] == 0
        assert sock.recv(10) == b"outer"
    _end(job)


def test_stream_forward(world):
    """The socket's path is the container's: its /tmp, not the host's."""
    _serve(7000, b"outer")
    job = _ssh(world, "-R/tmp/forwarded:127.0.0.1:7000")
    assert os.path.exists("/tmp/forwarded") != world.product
    _end(job)


def test_forward_without_session(world):
    _serve(7000, b"outer")
    argv = world.ssh_argv("alice", "-N", "-L7100:127.0.0.1:7000")
    job = subprocess.Popen(argv, stdin=subprocess.DEVNULL)
    world.until(lambda: _listens(7100), "the forward listens")
    assert _read(7100) == b"outer"
    world.require_walls("alice")
    job.terminate()
    job.wait(10)


def _listens(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def test_agent(world):
    agent = subprocess.run(["ssh-agent", "-s", "-a", "/tmp/agent"], capture_output=True, check=True)
    pid = int(agent.stdout.split(b"SSH_AGENT_PID=")[1].split(b";")[0])
    try:
        os.environ["SSH_AUTH_SOCK"] = "/tmp/agent"
        subprocess.run(["ssh-add", "-q", "/etc/ssh/test_client"], check=True, capture_output=True)
        done = world.ssh("alice", "-A", "ssh-add -l")
        assert done.returncode == 0 and b"ED25519" in done.stdout, done
        assert world.ssh("alice", "ssh-add -l").returncode == 2
    finally:
        os.environ.pop("SSH_AUTH_SOCK")
        os.kill(pid, 15)


def test_multiplexed_sessions(world):
    """One login, many sessions: shells, a command and sftp share the connection and the container."""
    path = "-oControlPath=/tmp/mux"
    master = _ssh(world, "-M", path)
    jobs = [_ssh(world, path, command="echo up; cat") for _ in range(3)]
    if world.product:
        seen = {world.ssh("alice", path, "readlink /proc/self/ns/pid").stdout for _ in range(2)}
        assert len(seen) == 1 and os.readlink("/proc/self/ns/pid").encode() not in seen, seen
    world.require_walls("alice")
    for job in jobs:
        _end(job)
    assert world.ssh("alice", path, "exit 9").returncode == 9
    _end(master)


def test_private_network_of_a_forward(world):
    """A forward reaches a listener inside, and not one on the host."""
    world.definition("box", PRIVATE)
    _serve(7000, b"outer")
    job = _ssh(world, "-L7100:127.0.0.1:7001", "-L7101:127.0.0.1:7000",
               command=f"python3 -c \"{LISTENER}\"")
    assert _read(7100) == b"inner"
    assert _read(7101) == b""
    job.kill()
    job.wait(10)


test_private_network_of_a_forward.contained = True


def test_remote_forward_into_a_private_network(world):
    world.definition("box", PRIVATE)
    _serve(7000, b"outer")
    job = _ssh(world, "-R7100:127.0.0.1:7000")
    assert not _listens(7100)
    _end(job)


test_remote_forward_into_a_private_network.contained = True


def test_killed_monitor(world):
    """MUST-9: sshd's monitor dies of SIGKILL, and with it all that it let in."""
    job = _ssh(world)
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{name}/cmdline") as file:
            if "sshd: alice [priv]" in file.read():
                os.kill(int(name), 9)
    world.until(lambda: not os.listdir("/run/pam_container/containers"), "the container is removed")
    job.wait(10)


test_killed_monitor.contained = True
