/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image.h"

#include <errno.h>
#include <string.h>

enum {
	ID,
	USER,
	CONTAINER,
	STATE,
	CREATED,
	SIZE,
	COUNTER,
	KEY,
	UID,
	FILES,
	KERNEL,
	CRIU,
	RUNNING,
	COLUMNS
};

#define SHOWN TABLE_DEFAULT

static const struct table_column columns[COLUMNS] = {
    [ID] = {"ID", NULL, "id", TABLE_TEXT, SHOWN, "name of the container"},
    [USER] = {"USER", NULL, "user", TABLE_TEXT, SHOWN, "whose it is"},
    [CONTAINER] = {"CONTAINER", NULL, "container", TABLE_TEXT, SHOWN, "its definition"},
    [STATE] = {"STATE", NULL, "state", TABLE_TEXT, SHOWN | TABLE_COLOUR,
	       "ready, spent (restored before), stale (not the newest), foreign (another key's) or "
	       "damaged"},
    [CREATED] = {"CREATED", NULL, "created", TABLE_TIME, SHOWN, "when it was taken"},
    [SIZE] = {"SIZE", NULL, "size_bytes", TABLE_SIZE, SHOWN, "of all its files"},
    [COUNTER] = {"COUNTER", NULL, "counter", TABLE_NUMBER, SHOWN, "larger for a later one"},
    [KEY] = {"KEY", NULL, "key", TABLE_TEXT, SHOWN, "ID of the key that it is signed with"},
    [UID] = {"UID", NULL, "uid", TABLE_NUMBER, 0, "number of the user"},
    [FILES] = {"FILES", NULL, "files", TABLE_NUMBER, 0, "number of its files"},
    [KERNEL] = {"KERNEL", NULL, "kernel", TABLE_TEXT, 0, "kernel that it was taken on"},
    [CRIU] = {"CRIU", NULL, "criu", TABLE_TEXT, 0, "version of criu that took it"},
    [RUNNING] = {"RUNNING", NULL, "left_running", TABLE_NUMBER, 0,
		 "1: the container went on when it was taken"},
};

static const char *colour(const char *state)
{
	if (strcmp(state, ctr_image_state_name(CTR_IMAGE_READY)) == 0)
		return "green";
	return strcmp(state, ctr_image_state_name(CTR_IMAGE_DAMAGED)) == 0 ? "red" : "brown";
}

const struct table_model image_model = {"checkpoints", columns, COLUMNS, colour};

static const char *or_null(const char *text)
{
	return *text ? text : NULL;
}

void image_add(struct table *t, const struct ctr_image *i)
{
	bool known = i->counter != 0; /* else nothing of it is believed */

	table_row(t);
	table_text(t, ID, i->id);
	table_text(t, USER, or_null(i->user));
	table_text(t, CONTAINER, or_null(i->definition));
	table_text(t, STATE, ctr_image_state_name(i->state));
	table_number(t, CREATED, known ? i->created_us : TABLE_ABSENT);
	table_number(t, SIZE, known ? i->bytes : TABLE_ABSENT);
	table_number(t, COUNTER, known ? i->counter : TABLE_ABSENT);
	table_text(t, KEY, or_null(i->key));
	table_number(t, UID, *i->user ? i->uid : TABLE_ABSENT);
	table_number(t, FILES, known ? i->files : TABLE_ABSENT);
	table_text(t, KERNEL, or_null(i->kernel));
	table_text(t, CRIU, or_null(i->criu));
	table_number(t, RUNNING, known ? (uint64_t)i->leave_running : TABLE_ABSENT);
}

const char *image_hint(const struct ctr_error *err)
{
	static const struct {
		int code, errnum;
		const char *stage, *hint;
	} hints[] = {
	    {CTR_E_NOT_FOUND, ENOENT, "key",
	     "; try 'containerctl checkpoint-key create', or import another machine's"},
	    {CTR_E_NOT_FOUND, ENOENT, "checkpoint", "; try 'containerctl checkpoints'"},
	    {CTR_E_ID_IN_USE, EEXIST, "key",
	     "; --replace takes its place, and its checkpoints cannot be restored from then on"},
	    {CTR_E_ID_IN_USE, EEXIST, "import", "; --replace takes its place"},
	    {CTR_E_IMAGE, EKEYREJECTED, "manifest",
	     "; 'containerctl checkpoint-key import' brings that key here"},
	    {CTR_E_UNSUPPORTED, ENOTSUP, "checkpoint", "; install it (libsodium23)"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(hints); i++)
		if (err->code == hints[i].code && err->errnum == hints[i].errnum &&
		    strcmp(err->stage, hints[i].stage) == 0)
			return hints[i].hint;
	return "";
}

int image_failed(const struct ctl *ctl, const char *what, const struct ctr_error *err)
{
	char shown[300] = "";

	if (err->code == CTR_E_NOT_FOUND)
		what = NULL; /* the text names it */
	if (what)
		str_escape(shown, sizeof(shown), what);
	ctl_say(ctl, "%s%s%s%s", shown, what ? ": " : "", err->text, image_hint(err));
	return CTL_FAILED;
}
