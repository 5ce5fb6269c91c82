/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>

#include "api.h"
#include "cgnotify.h"
#include "cleanup.h"

struct ctr_notify {
	struct cgnotify n;
	bool gone;
};

static int make(struct cgnotify *n, struct ctr_notify **ret, struct ctr_error *err)
{
	struct ctr_notify *made = calloc(1, sizeof(*made));

	if (!made) {
		cgnotify_close(n);
		return err_sys(err, ENOMEM, "notify", "make a notification");
	}
	made->n = *n;
	*ret = made;
	return 0;
}

int ctr_notify_oom(struct ctr_container *c, struct ctr_notify **ret, struct ctr_error *err)
{
	struct cgnotify n = CGNOTIFY_NONE;
	struct api_view v;
	int r = api_check(c, MACHINE_STATS, &v, err);

	if (r < 0)
		return r;
	r = cgnotify_oom(&v.cg, &n, err);
	return r < 0 ? api_why(c, MACHINE_STATS, r, err) : make(&n, ret, err);
}

int ctr_notify_pressure(struct ctr_container *c, enum ctr_pressure_level level,
			struct ctr_notify **ret, struct ctr_error *err)
{
	struct cgnotify n = CGNOTIFY_NONE;
	struct api_view v;
	int r;

	if ((unsigned int)level > CTR_PRESSURE_CRITICAL)
		return err_set(err, CTR_E_CONFIG, EINVAL, "notify", "%d is no level of pressure",
			       (int)level);
	r = api_check(c, MACHINE_STATS, &v, err);
	if (r < 0)
		return r;
	r = cgnotify_pressure(&v.cg, level, &n, err);
	return r < 0 ? api_why(c, MACHINE_STATS, r, err) : make(&n, ret, err);
}

int ctr_notify_fd(const struct ctr_notify *n)
{
	return n->n.fd;
}

enum ctr_notice ctr_notify_read(struct ctr_notify *n, uint64_t *ret_kills)
{
	uint64_t kills = CTR_ABSENT;
	enum ctr_notice kind = n->gone ? CTR_NOTICE_GONE : cgnotify_read(&n->n, &kills);

	n->gone = kind == CTR_NOTICE_GONE;
	if (ret_kills)
		*ret_kills = kills;
	return kind;
}

void ctr_notify_free(struct ctr_notify *n)
{
	if (n)
		cgnotify_close(&n->n);
	free(n);
}
