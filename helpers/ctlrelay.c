/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctlrelay.h"

static int hear(void *of, struct proto_news *ret, struct ctr_error *err)
{
	static const int events[] = {[CTR_EVENT_EXITED] = PROTO_EXITED,
				     [CTR_EVENT_DETACHED] = PROTO_DETACHED,
				     [CTR_EVENT_LEAD] = PROTO_LEAD};
	struct ctr_process_event e;
	int r = ctr_process_hear(of, -1, &e, err);

	if (r < 0)
		return r;
	*ret = (struct proto_news){
	    .event = events[e.kind], .status = e.status, .checkpoint = e.checkpoint};
	return 0;
}

static void pass_signal(void *of, int sig)
{
	(void)!ctr_process_signal(of, sig, NULL); /* it may have ended */
}

struct relay_peer ctlrelay_peer(struct ctr_process *p)
{
	return (struct relay_peer){ctr_process_fd(p), p, hear, pass_signal};
}
