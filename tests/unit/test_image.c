/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "api.h"
#include "folder.h"
#include "ledger.h"

/* Checkpoints through the public interface: listed, exported, imported, removed. */

struct machine_of_test {
	char path[32], root[48], state[48];
	struct ctr_factory *factory;
};

static void machine_make(struct machine_of_test *m)
{
	*m = (struct machine_of_test){.path = "/tmp/test_image.XXXXXX"};
	assert_non_null(mkdtemp(m->path));
	assert_int_equal(str_format(m->root, sizeof(m->root), "%s/a/b/root", m->path), 0);
	assert_int_equal(str_format(m->state, sizeof(m->state), "%s/state", m->path), 0);
	assert_int_equal(ctr_factory_new(&m->factory, NULL), 0);
	assert_int_equal(ctr_factory_set(m->factory, "checkpoint-root", m->root, NULL), 0);
	assert_int_equal(ctr_factory_set(m->factory, "state-root", m->state, NULL), 0);
}

static void machine_remove(struct machine_of_test *m)
{
	ctr_factory_free(m->factory);
	assert_int_equal(tree_remove(AT_FDCWD, m->path, NULL), 0);
}

struct two {
	struct machine_of_test here, there; /* two machines with one key */
};

static int set_up(void **state)
{
	static struct two t;
	struct ckptkey key;
	struct sodiumlib lib;
	char id[17];
	int a, b;

	machine_make(&t.here);
	machine_make(&t.there);
	assert_int_equal(ctr_image_key_set(t.here.factory, NULL, 0, id, NULL), 0);
	/* copied as an administrator would, but for the folder of the copy */
	assert_int_equal(sodiumlib_open(&lib, NULL), 0);
	a = ckptdir_open_root(t.here.root, NULL);
	b = ckptdir_open_root(t.there.root, NULL);
	assert_int_equal(ckptkey_read(a, &lib, &key, NULL), 0);
	assert_int_equal(ckptkey_store(b, &key, false, NULL), 0);
	(void)close(a);
	(void)close(b);
	sodiumlib_close(&lib);
	*state = &t;
	return 0;
}

static int tear_down(void **state)
{
	struct two *t = *state;

	machine_remove(&t->here);
	machine_remove(&t->there);
	return 0;
}

/* A checkpoint as a dump would leave it; edit may change what it says. Returns its counter. */
static uint64_t take(struct machine_of_test *on, const char *id, void (*edit)(struct manifest *))
{
	autoimages struct api_images i = {.rootfd = -1};
	static struct state st;
	struct manifest m;
	char name[CKPTDIR_NAME];
	autofd int dir = -1;

	memset(&st, 0, sizeof(st));
	assert_int_equal(str_copy(st.id, sizeof(st.id), id), 0);
	assert_int_equal(api_images_open(on->factory, &i, NULL), 0);
	assert_int_equal(api_images_need_key(&i, NULL), 0);
	assert_int_equal(manifest_describe(&st, &i.lib, &m, NULL), 0);
	assert_int_equal(ledger_issue(i.rootfd, id, &m.counter, NULL), 0);
	m.created_us = 1700000000000000;
	if (edit)
		edit(&m);
	dir = ckptdir_new(i.rootfd, name, NULL);
	assert_true(dir >= 0);
	folder_fill(dir);
	assert_int_equal(manifest_write(dir, &m, &i.key, NULL), 0);
	assert_int_equal(ckptdir_publish(i.rootfd, name, id, true, NULL), 0);
	return m.counter;
}

static void spend(struct machine_of_test *on, const char *id, uint64_t counter)
{
	int root = ckptdir_open_root(on->root, NULL);

	assert_true(root >= 0);
	assert_int_equal(ledger_spend(root, id, counter, NULL), 0);
	(void)close(root);
}

static int bundle_of(struct machine_of_test *on, const char *id)
{
	int fd = memfd_create("bundle", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ctr_image_export(on->factory, id, fd, NULL), 0);
	return fd;
}

static int import(struct machine_of_test *to, int fd, int replace, struct ctr_error *e)
{
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return ctr_image_import(to->factory, fd, replace, NULL, e);
}

static enum ctr_image_state state_of(struct machine_of_test *on, const char *id)
{
	autofree struct ctr_image *v = NULL;
	size_t n = 0;

	assert_int_equal(ctr_image_list(on->factory, &v, &n, NULL), 0);
	for (size_t k = 0; k < n; k++)
		if (strcmp(v[k].id, id) == 0)
			return v[k].state;
	fail_msg("%s is not listed", id);
	return CTR_IMAGE_DAMAGED;
}

static void goes_to_another_machine(void **state)
{
	struct two *t = *state;
	uint64_t counter = take(&t->here, "a-1", NULL);
	autofd int fd = bundle_of(&t->here, "a-1");
	autofree struct ctr_image *v = NULL;
	struct ctr_image got;
	char key[17];
	size_t n;

	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(ctr_image_import(t->there.factory, fd, 0, &got, NULL), 0);
	assert_string_equal(got.id, "a-1");
	assert_int_equal(got.counter, counter);
	assert_int_equal(ctr_image_list(t->there.factory, &v, &n, NULL), 0);
	assert_int_equal(n, 1);
	assert_int_equal(v[0].state, CTR_IMAGE_READY);
	assert_int_equal(v[0].files, 7);
	assert_int_equal(v[0].bytes, got.bytes);
	assert_int_equal(v[0].created_us, 1700000000000000);
	assert_int_equal(ctr_image_key(t->there.factory, key, NULL), 0);
	assert_string_equal(v[0].key, key);
	assert_int_equal(ctr_image_remove(t->there.factory, "a-1", NULL), 0);
	assert_int_equal(ctr_image_remove(t->there.factory, "a-1", NULL), -ENOENT);
	assert_int_equal(ctr_image_remove(t->there.factory, "../a", NULL), -EINVAL);
}

/* MUST-10 */
static void a_replayed_one_is_refused(void **state)
{
	struct two *t = *state;
	uint64_t counter = take(&t->here, "a-1", NULL);
	autofd int old = bundle_of(&t->here, "a-1"), new = -1;
	struct ctr_error e = {0};

	assert_int_equal(import(&t->here, old, 0, &e), -EEXIST);
	assert_int_equal(e.code, CTR_E_ID_IN_USE);
	assert_int_equal(import(&t->here, old, 1, NULL), 0); /* the same, not restored yet */
	spend(&t->here, "a-1", counter);
	assert_int_equal(state_of(&t->here, "a-1"), CTR_IMAGE_SPENT);
	assert_int_equal(import(&t->here, old, 1, &e), -ESTALE);
	assert_int_equal(e.code, CTR_E_IMAGE);
	assert_int_equal(ctr_image_remove(t->here.factory, "a-1", NULL), 0);
	assert_int_equal(import(&t->here, old, 0, &e), -ESTALE);
	(void)take(&t->here, "a-1", NULL);
	new = bundle_of(&t->here, "a-1");
	assert_int_equal(import(&t->there, new, 0, NULL), 0);
	assert_int_equal(import(&t->there, old, 1, &e), -ESTALE);
	assert_int_equal(state_of(&t->there, "a-1"), CTR_IMAGE_READY); /* and is untouched */
}

static void another_architecture(struct manifest *m)
{
	(void)!str_copy(m->host.arch, sizeof(m->host.arch), "vax");
}

static void another_user(struct manifest *m)
{
	(void)!str_copy(m->user, sizeof(m->user), "daemon");
	m->uid = 4711;
}

static void nobodys(struct manifest *m)
{
	(void)!str_copy(m->user, sizeof(m->user), "no-such-user-here");
}

static void later_kernel(struct manifest *m)
{
	(void)!str_copy(m->host.kernel, sizeof(m->host.kernel), "99.1.0");
}

static void unknown_definition(struct manifest *m)
{
	(void)!str_copy(m->definition, sizeof(m->definition), "no-such-definition");
}

static void what_does_not_fit_is_named(void **state)
{
	static const struct {
		void (*edit)(struct manifest *m);
		const char *text;
	} t[] = {
	    {another_architecture, "architecture"},
	    {another_user, "uid: 1 here, needs 4711"},
	    {nobodys, "no-such-user-here"},
	    {later_kernel, "needs 99.1.0 or later"},
	    {unknown_definition, "no-such-definition"},
	};
	struct two *two = *state;

	for (size_t k = 0; k < ARRAY_SIZE(t); k++) {
		autofd int fd = -1;
		struct ctr_error e = {0};
		autofree struct ctr_image *v = NULL;
		size_t n = 77;

		(void)take(&two->here, "a-1", t[k].edit);
		fd = bundle_of(&two->here, "a-1");
		assert_true(import(&two->there, fd, 0, &e) < 0);
		/* built for a prefix below /tmp the folders of definitions are nobody's to trust */
		if (t[k].edit != unknown_definition)
			assert_non_null(strstr(e.text, t[k].text));
		assert_int_equal(ctr_image_list(two->there.factory, &v, &n, NULL), 0);
		assert_int_equal(n, 0); /* nothing is left of it */
	}
}

static void keys(void **state)
{
	struct two *t = *state;
	autofd int fd = -1;
	char one[17], two[17];
	struct ctr_error e = {0};

	(void)take(&t->here, "a-1", NULL);
	fd = bundle_of(&t->here, "a-1");
	assert_int_equal(ctr_image_key(t->here.factory, one, NULL), 0);
	assert_int_equal(ctr_image_key_set(t->here.factory, NULL, 0, two, &e), -EEXIST);
	assert_int_equal(e.code, CTR_E_ID_IN_USE);
	assert_int_equal(ctr_image_key_set(t->here.factory, NULL, 1, two, NULL), 0);
	assert_string_not_equal(one, two);
	assert_int_equal(state_of(&t->here, "a-1"), CTR_IMAGE_FOREIGN);
	assert_int_equal(ctr_image_export(t->here.factory, "a-1", fd, &e), -EKEYREJECTED);
	assert_int_equal(import(&t->here, fd, 1, &e), -EKEYREJECTED);
	assert_int_equal(e.code, CTR_E_IMAGE);
	assert_int_equal(ctr_image_key_set(t->here.factory, "/nonexistent/key", 1, two, &e),
			 -ENOENT);
	assert_int_equal(ctr_image_key_set(t->here.factory, "key", 1, two, &e), -EINVAL);
}

static void a_machine_without_a_key(void **state)
{
	struct machine_of_test m;
	struct ctr_error e = {0};
	struct two *t = *state;
	autofree struct ctr_image *v = NULL;
	char id[17] = "unchanged";
	autofd int fd = -1;
	size_t n = 77;

	(void)take(&t->here, "a-1", NULL);
	fd = bundle_of(&t->here, "a-1");
	machine_make(&m);
	assert_int_equal(ctr_image_key(m.factory, id, &e), -ENOENT);
	assert_string_equal(id, "unchanged");
	assert_int_equal(import(&m, fd, 0, &e), -ENOENT);
	assert_int_equal(e.code, CTR_E_NOT_FOUND);
	assert_int_equal(ctr_image_list(m.factory, &v, &n, NULL), 0);
	assert_int_equal(n, 0);
	machine_remove(&m);
}

static void damaged_ones_are_listed(void **state)
{
	struct two *t = *state;
	int root = ckptdir_open_root(t->here.root, NULL);

	(void)take(&t->here, "a-1", NULL);
	(void)take(&t->here, "a-2", NULL);
	(void)take(&t->here, "a-3", NULL);
	(void)take(&t->here, "a-5", NULL);
	folder_put(root, "checkpoints/a-1/manifest.json", "{}", 2);
	assert_int_equal(unlinkat(root, "checkpoints/a-2/manifest.mac", 0), 0);
	/* under another's ID, whose place it cannot take */
	assert_int_equal(renameat(root, "checkpoints/a-3", root, "checkpoints/a-4"), 0);
	folder_put(root, "ledger/a-5", "torn", 4);
	assert_int_equal(state_of(&t->here, "a-1"), CTR_IMAGE_DAMAGED);
	assert_int_equal(state_of(&t->here, "a-2"), CTR_IMAGE_DAMAGED);
	assert_int_equal(state_of(&t->here, "a-4"), CTR_IMAGE_DAMAGED);
	assert_int_equal(state_of(&t->here, "a-5"), CTR_IMAGE_DAMAGED);
	(void)close(root);
}

/* MUST-8: a root that others can read is not the same as none. */
static void a_root_of_others_is_an_error(void **state)
{
	struct two *t = *state;
	struct ctr_error e = {0};
	struct ctr_image *v = NULL;
	struct ctr_container *c = NULL;
	char **ids = NULL, key[17];
	size_t n = 0;

	(void)take(&t->here, "a-1", NULL);
	assert_int_equal(ctr_list(t->here.factory, &ids, &n, NULL), 0);
	assert_int_equal(n, 1);
	ctr_list_free(ids, n);
	assert_int_equal(chmod(t->here.root, 0750), 0);
	assert_int_equal(ctr_list(t->here.factory, &ids, &n, &e), -EPERM);
	assert_int_equal(e.code, CTR_E_STATE);
	assert_int_equal(ctr_load(t->here.factory, "a-1", &c, NULL), -EPERM);
	assert_int_equal(ctr_image_list(t->here.factory, &v, &n, NULL), -EPERM);
	assert_int_equal(ctr_image_key(t->here.factory, key, NULL), -EPERM);
	assert_int_equal(ctr_image_remove(t->here.factory, "a-1", NULL), -EPERM);
	assert_int_equal(chmod(t->here.root, 0700), 0);
}

/* MUST-9: killed anywhere, an import is whole or nothing, and the next one goes through. */
static void a_killed_import_leaves_nothing(void **state)
{
	struct two *t = *state;
	autofd int fd = -1;
	unsigned int done = 0;

	(void)take(&t->here, "a-1", NULL);
	fd = bundle_of(&t->here, "a-1");
	for (unsigned int i = 0; i < 60; i++) {
		autofree struct ctr_image *v = NULL;
		size_t n;
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0)
			_exit(import(&t->there, fd, 0, NULL) == 0 ? 0 : 1);
		(void)usleep(i * 150);
		(void)kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		assert_int_equal(ctr_image_list(t->there.factory, &v, &n, NULL), 0);
		assert_true(n <= 1);
		if (n == 0)
			continue;
		assert_int_equal(v[0].state, CTR_IMAGE_READY);
		assert_int_equal(ctr_image_remove(t->there.factory, "a-1", NULL), 0);
		done++;
	}
	assert_int_equal(import(&t->there, fd, 0, NULL), 0);
	assert_int_equal(state_of(&t->there, "a-1"), CTR_IMAGE_READY);
	assert_true(done < 60); /* else nobody was killed in the middle */
}

static void states_have_names(void **state)
{
	(void)state;
	assert_string_equal(ctr_image_state_name(CTR_IMAGE_READY), "ready");
	assert_string_equal(ctr_image_state_name(CTR_IMAGE_DAMAGED), "damaged");
	assert_string_equal(ctr_image_state_name((enum ctr_image_state)99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    T(goes_to_another_machine),		 T(a_replayed_one_is_refused),
	    T(what_does_not_fit_is_named),	 T(keys),
	    T(a_machine_without_a_key),		 T(damaged_ones_are_listed),
	    T(a_root_of_others_is_an_error),	 T(a_killed_import_leaves_nothing),
	    cmocka_unit_test(states_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
