/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "list.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "limit.h"
#include "devline.h"
#include "match.h"
#include "mountline.h"
#include "netconf.h"
#include "nsconf.h"
#include "num.h"
#include "path.h"
#include "sysgroups.h"

/* Each checker sees one word with its specifiers replaced; what: the type's name for people. */
struct word {
	const char *text;
	const char *what;
};

static int bad(const struct word *w, struct ctr_error *err)
{
	return parse_bad(err, w->what, w->text, NULL);
}

static int check_any(const struct word *w, struct ctr_error *err)
{
	(void)w;
	(void)err;
	return 0;
}

static int check_mount(const struct word *w, struct ctr_error *err)
{
	automount struct mountline m = {.dest = NULL};

	return mountline_parse(w->text, &m, err);
}

static int check_overlay(const struct word *w, struct ctr_error *err)
{
	automount struct mountline m = {.dest = NULL};

	return mountline_parse_overlay(w->text, &m, err);
}

/* "SRC[:DST[:OPTIONS]]" */
static int check_bind(const struct word *w, struct ctr_error *err)
{
	autofree char *copy = strdup(w->text);
	struct mountline_options options;
	char *rest = copy, *src, *dst;

	if (!copy)
		return err_sys(err, ENOMEM, "config", "read list");
	src = strsep(&rest, ":");
	dst = strsep(&rest, ":");
	if (src[0] == '-')
		src++;
	if (!path_is_clean(src) || (dst && !path_is_clean(dst)) || (rest && strchr(rest, ':')))
		return bad(w, err);
	if (dst && strcmp(dst, "/") == 0)
		return bad(w, err);
	return mountline_parse_options(MOUNTLINE_BIND, rest, &options, err);
}

static int check_tmpfs(const struct word *w, struct ctr_error *err)
{
	autofree char *path = strdup(w->text);

	if (!path)
		return err_sys(err, ENOMEM, "config", "read list");
	path[strcspn(path, ":")] = '\0';
	return path_is_clean(path) && path[1] ? 0 : bad(w, err);
}

static int check_opt_path(const struct word *w, struct ctr_error *err)
{
	const char *path = w->text + (w->text[0] == '-');

	return path_is_clean(path) && path[1] ? 0 : bad(w, err);
}

static int check_node(const struct word *w, struct ctr_error *err)
{
	autodevline struct devline d = {.path = NULL};

	return devline_parse(w->text, &d, err);
}

static int check_device(const struct word *w, struct ctr_error *err)
{
	return path_is_clean(w->text) && str_has_prefix(w->text, "/dev/", NULL) ? 0 : bad(w, err);
}

static int check_assignment(const struct word *w, const char *more, struct ctr_error *err)
{
	const char *p = w->text;

	if (!isalpha((unsigned char)*p) && *p != '_')
		return bad(w, err);
	while (isalnum((unsigned char)*p) || (*p && strchr(more, *p)))
		p++;
	return *p == '=' ? 0 : bad(w, err);
}

static int check_environment(const struct word *w, struct ctr_error *err)
{
	return check_assignment(w, "_", err);
}

static int check_sysctl(const struct word *w, struct ctr_error *err)
{
	return strstr(w->text, "..") ? bad(w, err) : check_assignment(w, "_.-", err);
}

/* No shell and no quoting: what looks like it would mean something else than it says. */
static int check_hook(const struct word *w, struct ctr_error *err)
{
	autofree char *path = strdup(w->text);

	if (!path)
		return err_sys(err, ENOMEM, "config", "read list");
	path[strcspn(path, " \t")] = '\0';
	return path_is_clean(path) && path[1] && !strpbrk(w->text, "\"'\\`$;|&<>") ? 0
										   : bad(w, err);
}

static int check_syscall(const struct word *w, struct ctr_error *err)
{
	return sysgroups_check(w->text + (w->text[0] == '~'), err);
}

static int check_always_host(const struct word *w, struct ctr_error *err)
{
	const char *name = w->text + (w->text[0] == '@');

	return *name && *name != '!' && *name != '@' ? 0 : bad(w, err);
}

static int check_match(const struct word *w, struct ctr_error *err)
{
	const char *p = w->text + (w->text[0] == '!');
	uint32_t id;

	/* '@' is AlwaysHost='s spelling of a group: here it would match nobody. */
	if (!*p || *p == '!' || *p == '@' || (*p == '#' && num_id(p + 1, &id) < 0))
		return bad(w, err);
	return 0;
}

static int check_address(const struct word *w, struct ctr_error *err)
{
	const char *p = w->text + (w->text[0] == '!');

	return *p && match_address_is_valid(p) ? 0 : bad(w, err);
}

static int check_group(const struct word *w, struct ctr_error *err)
{
	uint32_t id;

	if (isdigit((unsigned char)w->text[0]))
		return num_id(w->text, &id) < 0 ? bad(w, err) : 0;
	return strpbrk(w->text, ":,/!@#*") ? bad(w, err) : 0;
}

static int check_join(const struct word *w, struct ctr_error *err)
{
	struct nsconf_join join;

	return nsconf_read_join(w->text, &join) == 0 ? 0 : bad(w, err);
}

static int check_time_offset(const struct word *w, struct ctr_error *err)
{
	struct nsconf_offset offset;

	return nsconf_read_offset(w->text, &offset) == 0 ? 0 : bad(w, err);
}

static int check_net_address(const struct word *w, struct ctr_error *err)
{
	return netconf_address_is_valid(w->text) ? 0 : bad(w, err);
}

static int check_net_gateway(const struct word *w, struct ctr_error *err)
{
	return netconf_gateway_is_valid(w->text) ? 0 : bad(w, err);
}

static int check_net_route(const struct word *w, struct ctr_error *err)
{
	struct netconf_route route;

	return netconf_read_route(w->text, &route) == 0 ? 0 : bad(w, err);
}

enum { BLANKS, COMMAS, WHOLE, LINE };

static const struct {
	int type, split;
	int (*check)(const struct word *w, struct ctr_error *err);
	const char *what;
} lists[] = {
    {PARSE_SYSCALLS, BLANKS, check_syscall, "system call"},
    {PARSE_ENVIRONMENT, WHOLE, check_environment, "NAME=VALUE"},
    {PARSE_BIND, BLANKS, check_bind, "SOURCE[:DESTINATION[:OPTIONS]]"},
    {PARSE_MOUNT, LINE, check_mount, "mount"},
    {PARSE_OVERLAY, BLANKS, check_overlay, "overlay"},
    {PARSE_TMPFS, BLANKS, check_tmpfs, "PATH[:OPTIONS]"},
    {PARSE_OPT_PATH, BLANKS, check_opt_path, "path"},
    {PARSE_HOOK, WHOLE, check_hook, "PATH [ARGUMENT...], without quotes"},
    {PARSE_DEVICE, BLANKS, check_device, "device node"},
    {PARSE_GROUPS, BLANKS, check_group, "group"},
    {PARSE_SYSCTL, WHOLE, check_sysctl, "NAME=VALUE"},
    {PARSE_ALWAYS_HOST, COMMAS, check_always_host, "user or @group"},
    {PARSE_MATCH_LIST, COMMAS, check_match, "word"},
    {PARSE_ADDRESS_LIST, COMMAS, check_address, "address or network"},
    {PARSE_IO_BYTES, WHOLE, check_any, "DEVICE BYTES"},
    {PARSE_IO_COUNT, WHOLE, check_any, "DEVICE NUMBER"},
    {PARSE_IO_WEIGHT, WHOLE, check_any, "DEVICE WEIGHT"},
    {PARSE_HUGETLB, WHOLE, check_any, "PAGESIZE BYTES"},
    {PARSE_RDMA, WHOLE, check_any, "DEVICE hca_handle=N hca_object=N"},
    {PARSE_NET_PRIORITY, WHOLE, check_any, "INTERFACE NUMBER"},
    {PARSE_UNIFIED, WHOLE, check_any, "FILE=VALUE"},
    {PARSE_DEVICE_ALLOW, WHOLE, check_any, "device and rwm"},
    {PARSE_DEVICE_DENY, WHOLE, check_any, "device and rwm"},
    {PARSE_DEVICE_NODE, LINE, check_node, "device"},
    {PARSE_JOIN, BLANKS, check_join, "namespace to join (ipc:, uts:, cgroup:, time: or user:PATH)"},
    {PARSE_TIME_OFFSET, LINE, check_time_offset, "offset (monotonic|boottime [+|-]TIME)"},
    {PARSE_NET_ADDRESS, BLANKS, check_net_address, "address with its prefix length (10.0.0.2/24)"},
    {PARSE_NET_GATEWAY, BLANKS, check_net_gateway, "address of a gateway"},
    {PARSE_NET_ROUTE, WHOLE, check_net_route,
     "route (DESTINATION [via GATEWAY] [src ADDRESS] [metric NUMBER])"},
};

static size_t row_of(int type)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(lists) && lists[i].type != type)
		i++;
	return i;
}

bool list_is(int type)
{
	return row_of(type) < ARRAY_SIZE(lists);
}

/* "DEVICE NUMBER" with one blank between and the number in plain digits. */
static int read_io(const struct parse_in *in, const struct strv *words, struct strv *ret,
		   struct ctr_error *err)
{
	bool bytes = in->type == PARSE_IO_BYTES;
	autofree char *line = NULL;
	uint64_t n = 0;
	int r;

	if (words->n != 2 || !path_is_clean(words->v[0]))
		return parse_bad(err, lists[row_of(in->type)].what, in->value, NULL);
	r = bytes ? num_size(words->v[1], &n) : num_u64(words->v[1], &n);
	if (r < 0 || n == 0 || n == UINT64_MAX)
		return parse_bad(err, lists[row_of(in->type)].what, in->value, NULL);
	line = str_dup_format("%s %" PRIu64, words->v[0], n);
	return line && strv_add(ret, line) == 0 ? 0 : -ENOMEM;
}

static int read_device_allow(const struct parse_in *in, const struct strv *words, struct strv *ret,
			     struct ctr_error *err)
{
	const char *dev = words->n ? words->v[0] : "", *how = words->n > 1 ? words->v[1] : "rwm";
	bool node = path_is_clean(dev) && str_has_prefix(dev, "/dev/", NULL), cls;
	autofree char *line = NULL;
	const char *name = NULL;

	cls = (str_has_prefix(dev, "char-", &name) || str_has_prefix(dev, "block-", &name)) &&
	      *name && !strchr(name, '/');
	if (words->n > 2 || (!node && !cls) || how[strspn(how, "rwm")] || strlen(how) > 3)
		return parse_bad(err, lists[row_of(in->type)].what, in->value, NULL);
	line = str_dup_format("%s %s", dev, how);
	return line && strv_add(ret, line) == 0 ? 0 : -ENOMEM;
}

/* Checks one word; adds it as written when for nobody, else with its specifiers replaced. */
static int read_word(const struct parse_in *in, const char *text, struct strv *ret,
		     struct ctr_error *err)
{
	size_t row = row_of(in->type);
	struct word w = {text, lists[row].what};
	autofree char *expanded = NULL;
	int r = 0;

	if (parse_has_specifiers(in->type)) {
		r = expand_specifiers(text, in->who, &expanded, err);
		w.text = expanded;
	}
	if (r == 0)
		r = lists[row].check(&w, err);
	if (r == 0)
		r = strv_add(ret, in->who ? w.text : text);
	return r;
}

/* "~a b" takes away both: the words say it each, as lists run into one another. */
static int read_denied(const struct parse_in *in, struct strv *ret, struct ctr_error *err)
{
	autostrv struct strv words = {0};
	int r = strv_split(&words, in->value + 1, " \t");

	if (r == 0 && words.n == 0)
		return parse_bad(err, lists[row_of(in->type)].what, in->value, NULL);
	for (size_t i = 0; r == 0 && i < words.n; i++) {
		autofree char *word = str_dup_format("~%s", words.v[i]);

		r = word ? read_word(in, word, ret, err) : -ENOMEM;
	}
	return r;
}

static int read_words(const struct parse_in *in, struct strv *ret, struct ctr_error *err)
{
	static const char *const seps[] = {[BLANKS] = " \t", [COMMAS] = ", \t"};
	int split = lists[row_of(in->type)].split, r;
	autostrv struct strv words = {0};

	if (limit_is(in->type))
		return limit_read(in, lists[row_of(in->type)].what, ret, err);
	if (split == WHOLE && in->type != PARSE_HOOK && in->type != PARSE_ENVIRONMENT &&
	    in->type != PARSE_SYSCTL && in->type != PARSE_NET_ROUTE &&
	    in->type != PARSE_TIME_OFFSET) {
		r = strv_split(&words, in->value, " \t");
		if (r < 0)
			return r;
		return in->type == PARSE_DEVICE_ALLOW || in->type == PARSE_DEVICE_DENY
			   ? read_device_allow(in, &words, ret, err)
			   : read_io(in, &words, ret, err);
	}
	if (split == WHOLE || split == LINE)
		return read_word(in, in->value, ret, err);
	if (in->type == PARSE_SYSCALLS && in->value[0] == '~')
		return read_denied(in, ret, err);
	r = strv_split(&words, in->value, seps[split]);
	if (r == 0 && words.n == 0)
		return parse_bad(err, lists[row_of(in->type)].what, in->value, NULL);
	for (size_t i = 0; r == 0 && i < words.n; i++)
		r = read_word(in, words.v[i], ret, err);
	return r;
}

int list_parse(const struct parse_in *in, struct ctr_error *err)
{
	autostrv struct strv more = {0};
	struct strv *field = in->field;
	size_t old = field->n;
	int r = read_words(in, &more, err);

	for (size_t i = 0; r == 0 && i < more.n; i++)
		r = strv_add(field, more.v[i]);
	if (r == -ENOMEM)
		(void)err_sys(err, ENOMEM, "config", "read list"); /* r says it */
	while (r < 0 && field->n > old) {
		free(field->v[--field->n]);
		field->v[field->n] = NULL;
	}
	return r;
}
