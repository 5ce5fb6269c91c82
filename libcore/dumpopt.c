/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dumpopt.h"

#include <errno.h>
#include <stddef.h>

static int refuse(const char *what, const char *why, struct ctr_error *err)
{
	return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "options", "%s: %s", what, why);
}

int dumpopt_check(const struct ctr_checkpoint_options *opt, bool own_network, struct ctr_error *err)
{
	/* MUST-10: what is written elsewhere, unauthenticated, is not ours to sign */
	if (opt->page_server || opt->page_server_port)
		return refuse("page server",
			      "memory would go over TCP to who answers there, unsigned; take the "
			      "checkpoint, and containerctl export it",
			      err);
	if (opt->lazy_pages)
		return refuse("lazy pages",
			      "all images are read and compared before anything runs, and libcriu "
			      "can not ask for them",
			      err);
	if (opt->status_fd)
		return refuse("status fd",
			      "there is no page server to wait for; ctr_checkpoint() returns when "
			      "all is written",
			      err);
	if (opt->manage_cgroups != CTR_CGROUPS_IGNORE)
		return refuse("manage cgroups",
			      "its groups are made and limited as its record says, before anything "
			      "runs; CRIU leaves them alone",
			      err);
	if (opt->empty_network && !own_network)
		return refuse("empty network", "this container has the host's network", err);
	if (opt->shell_job)
		return refuse("shell job",
			      "a terminal of the outside is not there at the restore; terminals of "
			      "the container are always kept",
			      err);
	return 0;
}
