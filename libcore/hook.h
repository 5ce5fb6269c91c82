/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HOOK_H
#define HOOK_H

#include "spec.h"

/*
 * Programs of the administrator that [Hooks] names. As root, where the caller is: namespaces,
 * capabilities and control groups are its own.
 */

/** struct hook_call - what is run, and for whom */
struct hook_call {
	const struct spec *spec;
	int kind;	   /* enum spec_hook */
	const char *id;	   /* of the container */
	const char *state; /* the JSON for standard input */
	uint64_t end_ms;   /* CLOCK_MONOTONIC, of who waits for all of them; 0: TimeoutSec= alone */
	int abort_fd;	   /* readable or hung up: who waits gave up; -1: none */
};

/** hook_any - has the definition any hook of any kind? */
bool hook_any(const struct spec *spec);

/**
 * hook_run - the hooks of one kind in their order, until the first that fails
 *
 * Each must be root's alone with all folders above it (MUST-8), gets a clean environment, no
 * descriptor but the standard ones (MUST-6), and a session of its own. When its time is up it is
 * killed with its process group (MUST-4); what it leaves of that group is killed, too. The error
 * names key and path, and has what it wrote to standard error.
 */
int hook_run(const struct hook_call *call, struct ctr_error *err) ATTR_WARN_UNUSED;

/** hook_run_all - the same, all of them; the first failure is told */
int hook_run_all(const struct hook_call *call, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif
