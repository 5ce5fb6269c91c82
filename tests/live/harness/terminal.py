# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program on a pseudo-terminal of its own, driven by send and expect."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time


class Terminal:
    def __init__(self, argv, env=None, rows=24, columns=80):
        self.seen = b""
        self.all = b""  # from the start
        self.status = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                os.execvpe(argv[0], argv, env or os.environ)
            finally:
                os._exit(127)
        self.resize(rows, columns)

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def send(self, text):
        data = text.encode() if isinstance(text, str) else text
        while data:
            data = data[os.write(self.fd, data):]

    def _more(self, timeout):
        ready, _, _ = select.select([self.fd], [], [], max(timeout, 0))
        if not ready:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # nobody has the other end open: for good, or util-linux's login opens it again
            time.sleep(0.02)
            return timeout > 0
        self.seen += data
        self.all += data
        return bool(data)

    def expect(self, pattern, timeout=10.0):
        """Wait for a regular expression; returns the match and forgets what came before its end."""
        deadline = time.monotonic() + timeout
        while True:
            match = re.search(pattern.encode(), self.seen)
            if match:
                self.seen = self.seen[match.end():]
                return match
            if not self._more(deadline - time.monotonic()):
                raise AssertionError(f"waited for {pattern!r}, got {self.seen[-2000:]!r}")

    def wait(self, timeout=10.0):
        """Exit status as Python's subprocess has it; reads on, so that the program can end."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            self._more(0.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
                return self.status
        raise AssertionError(f"still running; last output {self.seen[-2000:]!r}")

    def close(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.status = -signal.SIGKILL
        os.close(self.fd)
