/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CTTY_H
#define CTTY_H

#include "err.h"

/*
 * Programs that have /dev/tty open, in images of CRIU.
 *
 * A restored process has no controlling terminal, but for the leader of a session: nobody but fork
 * gives one to a process that leads none, and CRIU makes all processes before any terminal. So it
 * can not open /dev/tty again; and CRIU up to 4.1 keeps the settings of one single /dev/tty, which
 * it would put on the terminals of all. Before images are sealed each of these files becomes what
 * it is to its program: one more descriptor of its session's terminal, by that one's own name.
 */

/**
 * ctty_settle - change files.img in a folder of images that CRIU has just written
 *
 * CTR_E_UNSUPPORTED: the /dev/tty of a session whose terminal nobody else has open
 */
int ctty_settle(int images, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif
