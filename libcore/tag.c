/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tag.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "path.h"
#include "str.h"

enum { BUFFER = 256 * 1024 };

/** struct piece - one of a file */
struct piece {
	const struct tree_entry *of;
	uint64_t number;
	unsigned char mac[TAG_MAC];
	int result; /* 0, -errno */
};

/** struct work - what the threads share; each takes the next piece */
struct work {
	const struct tag_context *c;
	struct piece *v;
	size_t n;
	size_t next; /* by atomic operations only */
};

/* ---- one piece ---- */

static int piece_key(const struct tag_context *c, const struct piece *p,
		     unsigned char ret[SODIUMLIB_HASH])
{
	char text[TREE_NONCE + TREE_PATH_MAX + 24];
	struct sodiumlib_in in = {c->key->bytes, "ctr-piece", text, 0};
	int r = str_format(text, sizeof(text), "%.*s %" PRIu64 " %s", TREE_NONCE, c->nonce,
			   p->number, p->of->path);

	in.len = strlen(text);
	return r < 0 ? r : sodiumlib_hash(c->key->lib, &in, ret);
}

static uint64_t piece_size(const struct piece *p)
{
	uint64_t left = p->of->size - p->number * TAG_PIECE;

	return left < TAG_PIECE ? left : TAG_PIECE;
}

/* Exactly what the entry says: -EBADMSG when there is less. */
static int feed(const struct sodiumlib *l, crypto_onetimeauth_state *auth, int fd,
		const struct piece *p)
{
	autofree unsigned char *buffer = malloc(BUFFER);
	uint64_t at = p->number * TAG_PIECE, end = at + piece_size(p);

	if (!buffer)
		return -ENOMEM;
	while (at < end) {
		ssize_t n = pread(fd, buffer, end - at < BUFFER ? end - at : BUFFER, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EBADMSG;
		at += (uint64_t)n;
		(void)l->auth_update(auth, buffer, (unsigned long long)n);
	}
	return 0;
}

static int make_mac(const struct tag_context *c, int fd, struct piece *p)
{
	const struct sodiumlib *l = c->key->lib;
	unsigned char key[SODIUMLIB_HASH];
	crypto_onetimeauth_state auth;
	int r = piece_key(c, p, key);

	if (r < 0)
		return r;
	(void)l->auth_init(&auth, key);
	r = feed(l, &auth, fd, p);
	(void)l->auth_final(&auth, p->mac);
	l->zero(key, sizeof(key));
	return r;
}

static int open_file(const struct tag_context *c, const char *path, struct stat *ret)
{
	autofd int fd = path_open_nolinks(c->dirfd, path, O_RDONLY | O_NONBLOCK);

	return fd >= 0 && fstat(fd, ret) < 0 ? -errno : take_fd(&fd);
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static const struct tag_file *find(const struct tag_known *known, const char *path)
{
	for (size_t i = 0; known && i < known->n; i++)
		if (strcmp(known->v[i].path, path) == 0)
			return &known->v[i];
	return NULL;
}

static bool is_as_it_was(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       is_same_time(&a->st_mtim, &b->st_mtim) && is_same_time(&a->st_ctim, &b->st_ctim);
}

static int take_mac(const struct tag_context *c, struct piece *p)
{
	const struct tag_file *known = find(c->known, p->of->path);
	struct stat st;
	autofd int fd = open_file(c, p->of->path, &st);

	if (fd < 0)
		return fd;
	if ((uint64_t)st.st_size != p->of->size)
		return -EBADMSG;
	if (!known || !is_as_it_was(&known->st, &st))
		return make_mac(c, fd, p);
	memcpy(p->mac, known->macs + p->number * TAG_MAC, TAG_MAC);
	return 0;
}

/* ---- all of them ---- */

static void *work_on(void *arg)
{
	struct work *w = arg;
	size_t i;

	while ((i = __atomic_fetch_add(&w->next, 1, __ATOMIC_RELAXED)) < w->n)
		w->v[i].result = take_mac(w->c, &w->v[i]);
	return NULL;
}

/* Threads beside this one: for what is large only, and for CPUs that there are. */
static size_t helpers_for(const struct tag_context *c, const struct tree *t)
{
	uint64_t bytes = 0, max;
	cpu_set_t set;
	int cpus;

	for (size_t i = 0; i < t->n; i++)
		if (tag_is_in(c->part, t->v[i].path))
			bytes += find(c->known, t->v[i].path) ? 0 : t->v[i].size;
	max = bytes / TAG_PIECE;
	cpus = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
	if (cpus > TAG_THREADS_MAX)
		cpus = TAG_THREADS_MAX;
	return max < (uint64_t)cpus - 1 ? (size_t)max : (size_t)cpus - 1;
}

/* A thread that cannot be had is done without. Signals are for the caller's threads. */
static void run(struct work *w, size_t helpers)
{
	pthread_t threads[TAG_THREADS_MAX];
	sigset_t all, old;
	size_t n = 0;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	while (n < helpers && pthread_create(&threads[n], NULL, work_on, w) == 0)
		n++;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	(void)work_on(w);
	while (n > 0)
		(void)pthread_join(threads[--n], NULL); /* they are ours and joinable */
}

bool tag_is_in(enum tag_part part, const char *path)
{
	const char *name = strrchr(path, '/');
	bool memory = name && str_has_prefix(name, "/pages-", NULL);

	return part == TAG_ALL || (part == TAG_MEMORY) == memory;
}

static size_t pieces_of(const struct tree_entry *e)
{
	if (e->type != TREE_FILE)
		return 0;
	return e->size ? (size_t)((e->size + TAG_PIECE - 1) / TAG_PIECE) : 1;
}

/* ---- before the others ---- */

static int early(const struct tag_context *c, const char *path, struct tag_file *f)
{
	autofd int fd = open_file(c, path, &f->st);
	struct tree_entry e = {.type = TREE_FILE, .size = (uint64_t)f->st.st_size};
	int r = fd < 0 ? fd : str_copy(f->path, sizeof(f->path), path);

	if (r < 0)
		return r;
	(void)!str_copy(e.path, sizeof(e.path), path); /* as long as that */
	f->macs = calloc(pieces_of(&e), TAG_MAC);
	r = f->macs ? 0 : -ENOMEM;
	for (size_t i = 0; r == 0 && i < pieces_of(&e); i++) {
		struct piece p = {.of = &e, .number = i};

		r = make_mac(c, fd, &p);
		memcpy(f->macs + i * TAG_MAC, p.mac, TAG_MAC);
	}
	return r;
}

void tag_forget(struct tag_known *known, const char *path)
{
	struct tag_file *f = (struct tag_file *)find(known, path); /* theirs to change */

	if (!f)
		return;
	free(f->macs);
	*f = known->v[--known->n];
}

int tag_early(const struct tag_context *c, const char *path, struct tag_known *known)
{
	struct tag_file f = {.macs = NULL}, *v;
	int r;

	tag_forget(known, path);
	v = reallocarray(known->v, known->n + 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	known->v = v;
	r = early(c, path, &f);
	if (r < 0)
		free(f.macs);
	else
		v[known->n++] = f;
	return r;
}

void tag_known_done(struct tag_known *known)
{
	for (size_t i = 0; i < known->n; i++)
		free(known->v[i].macs);
	free(known->v);
	*known = (struct tag_known){0};
}

/* ---- the rest ---- */

static size_t wanted_of(const struct tag_context *c, const struct tree_entry *e)
{
	return tag_is_in(c->part, e->path) ? pieces_of(e) : 0;
}

static int cut(const struct tree *t, struct work *w)
{
	for (size_t i = 0; i < t->n; i++)
		w->n += wanted_of(w->c, &t->v[i]);
	w->v = calloc(w->n + 1, sizeof(*w->v));
	if (!w->v)
		return -ENOMEM;
	w->n = 0;
	for (size_t i = 0; i < t->n; i++)
		for (size_t k = 0; k < wanted_of(w->c, &t->v[i]); k++)
			w->v[w->n++] = (struct piece){.of = &t->v[i], .number = k};
	return 0;
}

/* n pieces of one file, in order, to its tag. Which file's they are is in the key of each. */
static int join(const struct tag_context *c, const struct piece *v, size_t n,
		char ret[SODIUMLIB_HEX])
{
	autofree unsigned char *macs = malloc(n * TAG_MAC);
	const struct sodiumlib_in in = {c->key->bytes, "ctr-file", macs, n * TAG_MAC};

	if (!macs)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		memcpy(macs + i * TAG_MAC, v[i].mac, TAG_MAC);
	return sodiumlib_hash_hex(c->key->lib, &in, ret);
}

static int tell(const struct piece *p, struct ctr_error *err)
{
	if (p->result == -EBADMSG)
		return err_set(err, CTR_E_IMAGE, EBADMSG, "manifest",
			       "%s: changes while it is read", p->of->path);
	return err_sys(err, p->result, "manifest", "read %s", p->of->path);
}

static int collect(const struct work *w, struct tree *t, struct ctr_error *err)
{
	const struct piece *p = w->v;
	int r = 0;

	for (size_t i = 0; r == 0 && i < w->n; i++)
		if (w->v[i].result < 0)
			return tell(&w->v[i], err);
	for (size_t i = 0; r == 0 && i < t->n; i++) {
		size_t n = wanted_of(w->c, &t->v[i]);

		if (n > 0)
			r = join(w->c, p, n, t->v[i].text);
		p += n;
	}
	return r < 0 ? err_sys(err, r, "manifest", "make the tags of a checkpoint") : 0;
}

int tag_tree(const struct tag_context *c, struct tree *t, struct ctr_error *err)
{
	struct work w = {.c = c};
	int r = cut(t, &w);

	if (r < 0)
		return err_sys(err, r, "manifest", "read the files of a checkpoint");
	run(&w, helpers_for(c, t));
	r = collect(&w, t, err);
	free(w.v);
	return r;
}
