/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PAGER_H
#define PAGER_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/** struct pager - where text goes: standard output, or a pager before it */
struct pager {
	FILE *out;
	bool terminal; /* people read it */
	pid_t pid;     /* of the pager; 0: none */
};

/** pager_open - a pager when standard output is a terminal and wanted is true. Never fails */
void pager_open(struct pager *p, bool wanted);

/** pager_close - waits until the pager has ended. 0, -errno when not all could be written */
int pager_close(struct pager *p);

#endif
