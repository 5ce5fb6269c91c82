/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "str.h"

static void execute(int fd)
{
	const char *program = getenv("PAGER");
	autostrv struct strv words = {0};

	if (dup2(fd, STDIN_FILENO) < 0)
		_exit(1);
	/* -F: gone when all fits on the screen. No shell and no files from within: it is root's. */
	(void)setenv("LESS", "FRSX", 0);
	(void)setenv("LESSSECURE", "1", 1);
	if (program && *program && strv_split(&words, program, " ") == 0 && words.n > 0)
		(void)execvp(words.v[0], words.v);
	(void)execlp("less", "less", (char *)NULL);
	(void)execlp("more", "more", (char *)NULL);
	(void)execlp("cat", "cat", (char *)NULL);
	_exit(1);
}

static FILE *start(struct pager *p)
{
	autofd int rd = -1, wr = -1;
	int fds[2];
	FILE *f;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return NULL;
	rd = fds[0];
	wr = fds[1];
	f = fdopen(wr, "w");
	if (!f)
		return NULL;
	(void)take_fd(&wr); /* the FILE has it */
	p->pid = fork();
	if (p->pid == 0)
		execute(rd);
	if (p->pid < 0) {
		p->pid = 0;
		(void)fclose(f);
		return NULL;
	}
	(void)signal(SIGPIPE, SIG_IGN); /* "q" in the pager is no failure */
	return f;
}

void pager_open(struct pager *p, bool wanted)
{
	const char *term = getenv("TERM"), *program = getenv("PAGER");
	bool useful =
	    term && strcmp(term, "dumb") != 0 && !(program && strcmp(program, "cat") == 0);
	FILE *f = NULL;

	*p = (struct pager){.out = stdout, .terminal = isatty(STDOUT_FILENO)};
	if (wanted && useful && p->terminal)
		f = start(p);
	if (f)
		p->out = f;
}

int pager_close(struct pager *p)
{
	int r = 0;

	if (!p->pid)
		return fflush(stdout) == 0 && !ferror(stdout) ? 0 : -EIO;
	if (fclose(p->out) != 0 && errno != EPIPE)
		r = -errno;
	while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
		;
	*p = (struct pager){.out = stdout};
	return r;
}
