/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "api.h"
#include "bundle.h"
#include "ckptdir.h"
#include "cleanup.h"
#include "fit.h"
#include "ledger.h"
#include "load.h"

/* A checkpoint from elsewhere: signature, fit and counter are looked at before a file is written.
 */

/* ---- what it would be if it were taken here ---- */

/*
 * The definition's text as this machine has it, with the owner's specifiers. Whom a shared one was
 * made for first is not known: root stands for nobody, as in containers of the library.
 */
static int read_definition(const struct ctr_factory *f, struct state *st, const struct api_user *u,
			   struct ctr_error *err)
{
	struct load_who who = {.user = u->name,
			       .home = u->home,
			       .shell = u->shell,
			       .id = st->id,
			       .uid = u->uid,
			       .gid = u->gid};
	struct spec *spec = NULL;
	struct load_paths paths;
	int r;

	if (!*st->user)
		who = (struct load_who){
		    .user = "root", .home = "/root", .shell = "/bin/sh", .id = st->id};
	r = load_default_paths(f->conf, &paths, err);
	if (r < 0)
		return r;
	r = load_definition(&paths, st->definition, &who, &spec, NULL, err);
	load_paths_done(&paths);
	if (r == 0 && str_copy(st->text, sizeof(st->text), spec_text(spec)) < 0)
		r = err_set(err, CTR_E_CONFIG, E2BIG, "import", "definition %s is too long",
			    st->definition);
	spec_free(spec);
	return r;
}

static int digest_helpers(const struct ctr_factory *f, const struct manifest *m,
			  const struct sodiumlib *lib, struct manifest *here)
{
	autofd int dir = -1;
	int r = 0;

	if (!*m->init_digest && !*m->attach_digest)
		return 0;
	dir = open(f->helper_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	if (*m->init_digest)
		r = manifest_digest_file(lib, dir, "container-init", here->init_digest);
	if (r == 0 && *m->attach_digest)
		r = manifest_digest_file(lib, dir, "container-attach", here->attach_digest);
	return r;
}

/* CRIU is asked for when it is restored: which one that will be is the supervisor's to say. */
static int describe_here(const struct ctr_factory *f, const struct manifest *m,
			 const struct sodiumlib *lib, struct manifest *here, struct ctr_error *err)
{
	struct api_user u = {0};
	struct state st = {0};
	int r;

	memcpy(st.id, m->id, sizeof(st.id));
	memcpy(st.user, m->user, sizeof(st.user));
	memcpy(st.definition, m->definition, sizeof(st.definition));
	r = api_user_find(*m->user ? m->user : NULL, &u, err); /* MUST-7 */
	if (r < 0)
		return r;
	st.uid = *m->user ? u.uid : m->uid;
	if (*m->definition)
		r = read_definition(f, &st, &u, err);
	api_user_done(&u);
	if (r == 0)
		r = manifest_describe(&st, lib, here, err);
	if (r < 0)
		return r;
	if (!*m->definition) /* of the library, with a text of its own that comes along */
		here->definition_digest[0] = '\0';
	r = digest_helpers(f, m, lib, here);
	return r < 0 ? err_sys(err, r, "import", "read the helpers in %s", f->helper_dir) : 0;
}

/* MUST-10: nobody else's, and nothing that this machine or its definition does not hold. */
static int require_fit(const struct ctr_factory *f, const struct bundle *b, struct ctr_error *err)
{
	struct manifest here;
	int r = describe_here(f, &b->manifest, b->key->lib, &here, err);

	return r < 0 ? r : fit_require(&b->manifest, &here, err);
}

/* ---- import ---- */

static int require_room(int rootfd, const char *id, int replace, struct ctr_error *err)
{
	autofd int there = replace ? -1 : ckptdir_open(rootfd, id, NULL);

	if (there < 0)
		return 0;
	return err_set(err, CTR_E_ID_IN_USE, EEXIST, "import",
		       "there is a checkpoint of container %s already", id);
}

/** struct import - one that is under way */
struct import {
	const struct ctr_factory *f;
	struct api_images images;
	struct bundle bundle;
	char name[CKPTDIR_NAME]; /* of the folder that it is unpacked in */
	int replace;
};

static void import_done(struct import *im)
{
	bundle_done(&im->bundle);
	api_images_done(&im->images);
}

#define autoimport __attribute__((cleanup(import_done)))

/* Looked at before gigabytes are read; what counts is looked at again by publish(). */
static int check(const struct import *im, struct ctr_error *err)
{
	const struct manifest *m = &im->bundle.manifest;
	int r = require_room(im->images.rootfd, m->id, im->replace, err);

	if (r == 0)
		r = ledger_may_admit(im->images.rootfd, m->id, m->counter, err);
	return r < 0 ? r : require_fit(im->f, &im->bundle, err);
}

/*
 * The counter goes first: what is there must never be newer than the ledger. The container's lock
 * is held for this only, as logins wait for it.
 */
static int publish(const struct import *im, struct ctr_error *err)
{
	const struct manifest *m = &im->bundle.manifest;
	int rootfd = im->images.rootfd;
	struct api_lock lock;
	int r = api_image_lock(im->f, m->id, &lock, err);

	if (r == 0)
		r = require_room(rootfd, m->id, im->replace, err);
	if (r == 0)
		r = ledger_admit(rootfd, m->id, m->counter, err);
	if (r == 0)
		r = ckptdir_publish(rootfd, im->name, m->id, im->replace != 0, err);
	api_image_unlock(&lock);
	return r;
}

static int take(struct import *im, struct ctr_error *err)
{
	autofd int dir = ckptdir_new(im->images.rootfd, im->name, err);
	int r = dir < 0 ? dir : bundle_unpack(&im->bundle, dir, err);

	if (r == 0)
		r = tree_sync(dir, &im->bundle.tree, err);
	if (r == 0)
		r = publish(im, err);
	if (r < 0 && dir >= 0)
		ckptdir_drop(im->images.rootfd, im->name);
	return r;
}

int ctr_image_import(struct ctr_factory *f, int fd, int replace, struct ctr_image *ret,
		     struct ctr_error *err)
{
	autoimport struct import im = {.f = f, .images = {.rootfd = -1}, .replace = replace};
	int r = api_images_open(f, &im.images, err);

	if (r == 0)
		r = api_images_need_key(&im.images, err);
	if (r == 0)
		r = bundle_open(fd, &im.images.key, &im.bundle, err);
	if (r == 0)
		r = check(&im, err);
	if (r == 0)
		r = take(&im, err);
	if (r == 0 && ret)
		api_image_describe(&im.bundle.manifest, ret);
	return r;
}
