/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seal.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "child.h"
#include "ckpt.h"
#include "cleanup.h"
#include "ctty.h"
#include "fd.h"
#include "fit.h"
#include "ledger.h"
#include "packed.h"
#include "place.h"
#include "sockqueue.h"
#include "tagwatch.h"
#include "treetar.h"
#include "unixname.h"

enum { SEAL_MS = 600000, RECORD_MS = 5000 };

/** struct tools - what making and checking need; release with tools_done() */
struct tools {
	struct sodiumlib lib;
	struct ckptkey key;
	struct manifest *m; /* zeroed */
};

static void tools_done(struct tools *t)
{
	free(t->m);
	ckptkey_done(&t->key);
	sodiumlib_close(&t->lib);
}

#define autotools __attribute__((cleanup(tools_done)))

/* may_make: a checkpoint root without a key gets one */
static int open_tools(struct tools *t, int rootfd, bool may_make, struct ctr_error *err)
{
	int r;

	t->m = calloc(1, sizeof(*t->m));
	r = t->m ? sodiumlib_open(&t->lib, err) : err_sys(err, ENOMEM, "seal", "make a manifest");
	if (r < 0)
		return r;
	return may_make ? ckptkey_need(rootfd, &t->lib, &t->key, err)
			: ckptkey_read(rootfd, &t->lib, &t->key, err);
}

/* ---- making one ---- */

static int pack_upper(const struct seal *s, struct ctr_error *err)
{
	autofd int out = openat(s->dirfd, CKPT_UPPER,
				O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (out < 0)
		return err_sys(err, errno, "seal", "create " CKPT_UPPER);
	return treetar_pack(s->upper, out, err);
}

/* What CRIU wrote: what is of no use is refused (MUST-10), what is only nearly right is mended. */
static int settle_images(const struct seal *s, struct ctr_error *err)
{
	autofd int images =
	    openat(s->dirfd, CKPT_IMAGES, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r = images < 0 ? err_sys(err, errno, "seal", "open the folder of images") : 0;

	if (r == 0)
		r = sockqueue_refuse(images, err);
	return r < 0 ? r : ctty_settle(images, err);
}

static int list_state(const struct seal *s, struct ctr_error *err)
{
	autostrv struct strv held = {0}, places = {0};
	autofree pid_t *pids = NULL;
	struct held_where where = {.init = s->st->init.pid};
	int r = cg_pids(s->cg, &pids, &where.n, err);

	where.pids = pids;
	if (r == 0)
		r = unixname_refuse(&where, err);
	if (r == 0)
		r = held_read(&where, &held, err);
	if (r == 0)
		r = ckpt_write_held(s->dirfd, &held, err);
	if (r == 0)
		r = place_read(&where, &places, err);
	return r < 0 ? r : ckpt_write_places(s->dirfd, &places, err);
}

static int helper_digest(const struct seal *s, const struct sodiumlib *lib, char *ret,
			 struct ctr_error *err)
{
	autofree char *path = str_dup_format("%s/container-init", s->helper_dir);
	int r = path ? manifest_digest_file(lib, AT_FDCWD, path, ret) : -ENOMEM;

	return r < 0 ? err_sys(err, r, "seal", "digest %s", path ? path : "container-init") : 0;
}

static int fill(const struct seal *s, const struct sodiumlib *lib, struct manifest *m,
		struct ctr_error *err)
{
	int r = manifest_describe(s->st, lib, m, err);

	if (r < 0)
		return r;
	m->leave_running = s->leave_running;
	return helper_digest(s, lib, m->init_digest, err);
}

/* All stands still. */
static int finish(const struct seal *s, const struct tag_context *c, struct manifest *m,
		  struct ctr_error *err)
{
	int r = crver_hear(s->asked, m->criu, err);

	m->created_us = state_now_us();
	if (r == 0 && s->upper >= 0)
		r = pack_upper(s, err);
	if (r == 0)
		r = settle_images(s, err);
	if (r == 0)
		r = list_state(s, err);
	if (r == 0)
		r = ledger_issue(s->rootfd, s->st->id, &m->counter, err);
	if (r == 0)
		r = manifest_write_with(c, m, err);
	if (r == 0)
		r = ckptdir_publish(s->storefd, s->name, s->st->id, true, err);
	if (r == 0 && s->store)
		r = ckptdir_adopt(s->rootfd, s->store, s->st->id, true, err);
	if (r >= 0 && s->store)
		ckptdir_unnote(s->rootfd, s->name);
	return r < 0 ? r : 0;
}

/*
 * Those of the pre-dumps, which are there already and may be most of the memory: before anything
 * stands still. tag_tree() reads what could not be read here, or what CRIU takes out of them.
 */
static void tag_parents(const struct tag_context *c, struct tag_known *known)
{
	autotree struct tree t = {0};

	if (tree_scan(c->dirfd, TREE_SETTLE, &t, NULL) < 0)
		return;
	for (size_t i = 0; i < t.n; i++)
		if (str_has_prefix(t.v[i].path, CKPT_PRE, NULL) &&
		    tag_is_in(TAG_MEMORY, t.v[i].path))
			(void)!tag_early(c, t.v[i].path, known);
}

/* While CRIU writes; -ECANCELED when nobody is there any more who would say that it has. */
static int await_images(const struct sealing *sg, const struct tag_context *c,
			struct tag_known *known, struct ctr_error *err)
{
	struct tagwatch w;
	char word;
	int r = tagwatch_open(c->dirfd, CKPT_IMAGES, &w);

	if (sg->seal.parents) {
		tag_parents(c, known);
		(void)!fd_write_all(sg->theirs, "r", 1); /* who is gone is seen below */
	}
	if (r == 0) {
		r = tagwatch_run(&w, c, sg->theirs, known);
		tagwatch_close(&w);
	}
	if (r < 0)
		tag_known_done(known); /* they are all read afterwards */
	return fd_read_all(sg->theirs, &word, 1) == 1
		   ? 0
		   : err_sys(err, ECANCELED, "seal", "wait for the images");
}

static int make(void *arg, struct ctr_error *err)
{
	struct sealing *sg = arg;
	const struct seal *s = &sg->seal;
	autotools struct tools t = {0};
	autoknown struct tag_known known = {0};
	char nonce[TREE_NONCE + 1];
	const struct tag_context c = {
	    .dirfd = s->dirfd, .key = &t.key, .nonce = nonce, .known = &known};
	int r = open_tools(&t, s->rootfd, true, err);

	cleanup_fd(&sg->ours); /* the supervisor's end: its closing must be seen here */
	if (r == 0)
		r = manifest_nonce(&t.lib, nonce);
	if (r == 0)
		r = fill(s, &t.lib, t.m, err);
	if (r == 0)
		r = await_images(sg, &c, &known, err);
	return r < 0 ? r : finish(s, &c, t.m, err);
}

int seal_begin(const struct seal *s, struct sealing *ret, struct ctr_error *err)
{
	char word;
	int p[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p) < 0)
		return err_sys(err, errno, "seal", "socketpair");
	*ret = (struct sealing){.seal = *s, .ours = p[0], .theirs = p[1]};
	r = child_start(make, ret, &ret->child, err);
	cleanup_fd(&ret->theirs); /* its death must be seen here */
	if (r < 0)
		seal_drop(ret);
	else if (s->parents)
		(void)!fd_read_all(ret->ours, &word, 1); /* seal_make() hears of its death */
	return r;
}

int seal_make(struct sealing *sg, struct ctr_error *err)
{
	(void)!fd_write_all(sg->ours, "g", 1); /* a child that has ended tells why by itself */
	return child_finish(&sg->child, SEAL_MS, err);
}

void seal_drop(struct sealing *sg)
{
	if (sg->child.pid)
		(void)!child_finish(&sg->child, 0, NULL); /* it is killed */
	if (sg->ours > 0)
		cleanup_fd(&sg->ours);
}

static int sync_all(void *arg, struct ctr_error *err)
{
	const struct seal *s = arg;
	autotree struct tree tree = {0};
	int r = tree_scan(s->dirfd, TREE_STRICT, &tree, err);

	return r < 0 ? r : tree_sync(s->dirfd, &tree, err);
}

int seal_sync(const struct seal *s, struct ctr_error *err)
{
	struct seal copy = *s;

	return child_run(sync_all, &copy, SEAL_MS, err);
}

/* ---- compressing one ---- */

/** struct packing - seal_pack() and its child */
struct packing {
	const struct seal *seal;
	int to;
};

static int sign_packed(const struct packing *p, struct manifest_check *k, const struct tools *t,
		       struct ctr_error *err)
{
	char nonce[TREE_NONCE + 1];
	const struct tag_context c = {.dirfd = p->to, .key = &t->key, .nonce = nonce};
	int r = manifest_nonce(&t->lib, nonce);

	return r < 0 ? err_sys(err, r, "manifest", "getrandom")
		     : manifest_write_with(&c, &k->m, err);
}

/* MUST-10: what was changed since is not signed again. */
static int pack(void *arg, struct ctr_error *err)
{
	const struct packing *p = arg;
	autotools struct tools t = {0};
	autozstd struct zstdlib z = {0};
	struct manifest_check k;
	int r = open_tools(&t, p->seal->rootfd, false, err), n = 0;

	if (r == 0)
		r = zstdlib_open(&z, err);
	if (r == 0)
		r = manifest_check_begin(p->seal->dirfd, &t.key, &k, err);
	if (r < 0)
		return r;
	r = manifest_check_tags(&k, TAG_ALL, err);
	if (r == 0)
		r = n = packed_make(p->seal->dirfd, &k.is, p->to, &z, err);
	if (r > 0)
		r = sign_packed(p, &k, &t, err);
	manifest_check_done(&k);
	return r < 0 ? r : n > 0;
}

int seal_pack(const struct seal *s, int to, struct ctr_error *err)
{
	struct packing p = {s, to};

	return child_run(pack, &p, SEAL_MS, err);
}

/* ---- checking one ---- */

/* MUST-7: who logs in under that name now is who has the images. */
static int check_user(const struct manifest *m, struct ctr_error *err)
{
	const struct passwd *pw;

	if (!*m->user)
		return 0;
	pw = getpwnam(m->user); /* this child does nothing else with the result */
	if (!pw || pw->pw_uid != m->uid)
		return err_set(err, CTR_E_MISFIT, EPERM, "seal",
			       "the checkpoint is of user %s with uid %u; %s", m->user, m->uid,
			       pw ? "that name has another uid here" : "there is none here");
	return 0;
}

/*
 * Its definition is not asked for: it comes back with the walls that it had. Whose it is, is
 * compared with the login by the caller, and with the host's users here.
 */
static int check_fit(struct seal *s, const struct sodiumlib *lib, const struct manifest *m,
		     struct ctr_error *err)
{
	autofree struct manifest *here = calloc(1, sizeof(*here));
	int r = here ? hostfacts_read(&here->host, err)
		     : err_sys(err, ENOMEM, "seal", "look at this machine");

	if (r < 0)
		return r;
	(void)!str_copy(here->id, sizeof(here->id), s->st->id); /* as long as the record's */
	r = crver_hear(s->asked, here->criu, err);
	if (r == 0)
		r = helper_digest(s, lib, here->init_digest, err);
	if (r == 0)
		r = fit_require(m, here, err);
	return r < 0 ? r : check_user(m, err);
}

/* MUST-10: all of it was checked. */
static int unpack(const struct seal *s, const struct manifest_check *k, struct ctr_error *err)
{
	autozstd struct zstdlib z = {0};
	int r;

	if (s->scratch < 0)
		return err_set(err, CTR_E_IMAGE, EBADMSG, "manifest",
			       PACKED_LIST ": was not there before");
	r = zstdlib_open(&z, err);
	return r < 0 ? r : packed_undo(s->dirfd, &k->is, s->scratch, &z, err);
}

static bool is_packed(const struct manifest_check *k)
{
	for (size_t i = 0; i < k->want.n; i++)
		if (strcmp(k->want.v[i].path, PACKED_LIST) == 0)
			return true;
	return false;
}

/* Tells when all was checked that is needed before CRIU runs, and goes on with the memory. */
static int check_all(struct checking *ck, struct ctr_error *err)
{
	struct seal *s = &ck->seal;
	autotools struct tools t = {0};
	struct manifest_check k;
	bool packed, imported = false;
	int r = open_tools(&t, s->rootfd, false, err);

	if (r == 0)
		r = manifest_check_begin(s->dirfd, &t.key, &k, err);
	if (r < 0)
		return r;
	packed = is_packed(&k);
	r = manifest_check_tags(&k, packed ? TAG_ALL : TAG_OTHERS, err);
	if (r == 0)
		r = check_fit(s, &t.lib, &k.m, err);
	if (r == 0)
		r = ledger_check(s->rootfd, s->st->id, k.m.counter, &imported, err);
	if (r == 0 && packed)
		r = unpack(s, &k, err);
	if (r == 0)
		(void)!fd_write_all(ck->say, imported ? "i" : "o",
				    1); /* who is gone needs no answer */
	if (r == 0 && !packed)
		r = manifest_check_tags(&k, TAG_MEMORY, err);
	manifest_check_done(&k);
	return r;
}

/* criu starts while the images are read, if it has to. */
static int check(void *arg, struct ctr_error *err)
{
	struct checking *ck = arg;
	struct crver asked = {0};
	int r = crver_ask(ck->seal.stateroot, ck->seal.criu, &asked, err);

	if (r < 0)
		return r;
	ck->seal.asked = &asked;
	r = check_all(ck, err);
	crver_forget(&asked);
	return r;
}

int seal_check_end(struct checking *ck, struct ctr_error *err)
{
	int r = child_finish(&ck->child, SEAL_MS, err);

	seal_check_drop(ck);
	return r;
}

void seal_check_drop(struct checking *ck)
{
	if (ck->child.pid)
		(void)!child_finish(&ck->child, 0, NULL); /* it is killed */
	if (ck->said > 0)
		cleanup_fd(&ck->said);
	if (ck->say > 0)
		cleanup_fd(&ck->say);
}

int seal_check_begin(const struct seal *s, struct checking *ret, struct ctr_error *err)
{
	char word;
	int p[2], r;

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(err, errno, "seal", "pipe");
	*ret = (struct checking){.seal = *s, .said = p[0], .say = p[1]};
	r = child_start(check, ret, &ret->child, err);
	cleanup_fd(&ret->say); /* the child's end: its death must be seen here */
	if (r == 0 && fd_read_all(ret->said, &word, 1) == 1) {
		ret->imported = word == 'i';
		return 0;
	}
	if (r == 0)
		r = child_finish(&ret->child, SEAL_MS, err);
	seal_check_drop(ret);
	return r < 0 ? r : err_sys(err, EPROTO, "seal", "hear of the check");
}

static int spend(void *arg, struct ctr_error *err)
{
	const struct seal *s = arg;
	autotools struct tools t = {0};
	int r = open_tools(&t, s->rootfd, false, err);

	if (r == 0)
		r = manifest_read(s->dirfd, &t.key, t.m, err);
	return r < 0 ? r : ledger_spend(s->rootfd, s->st->id, t.m->counter, err);
}

int seal_spend(const struct seal *s, struct ctr_error *err)
{
	struct seal copy = *s;

	return child_run(spend, &copy, RECORD_MS, err);
}
