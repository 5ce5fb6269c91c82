/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "cleanup.h"
#include "sys.h"

/* start: a container of a definition, without a login. */

enum { IDS = 1000 };

struct start {
	const char *id;
	bool wait, quiet;
};

static const struct option_row rows[] = {
    {"id", 0, OPTION_TEXT, offsetof(struct start, id), "ID",
     "its name; NAME-1, NAME-2 ..., the first that is free, when not given"},
    {"wait", 0, OPTION_FLAG, offsetof(struct start, wait), NULL,
     "stay until the container has ended, then remove what is left of it"},
    {"quiet", 'q', OPTION_FLAG, offsetof(struct start, quiet), NULL, "do not print its ID"},
};

/* The first free one: somebody else may take it between the question and the answer. */
static int create_unnamed(struct ctl *ctl, const char *name, const struct ctr_config *cfg,
			  struct ctr_container **ret, struct ctr_error *err)
{
	char id[65];
	int r = -EEXIST;

	for (int i = 1; i <= IDS; i++) {
		if (str_format(id, sizeof(id), "%s-%d", name, i) < 0)
			return err_set(err, CTR_E_INVALID_ID, EINVAL, "start",
				       "no ID can be made of '%s'; give one by --id", name);
		r = ctr_create(ctl->factory, id, cfg, ret, err);
		if (r == 0 || err->code != CTR_E_ID_IN_USE)
			break;
	}
	return r;
}

/* PID 1's end, by its pidfd: no polling. The record tells whether the pid is still that of PID 1.
 */
static int wait_for_end(struct ctr_container *c, struct ctr_error *err)
{
	struct ctr_info info;
	struct pollfd p = {.events = POLLIN};
	autofd int pidfd = -1;
	int r = ctr_state(c, &info, err);

	if (r < 0)
		return err->code == CTR_E_NOT_FOUND ? 0 : r;
	if (info.init_pid > 0)
		pidfd = sys_pidfd_open(info.init_pid, 0);
	if (ctr_state(c, &info, err) < 0 || info.status == CTR_STOPPED || pidfd < 0)
		return 0;
	p.fd = pidfd;
	while (poll(&p, 1, -1) < 0)
		if (errno != EINTR)
			return err_sys(err, errno, "wait", "wait for container %s", info.id);
	return 0;
}

static int wait_and_remove(struct ctr_container *c, struct ctr_error *err)
{
	int r = wait_for_end(c, err);

	if (r == 0)
		r = ctr_destroy(c, 1, 0, err);
	return r < 0 && err->code == CTR_E_NOT_FOUND ? 0 : r; /* somebody else was faster */
}

static int start(struct ctl *ctl, const struct start *s, const char *name)
{
	autocontainer struct ctr_container *c = NULL;
	struct ctr_config *cfg = NULL;
	struct ctr_info info;
	struct ctr_error err;
	const char *id = s->id ? s->id : name;
	int r = ctr_config_load(ctl->factory, name, &cfg, &err);

	if (r < 0)
		return ctl_error(ctl, &err);
	r = s->id ? ctr_create(ctl->factory, s->id, cfg, &c, &err)
		  : create_unnamed(ctl, name, cfg, &c, &err);
	ctr_config_free(cfg);
	if (r == 0)
		r = ctr_state(c, &info, &err);
	if (r < 0)
		return ctl_failed(ctl, id, c, &err);
	if (!s->quiet)
		(void)puts(info.id);
	(void)fflush(stdout);
	if (s->wait)
		r = wait_and_remove(c, &err);
	return r < 0 ? ctl_failed(ctl, info.id, c, &err) : CTL_OK;
}

int ctl_start(struct ctl *ctl, int argc, char **argv)
{
	struct start s = {0};
	struct options_line line = {.groups = {{rows, ARRAY_SIZE(rows), &s}}};
	int r = ctl_options(ctl, &line, NULL, &argc, &argv);

	if (r == CTL_GO_ON && argc != 1)
		r = ctl_usage(ctl, "start takes the name of a definition");
	if (r == CTL_GO_ON)
		r = ctl_open(ctl);
	return r == CTL_GO_ON ? start(ctl, &s, argv[0]) : r;
}
