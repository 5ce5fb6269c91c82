/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLEANUP_H
#define CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * Cleanup attributes. Destructors accept NULL and -1 and preserve errno. `autofd` is CLOEXEC by
 * convention of whoever opened it. Use take_fd() and take_ptr() to move ownership out.
 */

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_fd(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd); /* nothing useful to do about a failed close */
	*fd = -1;
	errno = saved;
}

static inline void cleanup_file(FILE **f)
{
	int saved = errno;

	if (*f)
		(void)fclose(*f); /* writers check fflush before */
	errno = saved;
}

static inline void cleanup_dir(DIR **d)
{
	int saved = errno;

	if (*d)
		(void)closedir(*d);
	errno = saved;
}

#define autofree __attribute__((cleanup(cleanup_free)))
#define autofd	 __attribute__((cleanup(cleanup_fd)))
#define autofile __attribute__((cleanup(cleanup_file)))
#define autodir	 __attribute__((cleanup(cleanup_dir)))

/** take_fd - move a descriptor out of a variable, which becomes -1 */
static inline int take_fd(int *fd)
{
	int r = *fd;

	*fd = -1;
	return r;
}

/** take_ptr - move a pointer out of a variable, which becomes NULL */
#define take_ptr(p)                                                                                \
	({                                                                                         \
		__typeof__(p) take_ptr_tmp = (p);                                                  \
		(p) = NULL;                                                                        \
		take_ptr_tmp;                                                                      \
	})

#endif
