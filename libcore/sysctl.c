/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>

#include "fd.h"

/* A name that ends in '.' stands for all below it. */
static const struct {
	const char *name;
	int flag;
} allowed[] = {
    {"kernel.msgmax", CLONE_NEWIPC},	 {"kernel.msgmnb", CLONE_NEWIPC},
    {"kernel.msgmni", CLONE_NEWIPC},	 {"kernel.sem", CLONE_NEWIPC},
    {"kernel.shmall", CLONE_NEWIPC},	 {"kernel.shmmax", CLONE_NEWIPC},
    {"kernel.shmmni", CLONE_NEWIPC},	 {"kernel.shm_rmid_forced", CLONE_NEWIPC},
    {"fs.mqueue.", CLONE_NEWIPC},	 {"net.", CLONE_NEWNET},
    {"kernel.domainname", CLONE_NEWUTS},
};

bool sysctl_is_allowed(const char *name, uint64_t namespaces)
{
	if (strchr(name, '/') || strstr(name, ".."))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++) {
		const char *rest;

		if (!(namespaces & (uint64_t)allowed[i].flag) ||
		    !str_has_prefix(name, allowed[i].name, &rest))
			continue;
		if (*rest == '\0' || rest[-1] == '.')
			return true;
	}
	return false;
}

static int apply_one(const char *line, const struct spec *spec, uint64_t entered,
		     struct ctr_error *err)
{
	char path[256] = "/proc/sys/", name[200];
	size_t len = strcspn(line, "=");
	int r = str_format(name, sizeof(name), "%.*s", (int)len, line);

	if (r < 0 || line[len] != '=')
		return err_set(err, CTR_E_CONFIG, EINVAL, "sysctl", "Sysctl=%s: want name=value",
			       line);
	if (!sysctl_is_allowed(name, spec->namespaces))
		return err_set(err, CTR_E_CONFIG, EINVAL, "sysctl",
			       "Sysctl=%s: not of a namespace that the container has", name);
	if (!sysctl_is_allowed(name, entered))
		return 0;
	r = str_format(path, sizeof(path), "/proc/sys/%s", name);
	for (char *p = path + strlen("/proc/sys/"); r == 0 && *p; p++)
		if (*p == '.')
			*p = '/';
	if (r == 0)
		r = fd_write_file_at(AT_FDCWD, path, line + len + 1);
	return r < 0 ? err_sys(err, r, "sysctl", "write %s to %s", line + len + 1, path) : 0;
}

int sysctl_apply(const struct spec *spec, uint64_t entered, struct ctr_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < spec->sysctl.n; i++)
		r = apply_one(spec->sysctl.v[i], spec, entered, err);
	return r;
}
