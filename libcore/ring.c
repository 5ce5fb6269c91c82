/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ring.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "cleanup.h"

enum { SEALS = F_SEAL_GROW | F_SEAL_SHRINK };

int ring_make(void)
{
	autofd int fd = memfd_create("session", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, sizeof(struct ring)) < 0 ||
	    fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL) < 0)
		return -errno;
	return take_fd(&fd);
}

int ring_map(int fd, struct ring **ret)
{
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;
	void *p;

	/* a file of anybody's, or one that can be cut short, faults when its owner likes */
	if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &st) < 0 ||
	    st.st_size != sizeof(struct ring))
		return -EBADMSG;
	p = mmap(NULL, sizeof(struct ring), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	*ret = p;
	return 0;
}

void ring_unmap(struct ring *r)
{
	if (r)
		(void)munmap(r, sizeof(*r)); /* cannot fail for a whole mapping */
}

uint64_t ring_total(const struct ring *r)
{
	return __atomic_load_n(&r->total, __ATOMIC_ACQUIRE);
}

void ring_add(struct ring *r, const char *data, size_t n)
{
	uint64_t total = ring_total(r);
	size_t skip = n > RING_SIZE ? n - RING_SIZE : 0;
	size_t at = (total + skip) % RING_SIZE, len = n - skip;
	size_t first = len < RING_SIZE - at ? len : RING_SIZE - at;

	memcpy(r->data + at, data + skip, first);
	memcpy(r->data, data + skip + first, len - first);
	__atomic_store_n(&r->total, total + n, __ATOMIC_RELEASE);
}

size_t ring_take(const struct ring *r, uint64_t *at, char *dst, size_t size)
{
	uint64_t total = ring_total(r);
	uint64_t oldest = total > RING_SIZE ? total - RING_SIZE : 0;
	size_t from, len, first;

	if (*at < oldest)
		*at = oldest;
	if (*at > total)
		*at = total;
	len = total - *at < size ? total - *at : size;
	from = *at % RING_SIZE;
	first = len < RING_SIZE - from ? len : RING_SIZE - from;
	memcpy(dst, r->data + from, first);
	memcpy(dst + first, r->data, len - first);
	*at += len;
	return len;
}
