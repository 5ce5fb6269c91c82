# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is shown in the virtual machine, in this order; each step finds the machine as the one before left it."""

import glob
import os
import re
import time

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
STRICT = "[Resources]\nDevicePolicy=strict\nDeviceAllow=/dev/null rw\n"
SCOPE = "container-alice.work.scope"
PIDNS = "readlink /proc/self/ns/pid"


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


def installs_as_an_administrator_would(vm):
    names = ("libpam-container", "pam-container", "libpamcontainer0")
    debs = [path for name in names for path in glob.glob(os.path.join(vm.packages, name + "_*.deb"))]
    need(len(debs) == len(names), f"packages in {vm.packages}: {debs}")
    vm.copy_in(debs, "/root/")
    vm.root("DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends /root/*.deb", timeout=300)
    need(vm.root("systemctl is-active container-gc.timer") == "active", "the timer of gc is not active")
    need("pam_container" not in vm.root("cat /etc/pam.d/common-session"), "it is switched on by installing it")
    need(vm.root("stat -c %a /usr/libexec/pam_container/container-attach") == "711", "container-attach is readable")


def doctor_finds_nothing_missing(vm):
    rows = vm.root("containerctl doctor --raw --noheadings -o CHECK,STATUS").splitlines()
    need(len(rows) > 20, f"doctor said {rows}")
    need(not (bad := [row for row in rows if row.endswith("fail")]), f"{bad}")
    vm.root("criu check")


def switched_on_by_pam_auth_update(vm):
    write(vm, "/etc/security/container.conf", POLICY)
    write(vm, "/etc/security/containers/work.conf", WORK)
    write(vm, "/etc/security/containers/strict.conf", STRICT)
    vm.root("containerctl check && pam-auth-update --enable container")
    need("fail" not in vm.root("containerctl doctor --raw -o CHECK,STATUS | grep ^pam"), "doctor complains about PAM")


def ssh_logins_land_inside(vm):
    alice, bob = (vm.ssh(user, f"{PIDNS}; id -un") for user in ("alice", "bob"))
    need(alice.returncode == 0 and is_inside(vm, alice.stdout), f"alice: {alice}")
    need(bob.returncode == 0 and not is_inside(vm, bob.stdout), f"bob: {bob}")
    need(not is_inside(vm, vm.root(PIDNS)), "root is inside")


def contained_users_have_no_systemd_outside(vm):
    need(vm.root("systemctl show -p ActiveState --value user@1000") == "inactive", "user@1000.service runs")
    need(vm.root("systemctl is-system-running") == "running", vm.root("systemctl --failed --no-legend"))
    bob = vm.ssh("bob", "systemctl --user is-system-running")
    need(bob.stdout.strip() == "running", f"bob's own systemd: {bob}")


def limits_are_systemds_too(vm):
    vm.ssh("alice", "true")
    shown = vm.root(f"systemctl show -p Slice -p Delegate -p MemoryMax -p TasksMax -p CPUQuotaPerSecUSec {SCOPE}").splitlines()
    want = {"Slice=container.slice", "Delegate=yes", "MemoryMax=67108864", "TasksMax=40", "CPUQuotaPerSecUSec=500ms"}
    need(want <= set(shown), f"{shown}")
    need("alice.work" in vm.root("systemd-cgtop -b -n 1 --depth=4 container.slice"), "systemd-cgtop does not show it")


def memory_is_bounded(vm):
    done = vm.ssh("alice", "head -c 300M /dev/zero | tail | wc -c; echo end")
    need("end" in done.stdout and "314572800" not in done.stdout, f"{done}")
    need(int(vm.root(f"sed -n 's/^oom_kill //p' /sys/fs/cgroup/container.slice/{SCOPE}/memory.events")) > 0, "nothing was killed")


def tasks_are_bounded(vm):
    done = vm.ssh("alice", "sh -c 'for i in $(seq 60); do sleep 2 & done; echo all'")
    need("all" not in done.stdout and "ork" in done.stderr, f"{done}")


def processor_is_bounded(vm):
    vm.ssh("alice", "timeout 4 sh -c 'while :; do :; done'")
    need(int(vm.root(f"sed -n 's/^nr_throttled //p' /sys/fs/cgroup/container.slice/{SCOPE}/cpu.stat")) > 0, "never throttled")


def devices_are_bounded(vm):
    said = vm.root("su carol -c 'sh -c \": </dev/null && echo null; : </dev/zero && echo zero\"' 2>&1 || true")
    need("null" in said and "zero\n" not in said + "\n" and "not permitted" in said, said)


def logind_sees_sessions_open_and_close(vm):
    shell = vm.terminal("alice")
    shell.expect(r"\$ ", 90)
    need("alice" in vm.root("loginctl list-sessions --no-legend"), "no session of alice")
    shell.send("exit\r")
    need(shell.wait(60) == 0, "exit status")
    for _ in range(30):
        if "alice" not in vm.root("loginctl list-sessions --no-legend"):
            return
        time.sleep(1)
    raise Failed("her session stays: " + vm.root("loginctl list-sessions --no-legend"))


def su_and_sudo_land_inside(vm):
    for command in ("su alice -c", "su -l alice -c", "sudo -u alice sh -c"):
        need(is_inside(vm, vm.root(f"{command} '{PIDNS}'")), f"{command} is not inside")
    need(not is_inside(vm, vm.root(f"su -l bob -c '{PIDNS}'")), "su -l bob is inside")


def cron_jobs_land_inside(vm):
    vm.root(f"echo '* * * * * {PIDNS} >/home/alice/cron.out' | crontab -u alice -")
    for _ in range(100):
        said = vm.ssh("root", "cat /home/alice/cron.out").stdout
        if said:
            break
        time.sleep(1)
    vm.root("crontab -u alice -r")
    need(is_inside(vm, said), f"cron's job said {said!r}")


def a_login_on_the_serial_console_lands_inside(vm):
    line = vm.console
    for attempt in range(3):  # what is typed before agetty is there again is lost
        line.type("alice\n")
        try:
            line.expect("Password: ", 30)
            break
        except Failed:
            need(attempt < 2, f"no question for a password: {line.text[-300:]!r}")
    line.type("secret-of-alice\n")
    line.expect(r"\$ ", 90)
    line.type(f"{PIDNS}; echo $((6 * 7))\n")
    need(is_inside(vm, line.expect(r"pid:\[\d+\](?=\s+42)").group()), "it is on the host")
    line.type("exit\n")
    line.expect("login: ", 90)


def daemon_reload_and_dbus_lose_no_session(vm):
    shell = vm.terminal("alice")
    shell.expect(r"\$ ", 90)
    vm.root("systemctl daemon-reload && systemctl restart dbus.service")
    shell.send("echo still $((40 + 2))\r")
    shell.expect("still 42", 60)
    shell.send("exit\r")
    need(shell.wait(60) == 0, "exit status")
    vm.root("systemctl restart systemd-logind")  # who has lost the bus


def a_user_is_back_in_his_editor_after_a_reboot(vm):
    nothing_left(vm)
    shell = vm.terminal("alice")
    shell.expect(r"\$ ", 90)
    shell.send("vim paper.txt\r")
    shell.expect("paper.txt", 90)
    time.sleep(2)
    shell.send("iWords that were not saved\x1b")
    shell.expect("not saved", 60)
    time.sleep(1)
    vm.root("containerctl checkpoint alice.work", timeout=300)
    shell.wait(60)
    need(not vm.ssh("root", "pgrep -u alice vim").stdout, "vim still runs")
    vm.figures["reboot"] = vm.reboot()
    need("checkpointed" in vm.root("containerctl list --all"), "the checkpoint is not listed")
    back_in_the_editor(vm)
    need(vm.root("cat /home/alice/paper.txt") == "Words that were not saved, until now", "the file has something else")


def back_in_the_editor(vm):
    """Emulation takes longer than the module waits: what the first login began, the second one finds."""
    began = time.monotonic()
    for _ in range(3):
        shell = vm.terminal("alice")
        try:
            shell.expect("not saved", 45)
            break
        except AssertionError:
            shell.close()
    else:
        raise Failed(f"she is not in her editor: {shell.all[-800:]!r}")
    vm.figures["back in the editor"] = time.monotonic() - began
    time.sleep(1)
    shell.send("A, until now\x1b")
    time.sleep(1)
    shell.send(":wq\r")
    shell.expect(r"\$ ", 60)
    shell.send("exit\r")
    need(shell.wait(60) == 0, "exit status")


def the_power_fails_in_a_checkpoint(vm):
    vm.ssh("alice", "true")
    vm.root("systemd-run -q sh -c 'containerctl checkpoint alice.work'")
    time.sleep(1.5)
    vm.cut()
    vm.start()
    vm.root("systemctl start container-gc.service")
    need(not (left := vm.root("containerctl gc --dry-run")), f"gc finds: {left}")
    for _ in range(2):
        done = vm.ssh("alice", PIDNS)
        if done.returncode == 0:
            break
    need(is_inside(vm, done.stdout), f"{done}")


def removal_leaves_what_runs_and_purge_leaves_nothing(vm):
    nothing_left(vm)
    shell = vm.terminal("alice")
    shell.expect(r"\$ ", 90)
    vm.root("dpkg --force-depends -i /root/pam-container_*.deb", timeout=300)
    vm.root("DEBIAN_FRONTEND=noninteractive apt-get remove -qy libpam-container pam-container libpamcontainer0", timeout=300)
    shell.send("echo alive $((40 + 2))\r")
    shell.expect("alive 42", 60)
    shell.send("exit\r")
    need(shell.wait(60) == 0, "exit status")
    need(vm.ssh("alice", "true").returncode == 0, "alice cannot log in any more")
    vm.root("systemctl stop container.slice; rm -r /etc/security/containers; "
            "dpkg --purge libpam-container pam-container libpamcontainer0", timeout=300)
    left = vm.root("find / -xdev ( -name '*pam_container*' -o -name 'container-gc*' -o -name '*pam-container*' -o "
                   "-name 'container.slice*' ) ! -path '/proc/*' ! -path '/root/*' ! -path '/var/log/*' "
                   "! -path '/var/cache/*'".replace("(", "\\(").replace(")", "\\)"))
    need(not left, f"left: {left}")
    need("pam_container" not in vm.root("cat /etc/pam.d/*"), "PAM still has it")


STEPS = (installs_as_an_administrator_would, doctor_finds_nothing_missing, switched_on_by_pam_auth_update,
         ssh_logins_land_inside, contained_users_have_no_systemd_outside, limits_are_systemds_too, memory_is_bounded,
         tasks_are_bounded, processor_is_bounded, devices_are_bounded, logind_sees_sessions_open_and_close,
         su_and_sudo_land_inside, cron_jobs_land_inside, a_login_on_the_serial_console_lands_inside,
         daemon_reload_and_dbus_lose_no_session, a_user_is_back_in_his_editor_after_a_reboot,
         the_power_fails_in_a_checkpoint, removal_leaves_what_runs_and_purge_leaves_nothing)
