/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CTL_H
#define CTL_H

#include <stdbool.h>

#include "err.h"
#include "load.h"
#include "options.h"
#include "pager.h"
#include "pamcontainer.h"
#include "table.h"

/* What the verbs of containerctl and containermon share. */

enum {
	CTL_OK = 0,
	CTL_FAILED = 1,
	CTL_USAGE = 2,
	CTL_GO_ON = -1, /* no exit code: the verb has something to do */
};

struct ctl;

/** struct ctl_verb - one verb */
struct ctl_verb {
	const char *name;
	const char *alias;    /* words with blanks between; NULL: none */
	const char *synopsis; /* of its operands */
	const char *help;     /* one line */
	int (*run)(struct ctl *ctl, int argc, char **argv); /* argv[0] is the verb; exit code */
};

/** struct ctl_program - a command */
struct ctl_program {
	const char *name, *purpose;
	const struct ctl_verb *verbs;
	size_t n;
};

/** struct ctl - one call of a command */
struct ctl {
	const struct ctl_program *program;
	const struct ctl_verb *verb;
	const char *conf, *state_root, *helper_dir, *checkpoint_root, *criu;
	bool version;
	struct ctr_factory *factory; /* of ctl_open() */
};

/** ctl_main - parse, find the verb, run it */
int ctl_main(const struct ctl_program *program, int argc, char **argv);

/**
 * ctl_options - read a verb's options; the operands are left in argc and argv
 * @line: the verb's groups; the common ones are added
 * @model: the columns that --help lists; NULL: none
 *
 * CTL_GO_ON, or the exit code after --help or a usage error.
 */
int ctl_options(struct ctl *ctl, struct options_line *line, const struct table_model *model,
		int *argc, char ***argv);

/** ctl_say - "PROGRAM: text" on standard error, control bytes escaped (MUST-11) */
void ctl_say(const struct ctl *ctl, const char *fmt, ...) ATTR_PRINTF(2, 3);

/** ctl_usage - the same for a wrong command line, with a hint at --help. Returns CTL_USAGE */
int ctl_usage(const struct ctl *ctl, const char *fmt, ...) ATTR_PRINTF(2, 3);

/** ctl_error - the same for a record whose text is escaped already. Returns CTL_FAILED */
int ctl_error(const struct ctl *ctl, const struct ctr_error *err);

/** ctl_failed - the same for what failed with a container; c may be NULL. Returns CTL_FAILED */
int ctl_failed(struct ctl *ctl, const char *id, struct ctr_container *c,
	       const struct ctr_error *err);

/** ctl_open - the factory of the options given. CTL_GO_ON, CTL_FAILED with a message */
int ctl_open(struct ctl *ctl);

/** ctl_paths - where configuration is looked for; load_paths_done() it. The same */
int ctl_paths(struct ctl *ctl, struct load_paths *ret);

/** ctl_load - a container by ID. The same; ctr_container_free() it */
int ctl_load(struct ctl *ctl, const char *id, struct ctr_container **ret);

/** struct ctl_each - one operation for several containers */
struct ctl_each {
	/* 0, -errno with err filled */
	int (*run)(struct ctr_container *c, void *arg, struct ctr_error *err);
	void *arg;
};

/** ctl_each - for every ID in argv; goes on after a failure. Exit code */
int ctl_each(struct ctl *ctl, const struct ctl_each *each, char **argv);

/** ctl_confirm - y/N on a terminal; true without one */
bool ctl_confirm(const struct ctl *ctl, const char *question);

/** ctl_print_table - finish it, through a pager on a terminal. Exit code */
int ctl_print_table(const struct ctl *ctl, struct table *t);

static inline void cleanup_container(struct ctr_container **c)
{
	ctr_container_free(*c);
}
#define autocontainer __attribute__((cleanup(cleanup_container)))

#endif
