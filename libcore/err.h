/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ERR_H
#define ERR_H

#include "attr.h"
#include "pamcontainer_error.h"

/*
 * The one error dialect: 0 or -errno, and a struct ctr_error as the last argument that names the
 * operation, the object and the kernel's reason. All functions accept a NULL record, escape
 * control bytes in what they format (MUST-11), cut text that is too long with "...", and
 * preserve errno.
 */

/**
 * err_set - fill a record, without a kernel reason in the text
 * @code: enum ctr_code
 * @errnum: positive errno to return and to keep
 *
 * Returns -errnum, so that callers write `return err_set(...)`.
 */
int err_set(struct ctr_error *err, int code, int errnum, const char *stage, const char *fmt, ...)
    ATTR_PRINTF(5, 6);

/**
 * err_sys - fill a record for a failed system call: code CTR_E_SYSTEM, ": strerror" appended
 * @errnum: errno, positive or negative (the sign is dropped)
 *
 * Returns -|errnum|.
 */
int err_sys(struct ctr_error *err, int errnum, const char *stage, const char *fmt, ...)
    ATTR_PRINTF(4, 5);

/** err_prefix - put "what: " before the text of a record that is already filled */
void err_prefix(struct ctr_error *err, const char *fmt, ...) ATTR_PRINTF(2, 3);

/** err_code_name - the stable word of a code, e.g. "not-found"; "system" for unknown numbers */
const char *err_code_name(int code);

#endif
