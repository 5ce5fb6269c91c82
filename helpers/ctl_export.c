/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "image.h"

/* export, import: a checkpoint as one file; "-" is standard output or input. */

struct import_options {
	bool replace, quiet;
};

static const struct option_row import_rows[] = {
    {"replace", 0, OPTION_FLAG, offsetof(struct import_options, replace), NULL,
     "in the place of a checkpoint of that ID"},
    {"quiet", 'q', OPTION_FLAG, offsetof(struct import_options, quiet), NULL,
     "do not print its ID"},
};

static bool is_dash(const char *path)
{
	return strcmp(path, "-") == 0;
}

/* A new file, for root alone: memory of processes is in it. What is there is not overwritten. */
static int export_to(struct ctl *ctl, const char *id, const char *path, struct ctr_error *err)
{
	autofd int fd =
	    open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
	int r;

	if (fd < 0)
		return err_sys(err, errno, "export", "make %s", path);
	r = ctr_image_export(ctl->factory, id, fd, err);
	if (r == 0 && fsync(fd) < 0)
		r = err_sys(err, errno, "export", "write %s", path);
	if (r < 0)
		(void)unlink(path); /* half of one is of no use */
	return r;
}

int ctl_export(struct ctl *ctl, int argc, char **argv)
{
	struct options_line line = {0};
	struct ctr_error err;
	int r = ctl_options(ctl, &line, NULL, &argc, &argv);

	if (r == CTL_GO_ON && argc != 2)
		r = ctl_usage(ctl, "export takes the ID of a container and a file");
	if (r == CTL_GO_ON && is_dash(argv[1]) && isatty(STDOUT_FILENO))
		r = ctl_usage(ctl, "export does not write to a terminal");
	if (r == CTL_GO_ON)
		r = ctl_open(ctl);
	if (r != CTL_GO_ON)
		return r;
	r = is_dash(argv[1]) ? ctr_image_export(ctl->factory, argv[0], STDOUT_FILENO, &err)
			     : export_to(ctl, argv[0], argv[1], &err);
	return r < 0 ? image_failed(ctl, argv[0], &err) : CTL_OK;
}

int ctl_import(struct ctl *ctl, int argc, char **argv)
{
	struct import_options o = {0};
	struct options_line line = {.groups = {{import_rows, ARRAY_SIZE(import_rows), &o}}};
	struct ctr_image image;
	struct ctr_error err;
	autofd int fd = -1;
	int r = ctl_options(ctl, &line, NULL, &argc, &argv);

	if (r == CTL_GO_ON && argc != 1)
		r = ctl_usage(ctl, "import takes one file");
	if (r == CTL_GO_ON)
		r = ctl_open(ctl);
	if (r != CTL_GO_ON)
		return r;
	fd = is_dash(argv[0]) ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
			      : open(argv[0], O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		err_sys(&err, errno, "import", "open %s", argv[0]);
		return image_failed(ctl, NULL, &err);
	}
	if (ctr_image_import(ctl->factory, fd, o.replace, &image, &err) == 0)
		return o.quiet || puts(image.id) >= 0 ? CTL_OK : CTL_FAILED;
	return image_failed(ctl, argv[0], &err);
}
