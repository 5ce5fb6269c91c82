/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UNIXNAME_H
#define UNIXNAME_H

#include "held.h"
#include "sockown.h"

/*
 * Names of unix sockets on file systems that others reach (MUST-5, MUST-10). CRIU binds a socket
 * again by its path and as root, and removes first what stands there: with a link in the path, any
 * file.
 */

/** struct unixname_mounts - of the container and of the host, mntlist.h */
struct unixname_mounts {
	const struct strv *container, *host;
};

/**
 * unixname_find - the first name that is not below a file system of the container's own. Pure
 * @table: text of /proc/PID/net/unix (proc_pid_net(5)); abstract names are nobody's
 * @ret: its name, in new memory; NULL when there is none
 */
int unixname_find(const char *table, const struct sockown *owned,
		  const struct unixname_mounts *mounts, char **ret) ATTR_WARN_UNUSED;

/** unixname_refuse - -EBUSY (CTR_E_UNSUPPORTED) that names the first one of these processes */
int unixname_refuse(const struct held_where *where, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif
