/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meter.h"

#include <stdio.h>
#include <unistd.h>

#include "human.h"
#include "str.h"

enum { SHOW_US = 1000000 };

bool meter_line(const char *name, const struct ctr_progress *p, char dst[METER_MAX])
{
	char size[HUMAN_MAX], span[HUMAN_MAX];

	if (p->elapsed_us < SHOW_US)
		return false;
	human_size(size, p->bytes);
	human_span(span, p->elapsed_us);
	return str_format(dst, METER_MAX, "%s: %s, %s, %s", name, ctr_phase_name(p->phase), size,
			  span) == 0;
}

void meter_show(void *arg, const struct ctr_progress *p)
{
	struct meter *m = arg;
	char line[METER_MAX];

	if (!isatty(STDERR_FILENO) || !meter_line(m->name, p, line))
		return;
	(void)fprintf(stderr, "\r%s\033[K", line);
	m->shown = true;
}

void meter_end(struct meter *m)
{
	if (m->shown)
		(void)fputs("\r\033[K", stderr);
	m->shown = false;
}
