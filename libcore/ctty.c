/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "cleanup.h"
#include "crimage.h"
#include "fd.h"
#include "str.h"

#define FILES_MAGIC  0x56303138u
#define FDINFO_MAGIC 0x56213732u
#define IDS_MAGIC    0x54432030u
#define PSTREE_MAGIC 0x50273030u
#define TTY_MAGIC    0x59453036u

/* Numbers of CRIU's .proto files, and of its tty.c: a terminal N has 2N, its master 2N + 1 */
enum {
	FILE_TYPE = 1,
	FILE_TTY = 19,
	TYPE_TTY = 11,
	TTY_ID = 1,
	TTY_TERMINAL = 2,
	TTY_REG = 6,
	FDINFO_ID = 1,
	IDS_FILES = 2,
	PSTREE_PID = 1,
	PSTREE_SID = 4,
	INFO_ID = 1,
	INFO_TYPE = 2,
	INFO_SID = 6,
	TYPE_PTY = 1,
	PTY_MAX = 1000,
	FILES_MAX = 4096, /* that are /dev/tty */
	DEV_TTY = 2 * 1006,
	ROOM = 32 /* how much longer a record may become, at most */
};

/** struct file - one open file that is /dev/tty */
struct file {
	uint32_t id;
	uint32_t terminal; /* what it is of; once found */
	bool found;
};

/** struct terminal - by its number */
struct terminal {
	uint32_t sid; /* of the session that it controls; 0 */
	uint32_t reg; /* ID of its name; 0: nobody has it open but by /dev/tty */
};

/** struct images - what is known of them; release with images_done() */
struct images {
	int dirfd;
	char *files;
	size_t len;
	struct crview records; /* of files */
	struct file *v;
	size_t n;
	struct terminal terminals[PTY_MAX + 1];
};

static void images_done(struct images *im)
{
	free(im->files);
	free(im->v);
}

#define autoimages __attribute__((cleanup(images_done)))

static int get(struct crview message, uint64_t number, uint32_t *ret)
{
	uint64_t v;
	int r = crimage_get(message, number, &v);

	if (r == 0 && v > UINT32_MAX)
		r = -EBADMSG;
	if (r == 0)
		*ret = (uint32_t)v;
	return r;
}

/** visit - one record of an image; below 0 ends the visit */
typedef int (*visit)(struct images *im, struct crview message, uint32_t with);

static int each(struct images *im, struct crview records, visit fn, uint32_t with)
{
	struct crview message;
	int r = 0;

	while (r == 0 && crimage_record(&records, &message))
		r = fn(im, message, with);
	return r == 0 && records.p < records.end ? -EBADMSG : r;
}

static int each_of(struct images *im, const char *name, uint32_t magic, visit fn, uint32_t with)
{
	autofree char *data = NULL;
	struct crview records;
	size_t len;
	int r = crimage_read_at(im->dirfd, name, &data, &len);

	if (r == 0)
		r = crimage_open(data, len, magic, &records);
	return r < 0 ? r : each(im, records, fn, with);
}

/* The message of a terminal in a record of files.img; empty when it is something else. */
static int tty_of(struct crview record, struct crview *ret)
{
	struct crview v = record;
	struct crfield f;
	uint32_t type = 0;
	int r = get(record, FILE_TYPE, &type);

	*ret = (struct crview){0};
	while (r == 0 && type == TYPE_TTY && crimage_field(&v, &f))
		if (f.number == FILE_TTY)
			*ret = f.bytes;
	return r;
}

static int see_file(struct images *im, struct crview record, uint32_t with)
{
	struct crview tty;
	struct file *more;
	uint32_t id = 0, terminal = 0, reg = 0;
	int r = tty_of(record, &tty);

	(void)with;
	if (r < 0 || tty.p == tty.end)
		return r;
	if (get(tty, TTY_ID, &id) < 0 || get(tty, TTY_TERMINAL, &terminal) < 0 ||
	    get(tty, TTY_REG, &reg) < 0)
		return -EBADMSG;
	if (terminal % 2 == 0 && terminal / 2 <= PTY_MAX)
		im->terminals[terminal / 2].reg = reg;
	if (terminal != DEV_TTY)
		return 0;
	if (im->n == FILES_MAX)
		return -EMFILE; /* each is looked for, while all stands still */
	more = reallocarray(im->v, im->n + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	im->v = more;
	im->v[im->n++] = (struct file){.id = id};
	return 0;
}

/* The slave's record says which session it controls, and so does the master's. */
static int see_terminal(struct images *im, struct crview message, uint32_t with)
{
	uint32_t id = 0, type = 0, sid = 0;

	(void)with;
	if (get(message, INFO_ID, &id) < 0 || get(message, INFO_TYPE, &type) < 0 ||
	    get(message, INFO_SID, &sid) < 0)
		return -EBADMSG;
	if (type == TYPE_PTY && id / 2 <= PTY_MAX && sid > 0)
		im->terminals[id / 2].sid = sid;
	return 0;
}

static void settle_one(struct images *im, uint32_t id, uint32_t sid)
{
	struct file *f = im->v, *end = im->v + im->n;

	while (f < end && f->id != id)
		f++;
	for (uint32_t i = 0; f < end && !f->found && i <= PTY_MAX; i++) {
		f->found = im->terminals[i].sid == sid && im->terminals[i].reg > 0;
		f->terminal = i;
	}
}

static int see_descriptor(struct images *im, struct crview message, uint32_t sid)
{
	uint32_t id = 0;
	int r = get(message, FDINFO_ID, &id);

	if (r == 0)
		settle_one(im, id, sid);
	return r;
}

static int see_table(struct images *im, struct crview message, uint32_t sid)
{
	char name[64];
	uint32_t table = 0;
	int r = get(message, IDS_FILES, &table);

	if (r == 0)
		r = str_format(name, sizeof(name), "fdinfo-%u.img", table);
	return r < 0 ? r : each_of(im, name, FDINFO_MAGIC, see_descriptor, sid);
}

/* A process that has ended and was not waited for has no table, and so no image of it. */
static int see_process(struct images *im, struct crview message, uint32_t with)
{
	char name[64];
	uint32_t pid = 0, sid = 0;
	int r = get(message, PSTREE_PID, &pid);

	(void)with;
	if (r == 0)
		r = get(message, PSTREE_SID, &sid);
	if (r == 0)
		r = str_format(name, sizeof(name), "ids-%u.img", pid);
	if (r == 0)
		r = each_of(im, name, IDS_MAGIC, see_table, sid);
	return r == -ENOENT ? 0 : r;
}

static bool all_found(const struct images *im)
{
	size_t i = 0;

	while (i < im->n && im->v[i].found)
		i++;
	return i == im->n;
}

/* ---- writing ---- */

static const struct file *file_of(const struct images *im, struct crview tty)
{
	uint32_t id = 0, terminal = 0;

	if (get(tty, TTY_ID, &id) < 0 || get(tty, TTY_TERMINAL, &terminal) < 0 ||
	    terminal != DEV_TTY)
		return NULL;
	for (size_t i = 0; i < im->n; i++)
		if (im->v[i].id == id)
			return &im->v[i];
	return NULL;
}

static void put_tty(const struct images *im, struct crview tty, const struct file *file,
		    struct crout *o)
{
	struct crfield f;

	while (crimage_field(&tty, &f)) {
		if (f.number == TTY_TERMINAL)
			crimage_put_value(o, TTY_TERMINAL, 2 * file->terminal);
		else if (f.number == TTY_REG)
			crimage_put_value(o, TTY_REG, im->terminals[file->terminal].reg);
		else
			crimage_put(o, f.whole.p, (size_t)(f.whole.end - f.whole.p));
	}
}

static void put_record(const struct images *im, struct crview record, struct crout *tty,
		       struct crout *o)
{
	const struct file *file = NULL;
	struct crout size = {.data = o->data + o->len}; /* filled in at the end */
	struct crview inner;
	struct crfield f;
	uint32_t len;

	if (tty_of(record, &inner) == 0)
		file = file_of(im, inner);
	o->len += sizeof(len);
	while (crimage_field(&record, &f)) {
		if (file && f.number == FILE_TTY) {
			tty->len = 0;
			put_tty(im, f.bytes, file, tty);
			crimage_put_message(o, FILE_TTY, tty);
		} else {
			crimage_put(o, f.whole.p, (size_t)(f.whole.end - f.whole.p));
		}
	}
	len = (uint32_t)(o->data + o->len - size.data - sizeof(len));
	crimage_put(&size, &len, sizeof(len));
}

static int rewrite(const struct images *im)
{
	size_t room = im->len + (im->n + 1) * ROOM;
	autofree unsigned char *data = malloc(room), *inner = malloc(room);
	struct crout o = {.data = data}, tty = {.data = inner};
	struct crview records = im->records, message;
	autofd int fd = -1;

	if (!data || !inner)
		return -ENOMEM;
	crimage_put(&o, im->files, (size_t)(records.p - (const unsigned char *)im->files));
	while (crimage_record(&records, &message))
		put_record(im, message, &tty, &o);
	fd = openat(im->dirfd, "files.img", O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd_write_all(fd, o.data, o.len);
}

/* The first is PID 1's own, helpers/init_quiet.c: who is alone with it needs no change. */
static int settle(struct images *im)
{
	int r = crimage_read_at(im->dirfd, "files.img", &im->files, &im->len);

	if (r == 0)
		r = crimage_open(im->files, im->len, FILES_MAGIC, &im->records);
	if (r == 0)
		r = each(im, im->records, see_file, 0);
	if (r < 0 || im->n < 2)
		return r;
	r = each_of(im, "tty-info.img", TTY_MAGIC, see_terminal, 0);
	if (r == 0)
		r = each_of(im, "pstree.img", PSTREE_MAGIC, see_process, 0);
	return r < 0 || !all_found(im) ? r : rewrite(im);
}

int ctty_settle(int images, struct ctr_error *err)
{
	autoimages struct images im = {.dirfd = images};
	int r = settle(&im);

	if (r < 0)
		return err_sys(err, r, "checkpoint", "read the terminals in CRIU's images");
	if (im.n > 1 && !all_found(&im))
		return err_set(err, CTR_E_UNSUPPORTED, ENOTTY, "checkpoint",
			       "a process has the /dev/tty of a session open that is not its own, "
			       "or whose terminal nobody else has open");
	return 0;
}
