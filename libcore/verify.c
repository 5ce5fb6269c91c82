/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgpids.h"
#include "child.h"
#include "cleanup.h"
#include "create.h"
#include "held.h"
#include "mntlist.h"
#include "place.h"
#include "proc.h"

enum { FILES_MS = 30000 };

static int check_joined(const struct create *c, size_t i, uint64_t inode, struct ctr_error *err)
{
	struct stat st;

	if (c->join_fd[i] < 0)
		return 0;
	if (fstat(c->join_fd[i], &st) < 0 || st.st_ino != inode)
		return err_set(err, CTR_E_SYSTEM, EPERM, "verify",
			       "PID 1 is not in the %s namespace that it was to join",
			       create_ns_name(i));
	return 0;
}

static int check_namespace(struct create *c, size_t i, struct ctr_error *err)
{
	const char *name = create_ns_name(i);
	uint64_t theirs, ours;
	char path[64];
	int r = str_format(path, sizeof(path), "/proc/%d/ns/%s", c->st.init.pid, name);

	if (r == 0)
		r = proc_ns_inode(c->st.init.pid, name, &theirs);
	if (r == 0)
		r = proc_ns_inode(getpid(), name, &ours);
	if (r < 0)
		return err_sys(err, r, "verify", "read the %s namespace", name);
	if (ours == theirs)
		return err_set(err, CTR_E_SYSTEM, EPERM, "verify",
			       "PID 1 is still in the host's %s namespace", name);
	r = check_joined(c, i, theirs, err);
	if (r < 0)
		return r;
	c->ns_fd[i] = open(path, O_RDONLY | O_CLOEXEC);
	if (c->ns_fd[i] < 0)
		return err_sys(err, errno, "verify", "open the %s namespace", name);
	c->st.ns[c->st.nns].inode = theirs;
	return str_copy(c->st.ns[c->st.nns++].name, sizeof(c->st.ns[0].name), name);
}

/* MUST-1, MUST-10: what CRIU has made is what was there, before anything of it runs. */
static int check_mounts(const struct create *c, struct ctr_error *err)
{
	autostrv struct strv lines = {0}, host = {0}, walls = {0}, maker = {0};
	char tree[PATH_MAX];
	const struct mntlist_pair pair = {&lines, &maker, tree};
	int r = mntlist_read(c->st.init.pid, &lines, err);

	if (r == 0)
		r = mntlist_read(getpid(), &host, err);
	if (r == 0)
		r = mntlist_read(c->maker.pid, &maker, err);
	if (r == 0)
		r = create_tree_path(c, tree, err);
	if (r < 0)
		return r;
	r = mntlist_walls(&lines, &host, &walls);
	if (r < 0)
		return err_sys(err, r, "verify", "read the mounts of PID 1");
	r = mntlist_compare(c->restore->walls, &walls, err);
	return r < 0 ? r : mntlist_same(&pair, c->restore->externals, err);
}

static int check_files(const struct create *c, const struct strv *have, struct ctr_error *err)
{
	struct heldcopy copy = {.user = *c->st.user ? c->st.uid : 0,
				.roots = *c->st.user && c->st.uid == 0};
	autofd int root = -1;
	char path[64];
	int r;

	if (!c->restore->imported)
		return held_compare(c->restore->held, have, NULL, err);
	r = str_format(path, sizeof(path), "/proc/%d/root", c->st.init.pid);
	root = r < 0 ? r : open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_sys(err, r < 0 ? r : errno, "files", "open the root of what came back");
	copy.root = root;
	return held_compare(c->restore->held, have, &copy, err);
}

/* And what CRIU has not made, while nothing of it runs. */
static int check_processes(void *arg, struct ctr_error *err)
{
	const struct create *c = arg;
	autostrv struct strv have = {0};
	autofree pid_t *pids = NULL;
	size_t n = 0;
	int r = cg_pids(&c->cg, &pids, &n, err);
	const struct held_where where = {c->st.init.pid, pids, n};

	if (r == 0)
		r = held_read(&where, &have, err);
	if (r == 0)
		r = check_files(c, &have, err);
	return r < 0 ? r : place_restore(&where, c->restore->places, err);
}

/* MUST-1: inodes are read back; what the kernel says counts, not what the calls returned. */
int verify_created(void *ctx, struct ctr_error *err)
{
	struct create *c = ctx;
	int r = 0;

	c->st.nns = 0;
	for (size_t i = 0; r == 0 && i < CREATE_NS; i++)
		if (c->spec->namespaces & create_ns_flag(i))
			r = check_namespace(c, i, err);
	if (r == 0 && c->users.fd >= 0)
		r = userns_verify(&c->users, c->st.init.pid, err);
	if (r == 0 && c->restore)
		r = check_mounts(c, err);
	if (r == 0 && c->restore) /* a file system may not answer (MUST-4) */
		r = child_run(check_processes, c, FILES_MS, err);
	if (r < 0)
		return r;
	r = c->cg.inherit ? 1 : cg_has(&c->cg, c->st.init.pid);
	if (r != 1)
		return err_set(err, CTR_E_SYSTEM, EPERM, "verify",
			       "PID 1 is not in control group %s", c->cg.path);
	if (!proc_is_alive(&c->st.init))
		return err_set(err, CTR_E_SYSTEM, ECHILD, "verify", "PID 1 died");
	return 0;
}
