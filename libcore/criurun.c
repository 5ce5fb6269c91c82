/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "criurun.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "cleanup.h"
#include "crlog.h"
#include "criulib.h"
#include "msg.h"
#include "sys.h"

enum {
	LOG_LEVEL = 4,
	GHOST_MAX = 256 << 20,
	FREEZE_S = 60,
	VERIFY_MS = 600000,
	VERSION_MS = 10000,
	LAST_WORD_S = 3
};

#define CONFIG_DIR  "/etc/criu"
#define NETWORK_KEY "network"
#define DUMP_LOG    "dump.log"
#define RESTORE_LOG "restore.log"

/* MUST-10: what an administrator wrote for other uses of CRIU does not change what is restored. */
static int hide_configuration(struct ctr_error *err)
{
	int r = unsetenv("HOME") < 0 || unsetenv("CRIU_CONFIG_FILE") < 0 ? -errno : 0;

	if (r == 0)
		r = sys_unshare(CLONE_NEWNS);
	if (r == 0 && mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		r = -errno;
	if (r == 0 &&
	    mount("none", CONFIG_DIR, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV, "size=4k") < 0 &&
	    errno != ENOENT)
		r = -errno;
	return r < 0 ? err_sys(err, r, "criu", "hide the configuration of CRIU") : 0;
}

static int add_external(const struct criulib *lib, struct criu_opts *opts, const char *what,
			const char *point, const char *value)
{
	autofree char *text = str_dup_format("mnt[%s%s]:%s%s", what, point, value, point);

	return text ? lib->add_external(opts, text) : -ENOMEM;
}

/* At a dump "mnt[/point]:key", at a restore "mnt[key]:/root/point"; the key is "m/point". */
static int add_externals(const struct criulib *lib, struct criu_opts *opts,
			 const struct strv *points, const char *root)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < points->n; i++)
		r = root ? add_external(lib, opts, "m", points->v[i], root)
			 : add_external(lib, opts, "", points->v[i], "m");
	return r;
}

static int set_common(const struct criulib *lib, struct criu_opts *opts, const struct criu_job *job,
		      const char *log)
{
	int r = lib->set_service_binary(opts, job->program);

	lib->set_images_dir_fd(opts, job->images);
	lib->set_work_dir_fd(opts, job->work);
	lib->set_log_level(opts, LOG_LEVEL);
	lib->set_manage_cgroups(opts, true);
	lib->set_manage_cgroups_mode(opts, CRIULIB_CG_IGNORE);
	lib->set_ext_sharing(opts, true);
	lib->set_ext_masters(opts, true);
	lib->set_ghost_limit(opts, GHOST_MAX);
	lib->set_timeout(opts, FREEZE_S);
	lib->set_tcp_established(opts, true); /* which ones there may be is the caller's business */
	lib->set_file_locks(opts, job->file_locks);
	lib->set_ext_unix_sk(opts, job->ext_unix);
	/* libcriu before 3.19 does not know that there may be no lock */
	if (r == 0 && (job->lock_network || lib->set_network_lock(opts, CRIULIB_LOCK_SKIP) < 0))
		r = lib->set_network_lock(opts, CRIULIB_LOCK_NFTABLES);
	return r < 0 ? r : lib->set_log_file(opts, log);
}

/* CRIU says only that it failed; the reason is in its log. */
static int failed(const struct criu_job *job, const char *log, int r, struct ctr_error *err)
{
	char why[160];

	if (!crlog_reason_at(job->work, log, why, sizeof(why)))
		return err_sys(err, r, "criu", "run %s", job->program);
	return err_set(err, CTR_E_SYSTEM, EIO, "criu", "CRIU: %s", why);
}

static int does_not_run(const char *program, struct ctr_error *err)
{
	return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "criu", "%s does not run here", program);
}

static int begin(const char *program, struct criulib *lib, struct criu_opts **opts,
		 struct ctr_error *err)
{
	int r = criulib_load(lib, err);

	if (r == 0)
		r = hide_configuration(err);
	if (r < 0)
		return r;
	r = lib->init_opts(opts);
	if (r == 0)
		r = lib->set_service_binary(*opts, program);
	return r < 0 ? does_not_run(program, err) : 0;
}

/* As criu.h tells it: major * 10000 + minor * 100 + sublevel */
static int version(void *arg, struct ctr_error *err)
{
	struct criu_opts *opts = NULL;
	struct criulib lib;
	int v, r = begin(arg, &lib, &opts, err);

	if (r < 0)
		return r;
	v = lib.get_version(opts);
	return v > 0 ? v : does_not_run(arg, err);
}

static int features(void *arg, struct ctr_error *err)
{
	struct criu_feature_check f = {.mem_track = true, .lazy_pages = true};
	struct criu_opts *opts = NULL;
	struct criulib lib;
	int r = begin(arg, &lib, &opts, err);

	if (r < 0)
		return r;
	if (lib.feature_check(opts, &f, sizeof(f)) < 0)
		return does_not_run(arg, err);
	return (f.mem_track ? CRIURUN_TRACK : 0) | (f.lazy_pages ? CRIURUN_LAZY : 0);
}

int criurun_features(const char *program, struct ctr_error *err)
{
	return child_run(features, (void *)program, VERSION_MS, err); /* it only reads it */
}

int criurun_need_tracking(int bits, struct ctr_error *err)
{
	if (bits & CRIURUN_TRACK)
		return 0;
	return err_set(err, CTR_E_UNSUPPORTED, ENOTSUP, "pre-dump",
		       "this kernel does not tell which pages were written to "
		       "(CONFIG_MEM_SOFT_DIRTY), so nothing can be written beforehand; take the "
		       "checkpoint alone");
}

int criurun_ask(const char *program, struct child *ret, struct ctr_error *err)
{
	return child_start(version, (void *)program, ret, err); /* it only reads it */
}

int criurun_hear(struct child *asked, char ret[32], struct ctr_error *err)
{
	int v = child_finish(asked, VERSION_MS, err);

	return v < 0 ? v : str_format(ret, 32, "%d.%d.%d", v / 10000, v / 100 % 100, v % 100);
}

void criurun_forget(struct child *asked)
{
	if (asked->pid)
		(void)!child_finish(asked, 0, NULL); /* it is killed */
}

/* In CRIU's callback: say where it is, hear whether it is to go on. */
static int ask(struct msg *m)
{
	if (msg_send(CRIURUN_FD_SYNC, m, 1000) < 0 || msg_recv(CRIURUN_FD_SYNC, m, VERIFY_MS) < 0)
		return -1;
	return str_equal(msg_verb(m), "go") ? 0 : -1;
}

/* ---- dump ---- */

/* An answer below 0 makes CRIU let the processes go on. */
static int on_dump(char *action, struct criu_notify *arg)
{
	struct msg m;

	(void)arg;
	if (strcmp(action, "post-dump") != 0)
		return 0;
	msg_init(&m, "dumped");
	return ask(&m);
}

static int add_network(const struct criulib *lib, struct criu_opts *opts, uint64_t inode)
{
	char text[64];
	int r = str_format(text, sizeof(text), "net[%llu]:" NETWORK_KEY, (unsigned long long)inode);

	return r < 0 ? r : lib->add_external(opts, text);
}

static int set_dump(const struct criulib *lib, struct criu_opts *opts, const struct criu_dump *d)
{
	int r = set_common(lib, opts, &d->job, DUMP_LOG);

	lib->set_pid(opts, d->init);
	if (!d->pre)
		lib->set_notify_cb(opts, on_dump);
	lib->set_leave_running(opts, d->leave_running);
	if (r == 0 && (d->parent || d->pre))
		lib->set_track_mem(opts, true);
	lib->set_auto_dedup(opts, d->auto_dedup);
	if (r == 0 && d->parent)
		r = lib->set_parent_images(opts, d->parent);
	if (r == 0 && d->job.netns)
		r = add_network(lib, opts, d->job.netns);
	return r < 0 ? r : add_externals(lib, opts, d->job.externals, NULL);
}

/* The first one is criu, which libcriu has started and waits for at the end only. */
static bool is_killed(pid_t pid)
{
	siginfo_t end = {.si_pid = 0};

	return waitid(P_PID, (id_t)pid, &end, WEXITED | WNOHANG | WNOWAIT) == 0 && end.si_pid &&
	       end.si_code != CLD_EXITED;
}

/* Calls what a handler may call, signal-safety(7). In the order in which they became children. */
static void on_dump_death(int sig)
{
	int keep = errno, fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
	char list[512];
	ssize_t n = fd < 0 ? 0 : read(fd, list, sizeof(list));
	pid_t pid = 0, first = 0;

	(void)sig;
	for (ssize_t i = 0; i < n; i++) {
		if (list[i] != ' ') {
			pid = pid * 10 + (list[i] - '0');
			continue;
		}
		if (first == 0 && is_killed(pid))
			first = pid;
		else if (first == 0)
			break;
		(void)kill(pid, SIGKILL); /* ours, not yet reaped */
		pid = 0;
	}
	if (fd >= 0)
		(void)close(fd);
	errno = keep;
}

/*
 * What criu has forked to try out the kernel sleeps for ever when criu is killed, and holds its end
 * of the socket, so that libcriu would wait for its answer as long (CRIU up to 4.1, kerndat.c). It
 * becomes this process's child, and is ended with criu (MUST-9).
 */
static int end_what_is_left(struct ctr_error *err)
{
	struct sigaction sa = {.sa_handler = on_dump_death, .sa_flags = SA_NOCLDSTOP | SA_RESTART};

	return prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 || sigaction(SIGCHLD, &sa, NULL) < 0
		   ? err_sys(err, errno, "criu", "watch for the end of criu")
		   : 0;
}

static int run_dump(const struct criu_dump *d, struct ctr_error *err)
{
	struct criu_opts *opts = NULL;
	struct criulib lib;
	int r = criulib_load(&lib, err);

	if (r < 0)
		return r;
	r = lib.init_opts(&opts);
	if (r == 0)
		r = set_dump(&lib, opts, d);
	if (r < 0)
		return err_sys(err, r, "criu", "set the options of a dump");
	r = d->pre ? lib.pre_dump(opts) : lib.dump(opts);
	return r < 0 ? failed(&d->job, DUMP_LOG, r, err) : 0;
}

/** struct dumper - what the child has to know */
struct dumper {
	const struct criu_dump *d;
	int sync;
	int ours; /* the supervisor's end, as the child has it too */
};

static int dump(void *arg, struct ctr_error *err)
{
	const struct dumper *dumper = arg;
	int r;

	(void)close(dumper->ours); /* its closing must be seen here */
	r = hide_configuration(err);
	if (r == 0)
		r = end_what_is_left(err);
	if (r == 0 && dup3(dumper->sync, CRIURUN_FD_SYNC, O_CLOEXEC) < 0)
		r = err_sys(err, errno, "criu", "place the socket");
	return r < 0 ? r : run_dump(dumper->d, err);
}

/* Its child has all on disk, or has ended: 1 and 0. */
static int await_dumped(int sync, unsigned int timeout_ms)
{
	struct msg m;
	int r = msg_recv(sync, &m, (int)timeout_ms);

	return r == 0 && str_equal(msg_verb(&m), "dumped");
}

static void answer(int sync, const char *verb)
{
	struct msg m;

	msg_init(&m, verb);
	(void)!msg_send(sync, &m, 1000); /* without an answer CRIU lets the processes go on */
}

int criurun_dump(const struct criu_dump *d, criurun_seal seal, void *arg, struct ctr_error *err)
{
	struct dumper dumper = {.d = d};
	struct ctr_error why;
	autofd int ours = -1, theirs = -1;
	struct child child;
	int sv[2], sealed = 0, r = msg_pair(sv);

	if (r < 0)
		return err_sys(err, r, "criu", "socketpair");
	dumper.ours = ours = sv[0];
	dumper.sync = theirs = sv[1];
	r = child_start(dump, &dumper, &child, err);
	if (r < 0)
		return r;
	cleanup_fd(&theirs);
	if (await_dumped(ours, d->timeout_ms)) {
		sealed = seal ? seal(arg, &why) : 0;
		answer(ours, sealed < 0 ? "no" : "go");
	}
	r = child_finish(&child, d->timeout_ms, err);
	if (sealed < 0 && err)
		*err = why;
	return sealed < 0 ? sealed : r;
}

/* ---- restore ---- */

/* An answer below 0 makes CRIU give up and end what it has made. */
static int on_restore(char *action, struct criu_notify *arg)
{
	struct criulib lib;
	struct msg m;

	if (strcmp(action, "post-restore") != 0)
		return 0;
	if (criulib_load(&lib, NULL) < 0)
		return -1;
	msg_init(&m, "restored");
	msg_add(&m, "pid", "%d", lib.notify_pid(arg));
	return ask(&m);
}

static int set_restore(const struct criulib *lib, struct criu_opts *opts,
		       const struct criu_job *job, const char *root)
{
	int r = set_common(lib, opts, job, RESTORE_LOG);

	if (r == 0)
		r = lib->set_root(opts, root);
	if (r == 0 && job->timens)
		r = lib->join_ns_add(opts, "time", job->timens, NULL);
	lib->set_notify_cb(opts, on_restore);
	return r < 0 ? r : add_externals(lib, opts, job->externals, root);
}

/* A criu that gives up kills what it has made, and says why: that much time it has for it. */
static void on_death(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	if (info->si_code == CLD_KILLED || info->si_code == CLD_DUMPED)
		(void)alarm(LAST_WORD_S);
}

/*
 * A criu that is killed leaves processes behind that are half made and hold its end of the socket,
 * so that libcriu would wait for its answer for ever. SIGALRM ends this process instead (MUST-9):
 * the supervisor sees that, and ends them.
 */
static int end_with_criu(struct ctr_error *err)
{
	struct sigaction sa = {.sa_sigaction = on_death,
			       .sa_flags = SA_SIGINFO | SA_NOCLDSTOP | SA_RESTART};

	return sigaction(SIGCHLD, &sa, NULL) < 0
		   ? err_sys(err, errno, "criu", "watch for the end of criu")
		   : 0;
}

int criurun_restore(const struct criu_job *job, const char *root, int netns_fd,
		    struct ctr_error *err)
{
	struct criu_opts *opts = NULL;
	struct criulib lib;
	int r = hide_configuration(err);

	if (r == 0)
		r = end_with_criu(err);
	if (r == 0)
		r = criulib_load(&lib, err);
	if (r < 0)
		return r;
	r = lib.init_opts(&opts);
	if (r == 0)
		r = set_restore(&lib, opts, job, root);
	if (r == 0 && job->netns)
		r = lib.add_inherit_fd(opts, netns_fd, NETWORK_KEY);
	if (r < 0)
		return err_sys(err, r, "criu", "set the options of a restore");
	r = lib.restore_child(opts);
	(void)alarm(0);
	return r <= 0 ? failed(job, RESTORE_LOG, r < 0 ? r : -EIO, err) : 0;
}
