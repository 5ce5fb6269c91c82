/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "execplan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "who.h"

int execplan_code(const struct ctr_error *err)
{
	if (!str_equal(err->stage, "exec") || err->code != CTR_E_SYSTEM)
		return EXECPLAN_FAILED;
	return err->errnum == ENOENT ? EXECPLAN_NOT_FOUND : EXECPLAN_NOT_EXECUTABLE;
}

void execplan_done(struct execplan *p)
{
	free(p->user);
	free(p->shell);
	free(p->shell_name);
	strv_done(&p->env);
	p->user = p->shell = p->shell_name = NULL;
}

static int add(struct strv *env, const char *name, const char *value)
{
	autofree char *line = value ? str_dup_format("%s=%s", name, value) : NULL;

	if (!value)
		return 0;
	return line ? strv_add(env, line) : -ENOMEM;
}

/* A later one of the same name counts: getenv(3) takes the first, so that goes. */
static int add_given(struct strv *env, const struct strv *given)
{
	for (size_t i = 0; i < given->n; i++) {
		size_t name = strcspn(given->v[i], "=") + 1, k = 0;
		char *copy;

		while (k < env->n && strncmp(env->v[k], given->v[i], name) != 0)
			k++;
		if (k == env->n) {
			if (strv_add(env, given->v[i]) < 0)
				return -ENOMEM;
			continue;
		}
		copy = strdup(given->v[i]);
		if (!copy)
			return -ENOMEM;
		free(env->v[k]);
		env->v[k] = copy;
	}
	return 0;
}

static int make_environment(struct execplan *p, const struct who *who,
			    const struct execplan_wish *wish)
{
	bool root = who->uid == 0;
	int r = add(&p->env, "PATH",
		    root ? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
			 : "/usr/local/bin:/usr/bin:/bin");

	if (r == 0)
		r = add(&p->env, "HOME", who->home);
	if (r == 0)
		r = add(&p->env, "USER", who->user);
	if (r == 0)
		r = add(&p->env, "LOGNAME", who->user);
	if (r == 0)
		r = add(&p->env, "SHELL", who->shell);
	if (r == 0 && wish->terminal)
		r = add(&p->env, "TERM", getenv("TERM"));
	return r == 0 ? add_given(&p->env, wish->env) : r;
}

static int make_shell(struct execplan *p, const struct who *who)
{
	const char *slash = strrchr(who->shell, '/');

	p->shell = strdup(who->shell);
	p->shell_name = str_dup_format("-%s", slash ? slash + 1 : who->shell);
	return p->shell && p->shell_name ? 0 : -ENOMEM;
}

/* "USER" of "USER[:GROUP]"; uid:gid of nobody in particular is fine for ctr_start(). */
static int find(const char *user, struct who *who, struct ctr_error *err)
{
	autofree char *name = strndup(user, strcspn(user, ":"));
	int r = name ? who_find(name, who, err) : err_sys(err, ENOMEM, "user", "look up a user");

	if (r != -ENOENT || !strchr(user, ':') || name[strspn(name, "0123456789")])
		return r;
	*who = (struct who){
	    .user = strdup(name), .home = strdup("/"), .shell = strdup("/bin/sh"), .uid = 1};
	if (who->user && who->home && who->shell)
		return 0;
	who_done(who);
	return err_sys(err, ENOMEM, "user", "look up a user");
}

static int choose_user(struct ctr_container *c, const char *wish, char **ret, struct ctr_error *err)
{
	struct ctr_info info;
	int r = 0;

	if (!wish)
		r = ctr_state(c, &info, err);
	if (r < 0)
		return r;
	if (wish)
		*ret = strdup(wish);
	else
		*ret = *info.user ? str_dup_format("%u", info.uid) : strdup("0");
	return *ret ? 0 : err_sys(err, ENOMEM, "user", "choose a user");
}

int execplan_make(struct execplan *p, struct ctr_container *c, const struct execplan_wish *wish,
		  struct ctr_error *err)
{
	struct who who;
	int r = choose_user(c, wish->user, &p->user, err);

	if (r == 0)
		r = find(p->user, &who, err);
	if (r < 0)
		return r;
	if (make_environment(p, &who, wish) < 0 || (wish->shell && make_shell(p, &who) < 0))
		r = err_sys(err, ENOMEM, "exec", "make an environment");
	who_done(&who);
	return r;
}

void execplan_apply(struct execplan *p, struct ctr_process_spec *spec)
{
	spec->user = p->user;
	spec->env = (const char *const *)p->env.v;
	if (!p->shell)
		return;
	p->argv[0] = p->shell_name;
	p->argv[1] = NULL;
	spec->argv = p->argv;
	spec->file = p->shell;
}
