/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "cleanup.h"
#include "fd.h"
#include "str.h"

#define SERVICE "test"

static int converse(int n, const struct pam_message **msg, struct pam_response **ret, void *data)
{
	struct app *a = data;
	struct pam_response *answers = calloc((size_t)n, sizeof(*answers));

	if (!answers)
		return PAM_BUF_ERR;
	for (int i = 0; i < n; i++) {
		size_t used = strlen(a->said);

		a->messages++;
		assert_int_equal(
		    str_format(a->said + used, sizeof(a->said) - used, "%s\n", msg[i]->msg), 0);
	}
	*ret = answers;
	return PAM_SUCCESS;
}

void app_init(struct app *a)
{
	*a = (struct app){.dir = "/tmp/module-test-XXXXXX"};
	assert_non_null(mkdtemp(a->dir));
}

void app_write(const struct app *a, const char *text)
{
	char path[80];
	autofd int fd = -1;

	assert_int_equal(str_format(path, sizeof(path), "%s/" SERVICE, a->dir), 0);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
}

void app_service(struct app *a, const char *module, const char *args)
{
	autofree char *text = str_dup_format("auth optional %s %s\n"
					     "auth required pam_permit.so\n"
					     "account required pam_permit.so\n"
					     "session required %s %s\n",
					     module, args, module, args);

	assert_non_null(text);
	app_write(a, text);
}

void app_play(struct app *a, const char *scenario, const char *args)
{
	char text[160];

	assert_int_equal(str_format(text, sizeof(text), "conf=%s/%s %s", a->dir, scenario, args),
			 0);
	app_service(a, MODULE_FAKE, text);
}

void app_start(struct app *a, const char *user)
{
	const struct pam_conv conv = {.conv = converse, .appdata_ptr = a};

	a->said[0] = '\0';
	a->messages = 0;
	a->status = PAM_SUCCESS;
	assert_int_equal(pam_start_confdir(SERVICE, user, &conv, a->dir, &a->pamh), PAM_SUCCESS);
}

void app_end(struct app *a)
{
	assert_int_equal(pam_end(a->pamh, a->status), PAM_SUCCESS);
	a->pamh = NULL;
}

int app_open(struct app *a, int flags)
{
	return a->status = pam_open_session(a->pamh, flags);
}

int app_close(struct app *a, int flags)
{
	return a->status = pam_close_session(a->pamh, flags);
}

void app_fresh(struct app *a, const char *module, const char *args, const char *user)
{
	app_init(a);
	app_service(a, module, args);
	app_start(a, user);
}

/* The service file and what the fake wrote down */
void app_done(struct app *a)
{
	static const char *const names[] = {SERVICE, "report"};
	char path[80];

	if (a->pamh)
		app_end(a);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_format(path, sizeof(path), "%s/%s", a->dir, names[i]) == 0)
			(void)unlink(path); /* not every test makes both */
	assert_int_equal(rmdir(a->dir), 0);
}
