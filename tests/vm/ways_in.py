# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ways to log in, and what people use ssh for: each lands inside, or is refused as the policy says."""

import os
import subprocess
import time

from ground import PIDNS, is_inside, leave, need, shell_of, together
from machine import Failed


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


def daemon_reload_and_dbus_lose_no_session(vm):
    shell = shell_of(vm, "alice")
    vm.root("systemctl daemon-reload && systemctl restart dbus.service")
    shell.send("echo still $((40 + 2))\r")
    shell.expect("still 42", 120)
    leave(shell)
    vm.root("systemctl restart systemd-logind")  # who has lost the bus
