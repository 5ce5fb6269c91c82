/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Preloaded into CRIU by test_predump: a kernel that tracks dirty pages, on one that does not. When
 * CRIU has the kernel forget what was written to (4 to clear_refs), the pages of the process are
 * remembered by a sum of each; in what pagemap then tells, bit 55 is set for those that differ.
 * CRIU does both while the process stands still. TRACK_DIR says where the sums are.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGE = 4096, SCAN_TYPE = 'f', SCAN_NUMBER = 16 };

#define FRAME ((1ULL << 55) - 1) /* in an entry of pagemap */

struct sum {
	uint64_t address, value;
};

/* The process whose file of that name a descriptor is; 0: another file */
static int owner(int fd, const char *name)
{
	char *link, path[128], rest[64];
	ssize_t n;
	int pid;

	if (asprintf(&link, "/proc/self/fd/%d", fd) < 0)
		return 0;
	n = readlink(link, path, sizeof(path) - 1);
	free(link);
	if (n <= 0)
		return 0;
	path[n] = '\0';
	return sscanf(path, "/proc/%d/%63s", &pid, rest) == 2 && strcmp(rest, name) == 0 ? pid : 0;
}

static int open_of(int pid, const char *name)
{
	char *path;
	int fd = -1;

	if (asprintf(&path, "/proc/%d/%s", pid, name) > 0) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		free(path);
	}
	return fd;
}

static FILE *sums_of(int pid, const char *mode)
{
	char *path;
	FILE *f = NULL;

	if (asprintf(&path, "%s/%d", getenv("TRACK_DIR"), pid) > 0) {
		f = fopen(path, mode);
		free(path);
	}
	return f;
}

static int sum_page(int mem, uint64_t address, uint64_t *ret)
{
	uint64_t words[PAGE / 8], sum = 14695981039346656037ULL;

	if (syscall(SYS_pread64, mem, words, PAGE, address) != PAGE)
		return -1;
	for (int i = 0; i < PAGE / 8; i++)
		sum = (sum ^ words[i]) * 1099511628211ULL;
	*ret = sum;
	return 0;
}

static int is_there(uint64_t entry)
{
	return entry >> 63 & 1 || entry >> 62 & 1;
}

static void remember_range(int fds[2], uint64_t from, uint64_t to, FILE *out)
{
	for (struct sum s = {.address = from}; s.address < to; s.address += PAGE) {
		uint64_t entry;

		if (syscall(SYS_pread64, fds[0], &entry, 8, s.address / PAGE * 8) == 8 &&
		    is_there(entry) && sum_page(fds[1], s.address, &s.value) == 0)
			(void)fwrite(&s, sizeof(s), 1, out);
	}
}

static void remember(int pid)
{
	int maps = open_of(pid, "maps"), fds[2] = {open_of(pid, "pagemap"), open_of(pid, "mem")};
	FILE *in = fdopen(maps, "r"), *out = sums_of(pid, "we");
	unsigned long from, to;
	char line[512];

	while (in && out && fgets(line, sizeof(line), in))
		if (sscanf(line, "%lx-%lx", &from, &to) == 2 && !strstr(line, "[v"))
			remember_range(fds, from, to, out);
	if (in)
		(void)fclose(in);
	if (out)
		(void)fclose(out);
	close(fds[0]);
	close(fds[1]);
}

ssize_t write(int fd, const void *data, size_t len)
{
	if (len == 2 && memcmp(data, "4", 2) == 0) {
		int pid = owner(fd, "clear_refs");

		if (pid)
			remember(pid);
	}
	return syscall(SYS_write, fd, data, len);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = ((const struct sum *)a)->address, y = ((const struct sum *)b)->address;

	return x < y ? -1 : x > y;
}

static struct sum *read_sums(int pid, size_t *n)
{
	FILE *f = sums_of(pid, "re");
	struct sum *v = NULL;

	*n = 0;
	if (!f)
		return NULL;
	(void)fseek(f, 0, SEEK_END);
	*n = (size_t)ftell(f) / sizeof(*v);
	rewind(f);
	v = malloc((*n + 1) * sizeof(*v));
	if (v)
		*n = fread(v, sizeof(*v), *n, f);
	(void)fclose(f);
	return v;
}

static void mark(int pid, uint64_t *entries, size_t count, uint64_t address)
{
	int mem = open_of(pid, "mem");
	size_t n;
	struct sum *v = read_sums(pid, &n);

	for (size_t i = 0; i < count; i++, address += PAGE) {
		const struct sum key = {.address = address};
		const struct sum *was = v ? bsearch(&key, v, n, sizeof(*v), compare) : NULL;
		uint64_t now;

		if (is_there(entries[i]) &&
		    (!was || sum_page(mem, address, &now) < 0 || now != was->value))
			entries[i] |= 1ULL << 55;
	}
	free(v);
	close(mem);
}

/*
 * Without the ioctl CRIU takes pages for zeros by the frame that a page of its own has which nobody
 * wrote to. A kernel with pvm_no_zero_page=1 has no such frame for all: that one is somebody else's
 * next, whose page would come back as zeros. No page has the frame that it is told of here.
 */
static void hide_zero_frame(uint64_t *entries, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_there(entries[i]) && !(entries[i] >> 61 & 1)) /* anonymous */
			entries[i] |= FRAME;
}

static void mark_read(int fd, void *data, ssize_t n, off_t offset)
{
	int pid = n > 0 && n % 8 == 0 && offset % 8 == 0 ? owner(fd, "pagemap") : 0;

	if (pid == getpid())
		hide_zero_frame(data, (size_t)n / 8);
	if (pid)
		mark(pid, data, (size_t)n / 8, (uint64_t)offset / 8 * PAGE);
}

ssize_t read(int fd, void *data, size_t len)
{
	ssize_t n = syscall(SYS_read, fd, data, len);

	if (n == 8)
		mark_read(fd, data, n, lseek(fd, 0, SEEK_CUR) - n);
	return n;
}

ssize_t pread(int fd, void *data, size_t len, off_t offset)
{
	ssize_t n = syscall(SYS_pread64, fd, data, len, offset);

	mark_read(fd, data, n, offset);
	return n;
}

ssize_t pread64(int fd, void *data, size_t len, off64_t offset)
{
	return pread(fd, data, len, offset);
}

/* The other way to ask is not there. */
int ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *argument;

	va_start(ap, request);
	argument = va_arg(ap, void *);
	va_end(ap);
	if (_IOC_TYPE(request) == SCAN_TYPE && _IOC_NR(request) == SCAN_NUMBER) {
		errno = ENOTTY;
		return -1;
	}
	return (int)syscall(SYS_ioctl, fd, request, argument);
}
