/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "match.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fnmatch.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "num.h"

struct address {
	int family;
	unsigned char bytes[16];
};

static void rule_done(struct match_rule *r)
{
	struct strv *lists[] = {&r->service, &r->user, &r->group,      &r->address,
				&r->host,    &r->tty,  &r->remote_user};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		strv_done(lists[i]);
	free(r->name);
	free(r->origin);
	free(r->container);
}

void policy_free(struct policy *p)
{
	int saved = errno;

	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		rule_done(&p->rules[i]);
	free(p->rules);
	strv_done(&p->always_host);
	free(p);
	errno = saved;
}

/* An address of sshd's kind: "fe80::1%eth0" loses its zone, "::ffff:10.0.0.1" becomes IPv4. */
static bool read_address(const char *s, struct address *ret)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	char text[INET6_ADDRSTRLEN];
	size_t n = strcspn(s, "%");

	if (n >= sizeof(text))
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	if (!s[n] && inet_pton(AF_INET, text, ret->bytes) == 1) {
		ret->family = AF_INET;
		return true;
	}
	if (inet_pton(AF_INET6, text, ret->bytes) != 1)
		return false;
	ret->family = AF_INET6;
	if (memcmp(ret->bytes, mapped, sizeof(mapped)) == 0) {
		memmove(ret->bytes, ret->bytes + 12, 4);
		ret->family = AF_INET;
	}
	return true;
}

/* Do the first bits of a and b agree? */
static bool same_prefix(const unsigned char *a, const unsigned char *b, int bits)
{
	int whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, (size_t)whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

/* Reads "ADDRESS[/BITS]". false: not one. */
static bool read_net(const char *word, struct address *ret, int *ret_bits)
{
	char text[INET6_ADDRSTRLEN];
	size_t n = strcspn(word, "/");
	int max;

	if (n >= sizeof(text))
		return false;
	memcpy(text, word, n);
	text[n] = '\0';
	if (!read_address(text, ret))
		return false;
	max = ret->family == AF_INET ? 32 : 128;
	*ret_bits = max;
	return !word[n] || num_int_in(word + n + 1, 0, max, ret_bits) == 0;
}

bool match_address_is_valid(const char *word)
{
	static const unsigned char zero[16];
	unsigned char host[16];
	struct address net;
	int bits, size;

	if (!read_net(word, &net, &bits))
		return !strpbrk(word, "/:") && word[strspn(word, "0123456789.")] != '\0';
	size = net.family == AF_INET ? 32 : 128;
	memcpy(host, net.bytes, sizeof(host));
	for (int i = 0; i < bits; i++)
		host[i / 8] &= (unsigned char)~(0x80 >> i % 8);
	return memcmp(host, zero, (size_t)size / 8) == 0;
}

static bool is_glob(const char *word, const char *fact)
{
	return fact && *fact && fnmatch(word, fact, 0) == 0;
}

static bool has_id(const char *word, const gid_t *ids, size_t n)
{
	uint32_t id;

	if (word[0] != '#' || num_id(word + 1, &id) < 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

static bool holds_service(const char *word, const struct match_facts *f)
{
	return is_glob(word, f->service);
}

static bool holds_user(const char *word, const struct match_facts *f)
{
	return has_id(word, &f->uid, 1) || is_glob(word, f->user);
}

static bool holds_group(const char *word, const struct match_facts *f)
{
	if (has_id(word, &f->gid, 1) || has_id(word, f->gids, f->ngids))
		return true;
	for (size_t i = 0; i < f->groups.n; i++)
		if (is_glob(word, f->groups.v[i]))
			return true;
	return false;
}

static bool holds_address(const char *word, const struct match_facts *f)
{
	struct address net, have;
	int bits;

	if (!f->rhost || !*f->rhost)
		return false;
	if (!read_net(word, &net, &bits))
		return strcmp(word, f->rhost) == 0;
	return read_address(f->rhost, &have) && have.family == net.family &&
	       same_prefix(have.bytes, net.bytes, bits);
}

static bool holds_host(const char *word, const struct match_facts *f)
{
	return f->rhost && *f->rhost && fnmatch(word, f->rhost, FNM_CASEFOLD) == 0;
}

static bool holds_tty(const char *word, const struct match_facts *f)
{
	const char *rest;

	if (is_glob(word, f->tty))
		return true;
	return f->tty && str_has_prefix(f->tty, "/dev/", &rest) && is_glob(word, rest);
}

static bool holds_remote_user(const char *word, const struct match_facts *f)
{
	return is_glob(word, f->ruser);
}

static const struct {
	const char *name;
	size_t list;
	bool (*holds)(const char *word, const struct match_facts *f);
	bool is_group;
} keys[] = {
    {"Service", offsetof(struct match_rule, service), holds_service, false},
    {"User", offsetof(struct match_rule, user), holds_user, false},
    {"Group", offsetof(struct match_rule, group), holds_group, true},
    {"Address", offsetof(struct match_rule, address), holds_address, false},
    {"Host", offsetof(struct match_rule, host), holds_host, false},
    {"TTY", offsetof(struct match_rule, tty), holds_tty, false},
    {"RemoteUser", offsetof(struct match_rule, remote_user), holds_remote_user, false},
};

static const struct strv *list_of(const struct match_rule *r, size_t key)
{
	return (const struct strv *)((const char *)r + keys[key].list);
}

/*
 * A list holds when no "!word" hits and, if there are words without "!", one of them does.
 * @ret_word: the word that decided, or NULL
 */
static bool list_holds(const struct strv *l, size_t key, const struct match_facts *f,
		       const char **ret_word)
{
	bool wants = false, hit = false;

	*ret_word = NULL;
	for (size_t i = 0; i < l->n; i++) {
		bool no = l->v[i][0] == '!';

		if (!no && hit)
			continue;
		if (keys[key].holds(l->v[i] + no, f)) {
			*ret_word = l->v[i];
			if (no)
				return false;
			hit = true;
		}
		wants |= !no;
	}
	return hit || !wants;
}

/* Index of the first key that does not hold, or their number. */
static size_t first_miss(const struct match_rule *r, const struct match_facts *f)
{
	size_t k;

	for (k = 0; k < ARRAY_SIZE(keys); k++) {
		const char *word;

		if (!list_holds(list_of(r, k), k, f, &word))
			break;
	}
	return k;
}

static bool is_exempt(const struct strv *always, const struct match_facts *f)
{
	for (size_t i = 0; i < always->n; i++) {
		const char *word = always->v[i];

		if (word[0] == '@' ? holds_group(word + 1, f) : holds_user(word, f))
			return true;
	}
	return false;
}

static void host(struct match_decision *ret, const char *why)
{
	ret->verdict = MATCH_HOST;
	ret->why = why;
}

void match_decide(const struct policy *p, const struct match_facts *f, struct match_decision *ret)
{
	const struct match_rule *r = NULL;

	*ret = (struct match_decision){.permissive = p->mode == MATCH_PERMISSIVE};
	/* MUST-2 */
	if (f->uid == 0)
		return host(ret, "uid 0");
	if (p->mode == MATCH_OFF)
		return host(ret, "Mode=off");
	if (is_exempt(&p->always_host, f))
		return host(ret, "AlwaysHost");
	for (size_t i = 0; i < p->n && !r; i++)
		if (first_miss(&p->rules[i], f) == ARRAY_SIZE(keys))
			r = &p->rules[i];
	if (!r)
		return host(ret, "no rule matches");
	ret->rule = r;
	ret->why = r->name;
	ret->instance = r->instance;
	ret->entry = r->entry;
	ret->attach = r->attach;
	if (str_equal(r->container, "host"))
		ret->verdict = MATCH_HOST;
	else if (r->container && strcmp(r->container, "deny") != 0)
		ret->verdict = MATCH_CONTAIN;
	else
		ret->verdict = MATCH_DENY; /* MUST-1: also a rule without a container */
}

static char *join(const struct strv *l, const char *sep)
{
	size_t len = 1;
	char *s, *p;

	for (size_t i = 0; i < l->n; i++)
		len += strlen(l->v[i]) + strlen(sep);
	s = p = malloc(len);
	if (!s)
		return NULL;
	*s = '\0';
	for (size_t i = 0; i < l->n; i++) {
		p = stpcpy(p, i ? sep : "");
		p = stpcpy(p, l->v[i]);
	}
	return s;
}

static const char *fact_of(size_t key, const struct match_facts *f)
{
	const char *facts[] = {f->service, f->user, f->user, f->rhost, f->rhost, f->tty, f->ruser};
	const char *s = facts[key];

	return s && *s ? s : "(none)";
}

static int add(struct strv *ret, char *line)
{
	int r = line ? strv_add(ret, line) : -ENOMEM;

	free(line);
	return r;
}

static int trace_skip(const struct match_rule *r, size_t key, const struct match_facts *f,
		      struct strv *ret)
{
	char *words = join(list_of(r, key), ","), *line = NULL;

	if (words)
		line = str_dup_format("%s  [Match %s]  skip   %s: %s is not in %s", r->origin,
				      r->name, keys[key].name, fact_of(key, f), words);
	free(words);
	return add(ret, line);
}

static int trace_match(const struct match_rule *r, const struct match_facts *f, struct strv *ret)
{
	struct strv why = {0};
	char *words = NULL, *line = NULL;
	int rc = 0;

	for (size_t k = 0; k < ARRAY_SIZE(keys) && rc == 0; k++) {
		const char *word;

		if (list_of(r, k)->n > 0 && list_holds(list_of(r, k), k, f, &word))
			rc = add(&why, str_dup_format("%s=%s", keys[k].name,
						      word ? word : list_of(r, k)->v[0]));
	}
	if (rc == 0)
		words = join(&why, " ");
	if (words)
		line = str_dup_format("%s  [Match %s]  match  %s", r->origin, r->name,
				      *words ? words : "(everybody)");
	strv_done(&why);
	free(words);
	return add(ret, line);
}

static int trace_verdict(const struct match_decision *d, struct strv *ret)
{
	static const char *const per[] = {"session", "user", "container"};
	const char *note = d->permissive ? " (Mode=permissive: the login stays on the host)" : "";

	if (d->verdict == MATCH_CONTAIN)
		return add(ret, str_dup_format("=> container %s, instance per %s%s",
					       d->rule->container, per[d->instance], note));
	return add(ret, str_dup_format("=> %s: %s%s", d->verdict == MATCH_DENY ? "deny" : "host",
				       d->why, note));
}

int match_trace(const struct policy *p, const struct match_facts *f, struct strv *ret)
{
	struct match_decision d;
	struct strv lines = {0};
	bool asks;
	int r = 0;

	match_decide(p, f, &d);
	asks = d.rule || strcmp(d.why, "no rule matches") == 0;
	for (size_t i = 0; asks && i < p->n && r == 0; i++) {
		size_t miss = first_miss(&p->rules[i], f);

		if (miss == ARRAY_SIZE(keys)) {
			r = trace_match(&p->rules[i], f, &lines);
			break;
		}
		r = trace_skip(&p->rules[i], miss, f, &lines);
	}
	if (r == 0)
		r = trace_verdict(&d, &lines);
	if (r < 0) {
		strv_done(&lines);
		return r;
	}
	strv_done(ret);
	*ret = lines;
	return 0;
}

/* All keys but Group= hold. */
static bool may_hold(const struct match_rule *r, const struct match_facts *f)
{
	const char *word;

	for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
		if (!keys[k].is_group && !list_holds(list_of(r, k), k, f, &word))
			return false;
	return true;
}

bool match_needs_groups(const struct policy *p, const struct match_facts *f)
{
	if (f->uid == 0 || p->mode == MATCH_OFF)
		return false;
	for (size_t i = 0; i < p->always_host.n; i++)
		if (p->always_host.v[i][0] == '@')
			return true;
	for (size_t i = 0; i < p->n; i++)
		if (may_hold(&p->rules[i], f))
			return p->rules[i].group.n >
			       0; /* without: it holds, and is the last one looked at */
	return false;
}

/* A program's name, maybe with a suffix: sshd takes its service from argv[0], sshd-session. */
static bool is_program(const char *name, const char *program)
{
	const char *rest;

	return name && str_has_prefix(name, program, &rest) && (!*rest || strchr("-_.", *rest));
}

/* They call setcred in the process that opens the session and nowhere else; crond is cronie's. */
static bool never_enters(const char *program)
{
	static const char *const names[] = {"su", "login", "sudo", "runuser", "atd", "crond"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (is_program(program, names[i]))
			return true;
	return false;
}

int match_entry(int configured, const char *program, bool hook_seen)
{
	/* MUST-1: without the hook nothing would ever enter. */
	if (configured == MATCH_ENTRY_JOIN || !hook_seen || never_enters(program))
		return MATCH_ENTRY_JOIN;
	if (configured == MATCH_ENTRY_LATE || is_program(program, "sshd") ||
	    is_program(program, "cron"))
		return MATCH_ENTRY_LATE;
	return MATCH_ENTRY_JOIN;
}

bool match_attach(int configured, const char *service, int entry ATTR_UNUSED)
{
	if (configured != MATCH_ATTACH_AUTO)
		return configured == MATCH_ATTACH_YES;
	return is_program(service, "sshd") || str_equal(service, "login") ||
	       str_equal(service, "su") || str_equal(service, "su-l");
}
