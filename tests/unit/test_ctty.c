/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "crimage.h"
#include "ctty.h"
#include "folder.h"

/*
 * Two sessions: 3 on terminal 0, with process 5 in it, and 7 on terminal 200; PID 1 with terminal 1
 * of its own, helpers/init_quiet.c. Each has /dev/tty open. Process 9 has ended.
 */

enum { REG = 1, TTY = 11, DEV_TTY = 2012, PTY = 1, CTTY = 4, NONE = 0 };

static void put_u32(struct crout *o, uint32_t n)
{
	crimage_put(o, &n, sizeof(n));
}

static struct crout begin(unsigned char *data, uint32_t magic)
{
	struct crout o = {.data = data};

	put_u32(&o, 0x54564319);
	put_u32(&o, magic);
	return o;
}

static void put_record(struct crout *o, const struct crout *message)
{
	put_u32(o, (uint32_t)message->len);
	crimage_put(o, message->data, message->len);
}

/* numbers and values, up to number 0 */
static void put_values(struct crout *o, const uint32_t (*values)[2])
{
	unsigned char data[128];
	struct crout m = {.data = data};

	for (; (*values)[0]; values++)
		crimage_put_value(&m, (*values)[0], (*values)[1]);
	put_record(o, &m);
}

static void put_file(struct crout *o, uint32_t id, uint32_t terminal, uint32_t reg)
{
	unsigned char a[128], b[128];
	struct crout tty = {.data = a}, m = {.data = b};

	crimage_put_value(&tty, 1, id);
	crimage_put_value(&tty, 2, terminal);
	crimage_put_value(&tty, 3, 32770);
	crimage_put_value(&tty, 6, reg);
	crimage_put_value(&m, 1, TTY);
	crimage_put_value(&m, 2, id);
	crimage_put_message(&m, 19, &tty);
	put_record(o, &m);
}

static void save(int dir, const char *name, const struct crout *o)
{
	folder_put(dir, name, o->data, o->len);
}

static void make_process(int dir, uint32_t pid, const uint32_t *ids)
{
	unsigned char data[256];
	struct crout o = begin(data, 0x54432030);
	char name[32];

	put_values(&o, (const uint32_t[][2]){{1, pid + 50}, {2, pid + 100}, {NONE, 0}});
	assert_int_equal(str_format(name, sizeof(name), "ids-%u.img", pid), 0);
	save(dir, name, &o);
	o = begin(data, 0x56213732);
	for (; *ids; ids++)
		put_values(&o,
			   (const uint32_t[][2]){{1, *ids}, {2, 0}, {3, TTY}, {4, 10}, {NONE, 0}});
	assert_int_equal(str_format(name, sizeof(name), "fdinfo-%u.img", pid + 100), 0);
	save(dir, name, &o);
}

static void make_files(int dir, bool with_slave)
{
	unsigned char data[1024];
	struct crout o = begin(data, 0x56303138);

	put_values(&o, (const uint32_t[][2]){{1, REG}, {2, 2}, {NONE, 0}});
	put_file(&o, 7, 1, 8); /* masters of 0, 1, 200 */
	put_file(&o, 9, 3, 10);
	put_file(&o, 11, 401, 12);
	put_file(&o, 13, 2, 14); /* PID 1's */
	put_file(&o, 15, DEV_TTY, 16);
	put_file(&o, 17, 0, 18); /* session 3's */
	put_file(&o, 19, DEV_TTY, 20);
	put_file(&o, 21, DEV_TTY, 22);
	if (with_slave)
		put_file(&o, 23, 400, 70000); /* session 7's */
	put_file(&o, 25, DEV_TTY, 26);
	save(dir, "files.img", &o);
}

static void put_info(struct crout *o, uint32_t id, uint32_t type, uint32_t sid)
{
	put_values(o, (const uint32_t[][2]){{1, id}, {2, type}, {6, sid}, {7, sid}, {NONE, 0}});
}

static void make_images(int dir, bool with_slave)
{
	static const uint32_t tree[][2] = {{1, 1}, {3, 3}, {5, 3}, {7, 7}, {9, 9}};
	unsigned char data[1024];
	struct crout o = begin(data, 0x59453036);

	put_info(&o, 3, PTY, 1);
	put_info(&o, 1, PTY, 3);
	put_info(&o, DEV_TTY, CTTY, 1);
	put_info(&o, 401, PTY, 7);
	save(dir, "tty-info.img", &o);
	o = begin(data, 0x50273030);
	for (size_t i = 0; i < ARRAY_SIZE(tree); i++)
		put_values(
		    &o, (const uint32_t[][2]){
			    {1, tree[i][0]}, {2, 1}, {3, tree[i][1]}, {4, tree[i][1]}, {NONE, 0}});
	save(dir, "pstree.img", &o);
	make_process(dir, 1, (const uint32_t[]){7, 9, 11, 13, 15, 0});
	make_process(dir, 3, (const uint32_t[]){17, 19, 0});
	make_process(dir, 5, (const uint32_t[]){17, 21, 0});
	make_process(dir, 7, (const uint32_t[]){23, 25, 0});
	make_files(dir, with_slave);
}

/* Terminal and name of an open file. */
static void assert_file(int dir, uint32_t id, uint64_t terminal, uint64_t reg)
{
	autofree char *data = NULL;
	struct crview records, m;
	struct crfield f;
	uint64_t n = 0;
	size_t len;

	assert_int_equal(crimage_read_at(dir, "files.img", &data, &len), 0);
	assert_int_equal(crimage_open(data, len, 0x56303138, &records), 0);
	while (n != id) {
		assert_true(crimage_record(&records, &m));
		assert_int_equal(crimage_get(m, 2, &n), 0);
	}
	do
		assert_true(crimage_field(&m, &f));
	while (f.number != 19);
	assert_ptr_equal(m.p, m.end);
	assert_int_equal(crimage_get(f.bytes, 1, &n), 0);
	assert_int_equal(n, id);
	assert_int_equal(crimage_get(f.bytes, 2, &n), 0);
	assert_int_equal(n, terminal);
	assert_int_equal(crimage_get(f.bytes, 3, &n), 0);
	assert_int_equal(n, 32770);
	assert_int_equal(crimage_get(f.bytes, 6, &n), 0);
	assert_int_equal(n, reg);
}

static int make_folder(char *path)
{
	int fd;

	assert_non_null(mkdtemp(path));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void each_has_its_own(void **state)
{
	char path[] = "/tmp/test_ctty.XXXXXX";
	autofd int dir = make_folder(path);

	(void)state;
	make_images(dir, true);
	assert_int_equal(ctty_settle(dir, NULL), 0);
	assert_file(dir, 15, 2, 14);
	assert_file(dir, 19, 0, 18);
	assert_file(dir, 21, 0, 18);
	assert_file(dir, 25, 400, 70000);
	assert_file(dir, 23, 400, 70000);
	assert_file(dir, 7, 1, 8);
	assert_int_equal(tree_remove(AT_FDCWD, path, NULL), 0);
}

static void refused(void **state)
{
	char path[] = "/tmp/test_ctty.XXXXXX";
	autofd int dir = make_folder(path);

	(void)state;
	make_images(dir, false);
	assert_int_equal(ctty_settle(dir, NULL), -ENOTTY);
	assert_file(dir, 19, DEV_TTY, 20);
	assert_int_equal(unlinkat(dir, "tty-info.img", 0), 0);
	assert_int_equal(ctty_settle(dir, NULL), -ENOENT);
	folder_put(dir, "tty-info.img", "x", 1);
	assert_int_equal(ctty_settle(dir, NULL), -EBADMSG);
	folder_put(dir, "files.img", "x", 1);
	assert_int_equal(ctty_settle(dir, NULL), -EBADMSG);
	assert_int_equal(tree_remove(AT_FDCWD, path, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_has_its_own),
	    cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
