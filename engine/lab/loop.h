/*
 * A loop device over an image. It disappears with its last descriptor and mount.
 */
#ifndef ENGINE_LAB_LOOP_H
#define ENGINE_LAB_LOOP_H

#include <stdbool.h>

#include "engine/base/err.h"

struct loop {
	int fd;
	char path[64];
};

struct loop_options {
	const char *node_dir; /* where a device file is created if /dev has none */
	bool read_only;
	bool direct; /* bypasses the page cache of the image's filesystem */
};

/* Both return -ENOTSUP, with the reason, if there are no loop devices, or not for this user. */
int loop_probe(struct err *err);
int loop_open(struct loop *loop, int image, const struct loop_options *options, struct err *err);

/* False: direct I/O was requested, but the kernel does not use it. */
bool loop_is_direct(const struct loop *loop);

/* Drops the kernel's cache of the device's blocks; it must not be mounted. */
int loop_flush(const struct loop *loop);

void loop_close(struct loop *loop);

#endif
