/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "idpool.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "cleanup.h"
#include "fd.h"
#include "num.h"
#include "proc.h"
#include "record.h"
#include "state.h"

#define NOTE "users"
#define POOL "pam_container" /* the user whose subordinate ids are given away */

enum { TAKE_MS = 2000, LOOKED_UP = 32, NOTE_MAX = 64 };

/* systemd's range for containers (uid-gid-ranges of its documentation), for who gives us none */
static const struct subid_range_of by_default = {0x80000, 0x6fffffff - 0x80000 + 1};

int idpool_parse(const char *text, struct idmap_choice *ret)
{
	const char *range = strchr(text, ':'), *mode = range ? strchr(range + 1, ':') : NULL;
	struct idmap_choice c;
	char number[2][16];

	if (!mode ||
	    str_format(number[0], sizeof(number[0]), "%.*s", (int)(range - text), text) < 0 ||
	    str_format(number[1], sizeof(number[1]), "%.*s", (int)(mode - range - 1), range + 1) <
		0 ||
	    num_id(number[0], &c.base) < 0 || num_id(number[1], &c.range) < 0)
		return -EBADMSG;
	if (str_equal(mode + 1, "pick"))
		c.mode = IDMAP_PICK;
	else if (str_equal(mode + 1, "fixed"))
		c.mode = IDMAP_FIXED;
	else
		return -EBADMSG;
	*ret = c;
	return 0;
}

/* MUST-8: a note that can not be read may be of any numbers. */
static int read_note(int rootfd, const char *id, struct idmap_choice *ret, struct ctr_error *err)
{
	autofd int dir = state_open_dir(rootfd, id, NULL);
	char text[NOTE_MAX];
	ssize_t n;

	if (dir < 0)
		return dir == -ENOENT ? -ENOENT : err_sys(err, dir, "users", "look at %s", id);
	n = fd_read_file_at(dir, NOTE, text, sizeof(text));
	if (n == -ENOENT)
		return -ENOENT;
	if (n < 0 || idpool_parse(text, ret) < 0)
		return err_set(err, CTR_E_STATE, EBADMSG, "users",
			       "which numbers container %s has can not be read", id);
	return 0;
}

int idpool_taken(const struct idpool_job *job, bool picks, struct subid_list *ret,
		 struct ctr_error *err)
{
	autostrv struct strv ids = {0};
	int r = state_list(job->rootfd, &ids, err);

	for (size_t i = 0; r == 0 && i < ids.n; i++) {
		struct idmap_choice c;

		if (str_equal(ids.v[i], job->id))
			continue;
		r = read_note(job->rootfd, ids.v[i], &c, err);
		if (r == 0 && (!picks || c.mode == IDMAP_PICK))
			r = subid_list_add(ret, c.base, c.range);
		else if (r == -ENOENT)
			r = 0;
	}
	return r;
}

static int write_note(const struct idpool_job *job, const struct idmap_choice *c,
		      struct ctr_error *err)
{
	char text[NOTE_MAX];
	int r = str_format(text, sizeof(text), "%u:%u:%s", c->base, c->range,
			   c->mode == IDMAP_PICK ? "pick" : "fixed");

	if (r == 0)
		r = fd_replace_file_at(job->dirfd, NOTE, text, strlen(text), 0600);
	return r < 0 ? err_sys(err, r, "users", "note the numbers of %s", job->id) : 0;
}

/* ---- in the child ---- */

static int find_groups(const struct idpool_job *job, struct idpool_answer *a, struct ctr_error *err)
{
	int n = IDMAP_EXTENTS;

	a->ngroups = 0;
	if (!job->user[0])
		return 0;
	if (getgrouplist(job->user, job->gid, a->groups, &n) < 0)
		return err_set(err, CTR_E_UNSUPPORTED, E2BIG, "users",
			       "%s is in more groups than a user namespace can map", job->user);
	a->ngroups = (size_t)n;
	return 0;
}

/* Where NSS does not enumerate, they are known all the same: two numbers inside can not be one. */
static int add_own(const struct idpool_job *job, const struct idpool_answer *a,
		   struct subid_list *busy, struct ctr_error *err)
{
	int r = subid_list_add(busy, job->uid, 1);

	if (r == 0)
		r = subid_list_add(busy, job->gid, 1);
	for (size_t i = 0; r == 0 && i < a->ngroups; i++)
		r = subid_list_add(busy, a->groups[i], 1);
	return r < 0 ? err_sys(err, r, "users", "list the numbers of %s", job->user) : 0;
}

/* The same user gets the same numbers again, mostly. */
static int pick(const struct idpool_job *job, struct subid_list *busy, struct idmap_choice *c,
		struct ctr_error *err)
{
	const char *name = job->user[0] ? job->user : job->id;
	autosubids struct subid_list pool = {0};
	int r = subid_pool(POOL, &pool, err);

	if (r == 0 && pool.n == 0)
		r = subid_list_add(&pool, by_default.start, by_default.count);
	if (r == 0)
		r = idpool_taken(job, false, busy, err);
	c->range = IDMAP_RANGE;
	for (int i = 0; r == 0 && i < LOOKED_UP; i++) {
		r = subid_pick(&pool, busy, c->range, str_hash(name), &c->base);
		if (r == 0 && !subid_is_user(c->base))
			return write_note(job, c, err);
		if (r == 0)
			r = subid_list_add(busy, c->base, c->range);
	}
	return r == 0 || r == -ENOENT ? err_set(err, CTR_E_BUSY, EBUSY, "users",
						"no %d numbers in a row are free for container %s",
						IDMAP_RANGE, job->id)
				      : r;
}

static int check_fixed(const struct idpool_job *job, struct subid_list *busy,
		       const struct idmap_choice *c, struct ctr_error *err)
{
	int r = idpool_taken(job, true, busy, err);

	for (size_t i = 0; r == 0 && i < busy->n; i++)
		if (idmap_overlaps(c->base, c->range, busy->v[i].start, busy->v[i].count))
			r = err_set(err, CTR_E_CONFIG, EEXIST, "users",
				    "PrivateUsers=%u:%u: %llu is a user's, a group's, somebody's "
				    "subordinate id or another container's",
				    c->base, c->range, (unsigned long long)busy->v[i].start);
	return r < 0 ? r : write_note(job, c, err);
}

static bool has_space(const struct idpool_job *job, const char *id, uint64_t inode)
{
	autofd int dir = state_open_dir(job->rootfd, id, NULL);
	struct state st;

	/* a login's has a map of its own; who has ended may have had another one of that inode */
	if (dir < 0 || record_read(dir, id, &st, NULL) < 0 || st.instance != -1 ||
	    !proc_is_alive(&st.init))
		return false;
	for (size_t i = 0; i < st.nns; i++)
		if (str_equal(st.ns[i].name, "user") && st.ns[i].inode == inode)
			return true;
	return false;
}

/*
 * MUST-1: of any other user namespace it is not known who has its numbers, or all rights in it.
 * They are noted here too: whose it is may end first, and they would be free then.
 */
static int share(const struct idpool_job *job, int users, struct idmap_choice *c,
		 struct ctr_error *err)
{
	autostrv struct strv ids = {0};
	struct stat st;
	int r = fstat(users, &st) < 0 ? err_sys(err, errno, "users", "look at what is joined")
				      : state_list(job->rootfd, &ids, err);

	for (size_t i = 0; r == 0 && i < ids.n; i++) {
		if (!has_space(job, ids.v[i], st.st_ino))
			continue;
		r = read_note(job->rootfd, ids.v[i], c, err);
		if (r == 0)
			return write_note(job, c, err);
		if (r == -ENOENT)
			*c = (struct idmap_choice){.mode = IDMAP_IDENTITY};
		return r == -ENOENT ? 0 : r;
	}
	return r < 0 ? r
		     : err_set(err, CTR_E_CONFIG, EPERM, "users",
			       "the user namespace to join is no living container's of "
			       "ctr_create() or containerctl start");
}

/* The lock ends with this process. */
static int lock(const struct idpool_job *job, struct ctr_error *err)
{
	int fd = openat(job->rootfd, "containers", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		return err_sys(err, errno, "users", "lock the folder of containers");
	return fd;
}

struct work {
	const struct idpool_job *job;
	struct idpool_answer *answer; /* shared with who waits */
};

static int work(void *arg, struct ctr_error *err)
{
	const struct work *w = arg;
	struct idmap_choice *c = &w->answer->choice;
	const char *const but[] = {POOL, w->job->user[0] ? w->job->user : NULL, NULL};
	autosubids struct subid_list busy = {0};
	autofd int locked = -1;
	int r;

	if (w->answer->joined) {
		locked = lock(w->job, err);
		return locked < 0 ? locked : share(w->job, *w->answer->joined, c, err);
	}
	r = find_groups(w->job, w->answer, err);
	if (r == 0)
		r = add_own(w->job, w->answer, &busy, err);
	if (r == 0)
		r = subid_users(IDMAP_BASE_MIN, &busy, err);
	/* his own are his to give away by UID:RANGE; by pick they would be two containers' */
	if (r == 0)
		r = subid_taken(c->mode == IDMAP_PICK ? (const char *const[]){POOL, NULL} : but,
				&busy, err);
	if (r < 0)
		return r;
	locked = lock(w->job, err);
	if (locked < 0)
		return locked;
	return c->mode == IDMAP_PICK ? pick(w->job, &busy, c, err)
				     : check_fixed(w->job, &busy, c, err);
}

int idpool_take(const struct idpool_job *job, struct idpool_answer *answer, struct ctr_error *err)
{
	struct idpool_answer *shared =
	    mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct work w = {job, shared};
	int r;

	if (shared == MAP_FAILED)
		return err_sys(err, errno, "users", "share memory with a child");
	*shared = *answer;
	r = child_run(work, &w, TAKE_MS, err);
	if (r == 0)
		*answer = *shared;
	(void)munmap(shared, sizeof(*shared));
	return r;
}
