/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dynlib.h"

#include <dlfcn.h>
#include <string.h>

const char *dynlib_find(void *lib, const struct dynlib_function *v, size_t n, void *ret)
{
	for (size_t i = 0; i < n; i++) {
		void *f = dlsym(lib, v[i].name);

		if (!f)
			return v[i].name;
		/* a pointer to data is no pointer to a function for C: POSIX, dlsym() */
		memcpy((char *)ret + v[i].offset, &f, sizeof(f));
	}
	return NULL;
}
