/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CRIULIB_H
#define CRIULIB_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

/* libcriu, opened at run time, so that nothing depends on it; declared as far as it is used. */

struct criu_opts;
struct criu_notify;

/** struct criu_feature_check - as in criu.h: in what is asked, out what there is */
struct criu_feature_check {
	bool mem_track, lazy_pages, pidfd_store;
};

/* enum criu_cg_mode of criu.h: leave control groups alone */
enum { CRIULIB_CG_IGNORE = 0 };

/* enum criu_network_lock_method */
enum { CRIULIB_LOCK_NFTABLES = 2, CRIULIB_LOCK_SKIP = 3 };

typedef int (*criulib_notify)(char *action, struct criu_notify *arg);

/** struct criulib - functions named as after their criu_local_; see criu.h of libcriu */
struct criulib {
	void *lib; /* dlopen(3) */
	int (*init_opts)(struct criu_opts **opts);
	void (*free_opts)(struct criu_opts *opts);
	int (*set_service_binary)(struct criu_opts *opts, const char *path);
	void (*set_pid)(struct criu_opts *opts, int pid);
	void (*set_images_dir_fd)(struct criu_opts *opts, int fd);
	void (*set_work_dir_fd)(struct criu_opts *opts, int fd);
	int (*set_parent_images)(struct criu_opts *opts, const char *path);
	void (*set_track_mem)(struct criu_opts *opts, bool yes);
	void (*set_leave_running)(struct criu_opts *opts, bool yes);
	void (*set_tcp_established)(struct criu_opts *opts, bool yes);
	void (*set_file_locks)(struct criu_opts *opts, bool yes);
	void (*set_ext_unix_sk)(struct criu_opts *opts, bool yes);
	void (*set_ghost_limit)(struct criu_opts *opts, unsigned int bytes);
	void (*set_log_level)(struct criu_opts *opts, int level);
	int (*set_log_file)(struct criu_opts *opts, const char *name);
	int (*set_root)(struct criu_opts *opts, const char *path);
	void (*set_manage_cgroups)(struct criu_opts *opts, bool yes);
	void (*set_manage_cgroups_mode)(struct criu_opts *opts, int mode);
	void (*set_timeout)(struct criu_opts *opts, unsigned int seconds);
	void (*set_ext_sharing)(struct criu_opts *opts, bool yes);
	void (*set_ext_masters)(struct criu_opts *opts, bool yes);
	int (*add_external)(struct criu_opts *opts, const char *key);
	int (*add_inherit_fd)(struct criu_opts *opts, int fd, const char *key);
	int (*join_ns_add)(struct criu_opts *opts, const char *type, const char *path,
			   const char *extra);
	int (*set_page_server)(struct criu_opts *opts, const char *address, int port);
	void (*set_notify_cb)(struct criu_opts *opts, criulib_notify cb);
	int (*notify_pid)(struct criu_notify *arg);
	int (*dump)(struct criu_opts *opts);
	int (*pre_dump)(struct criu_opts *opts);
	int (*restore_child)(struct criu_opts *opts);
	int (*set_network_lock)(struct criu_opts *opts, int method);
	int (*get_version)(struct criu_opts *opts);
	int (*feature_check)(struct criu_opts *opts, struct criu_feature_check *f, size_t size);
	void (*set_auto_dedup)(struct criu_opts *opts, bool yes);
};

/** criulib_load - CTR_E_UNSUPPORTED when the library or one of its functions is not there */
int criulib_load(struct criulib *ret, struct ctr_error *err) ATTR_WARN_UNUSED;

#endif
