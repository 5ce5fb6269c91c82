# SPDX-License-Identifier: LGPL-2.1-or-later
"""One virtual machine: qemu with software emulation, its serial console, and ssh through a port of the loopback."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../live"))
from harness.terminal import Terminal  # noqa: E402

BOOT = 600  # seconds; 31 on a quiet machine, 244 on one that builds


class Failed(AssertionError):
    pass


class Console:
    """The serial line: a thread keeps all that comes; type and wait as somebody at the console does."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.text = ""
        self.read = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        try:
            while data := self.socket.recv(65536):
                self.text += data.decode(errors="replace")
        except OSError:
            pass

    def type(self, text):
        self.socket.sendall(text.encode())

    def expect(self, pattern, timeout=120):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            match = re.compile(pattern).search(self.text, self.read)
            if match:
                self.read = match.end()
                return match
            time.sleep(0.05)
        raise Failed(f"the console never said {pattern!r}; at last: {self.text[self.read:][-500:]!r}")


class Machine:
    """folder: of this machine alone. image: what tests/vm/image made; its disk is copied when there is none yet."""

    def __init__(self, folder, image, memory=1024):
        os.makedirs(folder, exist_ok=True)
        self.folder, self.image, self.memory = folder, image, memory
        self.key = os.path.join(image, "key")
        self.disk = os.path.join(folder, "disk")
        self.qemu = self.console = self.port = self.line = self.second = None
        if not os.path.exists(self.disk):
            subprocess.run(["cp", "--sparse=always", os.path.join(image, "disk"), self.disk], check=True)

    def start(self):
        """Power on, and wait until sshd answers; seconds that took."""
        began = time.monotonic()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        line = os.path.join(self.folder, "console")
        if os.path.exists(line):
            os.unlink(line)
        self.qemu = subprocess.Popen(
            ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", str(self.memory),
             "-nodefaults", "-display", "none", "-no-user-config",
             "-kernel", os.path.join(self.image, "vmlinuz"), "-initrd", os.path.join(self.image, "initrd"),
             "-append", "root=/dev/vda rw console=ttyS0 quiet net.ifnames=0 no_timer_check",
             "-drive", f"file={self.disk},format=raw,if=virtio,cache=writeback",
             "-netdev", f"user,id=lan,restrict=on,hostfwd=tcp:127.0.0.1:{self.port}-:22",
             "-device", "virtio-net-pci,netdev=lan,romfile=", "-device", "virtio-rng-pci",
             "-chardev", f"socket,id=line,path={line},server=on,wait=off", "-serial", "chardev:line"],
            stdin=subprocess.DEVNULL)
        while not os.path.exists(line):
            if self.qemu.poll() is not None:
                raise Failed("qemu did not start")
            time.sleep(0.05)
        self.console = Console(line)
        self.wait_ssh()
        self._keep_a_line()
        return time.monotonic() - began

    def wait_ssh(self, timeout=BOOT):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.qemu.poll() is not None:
                raise Failed("qemu ended")
            if self.ssh("root", "true", timeout=30).returncode == 0:
                return
            time.sleep(1)
        raise Failed(f"no ssh login of root within {timeout} s; console: {self.console.text[-1500:]}")

    def _keep_a_line(self):
        """One connection of root's for all that root() asks: a login takes seconds here."""
        self._hang_up()
        self.line = subprocess.Popen(self.ssh_command("root", "-N", "-M", "-S", self.root_line()), stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _hang_up(self):
        if self.line:
            self.line.kill()
            self.line.wait()
        if os.path.exists(self.root_line()):
            os.unlink(self.root_line())

    def root_line(self):
        return os.path.join(self.folder, "line")

    def ssh_command(self, user, *more):
        return ["ssh", "-i", self.key, "-p", str(self.port), "-o", "StrictHostKeyChecking=no",
                "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "IdentitiesOnly=yes",
                "-F", "none", *more, f"{user}@127.0.0.1"]

    def ssh(self, user, command, *more, timeout=240, data=None):
        try:
            return subprocess.run(self.ssh_command(user, "-o", "BatchMode=yes", "-o", "ConnectTimeout=150", *more) + [command],
                                  input=data, stdin=None if data else subprocess.DEVNULL, capture_output=True,
                                  encoding="utf-8", errors="replace", timeout=timeout)
        except subprocess.TimeoutExpired as late:
            return subprocess.CompletedProcess(command, 255, str(late.stdout), f"no end within {timeout} s")

    def root(self, command, timeout=240):
        """What a command prints that root runs; it has to succeed."""
        done = self.ssh("root", command, "-S", self.root_line(), timeout=timeout)
        if done.returncode != 0:
            raise Failed(f"{command!r} as root: exit {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def terminal(self, user, *command):
        """ssh with a terminal at both ends."""
        return Terminal(self.ssh_command(user, "-tt") + list(command), dict(os.environ, TERM="xterm"))

    def copy_in(self, paths, to):
        subprocess.run(["scp", "-q", "-i", self.key, "-P", str(self.port), "-o", "StrictHostKeyChecking=no", "-o",
                        "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", *paths, f"root@127.0.0.1:{to}"], check=True)

    def reboot(self):
        """As an administrator does; seconds until sshd answers again."""
        began, boot = time.monotonic(), self.root("cat /proc/sys/kernel/random/boot_id")
        self.ssh("root", "systemctl reboot", timeout=30)
        while time.monotonic() < began + BOOT:
            done = self.ssh("root", "cat /proc/sys/kernel/random/boot_id", timeout=30)
            if done.returncode == 0 and done.stdout.strip() != boot:
                self._keep_a_line()
                return time.monotonic() - began
            time.sleep(1)
        raise Failed(f"not back within {BOOT} s; console: {self.console.text[-1500:]}")

    def cut(self):
        """The power goes."""
        self._hang_up()
        if self.qemu and self.qemu.poll() is None:
            self.qemu.send_signal(signal.SIGKILL)
            self.qemu.wait()

    def journal(self, lines=40):
        return self.ssh("root", f"journalctl -b -n {lines} --no-pager -o short-monotonic", timeout=60).stdout

    def discard(self):
        self.cut()
        shutil.rmtree(self.folder, ignore_errors=True)
