/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "expand.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "str.h"

enum { EXPAND_MAX = 4096 };

static const struct load_who stand_in = {
    .user = "u", .group = "g", .home = "/h", .id = "i", .shell = "/s"};

static int lookup(char c, const struct load_who *who, char number[24], const char **ret)
{
	switch (c) {
	case 'u':
		*ret = who->user;
		return 0;
	case 'g':
		*ret = who->group;
		return 0;
	case 'h':
		*ret = who->home;
		return 0;
	case 'i':
		*ret = who->id;
		return 0;
	case 's':
		*ret = who->shell;
		return 0;
	case 'U':
	case 'G':
		*ret = number;
		return str_format(number, 24, "%u", c == 'U' ? who->uid : who->gid);
	case '%':
		*ret = "%";
		return 0;
	default:
		return -EINVAL;
	}
}

/*
 * MUST-5: a name is one path component, never a way to another folder; and nothing a user is
 * called may end a path (':') or a word of a list.
 */
static bool is_fit(char specifier, const char *value)
{
	for (const char *p = value; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f || *p == ':')
			return false;
	return !strchr("ugi", specifier) || !strchr(value, '/');
}

int expand_specifiers(const char *s, const struct load_who *who, char **ret, struct ctr_error *err)
{
	autofree char *out = malloc(EXPAND_MAX);
	size_t len = 0;

	if (!out)
		return err_sys(err, ENOMEM, "config", "expand specifiers");
	while (*s) {
		size_t n = strcspn(s, "%");
		const char *from = s;
		char number[24];

		if (n == 0) {
			if (!s[1] || lookup(s[1], who ? who : &stand_in, number, &from) < 0)
				return err_set(err, CTR_E_CONFIG, EINVAL, "config",
					       "unknown specifier '%%%.1s'; write %%%% for a "
					       "percent sign",
					       s + 1);
			if (!from)
				return err_set(err, CTR_E_CONFIG, EINVAL, "config",
					       "specifier '%%%c' is not known for this user", s[1]);
			if (!is_fit(s[1], from))
				return err_set(err, CTR_E_CONFIG, EINVAL, "config",
					       "specifier '%%%c' has an unfit value '%s'", s[1],
					       from);
			n = strlen(from);
			s += 2;
		} else {
			s += n;
		}
		if (len + n >= EXPAND_MAX)
			return err_set(err, CTR_E_CONFIG, EINVAL, "config",
				       "value too long after its specifiers are replaced");
		memcpy(out + len, from, n);
		len += n;
	}
	out[len] = '\0';
	*ret = take_ptr(out);
	return 0;
}

char *expand_quote(const char *s)
{
	char *out = malloc(2 * strlen(s) + 1), *p = out;

	if (!out)
		return NULL;
	for (; *s; s++) {
		if (*s == '%')
			*p++ = '%';
		*p++ = *s;
	}
	*p = '\0';
	return out;
}
