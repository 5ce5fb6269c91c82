/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FIT_H
#define FIT_H

#include "manifest.h"

/*
 * Does a checkpoint fit this machine, this definition, this user? A decision on facts alone.
 *
 * | container, user, uid    equal: it is nobody else's
 * | definition              same name, same digest: walls are not changed by a restore
 * | architecture, vendor    equal: the layout of saved registers is theirs
 * | kernel                  the same major.minor or a later one: interfaces are added, not taken
 * away | CPU                     has every instruction set that the first one had; what the kernel
 * lists |                         besides (mitigations, power, virtualisation) no process can count
 * on | criu                    the same version or a later one reads the images | helpers equal:
 * PID 1 goes on in the middle of its own program file
 */

/**
 * fit_check - what does not fit, a line each, "kernel: 6.1.0 here, needs 6.12 or later"
 * @here: the same facts of this machine; an empty text asks nothing of that kind
 *
 * Returns 0, -ENOMEM; it fits when *ret is empty.
 */
int fit_check(const struct manifest *m, const struct manifest *here,
	      struct strv *ret) ATTR_WARN_UNUSED;

/** fit_require - the same as an error: -ENOTSUP (CTR_E_MISFIT) that names all of it */
int fit_require(const struct manifest *m, const struct manifest *here,
		struct ctr_error *err) ATTR_WARN_UNUSED;

/** fit_compare_versions - as strcmp(), by the numbers of dotted versions; other text ends one */
int fit_compare_versions(const char *a, const char *b, unsigned int parts);

#endif
