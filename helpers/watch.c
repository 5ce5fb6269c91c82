/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "watch.h"

#include <errno.h>
#include <time.h>

enum { SECOND = 1000000, SHORTEST = 100000, USUAL = 2 * SECOND };

static const struct option_row rows[] = {
    {"watch", 'w', OPTION_OPTIONAL_TEXT, offsetof(struct watch, every), "SEC",
     "again every SEC seconds, 2 when not given"},
    {"delay", 'd', OPTION_TIME, offsetof(struct watch, delay), "SEC", "time between two samples"},
    {"iterations", 0, OPTION_COUNT, offsetof(struct watch, iterations), "N", "stop after N times"},
    {"batch", 0, OPTION_FLAG, offsetof(struct watch, batch), NULL,
     "write one table after the other, terminal or not"},
};

struct option_group watch_option_group(struct watch *w)
{
	return (struct option_group){rows, ARRAY_SIZE(rows), w};
}

int watch_plan(struct watch *w, bool terminal, struct ctr_error *err)
{
	bool watches = w->every || w->batch || w->iterations > 1;

	w->interval = w->delay ? w->delay : USUAL;
	if (w->every && *w->every && options_time(w->every, &w->interval) < 0)
		return err_set(err, CTR_E_CONFIG, EINVAL, "usage",
			       "bad value '%s' of --watch; it takes seconds", w->every);
	if (w->interval < SHORTEST)
		return err_set(err, CTR_E_CONFIG, ERANGE, "usage",
			       "the time between two samples is at least 0.1 s");
	w->once = !watches || (!terminal && !w->batch && !w->iterations);
	w->clears = terminal && !w->batch;
	return 0;
}

int watch_run(const struct watch *w, int (*once)(void *arg), void *arg)
{
	const struct timespec nap = {.tv_sec = (time_t)(w->interval / SECOND),
				     .tv_nsec = (long)(w->interval % SECOND) * 1000};
	int r;

	for (unsigned int n = 1;; n++) {
		if (w->clears && !w->once)
			(void)fputs("\033[H\033[2J", stdout);
		r = once(arg);
		if (fflush(stdout) != 0)
			return 1;
		if (r != 0 || w->once || n == w->iterations)
			return r;
		(void)nanosleep(&nap, NULL);
	}
}
