/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inifile.h"

#include <errno.h>
#include <ini.h>
#include <string.h>

#include "str.h"

struct reader {
	const struct inifile *ini;
	size_t pos;
	unsigned int line, bad_line;
	bool have_key, continued, stop;
	bool lost; /* after a header that was refused: whose settings follow is not known */
	char section[INIFILE_SECTION_MAX + 1];
	int failed; /* -errno of the first problem */
	struct ctr_error first;
};

static void problem(struct reader *rd, int r, const struct ctr_error *why)
{
	if (rd->failed == 0) {
		rd->failed = r;
		rd->first = *why;
		rd->bad_line = rd->line;
	}
	if (!rd->ini->problem || !rd->ini->problem(rd->ini->ctx, rd->line, why))
		rd->stop = true;
}

static int bad(struct ctr_error *err, const char *text)
{
	return err_set(err, CTR_E_CONFIG, EINVAL, "config", "%s", text);
}

static int check_bytes(const char *s, size_t len, struct ctr_error *err)
{
	if (len > 0 && s[len - 1] == '\r')
		return bad(err, "line ends in CR; convert the file to Unix line ends");
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return bad(err, c ? "control byte in the line" : "NUL byte in the line");
		/* libinih would take this for a comment, even inside quotes. */
		if (c == ';' && i > 0 && strchr(" \t", s[i - 1]))
			return bad(err, "comments go on a line of their own; ' ;' would cut the "
					"value here");
	}
	return 0;
}

static int read_header(struct reader *rd, const char *s, size_t len, struct ctr_error *err)
{
	while (len > 0 && strchr(" \t", s[len - 1]))
		len--;
	if (len < 3 || s[len - 1] != ']' || memchr(s + 1, ']', len - 2) ||
	    memchr(s + 1, '[', len - 2))
		return bad(err, "bad section header, want [Section]");
	if (len - 2 > INIFILE_SECTION_MAX)
		return err_set(err, CTR_E_CONFIG, EINVAL, "config", "section name over %d bytes",
			       INIFILE_SECTION_MAX);
	memcpy(rd->section, s + 1, len - 2);
	rd->section[len - 2] = '\0';
	rd->have_key = false;
	if (!rd->ini->section)
		return 0;
	return rd->ini->section(rd->ini->ctx, rd->section, rd->line, err);
}

/* Judges one line as libinih would read it. 1: hand it on, 0: nothing in it, or -errno. */
static int check_line(struct reader *rd, const char *s, size_t len, struct ctr_error *err)
{
	size_t indent = 0, sep = 0;
	int r;

	while (indent < len && strchr(" \t", s[indent]) && s[indent])
		indent++;
	if (indent < len && (s[indent] == '#' || s[indent] == ';'))
		return memchr(s, '\0', len) ? bad(err, "NUL byte in the line") : 0;
	if (indent == len)
		return 0;
	if (len > INIFILE_LINE_MAX)
		return err_set(err, CTR_E_CONFIG, EINVAL, "config",
			       "line of %zu bytes, at most %d; repeat the key or indent the rest",
			       len, INIFILE_LINE_MAX);
	r = check_bytes(s, len, err);
	if (r < 0)
		return r;
	rd->continued = indent > 0;
	if (rd->continued)
		return rd->lost ? 0 : rd->have_key ? 1 : bad(err, "indented line continues no key");
	rd->have_key = false;
	if (s[0] == '[') {
		r = read_header(rd, s, len, err);
		rd->lost = r < 0;
		return r < 0 ? r : 1;
	}
	if (rd->lost)
		return 0;
	if (!rd->section[0])
		return bad(err, "setting before the first [Section]");
	while (sep < len && s[sep] != '=' && s[sep] != ':')
		sep++;
	if (sep == 0 || sep == len || s[sep] != '=')
		return bad(err, "neither [Section] nor Key=value");
	if (sep > INIFILE_SECTION_MAX)
		return bad(err, "key name too long");
	rd->have_key = true;
	return 1;
}

/* fgets(3)-like. Lines that must not reach libinih become empty ones, so that its state stays. */
static char *next_line(char *buf, int size, void *stream)
{
	struct reader *rd = stream;
	const char *s = rd->ini->text + rd->pos, *end;
	size_t left = rd->ini->len - rd->pos, len;
	struct ctr_error why;
	int r;

	if (left == 0 || rd->stop)
		return NULL;
	end = memchr(s, '\n', left);
	len = end ? (size_t)(end - s) : left;
	rd->pos += len + (end != NULL);
	rd->line++;
	r = check_line(rd, s, len, &why);
	if (r < 0) {
		rd->lost |= s[0] == '[';
		problem(rd, r, &why);
	}
	if (r <= 0 || len + 2 > (size_t)size)
		len = 0;
	memcpy(buf, s, len);
	memcpy(buf + len, "\n", 2);
	return buf;
}

static int take_item(void *user, const char *section, const char *key, const char *value)
{
	struct reader *rd = user;
	struct inifile_item item = {rd->line, section, key, value, rd->continued};
	struct ctr_error why;
	int r;

	if (rd->stop || rd->lost)
		return !rd->stop;
	/* libinih and the reader must be of one mind on where a setting belongs. */
	if (strcmp(section, rd->section) != 0)
		r = bad(&why, "section header misread");
	else
		r = rd->ini->item(rd->ini->ctx, &item, &why);
	if (r < 0)
		problem(rd, r, &why);
	return r == 0;
}

int inifile_parse(const struct inifile *ini, unsigned int *ret_line, struct ctr_error *err)
{
	struct reader rd = {.ini = ini};
	int rc;

	if (ini->len > INIFILE_TEXT_MAX)
		return err_set(err, CTR_E_CONFIG, EFBIG, "config", "file over %d bytes",
			       INIFILE_TEXT_MAX);
	if (ini->len >= 3 && memcmp(ini->text, "\xef\xbb\xbf", 3) == 0)
		rd.failed = bad(&rd.first, "byte order mark; save the file as plain UTF-8"),
		rd.bad_line = 1;
	rc = rd.failed ? 0 : ini_parse_stream(next_line, &rd, take_item, &rd);
	if (rc != 0 && rd.failed == 0) {
		rd.failed = bad(&rd.first, "syntax error");
		rd.bad_line = rc > 0 ? (unsigned int)rc : 0;
	}
	if (rd.failed == 0)
		return 0;
	if (ret_line)
		*ret_line = rd.bad_line;
	if (err)
		*err = rd.first;
	return rd.failed;
}

int inifile_check_value(const char *key, const char *value, struct ctr_error *err)
{
	size_t len = strlen(value), n = strlen(key);

	if (n + 1 + len > INIFILE_LINE_MAX)
		return err_set(err, CTR_E_CONFIG, EINVAL, "config", "value over %zu bytes",
			       INIFILE_LINE_MAX - n - 1);
	if (len > 0 && (strchr(" \t;", value[0]) || strchr(" \t", value[len - 1])))
		return bad(err, "value begins or ends with a blank or begins with ';'");
	return check_bytes(value, len, err);
}
