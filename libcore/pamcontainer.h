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
 *	ctr_factory_new()			where state lives, which helpers are used
 *	ctr_config_new(), ctr_config_set()	what a container is, or ctr_config_load() by name
 *	ctr_create() or ctr_load()		make one, or find one by its ID
 *	ctr_start()				a process inside: argv, env, user, descriptors or a
 *terminal ctr_process_wait(), ctr_process_signal() ctr_processes(), ctr_stats_read(), ctr_set(),
 *ctr_pause(), ctr_resume() ctr_destroy()
 *
 * Every function returns 0 or -errno and fills the error record, when one is given, on failure;
 * outputs are untouched then. The library keeps no state of its own: objects are not shared between
 *threads without a lock of the caller's, and two factories in two processes on one state root see
 *the same containers. Most calls need root.
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
	CTR_PAUSING,
	CTR_CREATED, /* PID 1 waits, nothing was started */
	CTR_RUNNING,
};

/** ctr_status_name - "running" ... ; "unknown" for other numbers */
const char *ctr_status_name(enum ctr_status status);

/* ---- factory ---- */

/** ctr_factory_new - defaults: /run/pam_container and the installed helpers. Free with
 * ctr_factory_free() */
int ctr_factory_new(struct ctr_factory **ret, struct ctr_error *err);
void ctr_factory_free(struct ctr_factory *f);

/**
 * ctr_factory_set - an option: "state-root", "helper-dir" (container-supervisor, -init, -attach),
 * "conf" (policy file; definitions in containers/ beside it), "timeout-ms" (of create, default
 * 5000)
 */
int ctr_factory_set(struct ctr_factory *f, const char *option, const char *value,
		    struct ctr_error *err);

/* ---- configuration: the keys of container.conf(5) ---- */

int ctr_config_new(struct ctr_config **ret, struct ctr_error *err);
/** ctr_config_load - a definition by name, as a login would get it */
int ctr_config_load(struct ctr_factory *f, const char *name, struct ctr_config **ret,
		    struct ctr_error *err);
/** ctr_config_set - what the line KEY=VALUE in [SECTION] of a definition does (lists append) */
int ctr_config_set(struct ctr_config *cfg, const char *section, const char *key, const char *value,
		   struct ctr_error *err);
/** ctr_config_text - canonical text; owned by cfg, valid until it changes */
const char *ctr_config_text(struct ctr_config *cfg);
void ctr_config_free(struct ctr_config *cfg);

/* ---- containers ---- */

/** ctr_create - make one: namespaces, root, cgroup, PID 1; no process of the caller's yet. EEXIST,
 * EINVAL ... */
int ctr_create(struct ctr_factory *f, const char *id, const struct ctr_config *cfg,
	       struct ctr_container **ret, struct ctr_error *err);
/** ctr_load - find one. CTR_E_NOT_FOUND, CTR_E_INVALID_ID, CTR_E_STATE */
int ctr_load(struct ctr_factory *f, const char *id, struct ctr_container **ret,
	     struct ctr_error *err);
void ctr_container_free(struct ctr_container *c);

/** ctr_list - IDs of all, sorted; free with ctr_list_free() */
int ctr_list(struct ctr_factory *f, char ***ret_ids, size_t *ret_n, struct ctr_error *err);
void ctr_list_free(char **ids, size_t n);

/** ctr_container_status - as it is now, by lock-free reads */
int ctr_container_status(struct ctr_container *c, enum ctr_status *ret, struct ctr_error *err);

/** struct ctr_info - the record of a container; strings escaped, "" where there is none */
struct ctr_info {
	char id[65], definition[65], rule[64], user[64], service[32], rhost[64], tty[32];
	char instance[8]; /* session, user, shared, api */
	enum ctr_status status;
	uid_t uid;
	pid_t init_pid, supervisor_pid; /* host pids; 0 when stopped */
	uint64_t init_start_ticks;
	uint64_t created_us; /* CLOCK_REALTIME, microseconds */
	char cgroup[256];
	char digest[65];
	struct {
		char name[8];
		uint64_t inode;
	} ns[8];
	size_t nns;
};
int ctr_state(struct ctr_container *c, struct ctr_info *ret, struct ctr_error *err);

/** ctr_definition_text - canonical text the container was made of (and set since); caller frees */
int ctr_definition_text(struct ctr_container *c, char **ret, struct ctr_error *err);

/** struct ctr_session - one login's use of a container */
struct ctr_session {
	pid_t caller; /* host pid of the program that runs PAM */
	uid_t uid;
	uint64_t since_us; /* CLOCK_REALTIME */
	char user[64], service[32], rhost[64], tty[32];
};
int ctr_sessions(struct ctr_container *c, struct ctr_session **ret, size_t *ret_n,
		 struct ctr_error *err); /* caller frees with free() */

/* ---- processes ---- */

/** struct ctr_process_spec - what to start; zero-initialise, then fill */
struct ctr_process_spec {
	const char *const *argv; /* NULL-ended; argv[0] searched in PATH of env when without '/' */
	const char *file;	 /* what to execute instead of argv[0]; NULL: argv[0] */
	const char *const *env;	 /* NULL-ended K=V; NULL: PATH, HOME, USER, SHELL of the user */
	const char *cwd;	 /* NULL: home, else / */
	const char *user; /* "name", "uid", "name:group", "uid:gid"; host's NSS; NULL: root */
	int stdin_fd, stdout_fd, stderr_fd; /* when not terminal; all of them are dup'ed */
	int terminal;			    /* non-zero: a pty of the container's devpts */
	unsigned short rows, cols;
};

/** ctr_start - start it through PID 1; created -> running. CTR_E_PAUSED, CTR_E_NOT_RUNNING; ENOENT,
 * EACCES of exec */
int ctr_start(struct ctr_container *c, const struct ctr_process_spec *spec,
	      struct ctr_process **ret, struct ctr_error *err);
/** ctr_process_pid - as the container sees it */
pid_t ctr_process_pid(const struct ctr_process *p);
/** ctr_process_terminal - master of its pty, owned by the process object; -1 without terminal */
int ctr_process_terminal(const struct ctr_process *p);
/** ctr_process_fd - becomes readable when ctr_process_wait() would not block */
int ctr_process_fd(const struct ctr_process *p);
/** ctr_process_wait - wait status as wait(2); timeout_ms -1: for ever; ETIMEDOUT; CTR_E_NO_PROCESS
 * if PID 1 died */
int ctr_process_wait(struct ctr_process *p, int timeout_ms, int *ret_status, struct ctr_error *err);
/** ctr_process_signal - to its process group (the foreground one of a terminal) */
int ctr_process_signal(struct ctr_process *p, int sig, struct ctr_error *err);
/** ctr_process_free - closes the connection: a process that still runs gets SIGHUP */
void ctr_process_free(struct ctr_process *p);

/** ctr_signal - to PID 1's children when all is 0 ... use all=1 for each process of the container
 */
int ctr_signal(struct ctr_container *c, int sig, int all, struct ctr_error *err);

/** struct ctr_proc_info - one process */
struct ctr_proc_info {
	pid_t pid;	 /* host's */
	pid_t inner_pid; /* container's; 0: a joined process that it cannot see */
	pid_t ppid;
	uid_t uid;
	char state;
	uint64_t cpu_us; /* user + system */
	uint64_t rss_bytes;
	uint64_t start_us; /* after boot */
	char command[256]; /* comm; cmdline only when it can be read without blocking; escaped */
};
int ctr_processes(struct ctr_container *c, struct ctr_proc_info **ret, size_t *ret_n,
		  struct ctr_error *err); /* caller frees with free() */

/* ---- resources ---- */

#define CTR_ABSENT UINT64_MAX /* a figure that this machine does not have */

enum { CTR_STATS_IO = 32, CTR_STATS_NET = 16, CTR_STATS_HUGE = 8 };

/** struct ctr_pressure - PSI: "some" and "full" lines; avg in 1/100 percent, total in µs */
struct ctr_pressure {
	uint64_t some_avg10, some_avg60, some_avg300, some_total;
	uint64_t full_avg10, full_avg60, full_avg300, full_total;
};

/** struct ctr_stats - counters; CTR_ABSENT where there is none */
struct ctr_stats {
	uint64_t cpu_usage_us, cpu_user_us, cpu_system_us;
	uint64_t cpu_periods, cpu_throttled, cpu_throttled_us;
	uint64_t mem_usage, mem_peak, mem_limit, mem_swap, mem_swap_limit; /* bytes */
	uint64_t mem_anon, mem_file, mem_kernel, mem_shmem, mem_inactive_file;
	uint64_t mem_failures, oom_kills;
	uint64_t pids_current, pids_limit, pids_failures;
	struct ctr_stats_io {
		unsigned int major, minor;
		uint64_t read_bytes, write_bytes, reads, writes;
	} io[CTR_STATS_IO];
	size_t nio;
	struct ctr_stats_net {
		char name[16];
		uint64_t rx_bytes, rx_packets, rx_errors, rx_dropped;
		uint64_t tx_bytes, tx_packets, tx_errors, tx_dropped;
	} net[CTR_STATS_NET];
	size_t nnet;
	struct ctr_stats_huge {
		char size[16];
		uint64_t usage, peak, failures;
	} huge[CTR_STATS_HUGE];
	size_t nhuge;
	struct ctr_pressure cpu_pressure, mem_pressure, io_pressure;
};
int ctr_stats_read(struct ctr_container *c, struct ctr_stats *ret, struct ctr_error *err);

/** ctr_set - change keys of [Resources] now, "MemoryMax", "512M"; all or nothing */
int ctr_set(struct ctr_container *c, const char *const *keys_values, struct ctr_error *err);

/** ctr_pause, ctr_resume - idempotent only as the state table says */
int ctr_pause(struct ctr_container *c, struct ctr_error *err);
int ctr_resume(struct ctr_container *c, struct ctr_error *err);

/**
 * ctr_destroy - end what runs (force) and remove everything
 * @force: 0 refuses a container that lives (CTR_E_NOT_STOPPED); created ones are removed all the
 * same
 * @grace_ms: between SIGTERM and SIGKILL
 */
int ctr_destroy(struct ctr_container *c, int force, unsigned int grace_ms, struct ctr_error *err);

/** ctr_gc - reap what dead supervisors left; one line a finding ("removed cgroup ..."), dry: only
 * say */
int ctr_gc(struct ctr_factory *f, int dry, char ***ret_lines, size_t *ret_n,
	   struct ctr_error *err); /* free with ctr_list_free() */

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
