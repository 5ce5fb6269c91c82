/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "metrics.h"

#include <inttypes.h>
#include <string.h>

#include "attr.h"

#define PREFIX "pam_container_"

/** struct family - a metric: its name, as https://prometheus.io/docs/practices/naming says */
static const struct family {
	const char *name, *type, *help;
	bool sum; /* of several containers says something */
	bool us;  /* microseconds, written as seconds */
} families[METRICS_FIGURES] = {
    [METRICS_MEMORY] = {"memory_bytes", "gauge", "Memory in use.", true, false},
    [METRICS_SWAP] = {"swap_bytes", "gauge", "Swap in use.", true, false},
    [METRICS_TASKS] = {"tasks", "gauge", "Processes and threads.", true, false},
    [METRICS_MEMORY_LIMIT] = {"memory_limit_bytes", "gauge", "Limit of memory.", false, false},
    [METRICS_TASKS_LIMIT] = {"tasks_limit", "gauge", "Limit of processes and threads.", false,
			     false},
    [METRICS_CREATED] = {"created_seconds", "gauge", "When it was made, since 1970.", false, true},
    [METRICS_CPU] = {"cpu_seconds_total", "counter", "CPU time.", false, true},
    [METRICS_THROTTLED] = {"cpu_throttled_seconds_total", "counter",
			   "Time held back by a CPU quota.", false, true},
    [METRICS_OOM_KILLS] = {"oom_kills_total", "counter", "Processes killed for memory.", false,
			   false},
    [METRICS_MEMORY_FAILURES] = {"memory_failures_total", "counter",
				 "Times that the limit of memory was hit.", false, false},
    [METRICS_TASKS_FAILURES] = {"tasks_failures_total", "counter",
				"Times that the limit of processes was hit.", false, false},
    [METRICS_READ] = {"io_read_bytes_total", "counter", "Read from disks.", false, false},
    [METRICS_WRITTEN] = {"io_written_bytes_total", "counter", "Written to disks.", false, false},
    [METRICS_RECEIVED] = {"network_received_bytes_total", "counter",
			  "Received by a network of its own.", false, false},
    [METRICS_SENT] = {"network_sent_bytes_total", "counter", "Sent by a network of its own.", false,
		      false},
};

static void put_head(FILE *f, const char *name, const char *type, const char *help)
{
	(void)fprintf(f, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name,
		      type);
}

/* As the format wants it: backslash, quote and newline are escaped. */
static void put_label(FILE *f, const char *before, const char *name, const char *value)
{
	(void)fprintf(f, "%s%s=\"", before, name);
	for (const char *p = value; *p; p++) {
		if (*p == '\\' || *p == '"')
			(void)fputc('\\', f);
		if (*p == '\n')
			(void)fputs("\\n", f);
		else
			(void)fputc(*p, f);
	}
	(void)fputc('"', f);
}

static void put_value(FILE *f, const struct family *family, uint64_t value)
{
	if (family->us)
		(void)fprintf(f, "} %" PRIu64 ".%06" PRIu64 "\n", value / 1000000, value % 1000000);
	else
		(void)fprintf(f, "} %" PRIu64 "\n", value);
}

/* ---- how many there are ---- */

static bool is_same_kind(const struct metrics_row *a, const struct metrics_row *b)
{
	return a->status == b->status && strcmp(a->container, b->container) == 0;
}

static void write_containers(const struct metrics *m, FILE *f)
{
	put_head(f, "containers", "gauge", "Containers by definition and state.");
	for (size_t i = 0; i < m->n; i++) {
		size_t before = 0, count = 0;

		for (size_t k = 0; k < m->n; k++) {
			if (!is_same_kind(&m->v[i], &m->v[k]))
				continue;
			before += k < i;
			count++;
		}
		if (before > 0)
			continue;
		put_label(f, PREFIX "containers{", "container", m->v[i].container);
		put_label(f, ",", "state", ctr_status_name(m->v[i].status));
		(void)fprintf(f, "} %zu\n", count);
	}
}

/* ---- figures ---- */

static bool has_any(const struct metrics *m, size_t figure)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].v[figure] != CTR_ABSENT)
			return true;
	return false;
}

static void write_each(const struct metrics *m, size_t figure, FILE *f)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct metrics_row *row = &m->v[i];

		if (row->v[figure] == CTR_ABSENT)
			continue;
		(void)fprintf(f, PREFIX "%s", families[figure].name);
		put_label(f, "{", "container", row->container);
		put_label(f, ",", "id", row->id);
		put_label(f, ",", "user", row->user);
		put_value(f, &families[figure], row->v[figure]);
	}
}

/* One line a definition, where the first container with a figure stands. */
static void write_sums(const struct metrics *m, size_t figure, FILE *f)
{
	for (size_t i = 0; i < m->n; i++) {
		uint64_t sum = 0;
		size_t first = m->n;

		for (size_t k = 0; k < m->n; k++) {
			if (m->v[k].v[figure] == CTR_ABSENT ||
			    strcmp(m->v[k].container, m->v[i].container) != 0)
				continue;
			first = first < k ? first : k;
			sum += m->v[k].v[figure];
		}
		if (first != i)
			continue;
		(void)fprintf(f, PREFIX "%s", families[figure].name);
		put_label(f, "{", "container", m->v[i].container);
		put_value(f, &families[figure], sum);
	}
}

void metrics_write(const struct metrics *m, bool per_container, FILE *f)
{
	write_containers(m, f);
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		if (!has_any(m, i) || (!per_container && !families[i].sum))
			continue;
		put_head(f, families[i].name, families[i].type, families[i].help);
		(per_container ? write_each : write_sums)(m, i, f);
	}
}
