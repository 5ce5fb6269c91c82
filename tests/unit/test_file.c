/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "load.h"

/* A tree of configuration: etc/ and lib/ below a folder of its own. */
struct tree {
	char top[64], policy[96], defs[96], vendor[96];
	struct load_paths paths;
};

static int setup_in(void **state, const char *where)
{
	struct tree *t = calloc(1, sizeof(*t));

	if (!t || str_format(t->top, sizeof(t->top), "%s/pam_container-test-XXXXXX", where) < 0 ||
	    !mkdtemp(t->top) || chmod(t->top, 0755) < 0)
		return -1;
	if (str_format(t->policy, sizeof(t->policy), "%s/container.conf", t->top) < 0 ||
	    str_format(t->defs, sizeof(t->defs), "%s/etc", t->top) < 0 ||
	    str_format(t->vendor, sizeof(t->vendor), "%s/lib", t->top) < 0)
		return -1;
	t->paths = (struct load_paths){t->policy, t->defs, t->vendor, NULL, false};
	*state = t;
	return mkdir(t->defs, 0755) < 0 || mkdir(t->vendor, 0755) < 0 ? -1 : 0;
}

static int setup(void **state)
{
	int r = setup_in(state, "/tmp");

	if (r == 0)
		((struct tree *)*state)->paths.untrusted = true;
	return r;
}

/* Trust needs root, and parents that nobody else can write. */
static int setup_root(void **state)
{
	*state = NULL;
	return geteuid() == 0 ? setup_in(state, "/run") : 0;
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int teardown(void **state)
{
	struct tree *t = *state;
	int r = t ? nftw(t->top, drop, 8, FTW_DEPTH | FTW_PHYS) : 0;

	free(t);
	return r;
}

static void write_file(const struct tree *t, const char *name, const char *text)
{
	char path[256], *slash;
	FILE *f;

	assert_int_equal(str_format(path, sizeof(path), "%s/%s", t->top, name), 0);
	slash = strrchr(path, '/');
	*slash = '\0';
	(void)mkdir(path, 0755); /* may be there */
	*slash = '/';
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, 0644), 0);
}

static void mask(const struct tree *t, const char *name)
{
	char path[256];

	assert_int_equal(str_format(path, sizeof(path), "%s/%s", t->top, name), 0);
	assert_int_equal(symlink("/dev/null", path), 0);
}

static struct spec *get(const struct tree *t, const char *name)
{
	struct ctr_error err = {0};
	struct spec *s = NULL;

	if (load_definition(&t->paths, name, NULL, &s, NULL, &err) < 0)
		fail_msg("%s", err.text);
	return s;
}

static void applies_dropins_in_order(void **state)
{
	struct tree *t = *state;
	struct spec *s;
	char *text = NULL;

	write_file(t, "etc/a.conf", "[Exec]\nEnvironment=A=1\n[Files]\nReadOnly=yes\n");
	write_file(t, "etc/a.conf.d/20-z.conf", "[Exec]\nEnvironment=A=20\n");
	write_file(t, "lib/a.conf.d/10-y.conf", "[Exec]\nEnvironment=A=10\n");
	write_file(t, "etc/a.conf.d/B.conf", "[Exec]\nEnvironment=A=B\n");
	write_file(t, "etc/a.conf.d/a.conf", "[Files]\nReadOnly=no\n");
	write_file(t, "lib/a.conf.d/20-z.conf", "[Exec]\nEnvironment=A=vendor\n");
	write_file(t, "lib/a.conf.d/30.conf", "[Exec]\nEnvironment=A=masked\n");
	write_file(t, "etc/a.conf.d/x.conf~", "broken");
	write_file(t, "etc/a.conf.d/.x.conf", "broken");
	write_file(t, "lib/a.conf", "broken");
	mask(t, "etc/a.conf.d/30.conf");
	s = get(t, "a");
	assert_string_equal(spec_text(s), "[Exec]\nEnvironment=A=1\nEnvironment=A=10\n"
					  "Environment=A=20\nEnvironment=A=B\n"
					  "[Files]\nReadOnly=no\n");
	assert_false(s->read_only);
	spec_free(s);
	assert_int_equal(load_cat(&t->paths, "a", &text, NULL), 0);
	assert_true(strstr(text, "etc/a.conf\n") < strstr(text, "lib/a.conf.d/10-y.conf\n"));
	assert_null(strstr(text, "broken"));
	free(text);
}

static void extends_and_finds_loops(void **state)
{
	struct tree *t = *state;
	struct spec *s;
	struct ctr_error err;

	write_file(t, "lib/base.conf", "[Exec]\nEnvironment=A=base\nNice=1\n");
	write_file(t, "lib/base.conf.d/1.conf", "[Exec]\nNice=2\n");
	write_file(t, "etc/mid.conf", "[Exec]\nUMask=022\n[Container]\nExtends=base\n");
	write_file(t, "etc/top.conf", "[Container]\nExtends=mid\n[Exec]\nEnvironment=A=top\n");
	s = get(t, "top");
	assert_string_equal(s->name, "top");
	assert_true(s->nice == 2 && s->umask == 022 && s->environment.n == 2);
	assert_string_equal(s->environment.v[1], "A=top");
	spec_free(s);
	s = NULL;
	write_file(t, "etc/l1.conf", "[Container]\nExtends=l2\n");
	write_file(t, "etc/l2.conf", "[Container]\nExtends=l1\n");
	assert_int_equal(load_definition(&t->paths, "l1", NULL, &s, NULL, &err), -ELOOP);
	assert_string_equal(err.text, "Extends= goes round: 'l2' extends 'l1'");
	write_file(t, "etc/self.conf", "[Container]\nExtends=self\n");
	assert_int_equal(load_definition(&t->paths, "self", NULL, &s, NULL, &err), -ELOOP);
	for (int i = 0; i < 10; i++) {
		char name[32], text[64];

		assert_int_equal(str_format(name, sizeof(name), "etc/c%d.conf", i), 0);
		assert_int_equal(
		    str_format(text, sizeof(text), "[Container]\nExtends=c%d\n", i + 1), 0);
		write_file(t, name, text);
	}
	assert_int_equal(load_definition(&t->paths, "c0", NULL, &s, NULL, &err), -ELOOP);
	write_file(t, "etc/lost.conf", "[Container]\nExtends=nowhere\n");
	assert_int_equal(load_definition(&t->paths, "lost", NULL, &s, NULL, &err), -ENOENT);
	assert_null(s);
}

static void knows_vendor_and_mask(void **state)
{
	static const char *const bad[] = {"", "../a", "A", "host", "deny", "a/b", ".a"};
	struct tree *t = *state;
	struct ctr_error err;
	struct spec *s;

	write_file(t, "lib/v.conf", "[Exec]\nNice=1\n");
	spec_free(get(t, "v"));
	mask(t, "etc/v.conf");
	/* Without trust checks the link is just a device: refused as well. */
	s = NULL;
	assert_int_equal(load_definition(&t->paths, "v", NULL, &s, NULL, &err), -ERFKILL);
	assert_int_equal(load_definition(&t->paths, "none", NULL, &s, NULL, &err), -ENOENT);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(load_definition(&t->paths, bad[i], NULL, &s, NULL, &err), -EINVAL);
	assert_null(s);
}

static void reports_every_problem(void **state)
{
	struct tree *t = *state;
	struct load_report report = {0};
	struct ctr_error err;
	struct policy *p = NULL;
	struct strv always = {0};

	write_file(t, "container.conf",
		   "[Global]\nMod=off\nAlwaysHost=root,@wheel\n[Match a]\nUser=@x\nContainer=no\n"
		   "[Match b\nUser=u\n");
	write_file(t, "container.d/1.conf", "[Match c]\nContainer=host\nUsr=a\n");
	assert_int_equal(load_policy(&t->paths, &p, &report, &err), -EINVAL);
	assert_int_equal(report.errors, 4);
	assert_int_equal(report.lines.n, 4);
	assert_non_null(strstr(report.lines.v[0], "container.conf:2: error: unknown key 'Mod' in "
						  "[Global]; did you mean 'Mode'?"));
	assert_non_null(strstr(report.lines.v[3], "container.d/1.conf:3: error: "));
	load_report_done(&report);
	/* MUST-2 */
	assert_int_equal(load_always_host(&t->paths, &always, &err), 0);
	assert_int_equal(always.n, 2);
	assert_string_equal(always.v[1], "@wheel");
	strv_done(&always);
	write_file(t, "container.d/1.conf", "");
	write_file(t, "container.conf", "[Match a]\nUser=root,no-such-user-x\nContainer=nowhere\n");
	assert_int_equal(load_policy(&t->paths, &p, &report, &err), -EINVAL);
	assert_int_equal(report.errors, 2);
	assert_non_null(strstr(report.lines.v[0], "unknown user 'no-such-user-x'"));
	assert_non_null(strstr(report.lines.v[1], "no definition 'nowhere'"));
	load_report_done(&report);
	assert_null(p);
	assert_int_equal(load_policy(&t->paths, &p, NULL, &err), 0);
	policy_free(p);
}

/* MUST-8: owner and mode of the file, of each folder above, of drop-ins */
static void refuses_what_others_can_write(void **state)
{
	static const struct {
		const char *path;
		mode_t mode;
		uid_t uid;
		int want;
	} rows[] = {
	    {"etc/a.conf", 0644, 0, 0},
	    {"etc/a.conf", 0600, 0, 0},
	    {"etc/a.conf", 0664, 0, -EPERM},
	    {"etc/a.conf", 0646, 0, -EPERM},
	    {"etc/a.conf", 0644, 1000, -EPERM},
	    {"etc", 0775, 0, -EPERM},
	    {"etc", 0757, 0, -EPERM},
	    {"etc", 01777, 0, -EPERM},
	    {"etc", 0755, 1000, -EPERM},
	    {"etc/a.conf.d", 0775, 0, -EPERM},
	    {"etc/a.conf.d/1.conf", 0664, 0, -EPERM},
	    {"etc/a.conf.d/1.conf", 0644, 1000, -EPERM},
	};
	struct tree *t = *state;

	if (!t)
		skip();
	write_file(t, "etc/a.conf", "[Exec]\nNice=1\n");
	write_file(t, "etc/a.conf.d/1.conf", "[Exec]\nNice=2\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ctr_error err = {0};
		struct spec *s = NULL;
		char path[256];
		struct stat st;

		assert_int_equal(str_format(path, sizeof(path), "%s/%s", t->top, rows[i].path), 0);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(chown(path, rows[i].uid, 0), 0);
		assert_int_equal(chmod(path, rows[i].mode), 0);
		if (load_definition(&t->paths, "a", NULL, &s, NULL, &err) != rows[i].want)
			fail_msg("%s %o: %s", rows[i].path, rows[i].mode, err.text);
		if (rows[i].want)
			assert_non_null(strstr(err.text, path));
		assert_int_equal(chown(path, 0, 0), 0);
		assert_int_equal(chmod(path, st.st_mode & 07777), 0);
		spec_free(s);
	}
}

static void follows_no_links_but_the_mask(void **state)
{
	struct tree *t = *state;
	struct ctr_error err;
	struct spec *s = NULL;
	char path[256];

	if (!t)
		skip();
	write_file(t, "etc/real.conf", "[Exec]\nNice=1\n");
	assert_int_equal(str_format(path, sizeof(path), "%s/link.conf", t->defs), 0);
	assert_int_equal(symlink("real.conf", path), 0);
	assert_int_equal(load_definition(&t->paths, "link", NULL, &s, NULL, &err), -ELOOP);
	write_file(t, "lib/m.conf", "");
	mask(t, "etc/m.conf");
	assert_int_equal(load_definition(&t->paths, "m", NULL, &s, NULL, &err), -ERFKILL);
	assert_int_equal(str_format(path, sizeof(path), "%s/fifo.conf", t->defs), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(load_definition(&t->paths, "fifo", NULL, &s, NULL, &err), -EPERM);
	assert_null(s);
}

#define TREE(f, s) cmocka_unit_test_setup_teardown(f, s, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TREE(applies_dropins_in_order, setup),
	    TREE(extends_and_finds_loops, setup),
	    TREE(knows_vendor_and_mask, setup),
	    TREE(reports_every_problem, setup),
	    TREE(refuses_what_others_can_write, setup_root),
	    TREE(follows_no_links_but_the_mask, setup_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
