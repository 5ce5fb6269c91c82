/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "doctor.h"
#include "match.h"
#include "str.h"

/* The installation itself: files, state root, policy, PAM lines. */

static void check_file(const struct doctor_file *file, struct doctor_report *ret)
{
	char check[40];
	bool runs = file->name && strcmp(file->name, "module") != 0;

	if (str_format(check, sizeof(check), "file.%s", file->name) < 0)
		return; /* names are ours: they fit */
	if (file->error)
		doctor_add(ret, check, DOCTOR_FAIL, "install it again, or see --helper-dir",
			   "%s: %s", file->path, strerror(file->error));
	else if (!S_ISREG(file->mode))
		doctor_add(ret, check, DOCTOR_FAIL, "install it again", "%s: not a regular file",
			   file->path);
	else if (file->uid != 0 || (file->mode & 022))
		doctor_add(ret, check, DOCTOR_FAIL, "run chown root and chmod go-w on it",
			   "%s: uid %u, mode %04o: others than root can change it", file->path,
			   file->uid, file->mode & 07777);
	else if (runs && !(file->mode & 0100))
		doctor_add(ret, check, DOCTOR_FAIL, "run chmod 755 on it", "%s: not executable",
			   file->path);
	else
		doctor_add(ret, check, DOCTOR_OK, NULL, "%s", file->path);
}

static void check_folder(const struct doctor_folder *f, const char *check, const char *read_only,
			 struct doctor_report *ret)
{
	static const char advice[] = "make it a folder of root with mode 0700";

	if (f->read_only)
		doctor_add(ret, check, DOCTOR_FAIL, "remount it writable",
			   "%s: on a read-only file system: %s", f->path, read_only);
	else if (f->error == ENOENT)
		doctor_add(ret, check, DOCTOR_OK, NULL, "%s: not there yet; it is made when needed",
			   f->path);
	else if (f->error)
		doctor_add(ret, check, DOCTOR_FAIL, advice, "%s: %s", f->path, strerror(f->error));
	else if (!S_ISDIR(f->mode) || f->uid != 0 || (f->mode & 077))
		doctor_add(ret, check, DOCTOR_FAIL, advice, "%s: uid %u, mode %04o", f->path,
			   f->uid, f->mode & 07777);
	else
		doctor_add(ret, check, DOCTOR_OK, NULL, "%s", f->path);
}

/* Only who has a criu will miss it. */
static void check_sodium(const struct doctor_facts *f, struct doctor_report *ret)
{
	bool missed = !f->sodium && *f->criu;

	doctor_add(ret, "libsodium", missed ? DOCTOR_WARN : DOCTOR_OK,
		   missed ? "install libsodium23" : NULL, "%s",
		   f->sodium ? "there, to sign checkpoints"
			     : "not installed: no checkpoint can be made or restored");
}

static void check_policy(const struct doctor_facts *f, struct doctor_report *ret)
{
	static const char *const modes[] = {"enforced", "permissive: decisions are only logged",
					    "switched off"};
	int mode = f->policy.mode;

	if (f->policy.absent)
		doctor_add(ret, "policy", DOCTOR_FAIL, "install one; see container.conf(5)",
			   "%s: not there: nobody but root can log in where PAM has our lines",
			   f->policy.path);
	else if (f->policy.errors)
		doctor_add(ret, "policy", DOCTOR_FAIL, "try 'containerctl check'",
			   "%u error%s; the first: %s", f->policy.errors,
			   f->policy.errors == 1 ? "" : "s", f->policy.first);
	else
		doctor_add(ret, "policy",
			   mode == MATCH_ENFORCE && f->policy.rules ? DOCTOR_OK : DOCTOR_WARN,
			   mode != MATCH_ENFORCE ? "set Mode=enforce when you are ready"
			   : f->policy.rules	 ? NULL
						 : "add a [Match NAME]; see container.conf(5)",
			   "%s: %zu rule%s, %s", f->policy.path, f->policy.rules,
			   f->policy.rules == 1 ? "" : "s",
			   (unsigned int)mode < ARRAY_SIZE(modes) ? modes[mode] : "?");
}

static void check_manager(const struct doctor_facts *f, struct doctor_report *ret)
{
	if (!*f->policy.left)
		return;
	doctor_add(
	    ret, "policy.systemd-user", DOCTOR_WARN,
	    "add systemd-user to Service= of that rule, or a rule of the same users",
	    "[Match %s] contains %s and not systemd-user: the user's systemd runs on the host",
	    f->policy.left, f->policy.left_service);
}

/* Debian's files that services include: pam-auth-update writes auth and session lines apart. */
static bool is_included(const char *service, const struct pamlines *l, const char *check,
			struct doctor_report *ret)
{
	if (strcmp(service, "common-auth") == 0 && !l->session)
		return true;
	if (!str_has_prefix(service, "common-session", NULL) || !l->session ||
	    !pamlines_binds(l->session_control))
		return false;
	doctor_add(ret, check, DOCTOR_OK, NULL, "contained in every service that includes it");
	return true;
}

static void check_service(const char *service, const struct pamlines *l, struct doctor_report *ret)
{
	bool late = match_entry(MATCH_ENTRY_AUTO, service, true) == MATCH_ENTRY_LATE;
	char check[40];

	if (str_format(check, sizeof(check), "pam.%s", service) < 0)
		return; /* a service's name has at most 31 bytes here */
	if (is_included(service, l, check, ret))
		return;
	if (!l->session)
		doctor_add(ret, check, DOCTOR_FAIL,
			   "add 'session required pam_container.so' as the last line",
			   "no session line: its logins are not contained");
	else if (!pamlines_binds(l->session_control))
		doctor_add(ret, check, DOCTOR_FAIL, "make it 'session required'",
			   "session line is '%s': a login whose container fails gets in",
			   l->session_control);
	else if (l->sessions_after)
		doctor_add(ret, check, DOCTOR_WARN, "move our session line to the end",
			   "%u session line%s after ours: with entry by join they run inside",
			   l->sessions_after, l->sessions_after == 1 ? "" : "s");
	else if (l->auth && strcmp(l->auth_control, "optional") != 0)
		doctor_add(ret, check, DOCTOR_WARN, "make it 'auth optional'",
			   "auth line is '%s'; it only prepares the session", l->auth_control);
	else if (late && !l->auth)
		doctor_add(ret, check, DOCTOR_WARN, "add 'auth optional pam_container.so'",
			   "no auth line: entry by join, which moves the service's own process");
	else
		doctor_add(ret, check, DOCTOR_OK, NULL, "contained, entry %s",
			   late ? "late" : "by join");
}

void doctor_decide_setup(const struct doctor_facts *f, struct doctor_report *ret)
{
	for (size_t i = 0; i < DOCTOR_FILES; i++)
		check_file(&f->files[i], ret);
	check_folder(&f->state, "state", "nobody but root can log in", ret);
	check_folder(&f->checkpoints, "checkpoints", "no checkpoint can be made or restored", ret);
	check_sodium(f, ret);
	check_policy(f, ret);
	check_manager(f, ret);
	for (size_t i = 0; i < f->npam; i++)
		check_service(f->pam[i].service, &f->pam[i].lines, ret);
	if (f->npam == 0)
		doctor_add(ret, "pam", DOCTOR_WARN,
			   "add our two lines to a service; see pam_container(8)",
			   "no service in /etc/pam.d has pam_container.so: nobody is contained");
}
