/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "jsontext.h"
#include "str.h"

/* events: what happens to containers, a line each, as it happens. */

enum { LOOK_MS = 500, KILL_MS = 100, NOTICES = 4, OOM = 3 };

/* The levels of pressure in their order, then OOM */
static const char *const levels[] = {"low", "medium", "critical"};

/** struct source - a container that is listened to */
struct source {
	char *id;
	struct ctr_notify *notices[NOTICES]; /* NULL: the machine does not tell */
	uint64_t kills;			     /* that were told */
};

struct events {
	struct ctl *ctl;
	bool json;
	unsigned int count, told;
	char **ids;
	struct source *v;
	size_t n;
	bool started; /* what is there from now on is news */
};

static const struct option_row rows[] = {
    {"json", 'J', OPTION_FLAG, offsetof(struct events, json), NULL, "one JSON object a line"},
    {"count", 0, OPTION_COUNT, offsetof(struct events, count), "N", "end after N events"},
};

/** struct event - one line */
struct event {
	const char *id, *name, *level;
	uint64_t kills;
};

static void tell_json(const struct event *e, uint64_t us)
{
	struct json_object *o = json_top();

	json_add_number(o, "time_us", us);
	json_add_text(o, "id", e->id, false);
	json_add_text(o, "event", e->name, false);
	json_add_text(o, "level", e->level, false);
	json_add_number(o, "killed", e->kills);
	(void)puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
	json_object_put(o);
}

static void tell(struct events *ev, const struct event *e)
{
	struct timespec now;
	char when[32] = "";
	struct tm tm;

	if (ev->count && ev->told >= ev->count)
		return;				   /* --count, in the midst of several */
	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
	if (ev->json) {
		tell_json(e, (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
	} else if (localtime_r(&now.tv_sec, &tm) && strftime(when, sizeof(when), "%FT%T", &tm)) {
		(void)printf("%s %s %s%s%s", when, e->id, e->name, e->level ? " " : "",
			     e->level ? e->level : "");
		if (e->kills != CTR_ABSENT)
			(void)printf(" killed=%" PRIu64, e->kills);
		(void)putchar('\n');
	}
	(void)fflush(stdout); /* ctl_main() looks at the end whether it was all written */
	ev->told++;
}

static void drop(struct events *ev, size_t i)
{
	for (size_t k = 0; k < NOTICES; k++)
		ctr_notify_free(ev->v[i].notices[k]);
	free(ev->v[i].id);
	ev->v[i] = ev->v[--ev->n];
}

static bool is_known(const struct events *ev, const char *id)
{
	for (size_t i = 0; i < ev->n; i++)
		if (strcmp(ev->v[i].id, id) == 0)
			return true;
	return false;
}

/* What a machine does not tell is left out; that one is out of memory must be heard. */
static int subscribe(struct ctr_container *c, struct source *s, struct ctr_error *err)
{
	int r = ctr_notify_oom(c, &s->notices[OOM], err);

	for (int i = 0; r == 0 && i < OOM; i++)
		(void)!ctr_notify_pressure(c, (enum ctr_pressure_level)i, &s->notices[i], NULL);
	if (r == 0)
		(void)ctr_notify_read(s->notices[OOM], &s->kills);
	return r;
}

static int add(struct events *ev, const char *id, struct ctr_error *err)
{
	autocontainer struct ctr_container *c = NULL;
	struct source *v = reallocarray(ev->v, ev->n + 1, sizeof(*v)), s = {0};
	int r;

	if (v)
		ev->v = v;
	s.id = strdup(id);
	r = v && s.id ? ctr_load(ev->ctl->factory, id, &c, err)
		      : err_sys(err, ENOMEM, "events", "listen to %s", id);
	if (r == 0)
		r = subscribe(c, &s, err);
	if (r < 0) {
		free(s.id);
		return r;
	}
	ev->v[ev->n++] = s;
	if (ev->started)
		tell(ev, &(struct event){s.id, "start", NULL, CTR_ABSENT});
	return 0;
}

/* Those that begin meanwhile. One that ends in this moment, or can not tell, is passed over. */
static int look(struct events *ev, struct ctr_error *err)
{
	char **ids = NULL;
	size_t n = 0;
	int r = ctr_list(ev->ctl->factory, &ids, &n, err);

	for (size_t i = 0; r == 0 && i < n; i++)
		if (!is_known(ev, ids[i]))
			(void)!add(ev, ids[i], NULL);
	ctr_list_free(ids, n);
	ev->started = true;
	return r;
}

static void hear_oom(struct events *ev, struct source *s)
{
	struct timespec nap = {.tv_nsec = KILL_MS * 1000000L};
	uint64_t kills = CTR_ABSENT;

	(void)nanosleep(&nap, NULL); /* cgroup v1 tells first and then kills */
	(void)ctr_notify_read(s->notices[OOM], &kills);
	tell(ev, &(struct event){s->id, "oom", NULL,
				 kills == CTR_ABSENT || s->kills == CTR_ABSENT || kills < s->kills
				     ? CTR_ABSENT
				     : kills - s->kills});
	s->kills = kills;
}

/* Of several levels the worst one is told. False: it is over. */
static bool hear(struct events *ev, struct source *s)
{
	const char *level = NULL;

	for (size_t k = 0; k < NOTICES; k++) {
		enum ctr_notice kind =
		    s->notices[k] ? ctr_notify_read(s->notices[k], NULL) : CTR_NOTICE_NONE;

		if (kind == CTR_NOTICE_GONE) {
			tell(ev, &(struct event){s->id, "stop", NULL, CTR_ABSENT});
			return false;
		}
		if (kind == CTR_NOTICE_PRESSURE)
			level = levels[k];
		else if (kind == CTR_NOTICE_OOM)
			hear_oom(ev, s);
	}
	if (level)
		tell(ev, &(struct event){s->id, "pressure", level, CTR_ABSENT});
	return true;
}

static int await(struct events *ev, struct ctr_error *err)
{
	autofree struct pollfd *p = calloc(ev->n * NOTICES + 1, sizeof(*p));
	size_t n = 0;

	if (!p)
		return err_sys(err, ENOMEM, "events", "wait");
	for (size_t i = 0; i < ev->n; i++)
		for (size_t k = 0; k < NOTICES; k++)
			if (ev->v[i].notices[k])
				p[n++] = (struct pollfd){.fd = ctr_notify_fd(ev->v[i].notices[k]),
							 .events = POLLIN};
	if (poll(p, n, LOOK_MS) < 0 && errno != EINTR)
		return err_sys(err, errno, "events", "wait");
	for (size_t i = ev->n; i-- > 0;)
		if (!hear(ev, &ev->v[i]))
			drop(ev, i);
	return 0;
}

static int run(struct events *ev, struct ctr_error *err)
{
	bool all = !*ev->ids;
	int r = 0;

	for (char **id = ev->ids; r == 0 && *id; id++)
		r = is_known(ev, *id) ? 0 : add(ev, *id, err);
	while (r == 0 && (all || ev->n > 0) && (!ev->count || ev->told < ev->count)) {
		if (all)
			r = look(ev, err);
		if (r == 0)
			r = await(ev, err);
		if (ferror(stdout))
			r = err_sys(err, EPIPE, "events", "write");
	}
	return r;
}

int mon_events(struct ctl *ctl, int argc, char **argv)
{
	struct events ev = {.ctl = ctl};
	struct options_line line = {.groups = {{rows, ARRAY_SIZE(rows), &ev}}};
	struct ctr_error err;
	int r = ctl_options(ctl, &line, NULL, &argc, &argv);

	if (r == CTL_GO_ON)
		r = ctl_open(ctl);
	if (r != CTL_GO_ON)
		return r;
	ev.ids = argv;
	r = run(&ev, &err) < 0 ? ctl_error(ctl, &err) : CTL_OK;
	while (ev.n > 0)
		drop(&ev, ev.n - 1);
	free(ev.v);
	return r;
}
