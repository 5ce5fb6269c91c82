/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYRING_H
#define KEYRING_H

#include "err.h"

/**
 * keyring_new_session - join a new anonymous session keyring (keyctl(2)), MUST-6
 *
 * Called as root, so that its quota is root's and not the user's (keys.maxkeys is 200). A kernel
 * without keyrings (ENOSYS) has none to leak: success.
 */
int keyring_new_session(struct ctr_error *err) ATTR_WARN_UNUSED;

#endif
