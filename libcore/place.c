/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "place.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "num.h"
#include "proc.h"
#include "sys.h"

enum { IO_WHO_PROCESS = 1, WORD_MAX = 24 }; /* linux/ioprio.h */

/* ---- a line ---- */

/* Words of CPUs from the lowest on, without those of 0 at the end. */
char *place_format(const struct place *p)
{
	size_t size, n = PLACE_WORDS;
	char *text = NULL;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	while (n > 1 && p->cpus[n - 1] == 0)
		n--;
	(void)fprintf(f, "%d %d", p->tid, p->io); /* errors show when it is closed */
	for (size_t i = 0; i < n; i++)
		(void)fprintf(f, " %" PRIu64, p->cpus[i]);
	if (fclose(f) == 0)
		return text;
	free(text);
	errno = ENOMEM;
	return NULL;
}

int place_parse(const char *line, struct place *ret)
{
	autostrv struct strv words = {0};
	struct place p = {0};
	int tid, r = strv_split(&words, line, " ");

	if (r < 0)
		return r;
	if (words.n < 3 || words.n > 2 + PLACE_WORDS ||
	    num_int_in(words.v[0], 1, INT32_MAX, &tid) < 0 ||
	    num_int_in(words.v[1], 0, UINT16_MAX, &p.io) < 0)
		return -EBADMSG;
	for (size_t i = 2; i < words.n; i++)
		if (num_u64(words.v[i], &p.cpus[i - 2]) < 0)
			return -EBADMSG;
	p.tid = tid;
	*ret = p;
	return 0;
}

/* ---- threads ---- */

/** struct visit - what is done with each thread that PID 1 or one of its children started */
struct visit {
	int (*fn)(struct visit *v, pid_t tid, pid_t inner);
	struct strv *ret;
	const struct strv *lines;
};

static int visit_threads(struct visit *v, pid_t pid)
{
	char path[32];
	autodir DIR *d = NULL;
	struct dirent *e;
	int r = str_format(path, sizeof(path), "/proc/%d/task", pid);

	d = r < 0 ? NULL : opendir(path);
	while (r == 0 && d && (e = readdir(d))) {
		pid_t chain[8];
		int tid, depth;

		if (num_int_in(e->d_name, 1, INT32_MAX, &tid) < 0)
			continue; /* "." and ".." */
		depth = proc_nspids(tid, chain, ARRAY_SIZE(chain));
		if (depth > 1)
			r = v->fn(v, tid, chain[depth - 1]);
	}
	return r;
}

static int visit_all(struct visit *v, const struct held_where *where)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < where->n; i++)
		if (proc_is_below(where->pids[i], where->init))
			r = visit_threads(v, where->pids[i]);
	return r;
}

static int add_line(struct visit *v, pid_t tid, pid_t inner)
{
	struct place p = {.tid = inner};
	autofree char *line = NULL;

	p.io = sys_ioprio_get(IO_WHO_PROCESS, tid);
	if (p.io < 0 || sched_getaffinity(tid, sizeof(p.cpus), (cpu_set_t *)p.cpus) < 0)
		return p.io < 0 ? p.io : -errno;
	line = place_format(&p);
	return line ? strv_add(v->ret, line) : -ENOMEM;
}

int place_read(const struct held_where *where, struct strv *ret, struct ctr_error *err)
{
	autostrv struct strv lines = {0};
	struct visit v = {.fn = add_line, .ret = &lines};
	int r = visit_all(&v, where);

	if (r < 0)
		return err_sys(err, r, "place", "read CPUs and I/O priorities");
	*ret = lines;
	lines = (struct strv){0};
	return 0;
}

static int find_line(const struct strv *lines, pid_t inner, struct place *ret)
{
	char want[WORD_MAX];
	int r = str_format(want, sizeof(want), "%d ", inner);

	for (size_t i = 0; r == 0 && i < lines->n; i++)
		if (str_has_prefix(lines->v[i], want, NULL))
			return place_parse(lines->v[i], ret);
	return r < 0 ? r : -ENOENT;
}

/* EINVAL: none of these CPUs is there, or none is the container's, sched_setaffinity(2) */
static int give_line(struct visit *v, pid_t tid, pid_t inner)
{
	struct place p;
	int r = find_line(v->lines, inner, &p);

	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = sys_ioprio_set(IO_WHO_PROCESS, tid, p.io);
	if (r == 0 && sched_setaffinity(tid, sizeof(p.cpus), (const cpu_set_t *)p.cpus) < 0 &&
	    errno != EINVAL)
		r = -errno;
	return r;
}

int place_restore(const struct held_where *where, const struct strv *lines, struct ctr_error *err)
{
	struct visit v = {.fn = give_line, .lines = lines};
	int r = visit_all(&v, where);

	return r < 0 ? err_sys(err, r, "place", "give back CPUs and I/O priorities") : 0;
}
