/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "api.h"
#include "ckptdir.h"
#include "cleanup.h"

/* The checkpoint root as the calls about checkpoints find it, and its key. */

void api_images_done(struct api_images *i)
{
	ckptkey_done(&i->key);
	cleanup_fd(&i->rootfd);
	sodiumlib_close(&i->lib);
}

int api_images_open(const struct ctr_factory *f, struct api_images *ret, struct ctr_error *err)
{
	int r;

	*ret = (struct api_images){.rootfd = ckptdir_open_root(f->checkpoint_root, err)};
	if (ret->rootfd < 0)
		return ret->rootfd;
	r = sodiumlib_open(&ret->lib, err);
	if (r == 0)
		r = ckptkey_read(ret->rootfd, &ret->lib, &ret->key, err);
	return r == -ENOENT ? 0 : r;
}

int api_images_need_key(const struct api_images *i, struct ctr_error *err)
{
	if (i->key.lib)
		return 0;
	return err_set(err, CTR_E_NOT_FOUND, ENOENT, "key",
		       "this machine has no checkpoint key yet");
}

int ctr_image_key(struct ctr_factory *f, char ret[17], struct ctr_error *err)
{
	autoimages struct api_images i = {.rootfd = -1};
	int r = api_images_open(f, &i, err);

	if (r == 0)
		r = api_images_need_key(&i, err);
	if (r == 0)
		memcpy(ret, i.key.id, sizeof(i.key.id));
	return r;
}

int ctr_image_key_set(struct ctr_factory *f, const char *path, int replace, char ret[17],
		      struct ctr_error *err)
{
	autofd int root = ckptdir_open_root(f->checkpoint_root, err);
	autosodium struct sodiumlib lib = {0};
	autockptkey struct ckptkey key = {0};
	int r = root < 0 ? root : sodiumlib_open(&lib, err);

	if (r < 0)
		return r;
	r = path ? ckptkey_load(path, &lib, &key, err) : ckptkey_random(&lib, &key, err);
	if (r == 0)
		r = ckptkey_store(root, &key, replace != 0, err);
	if (r == 0)
		memcpy(ret, key.id, sizeof(key.id));
	return r;
}
