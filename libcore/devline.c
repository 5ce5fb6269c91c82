/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "devline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "num.h"
#include "parse.h"
#include "path.h"
#include "str.h"

/* Of dev_t in the kernel (kdev_t.h), 12 and 20 bits */
enum { MAJOR_MAX = 0xfff, MINOR_MAX = 0xfffff, WORDS_MIN = 3, WORDS_MAX = 6 };

/* dev.c makes these. */
static const char *const taken[] = {
    "null",  "zero", "full", "random", "urandom", "tty", "console", "ptmx",	  "pts",
    "stdin", "core", "fd",   "stdout", "stderr",  "shm", "mqueue",  ".container",
};

void devline_done(struct devline *d)
{
	free(d->path);
	free(d->user);
	free(d->group);
	*d = (struct devline){.path = NULL};
}

static int check_path(const char *path, struct ctr_error *err)
{
	const char *name;

	if (!path_is_clean(path) || !str_has_prefix(path, "/dev/", &name))
		return parse_bad(err, "device node (/dev/NAME)", path, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
		size_t n = strlen(taken[i]);

		if (strncmp(name, taken[i], n) == 0 && (name[n] == '\0' || name[n] == '/'))
			return err_set(err, CTR_E_CONFIG, EINVAL, "config",
				       "%s is made by the container itself", path);
	}
	return 0;
}

static int read_numbers(char *word, struct devline *d, struct ctr_error *err)
{
	char *colon = strchr(word, ':');
	int major, minor;

	if (colon)
		*colon = '\0';
	if (!colon || num_int_in(word, 0, MAJOR_MAX, &major) < 0 ||
	    num_int_in(colon + 1, 0, MINOR_MAX, &minor) < 0)
		return parse_bad(err, "device number (MAJOR:MINOR)", word, NULL);
	d->major = (unsigned int)major;
	d->minor = (unsigned int)minor;
	return 0;
}

static int fill(const struct strv *w, struct devline *d, struct ctr_error *err)
{
	const char *type = w->v[1];
	int r = check_path(w->v[0], err);

	if (r == 0 && strcmp(type, "c") != 0 && strcmp(type, "b") != 0)
		return parse_bad(err, "type of a device (c or b)", type, NULL);
	if (r == 0)
		r = read_numbers(w->v[2], d, err);
	d->type = type[0] == 'c' ? S_IFCHR : S_IFBLK;
	d->mode = 0666;
	if (r == 0 && w->n > 3 && (num_octal(w->v[3], &d->mode) < 0 || d->mode > 0777))
		r = parse_bad(err, "octal mode up to 0777", w->v[3], NULL);
	if (r < 0)
		return r;
	d->path = strdup(w->v[0]);
	d->user = w->n > 4 ? strdup(w->v[4]) : NULL;
	d->group = w->n > 5 ? strdup(w->v[5]) : NULL;
	return d->path && (d->user || w->n <= 4) && (d->group || w->n <= 5)
		   ? 0
		   : err_sys(err, ENOMEM, "config", "read device");
}

int devline_parse(const char *line, struct devline *ret, struct ctr_error *err)
{
	autodevline struct devline d = {.path = NULL};
	autostrv struct strv words = {0};
	int r;

	if (strv_split(&words, line, " \t") < 0)
		return err_sys(err, ENOMEM, "config", "read device");
	if (words.n < WORDS_MIN || words.n > WORDS_MAX)
		return parse_bad(err, "device (PATH TYPE MAJOR:MINOR [MODE [USER [GROUP]]])", line,
				 NULL);
	r = fill(&words, &d, err);
	if (r < 0)
		return r;
	*ret = d;
	d = (struct devline){.path = NULL};
	return 0;
}
