/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "num.h"
#include "str.h"

/*
 * driver FOLDER SERVICE USER late|join cycle|hold|rounds N: logs in through the PAM stack of that
 * folder and prints the nanoseconds of each pam_open_session. `late` calls pam_setcred first, as
 * sshd does. `cycle` logs in and out once, `rounds` once for each of N bytes of standard input;
 * `hold` keeps N sessions open until standard input ends.
 */

enum { COUNT_MAX = 100000 };

static int no_conversation(int n, const struct pam_message **msg, struct pam_response **resp,
			   void *data)
{
	(void)resp;
	(void)data;
	for (int i = 0; i < n; i++)
		(void)fprintf(stderr, "driver: %s\n", msg[i]->msg);
	return PAM_CONV_ERR;
}

static int failed(const char *what, int rc)
{
	(void)fprintf(stderr, "driver: %s: error %d\n", what, rc);
	return rc;
}

static pam_handle_t *prepare(char **argv)
{
	static const struct pam_conv conv = {no_conversation, NULL};
	pam_handle_t *h = NULL;
	int rc = pam_start_confdir(argv[2], argv[3], &conv, argv[1], &h);

	if (rc == PAM_SUCCESS)
		rc = pam_set_item(h, PAM_TTY, "ssh");
	if (rc == PAM_SUCCESS)
		rc = pam_set_item(h, PAM_RHOST, "127.0.0.1");
	if (rc == PAM_SUCCESS && str_equal(argv[4], "late"))
		rc = pam_setcred(h, PAM_ESTABLISH_CRED);
	if (rc == PAM_SUCCESS)
		return h;
	(void)failed("prepare", rc);
	return NULL;
}

static int open_timed(pam_handle_t *h)
{
	struct timespec a, b;
	int rc;

	(void)clock_gettime(CLOCK_MONOTONIC, &a); /* cannot fail for this clock */
	rc = pam_open_session(h, 0);
	(void)clock_gettime(CLOCK_MONOTONIC, &b);
	if (rc != PAM_SUCCESS)
		return failed("open_session", rc);
	(void)printf("%lld\n", (long long)(b.tv_sec - a.tv_sec) * 1000000000 +
				   (long long)(b.tv_nsec - a.tv_nsec));
	return fflush(stdout);
}

static int finish(pam_handle_t *h)
{
	int rc = pam_close_session(h, 0);

	(void)pam_end(h, rc);
	return rc == PAM_SUCCESS ? 0 : failed("close_session", rc);
}

static int cycle(char **argv)
{
	pam_handle_t *h = prepare(argv);
	int rc = h ? open_timed(h) : 1;

	return rc == 0 ? finish(h) : rc;
}

static void wait_for_end(void)
{
	char byte;

	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
}

/* One login for each byte of standard input, so that the same process can be looked at between. */
static int rounds(char **argv, int n)
{
	int rc = 0;
	char byte;

	for (int i = 0; rc == 0 && i < n && read(STDIN_FILENO, &byte, 1) == 1; i++)
		rc = cycle(argv);
	if (rc == 0)
		wait_for_end();
	return rc;
}

static int hold(char **argv, int n)
{
	pam_handle_t **h = calloc((size_t)n, sizeof(pam_handle_t *));
	int rc = h ? 0 : 1, opened = 0;

	while (rc == 0 && opened < n) {
		h[opened] = prepare(argv);
		rc = h[opened] ? open_timed(h[opened]) : 1;
		opened += rc == 0;
	}
	if (rc == 0)
		wait_for_end();
	while (opened > 0)
		rc |= finish(h[--opened]);
	free(h);
	return rc;
}

int main(int argc, char **argv)
{
	int n;

	if (argc != 7 || num_int_in(argv[6], 1, COUNT_MAX, &n) < 0)
		return 2;
	if (str_equal(argv[5], "hold"))
		return hold(argv, n) != 0;
	if (str_equal(argv[5], "rounds"))
		return rounds(argv, n) != 0;
	return cycle(argv) != 0;
}
