/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SECCOMPFILTER_H
#define SECCOMPFILTER_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#include "bpfprog.h"
#include "err.h"

/*
 * A system call filter: verdicts by name, and the program that the kernel runs. libseccomp gives
 * names and numbers of every ABI; the program is put together here, as that takes 0.1 ms where
 * seccomp_export_bpf(3) takes 3 to 5 ms for a list of 300 names, and as libseccomp can not tell
 * "a call that did not exist when this was built" (ENOSYS) from one that is denied.
 *
 * Verdict of a call, the first of: conditions that hold, in the order given; the verdict of its
 * name; `known` when libseccomp has a name for the number; `unknown`. x32 is always ENOSYS, an
 * ABI that is not listed kills.
 */

struct seccompfilter;

/** seccompfilter_new - NULL with errno ENOMEM. Actions are SECCOMP_RET_* | data */
struct seccompfilter *seccompfilter_new(uint32_t known, uint32_t unknown);

/** seccompfilter_free - NULL is fine */
void seccompfilter_free(struct seccompfilter *f);

/** seccompfilter_all - another `known`, verdicts by name forgotten */
void seccompfilter_all(struct seccompfilter *f, uint32_t known);

/** seccompfilter_set - verdict of a name; conditions given before are dropped. 0, -ENOMEM */
int seccompfilter_set(struct seccompfilter *f, const char *name, uint32_t action) ATTR_WARN_UNUSED;

/** struct seccompfilter_rule - an action when all conditions hold */
struct seccompfilter_rule {
	uint32_t action;
	size_t n;
	struct bpfprog_cond conds[BPFPROG_ARGS];
};

/** seccompfilter_when - add a conditional verdict behind those that are there. 0, -ENOMEM */
int seccompfilter_when(struct seccompfilter *f, const char *name,
		       const struct seccompfilter_rule *rule) ATTR_WARN_UNUSED;

/** seccompfilter_verdict - verdict of a name that no condition decides */
uint32_t seccompfilter_verdict(const struct seccompfilter *f, const char *name) ATTR_PURE;

/** seccompfilter_has - was a verdict without condition given for this name? */
bool seccompfilter_has(const struct seccompfilter *f, const char *name) ATTR_PURE;

/** seccompfilter_without - leave out an ABI (sysabi.h): its calls kill. The native one stays */
void seccompfilter_without(struct seccompfilter *f, uint32_t arch);

/**
 * seccompfilter_emit - the program
 * @ret: of max instructions
 *
 * Returns the number of instructions; -E2BIG with CTR_E_CONFIG, -ENOMEM.
 */
int seccompfilter_emit(const struct seccompfilter *f, struct sock_filter *ret, size_t max,
		       struct ctr_error *err) ATTR_WARN_UNUSED;

static inline void cleanup_seccompfilter(struct seccompfilter **f)
{
	seccompfilter_free(*f);
}
#define autofilter __attribute__((cleanup(cleanup_seccompfilter)))

#endif
