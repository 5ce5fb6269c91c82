/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VISITFD_H
#define VISITFD_H

/* Arguments of `container-init visit`: numbers of descriptors, -1: that namespace is the host's */
enum {
	VISIT_ENTRY,	/* to the supervisor_let_in() of the supervisor */
	VISIT_SOCK,	/* to who asks for a process, and says what it becomes */
	VISIT_REPORT,	/* why it did not */
	VISIT_RESTRICT, /* restrict.h */
	VISIT_NS,	/* mnt pid ipc uts net cgroup user time, as create_ns_name() */
	VISIT_FDS = VISIT_NS + 8
};

#endif
