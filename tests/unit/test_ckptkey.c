/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "folder.h"

/* MUST-8, MUST-10: a key file is root's alone and exactly of its form. */

static int set_up(void **state)
{
	static struct folder f;

	folder_make(&f);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	folder_remove(*state);
	return 0;
}

static void makes_and_reads(void **state)
{
	struct folder *f = *state;
	struct ckptkey back, again;
	struct ctr_error e;
	struct stat st;

	assert_int_equal(fstatat(f->fd, "key", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(ckptkey_read(f->fd, &f->lib, &back, NULL), 0);
	assert_memory_equal(back.bytes, f->key.bytes, sizeof(back.bytes));
	assert_string_equal(back.id, f->key.id);
	assert_int_equal(strlen(back.id), 16);
	assert_int_equal(ckptkey_make(f->fd, &f->lib, &again, &e), -EEXIST);
	assert_int_equal(e.code, CTR_E_ID_IN_USE);
	assert_non_null(strstr(e.text, back.id));
	assert_int_equal(ckptkey_need(f->fd, &f->lib, &again, NULL), 0);
	assert_string_equal(again.id, back.id);
}

static void is_made_when_needed(void **state)
{
	struct folder *f = *state;
	struct ckptkey key;
	struct ctr_error e;

	assert_int_equal(unlinkat(f->fd, "key", 0), 0);
	assert_int_equal(ckptkey_read(f->fd, &f->lib, &key, &e), -ENOENT);
	assert_int_equal(e.code, CTR_E_NOT_FOUND);
	assert_int_equal(ckptkey_need(f->fd, &f->lib, &key, NULL), 0);
	assert_memory_not_equal(key.bytes, f->key.bytes, sizeof(key.bytes));
	assert_string_not_equal(key.id, f->key.id);
}

/* The ID tells keys apart and nothing of the key. */
static void id_is_no_part_of_it(void **state)
{
	struct folder *f = *state;
	char text[256];

	assert_true(fd_read_file_at(f->fd, "key", text, sizeof(text)) > 0);
	assert_null(strstr(text, f->key.id));
}

static void refuses_other_forms(void **state)
{
#define K "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
	static const struct {
		const char *text;
		int want;
	} t[] = {
	    {"pam_container-checkpoint-key 1\n" K "f\n", 0},
	    {"pam_container-checkpoint-key 1\n" K "F\n", -EBADMSG},
	    {"pam_container-checkpoint-key 1\n" K "f", -EBADMSG},
	    {"pam_container-checkpoint-key 1\n" K "f\n\n", -EBADMSG},
	    {"pam_container-checkpoint-key 1\n" K "\n", -EBADMSG},
	    {"pam_container-checkpoint-key 1\n" K "g\n", -EBADMSG},
	    {"pam_container-checkpoint-key 1\n" K " \n", -EBADMSG},
	    {"pam_container-checkpoint-key 2\n" K "f\n", -EBADMSG},
	    {"pam_container-checkpoint-key 1 " K "f\n", -EBADMSG},
	    {K "f\n", -EBADMSG},
	    {"", -EBADMSG},
	};
	struct folder *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct ctr_error e = {0};
		struct ckptkey key;

		folder_put(f->fd, "key", t[i].text, strlen(t[i].text));
		assert_int_equal(ckptkey_read(f->fd, &f->lib, &key, &e), t[i].want);
		assert_null(strstr(e.text, "0123456789abcdef")); /* never in a message */
	}
}

static void refuses_what_others_can_touch(void **state)
{
	static const mode_t modes[] = {0640, 0604, 0620, 0666};
	struct folder *f = *state;
	struct ckptkey key;

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		struct ctr_error e = {0};

		assert_int_equal(fchmodat(f->fd, "key", modes[i], 0), 0);
		assert_int_equal(ckptkey_read(f->fd, &f->lib, &key, &e), -EPERM);
		assert_int_equal(e.code, CTR_E_STATE);
		assert_int_equal(ckptkey_need(f->fd, &f->lib, &key, NULL), -EPERM);
	}
	assert_int_equal(fchmodat(f->fd, "key", 0600, 0), 0);
	assert_int_equal(renameat(f->fd, "key", f->fd, "real"), 0);
	assert_int_equal(symlinkat("real", f->fd, "key"), 0);
	assert_int_equal(ckptkey_read(f->fd, &f->lib, &key, NULL), -ELOOP);
	assert_int_equal(unlinkat(f->fd, "key", 0), 0);
	assert_int_equal(mkfifoat(f->fd, "key", 0600), 0);
	assert_int_equal(ckptkey_read(f->fd, &f->lib, &key, NULL), -EPERM);
}

static void stores_another(void **state)
{
	struct folder *f = *state;
	struct ckptkey other = f->key, back;

	assert_int_equal(ckptkey_store(f->fd, &f->key, false, NULL), 0); /* the same */
	other.bytes[0] ^= 1;
	assert_int_equal(ckptkey_store(f->fd, &other, false, NULL), -EEXIST);
	assert_int_equal(ckptkey_read(f->fd, &f->lib, &back, NULL), 0);
	assert_string_equal(back.id, f->key.id);
	assert_int_equal(ckptkey_store(f->fd, &other, true, NULL), 0);
	assert_int_equal(ckptkey_read(f->fd, &f->lib, &back, NULL), 0);
	assert_memory_equal(back.bytes, other.bytes, sizeof(back.bytes));
	assert_string_not_equal(back.id, f->key.id);
}

/* MUST-8: every folder above, too; /tmp is everybody's. */
static void loads_from_trusted_places_only(void **state)
{
	struct folder *f = *state;
	struct ctr_error e = {0};
	struct ckptkey key;
	char path[64];

	assert_int_equal(str_format(path, sizeof(path), "%s/key", f->path), 0);
	assert_int_equal(ckptkey_load(path, &f->lib, &key, &e), -EPERM);
	assert_non_null(strstr(e.text, "/tmp"));
	assert_int_equal(ckptkey_load("/etc/passwd", &f->lib, &key, &e), -EPERM);
	assert_int_equal(ckptkey_load("/nonexistent/key", &f->lib, &key, &e), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    T(makes_and_reads),
	    T(is_made_when_needed),
	    T(id_is_no_part_of_it),
	    T(refuses_other_forms),
	    T(refuses_what_others_can_touch),
	    T(stores_another),
	    T(loads_from_trusted_places_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
