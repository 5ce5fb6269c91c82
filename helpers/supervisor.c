/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "supervisor.h"

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "fd.h"
#include "num.h"
#include "origin.h"

/*
 * container-supervisor: one per container. Executed by the module (login) or by the library
 * (create) with a socket as descriptor 3; see docs/ARCHITECTURE.md.
 */

enum { FD_SOCKET = 3, EXIT_USAGE = 2 };

static const struct {
	const char *name;
	bool (*begin)(struct supervisor *s, int sock);
} verbs[] = {
    {"login", supervisor_login},
    {"create", supervisor_create},
    {"restore", supervisor_restore_verb},
};

static int parse_fault(const char *text, struct stage_fault *ret)
{
	char *name = strdup(text), *colon = name ? strchr(name, ':') : NULL;

	if (!name)
		return -1;
	if (colon)
		*colon = '\0';
	ret->name = name; /* lives as long as the process */
	return colon ? num_int_in(colon + 1, 1, 64, &ret->signal) : 0;
}

static int parse(int argc, char **argv, struct options *opt)
{
	static const struct option longs[] = {
	    {"conf", required_argument, NULL, 'c'},
	    {"state-root", required_argument, NULL, 's'},
	    {"helper-dir", required_argument, NULL, 'h'},
	    {"checkpoint-root", required_argument, NULL, 'k'},
	    {"criu", required_argument, NULL, 'r'},
	    {"fault", required_argument, NULL, 'f'},
	    {"debug", no_argument, NULL, 'd'},
	    {NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'c')
			opt->conf = optarg;
		else if (c == 's')
			opt->state_root = optarg;
		else if (c == 'h')
			opt->helper_dir = optarg;
		else if (c == 'k')
			opt->checkpoint_root = optarg;
		else if (c == 'r')
			opt->criu = optarg;
		else if (c == 'd')
			opt->debug = true;
		else if (c != 'f' || parse_fault(optarg, &opt->fault) < 0)
			return -1;
	}
	if (optind + 1 != argc)
		return -1;
	opt->verb = argv[optind];
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(opt->verb, verbs[i].name) == 0)
			return 0;
	return -1;
}

/* MUST-6: whoever started this, what it left behind in the process is not ours. */
static int become_daemon(void)
{
	const int keep[] = {FD_SOCKET};
	sigset_t none;

	if (fd_std_safe() < 0 || fd_close_except(keep, 1) < 0 || fd_set_cloexec(FD_SOCKET, 1) < 0)
		return -1;
	for (int sig = 1; sig < NSIG; sig++)
		(void)signal(sig, SIG_DFL); /* KILL and STOP refuse */
	(void)signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)umask(077);
	(void)setsid(); /* fails for a group leader, which has its own session then */
	return origin_forget() < 0 ? -1 : chdir("/");
}

static bool begin(struct supervisor *s)
{
	size_t i = 0;

	while (strcmp(s->opt.verb, verbs[i].name) != 0)
		i++;
	openlog("container-supervisor", LOG_PID, LOG_AUTHPRIV);
	create_init(&s->c);
	s->unsynced = s->spent = s->pre.dirfd = s->tell = s->work = -1;
	s->oom = (struct cgnotify)CGNOTIFY_NONE;
	return verbs[i].begin(s, FD_SOCKET);
}

int main(int argc, char **argv)
{
	static struct supervisor s; /* some 100 KiB, zero pages until used */

	s.opt = (struct options){.state_root = CTR_STATEDIR,
				 .helper_dir = CTR_LIBEXECDIR,
				 .checkpoint_root = CTR_CHECKPOINTDIR,
				 .criu = CTR_CRIU};
	if (argc < 1 || parse(argc, argv, &s.opt) < 0)
		return EXIT_USAGE;
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || become_daemon() < 0)
		return EXIT_FAILURE;
	if (!begin(&s))
		return EXIT_SUCCESS;
	return supervisor_loop(&s);
}
