/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SDBUS_H
#define SDBUS_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

/*
 * The few functions of libsystemd's sd-bus(3) that we use, found at run time, so that machines
 * without systemd need no library of it. Its interface has been stable since version 221.
 */

struct sd_bus;
struct sd_bus_message;

/** struct sdbus_error - sd_bus_error(3) */
struct sdbus_error {
	const char *name, *message;
	int needs_free;
};

typedef int (*sdbus_handler)(struct sd_bus_message *m, void *userdata, struct sdbus_error *error);

/** struct sdbus - functions named as after their sd_bus_ or sd_bus_message_ */
struct sdbus {
	void *lib; /* dlopen(3) */
	int (*open_system)(struct sd_bus **ret);
	struct sd_bus *(*flush_close_unref)(struct sd_bus *bus);
	int (*add_match)(struct sd_bus *bus, void **slot, const char *match, sdbus_handler handler,
			 void *userdata);
	int (*new_method_call)(struct sd_bus *bus, struct sd_bus_message **m,
			       const char *destination, const char *path, const char *interface,
			       const char *member);
	int (*append)(struct sd_bus_message *m, const char *types, ...);
	int (*append_array)(struct sd_bus_message *m, char type, const void *p, size_t size);
	int (*open_container)(struct sd_bus_message *m, char type, const char *contents);
	int (*close_container)(struct sd_bus_message *m);
	int (*read)(struct sd_bus_message *m, const char *types, ...);
	struct sd_bus_message *(*unref)(struct sd_bus_message *m);
	int (*call)(struct sd_bus *bus, struct sd_bus_message *m, uint64_t usec,
		    struct sdbus_error *error, struct sd_bus_message **reply);
	int (*process)(struct sd_bus *bus, struct sd_bus_message **ret);
	int (*wait)(struct sd_bus *bus, uint64_t usec);
	void (*error_free)(struct sdbus_error *error);
};

/** sdbus_load - CTR_E_UNSUPPORTED when the library or one of its functions is not there */
int sdbus_load(struct sdbus *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

/** sdbus_unload - NULL library is fine */
void sdbus_unload(struct sdbus *b);

#endif
