/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TCPPEER_H
#define TCPPEER_H

#include <stdint.h>
#include <sys/types.h>

#include "sockown.h"

/* TCP connections whose other end is not the container's: a checkpoint can not keep them by itself.
 */

/** struct tcppeer - one connection, as /proc/net/tcp and tcp6 have it (proc_pid_net(5)) */
struct tcppeer {
	uint64_t inode;
	char local[48], remote[48]; /* "0100007F:1F90", as the kernel writes them */
};

/** struct tcppeer_list - {0} is the empty one; tcppeer_done() frees */
struct tcppeer_list {
	struct tcppeer *v;
	size_t n;
};

/** tcppeer_parse - add the established ones of a table's text. -EBADMSG, -ENOMEM */
int tcppeer_parse(struct tcppeer_list *list, const char *text) ATTR_WARN_UNUSED;

/**
 * tcppeer_find - the first connection of the container's whose other end nobody in it has open.
 * Pure
 *
 * NULL when there is none.
 */
const struct tcppeer *tcppeer_find(const struct tcppeer_list *list, const struct sockown *owned);

/** tcppeer_text - "192.0.2.1:443" of such a text, as it is when it is not understood */
void tcppeer_text(const char *hex, char *dst, size_t size);

/**
 * tcppeer_refuse - -EBUSY (CTR_E_UNSUPPORTED) that names process and peer, when one of these
 * processes has such a connection
 * @pids: of the container, in one network namespace
 * @hint: what to do besides ending it, appended
 */
int tcppeer_refuse(const pid_t *pids, size_t n, const char *hint,
		   struct ctr_error *err) ATTR_WARN_UNUSED;

void tcppeer_done(struct tcppeer_list *list);
#define autotcppeer __attribute__((cleanup(tcppeer_done)))

#endif
