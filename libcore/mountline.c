/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mountline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "parse.h"
#include "path.h"
#include "sys.h"

enum { SOURCES_MAX = 16, WORDS_MAX = 64 };

static const char *const kinds[] = {
    [MOUNTLINE_BIND] = "bind",	   [MOUNTLINE_PROC] = "proc",	    [MOUNTLINE_SYSFS] = "sysfs",
    [MOUNTLINE_TMPFS] = "tmpfs",   [MOUNTLINE_MQUEUE] = "mqueue",   [MOUNTLINE_DEVPTS] = "devpts",
    [MOUNTLINE_CGROUP] = "cgroup", [MOUNTLINE_OVERLAY] = "overlay",
};

/* What every mount of the kind has (MUST-5); `suid`, `dev` and `exec` take the first three away. */
#define SAFE	     (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)
#define KERNEL_FILES (SAFE | MOUNT_ATTR_NOEXEC)
static const uint64_t defaults[] = {
    [MOUNTLINE_BIND] = SAFE,
    [MOUNTLINE_PROC] = KERNEL_FILES,
    /* what can be written there acts on the machine */
    [MOUNTLINE_SYSFS] = KERNEL_FILES | MOUNT_ATTR_RDONLY,
    [MOUNTLINE_TMPFS] = SAFE,
    [MOUNTLINE_MQUEUE] = KERNEL_FILES,
    /* with nodev it had no terminals */
    [MOUNTLINE_DEVPTS] = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
    [MOUNTLINE_CGROUP] = KERNEL_FILES | MOUNT_ATTR_RDONLY,
    [MOUNTLINE_OVERLAY] = SAFE,
};

/* Options that are handed to the file system, by the part before '='. */
static const char *const data_of[][8] = {
    [MOUNTLINE_BIND] = {NULL},
    [MOUNTLINE_PROC] = {"hidepid", "gid", NULL},
    [MOUNTLINE_SYSFS] = {NULL},
    [MOUNTLINE_TMPFS] = {"size", "nr_inodes", "mode", "uid", "gid", "huge", "mpol", NULL},
    [MOUNTLINE_MQUEUE] = {NULL},
    [MOUNTLINE_DEVPTS] = {"mode", "ptmxmode", "uid", "gid", "max", NULL},
    [MOUNTLINE_CGROUP] = {NULL},
    [MOUNTLINE_OVERLAY] = {"index", "metacopy", "redirect_dir", "xino", "volatile", NULL},
};

static const struct {
	const char *word;
	uint64_t set, clear;
} flags[] = {
    {"ro", MOUNT_ATTR_RDONLY, 0},
    {"rw", 0, MOUNT_ATTR_RDONLY},
    {"nosuid", MOUNT_ATTR_NOSUID, 0},
    {"suid", 0, MOUNT_ATTR_NOSUID},
    {"nodev", MOUNT_ATTR_NODEV, 0},
    {"dev", 0, MOUNT_ATTR_NODEV},
    {"noexec", MOUNT_ATTR_NOEXEC, 0},
    {"exec", 0, MOUNT_ATTR_NOEXEC},
    {"noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME},
    {"relatime", 0, MOUNT_ATTR__ATIME},
    {"strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
    {"nodiratime", MOUNT_ATTR_NODIRATIME, 0},
    {"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0},
};

static const struct {
	const char *word;
	uint64_t flag;
} propagations[] = {
    {"private", MS_PRIVATE},
    {"slave", MS_SLAVE},
    {"shared", MS_SHARED},
    {"unbindable", MS_UNBINDABLE},
};

const char *mountline_type(enum mountline_kind kind)
{
	return kinds[kind];
}

void mountline_done(struct mountline *m)
{
	free(m->dest);
	strv_done(&m->sources);
	*m = (struct mountline){.dest = NULL};
}

static bool take_flag(enum mountline_kind kind, const char *word, struct mountline_options *o)
{
	bool fixed = kind == MOUNTLINE_SYSFS || kind == MOUNTLINE_PROC;

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if (strcmp(word, flags[i].word) == 0) {
			/* kernel files are no place for more than the definition's default */
			if (fixed && (flags[i].clear & defaults[kind]))
				return false;
			o->attr = (o->attr & ~flags[i].clear) | flags[i].set;
			o->writable |= strcmp(word, "rw") == 0;
			return true;
		}
		if (kind == MOUNTLINE_BIND && word[0] == 'r' && flags[i].set &&
		    strcmp(word + 1, flags[i].word) == 0) {
			o->attr_below |= flags[i].set;
			return true;
		}
	}
	return false;
}

static bool take_propagation(const char *word, struct mountline_options *o)
{
	for (size_t i = 0; i < ARRAY_SIZE(propagations); i++) {
		bool below = word[0] == 'r' && strcmp(word + 1, propagations[i].word) == 0;

		if (!below && strcmp(word, propagations[i].word) != 0)
			continue;
		o->propagation = propagations[i].flag;
		o->propagate_below = below;
		return true;
	}
	return false;
}

/* Words that are ours: neither the kernel's nor of all kinds */
static bool take_own(enum mountline_kind kind, const char *word, struct mountline_options *o)
{
	if (kind == MOUNTLINE_BIND && (str_equal(word, "rbind") || str_equal(word, "bind"))) {
		o->single = str_equal(word, "bind");
		return true;
	}
	if (kind == MOUNTLINE_BIND && str_equal(word, "norbind")) {
		o->single = true;
		return true;
	}
	if (kind == MOUNTLINE_TMPFS &&
	    (str_equal(word, "copy-up") || str_equal(word, "tmpcopyup"))) {
		o->copy_up = true;
		return true;
	}
	return str_equal(word, "defaults") ||
	       (kind == MOUNTLINE_DEVPTS && str_equal(word, "newinstance")); /* each one is */
}

static bool take_data(enum mountline_kind kind, const char *word, struct mountline_options *o)
{
	size_t len = strcspn(word, "="), used = strlen(o->data);

	for (const char *const *p = data_of[kind]; *p; p++)
		if (strlen(*p) == len && strncmp(*p, word, len) == 0)
			return str_format(o->data + used, sizeof(o->data) - used, "%s%s",
					  used ? "," : "", word) == 0;
	return false;
}

static int unknown_option(enum mountline_kind kind, const char *word, struct ctr_error *err)
{
	const char *words[WORDS_MAX] = {NULL}, *near;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		words[n++] = flags[i].word;
	for (size_t i = 0; i < ARRAY_SIZE(propagations); i++)
		words[n++] = propagations[i].word;
	for (const char *const *p = data_of[kind]; *p; p++)
		words[n++] = *p;
	words[n++] = kind == MOUNTLINE_TMPFS ? "copy-up" : "defaults";
	near = parse_suggest(word, words);
	if (near && strcmp(near, word) == 0)
		near = NULL;
	return err_set(err, CTR_E_CONFIG, EINVAL, "config", "%s takes no option '%s'%s%s%s",
		       kinds[kind], word, near ? "; did you mean '" : "", near ? near : "",
		       near ? "'?" : "");
}

int mountline_parse_options(enum mountline_kind kind, const char *text,
			    struct mountline_options *ret, struct ctr_error *err)
{
	struct mountline_options o = {.attr = defaults[kind]};
	autostrv struct strv words = {0};

	if (text && strv_split(&words, text, ",") < 0)
		return err_sys(err, ENOMEM, "config", "read mount options");
	for (size_t i = 0; i < words.n; i++)
		if (!take_own(kind, words.v[i], &o) && !take_flag(kind, words.v[i], &o) &&
		    !take_propagation(words.v[i], &o) && !take_data(kind, words.v[i], &o))
			return unknown_option(kind, words.v[i], err);
	*ret = o;
	return 0;
}

static bool is_below(const char *path, const char *top)
{
	const char *rest;

	return str_has_prefix(path, top, &rest) && (*rest == '\0' || *rest == '/');
}

/* What the container has of its own is not covered: PID 1 is reached there, and walls stand there.
 */
static int check_dest(const char *dest, struct ctr_error *err)
{
	if (!path_is_clean(dest) || !dest[1])
		return parse_bad(err, "destination", dest, NULL);
	if (is_below(dest, "/proc") || str_equal(dest, "/dev") || is_below(dest, "/dev/pts") ||
	    is_below(dest, "/dev/.container"))
		return err_set(err, CTR_E_CONFIG, EINVAL, "config",
			       "%s is made by the container itself: nothing is mounted there",
			       dest);
	return 0;
}

static int read_kind(const char *word, enum mountline_kind *ret, struct ctr_error *err)
{
	const char *words[ARRAY_SIZE(kinds) + 1] = {NULL};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		words[i] = kinds[i];
		if (strcmp(word, kinds[i]) == 0) {
			*ret = (enum mountline_kind)i;
			return 0;
		}
	}
	return parse_bad(err, "mount type", word, parse_suggest(word, words));
}

/* An overlay needs a lower and, unless it is read-only, an upper folder. */
static int read_sources(const char *text, struct mountline *m, struct ctr_error *err)
{
	bool overlay = m->kind == MOUNTLINE_OVERLAY;
	size_t least = overlay ? (m->options.attr & MOUNT_ATTR_RDONLY ? 1 : 2) : 1;

	if (m->kind != MOUNTLINE_BIND && !overlay)
		return 0; /* "none", "tmpfs": says nothing, as in fstab(5) */
	if (strv_split(&m->sources, text, overlay ? ":" : "\n") < 0)
		return err_sys(err, ENOMEM, "config", "read mount");
	for (size_t i = 0; i < m->sources.n; i++)
		if (!path_is_clean(m->sources.v[i]))
			return parse_bad(err, "source", m->sources.v[i], NULL);
	if (m->sources.n < least || m->sources.n > SOURCES_MAX)
		return parse_bad(err, overlay ? "overlay (LOWER[:LOWER ...]:UPPER)" : "source",
				 text, NULL);
	return 0;
}

static int fill(const struct strv *words, struct mountline *m, struct ctr_error *err)
{
	int r = read_kind(words->v[2], &m->kind, err);

	if (r == 0)
		r = check_dest(words->v[1], err);
	if (r == 0)
		r = mountline_parse_options(m->kind, words->n > 3 ? words->v[3] : NULL, &m->options,
					    err);
	m->optional = words->v[0][0] == '-';
	if (r == 0)
		r = read_sources(words->v[0] + m->optional, m, err);
	if (r < 0)
		return r;
	m->dest = strdup(words->v[1]);
	return m->dest ? 0 : err_sys(err, ENOMEM, "config", "read mount");
}

int mountline_parse(const char *line, struct mountline *ret, struct ctr_error *err)
{
	automount struct mountline m = {.dest = NULL};
	autostrv struct strv words = {0};
	int r;

	if (strv_split(&words, line, " \t") < 0)
		return err_sys(err, ENOMEM, "config", "read mount");
	if (words.n < 3 || words.n > 4)
		return parse_bad(err, "mount (SOURCE DESTINATION TYPE [OPTIONS])", line, NULL);
	r = fill(&words, &m, err);
	if (r < 0)
		return r;
	*ret = m;
	m = (struct mountline){.dest = NULL};
	return 0;
}

int mountline_parse_overlay(const char *line, struct mountline *ret, struct ctr_error *err)
{
	const char *last = strrchr(line, ':');
	autofree char *mount = NULL;

	if (!last || strpbrk(line, " \t"))
		return parse_bad(err, "overlay (LOWER[:LOWER ...]:UPPER:DESTINATION)", line, NULL);
	mount = str_dup_format("%.*s %s overlay", (int)(last - line), line, last + 1);
	return mount ? mountline_parse(mount, ret, err)
		     : err_sys(err, ENOMEM, "config", "read overlay");
}
