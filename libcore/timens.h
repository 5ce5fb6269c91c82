/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TIMENS_H
#define TIMENS_H

#include "spec.h"

/**
 * timens_enter - a new time namespace for this process, with the offsets of the definition
 *
 * time_namespaces(7): offsets are written before anybody is in it, so it is made for the children
 * and then joined. Needs one thread, and the /proc of the host.
 */
int timens_enter(const struct spec *spec, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif
