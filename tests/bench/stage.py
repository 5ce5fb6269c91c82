# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the figures are measured on: a policy, PAM folders, an sshd, the programs of this folder."""

import contextlib
import json
import os
import resource
import shutil
import subprocess
import time

from harness import mountinfo, people, syscalls
from harness.world import write

import shape

CONTAINERS = "/run/pam_container/containers"
PAM = "/run/bench/pam"
ROOT = "/run/bench/root"
USER = "alice"
SSHD = "/etc/pam.d/sshd"
POLICY = """[Global]
Mode=enforce
[Match new]
Service=bench-new
Container=box
Entry=late
[Match shared]
Service=bench-shared
Container=box
Instance=user
Entry=late
[Match joined]
Service=bench-joined
Container=box
Instance=user
Entry=join
[Match grouped]
Service=bench-grouped
Group=students
Container=box
Instance=user
Entry=join
[Match ssh]
Service=sshd
Group=students
Container=box
"""
DEFINITION = """[Container]
Description=six namespaces, host view, cgroup, seccomp
[Exec]
Hostname=box
CapabilityBoundingSet=
[Network]
Private=loopback
[Resources]
TasksMax=200
MemoryMax=512M
"""


class Stage:
    def __init__(self, world, programs):
        self.world = world
        self.driver = os.path.join(programs, "driver")
        self.floor = os.path.join(programs, "floor")
        self.lifecycle = os.path.join(programs, "lifecycle")
        self.pam = {}
        os.makedirs(ROOT)
        for service in ("new", "shared", "joined", "grouped"):
            write(f"{PAM}/bench-{service}", "auth required pam_permit.so\n"
                  "auth optional pam_container.so\nsession required pam_container.so\n")
        write(f"{PAM}/bench-none", "auth required pam_permit.so\nsession required pam_permit.so\n")
        write(f"{PAM}/other", "auth required pam_deny.so\nsession required pam_deny.so\n")
        world.policy(POLICY)
        world.definition("box", DEFINITION)

    # ---- open_session ----

    def argv(self, service, what, count):
        return [self.driver, PAM, f"bench-{service}", USER,
                "join" if service in ("joined", "grouped") else "late", what, str(count)]

    def open_session(self, service):
        """Milliseconds of one pam_open_session in a fresh process."""
        done = subprocess.run(self.argv(service, "cycle", 1), stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=30, check=False)
        assert done.returncode == 0, f"{service}: {done.stderr.decode()} {self.world.log[-5:]}"
        return int(done.stdout) / 1e6

    @contextlib.contextmanager
    def held(self, service, count=1):
        """Sessions that stay open; gives the milliseconds that each took."""
        process = subprocess.Popen(self.argv(service, "hold", count), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        times = [int(process.stdout.readline() or -1) / 1e6 for _ in range(count)]
        assert times[-1] > 0, f"{service}: only {times} {self.world.log[-5:]}"
        try:
            yield times
        finally:
            process.stdin.close()
            process.wait()
            self.settle()

    # ---- the C API ----

    def life(self):
        """Milliseconds of a container from ctr_create() to ctr_destroy(), in a fresh process."""
        done = subprocess.run([self.lifecycle, "cycle", "1"], capture_output=True, timeout=30,
                              check=False)
        assert done.returncode == 0, done.stderr.decode()
        return int(done.stdout) / 1e6

    @contextlib.contextmanager
    def alive(self, count):
        """Containers of the API with a process each; gives their IDs."""
        process = subprocess.Popen([self.lifecycle, "hold", str(count)], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        names = [process.stdout.readline().decode().strip() for _ in range(count)]
        assert names[-1], f"only {names}"
        try:
            yield names
        finally:
            process.stdin.close()
            assert process.wait() == 0

    @staticmethod
    def cpu_ms(argv, text=b""):
        """Milliseconds of CPU time that a program and its children take, which must end well."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(argv, input=text, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr.decode()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000

    def containers(self):
        with contextlib.suppress(FileNotFoundError):
            return sorted(os.listdir(CONTAINERS))
        return []

    def settle(self, alive=0, timeout=60.0):
        """Wait until what was closed is gone: the next sample shall not pay for the last one."""
        deadline = time.monotonic() + timeout
        while len(self.containers()) > alive or len(self.supervisors()) > alive:
            assert time.monotonic() < deadline, f"left behind: {self.containers()}"
            time.sleep(0.005)

    def record(self, name):
        with open(f"{CONTAINERS}/{name}/state.json") as file:
            return json.load(file)

    @staticmethod
    def supervisors():
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError), open(f"/proc/{name}/comm") as file:
                if file.read().startswith("container-super"):
                    found.append(int(name))
        return found

    # ---- what it is compared with ----

    def make_plan(self, held=None):
        with held or self.held("new"):
            record = self.record(self.containers()[0])
            pid = record["init.pid"]
            # from then on the group above stands, for the floor and for whoever comes next
            for _ in range(500):
                if any("/_supervisor" in path for _, path, _ in shape.groups(record["super.pid"])):
                    break
                time.sleep(0.01)
            return shape.plan(pid, "floor", ROOT).encode()

    def run_floor(self, plan, *life):
        done = subprocess.run([self.floor, ROOT, *life], input=plan, capture_output=True, timeout=30,
                              check=False)
        assert done.returncode == 0 and done.stdout, done.stderr.decode()
        return int(done.stdout) / 1e6

    def make_bundle(self):
        """An OCI bundle with runc's own default mounts and filter list, and the host's tree."""
        bundle, root = "/run/bench/bundle", "/run/bench/runc-root"
        if os.path.isdir(bundle):
            return bundle  # another figure's
        for path in (bundle, root):
            os.makedirs(path)
        for mount in [m for m in mountinfo.ordinary()]:
            syscalls.bind(mount.target, root + ("" if mount.target == "/" else mount.target))
        subprocess.run(["runc", "spec"], cwd=bundle, check=True)
        with open(f"{bundle}/config.json") as file:
            config = json.load(file)
        config["root"] = {"path": root, "readonly": False}
        config["process"].update(terminal=False, args=["/bin/true"])
        config["linux"]["namespaces"] = [{"type": t} for t in
                                         ("pid", "network", "ipc", "uts", "mount", "cgroup")]
        config["linux"]["cgroupsPath"] = "/bench-runc/one"
        config["linux"]["resources"].update(memory={"limit": 512 << 20}, pids={"limit": 200})
        config["linux"]["seccomp"] = {
            "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
            "syscalls": [{"names": ["mount", "umount2", "keyctl", "bpf", "reboot", "ptrace"],
                          "action": "SCMP_ACT_ERRNO"}]}
        write(f"{bundle}/config.json", json.dumps(config))
        return bundle

    @staticmethod
    def run_runc(bundle):
        begin = time.monotonic()
        done = subprocess.run(["runc", "--root", "/run/bench/runc", "run", "-b", bundle, "one"],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=30,
                              check=False)
        spent = (time.monotonic() - begin) * 1000
        assert done.returncode == 0, done.stderr.decode()
        return spent

    # ---- ssh ----

    def start_sshd(self):
        """One daemon for both sides. Two would differ by up to 9 ms: sshd makes each user wait for a
        time that it derives from a secret of its own start (auth2.c, user_specific_delay())."""
        self.world.start_sshd()
        with open(SSHD) as file:
            lines = file.readlines()
        self.pam = {True: "".join(lines),
                    False: "".join(line for line in lines if "pam_container.so" not in line)}

    def ssh_argv(self, contained, *arguments):
        """PAM reads its file at each login: with or without our two lines is the only difference."""
        write(SSHD + ".new", self.pam[contained])
        os.replace(SSHD + ".new", SSHD)
        return self.world.ssh_argv(USER, *arguments)

    def ssh_login(self, contained):
        """Milliseconds of `ssh host true`."""
        argv = self.ssh_argv(contained, "true")
        begin = time.monotonic()
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=30,
                              check=False)
        spent = (time.monotonic() - begin) * 1000
        assert done.returncode == 0, f"{done.stderr.decode()} {self.world.log[-5:]}"
        return spent

    def ssh_bulk(self, contained, path, size, terminal):
        """MB/s between the first and the last byte of `ssh host cat`."""
        command = f"stty raw -echo && cat {path}" if terminal else f"cat {path}"
        argv = self.ssh_argv(contained, *(["-tt"] if terminal else []), command)
        process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        first = got = len(process.stdout.read(65536))
        begin = time.monotonic()
        while chunk := process.stdout.read(65536):
            got += len(chunk)
        spent = time.monotonic() - begin
        process.stdin.close()
        assert process.wait() == 0 and got == size, f"{got} of {size} bytes arrived"
        return (got - first) / spent / 1e6

    @staticmethod
    def make_file(size):
        path = f"/home/{USER}/bulk"
        with open("/dev/urandom", "rb") as source, open(path, "wb") as file:
            for _ in range(size >> 20):
                file.write(source.read(1 << 20))
        shutil.chown(path, people.USERS[USER][0])
        return path
