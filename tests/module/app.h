/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef APP_H
#define APP_H

#include "unit.h"

#include <security/pam_appl.h>

/* A program that uses PAM, with a service file of its own: what sshd or login are to the module. */

/* The module as installed, with a supervisor that plays (fake.c), with a living one besides (which
 * test_knock.c plays), and with none at all. */
#define MODULE_REAL    MODULE_BUILD "/.libs/pam_container.so"
#define MODULE_FAKE    MODULE_BUILD "/tests/module/.libs/module_fake.so"
#define MODULE_KNOCK   MODULE_BUILD "/tests/module/.libs/module_knock.so"
#define MODULE_MISSING MODULE_BUILD "/tests/module/.libs/module_missing.so"

/* Accounts that every machine has. */
#define APP_USER "nobody"
#define APP_ROOT "root"

/** struct app - one; lives as long as its test */
struct app {
	char dir[40];	 /* holds the service file */
	char said[1024]; /* what the user was told, a newline after each message */
	size_t messages;
	pam_handle_t *pamh;
	int status; /* of the last call, for pam_end */
};

/** app_init, app_done - make and remove the folder; fail the test if they cannot */
void app_init(struct app *a);
void app_done(struct app *a);

/** app_service - write the service file: the two lines of an administrator, args after the second
 */
void app_service(struct app *a, const char *module, const char *args);

/** app_write - write a service file of that text */
void app_write(const struct app *a, const char *text);

/** app_start, app_end - one transaction for a user */
void app_start(struct app *a, const char *user);
void app_end(struct app *a);

/**
 * app_open, app_close - pam_open_session, pam_close_session with those flags
 *
 * After a failed open libpam answers pam_close_session by itself: PAM_PERM_DENIED.
 */
int app_open(struct app *a, int flags);
int app_close(struct app *a, int flags);

/** app_play - as app_service for MODULE_FAKE: the supervisor plays that scenario (see fake.c) */
void app_play(struct app *a, const char *scenario, const char *args);

/** app_fresh - init, app_service and start in one */
void app_fresh(struct app *a, const char *module, const char *args, const char *user);

#endif
