/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "cleanup.h"
#include "seal.h"
#include "supervisor.h"

/*
 * A checkpoint is compressed when it is whole, and what was dumped has ended or runs on: nothing
 * stands still for it, and where it fails (a full disk) the checkpoint is there as it was.
 */

static int pack(const struct supervisor *s, int rootfd, struct ckptdir_retired *at, int *ret_folder,
		struct ctr_error *err)
{
	autofd int to = ckptdir_new_in(rootfd, at->store, at->name, err);
	const struct seal seal = {.rootfd = rootfd, .dirfd = s->unsynced};
	int r;

	if (to < 0)
		return take_fd(&to);
	supervisor_tell(s, CTR_PHASE_COMPRESSING, at->store, at->name);
	/* after a power cut one of both is whole: the former goes when the other is on the disk */
	r = seal_sync(&seal, err);
	if (r == 0)
		r = seal_pack(&seal, to, err);
	if (r > 0)
		r = seal_sync(&(const struct seal){.dirfd = to}, err) < 0 ? -EIO : 1;
	if (r > 0)
		r = ckptdir_replace(rootfd, at, s->c.st.id, err);
	else if (r == 0)
		r = -ENODATA;
	if (r < 0)
		ckptdir_drop_in(rootfd, at->store, at->name);
	else
		*ret_folder = take_fd(&to);
	return r;
}

bool supervisor_pack(struct supervisor *s, int rootfd, const char *store)
{
	struct ckptdir_retired at;
	struct ctr_error err = {0};
	int folder = -1;
	int r = str_copy(at.store, sizeof(at.store), store);

	if (r == 0)
		r = pack(s, rootfd, &at, &folder, &err);
	if (r < 0 && r != -ENODATA)
		log_event(s, "failure", NULL, "stage=%s error=\"%s\"", err.stage, err.text);
	if (r < 0)
		return false;
	cleanup_fd(&s->unsynced);
	s->unsynced = folder;
	return true;
}
