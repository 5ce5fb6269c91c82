/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DYNLIB_H
#define DYNLIB_H

#include <stddef.h>

#include "attr.h"

/** struct dynlib_function - of a library that is opened at run time, and where its address goes */
struct dynlib_function {
	const char *name;
	size_t offset; /* in the caller's struct of pointers to functions */
};

/**
 * dynlib_find - fill a struct of pointers to the functions of a library that dlopen(3) gave
 * @ret: the caller's own, until it is whole
 *
 * NULL; else the name of the first that is not there.
 */
const char *dynlib_find(void *lib, const struct dynlib_function *v, size_t n,
			void *ret) ATTR_WARN_UNUSED;

#endif
