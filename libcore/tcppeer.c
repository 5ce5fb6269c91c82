/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tcppeer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "fd.h"
#include "num.h"
#include "proc.h"
#include "str.h"

enum { ESTABLISHED = 1, FIN_WAIT1 = 4, FIN_WAIT2 = 5, CLOSE_WAIT = 8, TABLE_MAX = 64 << 20 };

/* ---- the table ---- */

static int add(struct tcppeer_list *list, const struct tcppeer *p)
{
	struct tcppeer *v = reallocarray(list->v, list->n + 1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	list->v = v;
	list->v[list->n++] = *p;
	return 0;
}

/* States in which the other end counts: enum of net/tcp_states.h */
static bool is_connected(unsigned int state)
{
	return state == ESTABLISHED || state == FIN_WAIT1 || state == FIN_WAIT2 ||
	       state == CLOSE_WAIT;
}

static int parse_line(struct tcppeer_list *list, const char *line)
{
	struct tcppeer p;
	unsigned long long inode;
	unsigned int state;

	if (sscanf(line, " %*u: %47s %47s %x %*s %*s %*s %*u %*u %llu", p.local, p.remote, &state,
		   &inode) != 4)
		return -EBADMSG;
	p.inode = inode;
	return is_connected(state) && inode ? add(list, &p) : 0;
}

int tcppeer_parse(struct tcppeer_list *list, const char *text)
{
	const char *line = strchr(text, '\n'); /* after the head */
	int r = 0;

	while (r == 0 && line && line[1]) {
		r = parse_line(list, line + 1);
		line = strchr(line + 1, '\n');
	}
	return r;
}

const struct tcppeer *tcppeer_find(const struct tcppeer_list *list, const struct sockown *owned)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct tcppeer *p = &list->v[i];
		size_t k = 0;

		if (!sockown_has(owned, p->inode))
			continue;
		while (k < list->n && !(sockown_has(owned, list->v[k].inode) &&
					str_equal(list->v[k].local, p->remote) &&
					str_equal(list->v[k].remote, p->local)))
			k++;
		if (k == list->n)
			return p;
	}
	return NULL;
}

/* Words of 32 bits in the machine's order, each of them in the network's: %08X of the kernel */
void tcppeer_text(const char *hex, char *dst, size_t size)
{
	uint32_t word[4];
	unsigned int port;
	char address[INET6_ADDRSTRLEN];
	int n = (int)strcspn(hex, ":");

	if (n == 8 && sscanf(hex, "%8x:%x", &word[0], &port) == 2 &&
	    inet_ntop(AF_INET, word, address, sizeof(address)) &&
	    str_format(dst, size, "%s:%u", address, port) == 0)
		return;
	if (n == 32 &&
	    sscanf(hex, "%8x%8x%8x%8x:%x", &word[0], &word[1], &word[2], &word[3], &port) == 5 &&
	    inet_ntop(AF_INET6, word, address, sizeof(address)) &&
	    str_format(dst, size, "[%s]:%u", address, port) == 0)
		return;
	str_escape(dst, size, hex);
}

void tcppeer_done(struct tcppeer_list *list)
{
	free(list->v);
	*list = (struct tcppeer_list){0};
}

/* ---- the container ---- */

static int read_table(struct tcppeer_list *list, pid_t pid, const char *name)
{
	char path[64];
	autofree char *text = NULL;
	autofd int fd = -1;
	int r = str_format(path, sizeof(path), "/proc/%d/net/%s", pid, name);

	fd = r < 0 ? r : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno; /* no IPv6 here */
	r = fd_read_dup(fd, TABLE_MAX, &text, NULL);
	return r < 0 ? r : tcppeer_parse(list, text);
}

static int say(const struct sockown *h, const struct tcppeer *p, const char *hint,
	       struct ctr_error *err)
{
	struct proc_stat st = {.comm = "?"};
	char remote[64];
	size_t i = 0;

	while (i + 1 < h->n && h->inodes[i] != p->inode)
		i++;
	(void)!proc_read_stat(h->pids[i], &st); /* it may have ended by now */
	tcppeer_text(p->remote, remote, sizeof(remote));
	return err_set(err, CTR_E_UNSUPPORTED, EBUSY, "checkpoint",
		       "process %d (%s) is connected to %s outside; end it%s", h->pids[i], st.comm,
		       remote, hint);
}

int tcppeer_refuse(const pid_t *pids, size_t n, const char *hint, struct ctr_error *err)
{
	autotcppeer struct tcppeer_list list = {0};
	autosockown struct sockown own = {0};
	const struct tcppeer *p;
	int r = n > 0 ? read_table(&list, pids[0], "tcp") : 0;

	if (r == 0 && n > 0)
		r = read_table(&list, pids[0], "tcp6");
	if (r == 0)
		r = sockown_read(&own, pids, n);
	if (r < 0)
		return err_sys(err, r, "checkpoint", "look for connections to the outside");
	p = tcppeer_find(&list, &own);
	return p ? say(&own, p, hint, err) : 0;
}
