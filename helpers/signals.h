/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SIGNALS_H
#define SIGNALS_H

#include "err.h"

/** signals_find - "TERM", "SIGTERM", "term" or a number. -EINVAL with a did-you-mean */
int signals_find(const char *word, int *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif
