# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is shown in the virtual machine, in this order; each step finds the machine as the one before left it."""

import glob
import os
import subprocess

from bounds import (devices_processors_and_disks_are_bounded, limits_are_systemds_too, memory_is_bounded_and_the_user_is_told,
                    processor_is_bounded, tasks_are_bounded)
from ground import CONF, POLICY, STRICT, WORK, Beside, leave, need, nothing_left, shell_of, write
from machine import HERE
from outages import (a_user_is_back_in_his_editor_after_a_reboot, a_user_is_back_in_his_editor_on_another_machine,
                     pre_dumps_shorten_the_freeze, start_second, the_power_fails_in_logins_and_a_checkpoint,
                     the_power_fails_in_logins_and_a_restore)
from records import contained_users_have_no_systemd_outside, records_of_a_session_are_right
from trouble import (a_broken_policy_refuses_all_but_root, a_missing_helper_and_a_full_run_refuse_all_but_root, logout_by_logind,
                     stopping_the_scope_ends_all, the_two_lines_and_permissive)
from ways_in import (SSHD, a_hundred_logins_one_after_another, a_login_on_the_serial_console_lands_inside,
                     a_thousand_sessions_through_the_module, connections_are_shared_and_forwarded, cron_and_at_jobs_land_inside,
                     daemon_reload_and_dbus_lose_no_session, files_go_through, passwords_let_in, ssh_logins_land_inside,
                     start_a_hundred, su_and_sudo_land_inside, systemds_own_ways_in, thirty_at_once_three_times)

TOP = os.path.dirname(os.path.dirname(HERE))
SUBSET = ("api.walkthrough", "api.matrix", "api.set", "api.pause", "api.destroy")


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
    write(vm, "/etc/ssh/sshd_config.d/tests.conf", SSHD)
    vm.root("containerctl check && pam-auth-update --enable container && systemctl reload ssh")
    need("fail" not in vm.root("containerctl doctor --raw -o CHECK,STATUS | grep ^pam"), "doctor complains about PAM")


def second_machine_begins_to_boot(vm):
    def furnish(other):
        installs_as_an_administrator_would(other)
        switched_on_by_pam_auth_update(other)
    vm.other = Beside(lambda: start_second(vm, furnish))


def the_librarys_own_tests_pass(vm):
    """Those that show the table of states, limits and the end, of tests/live, on control groups v2 alone."""
    other = vm.other.result()
    debs = [path for path in glob.glob(os.path.join(vm.packages, "*.deb")) if "dbgsym" not in path]
    other.root("mkdir -p /root/product /root/debs /root/source")
    other.copy_in(debs, "/root/debs/")
    pack = subprocess.Popen(["tar", "-C", TOP, "-cf", "-", "tests/live", "docs/examples"], stdout=subprocess.PIPE)
    subprocess.run(other.ssh_command("root", "-S", other.root_line()) + ["tar -C /root/source -xf -"], stdin=pack.stdout, check=True)
    need(pack.wait() == 0, "tar failed")
    other.root("for deb in /root/debs/*.deb; do dpkg -x $deb /root/product; done")
    said = [other.ssh("root", f"/root/source/tests/live/run --prefix /root/product -k {word}", "-S", other.root_line(),
                      timeout=900).stdout for word in SUBSET]
    bad = [text for text in said if " 0 failed, 0 skipped" not in text]
    need(not bad, "\n".join(bad)[-3000:])


def figures_come_by_the_timer(vm):
    """Not before somebody wants them, and not where there is no collector's folder."""
    name, folder = "container-metrics", "/var/lib/prometheus/node-exporter"
    need("disabled" in vm.ssh("root", f"systemctl is-enabled {name}.timer").stdout, "it is enabled by itself")
    vm.root(f"systemctl start {name}.service; test ! -e {folder}; mkdir -p {folder}; systemctl enable -q --now {name}.timer")
    vm.root(f"systemctl start {name}.service && systemctl disable -q --now {name}.timer")
    said = vm.root(f"cat {folder}/pam_container.prom")
    need("# TYPE pam_container_containers gauge" in said, said)


def the_packages_own_tests_pass(vm):
    """debian/tests, as autopkgtest runs them; the group of that name is the image's."""
    nothing_left(vm)
    vm.copy_in([*(os.path.join(TOP, "debian/tests", name) for name in ("login", "library")),
                *glob.glob(os.path.join(vm.packages, "libpamcontainer-dev_*.deb"))], "/root/")
    vm.root("mkdir -p /root/source/docs/examples")
    vm.copy_in([os.path.join(TOP, "docs/examples/walkthrough.c")], "/root/source/docs/examples/")
    vm.root("apt-get install -qy --no-install-recommends /root/libpamcontainer-dev_*.deb && cd /root/source && sh -x /root/library && "
            "dpkg --purge libpamcontainer-dev", timeout=300)
    vm.root(f"groupdel trial; cp {CONF} /root/kept && sh -x /root/login && cp /root/kept {CONF} && "
            "pam-auth-update --enable container && userdel -r inside && userdel -r outside && groupdel trial", timeout=300)


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
                   "-name 'container.slice*' -o -name 'container-metrics*' ) ! -path '/proc/*' ! -path '/root/*' ! -path '/var/log/*' "
                   "! -path '/var/cache/*'".replace("(", "\\(").replace(")", "\\)"))
    need(not left, f"left: {left}")
    need("pam_container" not in vm.root("cat /etc/pam.d/*"), "PAM still has it")


STEPS = (installs_as_an_administrator_would, doctor_finds_nothing_missing, switched_on_by_pam_auth_update,
         ssh_logins_land_inside, contained_users_have_no_systemd_outside, limits_are_systemds_too,
         memory_is_bounded_and_the_user_is_told, tasks_are_bounded, processor_is_bounded, devices_processors_and_disks_are_bounded,
         records_of_a_session_are_right, thirty_at_once_three_times, a_thousand_sessions_through_the_module,
         second_machine_begins_to_boot, start_a_hundred, su_and_sudo_land_inside, cron_and_at_jobs_land_inside,
         files_go_through, connections_are_shared_and_forwarded, passwords_let_in, systemds_own_ways_in,
         a_hundred_logins_one_after_another, a_login_on_the_serial_console_lands_inside, daemon_reload_and_dbus_lose_no_session,
         logout_by_logind, stopping_the_scope_ends_all, the_two_lines_and_permissive, a_broken_policy_refuses_all_but_root,
         a_missing_helper_and_a_full_run_refuse_all_but_root, a_user_is_back_in_his_editor_after_a_reboot,
         a_user_is_back_in_his_editor_on_another_machine, pre_dumps_shorten_the_freeze, the_librarys_own_tests_pass,
         the_power_fails_in_logins_and_a_checkpoint, the_power_fails_in_logins_and_a_restore,
         figures_come_by_the_timer, the_packages_own_tests_pass, removal_leaves_what_runs_and_purge_leaves_nothing)
