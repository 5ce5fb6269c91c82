/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "api.h"
#include "cleanup.h"
#include "mnt.h"
#include "num.h"
#include "parse.h"
#include "path.h"
#include "sys.h"

enum { TIMEOUT_MS = 5000, TIMEOUT_MIN_MS = 100, TIMEOUT_MAX_MS = 60000 };

int ctr_factory_new(struct ctr_factory **ret, struct ctr_error *err)
{
	struct ctr_factory *f = calloc(1, sizeof(*f));

	if (!f)
		return err_sys(err, ENOMEM, "factory", "make a factory");
	f->timeout_ms = TIMEOUT_MS;
	f->state_root = strdup(CTR_STATEDIR);
	f->helper_dir = strdup(CTR_LIBEXECDIR);
	f->checkpoint_root = strdup(CTR_CHECKPOINTDIR);
	f->criu = strdup(CTR_CRIU);
	if (!f->state_root || !f->helper_dir || !f->checkpoint_root || !f->criu) {
		ctr_factory_free(f);
		return err_sys(err, ENOMEM, "factory", "make a factory");
	}
	*ret = f;
	return 0;
}

void ctr_factory_free(struct ctr_factory *f)
{
	if (!f)
		return;
	free(f->state_root);
	free(f->helper_dir);
	free(f->checkpoint_root);
	free(f->criu);
	free(f->conf);
	free(f);
}

static int set_path(char **field, const char *option, const char *value, struct ctr_error *err)
{
	char *copy;

	if (!path_is_clean(value))
		return err_set(err, CTR_E_CONFIG, EINVAL, "factory",
			       "%s '%.200s': not an absolute path without . and ..", option, value);
	copy = strdup(value);
	if (!copy)
		return err_sys(err, ENOMEM, "factory", "set %s", option);
	free(*field);
	*field = copy;
	return 0;
}

static int set_timeout(struct ctr_factory *f, const char *value, struct ctr_error *err)
{
	int ms;

	if (num_int_in(value, TIMEOUT_MIN_MS, TIMEOUT_MAX_MS, &ms) < 0)
		return err_set(err, CTR_E_CONFIG, EINVAL, "factory",
			       "timeout-ms '%.40s': not a number from %d to %d", value,
			       TIMEOUT_MIN_MS, TIMEOUT_MAX_MS);
	f->timeout_ms = (unsigned int)ms;
	return 0;
}

/* As definitions have it: which container has scopes the machine decides, else the caller does. */
static int set_cgroup(struct ctr_factory *f, const char *value, struct ctr_error *err)
{
	static const char *const drivers[] = {"auto", "scope", "cgroupfs", NULL};

	for (size_t i = 0; drivers[i]; i++) {
		if (!str_equal(drivers[i], value))
			continue;
		f->cgroup = drivers[i];
		return 0;
	}
	return parse_bad(err, "cgroup", value, parse_suggest(value, drivers));
}

/* Nothing is covered: who lives here would be in nobody's list (MUST-9). */
static int cover(int dir, const char *path, struct ctr_error *err)
{
	const uint64_t flags = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	autostrv struct strv ids = {0};
	autofd int m = -1;
	int r = state_list(dir, &ids, err);

	if (r < 0 && r != -ENOENT)
		return r;
	if (ids.n > 0)
		return err_set(err, CTR_E_BUSY, EBUSY, "factory", "%s holds container %s", path,
			       ids.v[0]);
	m = mnt_new("tmpfs", "mode=700", flags, err);
	return m < 0 ? m : mnt_attach(m, dir, path, err);
}

/* At once, as libcontainer does; what is a mount point already stays as it is. */
static int set_tmpfs(const struct ctr_factory *f, const char *value, struct ctr_error *err)
{
	autofd int below = -1, dir = -1;
	struct statx st;

	if (!str_equal(value, "yes"))
		return parse_bad(err, "tmpfs-root", value, "yes");
	below = state_open_private(AT_FDCWD, f->state_root, err);
	if (below < 0)
		return below;
	/* of two at once the second finds the mount of the first */
	if (flock(below, LOCK_EX) < 0)
		return err_sys(err, errno, "factory", "lock %s", f->state_root);
	dir = state_open_private(AT_FDCWD, f->state_root, err);
	if (dir < 0)
		return dir;
	if (statx(dir, "", AT_EMPTY_PATH, STATX_INO, &st) < 0)
		return err_sys(err, errno, "factory", "look at %s", f->state_root);
	return st.stx_attributes & STATX_ATTR_MOUNT_ROOT ? 0 : cover(dir, f->state_root, err);
}

int ctr_factory_set(struct ctr_factory *f, const char *option, const char *value,
		    struct ctr_error *err)
{
	static const char *const options[] = {"state-root", "helper-dir",      "conf",
					      "timeout-ms", "checkpoint-root", "criu",
					      "cgroup",	    "tmpfs-root",      NULL};

	if (!option || !value)
		return err_set(err, CTR_E_CONFIG, EINVAL, "factory", "option or value is NULL");
	if (strcmp(option, "state-root") == 0)
		return set_path(&f->state_root, option, value, err);
	if (strcmp(option, "helper-dir") == 0)
		return set_path(&f->helper_dir, option, value, err);
	if (strcmp(option, "checkpoint-root") == 0)
		return set_path(&f->checkpoint_root, option, value, err);
	if (strcmp(option, "criu") == 0)
		return set_path(&f->criu, option, value, err);
	if (strcmp(option, "conf") == 0)
		return set_path(&f->conf, option, value, err);
	if (strcmp(option, "cgroup") == 0)
		return set_cgroup(f, value, err);
	if (strcmp(option, "tmpfs-root") == 0)
		return set_tmpfs(f, value, err);
	if (strcmp(option, "timeout-ms") == 0)
		return set_timeout(f, value, err);
	return parse_bad(err, "option", option, parse_suggest(option, options));
}
