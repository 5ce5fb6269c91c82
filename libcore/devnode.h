/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DEVNODE_H
#define DEVNODE_H

#include "devline.h"
#include "userns.h"

/**
 * devnode_make - make the node of a DeviceNode= line
 * @dev: folder that becomes /dev; folders in between are made
 * @users: the container's user namespace, in which the owner has that number; NULL
 *
 * Users and groups are the host's (MUST-7). What stands there then is looked at (MUST-5).
 */
int devnode_make(int dev, const char *line, const struct userns *users,
		 struct ctr_error *err) ATTR_WARN_UNUSED;

#endif
