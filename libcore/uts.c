/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "uts.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int uts_set_hostname(const char *name, struct ctr_error *err)
{
	if (sethostname(name, strlen(name)) < 0)
		return err_sys(err, errno, "uts", "set host name %s", name);
	return 0;
}

int uts_set_domainname(const char *name, struct ctr_error *err)
{
	if (setdomainname(name, strlen(name)) < 0)
		return err_sys(err, errno, "uts", "set domain name %s", name);
	return 0;
}
