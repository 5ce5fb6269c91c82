/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "setup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "createhook.h"
#include "criurun.h"
#include "door.h"
#include "fd.h"
#include "keyring.h"
#include "mountcg.h"
#include "msg.h"
#include "net.h"
#include "nsconf.h"
#include "path.h"
#include "root.h"
#include "space.h"
#include "sys.h"
#include "sysctl.h"
#include "uts.h"

#define CONTAINER_DIR "/dev/.container"

/* Where container-init finds its descriptors (docs/ARCHITECTURE.md, How PID 1 is started) */
enum { FD_SYNC = 3, FD_RESTRICT = 4, FD_LISTEN = 5 };

struct setup {
	const struct create *c;
	int sync, listen, blob; /* blob: of restrict.h, from the door on */
	struct msg go;		/* came before its time; verb "" else */
};

/*
 * Waits until the groups are there, which are made meanwhile, and goes in by itself, which is fast
 * (cg.h); where the door is empty this process was born or put inside.
 */
static int run_door(void *ctx, struct ctr_error *err)
{
	struct setup *s = ctx;
	automsg struct msg m = s->go;
	int r = s->go.len > 0 ? 0 : msg_recv(s->sync, &m, (int)s->c->timeout_ms);

	s->go.nfds = 0; /* they are m's now */
	if (r < 0 || strcmp(msg_verb(&m), "go") != 0 || m.nfds == 0)
		return err_sys(err, r < 0 ? r : EBADMSG, "door", "wait for the control groups");
	s->blob = msg_take_fd(&m, m.nfds - 1);
	return door_pass(m.fds, m.nfds - 1, err);
}

/* The root of the container as this process sees it: pivoted into, or where CRIU will find it. */
static int open_own_root(const struct setup *s, struct ctr_error *err)
{
	char path[PATH_MAX] = "/";
	int r = s->c->restore ? create_tree_path(s->c, path, err) : 0;

	if (r == 0)
		r = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return r == -1 ? err_sys(err, errno, "cgns", "open the root of the container") : r;
}

/* Needs: this process in the container's cgroups, so that they become the namespace's root. */
static int run_cgns(void *ctx, struct ctr_error *err)
{
	const struct setup *s = ctx;
	bool mounts = mountcg_is_wanted(s->c->spec);
	autofd int root = mounts ? open_own_root(s, err) : -1;
	char text[4096] = "";
	ssize_t n;
	int r, joined;

	if (!(s->c->spec->namespaces & CLONE_NEWCGROUP))
		return 0;
	if (mounts && root < 0)
		return root;
	n = mounts ? fd_read_file_at(AT_FDCWD, "/proc/self/cgroup", text, sizeof(text)) : 0;
	if (n < 0)
		return err_sys(err, (int)n, "cgns", "read /proc/self/cgroup");
	joined = space_joined(s->c, CLONE_NEWCGROUP);
	r = joined < 0 ? sys_unshare(CLONE_NEWCGROUP) : sys_setns(joined, CLONE_NEWCGROUP);
	if (r < 0)
		return err_sys(err, r, "cgns", "enter the cgroup namespace");
	return mounts ? mountcg_make(root, s->c->spec, text, s->c->cg.path, err) : 0;
}

static int run_spaces(void *ctx, struct ctr_error *err)
{
	return space_enter(((const struct setup *)ctx)->c, err);
}

static int run_owned(void *ctx, struct ctr_error *err)
{
	return userns_enter_owned(&((const struct setup *)ctx)->c->users, err);
}

/* As late as can be: what comes after is what root inside may do too. */
static int run_user(void *ctx, struct ctr_error *err)
{
	const struct userns *users = &((const struct setup *)ctx)->c->users;

	return users->fd < 0 ? 0 : userns_enter(users, err);
}

static int run_uts(void *ctx, struct ctr_error *err)
{
	const struct spec *spec = ((const struct setup *)ctx)->c->spec;

	int r = spec->hostname ? uts_set_hostname(spec->hostname, err) : 0;

	return r < 0 || !spec->domain_name ? r : uts_set_domainname(spec->domain_name, err);
}

static int run_net(void *ctx, struct ctr_error *err)
{
	const struct setup *s = ctx;
	automsg struct msg m;
	int fd = space_joined(s->c, CLONE_NEWNET), r = 0;

	m.nfds = 0;
	if (fd >= 0) {
		r = sys_setns(fd, CLONE_NEWNET);
		return r < 0 ? err_sys(err, r, "net", "join %s", s->c->spec->net_path) : 0;
	}
	if (s->c->spec->namespaces & CLONE_NEWNET)
		r = net_loopback_up(err);
	if (r < 0 || s->c->spec->net != SPEC_NET_VETH)
		return r;
	r = msg_recv(s->sync, &m, (int)s->c->timeout_ms);
	if (r < 0 || strcmp(msg_verb(&m), "network") != 0)
		return err_sys(err, r < 0 ? r : EBADMSG, "net", "wait for the interfaces");
	return 0;
}

/* Here, where a tree that does not answer can be given up (MUST-4); the login hears it at once. */
static int look_for_shell(const char *shell, struct ctr_error *err)
{
	autofd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return err_sys(err, errno, "shell", "open the root of the container");
	return root_check_shell(root, shell, err);
}

/* What an overlay has in memory is reached by this descriptor alone, for a checkpoint. */
static int hand_over(const struct setup *s, int scratch, struct ctr_error *err)
{
	struct msg m;
	int r;

	msg_init(&m, "scratch");
	msg_add_fd(&m, scratch);
	r = msg_send(s->sync, &m, 1000);
	return r < 0 ? err_sys(err, r, "root", "hand the overlay's folder over") : 0;
}

static int run_hooks_mounted(void *arg, struct ctr_error *err)
{
	struct setup *s = arg;

	return createhook_mounted(s->c, s->sync, &s->go, err);
}

static int build_root(struct setup *s, int at, struct ctr_error *err)
{
	const struct create *c = s->c;
	autofd int scratch = -1;
	struct root_facts facts = {.uid = c->st.uid,
				   .gid = c->gid,
				   .helper_dir = c->helper_dir,
				   .new_pid_ns = c->spec->namespaces & CLONE_NEWPID,
				   .new_net_ns = c->spec->namespaces & CLONE_NEWNET,
				   .new_ipc_ns = c->spec->namespaces & CLONE_NEWIPC,
				   .users = c->users.fd < 0 ? NULL : &c->users,
				   .at = at,
				   .mounted = run_hooks_mounted,
				   .arg = s,
				   .upper_tar = c->restore ? c->restore->upper_tar : -1};
	int r = root_build(c->spec, &facts, &scratch, err);

	return r < 0 || scratch < 0 ? r : hand_over(s, scratch, err);
}

static int run_root(void *ctx, struct ctr_error *err)
{
	struct setup *s = ctx;
	int r = build_root(s, -1, err);

	return r < 0 || !s->c->shell ? r : look_for_shell(s->c->shell, err);
}

/* Must not come after root, which makes /proc/sys read-only. */
static int run_sysctl(void *ctx, struct ctr_error *err)
{
	const struct spec *spec = ((const struct setup *)ctx)->c->spec;

	return sysctl_apply(spec, spec->namespaces, err);
}

static int run_keyring(void *ctx, struct ctr_error *err)
{
	(void)ctx;
	return keyring_new_session(err);
}

/* PID 1 is the program that is started first. */
static bool is_bare(const struct setup *s)
{
	return s->c->spec->init == SPEC_INIT_NONE;
}

static int run_listen(void *ctx, struct ctr_error *err)
{
	struct setup *s = ctx;
	autofd int dir = open(CONTAINER_DIR, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (is_bare(s)) /* nobody would hear */
		return 0;
	if (dir < 0)
		return err_sys(err, errno, "listen", "open %s", CONTAINER_DIR);
	s->listen = msg_listen_at(dir, "socket", 0666);
	if (s->listen < 0)
		return err_sys(err, s->listen, "listen", "bind %s/socket", CONTAINER_DIR);
	return 0;
}

static int run_start_hooks(void *ctx, struct ctr_error *err)
{
	return createhook_start(((const struct setup *)ctx)->c, err);
}

static int place_fd(int from, int to, struct ctr_error *err)
{
	if (dup2(from, to) < 0)
		return err_sys(err, errno, "exec", "place descriptor %d", to);
	return 0;
}

/* MUST-6: PID 1 gets these six descriptors, an empty environment and nothing else. */
static int run_exec(void *ctx, struct ctr_error *err)
{
	struct setup *s = ctx;
	bool bare = is_bare(s);
	char *const argv[] = {"container-init", bare ? "none" : NULL, NULL}, *const envp[] = {NULL};
	int keep[] = {FD_SYNC, FD_RESTRICT, FD_LISTEN};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), r = 0;
	int sync = fcntl(s->sync, F_DUPFD_CLOEXEC, 16);
	int restr = fcntl(s->blob, F_DUPFD_CLOEXEC, 16);
	int lst = bare ? -1 : fcntl(s->listen, F_DUPFD_CLOEXEC, 16);

	if (null < 0 || sync < 0 || restr < 0 || (lst < 0 && !bare))
		return err_sys(err, errno, "exec", "prepare descriptors");
	for (int fd = 0; r == 0 && fd < 3; fd++)
		r = place_fd(null, fd, err);
	if (r == 0)
		r = place_fd(sync, FD_SYNC, err);
	if (r == 0)
		r = place_fd(restr, FD_RESTRICT, err);
	if (r == 0 && !bare)
		r = place_fd(lst, FD_LISTEN, err);
	if (r < 0)
		return r;
	s->sync = FD_SYNC;
	r = fd_close_except(keep, ARRAY_SIZE(keep) - bare);
	if (r < 0)
		return err_sys(err, r, "exec", "close descriptors");
	(void)execve(CONTAINER_DIR "/init", argv, envp);
	return err_sys(err, errno, "exec", "execute %s/init", CONTAINER_DIR);
}

/* ---- what comes back from a checkpoint: the same but for what CRIU makes ---- */

static int run_network_sysctl(void *ctx, struct ctr_error *err)
{
	return sysctl_apply(((const struct setup *)ctx)->c->spec, CLONE_NEWNET, err);
}

/*
 * Seen by this process and CRIU alone. By its name: a descriptor of the folder is of the host's
 * mount namespace.
 */
static int run_tree(void *ctx, struct ctr_error *err)
{
	struct setup *s = ctx;
	char path[PATH_MAX];
	autofd int at = -1;
	int r = create_tree_path(s->c, path, err);

	if (r < 0)
		return r;
	if (mkdirat(s->c->dirfd, CREATE_TREE, 0700) < 0 && errno != EEXIST)
		return err_sys(err, errno, "tree", "make the folder for the tree");
	at = path_open_nolinks(AT_FDCWD, path, O_PATH | O_DIRECTORY);
	if (at < 0)
		return err_sys(err, at, "tree", "open %s", path);
	return build_root(s, at, err);
}

/* Becomes the parent of PID 1 for a moment: its death leaves PID 1 to the supervisor. */
static int run_criu(void *ctx, struct ctr_error *err)
{
	const struct setup *s = ctx;
	const struct create_restore *from = s->c->restore;
	bool own_net = s->c->spec->namespaces & CLONE_NEWNET;
	struct criu_job job = {.program = from->criu,
			       .images = from->images,
			       .work = from->work >= 0 ? from->work : s->c->dirfd,
			       .externals = from->externals,
			       .netns = own_net,
			       .timens = nsconf_path(s->c->spec, CLONE_NEWTIME),
			       .lock_network = from->lock_network,
			       .file_locks = from->file_locks,
			       .ext_unix = from->ext_unix};
	char path[PATH_MAX];
	int net = -1, r = create_tree_path(s->c, path, err);

	if (r == 0 && own_net) {
		net = open("/proc/self/ns/net", O_RDONLY); /* inherited by CRIU */
		r = net < 0 ? err_sys(err, errno, "criu", "open the network namespace") : 0;
	}
	if (r == 0 && s->sync != FD_SYNC)
		r = dup3(s->sync, FD_SYNC, O_CLOEXEC) < 0
			? err_sys(err, errno, "criu", "place the socket")
			: 0;
	if (r == 0)
		r = criurun_restore(&job, path, net, err);
	if (r == 0)
		_exit(0);
	return r;
}

static const struct stage restore_table[] = {
    {"net", run_net, NULL},   {"sysctl", run_network_sysctl, NULL},
    {"root", run_tree, NULL}, {"door", run_door, NULL},
    {"cgns", run_cgns, NULL}, {"keyring", run_keyring, NULL},
    {"criu", run_criu, NULL},
};

static const struct stage table[] = {
    {"spaces", run_spaces, NULL}, {"owned", run_owned, NULL},
    {"uts", run_uts, NULL},	  {"net", run_net, NULL},
    {"sysctl", run_sysctl, NULL}, {"root", run_root, NULL},
    {"door", run_door, NULL},	  {"user", run_user, NULL},
    {"cgns", run_cgns, NULL},	  {"keyring", run_keyring, NULL},
    {"listen", run_listen, NULL}, {"starthooks", run_start_hooks, NULL},
    {"exec", run_exec, NULL},
};

static void reset_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		(void)signal(sig, SIG_DFL); /* KILL and STOP refuse, the rest cannot fail */
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void report(int sync, const struct ctr_error *err)
{
	struct msg m;

	msg_init(&m, "error");
	msg_add_error(&m, err);
	(void)!msg_send(sync, &m, 1000); /* who does not listen sees the end of file */
}

void setup_child(const struct create *c, int sync)
{
	struct setup s = {.c = c, .sync = sync, .listen = -1, .blob = -1};
	struct ctr_error err;

	/* No supervisor, no container (MUST-9); the end of file tells when it died before this. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
		_exit(1);
	reset_signals();
	(void)setsid(); /* EPERM: leads a group already, as PID 1 does */
	(void)umask(022);
	if ((c->restore ? stage_run(restore_table, ARRAY_SIZE(restore_table), &s, c->fault, &err)
			: stage_run(table, ARRAY_SIZE(table), &s, c->fault, &err)) < 0)
		report(s.sync, &err);
	_exit(1);
}
