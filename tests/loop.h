/*
 * A small filesystem on a loop device, mostly an ext4, for tests that need a real one or one that
 * runs out of something. Its image is a file that is unlinked at once, the device clears itself
 * when it is unmounted, and the mount is in a namespace of this process: nothing survives it,
 * however it ends.
 */
#ifndef TESTS_LOOP_H
#define TESTS_LOOP_H

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

/* Mounts of this process are its own from now on; -errno if it may not have that. */
static inline int loop_privacy(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -errno;
	return 0;
}

/* The descriptor of a device that shows the image; its name goes to path. */
static inline int loop_device(int image, char *path, size_t size)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	for (int tries = 0; control >= 0 && tries < 8; tries++) {
		int number = ioctl(control, LOOP_CTL_GET_FREE);
		if (number < 0)
			break;
		snprintf(path, size, "/dev/loop%d", number);
		int device = open(path, O_RDWR | O_CLOEXEC);
		struct loop_config config = {.fd = (uint32_t)image,
					     .info = {.lo_flags = LO_FLAGS_AUTOCLEAR}};
		if (device >= 0 && ioctl(device, LOOP_CONFIGURE, &config) == 0) {
			close(control);
			return device;
		}
		if (device >= 0)
			close(device); /* somebody was faster */
	}
	if (control >= 0)
		close(control);
	return -1;
}

/* Makes and mounts one of that many MiB on the directory `where`; options go to mkfs. */
static inline int loop_mount(const char *type, const char *where, const char *image_dir,
			     unsigned mebibytes, const char *options)
{
	char image[4096], command[9000], device_path[32];
	snprintf(image, sizeof(image), "%s/statmark-image-%d", image_dir, (int)getpid());
	int file = open(image, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (file < 0)
		return -errno;
	int error = ftruncate(file, (off_t)mebibytes << 20) ? -errno : 0;
	snprintf(command, sizeof(command),
		 "PATH=$PATH:/usr/sbin:/sbin mkfs.%s -q %s %s %s >/dev/null", type,
		 strcmp(type, "ext4") == 0 ? "-F" : "-f", options, image);
	const char *const shell[] = {"sh", "-c", command, NULL};
	pid_t child = error ? -1 : fork();
	if (child == 0) {
		execv("/bin/sh", (char *const *)shell);
		_exit(127);
	}
	int status = -1;
	if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
		error = error ? error : -ENOTSUP;
	unlink(image);
	int device = error ? -1 : loop_device(file, device_path, sizeof(device_path));
	if (device < 0)
		error = error ? error : -ENODEV;
	else if (mount(device_path, where, type, MS_NOATIME, NULL))
		error = -errno;
	if (device >= 0)
		close(device);
	close(file);
	return error;
}

static inline int loop_ext4(const char *where, const char *image_dir, unsigned mebibytes,
			    const char *options)
{
	return loop_mount("ext4", where, image_dir, mebibytes, options);
}

#endif
