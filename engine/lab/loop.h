/* A loop device over an image. It is gone with its last descriptor and mount. */
#ifndef ENGINE_LAB_LOOP_H
#define ENGINE_LAB_LOOP_H

#include <stdbool.h>

#include "engine/base/err.h"

struct loop {
	int fd;
	char path[64];
};

struct loop_wish {
	const char *node_dir; /* where a device file goes if /dev does not have it */
	bool read_only;
	bool direct; /* past the page cache of the image's filesystem */
};

/* Both: -ENOTSUP, with the reason: there are no loop devices here, or not for this user. */
int loop_probe(struct err *err);
int loop_open(struct loop *loop, int image, const struct loop_wish *wish, struct err *err);

/* false: direct was requested, but the kernel does not use it. */
bool loop_is_direct(const struct loop *loop);

/* Drops what the kernel holds of the device's blocks; it must not be mounted. */
int loop_flush(const struct loop *loop);

void loop_close(struct loop *loop);

#endif
