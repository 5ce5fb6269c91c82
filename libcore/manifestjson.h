/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MANIFESTJSON_H
#define MANIFESTJSON_H

#include "manifest.h"

/* The JSON form of a manifest and the list of its files. */

/** manifestjson_format - text that the caller frees; NULL with errno ENOMEM */
char *manifestjson_format(const struct manifest *m, const struct tree *t);

/**
 * manifestjson_parse - the reverse, of text whose MAC was right
 *
 * -EPROTONOSUPPORT for another format, -EBADMSG for what this release would not have written, both
 * CTR_E_IMAGE. Paths are plain, sorted and each there once; key_id is left empty.
 */
int manifestjson_parse(const char *text, struct manifest *ret, struct tree *ret_tree,
		       struct ctr_error *err) ATTR_WARN_UNUSED;

#endif
