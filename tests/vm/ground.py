# SPDX-License-Identifier: LGPL-2.1-or-later
"""What all steps stand on: the policy, what a step asks for, and work that goes on beside other steps."""

import concurrent.futures
import os
import re

from machine import Failed

POLICY = """[Global]
AlwaysHost=root
[Match trial]
Group=trial
Container=work
Instance=user
[Match strict]
User=carol
Container=strict
[Match many]
User=dave
Container=default
"""
WORK = """[Container]
Extends=default
Description=Work that outlives a reboot
Linger=10min
OnDisconnect=keep
[Resources]
MemoryMax=64M
MemorySwapMax=0
TasksMax=40
CPUQuota=50%
"""
STRICT = """[Resources]
DevicePolicy=strict
DeviceAllow=/dev/null rw
AllowedCPUs=1
IOReadBandwidthMax=/dev/vda 1M
"""
CONF = "/etc/security/container.conf"
SCOPE = "container-alice.work.scope"
PIDNS = "readlink /proc/self/ns/pid"
REFUSED = "This login is refused: its container can not be used now."


def need(condition, text):
    if not condition:
        raise Failed(text)


def write(vm, path, text):
    vm.root(f"mkdir -p {os.path.dirname(path)} && cat >{path} <<'END'\n{text}END")


def is_inside(vm, answer):
    """Is what PIDNS printed a pid namespace, and not the host's?"""
    found = re.search(r"pid:\[\d+\]", answer)
    need(found, f"no pid namespace in {answer!r}")
    return found.group() != vm.root(PIDNS)


def nothing_left(vm):
    vm.ssh("root", "containerctl terminate -y alice.work")
    for command in ("containerctl list --quiet", f"systemctl show -p ActiveState --value {SCOPE} | grep -v inactive",
                    "containerctl gc --dry-run"):
        need(not (left := vm.ssh("root", command).stdout.strip()), f"{command}: {left}")


def shell_of(vm, user, *command):
    """A terminal of that user that shows a prompt."""
    shell = vm.terminal(user, *command)
    shell.expect(r"\$ ", 200)
    return shell


def leave(shell):
    shell.send("exit\r")
    need(shell.wait(120) == 0, "exit status of the shell")


def together(*actions):
    """All at the same time; what the first one that fails has to say is raised when all have ended."""
    with concurrent.futures.ThreadPoolExecutor(len(actions)) as pool:
        return [job.result() for job in [pool.submit(action) for action in actions]]


class Beside:
    """An action that runs while other steps do; the step that wants its result waits for it."""

    def __init__(self, action):
        self.pool = concurrent.futures.ThreadPoolExecutor(1)
        self.job = self.pool.submit(action)
        self.pool.shutdown(wait=False)

    def result(self):
        return self.job.result()
