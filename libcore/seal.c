/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seal.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "ckpt.h"
#include "cleanup.h"
#include "criurun.h"
#include "fd.h"
#include "ledger.h"
#include "treetar.h"

enum { SEAL_MS = 600000, RECORD_MS = 5000 };

/* ---- making one ---- */

static int pack_upper(const struct seal *s, struct ctr_error *err)
{
	autofd int out = openat(s->dirfd, CKPT_UPPER,
				O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (out < 0)
		return err_sys(err, errno, "seal", "create " CKPT_UPPER);
	return treetar_pack(s->upper, out, err);
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
	const struct state *st = s->st;
	int r;

	(void)!str_copy(m->id, sizeof(m->id), st->id); /* as long as the record's */
	(void)!str_copy(m->user, sizeof(m->user), st->user);
	(void)!str_copy(m->definition, sizeof(m->definition), st->definition);
	m->uid = st->uid;
	m->leave_running = s->leave_running;
	m->created_us = state_now_us();
	r = manifest_digest(lib, st->text, m->definition_digest);
	if (r == 0)
		r = hostfacts_read(&m->host, err);
	if (r == 0)
		r = criurun_version(s->criu, m->criu, err);
	return r < 0 ? r : helper_digest(s, lib, m->init_digest, err);
}

static int make(void *arg, struct ctr_error *err)
{
	const struct seal *s = arg;
	autofree struct manifest *m = calloc(1, sizeof(*m));
	autosodium struct sodiumlib lib = {0};
	autockptkey struct ckptkey key = {0};
	int r = m ? sodiumlib_open(&lib, err) : err_sys(err, ENOMEM, "seal", "make a manifest");

	if (r == 0)
		r = ckptkey_need(s->rootfd, &lib, &key, err);
	if (r == 0 && s->upper >= 0)
		r = pack_upper(s, err);
	if (r == 0)
		r = fill(s, &lib, m, err);
	if (r == 0)
		r = ledger_issue(s->rootfd, s->st->id, &m->counter, err);
	if (r == 0)
		r = manifest_write(s->dirfd, m, &key, err);
	return r < 0 ? r : ckptdir_publish(s->rootfd, s->name, s->st->id, true, err);
}

int seal_make(const struct seal *s, struct ctr_error *err)
{
	struct seal copy = *s;

	return child_run(make, &copy, SEAL_MS, err);
}

/* ---- checking one ---- */

static int bad(struct ctr_error *err, const char *what)
{
	return err_set(err, CTR_E_IMAGE, EINVAL, "seal", "%s", what);
}

/* MUST-7: who logs in under that name now is who has the images. */
static int check_user(const struct manifest *m, struct ctr_error *err)
{
	const struct passwd *pw;

	if (!*m->user)
		return 0;
	pw = getpwnam(m->user); /* this child does nothing else with the result */
	if (!pw || pw->pw_uid != m->uid)
		return err_set(err, CTR_E_IMAGE, EPERM, "seal",
			       "the checkpoint is of user %s with uid %u; %s", m->user, m->uid,
			       pw ? "that name has another uid here" : "there is none here");
	return 0;
}

static int check_identity(const struct seal *s, const struct sodiumlib *lib,
			  const struct manifest *m, struct ctr_error *err)
{
	char digest[SODIUMLIB_HEX];
	struct hostfacts here;
	int r;

	if (!str_equal(m->id, s->st->id))
		return bad(err, "the checkpoint is of another container");
	r = hostfacts_read(&here, err);
	if (r == 0)
		r = helper_digest(s, lib, digest, err);
	if (r < 0)
		return r;
	if (!str_equal(digest, m->init_digest))
		return bad(err, "container-init is not the one that was checkpointed; "
				"install the version of pam_container that made it");
	if (!str_equal(here.arch, m->host.arch) || !str_equal(here.vendor, m->host.vendor))
		return bad(err, "the checkpoint is of another kind of CPU");
	return check_user(m, err);
}

static int check(void *arg, struct ctr_error *err)
{
	const struct seal *s = arg;
	autofree struct manifest *m = calloc(1, sizeof(*m));
	autosodium struct sodiumlib lib = {0};
	autockptkey struct ckptkey key = {0};
	int r = m ? sodiumlib_open(&lib, err) : err_sys(err, ENOMEM, "seal", "read a manifest");

	if (r == 0)
		r = ckptkey_read(s->rootfd, &lib, &key, err);
	if (r == 0)
		r = manifest_verify(s->dirfd, &key, m, err);
	if (r == 0)
		r = check_identity(s, &lib, m, err);
	return r < 0 ? r : ledger_check(s->rootfd, s->st->id, m->counter, err);
}

int seal_check(const struct seal *s, struct ctr_error *err)
{
	struct seal copy = *s;

	return child_run(check, &copy, SEAL_MS, err);
}

static int spend(void *arg, struct ctr_error *err)
{
	const struct seal *s = arg;
	autofree struct manifest *m = calloc(1, sizeof(*m));
	autosodium struct sodiumlib lib = {0};
	autockptkey struct ckptkey key = {0};
	int r = m ? sodiumlib_open(&lib, err) : err_sys(err, ENOMEM, "seal", "read a manifest");

	if (r == 0)
		r = ckptkey_read(s->rootfd, &lib, &key, err);
	if (r == 0)
		r = manifest_read(s->dirfd, &key, m, err);
	return r < 0 ? r : ledger_spend(s->rootfd, s->st->id, m->counter, err);
}

int seal_spend(const struct seal *s, struct ctr_error *err)
{
	struct seal copy = *s;

	return child_run(spend, &copy, RECORD_MS, err);
}
