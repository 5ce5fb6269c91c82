/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "fd.h"
#include "num.h"
#include "state.h"
#include "str.h"

#define HEAD "pam_container-ledger 1"
enum { TEXT_MAX = 128 };

bool ledger_allows(const struct ledger *l, enum ledger_op op, uint64_t counter)
{
	if (counter == 0 || counter > INT64_MAX)
		return false;
	if (counter == l->issued)
		return counter != l->spent;
	return op == LEDGER_ADMIT && counter > l->issued;
}

uint64_t ledger_next(const struct ledger *l, uint64_t now_s)
{
	uint64_t next = l->issued >= now_s ? l->issued + 1 : now_s;

	return next <= INT64_MAX ? next : 0;
}

/* ---- the file ---- */

/* The last line came later than the others; what was never imported is as it was before. */
static int format(const struct ledger *l, char text[TEXT_MAX])
{
	char admitted[40] = "";
	int r = 0;

	if (l->admitted)
		r = str_format(admitted, sizeof(admitted), "admitted %" PRIu64 "\n", l->admitted);
	return r < 0
		   ? r
		   : str_format(text, TEXT_MAX, HEAD "\nissued %" PRIu64 "\nspent %" PRIu64 "\n%s",
				l->issued, l->spent, admitted);
}

/* MUST-8: read back as it would be written, else it is not ours. */
static int parse(const char *text, struct ledger *ret)
{
	autostrv struct strv words = {0};
	struct ledger l = {0};
	char again[TEXT_MAX];

	if (strv_split(&words, text, " \n") < 0)
		return -ENOMEM;
	if ((words.n != 6 && words.n != 8) || num_u64(words.v[3], &l.issued) < 0 ||
	    num_u64(words.v[5], &l.spent) < 0 ||
	    (words.n == 8 && num_u64(words.v[7], &l.admitted) < 0) || format(&l, again) < 0 ||
	    strcmp(text, again) != 0)
		return -EBADMSG;
	*ret = l;
	return 0;
}

static int damaged(const char *id, const char *why, struct ctr_error *err)
{
	return err_set(err, CTR_E_STATE, EBADMSG, "ledger",
		       "the ledger of container %s is %s: no checkpoint of it is believed", id,
		       why);
}

static int get(int dirfd, const char *id, struct ledger *ret, struct ctr_error *err)
{
	autofd int fd = openat(dirfd, id, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char text[TEXT_MAX + 1] = "";
	struct stat st;
	ssize_t n;

	if (fd < 0 && errno == ENOENT) {
		*ret = (struct ledger){0};
		return 0;
	}
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return damaged(id, "no file", err);
	if (st.st_uid != geteuid() || (st.st_mode & 077))
		return damaged(id, "not root's alone", err);
	n = fd_read_all(fd, text, TEXT_MAX);
	if (n < 0)
		return err_sys(err, (int)n, "ledger", "read the ledger of container %s", id);
	return strlen(text) == (size_t)n && parse(text, ret) == 0 ? 0 : damaged(id, "torn", err);
}

static int put(int dirfd, const char *id, const struct ledger *l, struct ctr_error *err)
{
	char text[TEXT_MAX];
	int r = format(l, text);

	if (r == 0)
		r = fd_replace_file_at(dirfd, id, text, strlen(text), 0600);
	if (r == 0 && fsync(dirfd) < 0) /* the rename, too: what is spent stays spent */
		r = -errno;
	return r < 0 ? err_sys(err, r, "ledger", "write the ledger of container %s", id) : 0;
}

/* The folder, locked until it is closed. Nobody holds it longer than a write to the disk takes. */
static int open_locked(int rootfd, const char *id, struct ctr_error *err)
{
	autofd int fd = state_check_id(id, err);
	int r;

	if (fd < 0)
		return take_fd(&fd);
	fd = state_open_private(rootfd, "ledger", err);
	if (fd < 0)
		return take_fd(&fd);
	do {
		r = flock(fd, LOCK_EX);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return err_sys(err, errno, "ledger", "lock the ledger");
	return take_fd(&fd);
}

/* ---- what is done with it ---- */

int ledger_read(int rootfd, const char *id, struct ledger *ret, struct ctr_error *err)
{
	autofd int fd = open_locked(rootfd, id, err);

	return fd < 0 ? fd : get(fd, id, ret, err);
}

int ledger_issue(int rootfd, const char *id, uint64_t *ret, struct ctr_error *err)
{
	autofd int fd = open_locked(rootfd, id, err);
	struct ledger l;
	int r = fd < 0 ? fd : get(fd, id, &l, err);

	if (r < 0)
		return r;
	l.issued = ledger_next(&l, state_now_us() / 1000000);
	l.admitted = 0; /* says nothing any more */
	if (l.issued == 0)
		return err_set(err, CTR_E_STATE, EOVERFLOW, "ledger",
			       "container %s has no counter left", id);
	r = put(fd, id, &l, err);
	if (r == 0)
		*ret = l.issued;
	return r;
}

static int replayed(const struct ledger *l, const char *id, uint64_t counter, struct ctr_error *err)
{
	const char *why = counter == l->spent ? "was restored before" : "is not the newest";

	return err_set(err, CTR_E_IMAGE, ESTALE, "ledger",
		       "checkpoint %" PRIu64 " of container %s is replayed: it %s", counter, id,
		       l->issued == 0 ? "was not taken or imported here" : why);
}

int ledger_check(int rootfd, const char *id, uint64_t counter, bool *ret_imported,
		 struct ctr_error *err)
{
	struct ledger l;
	int r = ledger_read(rootfd, id, &l, err);

	if (r == 0 && !ledger_allows(&l, LEDGER_CHECK, counter))
		r = replayed(&l, id, counter, err);
	if (r == 0 && ret_imported)
		*ret_imported = counter == l.admitted;
	return r;
}

int ledger_may_admit(int rootfd, const char *id, uint64_t counter, struct ctr_error *err)
{
	struct ledger l;
	int r = ledger_read(rootfd, id, &l, err);

	if (r < 0)
		return r;
	return ledger_allows(&l, LEDGER_ADMIT, counter) ? 0 : replayed(&l, id, counter, err);
}

int ledger_spend(int rootfd, const char *id, uint64_t counter, struct ctr_error *err)
{
	autofd int fd = open_locked(rootfd, id, err);
	struct ledger l;
	int r = fd < 0 ? fd : get(fd, id, &l, err);

	if (r < 0)
		return r;
	if (!ledger_allows(&l, LEDGER_CHECK, counter))
		return replayed(&l, id, counter, err);
	l.spent = counter;
	return put(fd, id, &l, err);
}

int ledger_admit(int rootfd, const char *id, uint64_t counter, struct ctr_error *err)
{
	autofd int fd = open_locked(rootfd, id, err);
	struct ledger l;
	int r = fd < 0 ? fd : get(fd, id, &l, err);

	if (r < 0)
		return r;
	if (!ledger_allows(&l, LEDGER_ADMIT, counter))
		return replayed(&l, id, counter, err);
	if (l.issued == counter && l.admitted == counter)
		return 0;
	l.issued = l.admitted = counter;
	return put(fd, id, &l, err);
}
