/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FACTS_H
#define FACTS_H

#include <security/pam_modules.h>

#include "err.h"
#include "msg.h"

/** facts_uid - uid of the user who logs in, from the host's NSS (MUST-7). PAM code */
int facts_uid(pam_handle_t *pamh, uid_t *ret);

/** facts_collect - the `login` message: who, by which service, from where */
int facts_collect(pam_handle_t *pamh, int hook, struct msg *m,
		  struct ctr_error *err) ATTR_WARN_UNUSED;

/** facts_text - a PAM item as text, "" when it is not set */
const char *facts_text(pam_handle_t *pamh, int item);

#endif
