/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crver.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "criurun.h"
#include "fd.h"
#include "str.h"

#define NAME "criu"

enum { MODE = 0600, TEXT_MAX = 512 };

/* A program that was replaced or changed has another number, time of change, or size. */
static int describe(const char *program, char text[TEXT_MAX])
{
	struct stat st;

	if (stat(program, &st) < 0)
		return -errno;
	return str_format(text, TEXT_MAX,
			  "%" PRIu64 " %" PRIu64 " %" PRIu64 " %lld.%09ld %lld.%09ld ",
			  (uint64_t)st.st_dev, (uint64_t)st.st_ino, (uint64_t)st.st_size,
			  (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
			  (long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
}

static int recall(int rootfd, const char *program, char ret[32])
{
	char want[TEXT_MAX], text[TEXT_MAX];
	const char *version;
	int r = describe(program, want);

	if (r == 0 && fd_read_file_at(rootfd, NAME, text, sizeof(text)) <= 0)
		r = -ENOENT;
	if (r == 0 && (!str_has_prefix(text, want, &version) || !*version))
		r = -ENOENT;
	return r < 0 ? r : str_copy(ret, 32, version);
}

/* One that can not be noted is asked for again. */
static void note(int rootfd, const char *program, const char *version)
{
	char what[TEXT_MAX], text[TEXT_MAX];

	if (describe(program, what) == 0 &&
	    str_format(text, sizeof(text), "%s%s", what, version) == 0)
		(void)!fd_replace_file_at(rootfd, NAME, text, strlen(text), MODE);
}

int crver_ask(int rootfd, const char *program, struct crver *ret, struct ctr_error *err)
{
	struct crver v = {.rootfd = rootfd, .program = program};
	int r = 0;

	if (recall(rootfd, program, v.known) < 0)
		r = criurun_ask(program, &v.asked, err);
	if (r == 0)
		*ret = v;
	return r;
}

int crver_hear(struct crver *v, char ret[32], struct ctr_error *err)
{
	int r = 0;

	if (!*v->known) {
		r = criurun_hear(&v->asked, v->known, err);
		if (r < 0)
			return r;
		note(v->rootfd, v->program, v->known);
	}
	return str_copy(ret, 32, v->known);
}

void crver_forget(struct crver *v)
{
	criurun_forget(&v->asked);
}
