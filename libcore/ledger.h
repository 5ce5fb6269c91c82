/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

/*
 * Which checkpoint of a container may be restored (MUST-10): the newest, and once. Each gets a
 * counter into its signed manifest; ledger/ID in the checkpoint root has the last one that was
 * issued and the last one that was spent, so that an older image or one restored before, put in the
 * place of the present one, is refused as replayed.
 *
 * A counter is the time in seconds, or the last one plus 1 where that is more: what was taken later
 * on another machine of a fleet has the larger one and can be imported.
 *
 * Every function here takes the ledger's lock; a crash leaves the old or the new entry.
 */

/** struct ledger - the entry of an ID; {0} before the first checkpoint */
struct ledger {
	uint64_t issued, spent;
	uint64_t admitted; /* the last one that was imported; 0: none was */
};

enum ledger_op {
	LEDGER_CHECK, /* may it be restored? */
	LEDGER_ADMIT, /* may it be imported? */
};

/** ledger_allows - the rule; pure */
bool ledger_allows(const struct ledger *l, enum ledger_op op, uint64_t counter);

/** ledger_next - the counter to issue at that time; 0 when there is none any more. Pure */
uint64_t ledger_next(const struct ledger *l, uint64_t now_s);

/** ledger_read - the entry; one that was never written is {0}. -EBADMSG (CTR_E_STATE) */
int ledger_read(int rootfd, const char *id, struct ledger *ret,
		struct ctr_error *err) ATTR_WARN_UNUSED;

/** ledger_issue - the counter of a new checkpoint, which makes all before it stale */
int ledger_issue(int rootfd, const char *id, uint64_t *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * ledger_check - may this one be restored? -ESTALE (CTR_E_IMAGE): replayed
 * @ret_imported: whether it was imported; or NULL
 */
int ledger_check(int rootfd, const char *id, uint64_t counter, bool *ret_imported,
		 struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * ledger_spend - as ledger_check(), and it is spent: on the disk before this returns
 *
 * To be called before a restored process runs, so that no crash lets an image be restored twice.
 */
int ledger_spend(int rootfd, const char *id, uint64_t counter,
		 struct ctr_error *err) ATTR_WARN_UNUSED;

/** ledger_may_admit - would ledger_admit() do it? -ESTALE (CTR_E_IMAGE) */
int ledger_may_admit(int rootfd, const char *id, uint64_t counter,
		     struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * ledger_admit - the counter of a checkpoint that comes from elsewhere: now the newest issued
 *
 * It must be larger than what is known here, or the newest and not spent. -ESTALE (CTR_E_IMAGE).
 */
int ledger_admit(int rootfd, const char *id, uint64_t counter,
		 struct ctr_error *err) ATTR_WARN_UNUSED;

#endif
