/* The process that answers for a disk. */
#ifndef ENGINE_LAB_DISK_SERVER_H
#define ENGINE_LAB_DISK_SERVER_H

#include <stdatomic.h>

#include "engine/lab/disk.h"

struct disk_control {
	_Atomic bool is_late; /* reads take their time */
};

/* In a child that was just forked by parent: serves until the disk is unmounted or parent ends. */
_Noreturn void disk_serve(const struct fuse *fuse, int image, const struct lab_disk *model,
			  const struct disk_control *control, pid_t parent);

#endif
