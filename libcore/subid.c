/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "subid.h"

#include <dlfcn.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <shadow/subid.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "idmap.h"
#include "num.h"
#include "str.h"

/* Where libsubid looks, whatever our own prefix is. */
static const char *const files[] = {"/etc/subuid", "/etc/subgid"};

int subid_list_add(struct subid_list *l, uint64_t start, uint64_t count)
{
	struct subid_range_of *v = reallocarray(l->v, l->n + 1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	l->v = v;
	v[l->n++] = (struct subid_range_of){start, count};
	return 0;
}

void subid_list_done(struct subid_list *l)
{
	int saved = errno;

	free(l->v);
	*l = (struct subid_list){0};
	errno = saved;
}

/* ---- users and groups ---- */

static int add_id(uint64_t from, uint32_t id, struct subid_list *ret)
{
	return id < from ? 0 : subid_list_add(ret, id, 1);
}

int subid_users(uint64_t from, struct subid_list *ret, struct ctr_error *err)
{
	const struct passwd *pw;
	const struct group *gr;
	int r = 0;

	setpwent();
	while (r == 0 && (pw = getpwent())) {
		r = add_id(from, pw->pw_uid, ret);
		if (r == 0)
			r = add_id(from, pw->pw_gid, ret);
	}
	endpwent();
	setgrent();
	while (r == 0 && (gr = getgrent()))
		r = add_id(from, gr->gr_gid, ret);
	endgrent();
	return r < 0 ? err_sys(err, r, "users", "list the users of the host") : 0;
}

bool subid_is_user(uint32_t id)
{
	return getpwuid(id) || getgrgid(id);
}

/* ---- subuid(5), subgid(5) ---- */

int subid_parse_line(const char *line, char owner[257], struct subid_range_of *ret)
{
	const char *start = strchr(line, ':'), *count = start ? strchr(start + 1, ':') : NULL;
	struct subid_range_of range;
	char text[2][24];

	line += strspn(line, " \t");
	if (*line == '#' || line[strspn(line, " \t\n")] == '\0')
		return -ENODATA;
	if (!count || start == line ||
	    str_format(owner, 257, "%.*s", (int)(start - line), line) < 0 ||
	    str_format(text[0], sizeof(text[0]), "%.*s", (int)(count - start - 1), start + 1) < 0 ||
	    str_format(text[1], sizeof(text[1]), "%.*s", (int)strcspn(count + 1, "\n"), count + 1) <
		0 ||
	    num_u64(text[0], &range.start) < 0 || num_u64(text[1], &range.count) < 0 ||
	    range.start > UINT32_MAX || range.count > UINT32_MAX)
		return -EBADMSG;
	*ret = range;
	return 0;
}

static bool is_among(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

static int read_file(const char *path, const char *const *but, struct subid_list *ret,
		     struct ctr_error *err)
{
	autofile FILE *f = fopen(path, "re");
	autofree char *line = NULL;
	struct subid_range_of range;
	char owner[257];
	size_t size = 0;
	int r = 0;

	if (!f && errno == ENOENT)
		return 0;
	if (!f)
		return err_sys(err, errno, "users", "open %s", path);
	for (unsigned int n = 1; (r == 0 || r == -ENODATA) && getline(&line, &size, f) > 0; n++) {
		r = subid_parse_line(line, owner, &range);
		if (r == -EBADMSG)
			return err_set(err, CTR_E_CONFIG, EBADMSG, "users",
				       "%s:%u: not NAME:START:COUNT", path, n);
		if (r == 0 && !is_among(owner, but))
			r = subid_list_add(ret, range.start, range.count);
	}
	if (r == 0 || r == -ENODATA)
		r = ferror(f) ? -EIO : 0;
	return r < 0 ? err_sys(err, r, "users", "read %s", path) : 0;
}

int subid_taken(const char *const *but, struct subid_list *ret, struct ctr_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(files); i++)
		r = read_file(files[i], but, ret, err);
	return r;
}

/* ---- libsubid ---- */

typedef __typeof__(subid_get_uid_ranges) ranges_fn;

static int ask(void *lib, const char *name, const char *owner, struct subid_list *ret)
{
	struct subid_range *ranges = NULL;
	ranges_fn *get;
	void *f = dlsym(lib, name);
	int n, r = 0;

	if (!f)
		return -ENOTSUP;
	memcpy(&get, &f, sizeof(get));
	n = get(owner, &ranges); /* an owner without any is an error too, before 4.14 */
	for (int i = 0; r == 0 && i < n; i++)
		r = subid_list_add(ret, ranges[i].start, ranges[i].count);
	free(ranges);
	return r;
}

/* It writes to stderr by itself otherwise. */
static void be_quiet(void *lib)
{
	__typeof__(subid_init) *init;
	void *f = dlsym(lib, "subid_init");

	if (!f)
		return;
	memcpy(&init, &f, sizeof(init));
	(void)init("pam_container", NULL); /* what it says is not wanted anyway */
}

static int intersect(const struct subid_list *a, const struct subid_list *b, struct subid_list *ret)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < a->n; i++) {
		for (size_t k = 0; r == 0 && k < b->n; k++) {
			uint64_t from = a->v[i].start, end = from + a->v[i].count;

			if (b->v[k].start > from)
				from = b->v[k].start;
			if (b->v[k].start + b->v[k].count < end)
				end = b->v[k].start + b->v[k].count;
			if (from < end)
				r = subid_list_add(ret, from, end - from);
		}
	}
	return r;
}

int subid_pool(const char *owner, struct subid_list *ret, struct ctr_error *err)
{
	autosubids struct subid_list uids = {0}, gids = {0};
	void *lib = dlopen("libsubid.so.4", RTLD_NOW | RTLD_LOCAL);
	int r;

	if (!lib) /* 4.15 and later: Debian 13 */
		lib = dlopen("libsubid.so.5", RTLD_NOW | RTLD_LOCAL);
	if (!lib)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "users",
			       "PrivateUsers=pick needs libsubid: %s", dlerror());
	be_quiet(lib);
	r = ask(lib, "subid_get_uid_ranges", owner, &uids);
	if (r == 0)
		r = ask(lib, "subid_get_gid_ranges", owner, &gids);
	if (r == 0)
		r = intersect(&uids, &gids, ret);
	(void)dlclose(lib); /* it may stay loaded, as it pleases */
	return r < 0 ? err_sys(err, r, "users", "subordinate ids of %s", owner) : 0;
}

/* ---- the choice ---- */

static bool is_busy(const struct subid_list *busy, uint64_t start, uint64_t count)
{
	for (size_t i = 0; i < busy->n; i++)
		if (idmap_overlaps(start, count, busy->v[i].start, busy->v[i].count))
			return true;
	return false;
}

/* Place k of all that there are in the pool. */
static uint64_t place(const struct subid_list *pool, uint32_t count, uint64_t k)
{
	for (size_t i = 0; i < pool->n; i++) {
		uint64_t places = pool->v[i].count / count;

		if (k < places)
			return pool->v[i].start + k * count;
		k -= places;
	}
	return 0;
}

int subid_pick(const struct subid_list *pool, const struct subid_list *busy, uint32_t count,
	       uint64_t where, uint32_t *ret)
{
	uint64_t places = 0;

	for (size_t i = 0; i < pool->n; i++)
		places += pool->v[i].count / count;
	for (uint64_t k = 0; k < places; k++) {
		uint64_t start = place(pool, count, (where + k) % places);

		/* (uid_t)-1 is no number; below are the host's own users, whatever a file says */
		if (start >= IDMAP_BASE_MIN && start + count <= UINT32_MAX &&
		    !is_busy(busy, start, count)) {
			*ret = (uint32_t)start;
			return 0;
		}
	}
	return -ENOENT;
}
