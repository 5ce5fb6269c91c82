/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OCIPROFILE_H
#define OCIPROFILE_H

#include <stdint.h>

#include "err.h"
#include "seccompfilter.h"

/*
 * SeccompProfile=: a profile in the JSON of the OCI runtime specification, with what Docker adds
 * (archMap, includes and excludes by capability, architecture and kernel).
 */

/** struct ociprofile_facts - what includes and excludes are decided on */
struct ociprofile_facts {
	uint64_t caps; /* mask of the bounding set */
	unsigned int kernel_major, kernel_minor;
};

/** ociprofile_facts - of this machine, for a bounding set */
void ociprofile_facts(uint64_t caps, struct ociprofile_facts *ret);

/** ociprofile_parse - read a profile's text. 0, -EINVAL (CTR_E_CONFIG), -ENOMEM */
int ociprofile_parse(const char *text, const struct ociprofile_facts *facts,
		     struct seccompfilter **ret, struct ctr_error *err) ATTR_WARN_UNUSED;

/** ociprofile_load - read a file that root alone can write (MUST-8). Also -ENOENT, -EPERM */
int ociprofile_load(const char *path, const struct ociprofile_facts *facts,
		    struct seccompfilter **ret, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif
