/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs.h"

#include <errno.h>
#include <unistd.h>

#include "cleanup.h"
#include "ctlrelay.h"
#include "ring.h"

/* attach, detach: the terminal of a session that runs in a container. */

static int relay(struct ctr_process *p, int *ret_status, struct ctr_error *err)
{
	autoring struct ring *ring = NULL;
	autofd int signals = relay_catch_signals();
	struct relay r = {.in = STDIN_FILENO,
			  .out = STDOUT_FILENO,
			  .master = ctr_process_terminal(p),
			  .signals = signals,
			  .peer = ctlrelay_peer(p),
			  .again = true,
			  .follows = !ctr_process_leads(p)};
	int rc;

	if (signals < 0)
		return err_sys(err, signals, "attach", "catch signals");
	if (tcgetattr(STDIN_FILENO, &r.saved) < 0)
		return err_sys(err, errno, "attach", "read the terminal's settings");
	rc = ring_map(ctr_process_output(p), &ring);
	if (rc < 0)
		return err_sys(err, rc, "attach", "map the output of the session");
	r.ring = ring;
	return relay_run(&r, ret_status, err);
}

static int attach(struct ctl *ctl, const char *id, const char *session)
{
	autocontainer struct ctr_container *c = NULL;
	struct ctr_process *p = NULL;
	struct ctr_error err;
	int status = 0, r;

	if (ctl_load(ctl, id, &c) != CTL_GO_ON)
		return CTL_FAILED;
	r = ctr_attach(c, session, &p, &err);
	if (r == 0)
		r = relay(p, &status, &err);
	if (r == RELAY_DETACHED)
		ctl_say(ctl, "%s: detached from session %u; it goes on", id,
			ctr_process_session(p));
	ctr_process_free(p);
	if (r < 0)
		return ctl_failed(ctl, id, c, &err);
	return r == RELAY_DETACHED ? CTL_OK : relay_end_as(status);
}

/* ID [SESSION] */
static int operands(struct ctl *ctl, int *argc, char ***argv)
{
	struct options_line line = {0};
	int r = ctl_options(ctl, &line, NULL, argc, argv);

	if (r == CTL_GO_ON && (*argc < 1 || *argc > 2))
		r = ctl_usage(ctl, "%s takes the ID of a container and at most one session",
			      ctl->verb->name);
	return r;
}

int ctl_attach(struct ctl *ctl, int argc, char **argv)
{
	int r = operands(ctl, &argc, &argv);

	if (r == CTL_GO_ON && !relay_on_terminal())
		r = ctl_usage(ctl, "attach needs a terminal");
	if (r == CTL_GO_ON)
		r = ctl_open(ctl);
	return r == CTL_GO_ON ? attach(ctl, argv[0], argc > 1 ? argv[1] : NULL) : r;
}

int ctl_detach(struct ctl *ctl, int argc, char **argv)
{
	autocontainer struct ctr_container *c = NULL;
	struct ctr_error err;
	int r = operands(ctl, &argc, &argv);

	if (r == CTL_GO_ON)
		r = ctl_open(ctl);
	if (r == CTL_GO_ON)
		r = ctl_load(ctl, argv[0], &c);
	if (r != CTL_GO_ON)
		return r;
	if (ctr_detach(c, argc > 1 ? argv[1] : NULL, &err) < 0)
		return ctl_failed(ctl, argv[0], c, &err);
	return CTL_OK;
}
