/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sysgroups.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "parse.h"
#include "str.h"
#include "sysabi.h"

static const struct {
	const char *name, *words;
} groups[] = {
#define GROUP(name, words) {name, words},
#include "sysgroups.def"
#undef GROUP
};

/* Groups hold groups that hold calls: enough for both, and an end for a loop in the table. */
enum { DEPTH_MAX = 4 };

const char *sysgroups_words(size_t i, const char **ret_name)
{
	if (i >= ARRAY_SIZE(groups))
		return NULL;
	*ret_name = groups[i].name;
	return groups[i].words;
}

static const char *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		if (strcmp(groups[i].name, name) == 0)
			return groups[i].words;
	return NULL;
}

static int expand(const char *word, bool allow, sysgroups_fn fn, void *arg, int depth)
{
	bool away = word[0] == '~';
	const char *name = word + away, *p;
	char one[SYSABI_NAME_MAX];
	int r = 0;

	if (!allow && away)
		return 0; /* what the group itself leaves out */
	allow = allow && !away;
	if (name[0] != '@' || strcmp(name, "@known") == 0)
		return fn(arg, name, allow);
	p = find(name);
	if (!p || depth == DEPTH_MAX)
		return -EINVAL;
	while (r == 0 && *(p += strspn(p, " "))) {
		size_t n = strcspn(p, " ");

		if (n >= sizeof(one))
			return -EINVAL;
		memcpy(one, p, n);
		one[n] = '\0';
		r = expand(one, allow, fn, arg, depth + 1);
		p += n;
	}
	return r;
}

int sysgroups_expand(const char *word, sysgroups_fn fn, void *arg)
{
	bool away = word[0] == '~';

	return expand(word + away, !away, fn, arg, 0);
}

/* Every name there is, for did-you-mean; they are few hundred and the way is the one to an error.
 */
static int list_names(struct strv *ret)
{
	struct sysabi abis[SYSABI_MAX];
	size_t n = sysabi_list(abis);
	char name[SYSABI_NAME_MAX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		for (int nr = 0; r == 0 && nr < SYSABI_NUMBERS; nr++)
			if (sysabi_name(&abis[i], nr, name))
				r = strv_add(ret, name);
	return r;
}

int sysgroups_check(const char *word, struct ctr_error *err)
{
	const char *near[ARRAY_SIZE(groups) + 2] = {NULL};
	autostrv struct strv names = {0};

	if (word[0] != '@') {
		if (sysabi_knows(word))
			return 0;
		if (list_names(&names) < 0)
			return err_sys(err, ENOMEM, "config", "read system calls");
		return parse_bad(err, "system call", word,
				 parse_suggest(word, (const char *const *)names.v));
	}
	if (find(word) || strcmp(word, "@known") == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		near[i] = groups[i].name;
	near[ARRAY_SIZE(groups)] = "@known";
	return parse_bad(err, "group of system calls", word, parse_suggest(word, near));
}
