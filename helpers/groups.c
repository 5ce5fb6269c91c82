/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "groups.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>

#include "cleanup.h"
#include "str.h"

enum { GROUPS_FIRST = 64, GROUPS_MAX = 65536 }; /* NGROUPS_MAX of limits.h */

static int add_names(struct match_facts *f, struct ctr_error *err)
{
	for (size_t i = 0; i < f->ngids; i++) {
		const struct group *g = getgrgid(f->gids[i]);

		if (g && strv_add(&f->groups, g->gr_name) < 0)
			return err_sys(err, ENOMEM, "groups", "names of the groups of %s", f->user);
	}
	return 0;
}

int groups_find(struct match_facts *f, struct ctr_error *err)
{
	for (int size = GROUPS_FIRST; size <= GROUPS_MAX; size *= 4) {
		autofree gid_t *gids = calloc((size_t)size, sizeof(*gids));
		int n = size;

		if (!gids)
			return err_sys(err, ENOMEM, "groups", "groups of %s", f->user);
		if (getgrouplist(f->user, f->gid, gids, &n) < 0)
			continue; /* did not fit */
		f->gids = take_ptr(gids);
		f->ngids = (size_t)n;
		return add_names(f, err);
	}
	return err_set(err, CTR_E_DENIED, E2BIG, "groups", "%s is in more than %d groups", f->user,
		       GROUPS_MAX);
}

void groups_done(struct match_facts *f)
{
	free((gid_t *)f->gids); /* ours, const for those who match */
	f->gids = NULL;
	f->ngids = 0;
	strv_done(&f->groups);
}
