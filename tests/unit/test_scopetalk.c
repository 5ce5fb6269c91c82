/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "child.h"
#include "scopetalk.h"
#include "str.h"

/** struct script - what the fake systemd does */
struct script {
	int no_bus;		/* -errno of opening it */
	int exists;		/* so many calls find the name taken; -1: all */
	const char *error_name; /* of every call */
	int foreign;		/* so many signals about jobs of others come first */
	const char *result;	/* of our job; NULL: it never ends */
};

/* What libsystemd keeps behind its two pointers */
struct sd_bus {
	struct script script;
	sdbus_handler handler;
	void *userdata;
	int opened, messages, calls;
	char said[4096];
};

struct sd_bus_message {
	struct sd_bus *bus;
	bool foreign;
};

static void say(struct sd_bus *b, const char *fmt, ...) ATTR_PRINTF(2, 3);

static void say(struct sd_bus *b, const char *fmt, ...)
{
	size_t len = strlen(b->said);
	va_list ap;

	va_start(ap, fmt);
	assert_int_equal(str_vformat(b->said + len, sizeof(b->said) - len, fmt, ap), 0);
	va_end(ap);
}

static int open_system(struct sd_bus **ret)
{
	struct sd_bus *b = mock_ptr_type(struct sd_bus *);

	if (b->script.no_bus)
		return b->script.no_bus;
	b->opened++;
	*ret = b;
	return 0;
}

static struct sd_bus *flush_close_unref(struct sd_bus *b)
{
	b->opened--;
	return NULL;
}

static int add_match(struct sd_bus *b, void **slot, const char *match, sdbus_handler handler,
		     void *userdata)
{
	assert_null(slot);
	assert_non_null(strstr(match, "member='JobRemoved'"));
	b->handler = handler;
	b->userdata = userdata;
	return 0;
}

/* libsystemd's list, not ours to shorten */
#define CALL_OF_SD_BUS                                                                             \
	struct sd_bus *b, struct sd_bus_message **ret, const char *destination, const char *path,  \
	    const char *interface, const char *member

static int new_method_call(CALL_OF_SD_BUS)
{
	assert_string_equal(destination, "org.freedesktop.systemd1");
	assert_string_equal(path, "/org/freedesktop/systemd1");
	assert_string_equal(interface, "org.freedesktop.systemd1.Manager");
	*ret = calloc(1, sizeof(**ret));
	(*ret)->bus = b;
	b->messages++;
	say(b, "%s", member);
	return 0;
}

static void append_variant(struct sd_bus *b, va_list ap)
{
	const char *name = va_arg(ap, const char *), *type = va_arg(ap, const char *);

	if (strcmp(type, "s") == 0)
		say(b, " %s=%s", name, va_arg(ap, const char *));
	else if (strcmp(type, "t") == 0)
		say(b, " %s=%llu", name, (unsigned long long)va_arg(ap, uint64_t));
	else if (strcmp(type, "b") == 0)
		say(b, " %s=%s", name, va_arg(ap, int) ? "yes" : "no");
	else if (strcmp(type, "au") == 0) {
		int n = va_arg(ap, int);

		assert_int_equal(n, 1);
		say(b, " %s=%u", name, va_arg(ap, uint32_t));
	} else
		fail_msg("type %s", type);
}

static int append(struct sd_bus_message *m, const char *types, ...)
{
	va_list ap;

	va_start(ap, types);
	if (strcmp(types, "(sv)") == 0) {
		append_variant(m->bus, ap);
	} else if (strcmp(types, "(st)") == 0) {
		const char *device = va_arg(ap, const char *);

		say(m->bus, "(%s,%llu)", device, (unsigned long long)va_arg(ap, uint64_t));
	} else if (strcmp(types, "a(sa(sv))") == 0) {
		assert_int_equal(va_arg(ap, int), 0);
	} else {
		for (; *types; types++) {
			assert_true(*types == 's' || *types == 'b');
			if (*types == 's')
				say(m->bus, " %s", va_arg(ap, const char *));
			else
				say(m->bus, " %d", va_arg(ap, int));
		}
	}
	va_end(ap);
	return 0;
}

static int append_array(struct sd_bus_message *m, char type, const void *p, size_t size)
{
	assert_int_equal(type, 'y');
	for (size_t i = 0; i < size; i++)
		say(m->bus, "%02x", ((const unsigned char *)p)[i]);
	return 0;
}

static int open_container(struct sd_bus_message *m, char type, const char *contents)
{
	say(m->bus, " %c[%s", type, contents);
	return 0;
}

static int close_container(struct sd_bus_message *m)
{
	say(m->bus, "]");
	return 0;
}

static int read_message(struct sd_bus_message *m, const char *types, ...)
{
	va_list ap;

	va_start(ap, types);
	if (strcmp(types, "uoss") == 0) {
		*va_arg(ap, uint32_t *) = 7;
		*va_arg(ap, const char **) = m->foreign ? "/job/other" : "/job/7";
		*va_arg(ap, const char **) = "unit";
		*va_arg(ap, const char **) = m->foreign ? "failed" : m->bus->script.result;
	} else {
		assert_string_equal(types, "o");
		*va_arg(ap, const char **) = "/job/7";
	}
	va_end(ap);
	return 0;
}

static struct sd_bus_message *unref(struct sd_bus_message *m)
{
	if (m)
		m->bus->messages--;
	free(m);
	return NULL;
}

static int call(struct sd_bus *b, struct sd_bus_message *m, uint64_t usec, struct sdbus_error *e,
		struct sd_bus_message **reply)
{
	assert_non_null(m);
	assert_in_range(usec, 1, 60000000);
	say(b, "\n");
	b->calls++;
	e->name = b->script.exists ? "org.freedesktop.systemd1.UnitExists" : b->script.error_name;
	if (b->script.exists > 0)
		b->script.exists--;
	if (e->name) {
		e->message = "It is so.";
		return -EBUSY;
	}
	*reply = calloc(1, sizeof(**reply));
	(*reply)->bus = b;
	b->messages++;
	return 1;
}

static int process(struct sd_bus *b, struct sd_bus_message **ret)
{
	struct sd_bus_message m = {.bus = b};

	assert_null(ret);
	m.foreign = b->script.foreign > 0;
	if (m.foreign)
		b->script.foreign--;
	else if (!b->script.result)
		return 0;
	assert_int_equal(b->handler(&m, b->userdata, NULL), 0);
	return 1;
}

static int wait_bus(struct sd_bus *b, uint64_t usec)
{
	(void)b;
	usleep((useconds_t)(usec < 1000 ? usec : 1000));
	return 0;
}

static void error_free(struct sdbus_error *e)
{
	e->name = NULL;
}

static const struct sdbus fake = {
    .open_system = open_system,
    .flush_close_unref = flush_close_unref,
    .add_match = add_match,
    .new_method_call = new_method_call,
    .append = append,
    .append_array = append_array,
    .open_container = open_container,
    .close_container = close_container,
    .read = read_message,
    .unref = unref,
    .call = call,
    .process = process,
    .wait = wait_bus,
    .error_free = error_free,
};

typedef int (*talk_fn)(const struct scopetalk *t, struct ctr_error *err);

/* One conversation of at most 200 ms; nothing of the library may be left over. */
static int talk(talk_fn fn, struct sd_bus *b, const struct scopeprops *props, struct ctr_error *err)
{
	struct scopetalk t = {.api = &fake,
			      .unit = "container-a.scope",
			      .props = props,
			      .pid = 42,
			      .end_ms = child_now_ms() + 200};
	int r;

	memset(err, 0, sizeof(*err));
	will_return(open_system, b);
	r = fn(&t, err);
	assert_int_equal(b->opened, 0);
	assert_int_equal(b->messages, 0);
	assert_true((r < 0) == (err->text[0] != '\0') && -r == err->errnum);
	return r;
}

static void says_what_systemd_reads(void **state)
{
	struct sd_bus b = {.script = {.result = "done", .foreign = 2}};
	struct scopeprops *props = calloc(1, sizeof(*props));
	struct spec *s = spec_new();
	struct ctr_error err;

	(void)state;
	assert_int_equal(spec_set(s, "Resources", "TasksMax", "5", NULL), 0);
	assert_int_equal(spec_set(s, "Resources", "AllowedCPUs", "0-8", NULL), 0);
	assert_int_equal(spec_set(s, "Resources", "IOReadIOPSMax", "/dev/a 1", NULL), 0);
	assert_int_equal(spec_set(s, "Resources", "IOReadIOPSMax", "/dev/b 2", NULL), 0);
	assert_int_equal(scopeprop_start(s, props, NULL), 0);
	while (strcmp(props->v[0].name, "TasksMax") != 0)
		memmove(props->v, props->v + 1, --props->n * sizeof(*props->v));
	assert_int_equal(talk(scopetalk_set, &b, props, &err), 0);
	assert_string_equal(b.said, "SetUnitProperties container-a.scope 1 a[(sv) TasksMax=5 r[sv "
				    "IOReadIOPSMax v[a(st) a[(st)(/dev/a,1)(/dev/b,2)]]] r[sv "
				    "AllowedCPUs v[ayff01]]]\n");
	b.said[0] = '\0';
	props->n = 1;
	assert_int_equal(talk(scopetalk_start, &b, props, &err), 0);
	assert_string_equal(b.said, "StartTransientUnit container-a.scope fail a[(sv) TasksMax=5 "
				    "PIDs=42]\n");
	b.said[0] = '\0';
	assert_int_equal(talk(scopetalk_stop, &b, NULL, &err), 0);
	assert_string_equal(b.said, "StopUnit container-a.scope replace\n");
	free(props);
	spec_free(s);
}

static void bears_what_systemd_answers(void **state)
{
	static const struct {
		talk_fn fn;
		struct script script;
		int want, code, calls;
	} rows[] = {
	    {scopetalk_start, {.result = "done"}, 0, 0, 1},
	    {scopetalk_start, {.result = "done", .exists = 2}, 0, 0, 3},
	    {scopetalk_start, {.result = "done", .exists = -1}, -EEXIST, CTR_E_ID_IN_USE, -1},
	    {scopetalk_start, {.result = "failed"}, -EIO, CTR_E_SYSTEM, 1},
	    {scopetalk_start, {.result = NULL}, -ETIMEDOUT, CTR_E_TIMEOUT, 1},
	    {scopetalk_start, {.result = NULL, .foreign = 3}, -ETIMEDOUT, CTR_E_TIMEOUT, 1},
	    {scopetalk_start, {.no_bus = -ENOENT}, -ENOTSUP, CTR_E_UNSUPPORTED, 0},
	    {scopetalk_start, {.error_name = "x.y"}, -EBUSY, CTR_E_SYSTEM, 1},
	    {scopetalk_set, {.result = NULL}, 0, 0, 1},
	    {scopetalk_set,
	     {.error_name = "org.freedesktop.systemd1.NoSuchUnit"},
	     -ENOENT,
	     CTR_E_NOT_FOUND,
	     1},
	    {scopetalk_stop, {.error_name = "org.freedesktop.systemd1.NoSuchUnit"}, 0, 0, 1},
	    {scopetalk_stop, {.error_name = "x.y"}, -EBUSY, CTR_E_SYSTEM, 1},
	    {scopetalk_stop, {.result = NULL}, -ETIMEDOUT, CTR_E_TIMEOUT, 1},
	};
	struct scopeprops *props = calloc(1, sizeof(*props));
	struct ctr_error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sd_bus b = {.script = rows[i].script};
		uint64_t start = child_now_ms();

		if (talk(rows[i].fn, &b, props, &err) != rows[i].want || err.code != rows[i].code)
			fail_msg("row %zu: %s", i, err.text);
		if (rows[i].calls >= 0)
			assert_int_equal(b.calls, rows[i].calls);
		assert_in_range(child_now_ms() - start, 0, 3000);
	}
	free(props);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(says_what_systemd_reads),
	    cmocka_unit_test(bears_what_systemd_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
