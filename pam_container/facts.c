/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "facts.h"

#include <errno.h>
#include <pwd.h>
#include <security/pam_ext.h>
#include <security/pam_modutil.h>
#include <unistd.h>

const char *facts_text(pam_handle_t *pamh, int item)
{
	const void *v = NULL;

	return pam_get_item(pamh, item, &v) == PAM_SUCCESS && v ? v : "";
}

static int get_user(pam_handle_t *pamh, const struct passwd **ret)
{
	const char *user = NULL;
	int r = pam_get_user(pamh, &user, NULL);

	if (r != PAM_SUCCESS)
		return r;
	*ret = pam_modutil_getpwnam(pamh, user);
	return *ret ? PAM_SUCCESS : PAM_USER_UNKNOWN;
}

int facts_uid(pam_handle_t *pamh, uid_t *ret)
{
	const struct passwd *pw;
	int r = get_user(pamh, &pw);

	if (r == PAM_SUCCESS)
		*ret = pw->pw_uid;
	return r;
}

int facts_collect(pam_handle_t *pamh, int hook, struct msg *m, struct ctr_error *err)
{
	const struct passwd *pw;
	int r = get_user(pamh, &pw);

	if (r != PAM_SUCCESS)
		return err_set(err, CTR_E_DENIED, ENOENT, "facts", "user is not known: %s",
			       pam_strerror(pamh, r));
	msg_init(m, "login");
	msg_add(m, "user", "%s", pw->pw_name);
	msg_add(m, "uid", "%u", pw->pw_uid);
	msg_add(m, "gid", "%u", pw->pw_gid);
	msg_add(m, "shell", "%s", pw->pw_shell ? pw->pw_shell : "");
	msg_add(m, "home", "%s", pw->pw_dir ? pw->pw_dir : "/");
	msg_add(m, "service", "%s", facts_text(pamh, PAM_SERVICE));
	msg_add(m, "tty", "%s", facts_text(pamh, PAM_TTY));
	msg_add(m, "rhost", "%s", facts_text(pamh, PAM_RHOST));
	msg_add(m, "ruser", "%s", facts_text(pamh, PAM_RUSER));
	msg_add(m, "pid", "%d", getpid());
	msg_add(m, "hook", "%d", hook ? 1 : 0);
	return 0;
}
