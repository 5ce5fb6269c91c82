/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef API_H
#define API_H

#include <stdbool.h>

#include "cg.h"
#include "machine.h"
#include "manifest.h"
#include "msg.h"
#include "pamcontainer.h"
#include "proto.h"
#include "spec.h"
#include "state.h"

/* What the files of the public interface share. Layer 4. */

enum { API_LOCK_MS = 5000, API_ANSWER_MS = 5000, API_FREEZE_MS = 5000, API_END_MS = 1000 };

struct ctr_factory {
	char *state_root, *helper_dir, *checkpoint_root, *criu;
	char *conf;	    /* NULL: the default */
	const char *cgroup; /* Cgroup= of definitions that leave it open; static, NULL: auto */
	unsigned int timeout_ms;
	/* the machine's hierarchies as the first container met them: reading all mounts takes
	 * longer than reading a record */
	struct cg_facts facts;
	bool probed;
};

struct ctr_config {
	struct spec *spec;
};

/**
 * struct ctr_container - an ID and which container of that ID is meant
 *
 * Nothing else is kept: what it is now stands in its record and in the kernel. One that was
 * destroyed and made again is another container (MUST-8).
 */
struct ctr_container {
	char id[STATE_ID_MAX + 1];
	int rootfd; /* state root */
	int ckptfd; /* checkpoint root; -1: there was none yet */
	char *disk; /* its path */
	uint64_t created_us;
	struct proc_id super;
	struct cg_facts facts;
};

/** api_open_disk - the checkpoint root, perhaps made after the object. A descriptor, -ENOENT */
int api_open_disk(const struct ctr_container *c);

struct ctr_process {
	int sock;		  /* to PID 1 */
	struct ctr_container *of; /* a copy */
	struct proto_session session;
	bool exited;
	int status;
};

/** struct api_view - a container at one moment */
struct api_view {
	struct state st;
	struct cg cg; /* borrows the facts of the container object */
	enum ctr_status status;
};

/** api_supervisor - start a supervisor for a verb. Returns the socket to it */
int api_supervisor(const struct ctr_factory *f, const char *verb,
		   struct ctr_error *err) ATTR_WARN_UNUSED;

/** api_await_created - its answer, for which timeout_ms is waited */
int api_await_created(int sock, unsigned int timeout_ms, struct ctr_error *err) ATTR_WARN_UNUSED;

/** api_open_checkpoints - the checkpoint root; -ENOENT when there is none yet, err is not filled
 * then */
int api_open_checkpoints(const struct ctr_factory *f, struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * api_look - read the record, derive the status
 *
 * -ENOENT with CTR_E_NOT_FOUND when that very container is gone, CTR_E_STATE for a damaged record.
 */
int api_look(const struct ctr_container *c, struct api_view *ret,
	     struct ctr_error *err) ATTR_WARN_UNUSED;

/** api_check - api_look(), and whether the operation is possible now */
int api_check(const struct ctr_container *c, enum machine_op op, struct api_view *ret,
	      struct ctr_error *err) ATTR_WARN_UNUSED;

/**
 * api_why - what to tell when an operation failed with r: that the container has ended, if it has
 *
 * Without the lock it may end under an operation's hands, which shows as this or that system call
 * failing. Returns r, or the reason with err filled anew.
 */
int api_why(const struct ctr_container *c, enum machine_op op, int r, struct ctr_error *err);

/**
 * api_tell_end - add to the error of what failed for the container's end why it has ended
 * @wait_ms: how long it may take until its supervisor has noted that
 */
void api_tell_end(const struct ctr_container *c, int wait_ms, struct ctr_error *err);

/** api_process_new - nothing started yet; of that container. -ENOMEM, or of dup(2) */
int api_process_new(const struct ctr_container *c, struct ctr_process **ret,
		    struct ctr_error *err) ATTR_WARN_UNUSED;

/** struct api_lock - the lock of a container while it is held */
struct api_lock {
	int rootfd, fd;
	const char *id;
};

/** api_lock_check - take the lock, then api_check(). Release with api_unlock(), failed or not */
int api_lock_check(const struct ctr_container *c, enum machine_op op, struct api_lock *lock,
		   struct api_view *ret, struct ctr_error *err) ATTR_WARN_UNUSED;
void api_unlock(struct api_lock *lock);

#define autolock __attribute__((cleanup(api_unlock)))

/** api_control - a connection to the supervisor; -ESRCH with CTR_E_NOT_RUNNING when it is gone */
int api_control(const struct ctr_container *c, struct ctr_error *err) ATTR_WARN_UNUSED;

/** api_ask - send m on a control connection and receive the answer into it; `denied` fails */
int api_ask(int control, struct msg *m, struct ctr_error *err) ATTR_WARN_UNUSED;

/** struct api_watch - who hears of progress while an answer is awaited; fn NULL: nobody */
struct api_watch {
	ctr_progress_fn fn;
	void *arg;
	int sock, theirs; /* the supervisor tells by the other end */
	uint64_t begin_ms;
	struct ctr_progress now;
	char folder[PATH_MAX];
};

/** api_watch_open - lend the other end to a request; close with api_watch_close() */
int api_watch_open(struct api_watch *w, struct msg *m, struct ctr_error *err) ATTR_WARN_UNUSED;
void api_watch_close(struct api_watch *w);
#define autowatch __attribute__((cleanup(api_watch_close)))

/** api_watch_wait - the request was sent: pass on progress until its answer can be received */
void api_watch_wait(struct api_watch *w, int sock, unsigned int timeout_ms);

/** api_ask_for - as api_ask(), with an answer that may take its time; w may be NULL */
int api_ask_for(int control, struct msg *m, struct api_watch *w, int timeout_ms,
		struct ctr_error *err) ATTR_WARN_UNUSED;

/** api_connect - a connection to PID 1 as root from outside */
int api_connect(const struct ctr_container *c, struct ctr_error *err) ATTR_WARN_UNUSED;

/** struct api_images - the checkpoint root while a call uses it; release with api_images_done() */
struct api_images {
	int rootfd;
	struct sodiumlib lib;
	struct ckptkey key; /* lib is NULL: this machine has none */
};

/** api_images_open - the key is read when it is there */
int api_images_open(const struct ctr_factory *f, struct api_images *ret,
		    struct ctr_error *err) ATTR_WARN_UNUSED;

/** api_images_need_key - -ENOENT with CTR_E_NOT_FOUND without one */
int api_images_need_key(const struct api_images *i, struct ctr_error *err) ATTR_WARN_UNUSED;
void api_images_done(struct api_images *i);

/** api_image_describe - a manifest whose MAC was right, for the caller of the library */
void api_image_describe(const struct manifest *m, struct ctr_image *ret);

/** api_image_lock - the lock of that ID; release with api_image_unlock(), failed or not */
int api_image_lock(const struct ctr_factory *f, const char *id, struct api_lock *lock,
		   struct ctr_error *err) ATTR_WARN_UNUSED;
void api_image_unlock(struct api_lock *lock);

#define autoimages __attribute__((cleanup(api_images_done)))

/** api_definition - the definition on record, read anew; release with spec_free() */
int api_definition(const struct state *st, struct spec **ret,
		   struct ctr_error *err) ATTR_WARN_UNUSED;

/** struct api_user - whom a process becomes; release with api_user_done() */
struct api_user {
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	size_t ngroups;
	char *name, *home, *shell;
};

/**
 * api_user_find - "name", "uid", "name:group", "uid:gid" by the host's NSS (MUST-7); NULL: root
 *
 * Digits are a number, never a name. A group that is given is the only one. -ENOENT, -EINVAL
 */
int api_user_find(const char *text, struct api_user *ret, struct ctr_error *err) ATTR_WARN_UNUSED;
void api_user_done(struct api_user *u);

/** api_pids - host pids of the container, ascending; free(*ret) */
int api_pids(const struct api_view *v, pid_t **ret, size_t *ret_n,
	     struct ctr_error *err) ATTR_WARN_UNUSED;

/** api_is_inside - is the process in the PID namespace of the container's PID 1? */
bool api_is_inside(const struct api_view *v, pid_t pid);

#endif
