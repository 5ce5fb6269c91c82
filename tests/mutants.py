# SPDX-License-Identifier: LGPL-2.1-or-later
"""Defences, each with the edit that takes it out and the test that must notice (tools/check-mutants)."""


def _mutant(must, name, where, test, suite="live"):
    file, old, new = where
    return {"must": must, "name": name, "file": file, "old": old, "new": new, "test": test,
            "suite": suite}


MUTANTS = [
    _mutant("MUST-1", "late entry does not leave the host's mounts",
            ("libcore/enter.c", "r = join_one(p->mnt_fd, CLONE_NEWNS, \"mnt\", err);", "r = 0;"),
            "ssh.walls"),
    _mutant("MUST-1", "a process that joins keeps its bounding set",
            ("libcore/restrict.c", "int r = set->has_bounding ? drop_bounding(set->bounding, err) : 0;",
             "int r = 0;"), "ssh.walls"),
    _mutant("MUST-2", "uid 0 is decided after everything else",
            ("pam_container/pam_container.c", "== PAM_SUCCESS && uid == 0)", "== PAM_SUCCESS && 0)"),
            "policy.root_without_a_helper"),
    _mutant("MUST-5", "links in the tree are followed where a folder is made",
            ("libcore/path.c", "fd = path_open_in(rootfd, prefix, last && !is_dir ? O_PATH : O_PATH | "
             "O_DIRECTORY);", "fd = openat(parent, name, O_PATH | O_CLOEXEC);\n\t\tif (fd < 0)\n"
             "\t\t\tfd = -errno;"), "files.hostile_destination"),
    _mutant("MUST-5", "mounts of a container reach the host",
            ("libcore/root.c", "if (mount(NULL, \"/\", NULL, MS_SLAVE | MS_REC, NULL) < 0)", "if (0)"),
            "files.host_mounts_are_not_touched"),
    _mutant("MUST-6", "the session keyring is kept",
            ("libcore/setup.c", "return keyring_new_session(err);", "return err ? 0 : 0;"),
            "exec.session_keyring"),
    _mutant("MUST-6", "other users' processes are shown",
            ("libcore/procfs.c", "[SPEC_PROC_INVISIBLE] = \"hidepid=invisible\",",
             "[SPEC_PROC_INVISIBLE] = NULL,"), "files.protect_proc"),
    _mutant("MUST-6", "a command without a terminal gets root's",
            ("helpers/plain.c", "if (!isatty(i))", "if (i >= 0)"),
            "commands.exec_without_its_terminal"),
    _mutant("MUST-8", "a tree that a user owns becomes the root",
            ("libcore/root.c", "r = path_open_trusted(path, S_IFDIR, &top, err);",
             "r = 0; top = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);"),
            "files.root_directory_of_the_user"),
    _mutant("MUST-9", "a stage that fails is not undone",
            ("libcore/stage.c", "stage_undo(table, i, ctx);", ""),
            "stages.each_stage_of_the_supervisor_fails"),
    _mutant("MUST-11", "a name is told as it was typed",
            ("helpers/ctl.c", "str_escape(shown, sizeof(shown), id);",
             "(void)!str_copy(shown, sizeof(shown), id);"), "commands.wrong_ids"),
    _mutant("MUST-6", "the supervisor keeps the identity of who called su",
            ("helpers/origin.c", "if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || "
             "setresuid(0, 0, 0) < 0)", "if (0)"), "harm.the_supervisor_is_roots_alone"),
    _mutant("MUST-6", "the supervisor keeps the limits of who called su",
            ("helpers/origin.c", "raise_limit(limits[i].resource, &limits[i].least);", "(void)i;"),
            "harm.the_supervisor_is_roots_alone"),
    _mutant("locks", "a login is handed over under the container's lock",
            ("helpers/supervisor_login.c", "state_unlock(s->c.rootfd, s->c.st.id, &lock);\n\t\tr = "
             "forward(s, l, p->fds, err);", "r = forward(s, l, p->fds, err);"),
            "policy.many_first_logins_share_one_container"),
    _mutant("MUST-6", "what a caller has open comes along",
            ("libcore/enter.c", "(r = sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC)) < 0", "r < 0"),
            "attacks.descriptors_that_were_left_open"),
    _mutant("MUST-7", "PID 1 starts a user's program as somebody else",
            ("helpers/init_child.c", "t->uid = c->cred.uid;", "t->uid = 0;"),
            "pid1.identity_is_the_kernels"),
    _mutant("tables", "a user may fill PID 1's table",
            ("helpers/init.c", "return uid != 0 && same >= CONN_PER_UID ? NULL : found;",
             "return same > CONN_MAX ? NULL : found;"), "pid1.flood"),
    _mutant("MUST-4", "a container frozen by its v2 file on a hybrid machine is taken for running",
            ("libcore/cgfreeze.c", "return other < 0 ? CG_THAWED : read_state(h, other);",
             "return CG_THAWED;"), "input.frozen_by_hand"),
    _mutant("MUST-9", "PID 1 outlives its supervisor",
            ("libcore/setup.c", "prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || ", ""), "crash.supervisor"),
    _mutant("MUST-8", "configuration that others can write is believed",
            ("libcore/path.c", "if (st.st_mode & 022)", "if (0)"), "input.files_that_others_can_write"),
]
