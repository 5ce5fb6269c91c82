/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keyring.h"

#include <errno.h>
#include <linux/keyctl.h>

#include "sys.h"

int keyring_new_session(struct ctr_error *err)
{
	int r = sys_keyctl(KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0);

	return r < 0 && r != -ENOSYS ? err_sys(err, r, "keyring", "join a new session keyring") : 0;
}
