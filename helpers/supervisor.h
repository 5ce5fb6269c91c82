/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

#include <limits.h>
#include <stdbool.h>

#include "ckpt.h"
#include "ckptdir.h"
#include "cgnotify.h"
#include "create.h"
#include "crstats.h"
#include "load.h"
#include "match.h"
#include "parent.h"
#include "pamcontainer_checkpoint.h"
#include "session.h"

/* The supervisor: one living container, its sessions and who talks to it. */

enum { CLIENT_MAX = 32, BARE_MAX = 64 };

/** struct options - the command line */
struct options {
	const char *verb; /* login, create */
	const char *conf; /* policy file, NULL: the default */
	const char *state_root, *helper_dir;
	const char *checkpoint_root, *criu;
	bool debug;
	struct stage_fault fault; /* --fault=STAGE[:SIGNAL], for tests */
};

/** struct client - a connection to the control socket */
struct client {
	int sock;
	bool waits; /* asked for terminate: answered when all is removed */
};

/** struct predumps - what was written of the memory while all ran on; n 0: nothing */
struct predumps {
	int dirfd;	      /* folder of a checkpoint in the making, locked by this */
	char store[PATH_MAX]; /* where; "": the checkpoint root */
	char name[CKPTDIR_NAME];
	unsigned int n; /* pre-1/ .. pre-N/ are there */
};

/** struct supervisor - everything it knows; lives in main */
struct supervisor {
	struct options opt;
	struct create c;
	char shell[256]; /* was found in the container's tree */
	uint64_t linger_us, stop_us;
	int attach;	     /* enum match_attach of the rule */
	int entry;	     /* enum match_entry of the rule */
	bool code_is_theirs; /* verdict.h */
	int net;	     /* enum spec_net */
	bool unsaved;	     /* has joined what is not to be written to disk, nsconf.h */
	bool keep;
	struct crstats dumped; /* of the last checkpoint */
	bool packed;	       /* it is compressed */
	int unsynced;	       /* its folder, until supervisor_sync(); -1 */
	int spent; /* that of which it was restored, until supervisor_drop_spent(); -1 */
	struct ckptdir_retired retired; /* its files */
	struct predumps pre;
	int tell;	      /* who asked hears of progress there; -1: nobody */
	int work;	      /* folder for CRIU's log, of a request; -1: containers/ID */
	char store[PATH_MAX]; /* of its checkpoints, Directory=; "": the root */
	bool restored;	      /* came back from a checkpoint */
	bool tcp_established, file_locks; /* of a checkpoint, as the definition wants */
	bool save_on_logout, save_on_disconnect;
	bool reattach; /* a login may get back what is detached */
	struct session sessions[SESSION_MAX];
	size_t nsessions;
	struct client clients[CLIENT_MAX];
	size_t nclients;
	struct parent bare[BARE_MAX]; /* Init=none: PID 1, and what was started later */
	size_t nbare;
	bool begun;	     /* PID 1 is a program by now */
	uint64_t linger_end; /* CLOCK_MONOTONIC ms, 0: no timer */
	uint64_t save_end;   /* the same: when what is detached goes to disk */
	uint64_t kill_end;   /* the same, 0: not stopping */
	uint64_t reap_at;    /* the same: then who was held is looked at again, 0: nobody */
	uint64_t settle_at;  /* the same: then it goes where supervisors stand, 0: it has */
	uint64_t trim_at;    /* the same: memory that was used is given back then, 0: no need */
	int watch;	     /* connection to PID 1 that tells when no session is left; 0: none */
	uint64_t watch_at;   /* CLOCK_MONOTONIC ms: it was lost and is made again, 0: no need */
	uint64_t groups_at;  /* the same: until then NSS is not asked, it did not answer */
	struct cgnotify oom; /* out of memory (supervisor_oom.c) */
	uint64_t oom_at;     /* CLOCK_MONOTONIC ms: then it is told, 0: nothing to tell */
	uint64_t oom_kills;  /* that were told */
	bool consoles;	     /* the device rules have some besides the definition's */
};

/* supervisor_login.c */

/** supervisor_login - the verb login: decide, then pass on or create; false: this process is done
 */
bool supervisor_login(struct supervisor *s, int sock);

/* supervisor_admit.c */

/** supervisor_check - may it in? Of the container: whether it is its own is decided before */
int supervisor_check(struct supervisor *s, const struct login *l, struct ctr_error *err);

/** supervisor_take - answer `contained` to a login that was checked, and remember it */
int supervisor_take(struct supervisor *s, const struct login *l, int sock, int caller,
		    struct ctr_error *err);

/** supervisor_admit - both. The caller holds the container's lock */
int supervisor_admit(struct supervisor *s, const struct login *l, int sock, int caller,
		     struct ctr_error *err);

/* supervisor_door.c */

/**
 * supervisor_let_in - send m with the door (cg.h), wait for `entered` of that process, read back
 *
 * The caller holds the container's lock. m holds the answer to come after success or failure.
 */
int supervisor_let_in(struct supervisor *s, int sock, pid_t pid, struct msg *m,
		      struct ctr_error *err);

/* supervisor_login.c */

/** supervisor_deny - answer `denied` with the record */
void supervisor_deny(int sock, const struct ctr_error *err);

/* supervisor_place.c */

/**
 * struct placing - what is to be placed: the decision, the session socket, the caller's pidfd, and
 * how many ms the container's lock and the answer of its supervisor may each take
 */
struct placing {
	const struct match_decision *d;
	int fds[2];
	unsigned int wait_ms;
};

/**
 * supervisor_place - find or make the container of a login that is to be contained
 *
 * Returns 1 when a living supervisor took the login, 0 when this process is its supervisor now.
 */
int supervisor_place(struct supervisor *s, const struct load_paths *paths, const struct login *l,
		     const struct placing *p, struct ctr_error *err);

/** supervisor_is_place - is s the container that supervisor_place() would look at first, and join?
 */
bool supervisor_is_place(const struct supervisor *s, const struct login *l,
			 const struct match_decision *d);

/* supervisor_knock.c */

/**
 * supervisor_knock - a login that asks here first: taken in when policy says that it belongs here
 *
 * Everything else is for a supervisor of its own: `elsewhere`. m holds the message.
 */
void supervisor_knock(struct supervisor *s, struct msg *m);

/** supervisor_note - the next login of that user may ask here first. The lock is held */
void supervisor_note(const struct supervisor *s, uid_t uid);

/* supervisor_create.c */

/** supervisor_make - create the container of s->c.st from a definition; the lock is held by the
 * caller */
int supervisor_make(struct supervisor *s, struct spec *spec, struct ctr_error *err);

/** supervisor_make_room - remove what a dead supervisor left of this ID; -EEXIST for a living one
 */
int supervisor_make_room(struct supervisor *s, struct ctr_error *err);

/** supervisor_answer_created - to the library, with the pids */
int supervisor_answer_created(struct supervisor *s, int sock, struct ctr_error *err);

/** supervisor_order - what the library wants, in its first message; it answers success itself */
typedef int (*supervisor_order)(struct supervisor *s, struct msg *m, int sock,
				struct ctr_error *err);

/** supervisor_serve - receive an order and carry it out; a failure is logged and told. As login */
bool supervisor_serve(struct supervisor *s, int sock, supervisor_order order);

/** supervisor_create - the verb create, for the C API; false: this process is done */
bool supervisor_create(struct supervisor *s, int sock);

/* supervisor_watch.c */

/** supervisor_watch - no login is left: linger as soon as no detached session is */
void supervisor_watch(struct supervisor *s);

/** supervisor_watch_end - not any more */
void supervisor_watch_end(struct supervisor *s);

/** SUPERVISOR_KEPT - file in a container's folder: with one container a session, one is detached */
#define SUPERVISOR_KEPT "kept"

/** supervisor_is_kept_for - has this user a detached session here, and no login is in? */
bool supervisor_is_kept_for(struct supervisor *s, const struct login *l);

/** supervisor_watch_heard - s->watch is readable */
void supervisor_watch_heard(struct supervisor *s);

/* supervisor_begin.c */

/**
 * supervisor_begin - with Init=none a client wants to start a process: a socket for its `start`
 *
 * The first one becomes PID 1; its client holds the container's lock. m is the answer.
 */
int supervisor_begin(struct supervisor *s, struct msg *m, struct ctr_error *err);

/** supervisor_begin_reported - row i executed, or says why not */
void supervisor_begin_reported(struct supervisor *s, size_t i);

/** supervisor_begin_heard - who asked for row i sends a signal or has gone */
void supervisor_begin_heard(struct supervisor *s, size_t i);

/**
 * supervisor_begin_reap - row i has ended, which is not PID 1; false: it is held
 *
 * Who traces it inside keeps it from its parent, for as long as he likes (MUST-4): it is tried
 * again at reap_at, by supervisor_begin_again().
 */
bool supervisor_begin_reap(struct supervisor *s, size_t i);
void supervisor_begin_again(struct supervisor *s);

/** supervisor_begin_wait - PID 1 was killed, whose end waits for that of the others to be reaped */
void supervisor_begin_wait(struct supervisor *s, unsigned int timeout_ms);

/** supervisor_begin_stop - ask all processes to end; false: there is nobody to ask */
bool supervisor_begin_stop(struct supervisor *s);

/* supervisor_oom.c */

/** supervisor_oom_watch - be told when the container is out of memory, where the machine tells */
void supervisor_oom_watch(struct supervisor *s);

/** supervisor_oom_heard - s->oom is readable */
void supervisor_oom_heard(struct supervisor *s);

/** supervisor_oom_ended - note whether that is why PID 1 has ended, if it has */
void supervisor_oom_ended(struct supervisor *s);

/** supervisor_oom_tell - to the log, and to all terminals of the container */
void supervisor_oom_tell(struct supervisor *s);

/* supervisor_terminal.c */

/** supervisor_allow_consoles - let the container open the consoles of its sessions, and no others
 */
int supervisor_allow_consoles(struct supervisor *s, struct ctr_error *err);

/* supervisor_control.c */

/** supervisor_accept - a connection to the control socket */
void supervisor_accept(struct supervisor *s);

/** supervisor_answer - client i has said something, or has hung up: the last one takes its row */
void supervisor_answer(struct supervisor *s, size_t i);

/* supervisor_checkpoint.c */

/**
 * supervisor_checkpoint - the request of a client: dump the container, make it a checkpoint
 *
 * m is the request, then the answer. Unless it is left running the container is over then. On
 * failure it runs as before, its terminals are attached to again.
 */
int supervisor_checkpoint(struct supervisor *s, struct msg *m, struct ctr_error *err);

/** supervisor_may_dump - refuse while it is ending or paused */
int supervisor_may_dump(const struct supervisor *s, struct ctr_error *err);

/** supervisor_tell - to who asked: the phase, and the folder in checkpoints/ that it is about */
void supervisor_tell(const struct supervisor *s, enum ctr_phase phase, const char *store,
		     const char *name);

/**
 * supervisor_store - the path of a request, or Directory=, or ""; and the folder of both kinds
 *
 * Returns its descriptor, for ckptdir_new().
 */
int supervisor_store(const struct supervisor *s, const char *wanted, char ret[PATH_MAX],
		     struct ctr_error *err);

/** supervisor_open_work - the folder for CRIU's log that a request names, as s->work; -1: none */
int supervisor_open_work(struct supervisor *s, const struct msg *m, struct ctr_error *err);

/** supervisor_look_at_mounts - which ones CRIU keeps, and which ones are taken from the tree */
int supervisor_look_at_mounts(const struct supervisor *s, struct ckpt *plan, struct ctr_error *err);

/**
 * supervisor_save - a checkpoint that the definition wants (OnLogout=, OnDisconnect=)
 *
 * False: it was not possible, the log says why; the container is as before.
 */
bool supervisor_save(struct supervisor *s);

/** supervisor_sync - have the last checkpoint on the disk; after the answer, since it takes its
 * time */
void supervisor_sync(struct supervisor *s);

/** supervisor_say_dumped - add to an answer CRIU's figures of the last checkpoint, and its form */
void supervisor_say_dumped(const struct supervisor *s, struct msg *m);

/** supervisor_unquiet - PID 1 takes up its work again after a dump or a restore */
int supervisor_unquiet(struct supervisor *s, struct ctr_error *err);

/* supervisor_pack.c */

/**
 * supervisor_pack - compress the checkpoint that was just taken, the lock is held
 * @store: where it is; "": the root
 *
 * False: it is there as it was; the log says why, unless nothing became smaller.
 */
bool supervisor_pack(struct supervisor *s, int rootfd, const char *store);

/* supervisor_predump.c */

/** supervisor_pre_dump - the request of a client: write memory, all goes on. m as above */
int supervisor_pre_dump(struct supervisor *s, struct msg *m, struct ctr_error *err);

/** supervisor_pre_drop - what was written that way is of no use any more */
void supervisor_pre_drop(struct supervisor *s);

/* supervisor_plain.c */

/**
 * supervisor_name_plain - why there is no checkpoint: processes of PID 1's answer `busy`, each by
 * pid and command line
 *
 * Always -EBUSY (CTR_E_UNSUPPORTED).
 */
int supervisor_name_plain(const struct supervisor *s, const struct msg *busy,
			  struct ctr_error *err);

/* supervisor_restore.c */

/**
 * supervisor_restore - make the container of s->c.st.id from its checkpoint; the lock is held
 * @login: s->c.st says whose it must be: user, definition, instance, and not left running
 *
 * -ENOENT when there is none. On failure nothing of it runs and the checkpoint is as it was.
 */
int supervisor_restore(struct supervisor *s, bool login, struct ctr_error *err);

/** supervisor_drop_spent - remove the files of that checkpoint; after the answer: it takes its time
 */
void supervisor_drop_spent(struct supervisor *s);

/** supervisor_restore_verb - the verb restore, for the C API; false: this process is done */
bool supervisor_restore_verb(struct supervisor *s, int sock);

/* supervisor_loop.c */

/** supervisor_connect_init - connect to PID 1 as root from outside: by its socket's place in the
 * container's own tree */
int supervisor_connect_init(struct supervisor *s);

/** supervisor_stop - begin to end the container */
void supervisor_stop(struct supervisor *s, unsigned int grace_ms);

/** supervisor_only_init_is_left - is PID 1 the only process of the container? */
bool supervisor_only_init_is_left(struct supervisor *s);

/** supervisor_loop - serve until the container is over; then remove it. Returns the exit code */
int supervisor_loop(struct supervisor *s);

/* supervisor_log.c */

/** log_event - one authpriv line: event=NAME id=... and the key=value text, escaped (MUST-11) */
void log_event(const struct supervisor *s, const char *event, const struct login *l,
	       const char *fmt, ...) ATTR_PRINTF(4, 5);

/** log_trace - with --debug: how each rule of the policy was met, one line each */
void log_trace(const struct supervisor *s, const struct login *l, const struct policy *policy,
	       const struct match_facts *f);

#endif
