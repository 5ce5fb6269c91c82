/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ORIGIN_H
#define ORIGIN_H

/**
 * origin_forget - drop what this process has of the one that started it
 *
 * That may be su or sudo, called by any user: its real uid is the user's, who could stop, kill and
 * slow down what keeps it; its limits, priority and place in the OOM killer's order are the user's
 * choice. A container, which others may share, must not be made of those. Returns 0 or -errno when
 * the identity can not be root's alone; the rest is as far as the kernel lets.
 */
int origin_forget(void);

#endif
