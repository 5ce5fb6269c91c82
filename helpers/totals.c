/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "totals.h"

#include <stdbool.h>

static void add(uint64_t *sum, uint64_t value)
{
	*sum += value == CTR_ABSENT ? 0 : value;
}

static void add_net(const struct ctr_stats *s, struct totals *ret)
{
	bool by_host = false;

	ret->received = ret->sent = s->nnet ? 0 : CTR_ABSENT;
	for (size_t i = 0; i < s->nnet; i++)
		by_host |= s->net[i].host_name[0] != '\0';
	for (size_t i = 0; i < s->nnet; i++) {
		if (by_host && !s->net[i].host_name[0])
			continue;
		add(&ret->received, s->net[i].rx_bytes);
		add(&ret->sent, s->net[i].tx_bytes);
	}
}

void totals_of(const struct ctr_stats *s, struct totals *ret)
{
	*ret = (struct totals){.huge = s->nhuge ? 0 : CTR_ABSENT};
	for (size_t i = 0; i < s->nio; i++) {
		add(&ret->io_read, s->io[i].read_bytes);
		add(&ret->io_written, s->io[i].write_bytes);
		add(&ret->reads, s->io[i].reads);
		add(&ret->writes, s->io[i].writes);
	}
	for (size_t i = 0; i < s->nhuge; i++)
		add(&ret->huge, s->huge[i].usage);
	add_net(s, ret);
}
