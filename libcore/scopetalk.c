/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scopetalk.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "num.h"

#define SYSTEMD	   "org.freedesktop.systemd1"
#define MANAGER	   "org.freedesktop.systemd1.Manager"
#define MANAGER_AT "/org/freedesktop/systemd1"

static const char job_removed[] = "type='signal',sender='" SYSTEMD "',path='" MANAGER_AT
				  "',interface='" MANAGER "',member='JobRemoved'";

enum { AGAIN_US = 20000 };

/** struct talk - a conversation that is going on */
struct talk {
	const struct scopetalk *t;
	const struct sdbus *api;
	struct sd_bus *bus;
	char job[128];	 /* object path of what is waited for */
	char result[32]; /* of that job, "" while it runs */
};

static uint64_t left_us(const struct talk *k)
{
	uint64_t now = child_now_ms();

	return now < k->t->end_ms ? (k->t->end_ms - now) * 1000 : 0;
}

/* JobRemoved(u id, o job, s unit, s result). Told for the jobs of all; ours is known by its path.
 */
static int on_job_removed(struct sd_bus_message *m, void *userdata, struct sdbus_error *error)
{
	const char *job, *unit, *result;
	struct talk *k = userdata;
	uint32_t id;

	(void)error; /* a broken message is not ours, and the deadline stands */
	if (k->api->read(m, "uoss", &id, &job, &unit, &result) >= 0 && str_equal(job, k->job) &&
	    str_copy(k->result, sizeof(k->result), result) < 0)
		memcpy(k->result, "?", 2);
	return 0;
}

static int append_rates(const struct sdbus *api, struct sd_bus_message *m, const struct strv *sv)
{
	int r = api->open_container(m, 'a', "(st)");

	for (size_t i = 0; r >= 0 && i < sv->n; i++) {
		const char *blank = strrchr(sv->v[i], ' ');
		char device[1024];
		uint64_t n;

		r = blank ? num_u64(blank + 1, &n) : -EINVAL;
		if (r >= 0)
			r = str_format(device, sizeof(device), "%.*s", (int)(blank - sv->v[i]),
				       sv->v[i]);
		if (r >= 0)
			r = api->append(m, "(st)", device, n);
	}
	return r < 0 ? r : api->close_container(m);
}

/* (sv) whose value is an array */
static int append_array(const struct sdbus *api, struct sd_bus_message *m,
			const struct scopeprop *p)
{
	bool mask = p->type == SCOPEPROP_MASK;
	int r = api->open_container(m, 'r', "sv");

	if (r >= 0)
		r = api->append(m, "s", p->name);
	if (r >= 0)
		r = api->open_container(m, 'v', mask ? "ay" : "a(st)");
	if (r >= 0)
		r = mask ? api->append_array(m, 'y', p->mask, p->mask_len)
			 : append_rates(api, m, p->rates);
	if (r >= 0)
		r = api->close_container(m);
	return r < 0 ? r : api->close_container(m);
}

static int append_property(const struct sdbus *api, struct sd_bus_message *m,
			   const struct scopeprop *p)
{
	switch (p->type) {
	case SCOPEPROP_TEXT:
		return api->append(m, "(sv)", p->name, "s", p->text);
	case SCOPEPROP_NUMBER:
		return api->append(m, "(sv)", p->name, "t", p->number);
	case SCOPEPROP_BOOL:
		return api->append(m, "(sv)", p->name, "b", (int)p->number);
	}
	return append_array(api, m, p);
}

/* a(sv); pid 0: no PIDs= */
static int append_properties(const struct talk *k, struct sd_bus_message *m, pid_t pid)
{
	int r = k->api->open_container(m, 'a', "(sv)");

	for (size_t i = 0; r >= 0 && i < k->t->props->n; i++)
		r = append_property(k->api, m, &k->t->props->v[i]);
	if (r >= 0 && pid > 0)
		r = k->api->append(m, "(sv)", "PIDs", "au", 1, (uint32_t)pid);
	return r < 0 ? r : k->api->close_container(m);
}

static int write_start(const struct talk *k, struct sd_bus_message *m)
{
	int r = k->api->append(m, "ss", k->t->unit, "fail");

	if (r >= 0)
		r = append_properties(k, m, k->t->pid);
	return r < 0 ? r : k->api->append(m, "a(sa(sv))", 0);
}

static int write_set(const struct talk *k, struct sd_bus_message *m)
{
	int r = k->api->append(m, "sb", k->t->unit, 1);

	return r < 0 ? r : append_properties(k, m, 0);
}

static int write_stop(const struct talk *k, struct sd_bus_message *m)
{
	return k->api->append(m, "ss", k->t->unit, "replace");
}

static int refused(const struct talk *k, const char *method, int r, const struct sdbus_error *e,
		   struct ctr_error *err)
{
	if (str_equal(e->name, SYSTEMD ".UnitExists"))
		return err_set(err, CTR_E_ID_IN_USE, EEXIST, "scope", "systemd has a unit %s",
			       k->t->unit);
	if (str_equal(e->name, SYSTEMD ".NoSuchUnit"))
		return err_set(err, CTR_E_NOT_FOUND, ENOENT, "scope", "systemd has no unit %s",
			       k->t->unit);
	if (r == -ETIMEDOUT)
		return err_set(err, CTR_E_TIMEOUT, ETIMEDOUT, "scope", "systemd does not answer");
	if (!e->message)
		return err_sys(err, r, "scope", "%s %s", method, k->t->unit);
	return err_set(err, CTR_E_SYSTEM, r, "scope", "%s %s: %s", method, k->t->unit, e->message);
}

/* One call of the manager; the job that it answers with, if any, is remembered. */
static int ask(struct talk *k, const char *method,
	       int (*write)(const struct talk *k, struct sd_bus_message *m), struct ctr_error *err)
{
	struct sd_bus_message *m = NULL, *reply = NULL;
	struct sdbus_error e = {0};
	uint64_t us = left_us(k);
	const char *job = NULL;
	int r = k->api->new_method_call(k->bus, &m, SYSTEMD, MANAGER_AT, MANAGER, method);

	if (r >= 0)
		r = write(k, m);
	if (r >= 0)
		/* 0 would be sd_bus_call(3)'s own 25 s */
		r = k->api->call(k->bus, m, us ? us : 1, &e, &reply);
	if (r >= 0 && write != write_set)
		r = k->api->read(reply, "o", &job);
	if (r >= 0 && job)
		r = str_copy(k->job, sizeof(k->job), job);
	r = r < 0 ? refused(k, method, r, &e, err) : 0;
	k->api->error_free(&e);
	(void)k->api->unref(reply);
	(void)k->api->unref(m);
	return r;
}

static int wait_for_job(struct talk *k, struct ctr_error *err)
{
	while (!k->result[0]) {
		uint64_t us = left_us(k);
		int r = k->api->process(k->bus, NULL);

		if (r == 0 && us == 0)
			return err_set(err, CTR_E_TIMEOUT, ETIMEDOUT, "scope",
				       "systemd does not get done with %s", k->t->unit);
		if (r == 0)
			r = k->api->wait(k->bus, us);
		if (r < 0 && r != -EINTR)
			return err_sys(err, r, "scope", "hear about %s from systemd", k->t->unit);
	}
	if (strcmp(k->result, "done") == 0)
		return 0;
	return err_set(err, CTR_E_SYSTEM, EIO, "scope", "systemd's job for %s: %s", k->t->unit,
		       k->result);
}

/* A record is filled by what failed in the end, not by what was overcome. */
static int settle(struct talk *k, int r, const struct ctr_error *why, struct ctr_error *err)
{
	if (r == 0)
		return wait_for_job(k, err);
	if (err)
		*err = *why;
	return r;
}

static int do_start(struct talk *k, struct ctr_error *err)
{
	struct ctr_error why;
	int r = ask(k, "StartTransientUnit", write_start, &why);

	while (r == -EEXIST && !k->t->once && left_us(k) > AGAIN_US) {
		(void)usleep(AGAIN_US);
		r = ask(k, "StartTransientUnit", write_start, &why);
	}
	return settle(k, r, &why, err);
}

static int do_set(struct talk *k, struct ctr_error *err)
{
	return ask(k, "SetUnitProperties", write_set, err);
}

static int do_stop(struct talk *k, struct ctr_error *err)
{
	struct ctr_error why;
	int r = ask(k, "StopUnit", write_stop, &why);

	return r == -ENOENT ? 0 : settle(k, r, &why, err);
}

static int talk(const struct scopetalk *t, int (*say)(struct talk *k, struct ctr_error *err),
		struct ctr_error *err)
{
	struct talk k = {.t = t, .api = t->api};
	int r = k.api->open_system(&k.bus);

	if (r < 0)
		return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "scope",
			       "no D-Bus system bus (%s); Cgroup=cgroupfs does without",
			       strerrordesc_np(-r));
	/* before the call, or a quick job is missed */
	r = k.api->add_match(k.bus, NULL, job_removed, on_job_removed, &k);
	if (r < 0)
		err_sys(err, r, "scope", "listen to systemd");
	else
		r = say(&k, err);
	(void)k.api->flush_close_unref(k.bus);
	return r < 0 ? r : 0;
}

int scopetalk_start(const struct scopetalk *t, struct ctr_error *err)
{
	return talk(t, do_start, err);
}

int scopetalk_set(const struct scopetalk *t, struct ctr_error *err)
{
	return talk(t, do_set, err);
}

int scopetalk_stop(const struct scopetalk *t, struct ctr_error *err)
{
	return talk(t, do_stop, err);
}
