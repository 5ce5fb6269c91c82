# SPDX-License-Identifier: LGPL-2.1-or-later
"""What an administrator switches and breaks: PAM's two lines, permissive, a policy that is no policy, a full disk."""

from ground import CONF, PIDNS, POLICY, REFUSED, is_inside, need, together, write
from ways_in import console_login


def is_refused(done):
    """With one clear line, which sshd shows with the message of the day."""
    said = done.stdout + done.stderr
    need(done.returncode != 0 and said.count(REFUSED) == 1 and "echoed" not in said, f"{done}")


def root_gets_in_and_users_are_refused(vm):
    root, alice, bob = together(*[lambda user=user: vm.ssh(user, "echo echoed") for user in ("root", "alice", "bob")])
    need(root.stdout == "echoed\n", f"root: {root}")
    is_refused(alice)
    is_refused(bob)


def a_broken_policy_refuses_all_but_root(vm):
    write(vm, CONF, POLICY + "[Match trial]\nUesr=x\n")
    try:
        root_gets_in_and_users_are_refused(vm)
        console_login(vm, "root", "echo $((6 * 7))", r"42\s")
    finally:
        write(vm, CONF, POLICY)


def a_missing_helper_and_a_full_run_refuse_all_but_root(vm):
    helper = "/usr/libexec/pam_container/container-supervisor"
    vm.root(f"containerctl terminate -y alice.work; mv {helper} {helper}.away")
    try:
        root_gets_in_and_users_are_refused(vm)
    finally:
        vm.root(f"mv {helper}.away {helper}")
    vm.root("head -c 2G /dev/zero >/run/fill || true")
    try:
        root, alice = together(*[lambda user=user: vm.ssh(user, "echo echoed") for user in ("root", "alice")])
    finally:
        vm.root("rm /run/fill")
    need(root.stdout == "echoed\n", f"root: {root}")
    is_refused(alice)
    need(is_inside(vm, vm.ssh("alice", PIDNS).stdout), "alice is not inside afterwards")


def the_two_lines_and_permissive(vm):
    """As the README says: the lines in one service's file, and nobody is held at first."""
    write(vm, CONF, POLICY.replace("[Global]", "[Global]\nMode=permissive"))
    vm.root("pam-auth-update --remove container; cp /etc/pam.d/sshd /root/sshd.pam; "
            "sed -i '/^@include common-auth/a auth optional pam_container.so' /etc/pam.d/sshd; "
            "echo 'session required pam_container.so' >>/etc/pam.d/sshd")
    try:
        need(not is_inside(vm, vm.ssh("alice", PIDNS).stdout), "Mode=permissive holds alice")
        need("Mode=permissive" in vm.root("journalctl -b --no-pager -g 'event=host.*user=alice' -n 1"), "the log does not say so")
        write(vm, CONF, POLICY)
        need(is_inside(vm, vm.ssh("alice", PIDNS).stdout), "the two lines do not hold alice")
        need(not is_inside(vm, vm.root(f"su -l alice -c '{PIDNS}'")), "su has no line, and holds her")
    finally:
        write(vm, CONF, POLICY)
        vm.root("mv /root/sshd.pam /etc/pam.d/sshd; pam-auth-update --enable container")


def logout_by_logind(vm):
    """KillUserProcesses= either way: what has logged in is logind's to end, what lives in a container is ours."""
    for word in ("yes", "no"):
        write(vm, "/etc/systemd/logind.conf.d/kill.conf", f"[Login]\nKillUserProcesses={word}\n")
        vm.root("systemctl restart systemd-logind")
        pid = vm.ssh("alice", "setsid sleep 300 </dev/null >/dev/null 2>&1 & echo started").stdout
        need("started" in pid, f"{pid}")
        need(vm.root("sleep 3; pgrep -u alice -x sleep"), f"KillUserProcesses={word} reached into a container that lingers")
        session = vm.terminal("alice")
        session.expect(r"\$ ", 200)
        vm.root("for s in $(loginctl list-sessions --no-legend | awk '$3 == \"alice\" {print $1}'); do "
                "loginctl terminate-session $s; done")
        session.wait(120)
        vm.root("pkill -u alice -x sleep")
    vm.root("rm /etc/systemd/logind.conf.d/kill.conf; systemctl restart systemd-logind")


def stopping_the_scope_ends_all(vm):
    shell = vm.terminal("alice")
    shell.expect(r"\$ ", 200)
    vm.root("systemctl stop container-alice.work.scope")
    shell.wait(120)
    for _ in range(20):
        if not vm.root("containerctl list --quiet; pgrep -u alice -x bash || true"):
            return
        vm.root("sleep 1")
    need(False, vm.root("containerctl list; pgrep -a -u alice"))
