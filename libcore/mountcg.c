/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mountcg.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "mnt.h"
#include "path.h"
#include "sys.h"

enum { HIERARCHIES = 32 };

static bool ends_with(const char *s, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && memcmp(s + len - n, end, n) == 0;
}

/* "4:memory:/pam_container/a-1": name=systemd is mounted as "none,name=systemd" */
static int take_line(const char *controllers, size_t n, struct mountcg_line *ret)
{
	int len = (int)n;
	const char *name;

	if (n == 0) {
		ret->data[0] = '\0';
		return str_copy(ret->name, sizeof(ret->name), "unified");
	}
	if (str_has_prefix(controllers, "name=", &name)) {
		if (str_format(ret->name, sizeof(ret->name), "%.*s", len - 5, name) < 0)
			return -E2BIG;
		return str_format(ret->data, sizeof(ret->data), "none,%.*s", len, controllers);
	}
	if (str_format(ret->name, sizeof(ret->name), "%.*s", len, controllers) < 0)
		return -E2BIG;
	return str_copy(ret->data, sizeof(ret->data), ret->name);
}

int mountcg_read(const char *text, const char *own, struct mountcg_line *ret, size_t max,
		 bool *ret_unified)
{
	bool unified = strncmp(text, "0::", 3) == 0;
	size_t n = 0;

	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		const char *first = strchr(p, ':'), *second = first ? strchr(first + 1, ':') : NULL;
		size_t len = strcspn(p, "\n");

		if (!second || second > p + len)
			return -EBADMSG;
		if (!unified && !ends_with(second + 1, (size_t)(p + len - second - 1), own))
			continue;
		if (n == max || take_line(first + 1, (size_t)(second - first - 1), &ret[n]) < 0)
			return -E2BIG;
		n++;
	}
	*ret_unified = unified;
	return (int)n;
}

static int attach_at(int root, const char *path, int mnt, struct ctr_error *err)
{
	autofd int target = path_open_ours(root, path, O_PATH | O_DIRECTORY);

	if (target == -ENOENT)
		target = path_make_in(root, path, true, 0755);
	if (target < 0)
		return err_sys(err, target, "cgroup", "open %s of the container", path);
	return mnt_attach(mnt, target, path, err);
}

/* As cgroup-v1 users expect it: "cpu" is a link to "cpu,cpuacct". */
static int make_links(int dir, const char *name, struct ctr_error *err)
{
	autostrv struct strv words = {0};

	if (strv_split(&words, name, ",") < 0)
		return err_sys(err, ENOMEM, "cgroup", "name a hierarchy");
	for (size_t i = 0; words.n > 1 && i < words.n; i++)
		if (symlinkat(name, dir, words.v[i]) < 0)
			return err_sys(err, errno, "cgroup", "make link %s", words.v[i]);
	return 0;
}

/* The folder of the hierarchies: finished before it is attached, as it may be read-only. */
static int make_top(int root, const struct mountline *m, const struct mountcg_line *v, size_t n,
		    struct ctr_error *err)
{
	uint64_t attr = m->options.attr;
	autofd int top = mnt_new("tmpfs", "mode=755", attr & ~(uint64_t)MOUNT_ATTR_RDONLY, err);
	int r = top < 0 ? top : 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (mkdirat(top, v[i].name, 0755) < 0)
			r = err_sys(err, errno, "cgroup", "make folder %s", v[i].name);
		if (r == 0)
			r = make_links(top, v[i].name, err);
	}
	if (r == 0)
		r = mnt_set(top, attr, 0, false, err);
	return r < 0 ? r : attach_at(root, m->dest, top, err);
}

static int make_one(int root, const struct mountline *m, const struct mountcg_line *v,
		    const char *dest, struct ctr_error *err)
{
	autofd int mnt = -1;

	if (v->data[0])
		mnt = mnt_new("cgroup", v->data, m->options.attr, err);
	else
		mnt = mnt_new("cgroup2", NULL, m->options.attr, err);
	return mnt < 0 ? mnt : attach_at(root, dest, mnt, err);
}

static int make_line(int root, const struct mountline *m, const char *text, const char *own,
		     struct ctr_error *err)
{
	struct mountcg_line v[HIERARCHIES];
	bool unified;
	int n = mountcg_read(text, own, v, HIERARCHIES, &unified), r;

	if (n < 0)
		return err_sys(err, n, "cgroup", "read /proc/self/cgroup");
	if (unified)
		return make_one(root, m, &v[0], m->dest, err);
	r = make_top(root, m, v, (size_t)n, err);
	for (int i = 0; r == 0 && i < n; i++) {
		autofree char *dest = str_dup_format("%s/%s", m->dest, v[i].name);

		r = dest ? make_one(root, m, &v[i], dest, err)
			 : err_sys(err, ENOMEM, "cgroup", "name a hierarchy");
	}
	return r;
}

bool mountcg_is_wanted(const struct spec *spec)
{
	for (size_t i = 0; i < spec->mounts.n; i++) {
		automount struct mountline m = {.dest = NULL};

		if (mountline_parse(spec->mounts.v[i], &m, NULL) == 0 && m.kind == MOUNTLINE_CGROUP)
			return true;
	}
	return false;
}

int mountcg_make(int root, const struct spec *spec, const char *text, const char *own,
		 struct ctr_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < spec->mounts.n; i++) {
		automount struct mountline m = {.dest = NULL};

		r = mountline_parse(spec->mounts.v[i], &m, err);
		if (r == 0 && m.kind == MOUNTLINE_CGROUP)
			r = make_line(root, &m, text, own, err);
	}
	return r;
}
