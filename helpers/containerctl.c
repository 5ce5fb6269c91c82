/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs.h"

/* containerctl: look at containers and change them; ask and check the configuration. */

static const struct ctl_verb verbs[] = {
    {"list", "ls", "", "list containers", ctl_list},
    {"status", NULL, "ID...", "show a container to people", ctl_status},
    {"show", NULL, "ID...", "show a container to programs, key=value", ctl_show},
    {"exec", NULL, "ID [--] COMMAND...", "run a command in a container", ctl_exec},
    {"shell", NULL, "ID", "run the user's login shell in a container", ctl_shell},
    {"attach", NULL, "ID [SESSION]", "get the terminal of a session in a container", ctl_attach},
    {"detach", NULL, "ID [SESSION]", "send away who is attached to a session, which goes on",
     ctl_detach},
    {"start", NULL, "NAME", "make a container of a definition, without a login", ctl_start},
    {"pause", "freeze", "ID...", "stop all processes of containers for a while", ctl_pause},
    {"resume", "unpause thaw", "ID...", "let them go on", ctl_resume},
    {"kill", NULL, "ID...", "send a signal to processes of containers", ctl_kill},
    {"terminate", NULL, "ID...", "end containers and remove them", ctl_terminate},
    {"checkpoint", "dump", "ID...", "write containers to disk and end them", ctl_checkpoint},
    {"restore", NULL, "ID...", "make containers of their checkpoints", ctl_restore},
    {"set", NULL, "ID KEY=VALUE...", "change limits of a container", ctl_set},
    {"checkpoints", NULL, "[rm ID...]", "list or remove checkpoints on disk", ctl_checkpoints},
    {"export", NULL, "ID FILE", "write a checkpoint to one file", ctl_export},
    {"import", NULL, "FILE", "take in a checkpoint of another machine", ctl_import},
    {"checkpoint-key", NULL, "create|show|import FILE", "the key that checkpoints are signed with",
     ctl_key},
    {"gc", NULL, "", "remove what dead supervisors have left", ctl_gc},
    {"check", NULL, "[FILE...]", "check the configuration, or files of it", ctl_check},
    {"which", "explain", "USER", "say which container a login would get, and why", ctl_which},
    {"cat-config", NULL, "[NAME]", "print the policy or a definition with its drop-ins",
     ctl_cat_config},
    {"doctor", NULL, "", "say what this machine can and cannot do", ctl_doctor},
};

int main(int argc, char **argv)
{
	static const struct ctl_program program = {"containerctl", "Controls containers of logins.",
						   verbs, ARRAY_SIZE(verbs)};

	return ctl_main(&program, argc, argv);
}
