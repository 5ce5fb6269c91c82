/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTS_H
#define UTS_H

#include "err.h"

/** uts_set_hostname - host name of this UTS namespace. ENAMETOOLONG, EINVAL over 64 bytes */
int uts_set_hostname(const char *name, struct ctr_error *err) ATTR_WARN_UNUSED;

/** uts_set_domainname - NIS domain name of this UTS namespace */
int uts_set_domainname(const char *name, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif
