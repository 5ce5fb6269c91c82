/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HOSTFACTS_H
#define HOSTFACTS_H

#include "err.h"

/* What a restored process counts on: the kernel and the CPU that it began on. */

/** struct hostfacts - plain text each; "" for what this machine does not tell */
struct hostfacts {
	char kernel[65];  /* release: "6.1.0-18-amd64" */
	char arch[32];	  /* "x86_64" */
	char vendor[32];  /* of the CPU: "GenuineIntel" */
	char model[80];	  /* for people */
	char flags[8192]; /* as the kernel lists them, blanks between */
};

/** hostfacts_read - of this machine. -ENAMETOOLONG for what does not fit */
int hostfacts_read(struct hostfacts *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

/** hostfacts_parse_cpu - vendor, model and flags of the first CPU of a text like /proc/cpuinfo */
int hostfacts_parse_cpu(const char *text, struct hostfacts *ret) ATTR_WARN_UNUSED;

#endif
