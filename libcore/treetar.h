/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TREETAR_H
#define TREETAR_H

#include "err.h"

/*
 * A folder with all that is below it as one file and back, by tar(1): owners as numbers, modes,
 * times, extended attributes (trusted.overlay.* too), access lists, devices, holes. Blocking.
 */

/** treetar_pack - what is below dirfd, written to the descriptor out */
int treetar_pack(int dirfd, int out, struct ctr_error *err) ATTR_WARN_UNUSED;

/** treetar_unpack - what treetar_pack wrote, read from the descriptor in, below the empty folder
 * dirfd */
int treetar_unpack(int in, int dirfd, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif
