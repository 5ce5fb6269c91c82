# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is shown in the virtual machine, in this order; each step finds the machine as the one before left it."""

import glob
import os

from bounds import (devices_processors_and_disks_are_bounded, limits_are_systemds_too, memory_is_bounded_and_the_user_is_told,
                    processor_is_bounded, tasks_are_bounded)
from ground import CONF, POLICY, STRICT, WORK, leave, need, nothing_left, shell_of, write
from outages import a_user_is_back_in_his_editor_after_a_reboot, the_power_fails_in_a_checkpoint
from records import contained_users_have_no_systemd_outside, records_of_a_session_are_right
from ways_in import (a_login_on_the_serial_console_lands_inside, cron_and_at_jobs_land_inside, daemon_reload_and_dbus_lose_no_session,
                     files_go_through, ssh_logins_land_inside, su_and_sudo_land_inside)



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
    vm.root("useradd -m -s /bin/bash dave; cp -a /home/bob/.ssh /home/dave/; chown -R dave:dave /home/dave/.ssh")
    write(vm, CONF, POLICY)
    write(vm, "/etc/security/containers/work.conf", WORK)
    write(vm, "/etc/security/containers/strict.conf", STRICT)
    vm.root("containerctl check && pam-auth-update --enable container")
    need("fail" not in vm.root("containerctl doctor --raw -o CHECK,STATUS | grep ^pam"), "doctor complains about PAM")


def removal_leaves_what_runs_and_purge_leaves_nothing(vm):
    nothing_left(vm)
    shell = shell_of(vm, "alice")
    vm.root("dpkg --force-depends -i /root/pam-container_*.deb", timeout=300)
    vm.root("DEBIAN_FRONTEND=noninteractive apt-get remove -qy libpam-container pam-container libpamcontainer0", timeout=300)
    shell.send("echo alive $((40 + 2))\r")
    shell.expect("alive 42", 120)
    leave(shell)
    need(vm.ssh("alice", "true").returncode == 0, "alice cannot log in any more")
    vm.root("systemctl stop container.slice; rm -r /etc/security/containers; "
            "dpkg --purge libpam-container pam-container libpamcontainer0", timeout=300)
    left = vm.root("find / -xdev ( -name '*pam_container*' -o -name 'container-gc*' -o -name '*pam-container*' -o "
                   "-name 'container.slice*' ) ! -path '/proc/*' ! -path '/root/*' ! -path '/var/log/*' "
                   "! -path '/var/cache/*'".replace("(", "\\(").replace(")", "\\)"))
    need(not left, f"left: {left}")
    need("pam_container" not in vm.root("cat /etc/pam.d/*"), "PAM still has it")


STEPS = (installs_as_an_administrator_would, doctor_finds_nothing_missing, switched_on_by_pam_auth_update,
         ssh_logins_land_inside, contained_users_have_no_systemd_outside, limits_are_systemds_too,
         memory_is_bounded_and_the_user_is_told, tasks_are_bounded, processor_is_bounded, devices_processors_and_disks_are_bounded,
         su_and_sudo_land_inside, a_login_on_the_serial_console_lands_inside, cron_and_at_jobs_land_inside,
         daemon_reload_and_dbus_lose_no_session, a_user_is_back_in_his_editor_after_a_reboot, records_of_a_session_are_right,
         files_go_through, the_power_fails_in_a_checkpoint, removal_leaves_what_runs_and_purge_leaves_nothing)
