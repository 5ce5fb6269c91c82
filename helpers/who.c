/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "who.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "num.h"

enum { BUFFER = 256 * 1024 };

void who_done(struct who *who)
{
	free(who->user);
	free(who->home);
	free(who->shell);
	strv_done(&who->groups);
	who->user = who->home = who->shell = NULL;
}

static int add_groups(struct who *w, char *buffer, struct ctr_error *err)
{
	int n = WHO_GROUPS;

	if (getgrouplist(w->user, w->gid, w->gids, &n) < 0)
		return err_set(err, CTR_E_UNSUPPORTED, E2BIG, "user",
			       "user %s is in more than %d groups", w->user, WHO_GROUPS);
	w->ngids = (size_t)n;
	for (int i = 0; i < n; i++) {
		struct group gr, *g = NULL;

		if (getgrgid_r(w->gids[i], &gr, buffer, BUFFER, &g) == 0 && g &&
		    strv_add(&w->groups, g->gr_name) < 0)
			return err_sys(err, ENOMEM, "user", "look up %s", w->user);
	}
	return 0;
}

static int look_up(const char *name, struct passwd *pw, char *buffer, struct ctr_error *err)
{
	struct passwd *found = NULL;
	uint32_t uid;
	int r = 0;

	/* MUST-7: digits are never a name, and "01" or 2^32 are no number */
	if (!*name || name[strspn(name, "0123456789")])
		r = getpwnam_r(name, pw, buffer, BUFFER, &found);
	else if (num_id(name, &uid) == 0)
		r = getpwuid_r(uid, pw, buffer, BUFFER, &found);
	if (r != 0 && r != ENOENT)
		return err_sys(err, r, "user", "look up user '%s'", name);
	if (!found)
		return err_set(err, CTR_E_CONFIG, ENOENT, "user",
			       "unknown user '%s'; try 'getent passwd'", name);
	return 0;
}

int who_find(const char *name, struct who *ret, struct ctr_error *err)
{
	autofree char *buffer = malloc(BUFFER);
	struct passwd pw;
	int r;

	if (!buffer)
		return err_sys(err, ENOMEM, "user", "look up user '%s'", name);
	r = look_up(name, &pw, buffer, err);
	if (r < 0)
		return r;
	*ret = (struct who){.uid = pw.pw_uid, .gid = pw.pw_gid};
	ret->user = strdup(pw.pw_name);
	ret->home = strdup(pw.pw_dir && *pw.pw_dir ? pw.pw_dir : "/");
	ret->shell = strdup(pw.pw_shell && *pw.pw_shell ? pw.pw_shell : "/bin/sh");
	if (!ret->user || !ret->home || !ret->shell)
		r = err_sys(err, ENOMEM, "user", "look up user '%s'", name);
	else
		r = add_groups(ret, buffer, err);
	if (r < 0)
		who_done(ret);
	return r;
}

void who_name(uid_t uid, char *dst, size_t size)
{
	autofree char *buffer = malloc(BUFFER);
	struct passwd pw, *found = NULL;

	if (buffer && getpwuid_r(uid, &pw, buffer, BUFFER, &found) == 0 && found &&
	    strlen(pw.pw_name) < size)
		str_escape(dst, size, pw.pw_name);
	else
		(void)!str_format(dst, size, "%u", uid); /* at most 10 digits */
}
