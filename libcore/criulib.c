/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "criulib.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>

#include "dynlib.h"

#define LOCAL(name)                                                                                \
	{                                                                                          \
		"criu_local_" #name, offsetof(struct criulib, name)                                \
	}

static const struct dynlib_function functions[] = {
    LOCAL(init_opts),
    LOCAL(free_opts),
    LOCAL(set_service_binary),
    LOCAL(set_pid),
    LOCAL(set_images_dir_fd),
    LOCAL(set_work_dir_fd),
    LOCAL(set_parent_images),
    LOCAL(set_track_mem),
    LOCAL(set_leave_running),
    LOCAL(set_tcp_established),
    LOCAL(set_file_locks),
    LOCAL(set_ext_unix_sk),
    LOCAL(set_ghost_limit),
    LOCAL(set_log_level),
    LOCAL(set_log_file),
    LOCAL(set_root),
    LOCAL(set_manage_cgroups),
    LOCAL(set_manage_cgroups_mode),
    LOCAL(set_timeout),
    LOCAL(set_ext_sharing),
    LOCAL(set_ext_masters),
    LOCAL(add_external),
    LOCAL(add_inherit_fd),
    LOCAL(join_ns_add),
    {"criu_local_set_page_server_address_port", offsetof(struct criulib, set_page_server)},
    LOCAL(set_notify_cb),
    {"criu_notify_pid", offsetof(struct criulib, notify_pid)},
    LOCAL(dump),
    LOCAL(pre_dump),
    LOCAL(restore_child),
    LOCAL(set_network_lock),
    LOCAL(get_version),
    LOCAL(feature_check),
    LOCAL(set_auto_dedup),
};

/* It is not unloaded: only children that end use it. */
int criulib_load(struct criulib *ret, struct ctr_error *err)
{
	struct criulib l = {.lib = dlopen("libcriu.so.2", RTLD_NOW | RTLD_LOCAL)};
	const char *missing;

	if (!l.lib)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "criu", "%s; install criu",
			       dlerror());
	missing = dynlib_find(l.lib, functions, ARRAY_SIZE(functions), &l);
	if (missing)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "criu",
			       "libcriu.so.2 is too old: it lacks %s", missing);
	*ret = l;
	return 0;
}
