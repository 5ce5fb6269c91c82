/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reattach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fd.h"
#include "num.h"
#include "str.h"

enum { ANSWERS = 5 };

bool reattach_wanted(const char *const *argv)
{
	if (!argv[0])
		return false;
	for (size_t i = 1; argv[i]; i++)
		if (!str_equal(argv[i], "-l") && !str_equal(argv[i], "--login") &&
		    !str_equal(argv[i], "-i"))
			return false;
	return true;
}

/* The one that began last */
static const struct proto_row *newest(const struct proto_list *list)
{
	const struct proto_row *found = &list->rows[0];

	for (size_t i = 1; i < list->n; i++)
		if (list->rows[i].since_us > found->since_us)
			found = &list->rows[i];
	return found;
}

int reattach_answer(const char *line, const struct proto_list *list)
{
	char word[16];
	uint32_t name;

	if (str_copy(word, sizeof(word), line) < 0)
		return -EINVAL;
	word[strcspn(word, "\r\n")] = '\0';
	if (!*word)
		return (int)newest(list)->name;
	if (str_equal(word, "n"))
		return 0;
	if (num_id(word, &name) < 0)
		return -EINVAL;
	for (size_t i = 0; i < list->n; i++)
		if (list->rows[i].name == name)
			return (int)name;
	return -EINVAL;
}

/* Its program's name; MUST-11: a process names itself as it likes. */
static void program_of(pid_t pid, char *dst, size_t size)
{
	char path[32], name[32] = "";

	if (str_format(path, sizeof(path), "/proc/%d/comm", pid) == 0 &&
	    fd_read_file_at(AT_FDCWD, path, name, sizeof(name)) > 0)
		name[strcspn(name, "\n")] = '\0';
	str_escape(dst, size, name);
}

static void show(const struct proto_list *list)
{
	(void)fprintf(stderr, "Your sessions here:\n");
	for (size_t i = 0; i < list->n; i++) {
		const struct proto_row *row = &list->rows[i];
		time_t since = (time_t)(row->since_us / 1000000);
		char when[32] = "", program[64];
		struct tm tm;

		if (localtime_r(&since, &tm))
			(void)!strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &tm);
		program_of(row->pid, program, sizeof(program));
		(void)fprintf(stderr, "  %u  since %s  %s%s\n", row->name, when, program,
			      row->attached ? "  (attached)" : "");
	}
	(void)fprintf(stderr, "  n  a new one\n");
}

/* A session number, 0 for a new one, -errno */
static int ask(const struct proto_list *list, struct ctr_error *err)
{
	char line[64];

	show(list);
	for (int i = 0; i < ANSWERS; i++) {
		int answer;

		(void)fprintf(stderr, "Which one? [%u] ", newest(list)->name);
		(void)fflush(stderr);
		if (!fgets(line, sizeof(line), stdin))
			return err_set(err, CTR_E_SYSTEM, ECONNRESET, "attach", "no answer");
		answer = reattach_answer(line, list);
		if (answer >= 0)
			return answer;
	}
	return 0;
}

int reattach(int sock, struct proto_session *ret, struct ctr_error *err)
{
	struct proto_list list;
	struct ctr_error mine;
	int name = 0, r = proto_attach(sock, 0, ret, &list, err);

	while (r == PROTO_CHOOSE && list.n > 0) {
		name = ask(&list, err);
		if (name <= 0)
			return name < 0 ? name : PROTO_NONE;
		r = proto_attach(sock, (unsigned int)name, ret, NULL, &mine);
		if (r == PROTO_ATTACHED)
			return r;
		/* it has ended, or was taken meanwhile: what is there now? */
		(void)fprintf(stderr, "%s\n", mine.text);
		r = proto_attach(sock, 0, ret, &list, err);
	}
	return r == PROTO_CHOOSE ? PROTO_NONE : r;
}
