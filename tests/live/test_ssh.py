# SPDX-License-Identifier: LGPL-2.1-or-later
"""Commands and shells by ssh."""

import hashlib
import os
import signal
import subprocess


def test_command(world):
    done = world.ssh("alice", "echo", "'$1 a  b'")
    assert (done.returncode, done.stdout) == (0, b"$1 a  b\n"), done


def test_exit_status(world):
    for status in (0, 1, 3, 127, 254):
        assert world.ssh("alice", f"exit {status}").returncode == status


def test_death_by_signal(world):
    done = world.ssh("alice", "kill -TERM $$")
    assert done.returncode in (255, 128 + signal.SIGTERM), done


def test_walls(world):
    """MUST-1: every process of the session, seen from the host."""
    client = subprocess.Popen(world.ssh_argv("alice", "echo ready; cat"), stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE)
    assert client.stdout.readline() == b"ready\n"
    world.require_walls("alice")
    client.stdin.close()
    assert client.wait(10) == 0


def test_bulk_pipe(world):
    data = os.urandom(1 << 20) * 32
    done = world.ssh("alice", "cat", input=data, timeout=60)
    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(data).digest()


def test_shell(world):
    term = world.terminal(world.ssh_argv("alice", "-tt"))
    term.send("PS1=; stty -echo; echo be''gin\n")
    term.expect("begin\r\n")
    world.require_walls("alice")
    term.resize(33, 111)
    world.until(lambda: _size(term) == b"33 111", "the window size arrives")
    term.send("bash -c 'echo sle''eping; exec sleep 100'\n")
    term.expect("sleeping")
    world.interrupt(term, "^sleep 100")
    term.send("echo st''ill=$?=\n")
    term.expect("still=130=")
    term.send("exit 5\n")
    assert term.wait() == 5


def test_terminal_name(world):
    """tty, SSH_TTY and the terminal's owner agree, though sshd's terminal is another one."""
    done = world.run(world.ssh_argv("alice", "-tt", "tty; echo $SSH_TTY; stat -c '%U %a' $(tty)"))
    lines = done.stdout.decode().split("\r\n")[-4:-1]
    assert lines == ["/dev/pts/0", "/dev/pts/0", "alice 620"] or not world.product, done


def _size(term):
    term.send("echo size=$(stty size)=\n")
    return term.expect(r"size=(\d+ \d+)=").group(1)


def test_sftp_internal(world):
    _sftp(world)




def test_sftp_server(world):
    _sftp(world)


test_sftp_server.sshd_lines = ["Subsystem sftp /usr/lib/openssh/sftp-server"]


def _sftp(world):
    done = world.run(world.ssh_argv("alice", program="sftp"), input=b"mkdir made\nls\n")
    assert done.returncode == 0 and b"made" in done.stdout, done
    assert os.path.isdir("/home/alice/made")


def test_scp(world):
    with open("/tmp/file", "wb") as file:
        file.write(os.urandom(100000))
    done = world.run(world.ssh_argv("alice", "/tmp/file", "alice@127.0.0.1:copy", program="scp"))
    assert done.returncode == 0, done
    with open("/tmp/file", "rb") as one, open("/home/alice/copy", "rb") as two:
        assert one.read() == two.read()


def test_abrupt_disconnect(world):
    client = subprocess.Popen(world.ssh_argv("alice", "echo ready; cat"), stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE)
    assert client.stdout.readline() == b"ready\n"
    client.kill()
    client.wait()


def test_root_stays_on_the_host(world):
    """MUST-2: uid 0 is never contained."""
    done = world.ssh("root", "readlink /proc/self/ns/pid")
    assert done.stdout.decode().strip() == os.readlink("/proc/self/ns/pid"), done
