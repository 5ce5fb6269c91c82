/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ckpt.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fd.h"

enum { PLAN_MAX = 64 << 20 };

#define PLAN   "plan"
#define HELD   "held"
#define PLACES "places"
#define FIRST  "pam_container-plan 1"

static const struct {
	const char *name;
	size_t offset;
} options[] = {
    {"tcp-established", offsetof(struct ckpt, tcp_established)},
    {"file-locks", offsetof(struct ckpt, file_locks)},
    {"ext-unix", offsetof(struct ckpt, ext_unix)},
    {"left-running", offsetof(struct ckpt, left_running)},
};

static bool *option(struct ckpt *c, size_t i)
{
	return (bool *)((char *)c + options[i].offset);
}

static int add_lines(FILE *f, const char *word, const struct strv *list)
{
	for (size_t i = 0; i < list->n; i++) {
		if (strchr(list->v[i], '\n'))
			return -EINVAL;
		(void)fprintf(f, "%s %s\n", word, list->v[i]); /* errors show when it is closed */
	}
	return 0;
}

char *ckpt_format(const struct ckpt *c)
{
	struct ckpt copy = *c;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int r;

	if (!f)
		return NULL;
	(void)fputs(FIRST "\n", f);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (*option(&copy, i))
			(void)fprintf(f, "option %s\n", options[i].name);
	r = add_lines(f, "external", &c->externals);
	if (r == 0)
		r = add_lines(f, "wall", &c->walls);
	if (fclose(f) != 0 && r == 0)
		r = -ENOMEM;
	if (r < 0) {
		free(text);
		errno = -r;
		return NULL;
	}
	return text;
}

static int set_option(struct ckpt *c, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (strcmp(name, options[i].name) != 0)
			continue;
		*option(c, i) = true;
		return 0;
	}
	return -EBADMSG;
}

static int parse_line(struct ckpt *c, const char *line)
{
	const char *rest;

	if (str_has_prefix(line, "option ", &rest))
		return set_option(c, rest);
	if (str_has_prefix(line, "external ", &rest))
		return *rest == '/' ? strv_add(&c->externals, rest) : -EBADMSG;
	if (str_has_prefix(line, "wall ", &rest))
		return strv_add(&c->walls, rest);
	return -EBADMSG;
}

int ckpt_parse(const char *text, struct ckpt *ret, struct ctr_error *err)
{
	autostrv struct strv lines = {0};
	autockpt struct ckpt c = {0};
	int r = strv_split(&lines, text, "\n");

	if (r == 0 && (lines.n == 0 || strcmp(lines.v[0], FIRST) != 0))
		r = -EBADMSG;
	for (size_t i = 1; r == 0 && i < lines.n; i++)
		r = parse_line(&c, lines.v[i]);
	if (r == -ENOMEM)
		return err_sys(err, r, "plan", "read the plan of a checkpoint");
	if (r < 0 || c.walls.n == 0)
		return err_set(err, CTR_E_IMAGE, EBADMSG, "plan",
			       "the plan of the checkpoint is none of ours");
	*ret = c;
	c = (struct ckpt){0};
	return 0;
}

static int write_file(int dirfd, const char *name, const char *text, struct ctr_error *err)
{
	autofd int fd =
	    openat(dirfd, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : fd_write_all(fd, text, strlen(text));

	return r < 0 ? err_sys(err, r, "plan", "write %s of a checkpoint", name) : 0;
}

static int read_file(int dirfd, const char *name, char **ret, struct ctr_error *err)
{
	autofd int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int r = fd < 0 ? -errno : fd_read_dup(fd, PLAN_MAX, ret, NULL);

	return r < 0 ? err_sys(err, r, "plan", "read %s of a checkpoint", name) : 0;
}

int ckpt_write(int dirfd, const struct ckpt *c, struct ctr_error *err)
{
	autofree char *text = ckpt_format(c);

	return text ? write_file(dirfd, PLAN, text, err)
		    : err_sys(err, errno, "plan", "write the plan of a checkpoint");
}

static int write_lines(int dirfd, const char *name, const struct strv *lines, struct ctr_error *err)
{
	autofree char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return err_sys(err, ENOMEM, "plan", "make %s of a checkpoint", name);
	for (size_t i = 0; i < lines->n; i++)
		(void)fprintf(f, "%s\n", lines->v[i]); /* errors show when it is closed */
	if (fclose(f) != 0)
		return err_sys(err, ENOMEM, "plan", "make %s of a checkpoint", name);
	return write_file(dirfd, name, text, err);
}

int ckpt_write_held(int dirfd, const struct strv *held, struct ctr_error *err)
{
	return write_lines(dirfd, HELD, held, err);
}

int ckpt_write_places(int dirfd, const struct strv *places, struct ctr_error *err)
{
	return write_lines(dirfd, PLACES, places, err);
}

static int read_lines(int dirfd, const char *name, struct strv *ret, struct ctr_error *err)
{
	autofree char *text = NULL;
	int r = read_file(dirfd, name, &text, err);

	if (r == 0 && strv_split(ret, text, "\n") < 0)
		r = err_sys(err, ENOMEM, "plan", "read %s of a checkpoint", name);
	return r;
}

int ckpt_read(int dirfd, struct ckpt *ret, struct ctr_error *err)
{
	autofree char *text = NULL;
	autockpt struct ckpt c = {0};
	int r = read_file(dirfd, PLAN, &text, err);

	if (r == 0)
		r = ckpt_parse(text, &c, err);
	if (r == 0)
		r = read_lines(dirfd, HELD, &c.held, err);
	if (r == 0)
		r = read_lines(dirfd, PLACES, &c.places, err);
	if (r < 0)
		return r;
	*ret = c;
	c = (struct ckpt){0};
	return 0;
}

void ckpt_done(struct ckpt *c)
{
	strv_done(&c->walls);
	strv_done(&c->externals);
	strv_done(&c->held);
	strv_done(&c->places);
}
