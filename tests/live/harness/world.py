# SPDX-License-Identifier: LGPL-2.1-or-later
"""One test's machine: accounts, PAM files, policy, a real sshd, and the programs to log in with."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

from . import census, layer, oracle, people, terminal

SERVICES = ("sshd", "cron", "login", "su", "su-l", "sudo", "sudo-i", "runuser", "runuser-l", "atd")
LATE = ("sshd", "cron")
POLICY = """[Global]
Mode=enforce
OnError=deny
AlwaysHost=root,@wheel
[Match students]
Group=students
Container=box
"""
DEFINITION = """[Container]
Description=a box for tests
[Exec]
Hostname=box
NoNewPrivileges=yes
CapabilityBoundingSet=
SystemCallFilter=~mount
[Files]
PrivateTmp=yes
[Resources]
TasksMax=200
"""


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, mode)


class World:
    def __init__(self, product):
        """product: whether the product is installed in this world's root."""
        self.product = product
        self.port = 0
        self.log, self.heard = [], []  # lines, and when each came (time.monotonic())
        self._daemons = []
        self._terminals = []
        people.create()
        for path in ("/run/sshd", "/run/sudo", "/run/lock"):
            os.makedirs(path, mode=0o755, exist_ok=True)
        for path in ("/run/utmp", "/var/log/wtmp", "/var/log/lastlog", "/var/log/btmp"):
            write(path, "")
        with contextlib.suppress(FileNotFoundError):
            os.unlink("/etc/nologin")
        self._listen_for_logs()
        if product:
            layer.index_libraries()
            self.policy(POLICY)
            self.definition("box", DEFINITION)
            self.pam_lines()

    def _listen_for_logs(self):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sock.bind("/dev/log")
        os.chmod("/dev/log", 0o666)

        def collect():
            while True:
                line = sock.recv(65536).decode(errors="replace")
                self.heard.append(time.monotonic())
                self.log.append(line)
        threading.Thread(target=collect, daemon=True).start()

    def policy(self, text):
        write("/etc/security/container.conf", text)

    def definition(self, name, text):
        write(f"/etc/security/containers/{name}.conf", text)

    def pam_lines(self, services=SERVICES, hook=LATE):
        """The administrator's two lines, after the distribution's own."""
        for service in services:
            with open(f"/etc/pam.d/{service}") as file:
                text = file.read()
            if service in hook:
                text += "auth optional pam_container.so\n"
            write(f"/etc/pam.d/{service}", text + "session required pam_container.so\n")

    def session_line(self, service, arguments):
        """Give the service's session line these arguments."""
        with open(f"/etc/pam.d/{service}") as file:
            lines = [line for line in file if not line.startswith("session required pam_container.so")]
        write(f"/etc/pam.d/{service}", "".join(lines) + f"session required pam_container.so {arguments}\n")

    def start_sshd(self, *lines):
        """The distribution's sshd on a free port of 127.0.0.1, with keys for every account."""
        os.makedirs("/etc/ssh/keys", exist_ok=True)
        for key in ("host", "client"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                            f"/etc/ssh/test_{key}"], check=True)
        for user in [*people.USERS, "root"]:
            shutil.copy("/etc/ssh/test_client.pub", f"/etc/ssh/keys/{user}")
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.port = sock.getsockname()[1]
        config = [*lines, "UsePAM yes", "HostKey /etc/ssh/test_host", "AuthorizedKeysFile /etc/ssh/keys/%u",
                  "KbdInteractiveAuthentication no", "PermitRootLogin yes", "PidFile none",
                  "ListenAddress 127.0.0.1", f"Port {self.port}", "StrictModes no"]
        if not any(line.startswith("Subsystem") for line in lines):
            config.append("Subsystem sftp internal-sftp")
        write("/etc/ssh/test_sshd", "\n".join(config) + "\n")
        self.daemon(["/usr/sbin/sshd", "-D", "-f", "/etc/ssh/test_sshd"])
        self.until(self._answers, "sshd answers")

    def _answers(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def daemon(self, argv):
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL)
        self._daemons.append(process)
        return process

    def ssh_argv(self, user, *arguments, program="ssh"):
        port = "-P" if program in ("scp", "sftp") else "-p"
        target = [f"{user}@127.0.0.1"] if program != "scp" else []
        options = [a for a in arguments if program == "ssh" and a.startswith("-")]
        rest = arguments[len(options):]
        return [program, "-F", "none", "-i", "/etc/ssh/test_client", port, str(self.port),
                "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR",
                "-o", "UserKnownHostsFile=/dev/null", *options, *target, *rest]

    def ssh(self, user, *arguments, **options):
        return self.run(self.ssh_argv(user, *arguments), **options)

    def run(self, argv, timeout=30, **options):
        options.setdefault("stdin", subprocess.DEVNULL if "input" not in options else None)
        return subprocess.run(argv, capture_output=True, timeout=timeout, **options)

    def terminal(self, argv, **options):
        self._terminals.append(terminal.Terminal(argv, **options))
        return self._terminals[-1]

    def close_terminals(self):
        """The test's own ends, which the census must not count."""
        while self._terminals:
            self._terminals.pop().close()

    def until(self, question, what, timeout=10.0):
        deadline = time.monotonic() + timeout
        while not question():
            assert time.monotonic() < deadline, f"waited {timeout} s until {what}"
            time.sleep(0.02)

    def interrupt(self, term, command):
        """^C, until it has ended the command (a pattern of pgrep -f): what is typed before that is thrown away with it
        (termios(3), NOFLSH)."""
        term.send("\x03")
        self.until(lambda: self.run(["pgrep", "-f", command]).returncode == 1, f"{command} has ended")

    def require_walls(self, user):
        """Each process of the user is inside (with the product) or outside (without it)."""
        uid = people.USERS[user][0]
        found = oracle.processes(uid)
        assert found, f"no process of {user}"
        if not self.product:
            inside = [facts.pid for facts in found if not oracle.faults(facts)]
            assert not inside, f"{inside} are inside a container without the product"
            return
        outside = {facts.pid for facts in found if oracle.faults(facts)}
        if outside:
            time.sleep(0.1)  # one that was about to end has left its groups before it is gone
        wrong = [f"pid {facts.pid} {facts.status['Name']}: {oracle.faults(facts)}"
                 for facts in oracle.processes(uid) if facts.pid in outside and oracle.faults(facts)]
        assert not wrong, wrong

    def census(self):
        return census.take()

    def stop(self):
        for process in self._daemons:
            process.send_signal(signal.SIGTERM)
            process.wait()
