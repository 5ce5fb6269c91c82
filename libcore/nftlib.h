/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef NFTLIB_H
#define NFTLIB_H

#include "err.h"

/*
 * libnftables, opened at run time: for a child, which ends with all of it. The tables of the
 * network namespace that the caller is in.
 */

/**
 * nftlib_run - run commands as nft(8) reads them; all of them or none
 * @ret: what was printed; free(*ret). NULL: nobody wants it
 *
 * -ENOTSUP (CTR_E_UNSUPPORTED) without the library; -EIO with the first line of its reason.
 */
int nftlib_run(const char *commands, char **ret, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif
