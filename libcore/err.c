/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "str.h"

enum { RAW_MAX = 1024 };

static void fill(struct ctr_error *err, int code, int errnum, const char *stage)
{
	err->code = code;
	err->errnum = errnum;
	if (str_copy(err->stage, sizeof(err->stage), stage ? stage : "") < 0)
		memcpy(err->stage, "?", 2);
}

int err_set(struct ctr_error *err, int code, int errnum, const char *stage, const char *fmt, ...)
{
	int saved = errno;
	char raw[RAW_MAX];
	va_list ap;

	errnum = abs(errnum);
	if (err) {
		va_start(ap, fmt);
		str_vformat_cut(raw, sizeof(raw), fmt, ap);
		va_end(ap);
		fill(err, code, errnum, stage);
		str_escape(err->text, sizeof(err->text), raw);
	}
	errno = saved;
	return -errnum;
}

int err_sys(struct ctr_error *err, int errnum, const char *stage, const char *fmt, ...)
{
	int saved = errno;
	char raw[RAW_MAX], why[80];
	const char *reason;
	size_t len;
	va_list ap;

	errnum = abs(errnum);
	if (err) {
		va_start(ap, fmt);
		str_vformat_cut(raw, sizeof(raw), fmt, ap);
		va_end(ap);
		reason = strerror_r(errnum, why, sizeof(why));
		fill(err, CTR_E_SYSTEM, errnum, stage);
		str_escape(err->text, sizeof(err->text) - 80, raw);
		len = strlen(err->text);
		if (str_format(err->text + len, sizeof(err->text) - len, ": %s", reason) < 0)
			err->text[len] = '\0';
	}
	errno = saved;
	return -errnum;
}

void err_prefix(struct ctr_error *err, const char *fmt, ...)
{
	int saved = errno;
	char raw[RAW_MAX], head[200], old[sizeof(err->text)];
	size_t len;
	va_list ap;

	if (!err)
		return;
	va_start(ap, fmt);
	str_vformat_cut(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	str_escape(head, sizeof(head), raw);
	memcpy(old, err->text, sizeof(old));
	if (str_format(err->text, sizeof(err->text), "%s: %s", head, old) < 0) {
		/* head and old are escaped already: the end is cut, at a character */
		len = strlen(head);
		memcpy(err->text, head, len);
		memcpy(err->text + len, ": ", 2);
		len += 2;
		memcpy(err->text + len, old, sizeof(err->text) - len);
		len = sizeof(err->text) - 4;
		while (((unsigned char)err->text[len] & 0xc0) == 0x80)
			len--;
		memcpy(err->text + len, "...", 4);
	}
	errno = saved;
}

const char *err_code_name(int code)
{
	static const char *const names[] = {
	    [CTR_OK] = "ok",
	    [CTR_E_ID_IN_USE] = "id-in-use",
	    [CTR_E_INVALID_ID] = "invalid-id",
	    [CTR_E_NOT_FOUND] = "not-found",
	    [CTR_E_PAUSED] = "paused",
	    [CTR_E_NOT_STOPPED] = "not-stopped",
	    [CTR_E_NOT_RUNNING] = "not-running",
	    [CTR_E_NOT_PAUSED] = "not-paused",
	    [CTR_E_NO_PROCESS] = "no-process",
	    [CTR_E_CONFIG] = "config",
	    [CTR_E_STATE] = "state",
	    [CTR_E_BUSY] = "busy",
	    [CTR_E_TIMEOUT] = "timeout",
	    [CTR_E_DENIED] = "denied",
	    [CTR_E_UNSUPPORTED] = "unsupported",
	    [CTR_E_CHECKPOINTED] = "checkpointed",
	    [CTR_E_SYSTEM] = "system",
	    [CTR_E_IMAGE] = "image",
	    [CTR_E_MISFIT] = "misfit",
	};

	if (code < 0 || (size_t)code >= ARRAY_SIZE(names))
		return "system";
	return names[code];
}
