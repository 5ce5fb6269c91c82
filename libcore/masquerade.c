/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "masquerade.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "fd.h"
#include "nftlib.h"
#include "str.h"

bool masquerade_wanted(const struct veth *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].conf->masquerade)
			return true;
	return false;
}

/* An ID has characters that a table's name can not have; the comment has it for people. */
void masquerade_table(const char *alias, char ret[MASQUERADE_TABLE])
{
	(void)!str_format(ret, MASQUERADE_TABLE, "container_%016" PRIx64, str_hash(alias));
}

/* Without a bridge the host's end is the way in and out. */
static void print_link(FILE *f, const struct veth *v)
{
	char address[NETADDR_TEXT];

	for (size_t i = 0; v->conf->masquerade && i < v->n_address; i++) {
		netaddr_format(&v->address[i], false, address);
		(void)fprintf(f, "%s saddr %s oifname != \"%s\" masquerade\n",
			      v->address[i].family == AF_INET ? "ip" : "ip6", address,
			      v->conf->bridge ? v->conf->bridge : v->host);
	}
}

int masquerade_rules(const struct veth *v, size_t n, const char *alias, char **ret)
{
	autofree char *text = NULL;
	char table[MASQUERADE_TABLE];
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int bad;

	if (!f)
		return -ENOMEM;
	masquerade_table(alias, table);
	(void)fprintf(f, "table inet %s {\ncomment \"%s\"\nchain postrouting {\n", table, alias);
	(void)fprintf(f, "type nat hook postrouting priority srcnat; policy accept;\n");
	for (size_t i = 0; i < n; i++)
		print_link(f, &v[i]);
	(void)fprintf(f, "}\n}\n"); /* ferror below */
	bad = ferror(f);
	if (fclose(f) != 0 || bad)
		return -ENOMEM;
	*ret = text;
	text = NULL;
	return 0;
}

static int check_forwarding(const char *name, struct ctr_error *err)
{
	char path[64], value[16] = "";

	(void)!str_format(path, sizeof(path), "/proc/sys/net/%s", name); /* 19 at most */
	if (fd_read_file_at(AT_FDCWD, path, value, sizeof(value)) < 0 || value[0] == '0')
		return err_set(err, CTR_E_CONFIG, EINVAL, "network",
			       "Masquerade= needs a host that forwards packets: %s is not 1", path);
	return 0;
}

int masquerade_check(const struct veth *v, size_t n, struct ctr_error *err)
{
	bool v4 = false, v6 = false;
	struct netaddr a;
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		const struct strv *given = &v[i].conf->address;

		for (size_t k = 0; v[i].conf->masquerade && k < given->n; k++) {
			if (netaddr_parse(given->v[k], &a) < 0)
				continue;
			v4 |= a.family == AF_INET;
			v6 |= a.family == AF_INET6;
		}
	}
	if (v4)
		r = check_forwarding("ipv4/ip_forward", err);
	return r == 0 && v6 ? check_forwarding("ipv6/conf/all/forwarding", err) : r;
}

int masquerade_make(const struct veth *v, size_t n, const char *alias, struct ctr_error *err)
{
	autofree char *rules = NULL;
	int r = masquerade_rules(v, n, alias, &rules);

	return r < 0 ? err_sys(err, r, "network", "masquerade") : nftlib_run(rules, NULL, err);
}

/* That it is made first lets both commands, which are one transaction, pass where it is gone. */
int masquerade_remove(const char *alias, struct ctr_error *err)
{
	char table[MASQUERADE_TABLE], commands[128];

	masquerade_table(alias, table);
	(void)!str_format(commands, sizeof(commands), "table inet %s {}\ndelete table inet %s\n",
			  table, table); /* 31 each */
	return nftlib_run(commands, NULL, err);
}
