/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "bundle.h"
#include "ckptdir.h"
#include "cleanup.h"
#include "ledger.h"

const char *ctr_image_state_name(enum ctr_image_state state)
{
	static const char *const names[] = {
	    [CTR_IMAGE_READY] = "ready",     [CTR_IMAGE_SPENT] = "spent",
	    [CTR_IMAGE_STALE] = "stale",     [CTR_IMAGE_FOREIGN] = "foreign",
	    [CTR_IMAGE_DAMAGED] = "damaged",
	};

	return (unsigned int)state < ARRAY_SIZE(names) ? names[state] : "unknown";
}

/* MUST-11 */
void api_image_describe(const struct manifest *m, struct ctr_image *ret)
{
	*ret = (struct ctr_image){.uid = m->uid,
				  .created_us = m->created_us,
				  .counter = m->counter,
				  .files = m->files,
				  .bytes = m->bytes,
				  .leave_running = m->leave_running};
	str_escape(ret->id, sizeof(ret->id), m->id);
	str_escape(ret->user, sizeof(ret->user), m->user);
	str_escape(ret->definition, sizeof(ret->definition), m->definition);
	str_escape(ret->kernel, sizeof(ret->kernel), m->host.kernel);
	str_escape(ret->criu, sizeof(ret->criu), m->criu);
	str_escape(ret->key, sizeof(ret->key), m->key_id);
}

static enum ctr_image_state state_of(const struct api_images *i, const struct manifest *m)
{
	struct ledger l;

	if (ledger_read(i->rootfd, m->id, &l, NULL) < 0)
		return CTR_IMAGE_DAMAGED;
	if (ledger_allows(&l, LEDGER_CHECK, m->counter))
		return CTR_IMAGE_READY;
	return l.spent == m->counter ? CTR_IMAGE_SPENT : CTR_IMAGE_STALE;
}

/* One that cannot be read is in the list as well, so that it is seen. */
static void look(const struct api_images *i, const char *id, struct ctr_image *ret)
{
	autofd int fd = ckptdir_open(i->rootfd, id, NULL);
	struct manifest m;
	int r = -EKEYREJECTED;

	*ret = (struct ctr_image){.state = CTR_IMAGE_DAMAGED};
	if (fd >= 0 && i->key.lib)
		r = manifest_read(fd, &i->key, &m, NULL);
	if (r == 0 && strcmp(m.id, id) == 0) {
		api_image_describe(&m, ret);
		ret->state = state_of(i, &m);
		return;
	}
	str_escape(ret->id, sizeof(ret->id), id);
	if (fd >= 0 && manifest_key_id(fd, ret->key) == 0 && r == -EKEYREJECTED)
		ret->state = CTR_IMAGE_FOREIGN;
}

int ctr_image_list(struct ctr_factory *f, struct ctr_image **ret, size_t *ret_n,
		   struct ctr_error *err)
{
	autoimages struct api_images i = {.rootfd = -1};
	autostrv struct strv ids = {0};
	struct ctr_image *v;
	int r = api_images_open(f, &i, err);

	if (r == 0)
		r = ckptdir_list(i.rootfd, &ids, err);
	if (r < 0)
		return r;
	v = calloc(ids.n + 1, sizeof(*v));
	if (!v)
		return err_sys(err, ENOMEM, "checkpoint", "list checkpoints");
	for (size_t k = 0; k < ids.n; k++)
		look(&i, ids.v[k], &v[k]);
	*ret = v;
	*ret_n = ids.n;
	return 0;
}

int api_image_lock(const struct ctr_factory *f, const char *id, struct api_lock *lock,
		   struct ctr_error *err)
{
	*lock = (struct api_lock){.rootfd = state_open_root(f->state_root, err), .fd = -1};
	if (lock->rootfd < 0)
		return lock->rootfd;
	lock->id = id;
	lock->fd = state_lock(lock->rootfd, id, API_LOCK_MS, err);
	return lock->fd < 0 ? lock->fd : 0;
}

void api_image_unlock(struct api_lock *lock)
{
	api_unlock(lock);
	cleanup_fd(&lock->rootfd);
}

int ctr_image_remove(struct ctr_factory *f, const char *id, struct ctr_error *err)
{
	autofd int root = -1;
	struct api_lock lock;
	int r = state_check_id(id, err);

	if (r < 0)
		return r;
	root = ckptdir_open_root(f->checkpoint_root, err);
	if (root < 0)
		return root;
	r = api_image_lock(f, id, &lock, err);
	if (r == 0)
		r = ckptdir_remove(root, id, err);
	api_image_unlock(&lock);
	return r;
}

int ctr_image_export(struct ctr_factory *f, const char *id, int fd, struct ctr_error *err)
{
	autoimages struct api_images i = {.rootfd = -1};
	autofd int dir = -1;
	int r = state_check_id(id, err);

	if (r == 0)
		r = api_images_open(f, &i, err);
	if (r < 0)
		return r;
	dir = ckptdir_open(i.rootfd, id, err);
	if (dir < 0)
		return dir;
	r = api_images_need_key(&i, err);
	return r < 0 ? r : bundle_write(dir, &i.key, fd, err);
}
