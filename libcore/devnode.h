/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DEVNODE_H
#define DEVNODE_H

#include "devline.h"

/**
 * devnode_make - make the node of a DeviceNode= line
 * @dev: folder that becomes /dev; folders in between are made
 *
 * Users and groups are the host's (MUST-7). What stands there then is looked at (MUST-5).
 */
int devnode_make(int dev, const char *line, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif
