/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "network.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "cleanup.h"
#include "fd.h"
#include "masquerade.h"
#include "netlease.h"
#include "sys.h"
#include "veth.h"

enum { NOTE_MAX = 65536, REMOVE_MS = 10000 };

/* ---- the note: "link NAME HOST", "address ADDRESS/BITS" of the link before, "masquerade" ---- */

void network_note_done(struct network_note *note)
{
	for (size_t i = 0; i < note->n; i++)
		strv_done(&note->link[i].address);
	note->n = 0;
}

static int parse_line(const struct strv *words, struct network_note *note)
{
	struct network_link *l = note->n ? &note->link[note->n - 1] : NULL;
	struct netaddr a;

	if (words->n == 3 && strcmp(words->v[0], "link") == 0 && note->n < NETWORK_LINKS) {
		l = &note->link[note->n];
		*l = (struct network_link){0};
		note->n++;
		if (netconf_check_name(words->v[1], NULL) < 0 ||
		    netconf_check_name(words->v[2], NULL) < 0 ||
		    str_copy(l->name, sizeof(l->name), words->v[1]) < 0 ||
		    str_copy(l->host, sizeof(l->host), words->v[2]) < 0)
			return -EBADMSG;
		return 0;
	}
	if (words->n == 1 && strcmp(words->v[0], "masquerade") == 0) {
		note->masquerade = true;
		return 0;
	}
	if (l && words->n == 2 && strcmp(words->v[0], "address") == 0 &&
	    netaddr_parse(words->v[1], &a) == 0)
		return strv_add(&l->address, words->v[1]);
	return -EBADMSG;
}

int network_parse(const char *text, struct network_note *ret)
{
	autonote struct network_note note = {.n = 0};
	autostrv struct strv lines = {0};
	int r = strv_split(&lines, text, "\n");

	for (size_t i = 0; r == 0 && i < lines.n; i++) {
		autostrv struct strv words = {0};

		r = strv_split(&words, lines.v[i], " ");
		if (r == 0)
			r = parse_line(&words, &note);
	}
	if (r < 0)
		return r;
	*ret = note; /* moved */
	note.n = 0;
	return 0;
}

/* text stays NULL when there is none */
static int read_text(int dirfd, char **text)
{
	autofd int fd = openat(dirfd, NETWORK_RECORD, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	return fd_read_dup(fd, NOTE_MAX, text, NULL);
}

int network_read(int dirfd, struct network_note *ret, struct ctr_error *err)
{
	autofree char *text = NULL;
	int r = read_text(dirfd, &text);

	ret->n = 0;
	ret->masquerade = false;
	if (r == 0 && text)
		r = network_parse(text, ret);
	if (r < 0)
		return err_set(err, CTR_E_STATE, -r, "network",
			       "the note of the container's interfaces is damaged");
	return 0;
}

int network_copy(int from, int to, struct ctr_error *err)
{
	autofree char *text = NULL;
	int r = read_text(from, &text);

	if (r == 0 && text)
		r = fd_replace_file_at(to, NETWORK_RECORD, text, strlen(text), 0600);
	return r < 0 ? err_sys(err, r, "network", "copy the note of the interfaces") : 0;
}

static int write_note(const struct network_job *job, const struct veth *v, size_t n,
		      struct ctr_error *err)
{
	autofree char *text = NULL;
	char address[NETADDR_TEXT];
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int bad, r;

	for (size_t i = 0; f && i < n; i++) {
		(void)fprintf(f, "link %s %s\n", v[i].conf->name, v[i].host); /* ferror below */
		for (size_t k = 0; k < v[i].n_address; k++) {
			netaddr_format(&v[i].address[k], true, address);
			(void)fprintf(f, "address %s\n", address);
		}
	}
	if (f && masquerade_wanted(v, n))
		(void)fprintf(f, "masquerade\n");
	bad = !f || ferror(f);
	r = f && fclose(f) == 0 && !bad ? 0 : -ENOMEM;
	if (r == 0)
		r = fd_replace_file_at(job->dirfd, NETWORK_RECORD, text, len, 0600);
	return r < 0 ? err_sys(err, r, "network", "note the interfaces of %s", job->id) : 0;
}

/* ---- what is to be ---- */

/* State roots are independent of each other, and may have the same IDs. */
static int make_alias(int rootfd, const char *id, char ret[VETH_ALIAS])
{
	struct stat st;

	if (fstat(rootfd, &st) < 0)
		return -errno;
	return str_format(ret, VETH_ALIAS, "pam_container %s %" PRIx64 ":%" PRIu64, id,
			  (uint64_t)st.st_dev, (uint64_t)st.st_ino);
}

/** struct choice - what decides which addresses a container gets */
struct choice {
	const struct network_job *job;
	struct netaddr *host; /* the host's own */
	size_t n_host;
	struct network_note before; /* of the one that comes back */
	int leases;
	struct veth *v;
	size_t n;
};

static bool is_hosts(const struct choice *c, const struct netaddr *a)
{
	for (size_t i = 0; i < c->n_host; i++)
		if (netaddr_equal(&c->host[i], a))
			return true;
	return false;
}

/* A gateway's, or one that the container has already */
static bool is_taken_here(const struct choice *c, const struct netaddr *a)
{
	struct netaddr g;

	for (size_t i = 0; i < c->n; i++) {
		const struct veth *v = &c->v[i];

		for (size_t k = 0; k < v->conf->gateway.n; k++)
			if (netaddr_parse(v->conf->gateway.v[k], &g) == 0 && netaddr_equal(&g, a))
				return true;
		for (size_t k = 0; k < v->n_address; k++)
			if (netaddr_equal(&v->address[k], a))
				return true;
	}
	return false;
}

static bool is_free(const struct choice *c, const struct veth *v, const struct netaddr *a)
{
	char key[NETLEASE_KEY];

	netlease_key(a, v->conf->bridge, key);
	return netaddr_is_host(a) && !is_hosts(c, a) && !is_taken_here(c, a) &&
	       netlease_holder(c->job->rootfd, c->leases, key, NULL) == -ENOENT;
}

/* The search begins where the ID says, so that a container gets the same one again. */
static int pick(const struct choice *c, const struct veth *v, const struct netaddr *pool,
		struct netaddr *ret)
{
	uint32_t n = netaddr_hosts(pool), start;
	char text[128];

	(void)!str_format(text, sizeof(text), "%s/%s", c->job->id, v->conf->name); /* 64 and 15 */
	start = (uint32_t)(str_hash(text) % n);
	for (uint32_t i = 0; i < n; i++) {
		*ret = netaddr_nth(pool, 1 + (start + i) % n);
		if (is_free(c, v, ret))
			return 0;
	}
	return -EADDRNOTAVAIL;
}

/* The one that the processes which come back know of; -ENOENT for a fresh container */
static int recall(const struct choice *c, const struct veth *v, const struct netaddr *pool,
		  struct netaddr *ret)
{
	size_t k = v->n_address;

	for (size_t i = 0; i < c->before.n; i++) {
		const struct network_link *l = &c->before.link[i];

		if (strcmp(l->name, v->conf->name) == 0 && k < l->address.n &&
		    netaddr_parse(l->address.v[k], ret) == 0 && ret->bits == pool->bits &&
		    netaddr_contains(pool, ret))
			return is_free(c, v, ret) ? 0 : -EADDRINUSE;
	}
	return -ENOENT;
}

static int choose_one(const struct choice *c, struct veth *v, const char *text,
		      struct ctr_error *err)
{
	struct netaddr want, have;
	int r = netaddr_parse(text, &want);

	if (r < 0 || v->n_address == VETH_ADDRESSES)
		return err_set(err, CTR_E_CONFIG, EINVAL, "network", "network %s: address %s",
			       v->conf->name, text);
	have = want;
	if (netaddr_is_pool(&want)) {
		r = recall(c, v, &want, &have);
		if (r == -ENOENT)
			r = pick(c, v, &want, &have);
		if (r < 0)
			return err_set(err, CTR_E_CONFIG, -r, "network",
				       r == -EADDRINUSE
					   ? "network %s: the address that it had in %s is taken"
					   : "network %s: no address of %s is free",
				       v->conf->name, text);
	} else if (is_hosts(c, &have)) {
		return err_set(err, CTR_E_CONFIG, EADDRINUSE, "network",
			       "network %s: address %s is the host's own", v->conf->name, text);
	}
	v->address[v->n_address++] = have;
	return 0;
}

/* All that are given come first: a free one must not be one of them. */
static int choose_addresses(struct choice *c, struct ctr_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->n; i++)
		for (size_t k = 0; r == 0 && k < c->v[i].conf->address.n; k++)
			r = choose_one(c, &c->v[i], c->v[i].conf->address.v[k], err);
	return r;
}

static int take_addresses(const struct choice *c, struct ctr_error *err)
{
	int r = 0;

	for (size_t i = 0; i < c->n; i++) {
		for (size_t k = 0; r == 0 && k < c->v[i].n_address; k++) {
			char key[NETLEASE_KEY];

			netlease_key(&c->v[i].address[k], c->v[i].conf->bridge, key);
			r = netlease_take(c->job->rootfd, c->leases, key, c->job->id, err);
		}
	}
	return r;
}

static int describe(const struct network_job *job, size_t i, struct veth *ret)
{
	const struct spec_link *conf = spec_link(job->spec, i);

	*ret = (struct veth){.conf = conf};
	if (conf->mac && netconf_read_mac(conf->mac, ret->mac) < 0)
		return -EINVAL;
	if (!conf->mac)
		netconf_make_mac(job->id, conf->name, ret->mac);
	if (conf->host_interface)
		return str_copy(ret->host, sizeof(ret->host), conf->host_interface);
	netconf_host_name(job->id, i ? conf->name : NULL, ret->host);
	return 0;
}

/* ---- in the child ---- */

struct work {
	const struct network_job *job;
	struct nllib lib;
	struct nl_sock *host;
	char alias[VETH_ALIAS];
	struct veth v[NETWORK_LINKS];
	size_t n;
};

static int begin(struct work *w, struct ctr_error *err)
{
	int r = make_alias(w->job->rootfd, w->job->id, w->alias);

	if (r < 0)
		return err_sys(err, r, "network", "name the interfaces of %s", w->job->id);
	r = nllib_open(&w->lib, err);
	if (r < 0)
		return r;
	w->host = nllib_socket(&w->lib, err);
	return w->host ? 0 : -EIO;
}

static int look(struct work *w, struct ctr_error *err)
{
	int r = 0;

	for (; r == 0 && spec_link(w->job->spec, w->n); w->n++) {
		r = w->n < NETWORK_LINKS ? describe(w->job, w->n, &w->v[w->n]) : -E2BIG;
		if (r < 0)
			return err_sys(err, r, "network", "read network %zu", w->n);
		r = veth_check(&w->lib, w->host, &w->v[w->n], err);
	}
	return r < 0 ? r : masquerade_check(w->v, w->n, err);
}

/* The note comes first: what is not noted is not removed (MUST-9). */
static int lease(struct work *w, struct ctr_error *err)
{
	struct choice c = {.job = w->job, .v = w->v, .n = w->n};
	autofree struct netaddr *host = NULL;
	autofd int leases = netlease_open(w->job->rootfd, err);
	int r = leases;

	if (r >= 0)
		r = veth_host_addresses(&w->lib, w->host, &host, &c.n_host, err);
	c.host = host;
	c.leases = leases;
	if (r == 0 && w->job->before >= 0)
		r = network_read(w->job->before, &c.before, err);
	if (r == 0)
		r = choose_addresses(&c, err);
	network_note_done(&c.before);
	if (r == 0)
		r = write_note(w->job, w->v, w->n, err);
	return r < 0 ? r : take_addresses(&c, err);
}

static int make_inside(struct work *w, struct ctr_error *err)
{
	struct nl_sock *inside;
	int r = sys_setns(w->job->netns, CLONE_NEWNET);

	if (r < 0)
		return err_sys(err, r, "network", "enter the container's network");
	inside = nllib_socket(&w->lib, err);
	if (!inside)
		return -EIO;
	for (size_t i = 0; r == 0 && i < w->n; i++)
		r = veth_configure(&w->lib, inside, &w->v[i], err);
	return r; /* the process ends, and the socket with it */
}

/* MUST-1: nothing of the container's is configured on the host. */
static int check_netns(const struct network_job *job, struct ctr_error *err)
{
	struct stat host, theirs;

	if (stat("/proc/self/ns/net", &host) < 0 || fstat(job->netns, &theirs) < 0)
		return err_sys(err, errno, "network", "look at the container's network");
	return host.st_ino != theirs.st_ino
		   ? 0
		   : err_set(err, CTR_E_SYSTEM, EPERM, "network",
			     "container %s is still in the host's network", job->id);
}

static int make(void *arg, struct ctr_error *err)
{
	struct work *w = arg;
	struct veth_place at = {NULL, w->job->netns, w->alias, w->job->held};
	int r = check_netns(w->job, err);

	if (r == 0)
		r = begin(w, err);
	if (r == 0)
		r = look(w, err);
	if (r == 0)
		r = lease(w, err);
	at.host = w->host;
	for (size_t i = 0; r == 0 && i < w->n; i++)
		r = veth_make(&w->lib, &at, &w->v[i], err);
	if (r == 0 && masquerade_wanted(w->v, w->n))
		r = masquerade_make(w->v, w->n, w->alias, err);
	return r < 0 ? r : make_inside(w, err);
}

int network_make(const struct network_job *job, unsigned int timeout_ms, struct ctr_error *err)
{
	autofree struct work *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return err_sys(err, ENOMEM, "network", "make the network of %s", job->id);
	w->job = job;
	r = child_run(make, w, timeout_ms, err);
	if (r < 0)
		(void)!network_remove(job->rootfd, job->dirfd, job->id, NULL); /* gc tries again */
	return r;
}

static int up(void *arg, struct ctr_error *err)
{
	struct work *w = arg;
	autonote struct network_note note = {.n = 0};
	int r = network_read(w->job->dirfd, &note, err);

	if (r == 0)
		r = begin(w, err);
	for (size_t i = 0; r == 0 && i < note.n; i++)
		r = veth_up(&w->lib, w->host, note.link[i].host, w->alias, err);
	return r;
}

int network_up(const struct network_job *job, unsigned int timeout_ms, struct ctr_error *err)
{
	struct work w = {.job = job};

	return child_run(up, &w, timeout_ms, err);
}

/* ---- the end ---- */

struct end {
	int rootfd, dirfd;
	const char *id;
};

static int remove_links(struct work *w, const struct network_note *note, struct ctr_error *err)
{
	int first = begin(w, err);

	for (size_t i = 0; w->host && i < note->n; i++) {
		int r = veth_remove(&w->lib, w->host, note->link[i].host, w->alias,
				    first < 0 ? NULL : err);

		if (first == 0)
			first = r;
	}
	if (note->masquerade && *w->alias) {
		int r = masquerade_remove(w->alias, first < 0 ? NULL : err);

		if (first == 0)
			first = r;
	}
	return first;
}

static int end(void *arg, struct ctr_error *err)
{
	const struct end *e = arg;
	const struct network_job job = {.id = e->id, .rootfd = e->rootfd};
	autonote struct network_note note = {.n = 0};
	struct work w = {.job = &job};
	int r, first = network_read(e->dirfd, &note, err);

	if (first == 0)
		first = remove_links(&w, &note, err);
	r = netlease_release(e->rootfd, e->id, first < 0 ? NULL : err);
	return first < 0 ? first : r;
}

int network_remove(int rootfd, int dirfd, const char *id, struct ctr_error *err)
{
	struct end e = {rootfd, dirfd, id};
	struct stat st;
	int r;

	if (fstatat(dirfd, NETWORK_RECORD, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return 0;
	r = child_run(end, &e, REMOVE_MS, err);
	if (r == 0 && unlinkat(dirfd, NETWORK_RECORD, 0) < 0 && errno != ENOENT)
		r = err_sys(err, errno, "network", "remove the note of %s", id);
	return r;
}
