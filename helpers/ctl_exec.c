/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cleanup.h"
#include "ctlrelay.h"
#include "execplan.h"
#include "plain.h"
#include "ring.h"

/* exec, shell: a process in a container, with a terminal or with our own descriptors. */

struct exec {
	struct ctl *ctl;
	const char *user, *cwd;
	struct strv env;
	bool terminal, no_terminal;
};

static const struct option_row rows[] = {
    {"user", 'u', OPTION_TEXT, offsetof(struct exec, user), "USER[:GROUP]",
     "name or number; the container's owner when not given"},
    {"cwd", 'C', OPTION_TEXT, offsetof(struct exec, cwd), "DIR", "folder; the user's home"},
    {"env", 'e', OPTION_LIST, offsetof(struct exec, env), "NAME=VALUE",
     "one more variable; may be given again"},
    {"tty", 't', OPTION_FLAG, offsetof(struct exec, terminal), NULL,
     "a terminal of the container, even when output is redirected"},
    {"no-tty", 'T', OPTION_FLAG, offsetof(struct exec, no_terminal), NULL,
     "no terminal, even when run on one"},
};

static void init_relay(struct relay *r, struct ctr_process *p, int signals)
{
	*r = (struct relay){.in = STDIN_FILENO,
			    .out = STDOUT_FILENO,
			    .master = ctr_process_terminal(p),
			    .signals = signals,
			    .peer = ctlrelay_peer(p)};
}

static int run_plain(struct ctr_container *c, struct ctr_process_spec *spec, int signals,
		     int *ret_status, struct ctr_error *err)
{
	struct ctr_process *p = NULL;
	struct plain plain;
	struct relay relay;
	int r = plain_open(&plain, err);

	if (r < 0)
		return r;
	spec->stdin_fd = plain.given[0];
	spec->stdout_fd = plain.given[1];
	spec->stderr_fd = plain.given[2];
	r = ctr_start(c, spec, &p, err);
	if (r == 0) {
		plain_started(&plain);
		init_relay(&relay, p, signals);
		r = plain_run(&plain, &relay, ret_status, err);
	}
	plain_close(&plain);
	ctr_process_free(p);
	return r;
}

static int run_terminal(struct ctr_container *c, struct ctr_process_spec *spec, int signals,
			int *ret_status, struct ctr_error *err)
{
	struct ctr_process *p = NULL;
	struct termios outer;
	struct relay relay;
	struct winsize w;
	int r;

	if (tcgetattr(STDIN_FILENO, &outer) < 0)
		return err_set(err, CTR_E_CONFIG, ENOTTY, "terminal",
			       "standard input is not a terminal; leave out --tty");
	spec->terminal = 1;
	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &w) == 0) {
		spec->rows = w.ws_row;
		spec->cols = w.ws_col;
	}
	r = ctr_start(c, spec, &p, err);
	if (r == 0) {
		init_relay(&relay, p, signals);
		relay.saved = outer;
		/* as the outer one is: erase key, flow control. Raw mode comes after */
		(void)tcsetattr(relay.master, TCSANOW, &outer);	     /* it ended already */
		(void)!ring_map(ctr_process_output(p), &relay.ring); /* for who attaches later */
		r = relay_run(&relay, ret_status, err);
		ring_unmap(relay.ring);
	}
	if (r == RELAY_DETACHED) {
		(void)fprintf(stderr, "\ndetached from session %u; it goes on\n",
			      ctr_process_session(p));
		*ret_status = 0;
		r = 0;
	}
	ctr_process_free(p);
	return r;
}

static int run(struct exec *x, const char *id, const struct ctr_process_spec *given, int *code)
{
	autocontainer struct ctr_container *c = NULL;
	struct ctr_process_spec spec = *given;
	autoplan struct execplan plan = {0};
	autofd int signals = -1;
	bool terminal = !x->no_terminal && (x->terminal || relay_on_terminal());
	const struct execplan_wish wish = {x->user, &x->env, terminal, !spec.argv};
	struct ctr_error err;
	int status = 0, r;

	*code = EXECPLAN_FAILED;
	if (ctl_load(x->ctl, id, &c) != CTL_GO_ON)
		return -1;
	r = execplan_make(&plan, c, &wish, &err);
	if (r == 0) {
		execplan_apply(&plan, &spec);
		signals = relay_catch_signals();
		r = signals < 0 ? err_sys(&err, signals, "exec", "catch signals") : 0;
	}
	if (r == 0)
		r = terminal ? run_terminal(c, &spec, signals, &status, &err)
			     : run_plain(c, &spec, signals, &status, &err);
	*code = status;
	if (r == 0)
		return 0;
	*code = execplan_code(&err);
	(void)ctl_failed(x->ctl, id, c, &err);
	return -1;
}

/* ctl_options()'s answer in the language of exec: what is not the command's is 125. */
static int exit_code(int r)
{
	return r == CTL_OK || r == CTL_GO_ON ? r : EXECPLAN_FAILED;
}

static int prepare(struct exec *x, int *argc, char ***argv)
{
	struct options_line line = {.groups = {{rows, ARRAY_SIZE(rows), x}}, .stop_early = true};
	int r = exit_code(ctl_options(x->ctl, &line, NULL, argc, argv));

	if (r == CTL_GO_ON && *argc == 0)
		r = exit_code(
		    ctl_usage(x->ctl, "%s takes the ID of a container", x->ctl->verb->name));
	if (r == CTL_GO_ON && x->terminal && x->no_terminal)
		r = exit_code(ctl_usage(x->ctl, "--tty and --no-tty contradict each other"));
	for (size_t i = 0; r == CTL_GO_ON && i < x->env.n; i++)
		if (!strchr(x->env.v[i], '=') || x->env.v[i][0] == '=')
			r = exit_code(ctl_usage(x->ctl, "'%s' is not NAME=VALUE", x->env.v[i]));
	return r;
}

static int finish(struct exec *x, const char *id, const struct ctr_process_spec *spec)
{
	int code, r = exit_code(ctl_open(x->ctl));

	if (r != CTL_GO_ON)
		return r;
	r = run(x, id, spec, &code);
	return r < 0 ? code : relay_end_as(code);
}

int ctl_exec(struct ctl *ctl, int argc, char **argv)
{
	struct exec x = {.ctl = ctl};
	int r = prepare(&x, &argc, &argv);

	if (r == CTL_GO_ON) {
		bool dashes = argc > 1 && strcmp(argv[1], "--") == 0;
		char **command = argv + 1 + dashes;
		const struct ctr_process_spec spec = {.argv = (const char *const *)command,
						      .cwd = x.cwd};

		if (!*command)
			r = exit_code(ctl_usage(ctl, "exec takes a command"));
		else if (!dashes && **command == '-')
			r = exit_code(ctl_usage(ctl,
						"options of exec stand before the ID; a command "
						"that begins with '-' stands after '--'"));
		else
			r = finish(&x, argv[0], &spec);
	}
	strv_done(&x.env);
	return r;
}

int ctl_shell(struct ctl *ctl, int argc, char **argv)
{
	struct exec x = {.ctl = ctl};
	int r = prepare(&x, &argc, &argv);

	if (r == CTL_GO_ON && argc > 1 && argv[1][0] == '-')
		r = exit_code(
		    ctl_usage(ctl, "options stand before the ID: 'shell %s %s'", argv[1], argv[0]));
	else if (r == CTL_GO_ON && argc > 1)
		r = exit_code(
		    ctl_usage(ctl, "shell takes one ID; try 'exec %s -- %s'", argv[0], argv[1]));
	if (r == CTL_GO_ON) {
		const struct ctr_process_spec spec = {.argv = NULL, .cwd = x.cwd}; /* his shell */

		r = finish(&x, argv[0], &spec);
	}
	strv_done(&x.env);
	return r;
}
