/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RECORD_H
#define RECORD_H

#include "state.h"

/* The JSON form of struct state: one table of fields serves writing, reading and checking. */

/** record_format - JSON text in new memory that the caller frees; NULL with errno ENOMEM */
char *record_format(const struct state *st);

/**
 * record_parse - the record of that ID from its text
 *
 * -EBADMSG with CTR_E_STATE for text that is no complete record of this ID: torn, edited, or
 * another container's. Unknown fields are skipped: a newer release may add some. -ENOTSUP with
 * CTR_E_UNSUPPORTED for one of a later version: nobody but a later release changes or removes it.
 */
int record_parse(const char *text, const char *id, struct state *ret,
		 struct ctr_error *err) ATTR_WARN_UNUSED;

/** record_write - temporary file + rename into the folder of the container */
int record_write(int dirfd, const struct state *st, struct ctr_error *err) ATTR_WARN_UNUSED;

/** record_read - -EBADMSG or -ENOENT with CTR_E_STATE for a damaged, foreign or missing record */
int record_read(int dirfd, const char *id, struct state *ret,
		struct ctr_error *err) ATTR_WARN_UNUSED;

#endif
