/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PACKED_H
#define PACKED_H

#include "tree.h"
#include "zstdlib.h"

/*
 * A checkpoint whose memory, that of pre-dumps too, and upper.tar are compressed: each such file is
 * there as PATH.zst, and the file `packed` has a line "SIZE PATH" of it, with the plain size. All
 * of them are in the manifest as other files are: what is checked is what is on disk, and nothing
 * is decompressed that was not checked (MUST-10).
 */

#define PACKED_LIST "packed"

/** packed_is_worth - is it one of these, and large enough? Pure */
bool packed_is_worth(const struct tree_entry *e);

/** packed_format - the list of such files in new memory, NULL: ENOMEM */
char *packed_format(const struct tree *list);

/**
 * packed_parse - the reverse
 * @is: what is in the folder, sorted
 * @ret: paths and plain sizes
 *
 * -EBADMSG (CTR_E_IMAGE) for what packed_format() does not write, for one whose PATH.zst is not
 * there, and for one that is there plain too.
 */
int packed_parse(const char *text, const struct tree *is, struct tree *ret,
		 struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * packed_make - the same checkpoint once more, compressed
 * @from: its folder; what is in it, is
 * @to: an empty folder of the same file system: the other files get one more name there
 *
 * How many files became smaller; those that do not stay plain. Manifest and MAC are not made.
 */
int packed_make(int from, const struct tree *is, int to, const struct zstdlib *l,
		struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * packed_undo - the reverse, of a folder that was checked, without the list
 *
 * -EBADMSG, -EFBIG (CTR_E_IMAGE) for a file that is another size than the list says.
 */
int packed_undo(int from, const struct tree *is, int to, const struct zstdlib *l,
		struct ctr_error *err) ATTR_WARN_UNUSED;

#endif
