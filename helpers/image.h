/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMAGE_H
#define IMAGE_H

#include "ctl.h"

/* What the verbs about checkpoints on disk share. */

extern const struct table_model image_model;

/** image_add - a row for a checkpoint */
void image_add(struct table *t, const struct ctr_image *image);

/** image_hint - what to do about a failure, "; try ..."; "" when nothing is known. Pure */
const char *image_hint(const struct ctr_error *err);

/** image_failed - say what failed with what (an ID, a file; NULL: nothing). Returns CTL_FAILED */
int image_failed(const struct ctl *ctl, const char *what, const struct ctr_error *err);

#endif
