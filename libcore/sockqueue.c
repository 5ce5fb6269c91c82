/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sockqueue.h"

#include <errno.h>

#include "cleanup.h"
#include "crimage.h"

#define QUEUES_MAGIC 0x56264026u

/* Numbers of CRIU's sk-packet.proto; the packet's bytes follow each record */
enum { PACKET_LENGTH = 2, PACKET_SCM = 4 };

static bool has_field(struct crview message, uint64_t number)
{
	struct crfield f;

	while (crimage_field(&message, &f))
		if (f.number == number)
			return true;
	return false;
}

int sockqueue_has_descriptors(const void *data, size_t len)
{
	struct crview v, packet;
	uint64_t length = 0;
	int r = crimage_open(data, len, QUEUES_MAGIC, &v);

	while (r == 0 && crimage_record(&v, &packet)) {
		r = crimage_get(packet, PACKET_LENGTH, &length);
		if (r == 0 && has_field(packet, PACKET_SCM))
			return 1;
		if (r == 0 && length > (uint64_t)(v.end - v.p))
			r = -EBADMSG;
		if (r == 0)
			v.p += length;
	}
	return r == 0 && v.p < v.end ? -EBADMSG : r;
}

int sockqueue_refuse(int images, struct ctr_error *err)
{
	autofree char *data = NULL;
	size_t len = 0;
	int r = crimage_read_at(images, "sk-queues.img", &data, &len);

	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = sockqueue_has_descriptors(data, len);
	if (r == 1)
		return err_set(err, CTR_E_UNSUPPORTED, EBUSY, "sockets",
			       "a descriptor is on its way through a socket, sent and not received "
			       "yet: it can not be saved");
	return r < 0 ? err_sys(err, r, "sockets", "read what CRIU wrote of sockets' queues") : 0;
}
