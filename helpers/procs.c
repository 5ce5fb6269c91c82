/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "procs.h"

#include <string.h>

#include "cleanup.h"
#include "who.h"

enum { ID, PID, HOSTPID, USER, STATE, CPU, MEM, COMMAND, PPID, UID, COLUMNS };

static const struct table_column columns[COLUMNS] = {
    [ID] = {"ID", NULL, "id", TABLE_TEXT, TABLE_DEFAULT, "container"},
    [PID] = {"PID", NULL, "pid", TABLE_NUMBER, TABLE_DEFAULT,
	     "as the container sees it; none: it cannot see the process"},
    [HOSTPID] = {"HOSTPID", NULL, "host_pid", TABLE_NUMBER, TABLE_DEFAULT, "as the host sees it"},
    [USER] = {"USER", NULL, "user", TABLE_TEXT, TABLE_DEFAULT, "whose it is"},
    [STATE] = {"STATE", NULL, "state", TABLE_TEXT, TABLE_DEFAULT,
	       "R, S, D, Z, T, t, I as ps(1) has them"},
    [CPU] = {"CPU", NULL, "cpu_us", TABLE_SPAN, TABLE_DEFAULT, "CPU time"},
    [MEM] = {"MEM", NULL, "rss_bytes", TABLE_SIZE, TABLE_DEFAULT, "resident memory"},
    [COMMAND] = {"COMMAND", NULL, "command", TABLE_TEXT, TABLE_DEFAULT | TABLE_CUT | TABLE_TREE,
		 "command line, or name"},
    [PPID] = {"PPID", NULL, "host_ppid", TABLE_NUMBER, 0, "host's pid of its parent"},
    [UID] = {"UID", NULL, "uid", TABLE_NUMBER, 0, "number of the user"},
};

const struct table_model procs_model = {"processes", columns, COLUMNS, NULL};

static void add_one(struct table *t, const char *id, const struct ctr_proc_info *p)
{
	const char state[2] = {p->state, '\0'};
	char user[64];

	who_name(p->uid, user, sizeof(user));
	table_row(t);
	table_text(t, ID, id);
	table_number(t, PID, p->inner_pid > 0 ? (uint64_t)p->inner_pid : TABLE_ABSENT);
	table_number(t, HOSTPID, (uint64_t)p->pid);
	table_text(t, USER, user);
	table_text(t, STATE, state);
	table_number(t, CPU, p->cpu_us);
	table_number(t, MEM, p->rss_bytes);
	table_text(t, COMMAND, p->command);
	table_number(t, PPID, (uint64_t)p->ppid);
	table_number(t, UID, p->uid);
	table_identify(t, (uint64_t)p->pid, (uint64_t)p->ppid);
}

int procs_add(struct table *t, const char *id, struct ctr_container *c, struct ctr_error *err)
{
	autofree struct ctr_proc_info *all = NULL;
	size_t n = 0;
	int r = ctr_processes(c, &all, &n, err);

	for (size_t i = 0; r == 0 && i < n; i++)
		add_one(t, id, &all[i]);
	return r;
}
