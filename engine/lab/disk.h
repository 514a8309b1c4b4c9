/*
 * A disk with latency: a file over /dev/fuse whose reads are answered late, by a process that dies
 * with this one. A loop device with direct I/O lies on top of it.
 */
#ifndef ENGINE_LAB_DISK_H
#define ENGINE_LAB_DISK_H

#include <sys/types.h>

#include "engine/lab/fuse.h"
#include "engine/lab/spec.h"

enum { DISK_QUEUE_MAX = 256 };

/* What it shows of itself from above: the mean time of a read of 4 KiB at a random place. */
struct disk_speed {
	uint64_t one_ns;  /* one after the other */
	uint64_t many_ns; /* for each, with 16 at once; 0: not known */
};

struct disk {
	int fd;                       /* the file, for the loop device; -1: there is none */
	char path[96];                /* where it is mounted */
	pid_t server;                 /* 0: none */
	struct disk_control *control; /* shared with the server */
};

#define DISK_NONE ((struct disk){.fd = -1})

/*
 * A disk that holds the image. Nothing is late until disk_delay. The calling thread has to outlive
 * it: the kernel ends the server with that thread. -ENOTSUP: no FUSE here, with the reason.
 */
int disk_open(struct disk *disk, const struct lab_disk *model, int image, const char *path,
	      struct err *err);
void disk_delay(const struct disk *disk, bool on);

/* Measured on the loop device, while delays are on: takes a second at most, or 16 reads. */
int disk_measure(const char *device, const struct lab_disk *model, struct disk_speed *speed,
		 struct err *err);

void disk_close(struct disk *disk); /* after the loop device */

#endif
