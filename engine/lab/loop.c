#include "engine/lab/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "engine/base/util.h"

enum {
	TRIES = 100,
	LOOP_MAJOR_NUMBER = 7,
};

static int open_number(struct loop *loop, int number, const char *node_dir)
{
	snprintf(loop->path, sizeof(loop->path), "/dev/loop%d", number);
	int fd = open(loop->path, O_RDWR | O_CLOEXEC);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	snprintf(loop->path, sizeof(loop->path), "%s/loop%d", node_dir, number);
	if (mknod(loop->path, S_IFBLK | 0600, makedev(LOOP_MAJOR_NUMBER, (unsigned)number)) &&
	    errno != EEXIST)
		return -1;
	return open(loop->path, O_RDWR | O_CLOEXEC);
}

/* Another process may take the free number first; then the next one is tried. */
static int take_free(struct loop *loop, int control, const struct loop_config *config,
		     const char *node_dir)
{
	int error = -EBUSY;
	for (int i = 0; i < TRIES && error == -EBUSY; i++) {
		int number = ioctl(control, LOOP_CTL_GET_FREE);
		if (number < 0)
			return -errno;
		loop->fd = open_number(loop, number, node_dir);
		error = loop->fd < 0 || ioctl(loop->fd, LOOP_CONFIGURE, config) ? -errno : 0;
		if (error && loop->fd >= 0)
			close(loop->fd);
	}
	if (error)
		loop->fd = -1;
	return error;
}

static int refuse(int error, struct err *err)
{
	const char *why = "load the module loop";
	if (error == -EPERM || error == -EACCES)
		why = "run as root";
	else if (error == -EINVAL || error == -ENOTTY)
		why = "loop devices by LOOP_CONFIGURE need Linux 5.8";
	return err_set(err, -ENOTSUP, "cannot get a loop device: %s: %s", strerror(-error), why);
}

static int open_control(struct err *err)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int error = control < 0 ? -errno : 0;
	return error ? refuse(error, err) : control;
}

int loop_probe(struct err *err)
{
	int control = open_control(err);
	if (control >= 0)
		close(control);
	return MIN(control, 0);
}

int loop_open(struct loop *loop, int image, const struct loop_options *options, struct err *err)
{
	const uint32_t flags = LO_FLAGS_AUTOCLEAR |
			       (options->read_only ? (uint32_t)LO_FLAGS_READ_ONLY : 0) |
			       (options->direct ? (uint32_t)LO_FLAGS_DIRECT_IO : 0);
	const struct loop_config config = {
		.fd = (uint32_t)image,
		.info = {.lo_flags = flags, .lo_file_name = "statmark"},
	};
	*loop = (struct loop){.fd = -1};
	int control = open_control(err);
	if (control < 0)
		return control;
	int error = take_free(loop, control, &config, options->node_dir);
	close(control);
	return error ? refuse(error, err) : 0;
}

bool loop_is_direct(const struct loop *loop)
{
	struct loop_info64 info;
	return ioctl(loop->fd, LOOP_GET_STATUS64, &info) == 0 &&
	       (info.lo_flags & LO_FLAGS_DIRECT_IO);
}

int loop_flush(const struct loop *loop)
{
	return ioctl(loop->fd, BLKFLSBUF, 0) ? -errno : 0;
}

void loop_close(struct loop *loop)
{
	if (loop->fd >= 0)
		close(loop->fd);
	loop->fd = -1;
}
