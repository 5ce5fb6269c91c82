/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VERBS_H
#define VERBS_H

#include "ctl.h"

/* The verbs, one file each; struct ctl_verb says what they are given and return. */

int ctl_attach(struct ctl *ctl, int argc, char **argv);
int ctl_cat_config(struct ctl *ctl, int argc, char **argv);
int ctl_check(struct ctl *ctl, int argc, char **argv);
int ctl_checkpoint(struct ctl *ctl, int argc, char **argv);
int ctl_checkpoints(struct ctl *ctl, int argc, char **argv);
int ctl_detach(struct ctl *ctl, int argc, char **argv);
int ctl_doctor(struct ctl *ctl, int argc, char **argv);
int ctl_exec(struct ctl *ctl, int argc, char **argv);
int ctl_export(struct ctl *ctl, int argc, char **argv);
int ctl_gc(struct ctl *ctl, int argc, char **argv);
int ctl_import(struct ctl *ctl, int argc, char **argv);
int ctl_key(struct ctl *ctl, int argc, char **argv);
int ctl_kill(struct ctl *ctl, int argc, char **argv);
int ctl_list(struct ctl *ctl, int argc, char **argv);
int ctl_pause(struct ctl *ctl, int argc, char **argv);
int ctl_restore(struct ctl *ctl, int argc, char **argv);
int ctl_resume(struct ctl *ctl, int argc, char **argv);
int ctl_set(struct ctl *ctl, int argc, char **argv);
int ctl_shell(struct ctl *ctl, int argc, char **argv);
int ctl_show(struct ctl *ctl, int argc, char **argv);
int ctl_start(struct ctl *ctl, int argc, char **argv);
int ctl_status(struct ctl *ctl, int argc, char **argv);
int ctl_terminate(struct ctl *ctl, int argc, char **argv);
int ctl_which(struct ctl *ctl, int argc, char **argv);

int mon_events(struct ctl *ctl, int argc, char **argv);
int mon_metrics(struct ctl *ctl, int argc, char **argv);
int mon_ps(struct ctl *ctl, int argc, char **argv);
int mon_stats(struct ctl *ctl, int argc, char **argv);

#endif
