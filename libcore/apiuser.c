/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "api.h"
#include "cleanup.h"
#include "num.h"

enum { NAME_MAX_LEN = 256, NSS_MAX = 1 << 20, GROUPS_FIRST = 64, GROUPS_LIMIT = 65536 };

void api_user_done(struct api_user *u)
{
	free(u->groups);
	free(u->name);
	free(u->home);
	free(u->shell);
	*u = (struct api_user){0};
}

static bool is_digits(const char *s)
{
	return *s && strspn(s, "0123456789") == strlen(s);
}

/** struct entry - the host's passwd entry of a user, with the memory that it points into */
struct entry {
	struct passwd pw;
	char *buf;
	bool found;
};

/* By name, or by uid when that is NULL. ERANGE asks for more room, getpwnam_r(3). */
static int ask_passwd(struct entry *e, const char *name, uid_t uid)
{
	struct passwd *found = NULL;
	int r = ERANGE;

	for (size_t size = 1024; r == ERANGE && size <= NSS_MAX; size *= 4) {
		free(e->buf);
		e->buf = malloc(size);
		if (!e->buf)
			return -ENOMEM;
		do {
			r = name ? getpwnam_r(name, &e->pw, e->buf, size, &found)
				 : getpwuid_r(uid, &e->pw, e->buf, size, &found);
		} while (r == EINTR);
	}
	/* glibc passes on what a backend says of an absent name: ENOENT, ESRCH, EBADF or EPERM */
	if (r == ENOENT || r == ESRCH || r == EBADF || r == EPERM)
		r = 0;
	e->found = r == 0 && found;
	return -r;
}

static int find_user(const char *word, struct entry *e, struct ctr_error *err)
{
	bool number = is_digits(word);
	uid_t uid = 0;
	int r = 0;

	if (!*word)
		return err_set(err, CTR_E_CONFIG, EINVAL, "user", "the name of the user is empty");
	/* MUST-7: digits are never a name, and "01", "-1" or 2^32 are no number */
	if (number && num_id(word, &uid) < 0)
		return err_set(err, CTR_E_CONFIG, EINVAL, "user", "uid %.40s is no user ID", word);
	r = ask_passwd(e, number ? NULL : word, uid);
	if (r < 0)
		return err_sys(err, r, "user", "look up user %.80s", word);
	if (!e->found && !number)
		return err_set(err, CTR_E_CONFIG, ENOENT, "user", "this host has no user %.80s",
			       word);
	if (!e->found)
		e->pw.pw_uid = uid;
	return 0;
}

static int find_group(const char *word, gid_t *ret, struct ctr_error *err)
{
	struct group gr, *found = NULL;
	autofree char *buf = NULL;
	int r = ERANGE;

	if (is_digits(word))
		return num_id(word, ret) < 0 ? err_set(err, CTR_E_CONFIG, EINVAL, "user",
						       "gid %.40s is no group ID", word)
					     : 0;
	for (size_t size = 1024; r == ERANGE && size <= NSS_MAX; size *= 4) {
		free(buf);
		buf = malloc(size);
		if (!buf)
			return err_sys(err, ENOMEM, "user", "look up group %.80s", word);
		do {
			r = getgrnam_r(word, &gr, buf, size, &found);
		} while (r == EINTR);
	}
	if (!found)
		return err_set(err, CTR_E_CONFIG, ENOENT, "user", "this host has no group '%.80s'",
			       word);
	*ret = gr.gr_gid;
	return 0;
}

static int all_groups(const struct entry *e, struct api_user *u, struct ctr_error *err)
{
	int n = GROUPS_FIRST;

	for (;;) {
		gid_t *v = reallocarray(u->groups, (size_t)n, sizeof(*v));
		int room = n;

		if (!v)
			return err_sys(err, ENOMEM, "user", "read the groups of %s", e->pw.pw_name);
		u->groups = v;
		if (getgrouplist(e->pw.pw_name, e->pw.pw_gid, v, &n) >= 0)
			break;
		if (n <= room)
			n = 2 * room;
		if (n > GROUPS_LIMIT)
			return err_sys(err, E2BIG, "user", "read the groups of %s", e->pw.pw_name);
	}
	u->ngroups = (size_t)n;
	return 0;
}

static int describe(const struct entry *e, struct api_user *u)
{
	u->name = e->found ? strdup(e->pw.pw_name) : str_dup_format("%u", u->uid);
	u->home = strdup(e->found && e->pw.pw_dir[0] == '/' ? e->pw.pw_dir : "/");
	u->shell = strdup(e->found && e->pw.pw_shell[0] == '/' ? e->pw.pw_shell : "/bin/sh");
	return u->name && u->home && u->shell ? 0 : -ENOMEM;
}

static int fill(const struct entry *e, const char *group, struct api_user *u, struct ctr_error *err)
{
	int r = 0;

	u->uid = e->pw.pw_uid;
	if (group) {
		r = find_group(group, &u->gid, err);
	} else if (e->found) {
		u->gid = e->pw.pw_gid;
		r = all_groups(e, u, err);
	} else {
		r = err_set(
		    err, CTR_E_CONFIG, ENOENT, "user",
		    "this host has no user with uid %u; give uid:gid to use it all the same",
		    u->uid);
	}
	if (r == 0 && describe(e, u) < 0)
		r = err_sys(err, ENOMEM, "user", "look up uid %u", u->uid);
	return r;
}

int api_user_find(const char *text, struct api_user *ret, struct ctr_error *err)
{
	autofree char *copy = strdup(text ? text : "0");
	struct api_user u = {0};
	struct entry e = {0};
	char *group;
	int r;

	if (!copy)
		return err_sys(err, ENOMEM, "user", "look up a user");
	if (strlen(copy) > NAME_MAX_LEN)
		return err_set(err, CTR_E_CONFIG, EINVAL, "user", "user '%.80s' is too long", copy);
	group = strchr(copy, ':');
	if (group)
		*group++ = '\0';
	r = find_user(copy, &e, err);
	if (r == 0)
		r = fill(&e, group, &u, err);
	free(e.buf);
	if (r < 0) {
		api_user_done(&u);
		return r;
	}
	*ret = u;
	return 0;
}
