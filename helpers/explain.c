/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "explain.h"

#include <errno.h>

#include "attr.h"
#include "str.h"

/* What a person is told: %I the ID, %S the status, %T the text of the record. */
static const struct {
	int code;
	const char *text;
} texts[] = {
    {CTR_E_ID_IN_USE,
     "%I: exists already; choose another ID, or try 'containerctl terminate %I' first"},
    {CTR_E_INVALID_ID, "%I: not a container ID; it has 1 to 64 of A-Z a-z 0-9 _ . - and begins "
		       "with a letter or digit"},
    {CTR_E_NOT_FOUND, "%I: no such container; try 'containerctl list --all'"},
    {CTR_E_PAUSED, "%I: not possible now (state: %S); try 'containerctl resume %I'"},
    {CTR_E_NOT_STOPPED, "%I: still there (state: %S); try 'containerctl terminate %I'"},
    {CTR_E_NOT_RUNNING, "%I: not running (state: %S); try 'containerctl terminate %I' to remove "
			"what is left of it"},
    {CTR_E_NOT_PAUSED, "%I: not paused (state: %S); there is nothing to resume"},
    {CTR_E_STATE, "%I: %T; try 'containerctl gc'"},
    {CTR_E_BUSY, "%I: another program is changing it; try again"},
    {CTR_E_TIMEOUT, "%I: %T; try again, or 'containerctl terminate %I'"},
    {CTR_E_CHECKPOINTED, "%I: not running (state: checkpointed); restore it first"},
};

static const char *text_of(int code)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i].code == code)
			return texts[i].text;
	return "%I: %T";
}

static void append(char dst[EXPLAIN_MAX], size_t *len, const char *s)
{
	for (; *s && *len + 1 < EXPLAIN_MAX; s++)
		dst[(*len)++] = *s;
	dst[*len] = '\0';
}

void explain(const struct explain_facts *f, char dst[EXPLAIN_MAX])
{
	const char *text = text_of(f->err->code);
	size_t len = 0;

	for (; *text; text++) {
		const char one[2] = {*text, '\0'};

		if (*text != '%')
			append(dst, &len, one);
		else if (*++text == 'I')
			append(dst, &len, f->id);
		else if (*text == 'S')
			append(dst, &len, ctr_status_name(f->status));
		else
			append(dst, &len, f->err->text);
	}
	if (f->err->code == CTR_E_NOT_FOUND && f->near) {
		append(dst, &len, "; did you mean '");
		append(dst, &len, f->near);
		append(dst, &len, "'?");
	}
	if (!f->root && (f->err->errnum == EPERM || f->err->errnum == EACCES))
		append(dst, &len, "; run it as root");
}
