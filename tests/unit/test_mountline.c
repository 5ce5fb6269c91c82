/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <sys/mount.h>

#include "cleanup.h"
#include "mountline.h"

#define RO   MOUNT_ATTR_RDONLY
#define SAFE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)
#define KERN (SAFE | MOUNT_ATTR_NOEXEC)

/** struct row - a line that is taken, and what it means */
struct row {
	const char *line;
	enum mountline_kind kind;
	const char *sources; /* with ':' between */
	const char *dest;
	struct mountline_options o;
};

static const struct row rows[] = {
    {"/a /b bind", MOUNTLINE_BIND, "/a", "/b", {.attr = SAFE}},
    {"-/a /b bind ro,suid,dev,noexec",
     MOUNTLINE_BIND,
     "/a",
     "/b",
     {.attr = RO | MOUNT_ATTR_NOEXEC}},
    {"/a /b bind rro,rnosymfollow",
     MOUNTLINE_BIND,
     "/a",
     "/b",
     {.attr = SAFE, .attr_below = RO | MOUNT_ATTR_NOSYMFOLLOW}},
    {"/a /b bind norbind,private",
     MOUNTLINE_BIND,
     "/a",
     "/b",
     {.attr = SAFE, .single = true, .propagation = MS_PRIVATE}},
    {"/a /b bind rslave,strictatime",
     MOUNTLINE_BIND,
     "/a",
     "/b",
     {.attr = SAFE | MOUNT_ATTR_STRICTATIME, .propagation = MS_SLAVE, .propagate_below = true}},
    {"none /b tmpfs size=1M,copy-up,mode=700",
     MOUNTLINE_TMPFS,
     "",
     "/b",
     {.attr = SAFE, .copy_up = true, .data = "size=1M,mode=700"}},
    {"x /b proc gid=5", MOUNTLINE_PROC, "", "/b", {.attr = KERN, .data = "gid=5"}},
    {"x /b sysfs", MOUNTLINE_SYSFS, "", "/b", {.attr = KERN | RO}},
    {"x /b mqueue exec", MOUNTLINE_MQUEUE, "", "/b", {.attr = SAFE}},
    {"x /b devpts newinstance,max=4",
     MOUNTLINE_DEVPTS,
     "",
     "/b",
     {.attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, .data = "max=4"}},
    {"x /sys/fs/cgroup cgroup", MOUNTLINE_CGROUP, "", "/sys/fs/cgroup", {.attr = KERN | RO}},
    {"x /c cgroup rw", MOUNTLINE_CGROUP, "", "/c", {.attr = KERN, .writable = true}},
    {"/l1:/l2:/up /o overlay index=on",
     MOUNTLINE_OVERLAY,
     "/l1:/l2:/up",
     "/o",
     {.attr = SAFE, .data = "index=on"}},
    {"/l1 /o overlay ro", MOUNTLINE_OVERLAY, "/l1", "/o", {.attr = SAFE | RO}},
};

static bool sources_are(const struct strv *have, const char *want)
{
	autostrv struct strv words = {0};
	bool same = strv_split(&words, want, ":") == 0 && words.n == have->n;

	for (size_t i = 0; same && i < words.n; i++)
		same = strcmp(words.v[i], have->v[i]) == 0;
	return same;
}

static void reads_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *t = &rows[i];
		automount struct mountline m = {.dest = NULL};
		struct ctr_error err = {0};

		if (mountline_parse(t->line, &m, &err) < 0)
			fail_msg("%s: %s", t->line, err.text);
		if (m.kind != t->kind || strcmp(m.dest, t->dest) != 0 ||
		    m.optional != (t->line[0] == '-') || !sources_are(&m.sources, t->sources))
			fail_msg("%s: kind, source or destination", t->line);
		if (m.options.attr != t->o.attr || m.options.attr_below != t->o.attr_below ||
		    m.options.propagation != t->o.propagation ||
		    m.options.propagate_below != t->o.propagate_below ||
		    m.options.single != t->o.single || m.options.writable != t->o.writable ||
		    m.options.copy_up != t->o.copy_up || strcmp(m.options.data, t->o.data) != 0)
			fail_msg("%s: options", t->line);
	}
}

/* MUST-5 among them: no option that names a path, nothing over what the container makes itself. */
static const struct {
	const char *line, *why;
} refused[] = {
    {"", "SOURCE DESTINATION TYPE"},
    {"/a /b", "SOURCE DESTINATION TYPE"},
    {"/a /b bind ro extra", "SOURCE DESTINATION TYPE"},
    {"/a /b bnd", "did you mean 'bind'"},
    {"/a /b securityfs", "mount type"},
    {"/a / bind", "destination"},
    {"/a /../b bind", "destination"},
    {"a /b bind", "source"},
    {"/a /proc bind", "made by the container"},
    {"/a /proc/sys bind", "made by the container"},
    {"/a /dev bind", "made by the container"},
    {"/a /dev/pts bind", "made by the container"},
    {"/a /dev/.container/init bind", "made by the container"},
    {"/a /b bind nosuit", "did you mean 'nosuid'"},
    {"/a /b bind size=1", "takes no option"},
    {"x /b tmpfs rro", "takes no option"},
    {"x /b tmpfs copyup", "did you mean 'copy-up'"},
    {"x /s sysfs rw", "takes no option"},
    {"x /s proc suid", "takes no option"},
    {"/a /b overlay", "LOWER"},
    {"/a:b /c overlay", "source"},
    {"/a:/b /c overlay lowerdir=/x", "takes no option"},
    {"/a:/b /c overlay upperdir=/x", "takes no option"},
};

static void refuses_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct mountline m = {.dest = NULL};
		struct ctr_error err = {0};

		if (mountline_parse(refused[i].line, &m, &err) != -EINVAL || m.dest)
			fail_msg("'%s' was taken", refused[i].line);
		assert_int_equal(err.code, CTR_E_CONFIG);
		if (!strstr(err.text, refused[i].why))
			fail_msg("'%s': %s", refused[i].line, err.text);
	}
}

static void reads_overlays(void **state)
{
	automount struct mountline m = {.dest = NULL};

	(void)state;
	assert_int_equal(mountline_parse_overlay("/a:/b:/up:/dest", &m, NULL), 0);
	assert_int_equal(m.kind, MOUNTLINE_OVERLAY);
	assert_true(sources_are(&m.sources, "/a:/b:/up"));
	assert_string_equal(m.dest, "/dest");
	assert_int_equal(mountline_parse_overlay("/a:/dest", &m, NULL), -EINVAL);
	assert_int_equal(mountline_parse_overlay("/a /b overlay", &m, NULL), -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_lines),
	    cmocka_unit_test(refuses_lines),
	    cmocka_unit_test(reads_overlays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
