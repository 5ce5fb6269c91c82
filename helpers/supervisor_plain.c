/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "child.h"
#include "cleanup.h"
#include "cmdline.h"
#include "num.h"
#include "supervisor.h"

/* Commands whose pipes end outside, by name: why there is no checkpoint. */

enum { NAMED_MAX = 4, COMMAND_MAX = 60, DEPTH_MAX = 8, NAME_MS = 500 };

/** struct plain - what PID 1 has named, and who there is */
struct plain {
	const struct msg *busy; /* its answer: `pid` of each, as the container counts */
	const pid_t *pids;	/* of the container's groups */
	size_t n;
	bool lines; /* command lines too: they are in the processes' memory */
};

/* The host's pid of what is `inner` inside; 0 when it has ended. */
static pid_t find(const struct plain *p, uint64_t inner)
{
	for (size_t i = 0; i < p->n; i++) {
		pid_t chain[DEPTH_MAX];
		int depth = proc_nspids(p->pids[i], chain, ARRAY_SIZE(chain));

		if (depth > 1 && (uint64_t)chain[depth - 1] == inner)
			return p->pids[i];
	}
	return 0;
}

/* "12 (rsync --server .)" */
static int describe(const struct plain *p, pid_t pid, char *dst, size_t size)
{
	char command[COMMAND_MAX];
	struct proc_stat st;
	int r;

	if (p->lines) {
		r = cmdline_read(pid, command, sizeof(command));
		return r < 0 ? r : str_format(dst, size, "%d (%s)", pid, command);
	}
	r = proc_read_stat(pid, &st);
	return r < 0 ? r : str_format(dst, size, "%d (%s)", pid, st.comm);
}

static int name_them(void *arg, struct ctr_error *err)
{
	const struct plain *p = arg;
	char who[NAMED_MAX * (COMMAND_MAX + 16)] = "", more[32] = "";
	size_t pos = 0, len, named = 0, used = 0, all = 0;
	const char *key, *value;
	uint64_t inner;

	while (msg_next(p->busy, &pos, &key, &len, &value)) {
		char one[COMMAND_MAX + 16];
		pid_t pid;

		if (len != 3 || memcmp(key, "pid", 3) != 0 || num_u64(value, &inner) < 0)
			continue;
		all++;
		pid = named < NAMED_MAX ? find(p, inner) : 0;
		if (pid == 0 || describe(p, pid, one, sizeof(one)) < 0)
			continue;
		if (str_format(who + used, sizeof(who) - used, "%s%s", named ? ", " : "", one) < 0)
			continue;
		used += strlen(who + used);
		named++;
	}
	if (all > named && named > 0)
		(void)!str_format(more, sizeof(more), " and %zu more", all - named);
	return err_set(err, CTR_E_UNSUPPORTED, EBUSY, "checkpoint",
		       "commands without a terminal can not be saved, their pipes end outside: "
		       "%s%s; end them, or use --kill-plain",
		       who, more);
}

int supervisor_name_plain(const struct supervisor *s, const struct msg *busy, struct ctr_error *err)
{
	autofree pid_t *pids = NULL;
	struct plain p = {.busy = busy, .lines = true};
	struct ctr_error mine;

	if (cg_pids(&s->c.cg, &pids, &p.n, NULL) < 0)
		p.n = 0;
	p.pids = pids;
	/* MUST-4: a process whose memory does not answer is known by its name alone */
	if (child_run(name_them, &p, NAME_MS, &mine) != -EBUSY) {
		p.lines = false;
		return name_them(&p, err);
	}
	if (err)
		*err = mine;
	return -EBUSY;
}
