# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ways to log in, and what people use ssh for: each lands inside, or is refused as the policy says."""

import contextlib
import os
import socket
import subprocess
import threading
import time

from ground import PIDNS, Beside, is_inside, leave, need, shell_of, together
from machine import Failed

SSHD = "MaxStartups 100\nKbdInteractiveAuthentication yes\n"
SSHD_PORT = 22  # inside


def ssh_logins_land_inside(vm):
    alice, bob = together(lambda: vm.ssh("alice", f"{PIDNS}; id -un"), lambda: vm.ssh("bob", f"{PIDNS}; id -un"))
    need(alice.returncode == 0 and is_inside(vm, alice.stdout), f"alice: {alice}")
    need(bob.returncode == 0 and not is_inside(vm, bob.stdout), f"bob: {bob}")
    need(not is_inside(vm, vm.root(PIDNS)), "root is inside")


def _options(vm, *more):
    """ssh's own, for programs that start it."""
    return vm.ssh_command("nobody", *more)[1:-1]


def _run(*argv, **more):
    done = subprocess.run(argv, stdin=more.pop("stdin", subprocess.DEVNULL), capture_output=True, timeout=180,
                          encoding="utf-8", errors="replace", **more)
    need(done.returncode == 0, f"{' '.join(argv)}: exit {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def _sftp(vm, here):
    options = [word if word != "-p" else "-P" for word in _options(vm)]
    with open(here + "/batch", "w", encoding="utf-8") as file:
        file.write(f"put {here}/data /tmp/by-sftp\nget /tmp/by-sftp {here}/of-sftp\n")
    _run("sftp", "-b", here + "/batch", *options, "alice@127.0.0.1")


def _scp(vm, here):
    options = [word if word != "-p" else "-P" for word in _options(vm)]
    for protocol in ("-s", "-O"):
        _run("scp", protocol, *options, here + "/data", "alice@127.0.0.1:/tmp/by-scp" + protocol)
        _run("scp", protocol, *options, "alice@127.0.0.1:/tmp/by-scp" + protocol, here + "/of-scp" + protocol)


def _rsync(vm, here):
    shell = " ".join(["ssh"] + _options(vm))
    _run("rsync", "-e", shell, here + "/data", "alice@127.0.0.1:/tmp/by-rsync")
    _run("rsync", "-e", shell, "alice@127.0.0.1:/tmp/by-rsync", here + "/of-rsync")


def _git(vm, here):
    vm.ssh("alice", "git init -q --bare /tmp/by-git")
    env = dict(os.environ, GIT_SSH_COMMAND=" ".join(["ssh"] + _options(vm)), GIT_CONFIG_GLOBAL="/dev/null")
    git = ("git", "-C", here + "/git", "-c", "user.name=a", "-c", "user.email=a@b")
    _run("git", "init", "-q", here + "/git")
    _run(*git, "commit", "-q", "--allow-empty", "-m", "words", env=env)
    _run(*git, "push", "-q", "alice@127.0.0.1:/tmp/by-git", "HEAD:main", env=env)
    _run("git", "clone", "-q", "-b", "main", "alice@127.0.0.1:/tmp/by-git", here + "/of-git", env=env)
    need("words" in _run("git", "-C", here + "/of-git", "log", "-1"), "the clone has no commit")


def files_go_through(vm):
    """Each program writes to /tmp and reads back: a container's own, so it was inside."""
    here = os.path.join(vm.folder, "files")
    os.mkdir(here)
    with open(here + "/data", "wb") as file:
        file.write(os.urandom(300000))
    vm.ssh("alice", "rm -rf /tmp/by-*")
    together(*[lambda act=act: act(vm, here) for act in (_sftp, _scp, _rsync, _git)])
    for name in ("of-sftp", "of-scp-s", "of-scp-O", "of-rsync"):
        _run("cmp", here + "/data", f"{here}/{name}")
    inside = vm.ssh("alice", "ls /tmp; rm -rf /tmp/by-*").stdout.split()
    want = {"by-sftp", "by-scp-s", "by-scp-O", "by-rsync", "by-git"}
    need(want <= set(inside), f"inside is {inside}")
    need("by-" not in vm.root("ls /tmp"), "it went to the host's /tmp")


def _free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _answering():
    """A listener that says a word to who connects; its port."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        with server, server.accept()[0] as peer:
            peer.sendall(b"from outside\n")
    threading.Thread(target=serve, daemon=True).start()
    return server.getsockname()[1]


def _banner(port, deadline):
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 20) as peer:
            peer.settimeout(20)
            if said := peer.recv(100):
                return said
        time.sleep(0.5)
    raise Failed("nothing answers on the forwarded port")


def connections_are_shared_and_forwarded(vm):
    """One connection: ControlMaster, agent, a port forwarded each way."""
    share, near = os.path.join(vm.folder, "share"), _free_port()
    agent = _run("ssh-agent", "-s")
    env = dict(os.environ, **dict(part.split(";")[0].split("=") for part in agent.splitlines() if part.startswith("SSH_")))
    master = None
    try:
        _run("ssh-add", "-q", vm.key, env=env)
        master = subprocess.Popen(vm.ssh_command("alice", "-N", "-M", "-S", share, "-A", "-L", f"{near}:127.0.0.1:{SSHD_PORT}",
                                                 "-R", f"127.0.0.1:7777:127.0.0.1:{_answering()}"), env=env,
                                  stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        need(b"SSH-2.0" in _banner(near, time.monotonic() + 90), "no sshd at the other end")
        first = vm.ssh("alice", f"{PIDNS}; read -r said </dev/tcp/127.0.0.1/7777; echo $said", "-S", share)
        need(is_inside(vm, first.stdout) and "from outside" in first.stdout, f"{first}")
        second = subprocess.run(vm.ssh_command("alice", "-S", share, "-A") + ["ssh-add -L"], env=env, timeout=60,
                                stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", check=False)
        with open(vm.key + ".pub", encoding="utf-8") as file:
            need(file.read().split()[1] in second.stdout, f"the agent is not there: {second}")
    finally:
        if master:
            master.terminate()
            master.wait()
        subprocess.run(["ssh-agent", "-k"], env=env, check=False, stdout=subprocess.DEVNULL)


def passwords_let_in(vm):
    ask = os.path.join(vm.folder, "ask")
    with open(ask, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\necho secret-of-alice\n")
    os.chmod(ask, 0o700)
    env = dict(os.environ, SSH_ASKPASS=ask, SSH_ASKPASS_REQUIRE="force", DISPLAY=":0")

    def login(method):
        done = subprocess.run(vm.ssh_command("alice", "-o", "PubkeyAuthentication=no", "-o", f"PreferredAuthentications={method}",
                                             "-o", "NumberOfPasswordPrompts=1") + [PIDNS], env=env, timeout=120,
                              stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", start_new_session=True, check=False)
        need(is_inside(vm, done.stdout), f"{method}: {done}")
    together(lambda: login("password"), lambda: login("keyboard-interactive"))


def su_and_sudo_land_inside(vm):
    for command in ("su alice -c", "su -l alice -c", "sudo -u alice sh -c"):
        need(is_inside(vm, vm.root(f"{command} '{PIDNS}'")), f"{command} is not inside")
    need(not is_inside(vm, vm.root(f"su -l bob -c '{PIDNS}'")), "su -l bob is inside")


def cron_and_at_jobs_land_inside(vm):
    said = "/home/alice/cron.out /home/alice/at.out"
    vm.root(f"rm -f {said}; echo '* * * * * {PIDNS} >/home/alice/cron.out' | crontab -u alice -")
    vm.root("setpriv --reuid alice --regid alice --init-groups env HOME=/home/alice LOGNAME=alice USER=alice sh -c "
            f"'cd; echo \"{PIDNS} >at.out\" | at now'")
    try:
        for _ in range(100):
            answers = vm.ssh("root", f"cat {said}", "-S", vm.root_line()).stdout.split()
            if len(answers) == 2:
                break
            time.sleep(1)
    finally:
        vm.root("crontab -u alice -r")
    need(len(answers) == 2 and all(is_inside(vm, answer) for answer in answers), f"the jobs said {answers}")


def systemds_own_ways_in(vm):
    """machinectl shell lands inside; who is contained has no systemd of his own, who is not has."""
    shell = vm.terminal("root", f"machinectl -q shell alice@.host /bin/sh -c '{PIDNS}; echo an''swered'")
    found = shell.expect(r"(pid:\[\d+\])[^$]*answered", 200)
    need(is_inside(vm, found.group(1).decode()), f"machinectl shell: {found.group(1)}")
    shell.wait(120)
    inside = vm.ssh("alice", f"systemd-run --user --pipe --wait -q {PIDNS}")
    need(inside.returncode != 0 and "pid:" not in inside.stdout, f"alice has a systemd: {inside}")
    outside = vm.ssh("bob", f"systemd-run --user --pipe --wait -q {PIDNS}")
    need(outside.returncode == 0 and not is_inside(vm, outside.stdout), f"bob has none: {outside}")


def a_login_on_the_serial_console_lands_inside(vm):
    said = console_login(vm, "alice", f"{PIDNS}; echo $((6 * 7))", r"pid:\[\d+\](?=\s+42)")
    need(is_inside(vm, said.group()), "it is on the host")


def console_login(vm, user, command, answer):
    """As somebody who sits there; what the command said."""
    line = vm.console
    for attempt in range(3):  # what is typed before agetty is there again is lost
        line.type(f"{user}\n")
        try:
            line.expect("Password: ", 30)
            break
        except Failed:
            need(attempt < 2, f"no question for a password: {line.text[-300:]!r}")
    line.type(f"secret-of-{user}\n")
    line.expect(r"[$#] ", 200)
    line.type(command + "\n")
    said = line.expect(answer, 120)
    line.type("exit\n")
    line.expect("login: ", 200)
    return said


def thirty_at_once_three_times(vm):
    """Each login takes seconds of an emulated processor: the module waits longer than by default, as on any slow machine."""
    vm.root("sed -i 's/pam_container.so/& timeout=60/' /etc/pam.d/common-session")
    made = "journalctl -b --no-pager -q -g 'event=start user=dave' | wc -l"
    for _ in range(3):
        before = int(vm.root(made))
        done = together(*[lambda: vm.ssh("dave", PIDNS, "-o", "ConnectTimeout=120", timeout=240) for _ in range(30)])
        bad = [one for one in done if one.returncode != 0]
        need(not bad, f"{len(bad)} of 30 failed, the first: {bad[0] if bad else ''}")
        # not all of them live at once, and the kernel gives the number of a namespace again
        need(int(vm.root(made)) - before == 30, "two are in one container")
        need(vm.root(PIDNS) not in [one.stdout.strip() for one in done], "one is on the host")
    vm.root("sed -i 's/ timeout=60//' /etc/pam.d/common-session")
    no_container_of_dave(vm)


def no_container_of_dave(vm):
    for _ in range(30):
        if "dave" not in (left := vm.root("containerctl list --quiet")):
            return
        time.sleep(1)
    raise Failed(f"left: {left}")


def start_a_hundred(vm):
    """One after the other, beside the steps that follow."""
    def all_of_them():
        for number in range(100):
            done = vm.ssh("dave", PIDNS)
            need(done.returncode == 0 and "pid:" in done.stdout, f"login {number}: {done}")
    vm.hundred = Beside(all_of_them)


def a_hundred_logins_one_after_another(vm):
    vm.hundred.result()
    no_container_of_dave(vm)


def a_thousand_sessions_through_the_module(vm):
    """Two users at once, five hundred each. A program each: one that has joined cannot leave, its filter forbids that."""
    vm.root("sed '/pam_rootok/!d' /etc/pam.d/su >/etc/pam.d/cycles; echo 'session required pam_container.so timeout=30' "
            ">>/etc/pam.d/cycles")
    before = vm.root("ls /proc | grep -c '^[0-9]'")
    ran = together(*[lambda user=user: vm.root(f"for i in $(seq 500); do pamtester cycles {user} open_session close_session 2>&1; "
                                               "done | sort | uniq -c", timeout=900) for user in ("alice", "dave")])
    need(all(said.count("500 pamtester: s") == 2 for said in ran), f"{ran}")
    no_container_of_dave(vm)
    need(abs(int(vm.root("ls /proc | grep -c '^[0-9]'")) - int(before)) < 12, "processes stay")
    vm.root("rm /etc/pam.d/cycles")


def daemon_reload_and_dbus_lose_no_session(vm):
    shell = shell_of(vm, "alice")
    vm.root("systemctl daemon-reload && systemctl restart dbus.service")
    shell.send("echo still $((40 + 2))\r")
    shell.expect("still 42", 120)
    leave(shell)
    vm.root("systemctl restart systemd-logind")  # who has lost the bus
