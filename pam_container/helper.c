/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helper.h"

#include <errno.h>
#include <stdio.h>

#include "cleanup.h"
#include "launch.h"

#define SUPERVISOR CTR_LIBEXECDIR "/container-supervisor"

int helper_start(const struct args *a, const struct msg *login, struct ctr_error *err)
{
	const char *argv[5] = {"container-supervisor", "login"};
	autofree char *conf = NULL;
	size_t n = 2;

	if (a->conf) {
		if (asprintf(&conf, "--conf=%s", a->conf) < 0)
			return err_sys(err, ENOMEM, "helper", "prepare %s", SUPERVISOR);
		argv[n++] = conf;
	}
	if (a->debug)
		argv[n++] = "--debug";
	return launch_with(SUPERVISOR, argv, login, err);
}
