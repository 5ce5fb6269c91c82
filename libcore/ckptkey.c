/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ckptkey.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "fd.h"
#include "path.h"
#include "str.h"

#define HEAD "pam_container-checkpoint-key 1\n"
enum { DIGITS = 2 * SODIUMLIB_KEY, FILE_LEN = sizeof(HEAD) - 1 + DIGITS + 1 };

static int name_key(struct ckptkey *key)
{
	const struct sodiumlib_in in = {key->bytes, "ctr-key-id", "", 0};
	char hex[SODIUMLIB_HEX];
	int r = sodiumlib_hash_hex(key->lib, &in, hex);

	if (r == 0)
		r = str_format(key->id, sizeof(key->id), "%.*s", CKPTKEY_ID - 1, hex);
	return r;
}

static void format(const struct ckptkey *key, char text[FILE_LEN + 1])
{
	memcpy(text, HEAD, sizeof(HEAD) - 1);
	(void)key->lib->hex(text + sizeof(HEAD) - 1, DIGITS + 1, key->bytes, sizeof(key->bytes));
	text[FILE_LEN - 1] = '\n';
	text[FILE_LEN] = '\0';
}

/* Read back as it would be written: upper case, blanks and more lines are not ours. */
static int parse(const char *text, struct ckptkey *key)
{
	char again[FILE_LEN + 1];
	size_t n;
	int r = -EBADMSG;

	if (strncmp(text, HEAD, sizeof(HEAD) - 1) == 0 &&
	    key->lib->unhex(key->bytes, sizeof(key->bytes), text + sizeof(HEAD) - 1, DIGITS, NULL,
			    &n, NULL) == 0 &&
	    n == sizeof(key->bytes)) {
		format(key, again);
		if (key->lib->equal(text, again, FILE_LEN) == 0)
			r = name_key(key);
	}
	key->lib->zero(again, sizeof(again));
	return r;
}

/* MUST-8: checked on the descriptor that is read. */
static int read_open(int fd, const char *path, struct ckptkey *key, struct ctr_error *err)
{
	char text[FILE_LEN + 2];
	struct stat st;
	ssize_t n;
	int r;

	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "key", "stat %s", path);
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
		return err_set(err, CTR_E_STATE, EPERM, "key",
			       "%s: must be a file of root's with mode 0600, is uid %u mode %04o",
			       path, st.st_uid, st.st_mode & 07777);
	n = fd_read_all(fd, text, sizeof(text) - 1);
	if (n < 0)
		return err_sys(err, (int)n, "key", "read %s", path);
	text[n] = '\0';
	r = n == FILE_LEN ? parse(text, key) : -EBADMSG;
	key->lib->zero(text, sizeof(text));
	if (r < 0)
		return err_set(err, CTR_E_STATE, EBADMSG, "key",
			       "%s: not a checkpoint key of this release (\"%.*s\" and %d digits)",
			       path, (int)sizeof(HEAD) - 2, HEAD, DIGITS);
	return 0;
}

int ckptkey_read(int rootfd, const struct sodiumlib *lib, struct ckptkey *ret,
		 struct ctr_error *err)
{
	autofd int fd = openat(rootfd, "key", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	autockptkey struct ckptkey key = {.lib = lib};
	int r;

	if (fd < 0 && errno == ENOENT)
		return err_set(err, CTR_E_NOT_FOUND, ENOENT, "key",
			       "this machine has no checkpoint key yet");
	if (fd < 0)
		return err_sys(err, errno, "key", "open the checkpoint key");
	r = read_open(fd, "the checkpoint key", &key, err);
	if (r == 0)
		*ret = key;
	return r;
}

int ckptkey_load(const char *path, const struct sodiumlib *lib, struct ckptkey *ret,
		 struct ctr_error *err)
{
	autockptkey struct ckptkey key = {.lib = lib};
	autofd int fd = -1;
	int r = path_open_trusted(path, S_IFREG, &fd, err);

	if (r == 0)
		r = read_open(fd, path, &key, err);
	if (r == 0)
		*ret = key;
	return r;
}

static int put(int rootfd, const struct ckptkey *key, unsigned int flags)
{
	char text[FILE_LEN + 1], name[32];
	uint32_t tag;
	int r;

	if (getrandom(&tag, sizeof(tag), 0) != sizeof(tag))
		return -EIO;
	r = str_format(name, sizeof(name), ".key-%08x", tag);
	if (r < 0)
		return r;
	format(key, text);
	r = fd_replace_file_at(rootfd, name, text, FILE_LEN, 0600);
	key->lib->zero(text, sizeof(text));
	if (r == 0 && renameat2(rootfd, name, rootfd, "key", flags) < 0) {
		r = -errno;
		(void)unlinkat(rootfd, name, 0); /* the first failure is the one to tell */
	}
	if (r == 0 && fsync(rootfd) < 0)
		r = -errno;
	return r;
}

/*
 * Written whole under another name: what a crash leaves there has signed nothing. The folder's lock
 * tells ckptdir_sweep() that this is no such thing.
 */
static int publish(int rootfd, const struct ckptkey *key, unsigned int flags)
{
	autofd int lock = openat(rootfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (lock < 0 || flock(lock, LOCK_EX) < 0)
		return -errno;
	return put(rootfd, key, flags);
}

int ckptkey_random(const struct sodiumlib *lib, struct ckptkey *ret, struct ctr_error *err)
{
	autockptkey struct ckptkey key = {.lib = lib};
	int r;

	if (getrandom(key.bytes, sizeof(key.bytes), 0) != sizeof(key.bytes))
		return err_sys(err, EIO, "key", "getrandom");
	r = name_key(&key);
	if (r < 0)
		return err_sys(err, r, "key", "make a checkpoint key");
	*ret = key;
	return 0;
}

int ckptkey_make(int rootfd, const struct sodiumlib *lib, struct ckptkey *ret,
		 struct ctr_error *err)
{
	autockptkey struct ckptkey key = {.lib = lib};
	int r = ckptkey_random(lib, &key, err);

	if (r == 0)
		r = ckptkey_store(rootfd, &key, false, err);
	if (r == 0)
		*ret = key;
	return r;
}

int ckptkey_need(int rootfd, const struct sodiumlib *lib, struct ckptkey *ret,
		 struct ctr_error *err)
{
	int r = ckptkey_read(rootfd, lib, ret, err);

	if (r != -ENOENT)
		return r;
	r = ckptkey_make(rootfd, lib, ret, err);
	return r == -EEXIST ? ckptkey_read(rootfd, lib, ret, err) : r;
}

int ckptkey_store(int rootfd, const struct ckptkey *key, bool replace, struct ctr_error *err)
{
	autockptkey struct ckptkey old = {.lib = key->lib};
	int r;

	/* the same once more is no change, and nothing to ask about */
	if (ckptkey_read(rootfd, key->lib, &old, NULL) == 0 &&
	    key->lib->equal(old.bytes, key->bytes, sizeof(old.bytes)) == 0)
		return 0;
	r = publish(rootfd, key, replace ? 0 : RENAME_NOREPLACE);
	if (r == -EEXIST) /* one that cannot be read is not overwritten unasked either */
		return err_set(err, CTR_E_ID_IN_USE, EEXIST, "key",
			       "this machine has a checkpoint key already%s%s", *old.id ? ": " : "",
			       old.id);
	return r < 0 ? err_sys(err, r, "key", "write the checkpoint key") : 0;
}

void ckptkey_done(struct ckptkey *key)
{
	if (key->lib)
		key->lib->zero(key->bytes, sizeof(key->bytes));
}
