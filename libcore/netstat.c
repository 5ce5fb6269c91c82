/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netstat.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "cgstat.h"
#include "cleanup.h"
#include "fd.h"

enum { DEVICES_MAX = 8 << 20, LINE_MAX_LEN = 512 }; /* some 60000 interfaces */

/* The line of one interface: found, since a parse of all is a parse of every container's. */
static bool find_line(const char *text, const char *name, char ret[LINE_MAX_LEN])
{
	size_t n = strlen(name);

	for (const char *p = text; p && *p; p = strchr(p, '\n'), p = p ? p + 1 : NULL) {
		p += strspn(p, " ");
		if (strncmp(p, name, n) == 0 && p[n] == ':')
			return str_format(ret, LINE_MAX_LEN, "%.*s", (int)strcspn(p, "\n"), p) == 0;
	}
	return false;
}

/* Of that name; a new one when the container has renamed it. NULL when there is no room */
static struct ctr_stats_net *place_of(struct ctr_stats *s, const char *name)
{
	for (size_t i = 0; i < s->nnet; i++)
		if (strcmp(s->net[i].name, name) == 0)
			return &s->net[i];
	return s->nnet < CTR_STATS_NET ? &s->net[s->nnet++] : NULL;
}

static void put_swapped(const struct ctr_stats_net *host, const struct network_link *l,
			struct ctr_stats_net *ret)
{
	*ret = (struct ctr_stats_net){.rx_bytes = host->tx_bytes,
				      .rx_packets = host->tx_packets,
				      .rx_errors = host->tx_errors,
				      .rx_dropped = host->tx_dropped,
				      .tx_bytes = host->rx_bytes,
				      .tx_packets = host->rx_packets,
				      .tx_errors = host->rx_errors,
				      .tx_dropped = host->rx_dropped};
	(void)!str_copy(ret->name, sizeof(ret->name), l->name); /* 16 bytes all of them */
	(void)!str_copy(ret->host_name, sizeof(ret->host_name), l->host);
}

void netstat_swap(const char *text, const struct network_note *note, struct ctr_stats *ret)
{
	autofree struct ctr_stats *one = calloc(1, sizeof(*one));
	char line[LINE_MAX_LEN];

	for (size_t i = 0; one && i < note->n; i++) {
		struct ctr_stats_net *to;

		one->nnet = 0;
		if (find_line(text, note->link[i].host, line))
			cgstat_net_text(line, one);
		to = one->nnet == 1 ? place_of(ret, note->link[i].name) : NULL;
		if (to)
			put_swapped(&one->net[0], &note->link[i], to);
	}
}

int netstat_read(int dirfd, struct ctr_stats *ret, struct ctr_error *err)
{
	autonote struct network_note note = {.n = 0};
	autofree char *text = NULL;
	autofd int fd = -1;
	int r = network_read(dirfd, &note, err);

	if (r < 0 || note.n == 0)
		return r;
	fd = open("/proc/thread-self/net/dev", O_RDONLY | O_CLOEXEC);
	r = fd < 0 ? -errno : fd_read_dup(fd, DEVICES_MAX, &text, NULL);
	if (r < 0)
		return err_sys(err, r, "stats", "read /proc/net/dev");
	netstat_swap(text, &note, ret);
	return 0;
}
