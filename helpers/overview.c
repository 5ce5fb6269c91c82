/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "overview.h"

#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

enum {
	ID,
	USER,
	CONTAINER,
	STATE,
	PIDS,
	MEM,
	SINCE,
	SERVICE,
	FROM,
	UID,
	LEADER,
	SUPERVISOR,
	TTY,
	RULE,
	INSTANCE,
	SESSIONS,
	TERMINALS,
	DETACHED,
	CPU,
	MEMMAX,
	TASKSMAX,
	CGROUP,
	MNTNS,
	PIDNS,
	IPCNS,
	UTSNS,
	NETNS,
	CGROUPNS,
	TIMENS,
	COLUMNS
};

#define SHOWN TABLE_DEFAULT

static const struct table_column columns[COLUMNS] = {
    [ID] = {"ID", NULL, "id", TABLE_TEXT, SHOWN, "name of the container"},
    [USER] = {"USER", NULL, "user", TABLE_TEXT, SHOWN, "whose it is"},
    [CONTAINER] = {"CONTAINER", NULL, "container", TABLE_TEXT, SHOWN, "its definition"},
    [STATE] = {"STATE", NULL, "state", TABLE_TEXT, SHOWN | TABLE_COLOUR,
	       "running, created, paused, pausing, checkpointed, stopped, damaged, busy"},
    [PIDS] = {"PIDS", NULL, "pids", TABLE_NUMBER, SHOWN, "processes and threads"},
    [MEM] = {"MEM", NULL, "mem_bytes", TABLE_SIZE, SHOWN, "memory in use"},
    [SINCE] = {"SINCE", NULL, "since", TABLE_TIME, SHOWN, "when it was made"},
    [SERVICE] = {"SERVICE", NULL, "service", TABLE_TEXT, SHOWN, "PAM service that made it"},
    [FROM] = {"FROM", NULL, "from", TABLE_TEXT, SHOWN | TABLE_CUT, "where that login came from"},
    [UID] = {"UID", NULL, "uid", TABLE_NUMBER, 0, "number of the user"},
    [LEADER] = {"LEADER", NULL, "leader_pid", TABLE_NUMBER, 0, "host's pid of its PID 1"},
    [SUPERVISOR] = {"SUPERVISOR", NULL, "supervisor_pid", TABLE_NUMBER, 0, "pid of its supervisor"},
    [TTY] = {"TTY", NULL, "tty", TABLE_TEXT, 0, "terminal of the login that made it"},
    [RULE] = {"RULE", NULL, "rule", TABLE_TEXT, 0, "the policy's rule"},
    [INSTANCE] = {"INSTANCE", NULL, "instance", TABLE_TEXT, 0, "session, user, shared or api"},
    [SESSIONS] = {"SESSIONS", NULL, "sessions", TABLE_NUMBER, 0, "logins that use it"},
    [TERMINALS] = {"TERMINALS", NULL, "terminals", TABLE_TEXT, 0, "its terminal sessions"},
    [DETACHED] = {"DETACHED", NULL, "detached", TABLE_TEXT, 0, "those that nobody is attached to"},
    [CPU] = {"CPU", NULL, "cpu_us", TABLE_SPAN, 0, "CPU time"},
    [MEMMAX] = {"MEMMAX", NULL, "mem_limit_bytes", TABLE_SIZE, 0, "limit of memory"},
    [TASKSMAX] = {"TASKSMAX", NULL, "pids_limit", TABLE_NUMBER, 0, "limit of processes"},
    [CGROUP] = {"CGROUP", NULL, "cgroup", TABLE_TEXT, 0, "its control group"},
    [MNTNS] = {"MNTNS", NULL, "ns_mnt", TABLE_NUMBER, 0, "inode of its mount namespace"},
    [PIDNS] = {"PIDNS", NULL, "ns_pid", TABLE_NUMBER, 0, "inode of its pid namespace"},
    [IPCNS] = {"IPCNS", NULL, "ns_ipc", TABLE_NUMBER, 0, "inode of its IPC namespace"},
    [UTSNS] = {"UTSNS", NULL, "ns_uts", TABLE_NUMBER, 0, "inode of its UTS namespace"},
    [NETNS] = {"NETNS", NULL, "ns_net", TABLE_NUMBER, 0, "inode of its network namespace"},
    [CGROUPNS] = {"CGROUPNS", NULL, "ns_cgroup", TABLE_NUMBER, 0, "inode of its cgroup namespace"},
    [TIMENS] = {"TIMENS", NULL, "ns_time", TABLE_NUMBER, 0, "inode of its time namespace"},
};

const char *overview_colour(const char *state)
{
	if (strcmp(state, "running") == 0 || strcmp(state, "created") == 0)
		return "green";
	if (strcmp(state, "paused") == 0 || strcmp(state, "pausing") == 0)
		return "brown";
	return "red";
}

const struct table_model overview_model = {"containers", columns, COLUMNS, overview_colour};

static const char *or_null(const char *text)
{
	return *text ? text : NULL;
}

static void add_record(struct table *t, const struct ctr_info *i)
{
	table_text(t, ID, i->id);
	table_text(t, USER, or_null(i->user));
	table_text(t, CONTAINER, or_null(i->definition));
	table_text(t, STATE, ctr_status_name(i->status));
	table_number(t, SINCE, i->created_us);
	table_text(t, SERVICE, or_null(i->service));
	table_text(t, FROM, or_null(i->rhost));
	table_number(t, UID, *i->user ? i->uid : TABLE_ABSENT);
	table_number(t, LEADER, i->init_pid > 0 ? (uint64_t)i->init_pid : TABLE_ABSENT);
	table_number(t, SUPERVISOR,
		     i->supervisor_pid > 0 ? (uint64_t)i->supervisor_pid : TABLE_ABSENT);
	table_text(t, TTY, or_null(i->tty));
	table_text(t, RULE, or_null(i->rule));
	table_text(t, INSTANCE, or_null(i->instance));
	table_text(t, CGROUP, or_null(i->cgroup));
}

static void add_namespaces(struct table *t, const struct ctr_info *info)
{
	static const struct {
		const char *name;
		int column;
	} all[] = {{"mnt", MNTNS}, {"pid", PIDNS},	 {"ipc", IPCNS},  {"uts", UTSNS},
		   {"net", NETNS}, {"cgroup", CGROUPNS}, {"time", TIMENS}};

	for (size_t i = 0; i < info->nns; i++)
		for (size_t k = 0; k < ARRAY_SIZE(all); k++)
			if (strcmp(info->ns[i].name, all[k].name) == 0)
				table_number(t, (size_t)all[k].column, info->ns[i].inode);
}

static void add_figures(struct table *t, struct ctr_container *c)
{
	autofree struct ctr_stats *s = malloc(sizeof(*s));

	if (!s || ctr_stats_read(c, s, NULL) < 0)
		return; /* stopped meanwhile: no figures */
	table_number(t, PIDS, s->pids_current);
	table_number(t, MEM, s->mem_usage);
	table_number(t, CPU, s->cpu_usage_us);
	table_number(t, MEMMAX, s->mem_limit);
	table_number(t, TASKSMAX, s->pids_limit);
}

/* Names with commas between; as much as fits. */
static void add_terminals(struct table *t, struct ctr_container *c)
{
	autofree struct ctr_terminal *all = NULL;
	char names[2][600] = {"", ""};
	size_t n = 0;

	if (ctr_terminals(c, &all, &n, NULL) < 0)
		return; /* it ended meanwhile */
	for (size_t i = 0; i < n; i++) {
		for (int k = 0; k < 2; k++) {
			size_t len = strlen(names[k]);

			if (k == 0 || !all[i].attached)
				(void)!str_format(names[k] + len, sizeof(names[k]) - len, "%s%s",
						  len > 0 ? "," : "", all[i].name);
		}
	}
	table_text(t, TERMINALS, or_null(names[0]));
	table_text(t, DETACHED, or_null(names[1]));
}

void overview_add(struct table *t, struct ctr_container *c, const struct ctr_info *info)
{
	autofree struct ctr_session *sessions = NULL;
	size_t n;

	table_row(t);
	add_record(t, info);
	add_namespaces(t, info);
	if (info->status == CTR_STOPPED)
		return;
	if (table_wants(t, PIDS) || table_wants(t, MEM) || table_wants(t, CPU) ||
	    table_wants(t, MEMMAX) || table_wants(t, TASKSMAX))
		add_figures(t, c);
	/* asks the supervisor, which costs */
	if (table_wants(t, SESSIONS) && ctr_sessions(c, &sessions, &n, NULL) == 0)
		table_number(t, SESSIONS, n);
	if (table_wants(t, TERMINALS) || table_wants(t, DETACHED))
		add_terminals(t, c);
}

void overview_add_unread(struct table *t, const char *id, bool busy)
{
	char shown[300];

	table_row(t);
	str_escape(shown, sizeof(shown), id);
	table_text(t, ID, shown);
	table_text(t, STATE, busy ? "busy" : "damaged");
}
