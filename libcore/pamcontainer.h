/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PAMCONTAINER_H
#define PAMCONTAINER_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "pamcontainer_error.h"

/*
 * libpamcontainer: Linux containers in C.
 *
 * | ctr_factory_new()                  where state lives, which helpers are used
 * | ctr_config_new(), ctr_config_set() what a container is; ctr_config_load() by name
 * | ctr_create(), ctr_load()           make one, or find one by its ID
 * | ctr_start()                        a process inside: argv, env, user, descriptors or terminal
 * | ctr_process_wait(), _signal()      how it ends
 * | ctr_processes(), ctr_stats_read()  what is in it, what it uses
 * | ctr_notify_oom(), _pressure()     be told when its memory runs short
 * | ctr_set(), ctr_pause(), _resume()  change it while it lives
 * | ctr_checkpoint(), ctr_restore()    onto the disk, and back
 * | ctr_destroy()                      end it and remove everything
 *
 * docs/examples/walkthrough.c goes through all of it.
 *
 * A function that takes an error record returns 0 or -errno; on failure it fills the record, when
 * one is given, and leaves its outputs as they were. Codes are enum ctr_code. Besides what is
 * listed with each function, all can fail with -ENOMEM and with what the kernel says
 * (CTR_E_SYSTEM), and those that take a container with
 *
 * | CTR_E_NOT_FOUND  -ENOENT   that very container is gone; one made later under its ID is another
 * | CTR_E_STATE      -EBADMSG  its record is torn, edited or foreign: nothing of it is believed
 * | CTR_E_BUSY       -EAGAIN   another process is changing it, and did so for five seconds
 *
 * What is possible in which status is one table: a refusal is CTR_E_NOT_RUNNING (-ESRCH),
 * CTR_E_PAUSED, CTR_E_NOT_STOPPED, CTR_E_CHECKPOINTED (all -EBUSY) or CTR_E_NOT_PAUSED (-EINVAL).
 *
 * |                           stopped  checkpointed  paused, pausing  created  running
 * | start                     no       no            no               yes      yes
 * | signal, processes, stats  no       no            yes              yes      yes
 * | set, pause                no       no            yes              yes      yes
 * | resume                    no       no            yes              no       no
 * | checkpoint                no       no            no               yes      yes
 * | restore                   no       yes           no               no       no
 * | destroy without force     yes      yes           no               yes      no
 * | destroy with force        yes      yes           yes              yes      yes
 *
 * The library keeps no state of its own: a container is what its record and the kernel say, for
 * every process that looks, and two factories in two processes on one state root see the same.
 * Objects are not shared between threads without a lock of the caller's; different objects are
 * independent. Calls need root. No SIGCHLD comes from here, and no child that wait(2) would see;
 * descriptors are close-on-exec. Strings that came from outside are escaped: no control bytes.
 */

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* the rest of the library is hidden */

struct ctr_factory;
struct ctr_config;
struct ctr_container;
struct ctr_process;

/** enum ctr_status - in the order in which it is derived */
enum ctr_status {
	CTR_STOPPED,	  /* no living PID 1 */
	CTR_CHECKPOINTED, /* on disk only */
	CTR_PAUSED,
	CTR_PAUSING, /* on the way; a process is in a call that cannot be interrupted */
	CTR_CREATED, /* PID 1 waits, nothing was started */
	CTR_RUNNING,
};

/** ctr_status_name - "running" ... ; "unknown" for other numbers. Static, never NULL */
const char *ctr_status_name(enum ctr_status status);

/* ---- factory ---- */

/**
 * ctr_factory_new - where state lives and which helpers are used
 *
 * Starts with /run/pam_container and the installed helpers; nothing is touched yet. The caller
 * releases it with ctr_factory_free(); containers made by it stay usable.
 */
int ctr_factory_new(struct ctr_factory **ret, struct ctr_error *err);

/** ctr_factory_free - NULL is fine */
void ctr_factory_free(struct ctr_factory *f);

/**
 * ctr_factory_set - change an option; the value is copied
 *
 * | state-root  folder of all records; absolute, made 0700 when absent, must be root's alone
 * | helper-dir  folder of container-supervisor, container-init (PID 1) and container-attach
 * | conf        policy file; definitions are in containers/ beside it
 * | checkpoint-root  folder of checkpoints and their key, /var/lib/pam_container; the same
 * | criu        the program, an absolute path; starts with /usr/sbin/criu
 * | cgroup      auto, scope or cgroupfs: Cgroup= of definitions that leave it at auto
 * | tmpfs-root  yes: a tmpfs on state-root (set before), now, unless it is a mount point. It stays;
 * |		where there are containers it is refused: -EBUSY (CTR_E_BUSY)
 * | timeout-ms  how long ctr_create() may take: 100 to 60000, default 5000
 *
 * -EINVAL (CTR_E_CONFIG) names an unknown option or a bad value.
 */
int ctr_factory_set(struct ctr_factory *f, const char *option, const char *value,
		    struct ctr_error *err);

/* ---- configuration: the keys of container.conf(5) ---- */

/** ctr_config_new - every default, nothing given. Release with ctr_config_free() */
int ctr_config_new(struct ctr_config **ret, struct ctr_error *err);

/**
 * ctr_config_load - a definition by name, as a login would get it
 *
 * Specifiers (%u, %h ...) stay as they are; ctr_create() puts in root and the container's ID.
 * -ENOENT, -EINVAL, -EPERM (file or folder that others can write): all CTR_E_CONFIG, with
 * FILE:LINE where there is one. Release with ctr_config_free().
 */
int ctr_config_load(struct ctr_factory *f, const char *name, struct ctr_config **ret,
		    struct ctr_error *err);

/**
 * ctr_config_set - what the line KEY=VALUE in [SECTION] of a definition does
 *
 * Lists append, an empty value goes back to the default. Unknown names and bad values are -EINVAL
 * (CTR_E_CONFIG) with a suggestion; Extends= is -ENOTSUP, since only files extend.
 */
int ctr_config_set(struct ctr_config *cfg, const char *section, const char *key, const char *value,
		   struct ctr_error *err);

/** ctr_config_text - canonical text of what was given; owned by cfg, valid until it changes */
const char *ctr_config_text(struct ctr_config *cfg);

/** ctr_config_free - NULL is fine */
void ctr_config_free(struct ctr_config *cfg);

/* ---- containers ---- */

/**
 * ctr_create - make one: namespaces, root, control groups, PID 1; status created
 * @id: 1 to 64 of A-Z a-z 0-9 _ . - that begin with a letter or digit, without ".."
 * @cfg: read only; may be used again and freed
 * @ret: release with ctr_container_free(), which leaves the container itself alone
 *
 * What a dead supervisor left under that ID is removed first. All or nothing: what fails, or takes
 * longer than the factory's timeout, leaves nothing behind.
 *
 * CTR_E_INVALID_ID (-EINVAL); CTR_E_ID_IN_USE (-EEXIST), also for a stopped one that was not
 * destroyed; CTR_E_CONFIG; CTR_E_UNSUPPORTED (-ENOTSUP), what this machine cannot do is named;
 * CTR_E_TIMEOUT (-ETIMEDOUT); -ENOENT or -EACCES of the helper.
 */
int ctr_create(struct ctr_factory *f, const char *id, const struct ctr_config *cfg,
	       struct ctr_container **ret, struct ctr_error *err);

/**
 * ctr_load - find one that exists, whoever made it: this process, another one or a login
 *
 * CTR_E_INVALID_ID (-EINVAL), CTR_E_NOT_FOUND (-ENOENT), CTR_E_STATE (-EBADMSG, or -ENOENT when it
 * has no record at all). Release with ctr_container_free().
 */
int ctr_load(struct ctr_factory *f, const char *id, struct ctr_container **ret,
	     struct ctr_error *err);

/** ctr_container_free - release the object; the container itself stays. NULL is fine */
void ctr_container_free(struct ctr_container *c);

/**
 * ctr_list - IDs of all, sorted; free with ctr_list_free()
 *
 * One whose record is damaged is listed too, so that it is seen; ctr_load() then says CTR_E_STATE.
 */
int ctr_list(struct ctr_factory *f, char ***ret_ids, size_t *ret_n, struct ctr_error *err);

/** ctr_list_free - what ctr_list() and ctr_gc() gave. NULL with 0 is fine */
void ctr_list_free(char **ids, size_t n);

/** ctr_container_status - as it is now; takes no lock and waits for nothing */
int ctr_container_status(struct ctr_container *c, enum ctr_status *ret, struct ctr_error *err);

/** struct ctr_info - the record of a container; strings escaped, "" where there is none */
struct ctr_info {
	char id[65], definition[65], rule[64], user[64], service[32], rhost[64], tty[32];
	char instance[8]; /* session, user, shared, api */
	enum ctr_status status;
	uid_t uid;		   /* of the user it is for */
	pid_t init_pid;		   /* host's pids; 0 when stopped */
	pid_t supervisor_pid;	   /* parent of PID 1 */
	uint64_t init_start_ticks; /* with the pid its identity: field 22 of /proc/PID/stat */
	uint64_t created_us;	   /* CLOCK_REALTIME, microseconds */
	char cgroup[256];	   /* path of its groups, the same in each hierarchy */
	struct {
		char name[8]; /* as in /proc/PID/ns: mnt pid ipc uts net cgroup */
		uint64_t inode;
	} ns[8]; /* of its own; others are the host's */
	size_t nns;
};

/** ctr_state - what is known of it; takes no lock and waits for nothing */
int ctr_state(struct ctr_container *c, struct ctr_info *ret, struct ctr_error *err);

/**
 * ctr_state_json - the same as JSON, with the names that libcontainer has
 *
 * version id status init_process_pid init_process_start created (RFC 3339) config_digest (of the
 * definition's text) namespace_paths {type: path} cgroup_paths {controller: path; "": the v2 tree
 * without controllers} external_descriptors [what 0, 1, 2 of PID 1 lead to]. Pids are 0 and lists
 * empty when it does not live. A later release may add members. The caller frees *ret with free().
 */
int ctr_state_json(struct ctr_container *c, char **ret, struct ctr_error *err);

/**
 * ctr_definition_text - canonical text that it was made of, and what ctr_set() changed since
 *
 * Specifiers are replaced. The caller frees *ret with free().
 */
int ctr_definition_text(struct ctr_container *c, char **ret, struct ctr_error *err);

/** struct ctr_session - one login's use of a container */
struct ctr_session {
	pid_t caller; /* host pid of the program that runs PAM */
	uid_t uid;
	uint64_t since_us; /* CLOCK_REALTIME, microseconds */
	char user[64], service[32], rhost[64], tty[32];
};

/**
 * ctr_sessions - the logins that use it; none in a stopped one or one without logins
 *
 * The caller frees *ret with free(); it may be NULL when *ret_n is 0. CTR_E_TIMEOUT when the
 * supervisor does not answer.
 */
int ctr_sessions(struct ctr_container *c, struct ctr_session **ret, size_t *ret_n,
		 struct ctr_error *err);

/* ---- processes ---- */

/** struct ctr_process_spec - what to start; zero-initialise, then fill. Everything is borrowed */
struct ctr_process_spec {
	const char *const *argv; /* NULL-ended; argv[0] searched in PATH of env when without '/' */
	const char *file;	 /* what to execute instead of argv[0]; NULL: argv[0] */
	const char *const *env;	 /* NULL-ended K=V, of equal names the last; HOME is added. NULL:
				    PATH,  HOME, USER, SHELL of the user */
	const char *cwd;	 /* absolute, must be there; NULL: home, else / */
	const char *user; /* "name", "uid", "name:group", "uid:gid" of the host; NULL: root */
	/*
	 * dup'ed; -1: the container's /dev/null. Not used with a terminal. Pipes become the user's,
	 * so that programs can open /dev/stdout
	 */
	int stdin_fd, stdout_fd, stderr_fd;
	int terminal; /* non-zero: a pty of the container's devpts */
	unsigned short rows, cols;
	const int *extra_fds; /* dup'ed to 3, 4 ...: at most 20, and no others are open there */
	size_t n_extra_fds;
	/* path of a socket that gets the master by SCM_RIGHTS, as runc's --console-socket; or NULL
	 */
	const char *console_socket;
	/*
	 * Its own, in place of the definition's: key, value ..., NULL, of [Exec]'s capability sets
	 * (CapabilityBoundingSet ... AmbientCapabilities) and limits (LimitNOFILE ...). A set that
	 * begins with ~ takes away from the definition's. NULL: none
	 */
	const char *const *settings;
};

/**
 * ctr_start - start a process through PID 1, with the restrictions of the definition
 * @ret: release with ctr_process_free(), which hangs up on a process that still runs
 *
 * The first one makes a created container running. User and groups are the host's (never the
 * container's passwd): digits are a number, a name gets all its groups, and a group that is given
 * is the only one. Returns after execve(2) succeeded or failed: -ENOENT, -EACCES ... of exec and
 * of cwd as they are; -EBADF; -ENOENT (CTR_E_CONFIG) for an unknown user; -E2BIG over 4 MiB of
 * arguments and environment. Of its own settings: -EINVAL (CTR_E_CONFIG) for what is wrong and for
 * a bounding set beyond the container's; CTR_E_UNSUPPORTED (-ENOTSUP) for other keys; -EPERM
 * (CTR_E_DENIED) for a hard limit above PID 1's.
 *
 * With Init=none the first one becomes PID 1: its end is that of the container, also when it can
 * not be executed, and it goes on when the object is freed. Later ones enter: at most 63 at a time.
 * Their terminals have no session to attach to.
 */
int ctr_start(struct ctr_container *c, const struct ctr_process_spec *spec,
	      struct ctr_process **ret, struct ctr_error *err);

/** ctr_process_pid - as the container sees it */
pid_t ctr_process_pid(const struct ctr_process *p);

/** ctr_process_terminal - master of its pty, owned by the process object; -1 without terminal */
int ctr_process_terminal(const struct ctr_process *p);

/** ctr_process_fd - owned by the object; readable when ctr_process_wait() would not block */
int ctr_process_fd(const struct ctr_process *p);

/**
 * ctr_process_wait - wait for its end
 * @timeout_ms: -1: for ever, 0: only look
 * @ret_status: as wait(2) gives it: WIFEXITED() ... ; may be NULL
 *
 * May be called again after it succeeded, with the same result. CTR_E_TIMEOUT (-ETIMEDOUT) while
 * it runs; CTR_E_NO_PROCESS (-ESRCH) when the whole container ended; the text says so when the
 * kernel killed its PID 1 for memory.
 */
int ctr_process_wait(struct ctr_process *p, int timeout_ms, int *ret_status, struct ctr_error *err);

/**
 * ctr_process_signal - to its process group, of a terminal to the foreground one
 *
 * With Init=none to PID 1 alone, or to the group of what came later, whatever is in the foreground.
 * The kernel drops what PID 1 does not handle, but for SIGKILL and SIGSTOP.
 * On its way when this returns. -EINVAL; CTR_E_NO_PROCESS (-ESRCH) when it has ended.
 */
int ctr_process_signal(struct ctr_process *p, int sig, struct ctr_error *err);

/**
 * ctr_process_free - close the connection: a process that still runs gets SIGHUP and SIGCONT, one
 * on a terminal the terminal's hang-up, unless the definition or ctr_detach() keeps it. PID 1 of
 * Init=none gets nothing. NULL is fine
 */
void ctr_process_free(struct ctr_process *p);

/* ---- terminal sessions ---- */

/** struct ctr_terminal - a program on a terminal of the container, attached to or detached */
struct ctr_terminal {
	char name[16];	   /* "1", "2" ... */
	uid_t uid;	   /* of who started it */
	pid_t inner_pid;   /* of its program, as the container counts */
	uint64_t since_us; /* after 1970 */
	int attached;	   /* somebody is */
};

/**
 * ctr_terminals - all of them, in no order; none unless it runs
 *
 * The caller frees *ret with free(). CTR_E_TIMEOUT when PID 1 does not answer.
 */
int ctr_terminals(struct ctr_container *c, struct ctr_terminal **ret, size_t *ret_n,
		  struct ctr_error *err);

/**
 * ctr_attach - get the terminal of a session, as ctr_start() with one does
 * @session: its name; NULL or "": the only detached one
 *
 * The process object is as of ctr_start(). -EBUSY (CTR_E_DENIED) when somebody is attached and
 * Attachments=one; CTR_E_NO_PROCESS when there is no such session; -EINVAL (CTR_E_CONFIG) when
 * several are detached and none was named. To go and leave the session: ctr_detach() first.
 */
int ctr_attach(struct ctr_container *c, const char *session, struct ctr_process **ret,
	       struct ctr_error *err);

/**
 * ctr_detach - send away who is attached to a session; it goes on until somebody attaches or it
 * ends
 * @session: its name; NULL or "": the only attached one
 *
 * On its way when this returns. Errors as of ctr_attach().
 */
int ctr_detach(struct ctr_container *c, const char *session, struct ctr_error *err);

/** enum ctr_event - what can be heard of a process */
enum ctr_event {
	CTR_EVENT_EXITED = 0,
	CTR_EVENT_DETACHED = 1, /* the session goes on without this object, which is to be freed */
	CTR_EVENT_LEAD = 2,	/* ctr_process_leads() was 0: now it reads the terminal */
};

/** struct ctr_process_event - the next of them */
struct ctr_process_event {
	enum ctr_event kind;
	int status;	/* CTR_EVENT_EXITED: wait status */
	int checkpoint; /* CTR_EVENT_DETACHED: because of a checkpoint */
};

/** ctr_process_hear - as ctr_process_wait(), which takes a detached process for gone */
int ctr_process_hear(struct ctr_process *p, int timeout_ms, struct ctr_process_event *ret,
		     struct ctr_error *err);

/** ctr_process_session - number of its terminal session, 0 without terminal */
unsigned int ctr_process_session(const struct ctr_process *p);

/**
 * ctr_process_output - memfd of 65536 bytes of its terminal's output and their uint64_t count
 *
 * Owned by the object, -1 without. Byte n of all output is at n modulo 65536. Who reads the
 * terminal writes there what he read, and then the new count. The session's user can write anything
 * there.
 */
int ctr_process_output(const struct ctr_process *p);

/** ctr_process_leads - 0: somebody else reads the terminal; take the output from the memfd */
int ctr_process_leads(const struct ctr_process *p);

/**
 * ctr_signal - signal many
 * @all: 0: the process groups of what PID 1 started, as ctr_process_signal() on each, or PID 1 with
 *	Init=none; with all=0 it is on its way when this returns. Else: every process of the
 *	container except PID 1 (but with Init=none), also those that joined by a login
 *
 * In a paused container signals stay pending, SIGKILL too where the freezer is that of cgroup v1,
 * until it is resumed or destroyed. -EINVAL.
 */
int ctr_signal(struct ctr_container *c, int sig, int all, struct ctr_error *err);

/** struct ctr_proc_info - one process */
struct ctr_proc_info {
	pid_t pid;	 /* host's */
	pid_t inner_pid; /* container's; 0: a joined process that it cannot see */
	pid_t ppid;	 /* host's */
	uid_t uid;	 /* real */
	char state;	 /* R S D Z T t X ..., proc(5) */
	uint64_t cpu_us; /* user + system */
	uint64_t rss_bytes;
	uint64_t start_us; /* after boot */
	/*
	 * Its name, escaped. Arguments are not read: they lie in memory that the process may have
	 * mapped from a file system that never answers.
	 */
	char command[256];
};

/**
 * ctr_processes - all that are in its control groups, by ascending pid, PID 1 among them
 *
 * The caller frees *ret with free().
 */
int ctr_processes(struct ctr_container *c, struct ctr_proc_info **ret, size_t *ret_n,
		  struct ctr_error *err);

/* ---- resources ---- */

/**
 * ctr_set - change keys of [Resources] now
 * @keys_values: key, value, key, value ..., NULL: {"MemoryMax", "512M", "TasksMax", "100", NULL}
 *
 * All or nothing, in the kernel and in the record. Values are as in a definition: "infinity" and
 * an empty one lift a limit, lists append. An unknown key and a bad value are -EINVAL
 * (CTR_E_CONFIG), Cgroup= and Slice= are CTR_E_UNSUPPORTED.
 */
int ctr_set(struct ctr_container *c, const char *const *keys_values, struct ctr_error *err);

/**
 * ctr_pause - freeze every process; on success all of them stand still
 *
 * A paused one succeeds at once. CTR_E_TIMEOUT (-ETIMEDOUT) when one of them does not stop within
 * five seconds: the container then runs on. CTR_E_UNSUPPORTED with Cgroup=inherit.
 */
int ctr_pause(struct ctr_container *c, struct ctr_error *err);

/** ctr_resume - let them go on; CTR_E_NOT_PAUSED (-EINVAL) for one that is neither paused nor
 * pausing */
int ctr_resume(struct ctr_container *c, struct ctr_error *err);

/**
 * ctr_destroy - end it and remove everything: processes, mounts, control groups, record
 * @force: 0 refuses one that runs or is paused (CTR_E_NOT_STOPPED); a created one is removed
 * @grace_ms: between SIGTERM and SIGKILL, at most 60000; not given to one that is paused
 *
 * A checkpoint goes too when nothing else is there; that of a living container stays.
 *
 * Returns when all of it is gone. A supervisor that does not answer is killed. The object is still
 * to be released; what is asked of it gives CTR_E_NOT_FOUND from then on.
 */
int ctr_destroy(struct ctr_container *c, int force, unsigned int grace_ms, struct ctr_error *err);

/**
 * ctr_gc - remove what dead supervisors left
 * @dry: non-zero: only say
 * @ret_lines: one a finding, for people: "container alice-1: its supervisor is gone: removed";
 *	free with ctr_list_free(). On failure what could be removed is removed all the same
 */
int ctr_gc(struct ctr_factory *f, int dry, char ***ret_lines, size_t *ret_n, struct ctr_error *err);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#include "pamcontainer_checkpoint.h"
#include "pamcontainer_notify.h"
#include "pamcontainer_stats.h"

#endif
