/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef NETWORK_H
#define NETWORK_H

#include "err.h"
#include "netconf.h"
#include "spec.h"

/*
 * The interfaces of a container with Private=veth: made, noted in its folder, removed. What needs
 * libnl runs in a child with a deadline.
 */

#define NETWORK_RECORD "network" /* in the container's folder: what there is to remove */

enum { NETWORK_LINKS = 8 };

/** struct network_job - whose; all borrowed */
struct network_job {
	const struct spec *spec;
	const char *id;
	int rootfd, dirfd; /* state root, folder of the container */
	int netns;	   /* of its network namespace */
	int before;	   /* folder with the record of the one that comes back, or -1 */
	bool held;	   /* no packet comes in before network_up() */
};

/**
 * network_make - check all, note what will be there, take addresses, make the interfaces
 *
 * Refused before anything is made: a name of the host's that is taken (-EEXIST), a bridge that is
 * not there (-ENODEV), an address that is another's (-EADDRINUSE), a pool without a free one
 * (-EADDRNOTAVAIL). On failure nothing stays.
 */
int network_make(const struct network_job *job, unsigned int timeout_ms,
		 struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * network_up - the interfaces of a job that was held
 *
 * The kernel answers packets for a connection that is not there yet with a reset.
 */
int network_up(const struct network_job *job, unsigned int timeout_ms,
	       struct ctr_error *err) ATTR_WARN_UNUSED;

/** network_remove - what the note says; no note: nothing. Interfaces of others are left alone */
int network_remove(int rootfd, int dirfd, const char *id, struct ctr_error *err) ATTR_WARN_UNUSED;

/** struct network_note - what is noted of the interfaces */
struct network_note {
	struct network_link {
		char name[NETCONF_NAME], host[NETCONF_NAME];
		struct strv address; /* "10.0.0.2/24" in the order of Address= */
	} link[NETWORK_LINKS];
	size_t n;
	bool masquerade;
};

/** network_read - the note in a folder; 0 with n = 0 when there is none. network_note_done() */
int network_read(int dirfd, struct network_note *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

/** network_copy - the note into another folder, for network_job.before; none is fine */
int network_copy(int from, int to, struct ctr_error *err) ATTR_WARN_UNUSED;

/** network_parse - its text; -EBADMSG */
int network_parse(const char *text, struct network_note *ret) ATTR_WARN_UNUSED;

void network_note_done(struct network_note *note);
#define autonote __attribute__((cleanup(network_note_done)))

#endif
