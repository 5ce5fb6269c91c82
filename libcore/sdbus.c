/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sdbus.h"

#include <dlfcn.h>
#include <errno.h>

#include "dynlib.h"

static const struct dynlib_function functions[] = {
    {"sd_bus_open_system", offsetof(struct sdbus, open_system)},
    {"sd_bus_flush_close_unref", offsetof(struct sdbus, flush_close_unref)},
    {"sd_bus_add_match", offsetof(struct sdbus, add_match)},
    {"sd_bus_message_new_method_call", offsetof(struct sdbus, new_method_call)},
    {"sd_bus_message_append", offsetof(struct sdbus, append)},
    {"sd_bus_message_append_array", offsetof(struct sdbus, append_array)},
    {"sd_bus_message_open_container", offsetof(struct sdbus, open_container)},
    {"sd_bus_message_close_container", offsetof(struct sdbus, close_container)},
    {"sd_bus_message_read", offsetof(struct sdbus, read)},
    {"sd_bus_message_unref", offsetof(struct sdbus, unref)},
    {"sd_bus_call", offsetof(struct sdbus, call)},
    {"sd_bus_process", offsetof(struct sdbus, process)},
    {"sd_bus_wait", offsetof(struct sdbus, wait)},
    {"sd_bus_error_free", offsetof(struct sdbus, error_free)},
};

int sdbus_load(struct sdbus *ret, struct ctr_error *err)
{
	struct sdbus b = {.lib = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL)};
	const char *missing;

	if (!b.lib)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "scope",
			       "%s; Cgroup=cgroupfs does without systemd", dlerror());
	missing = dynlib_find(b.lib, functions, ARRAY_SIZE(functions), &b);
	if (missing) {
		sdbus_unload(&b);
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "scope",
			       "libsystemd.so.0 is too old: it lacks %s", missing);
	}
	*ret = b;
	return 0;
}

void sdbus_unload(struct sdbus *b)
{
	if (b->lib)
		(void)dlclose(b->lib); /* it may stay loaded, as it pleases */
	b->lib = NULL;
}
