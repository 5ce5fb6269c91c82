/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONFKIND_H
#define CONFKIND_H

#include <stddef.h>

enum confkind { CONFKIND_POLICY, CONFKIND_DEFINITION };

/**
 * confkind_of - is this text a policy or a definition? Its first section that is one decides
 *
 * A definition when no section is of either, so that a misspelt one is told with its line.
 * Sections X-... are skipped. Line ends in CR and a byte order mark hide nothing here.
 */
enum confkind confkind_of(const char *text, size_t len);

#endif
