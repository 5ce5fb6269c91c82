/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "create.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "cleanup.h"
#include "compile.h"
#include "createhear.h"
#include "createhook.h"
#include "idpool.h"
#include "msg.h"
#include "network.h"
#include "nsconf.h"
#include "proc.h"
#include "record.h"
#include "setup.h"
#include "space.h"
#include "sys.h"
#include "verify.h"

/* In the order in which they are handed over, which is not that of entering them. */
static const struct {
	const char *name;
	int flag;
} spaces[CREATE_NS] = {
    {"mnt", CLONE_NEWNS},    {"pid", CLONE_NEWPID},   {"ipc", CLONE_NEWIPC},
    {"uts", CLONE_NEWUTS},   {"net", CLONE_NEWNET},   {"cgroup", CLONE_NEWCGROUP},
    {"user", CLONE_NEWUSER}, {"time", CLONE_NEWTIME},
};

const char *create_ns_name(size_t i)
{
	return i < CREATE_NS ? spaces[i].name : NULL;
}

uint64_t create_ns_flag(size_t i)
{
	return i < CREATE_NS ? (uint64_t)spaces[i].flag : 0;
}

int create_tree_path(const struct create *c, char path[PATH_MAX], struct ctr_error *err)
{
	char link[64];
	ssize_t n;
	int r = str_format(link, sizeof(link), "/proc/self/fd/%d", c->dirfd);

	n = r < 0 ? -1 : readlink(link, path, PATH_MAX - sizeof("/" CREATE_TREE));
	if (n < 0)
		return err_sys(err, errno, "tree", "find the path of the container's folder");
	return str_copy(path + n, PATH_MAX - (size_t)n, "/" CREATE_TREE);
}

void create_init(struct create *c)
{
	memset(c, 0, sizeof(*c));
	c->rootfd = c->restrict_fd = c->abort_fd = -1;
	userns_init(&c->users);
	c->dirfd = c->control = c->sync = c->pidfd = c->scratch = -1;
	for (size_t i = 0; i < CREATE_NS; i++)
		c->ns_fd[i] = c->join_fd[i] = -1;
}

static int run_state(void *ctx, struct ctr_error *err)
{
	struct create *c = ctx;

	c->dirfd = state_create_dir(c->rootfd, c->st.id, err);
	return c->dirfd < 0 ? c->dirfd : 0;
}

static void undo_state(void *ctx)
{
	struct create *c = ctx;

	cleanup_fd(&c->control);
	(void)unlinkat(c->dirfd, CREATE_TREE, AT_REMOVEDIR); /* ENOENT for a fresh one */
	cleanup_fd(&c->dirfd);
	(void)!state_remove_dir(c->rootfd, c->st.id, NULL); /* what stays, gc finds */
}

static int run_cgroup(void *ctx, struct ctr_error *err)
{
	struct create *c = ctx;
	int r;

	c->cg.facts = &c->cg_facts;
	c->cg.inherit = c->spec->cgroup == SPEC_CG_INHERIT;
	r = str_format(c->cg.path, sizeof(c->cg.path), "pam_container/%s", c->st.id);
	if (r == 0)
		r = cg_create_start(&c->cg, c->spec, &c->making, err);
	return r;
}

static void undo_cgroup(void *ctx)
{
	struct create *c = ctx;

	if (c->making.pid)
		(void)!cg_create_finish(&c->cg, &c->making, NULL); /* it must not make more */
	(void)!cg_kill(&c->cg, 5000, NULL); /* nothing more to be done here; gc tries again */
	(void)!cg_remove(&c->cg, NULL);
}

static int run_join(void *ctx, struct ctr_error *err)
{
	return space_open(ctx, err);
}

static void undo_join(void *ctx)
{
	space_close(ctx);
}

static int run_users(void *ctx, struct ctr_error *err)
{
	struct create *c = ctx;
	struct idpool_answer own = {.choice = c->spec->users};
	const struct idpool_job job = {c->rootfd,  c->dirfd,  c->st.id,
				       c->st.user, c->st.uid, c->gid};
	struct userns_who who = {.uid = c->st.uid, .gid = c->gid, .groups = own.groups};
	int theirs = space_joined(c, CLONE_NEWUSER), r = 0;

	if (!nsconf_has_users(c->spec))
		return 0;
	own.joined = theirs < 0 ? NULL : &theirs;
	if (own.joined || idmap_is_mapped(&own.choice))
		r = idpool_take(&job, &own, err);
	if (r < 0)
		return r;
	who.ngroups = own.ngroups;
	c->users.choice = own.choice;
	r = userns_map(&c->users, &who, err);
	return r < 0 ? r : userns_make(&c->users, theirs, space_own(c->spec), err);
}

static void undo_users(void *ctx)
{
	userns_done(&((struct create *)ctx)->users);
}

/*
 * What comes back is cloned into its other namespaces by CRIU. Those that a user namespace owns
 * are there already (userns.h).
 */
static uint64_t namespaces(const struct create *c)
{
	uint64_t own = space_own(c->spec);

	if (c->users.fd >= 0)
		own &= CLONE_NEWNS | CLONE_NEWPID;
	return c->restore ? own & (CLONE_NEWNS | CLONE_NEWNET) : own;
}

static int run_clone(void *ctx, struct ctr_error *err)
{
	struct create *c = ctx;
	struct clone_args args = {.exit_signal = SIGCHLD, .pidfd = (uint64_t)(uintptr_t)&c->pidfd};
	autofd int theirs = -1, group = cg_clone_fd(&c->cg);
	int sv[2], r = msg_pair(sv);
	pid_t pid;

	if (r < 0)
		return err_sys(err, r, "clone", "socketpair");
	theirs = sv[1];
	c->sync = sv[0];
	args.flags = CLONE_PIDFD | namespaces(c);
	if (group >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)group;
	}
	if (c->restore && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return err_sys(err, errno, "clone", "adopt what comes back");
	pid = sys_clone3(&args, sizeof(args));
	if (pid == 0) {
		(void)close(c->sync); /* the supervisor's end: its death must be seen here */
		setup_child(c, theirs);
	}
	if (pid < 0) {
		cleanup_fd(&c->sync);
		return err_sys(err, pid, "clone", "clone the set-up child into new namespaces");
	}
	return proc_identify(pid, &c->st.init) < 0 ? err_sys(err, ESRCH, "clone", "child died") : 0;
}

/* Who ran CRIU and is at its end. Its group may be PID 1's still: v2 counts zombies in. */
static void reap_maker(struct create *c)
{
	while (waitpid(c->maker.pid, NULL, 0) < 0 && errno == EINTR)
		;
	c->maker.pid = 0;
	cleanup_fd(&c->maker.pidfd);
}

/* Not there for a fresh container. */
static void end_maker(struct create *c)
{
	if (c->maker.pid == 0)
		return;
	/* CRIU traces PID 1: while it lives nobody else gets PID 1's end */
	if (cg_has(&c->cg, c->maker.pid) == 1)
		(void)!cg_kill(&c->cg, 5000, NULL);	      /* undo_cgroup() tries again */
	(void)sys_pidfd_send_signal(c->maker.pidfd, SIGKILL); /* our child, not yet reaped */
	reap_maker(c);
}

static void undo_clone(void *ctx)
{
	struct create *c = ctx;

	cleanup_fd(&c->sync);
	end_maker(c);
	(void)sys_pidfd_send_signal(c->pidfd, SIGKILL); /* our child, not yet reaped */
	while (waitpid(c->st.init.pid, &c->st.exit_status, 0) < 0 && errno == EINTR)
		;
	cleanup_fd(&c->pidfd);
	cleanup_fd(&c->scratch);
	for (size_t i = 0; i < CREATE_NS; i++)
		cleanup_fd(&c->ns_fd[i]);
}

/* Here, while children make the groups and the root; `go` brings it to the child. */
static int run_restrict(void *ctx, struct ctr_error *err)
{
	struct create *c = ctx;
	autofree struct restrict_set *set = calloc(1, sizeof(*set));
	int r = set ? restrict_compile(c->spec, set, err)
		    : err_sys(err, ENOMEM, "restrict", "compile restrictions");

	if (r < 0)
		return r;
	c->restrict_fd = restrict_store(set, err);
	return c->restrict_fd < 0 ? c->restrict_fd : 0;
}

static void undo_restrict(void *ctx)
{
	cleanup_fd(&((struct create *)ctx)->restrict_fd);
}

/* Before the child goes on: its sysctls may be of an interface. */
static int run_network(void *ctx, struct ctr_error *err)
{
	struct create *c = ctx;
	autofd int netns = -1;
	struct network_job job = {
	    .spec = c->spec, .id = c->st.id, .rootfd = c->rootfd, .dirfd = c->dirfd, .before = -1};
	char path[64];
	struct msg m;
	int r;

	if (c->spec->net != SPEC_NET_VETH)
		return 0;
	/* what a user namespace owns the child joins by itself, now or a moment later */
	if (c->users.owned[USERNS_NET] >= 0)
		r = str_format(path, sizeof(path), "/proc/self/fd/%d", c->users.owned[USERNS_NET]);
	else
		r = str_format(path, sizeof(path), "/proc/%d/ns/net", c->st.init.pid);
	netns = r < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	if (netns < 0)
		return 0; /* the child has failed by now; run_child() hears why */
	job.netns = netns;
	if (c->restore) {
		job.before = c->restore->folder;
		job.held = c->restore->hold_network;
	}
	r = network_make(&job, c->timeout_ms, err);
	if (r < 0)
		return r;
	msg_init(&m, "network");
	r = msg_send(c->sync, &m, 1000);
	if (r == 0 || r == -EPIPE) /* as above */
		return 0;
	(void)!network_remove(c->rootfd, c->dirfd, c->st.id, NULL); /* gc tries again */
	return err_sys(err, r, "network", "tell the set-up child to go on");
}

static void undo_network(void *ctx)
{
	struct create *c = ctx;

	(void)!network_remove(c->rootfd, c->dirfd, c->st.id, NULL); /* gc tries again */
}

/* Needs: groups and root are in the making. Must not yet: let the child in, which starts CRIU. */
static int run_checked(void *ctx, struct ctr_error *err)
{
	struct create *c = ctx;

	return c->restore ? c->restore->checked(c->restore->arg, err) : 0;
}

/* The child has built its root meanwhile; on v2 it was born inside, see run_clone(). */
static int run_place(void *ctx, struct ctr_error *err)
{
	struct create *c = ctx;
	struct cg_door door = {.n = 0};
	struct msg m;
	int r = cg_create_finish(&c->cg, &c->making, err);

	if (r == 0)
		r = cg_adopt(&c->cg, c->spec, c->st.init.pid, err);
	if (r == 0 && c->cg_facts.layout != CG_V2)
		r = cg_door_open(&c->cg, &door, err);
	if (r < 0)
		return r;
	c->st.cgroup_inherit = c->cg.inherit;
	msg_init(&m, "go");
	for (size_t i = 0; i < door.n; i++)
		msg_add_fd(&m, door.fd[i]);
	msg_add_fd(&m, c->restrict_fd);
	r = msg_send(c->sync, &m, 1000);
	cg_door_close(&door);
	if (r < 0 && r != -EPIPE) /* a child that has failed by now said why */
		return err_sys(err, r, "place", "tell the set-up child to go on");
	r = str_copy(c->st.cgroup, sizeof(c->st.cgroup), c->cg.path);
	return r < 0 ? err_sys(err, r, "place", "name the control group") : 0;
}

static int run_child(void *ctx, struct ctr_error *err)
{
	return createhear_ready(ctx, err);
}

/*
 * CRIU lets the processes go, and who ran it ends: PID 1 is then a child of this process, which
 * adopts it (prctl(2), PR_SET_CHILD_SUBREAPER).
 */
static int run_resume(void *ctx, struct ctr_error *err)
{
	struct create *c = ctx;
	struct proc_stat stat;
	struct ctr_error why;
	automsg struct msg m;
	int r;

	m.nfds = 0;
	if (!c->restore) {
		if (c->spec->init != SPEC_INIT_NONE) /* which waits there for what it becomes */
			cleanup_fd(&c->sync);
		return 0;
	}
	r = c->restore->spend(c->restore->arg, err);
	if (r < 0)
		return r;
	msg_init(&m, "go");
	r = msg_send(c->sync, &m, 1000);
	if (r == 0 && msg_recv(c->sync, &m, (int)c->timeout_ms) == 0 &&
	    msg_get_error(&m, &why) == 0) {
		*err = why;
		return -EIO;
	}
	if (r == 0)
		r = child_wait_exit(c->maker.pidfd, c->timeout_ms);
	if (r < 0)
		return err_sys(err, r, "resume", "let the processes go");
	cleanup_fd(&c->sync);
	reap_maker(c);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 0);		     /* cannot fail for 0 */
	(void)unlinkat(c->dirfd, CREATE_TREE, AT_REMOVEDIR); /* its mount went with the other */
	(void)unlinkat(c->dirfd, "restore.log", 0);	     /* of use only when it failed */
	(void)unlinkat(c->dirfd, "stats-restore", 0);
	r = proc_read_stat(c->st.init.pid, &stat);
	if (r < 0 || stat.ppid != getpid())
		return err_set(err, CTR_E_SYSTEM, ECHILD, "resume", "PID 1 is no child of ours");
	return 0;
}

/* Sockets have to be there, and in order, before their packets are. */
static int run_links(void *ctx, struct ctr_error *err)
{
	struct create *c = ctx;
	const struct network_job job = {.id = c->st.id, .rootfd = c->rootfd, .dirfd = c->dirfd};

	if (!c->restore || !c->restore->hold_network || c->spec->net != SPEC_NET_VETH)
		return 0;
	return network_up(&job, c->timeout_ms, err);
}

static int run_publish(void *ctx, struct ctr_error *err)
{
	struct create *c = ctx;
	int r = proc_identify(getpid(), &c->st.super);

	if (r < 0)
		return err_sys(err, r, "publish", "identify the supervisor");
	c->control = msg_listen_at(c->dirfd, "control", 0600);
	if (c->control < 0)
		return err_sys(err, c->control, "publish", "bind the control socket");
	return record_write(c->dirfd, &c->st, err);
}

static const struct stage table[] = {
    {"state", run_state, undo_state},
    {"join", run_join, undo_join},
    {"hooks", createhook_stage, createhook_undo},
    {"cgroup", run_cgroup, undo_cgroup},
    {"users", run_users, undo_users},
    {"clone", run_clone, undo_clone},
    {"restrict", run_restrict, undo_restrict},
    {"network", run_network, undo_network},
    {"checked", run_checked, NULL},
    {"place", run_place, NULL},
    {"child", run_child, NULL},
    {"verify", verify_created, NULL},
    {"resume", run_resume, NULL},
    {"links", run_links, NULL},
    {"publish", run_publish, NULL},
};

int create_run(struct create *c, struct ctr_error *err)
{
	return stage_run(table, ARRAY_SIZE(table), c, c->fault, err);
}

/* SIGKILL does not end a frozen task of v1 before it is thawed, and PID 1 is waited for. */
static void kill_frozen(struct create *c)
{
	if (cg_frozen(&c->cg) != CG_THAWED)
		(void)!cg_kill(&c->cg, 5000, NULL); /* undo_cgroup() tries again */
}

int create_kill(struct create *c, unsigned int timeout_ms)
{
	kill_frozen(c);
	(void)sys_pidfd_send_signal(c->pidfd, SIGKILL); /* our child, not yet reaped */
	return child_wait_exit(c->pidfd, timeout_ms);
}

void create_undo(struct create *c, bool keep_folder)
{
	size_t first = keep_folder ? 1 : 0; /* the row "state" */

	cleanup_fd(&c->control);
	kill_frozen(c);
	stage_undo(table + first, ARRAY_SIZE(table) - first, c);
}
