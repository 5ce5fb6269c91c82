# SPDX-License-Identifier: LGPL-2.1-or-later
"""Containers where only the v2 tree is mounted: devices by a BPF program, freezer and kill by files."""

import os
import subprocess

from harness import mountinfo
from harness.runner import Skip

CONTAINED = True
ALONE = "umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && "
GROUP = "/sys/fs/cgroup/pam_container/alice-1"
DEFINITION = "[Exec]\nHostname=box\n[Resources]\n"
# a shell of alice's that tries to open what it is told to
PROBE = "while read d; do (: </dev/$d) 2>/tmp/why && echo yes || grep -o 'not permitted' /tmp/why; done"


def _alone(script):
    """A shell whose mounts show no hierarchy but the v2 tree."""
    if not any(m.fstype == "cgroup2" for m in mountinfo.read("self")):
        raise Skip("this machine has no cgroup v2 tree")
    return ["unshare", "--mount", "sh", "-c", ALONE + script]


class Prober:
    """alice, inside, and an administrator who sees the same mounts as her login did."""

    def __init__(self, world):
        self.world = world
        self.job = subprocess.Popen(_alone('su alice -c "$PROBE"'), text=True, bufsize=1,
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                    env={**os.environ, "PROBE": PROBE})

    def ask(self, *devices):
        answers = []
        for device in devices:
            self.job.stdin.write(device + "\n")
            answers.append(self.job.stdout.readline().strip())
        return answers

    def change(self, setting):
        done = self.world.run(["nsenter", "-m", "-t", str(self.job.pid), "containerctl", "set",
                               "alice-1", setting])
        assert done.returncode == 0, done.stderr

    def end(self):
        self.job.stdin.close()
        assert self.job.wait(10) == 0


def test_devices(world):
    refused = "not permitted"
    world.definition("box", DEFINITION + "DevicePolicy=strict\nDeviceAllow=/dev/full r\n")
    prober = Prober(world)
    assert prober.ask("null", "zero", "full", "random") == ["yes", refused, "yes", refused]
    prober.change("DeviceAllow=/dev/zero r")
    assert prober.ask("null", "zero", "full", "random") == ["yes", "yes", "yes", refused]
    prober.change("DeviceAllow=")
    assert prober.ask("null", "zero", "full", "random") == ["yes", refused, refused, refused]
    prober.change("DevicePolicy=auto")
    assert prober.ask("null", "zero", "full", "random") == ["yes"] * 4
    prober.end()


def test_usual_devices(world):
    world.definition("box", DEFINITION)
    prober = Prober(world)
    assert prober.ask("null", "zero", "full", "random", "urandom", "ptmx") == ["yes"] * 6
    prober.end()


def test_pause_and_kill(world):
    world.definition("box", DEFINITION)
    done = world.run(_alone(f"""su alice -c 'echo in; sleep 1000' >/tmp/said &
        until grep -q in /tmp/said; do sleep 0.05; done
        containerctl pause alice-1 && grep frozen {GROUP}/cgroup.events
        containerctl list -n -o STATE
        containerctl resume alice-1 && grep frozen {GROUP}/cgroup.events
        containerctl kill alice-1; wait; while test -e {GROUP}; do sleep 0.05; done; echo gone"""))
    assert done.stdout.split() == [b"frozen", b"1", b"paused", b"frozen", b"0", b"gone"], done


def test_missing_controller(world):
    """A wall that this tree cannot give is named, and nobody gets in without it."""
    done = world.run(_alone("cat /sys/fs/cgroup/cgroup.controllers"))
    if b"pids" in done.stdout:
        raise Skip("the v2 tree of this machine has every controller")
    world.definition("box", DEFINITION + "TasksMax=10\n")
    done = world.run(_alone("su alice -c 'echo inside'"))
    assert done.returncode != 0 and done.stdout == b"", done
    world.until(lambda: any("TasksMax" in line for line in world.log), "the log names the key")


def test_checkpoint_and_restore(world):
    """v2 counts the zombie of who ran criu into the group of what came back."""
    world.definition("box", DEFINITION)
    done = world.run(_alone("""containerctl start box --id=again -q && containerctl checkpoint again &&
        containerctl restore again && containerctl list -n -o STATE; containerctl terminate -y again"""))
    assert done.stdout.split() == [b"created"], done
