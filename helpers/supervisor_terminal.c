/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <unistd.h>

#include "load.h"
#include "str.h"
#include "supervisor.h"

/*
 * login(1) hangs its terminal up and opens it again by name, after it has joined. Ptys are in the
 * usual rules; a console is not (cgdevlist.c), so it is added for as long as its session lasts.
 */

/* PAM_TTY is a console when the kernel has a terminal of that name: tty5, /dev/ttyS0. */
static bool is_console(const char *tty, char *line, size_t size)
{
	const char *name = tty;
	char path[64];

	(void)str_has_prefix(tty, "/dev/", &name);
	if (!*name || strchr(name, '/') || name[0] == '.')
		return false;
	return str_format(path, sizeof(path), "/sys/class/tty/%s", name) == 0 &&
	       access(path, F_OK) == 0 && str_format(line, size, "/dev/%s rw", name) == 0;
}

static int add_consoles(const struct supervisor *s, struct spec *spec)
{
	char line[64];
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->nsessions; i++)
		if (is_console(s->sessions[i].tty, line, sizeof(line)))
			r = strv_add(&spec->device_allow, line);
	return r;
}

int supervisor_allow_consoles(struct supervisor *s, struct ctr_error *err)
{
	autospec struct spec *spec = NULL;
	bool any = false;
	char line[64];
	int r;

	for (size_t i = 0; i < s->nsessions; i++)
		any |= is_console(s->sessions[i].tty, line, sizeof(line));
	if (!any && !s->consoles)
		return 0;
	r = load_definition_text(s->c.st.definition, s->c.st.text, NULL, &spec, err);
	if (r < 0)
		return r;
	if (spec->device_policy == SPEC_DEV_AUTO && spec->device_allow.n == 0)
		return 0; /* nothing is refused */
	r = add_consoles(s, spec);
	if (r < 0)
		return err_sys(err, r, "enter", "list the consoles of container %s", s->c.st.id);
	r = cg_set_devices(&s->c.cg, spec, err);
	if (r == 0)
		s->consoles = any;
	return r;
}
