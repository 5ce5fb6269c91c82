/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOCTOR_H
#define DOCTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cg.h"
#include "match.h"
#include "pamlines.h"

/*
 * What this machine can do for containers, and what to do about the rest: a pure function from
 * facts to a list of findings. doctor_gather() finds the facts.
 */

enum {
	DOCTOR_RESULTS = 64,
	DOCTOR_SERVICES = 32,
	DOCTOR_ABSENT = -1, /* of a sysctl */
};

enum doctor_status { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };

/** enum doctor_ns - bits of doctor_facts.ns */
enum doctor_ns {
	DOCTOR_NS_MNT = 1,
	DOCTOR_NS_PID = 2,
	DOCTOR_NS_IPC = 4,
	DOCTOR_NS_UTS = 8,
	DOCTOR_NS_NET = 16,
	DOCTOR_NS_CGROUP = 32,
	DOCTOR_NS_USER = 64,
};

/** enum doctor_call - system calls that are tried; each is 0 or the errno that says no */
enum doctor_call {
	DOCTOR_OPENAT2,
	DOCTOR_CLONE3,
	DOCTOR_PIDFD_OPEN,
	DOCTOR_CLOSE_RANGE,
	DOCTOR_OPEN_TREE,
	DOCTOR_MOVE_MOUNT,
	DOCTOR_FSOPEN,
	DOCTOR_MOUNT_SETATTR,
	DOCTOR_CALLS,
};

/** enum doctor_action - bits of doctor_facts.seccomp_actions */
enum doctor_action {
	DOCTOR_KILL_PROCESS = 1,
	DOCTOR_KILL_THREAD = 2,
	DOCTOR_TRAP = 4,
	DOCTOR_ERRNO = 8,
	DOCTOR_LOG = 16,
	DOCTOR_ALLOW = 32,
};

/** struct doctor_file - a file of ours */
struct doctor_file {
	const char *name;
	char path[256];
	int error; /* errno of stat(2); 0: the rest counts */
	uid_t uid;
	mode_t mode;
};

enum doctor_files {
	DOCTOR_SUPERVISOR,
	DOCTOR_INIT,
	DOCTOR_ATTACH,
	DOCTOR_MODULE,
	DOCTOR_FILES,
};

/** struct doctor_folder - one that must be root's with mode 0700; not there yet is fine */
struct doctor_folder {
	char path[256];
	int error; /* of stat(2) */
	bool read_only;
	uid_t uid;
	mode_t mode;
};

/** struct doctor_facts - the machine */
struct doctor_facts {
	bool root; /* the facts were found by root; else some are unknown */
	char release[65];
	unsigned int major, minor;
	unsigned int ns; /* enum doctor_ns */
	int calls[DOCTOR_CALLS];
	unsigned int seccomp_actions; /* enum doctor_action */
	struct cg_facts cg;
	int cg_error;		     /* errno of cg_probe() */
	int swap;		     /* swap accounting: 1, 0, -1 not known */
	int device_filter;	     /* errno of loading a BPF device program; -1 not known */
	int64_t max_user_namespaces; /* DOCTOR_ABSENT */
	int unprivileged_userns, yama, tiocsti, protected_symlinks, protected_hardlinks;
	struct doctor_file files[DOCTOR_FILES];
	struct doctor_folder state, checkpoints;
	struct {
		char path[256], first[300]; /* the first problem */
		bool absent;
		unsigned int errors, warnings;
		size_t rules;
		int mode;			 /* enum match_mode */
		char left[64], left_service[32]; /* rule and service: see doctor_manager() */
	} policy;
	struct {
		char service[32];
		struct pamlines lines;
	} pam[DOCTOR_SERVICES];
	size_t npam;
	char criu[64]; /* version; "" where there is none */
	bool sodium;   /* libsodium is there */
	bool no_track; /* criu says that this kernel does not track memory */
};

/** struct doctor_result - one finding */
struct doctor_result {
	char check[40];
	int status; /* enum doctor_status */
	char detail[400];
	char advice[300]; /* the next step; "" where nothing is to be done */
};

/** struct doctor_report - all findings, in reading order */
struct doctor_report {
	struct doctor_result results[DOCTOR_RESULTS];
	size_t n;
	unsigned int warnings, failures;
};

/** doctor_decide - pure */
void doctor_decide(const struct doctor_facts *f, struct doctor_report *ret);

/** doctor_decide_setup - the part about files, policy and PAM; called by doctor_decide() */
void doctor_decide_setup(const struct doctor_facts *f, struct doctor_report *ret);

/**
 * doctor_manager - the first rule that contains a login, but not the systemd of its user
 * @ret_service: the login's; static
 *
 * NULL when there is none. Pure; users are compared by the words of the rules.
 */
const struct match_rule *doctor_manager(const struct policy *p, const char **ret_service);

/** doctor_add - one more finding; texts that do not fit are cut. advice may be NULL */
void doctor_add(struct doctor_report *ret, const char *check, int status, const char *advice,
		const char *fmt, ...) ATTR_PRINTF(5, 6);

/** doctor_status_name - "ok", "warn", "fail" */
const char *doctor_status_name(int status);

struct load_paths;

/** struct doctor_places - where the installation is */
struct doctor_places {
	const struct load_paths *paths;
	const char *state_root, *helper_dir, *checkpoint_root;
};

/** doctor_gather - find the facts; what cannot be found is said in them */
void doctor_gather(const struct doctor_places *places, struct doctor_facts *ret);

/** doctor_criu_lacks - does the criu in PATH say that the kernel lacks a feature? */
bool doctor_criu_lacks(const char *feature);

/** doctor_criu_version - version of the criu in PATH, "" when there is none */
void doctor_criu_version(char *dst, size_t size);

#endif
