/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pamlines.h"

#include <string.h>

#include "attr.h"
#include "str.h"

enum { LINE_MAX_PAM = 1024 };

/* The next line, continuations joined, comment cut. Returns the rest, NULL at the end. */
static const char *next_line(const char *text, char line[LINE_MAX_PAM])
{
	size_t len = 0;
	bool more = true, comment = false;

	if (!*text)
		return NULL;
	while (*text && more) {
		size_t n = strcspn(text, "\n");

		more = n > 0 && text[n - 1] == '\\';
		for (size_t i = 0; i < n - more; i++) {
			comment |= text[i] == '#';
			if (!comment && len + 1 < LINE_MAX_PAM)
				line[len++] = text[i];
		}
		text += n + (text[n] == '\n');
	}
	line[len] = '\0';
	return text;
}

/* Splits "type control module": the control may be "[a=b c=d]". false: no such line. */
static bool split(char *line, char **ret_type, char **ret_control, char **ret_module)
{
	char *s = line + strspn(line, " \t-"); /* "-session": silent when the module is missing */

	*ret_type = s;
	s += strcspn(s, " \t");
	if (!*s)
		return false;
	*s++ = '\0';
	s += strspn(s, " \t");
	*ret_control = s;
	s += *s == '[' ? strcspn(s, "]") + 1 : strcspn(s, " \t");
	if (!s[-1] || !*s)
		return false;
	*s++ = '\0';
	s += strspn(s, " \t");
	*ret_module = s;
	s[strcspn(s, " \t")] = '\0';
	return *s != '\0';
}

static bool is_ours(const char *module)
{
	const char *slash = strrchr(module, '/');

	return strcmp(slash ? slash + 1 : module, "pam_container.so") == 0;
}

static void keep_control(char dst[32], const char *control)
{
	if (str_copy(dst, 32, control) < 0)
		memcpy(dst, "[...]", sizeof("[...]"));
}

static void take(char *type, const char *control, const char *module, struct pamlines *ret)
{
	if (strcmp(type, "session") == 0 && is_ours(module)) {
		ret->session = true;
		ret->sessions_after = 0;
		keep_control(ret->session_control, control);
	} else if (strcmp(type, "auth") == 0 && is_ours(module)) {
		ret->auth = true;
		keep_control(ret->auth_control, control);
	} else if (strcmp(type, "session") == 0) {
		ret->sessions_after++;
	}
}

void pamlines_parse(const char *text, struct pamlines *ret)
{
	char line[LINE_MAX_PAM];

	*ret = (struct pamlines){0};
	while ((text = next_line(text, line))) {
		char *type, *control, *module;
		const char *file = NULL;

		if (str_has_prefix(line, "@include", &file)) {
			ret->sessions_after += strstr(file, "session") != NULL;
			continue;
		}
		if (split(line, &type, &control, &module))
			take(type, control, module, ret);
	}
	if (!ret->session)
		ret->sessions_after = 0;
}

bool pamlines_binds(const char *control)
{
	/* PAM_ABORT of an optional or sufficient module is ignored, pam.conf(5) */
	return strcmp(control, "required") == 0 || strcmp(control, "requisite") == 0 ||
	       (control[0] == '[' && !strstr(control, "ignore"));
}
