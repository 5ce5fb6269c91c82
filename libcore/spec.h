/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SPEC_H
#define SPEC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "err.h"
#include "idmap.h"
#include "str.h"

/*
 * What a container is: one parsed definition, immutable once loaded. Filled only through the key
 * table (keys.def), whose rows name the fields below. Numbers that were not given are SPEC_UNSET.
 */

#define SPEC_UNSET    UINT64_MAX       /* not given: leave the kernel's default alone */
#define SPEC_INFINITY (UINT64_MAX - 1) /* given as "infinity" */

enum spec_init { SPEC_INIT_OURS, SPEC_INIT_NONE };
enum spec_volatile { SPEC_VOLATILE_NO, SPEC_VOLATILE_OVERLAY, SPEC_VOLATILE_STATE };
enum spec_protect_proc {
	SPEC_PROC_DEFAULT,
	SPEC_PROC_NOACCESS,
	SPEC_PROC_INVISIBLE,
	SPEC_PROC_PTRACEABLE
};
enum spec_propagation { SPEC_PROPAGATION_SLAVE, SPEC_PROPAGATION_PRIVATE };
enum spec_net { SPEC_NET_HOST, SPEC_NET_LOOPBACK, SPEC_NET_VETH, SPEC_NET_PATH };
enum spec_cgroup { SPEC_CG_AUTO, SPEC_CG_SCOPE, SPEC_CG_CGROUPFS, SPEC_CG_INHERIT };
enum spec_device_policy { SPEC_DEV_CLOSED, SPEC_DEV_STRICT, SPEC_DEV_AUTO };

enum spec_sched {
	SPEC_SCHED_INHERIT,
	SPEC_SCHED_OTHER,
	SPEC_SCHED_BATCH,
	SPEC_SCHED_IDLE,
	SPEC_SCHED_FIFO,
	SPEC_SCHED_RR
};
enum spec_io { SPEC_IO_INHERIT, SPEC_IO_REALTIME, SPEC_IO_BEST_EFFORT, SPEC_IO_IDLE };
enum spec_personality {
	SPEC_PERSONALITY_INHERIT,
	SPEC_PERSONALITY_LINUX,
	SPEC_PERSONALITY_LINUX32,
	SPEC_PERSONALITY_X86,
	SPEC_PERSONALITY_X86_64
};

enum spec_hook {
	SPEC_HOOK_PRESTART,
	SPEC_HOOK_CREATE_RUNTIME,
	SPEC_HOOK_CREATE_CONTAINER,
	SPEC_HOOK_START_CONTAINER,
	SPEC_HOOK_POSTSTART,
	SPEC_HOOK_POSTSTOP,
	SPEC_HOOKS
};

enum spec_on_disconnect { SPEC_DISCONNECT_KILL, SPEC_DISCONNECT_KEEP, SPEC_DISCONNECT_CHECKPOINT };
enum spec_reattach { SPEC_REATTACH_YES, SPEC_REATTACH_ASK, SPEC_REATTACH_NO };
enum spec_attachments { SPEC_ATTACHMENTS_ONE, SPEC_ATTACHMENTS_SHARED };

/** struct spec_rlimit - one Limit*= */
struct spec_rlimit {
	bool set;
	struct rlimit lim;
};

/** struct spec_capset - one capability set; bits as CAP_* of capability(7) */
struct spec_capset {
	bool set;
	uint64_t mask;
};

/** struct spec_link - one network with Private=veth: [Network] itself, or [Network NAME] */
struct spec_link {
	char *name;	      /* inside */
	char *bridge;	      /* on the host; NULL: none */
	char *host_interface; /* NULL: made of the container's ID */
	char *mac;	      /* inside, "02:00:00:00:00:01"; NULL: made of the ID */
	struct strv address;  /* "10.0.0.2/24"; of a network with all host bits 0 a free one */
	struct strv gateway;  /* "10.0.0.1" */
	struct strv route;    /* "DESTINATION [via GATEWAY] [src ADDRESS] [metric NUMBER]" */
	uint64_t mtu, txqlen;
	bool hairpin, masquerade;
};

/** struct spec_given - one setting as it was given: row of the key table, value */
struct spec_given {
	unsigned int key;
	unsigned int link; /* 0: none, 1: of more_links[0] ... */
	char *value;
};

/** struct spec - a definition; release with spec_free() */
struct spec {
	char *name; /* of the definition */

	/* [Container] */
	char *description;
	uint64_t namespaces; /* CLONE_NEW* mask: not the host's; nsconf_joined() are others' */
	struct strv join_namespaces; /* "TYPE:PATH" */
	struct strv time_offset;     /* "monotonic|boottime [+|-]TIME" */
	int init;		     /* enum spec_init */
	uint64_t linger;	     /* µs after the last session; SPEC_INFINITY keeps */
	uint64_t timeout_stop;	     /* µs between SIGTERM and SIGKILL at the end */
	int on_disconnect;	     /* enum spec_on_disconnect */
	int reattach;		     /* enum spec_reattach */
	int attachments;	     /* enum spec_attachments */

	/* [Exec] */
	char *hostname;		   /* specifiers already expanded, NULL: the host's */
	char *domain_name;	   /* the same */
	struct idmap_choice users; /* PrivateUsers= */
	bool no_new_privileges;
	struct spec_capset cap_bounding, cap_permitted, cap_effective, cap_inheritable, cap_ambient;
	struct strv syscall_filter; /* words: names, @groups, leading "~" word makes a deny list */
	int syscall_errno;	    /* errno of SystemCallErrorNumber=, default EPERM */
	char *seccomp_profile;	    /* path of an OCI JSON profile, NULL: none */
	bool oom_score_adjust_set;
	int oom_score_adjust;
	bool nice_set;
	int nice;
	bool umask_set;
	mode_t umask;
	int sched_policy;		  /* enum spec_sched */
	uint64_t sched_priority;	  /* 1..99 */
	int io_sched_class;		  /* enum spec_io */
	uint64_t io_sched_priority;	  /* 0..7 */
	char *cpu_affinity;		  /* list format of cpuset(7) */
	int personality;		  /* enum spec_personality */
	struct strv supplementary_groups; /* names and numbers */
	char *selinux_context, *apparmor_profile;
	struct strv environment; /* K=V */
	struct spec_rlimit rlimits[RLIM_NLIMITS];

	/* [Files] */
	char *root_directory; /* NULL: the host's own tree */
	bool read_only;
	int volatile_mode; /* enum spec_volatile */
	bool private_tmp;
	int protect_proc;	     /* enum spec_protect_proc */
	struct strv bind;	     /* "SRC[:DST[:OPTIONS]]", paths with %-specifiers expanded */
	struct strv bind_read_only;  /* the same */
	struct strv temporary_fs;    /* "PATH[:tmpfs options]" */
	struct strv mounts;	     /* "SOURCE DEST TYPE [OPTIONS]", mountline.h */
	struct strv overlays;	     /* "LOWER[:LOWER...]:UPPER:DEST" */
	int propagation;	     /* enum spec_propagation */
	struct strv inaccessible;    /* "[-]PATH", '-' = may be absent */
	struct strv read_only_paths; /* "[-]PATH" */
	struct strv devices;	     /* "/dev/NAME" host nodes to show too */
	struct strv device_nodes;    /* lines of devline.h */
	struct strv sysctl;	     /* "name=value" */

	/* [Network] */
	int net;	       /* enum spec_net */
	char *net_path;	       /* of a namespace to join, SPEC_NET_PATH; see nsconf_path() */
	struct spec_link link; /* with SPEC_NET_VETH */
	struct spec_link *more_links;
	size_t n_more_links;

	/* [Resources] */
	int cgroup; /* enum spec_cgroup */
	char *slice;
	uint64_t memory_max, memory_high, memory_swap_max;  /* bytes */
	uint64_t memory_min, memory_low, kernel_memory_max; /* bytes */
	uint64_t memory_swappiness;			    /* 0..100 */
	bool oom_kill_disable;
	uint64_t tasks_max;
	uint64_t cpu_quota;					       /* percent of one CPU */
	uint64_t cpu_weight;					       /* 1..10000, 0: idle */
	uint64_t cpu_shares;					       /* 2..262144 */
	uint64_t cpu_period, cpu_burst, cpu_rt_runtime, cpu_rt_period; /* µs */
	char *allowed_cpus; /* list format of cpuset(7) */
	char *allowed_mems;
	uint64_t io_weight;			 /* 1..10000 */
	struct strv io_read_bps, io_write_bps;	 /* "DEVICE BYTES" */
	struct strv io_read_iops, io_write_iops; /* "DEVICE N" */
	struct strv io_device_weight;		 /* "DEVICE N" */
	struct strv hugetlb_max;		 /* "2MB N", page sizes as the kernel names them */
	struct strv rdma_max;			 /* "DEVICE hca_handle=N ..." */
	struct strv net_priority;		 /* "INTERFACE N" */
	uint64_t net_class_id;
	struct strv unified;	  /* "FILE=VALUE" */
	int device_policy;	  /* enum spec_device_policy */
	struct strv device_allow; /* "/dev/X|char-NAME|block-NAME rwm" */
	struct strv device_deny;  /* the same */

	/* [Hooks] */
	struct strv hooks[SPEC_HOOKS]; /* "PATH ARGUMENT...", divided by blanks */
	uint64_t hook_timeout;	       /* µs, for each */
	struct strv hook_environment;  /* K=V */

	/* [Checkpoint] */
	bool restore_on_login, on_logout, tcp_established, file_locks;
	char *directory; /* NULL: the checkpoint root */

	char *text;		  /* canonical text of all keys given */
	struct spec_given *given; /* settings in order; for text */
	size_t n_given;
};

/** spec_new - a definition with every default; NULL with errno ENOMEM */
struct spec *spec_new(void);

/** spec_free - NULL is fine */
void spec_free(struct spec *spec);

/**
 * spec_set - what one line of a definition does: ctr_config_set()'s work; did-you-mean in err
 *
 * Lists append, an empty value resets to the default. Specifiers stay as they are. Extends= is
 * -ENOTSUP: only files extend.
 */
int spec_set(struct spec *spec, const char *section, const char *key, const char *value,
	     struct ctr_error *err) ATTR_WARN_UNUSED;

/** spec_text - canonical text of the keys that were given; parsed again it gives the same spec */
const char *spec_text(const struct spec *spec) ATTR_PURE;

/** spec_update_text - make spec_text() say what was given; spec_set() and load do it. 0, -ENOMEM */
int spec_update_text(struct spec *spec) ATTR_WARN_UNUSED;

struct keys_row;
struct load_who;

/** struct spec_key - a key of a definition, and the NAME of [Network NAME], borrowed, or NULL */
struct spec_key {
	const struct keys_row *row;
	const char *link;
};

/** spec_find_key - "Network", "Network eth1", "Exec" ... and a name; -EINVAL with a did-you-mean */
int spec_find_key(const char *section, const char *name, struct spec_key *ret,
		  struct ctr_error *err) ATTR_WARN_UNUSED;

/** spec_apply - spec_set() for a key that was found and a user (or NULL); text is not updated */
int spec_apply(struct spec *spec, const struct spec_key *key, const char *value,
	       const struct load_who *who, struct ctr_error *err) ATTR_WARN_UNUSED;

/** spec_add_section - what a section header does by itself: [Network NAME] is a network */
int spec_add_section(struct spec *spec, const char *section,
		     struct ctr_error *err) ATTR_WARN_UNUSED;

/** spec_link - network i of the definition, 0: that of [Network]; NULL: there is no such */
const struct spec_link *spec_link(const struct spec *spec, size_t i) ATTR_PURE;

static inline void cleanup_spec(struct spec **s)
{
	spec_free(*s);
}
#define autospec __attribute__((cleanup(cleanup_spec)))

#endif
