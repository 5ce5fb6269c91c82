/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgdevlist.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cleanup.h"
#include "devline.h"
#include "fd.h"
#include "num.h"

enum { ANY = -1, MAJORS = 64, STRICT_ROWS = 3 };

/*
 * The numbers of admin-guide/devices.txt that a login needs; DevicePolicy=strict has the first
 * rows, without which no /dev can be built and PID 1 has no descriptors to stand on. Any node may
 * be made, since nodes work nowhere but in /dev (every other mount is nodev) and only with the
 * access rights below. No consoles but 5:1: with 4:* root inside could read the screens and keys
 * of others. A login on a console brings that one along (supervisor_terminal.c).
 */
static const struct cgdev_rule usual[] = {
    {'c', ANY, ANY, CGDEV_MKNOD}, {'b', ANY, ANY, CGDEV_MKNOD}, {'c', 1, 3, CGDEV_ALL}, /* null */
    {'c', 1, 5, CGDEV_ALL},								/* zero */
    {'c', 1, 7, CGDEV_ALL},								/* full */
    {'c', 1, 8, CGDEV_ALL},								/* random */
    {'c', 1, 9, CGDEV_ALL},	/* urandom */
    {'c', 5, 0, CGDEV_ALL},	/* tty */
    {'c', 5, 1, CGDEV_ALL},	/* console */
    {'c', 5, 2, CGDEV_ALL},	/* ptmx */
    {'c', 136, ANY, CGDEV_ALL}, /* pts */
};

/** struct list - where rules are gathered */
struct list {
	struct cgdev_rule *v;
	size_t n, max;
};

static int add(struct list *l, struct cgdev_rule rule, struct ctr_error *err)
{
	if (l->n == l->max)
		return err_set(err, CTR_E_CONFIG, E2BIG, "devices", "more than %zu device rules",
			       l->max);
	l->v[l->n++] = rule;
	return 0;
}

unsigned int cgdevlist_access(const char *text)
{
	return (strchr(text, 'r') ? CGDEV_READ : 0) | (strchr(text, 'w') ? CGDEV_WRITE : 0) |
	       (strchr(text, 'm') ? CGDEV_MKNOD : 0);
}

bool cgdevlist_is_open(const struct cgdev_rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (rules[i].type == 'a' && rules[i].access == CGDEV_ALL)
			return true;
	return false;
}

bool cgdevlist_allows_all(const struct cgdev_rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (rules[i].access & CGDEV_DENY)
			return false;
	return cgdevlist_is_open(rules, n);
}

/* Reads "  4 ttyS"; advances *p. Returns false at the end or at an empty line. */
static bool next_driver(const char **p, int *major, char *name, size_t size)
{
	size_t len = strcspn(*p, "\n"), digits;
	char number[16];

	*p += strspn(*p, " ");
	digits = strspn(*p, "0123456789");
	len = strcspn(*p, "\n");
	if (digits == 0 || (*p)[digits] != ' ' ||
	    str_format(number, sizeof(number), "%.*s", (int)digits, *p) < 0 ||
	    num_int_in(number, 0, 1 << 20, major) < 0 ||
	    str_format(name, size, "%.*s", (int)(len - digits - 1), *p + digits + 1) < 0)
		return false;
	*p += len + ((*p)[len] == '\n');
	return true;
}

int cgdevlist_driver(const char *devices, char type, const char *pattern, int *ret, size_t max)
{
	const char *p = strstr(devices, type == 'c' ? "Character devices:\n" : "Block devices:\n");
	size_t n = 0;
	char name[64];
	int major;

	if (!p)
		return 0;
	p = strchr(p, '\n') + 1;
	while (next_driver(&p, &major, name, sizeof(name))) {
		bool known = false;

		for (size_t i = 0; i < n; i++)
			known |= ret[i] == major;
		if (known || fnmatch(pattern, name, 0) != 0)
			continue;
		if (n == max)
			return -E2BIG;
		ret[n++] = major;
	}
	return (int)n;
}

static int add_driver(struct list *l, const char *key, const char *name, unsigned int access,
		      struct ctr_error *err)
{
	char type = name[0], text[8192];
	const char *pattern = strchr(name, '-') + 1;
	int majors[MAJORS], n, r = 0;
	ssize_t len;

	if (strcmp(pattern, "*") == 0)
		return add(l, (struct cgdev_rule){type, ANY, ANY, access}, err);
	len = fd_read_file_at(AT_FDCWD, "/proc/devices", text, sizeof(text));
	if (len < 0)
		return err_sys(err, (int)len, "devices", "read /proc/devices");
	n = cgdevlist_driver(text, type, pattern, majors, ARRAY_SIZE(majors));
	if (n <= 0)
		return err_set(err, CTR_E_CONFIG, n < 0 ? -n : ENODEV, "devices",
			       "%s=%s: /proc/devices lists %s driver of that name", key, name,
			       n < 0 ? "too many" : "no");
	for (int i = 0; r == 0 && i < n; i++)
		r = add(l, (struct cgdev_rule){type, majors[i], ANY, access}, err);
	return r;
}

static int add_node(struct list *l, const char *key, const char *path, unsigned int access,
		    struct ctr_error *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_set(err, CTR_E_CONFIG, errno, "devices", "%s=%s: %s", key, path,
			       strerrordesc_np(errno));
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return err_set(err, CTR_E_CONFIG, ENODEV, "devices", "%s=%s is not a device node",
			       key, path);
	return add(l,
		   (struct cgdev_rule){S_ISCHR(st.st_mode) ? 'c' : 'b', (int)major(st.st_rdev),
				       (int)minor(st.st_rdev), access},
		   err);
}

/* "/dev/X rwm", "char-NAME rw": as list.c wrote it */
static int add_line(struct list *l, const char *key, const char *line, struct ctr_error *err)
{
	const char *blank = strchr(line, ' ');
	unsigned int access = blank ? cgdevlist_access(blank + 1) : CGDEV_ALL;
	size_t len = blank ? (size_t)(blank - line) : strlen(line);
	autofree char *name = strndup(line, len);

	if (!name)
		return err_sys(err, ENOMEM, "devices", "list devices");
	return name[0] == '/' ? add_node(l, key, name, access, err)
			      : add_driver(l, key, name, access, err);
}

static int add_own_node(struct list *l, const char *line, struct ctr_error *err)
{
	autodevline struct devline d = {.path = NULL};
	int r = devline_parse(line, &d, err);

	return r < 0 ? r
		     : add(l,
			   (struct cgdev_rule){d.type == S_IFCHR ? 'c' : 'b', (int)d.major,
					       (int)d.minor, CGDEV_ALL},
			   err);
}

static bool covers(const struct cgdev_rule *a, const struct cgdev_rule *b)
{
	return a->type == b->type && (a->major == ANY || a->major == b->major) &&
	       (a->minor == ANY || a->minor == b->minor);
}

/*
 * Taken out of what is allowed. A part of an entry can not be: the devices controller of v1 has no
 * such thing in a list of what is allowed. Making nodes is no part of it, as they are of no use.
 */
static int subtract(struct list *l, const struct cgdev_rule *d, const char *line,
		    struct ctr_error *err)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct cgdev_rule *a = &l->v[i];

		if (covers(d, a))
			a->access &= ~d->access;
		else if (covers(a, d) && (a->access & d->access & ~(unsigned int)CGDEV_MKNOD))
			return err_set(err, CTR_E_CONFIG, EINVAL, "devices",
				       "DeviceDeny=%s is a part of what is allowed as a whole",
				       line);
		if (a->access)
			l->v[kept++] = *a;
	}
	l->n = kept;
	return 0;
}

static int deny(struct list *l, const char *line, bool open, struct ctr_error *err)
{
	struct cgdev_rule v[MAJORS];
	struct list denied = {.v = v, .max = ARRAY_SIZE(v)};
	int r = add_line(&denied, "DeviceDeny", line, err);

	for (size_t i = 0; r == 0 && i < denied.n; i++) {
		if (!open) {
			r = subtract(l, &v[i], line, err);
			continue;
		}
		v[i].access |= CGDEV_DENY;
		r = add(l, v[i], err);
	}
	return r;
}

int cgdev_list(const struct spec *spec, struct cgdev_rule *ret, size_t max, size_t *ret_n,
	       struct ctr_error *err)
{
	bool open = spec->device_policy == SPEC_DEV_AUTO && spec->device_allow.n == 0;
	bool strict = spec->device_policy == SPEC_DEV_STRICT;
	size_t n_usual = open ? 0 : strict ? STRICT_ROWS : ARRAY_SIZE(usual);
	struct list l = {.v = ret, .max = max};
	int r = open ? add(&l, (struct cgdev_rule){'a', ANY, ANY, CGDEV_ALL}, err) : 0;

	for (size_t i = 0; r == 0 && i < n_usual; i++)
		r = add(&l, usual[i], err);
	/* a node that is shown is meant to be used */
	for (size_t i = 0; !open && !strict && r == 0 && i < spec->devices.n; i++)
		r = add_node(&l, "Devices", spec->devices.v[i], CGDEV_ALL, err);
	for (size_t i = 0; !open && !strict && r == 0 && i < spec->device_nodes.n; i++)
		r = add_own_node(&l, spec->device_nodes.v[i], err);
	for (size_t i = 0; r == 0 && i < spec->device_allow.n; i++)
		r = add_line(&l, "DeviceAllow", spec->device_allow.v[i], err);
	for (size_t i = 0; r == 0 && i < spec->device_deny.n; i++)
		r = deny(&l, spec->device_deny.v[i], open, err);
	if (r == 0)
		*ret_n = l.n;
	return r;
}
