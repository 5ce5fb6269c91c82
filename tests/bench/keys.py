# SPDX-License-Identifier: LGPL-2.1-or-later
"""A login over ssh with a terminal, of which single keys are timed."""

import select
import subprocess
import time

PAUSE = 0.01  # between keys: the next one finds everybody asleep, as at a keyboard
# OpenSSH 9.5 sends keys only every 20 ms to hide how somebody types
OPTIONS = ("-oIgnoreUnknown=ObscureKeystrokeTiming", "-oObscureKeystrokeTiming=no")
# not the echo of the terminal, but a program's: through all of the relay, there and back
COMMAND = "stty raw -echo && uname -n && exec cat"


class Keys:
    def __init__(self, ssh_argv, contained):
        self.process = subprocess.Popen(ssh_argv(contained, "-tt", *OPTIONS, COMMAND), bufsize=0,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.number = 0
        try:
            line = self.process.stdout.readline()
            assert (line.strip() == b"box") == contained and line.strip(), f"the login is in {line}"
        except BaseException:
            self.close()
            raise

    def press(self):
        """Milliseconds until the key is back."""
        time.sleep(PAUSE)
        self.number += 1
        key = b"%c" % (ord("a") + self.number % 26)
        begin = time.monotonic()
        self.process.stdin.write(key)
        assert select.select([self.process.stdout], [], [], 10)[0], "no echo"
        back = self.process.stdout.read(64)
        spent = (time.monotonic() - begin) * 1000
        assert back == key, f"{back} came back for {key}"
        return spent

    def close(self):
        self.process.kill()  # raw mode: no key ends cat
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_why):
        self.close()
