/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "attr.h"
#include "cleanup.h"
#include "metrics.h"
#include "str.h"
#include "totals.h"

static struct metrics_row row(const char *id, const char *container, enum ctr_status status)
{
	struct metrics_row r = {.status = status};

	for (size_t i = 0; i < METRICS_FIGURES; i++)
		r.v[i] = CTR_ABSENT;
	(void)!str_copy(r.id, sizeof(r.id), id);
	(void)!str_copy(r.container, sizeof(r.container), container);
	return r;
}

static char *text_of(const struct metrics *m, bool per_container)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	metrics_write(m, per_container, f);
	assert_int_equal(fclose(f), 0);
	return text;
}

#define CONTAINERS                                                                                 \
	"# HELP pam_container_containers Containers by definition and state.\n"                    \
	"# TYPE pam_container_containers gauge\n"

static void sums_of_a_definition(void **state)
{
	struct metrics_row v[] = {row("a-1", "box", CTR_RUNNING), row("b-1", "box", CTR_RUNNING),
				  row("c-1", "box", CTR_PAUSED), row("d", "", CTR_RUNNING)};
	const struct metrics m = {v, ARRAY_SIZE(v)};
	autofree char *text = NULL;

	(void)state;
	v[1].v[METRICS_MEMORY] = 7;
	v[2].v[METRICS_MEMORY] = 5;
	v[3].v[METRICS_MEMORY] = 1;
	v[0].v[METRICS_CPU] = 99; /* a sum of counters would fall */
	text = text_of(&m, false);
	assert_string_equal(text, CONTAINERS
			    "pam_container_containers{container=\"box\",state=\"running\"} 2\n"
			    "pam_container_containers{container=\"box\",state=\"paused\"} 1\n"
			    "pam_container_containers{container=\"\",state=\"running\"} 1\n"
			    "# HELP pam_container_memory_bytes Memory in use.\n"
			    "# TYPE pam_container_memory_bytes gauge\n"
			    "pam_container_memory_bytes{container=\"box\"} 12\n"
			    "pam_container_memory_bytes{container=\"\"} 1\n");
}

static void a_line_for_each(void **state)
{
	struct metrics_row v[] = {row("a-1", "b\"o\\x\n", CTR_RUNNING),
				  row("b-1", "box", CTR_RUNNING)};
	const struct metrics m = {v, 1}, none = {NULL, 0};
	autofree char *text = NULL, *nothing = text_of(&none, true);

	(void)state;
	assert_string_equal(nothing, CONTAINERS);
	v[0].v[METRICS_CPU] = 2000345;
	text = text_of(&m, true);
	assert_string_equal(
	    text, CONTAINERS
	    "pam_container_containers{container=\"b\\\"o\\\\x\\n\",state=\"running\"} 1\n"
	    "# HELP pam_container_cpu_seconds_total CPU time.\n"
	    "# TYPE pam_container_cpu_seconds_total counter\n"
	    "pam_container_cpu_seconds_total{container=\"b\\\"o\\\\x\\n\",id=\"a-1\",user=\"\"} "
	    "2.000345\n");
}

static void totals_over_parts(void **state)
{
	struct ctr_stats s = {.nio = 2, .nnet = 1, .nhuge = 0};
	struct totals t;

	(void)state;
	s.io[0].read_bytes = 5;
	s.io[1].read_bytes = 6;
	s.io[0].write_bytes = CTR_ABSENT;
	s.io[1].write_bytes = 4;
	s.net[0].rx_bytes = 3;
	totals_of(&s, &t);
	assert_int_equal(t.io_read, 11);
	assert_int_equal(t.io_written, 4);
	assert_int_equal(t.received, 3);
	assert_true(t.huge == CTR_ABSENT);
	s.nnet = 2; /* the host counts for the second: lo is left out */
	(void)!str_copy(s.net[1].host_name, sizeof(s.net[1].host_name), "veth");
	s.net[1].rx_bytes = 40;
	totals_of(&s, &t);
	assert_int_equal(t.received, 40);
	s.nnet = 0;
	totals_of(&s, &t);
	assert_true(t.received == CTR_ABSENT && t.sent == CTR_ABSENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sums_of_a_definition),
	    cmocka_unit_test(a_line_for_each),
	    cmocka_unit_test(totals_over_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
