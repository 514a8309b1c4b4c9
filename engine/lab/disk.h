/*
 * A disk with latency: a file over /dev/fuse whose reads are answered late, by a process that is
 * killed with this one. A loop device with direct I/O uses the file.
 */
#ifndef ENGINE_LAB_DISK_H
#define ENGINE_LAB_DISK_H

#include <sys/types.h>

#include "engine/lab/fuse.h"
#include "engine/lab/spec.h"

enum { DISK_QUEUE_MAX = 256 };

/* The measured mean time of a read of 4 KiB at a random place. */
struct disk_speed {
	uint64_t one_ns;  /* one after the other */
	uint64_t many_ns; /* time per read with 16 in flight; 0: not known */
};

struct disk {
	int fd;                       /* the file, for the loop device; -1: none */
	char path[96];                /* its mount point */
	pid_t server;                 /* 0: none */
	struct disk_control *control; /* shared with the server */
};

#define DISK_NONE ((struct disk){.fd = -1})

/*
 * Opens a disk that holds the image. Reads are not delayed until disk_delay. The calling thread
 * must outlive the disk: the kernel kills the server when that thread ends. -ENOTSUP: FUSE is not
 * available; err has the reason.
 */
int disk_open(struct disk *disk, const struct lab_disk *model, int image, const char *path,
	      struct err *err);
void disk_delay(const struct disk *disk, bool on);

/* Measures on the loop device, after disk_delay; takes a second at most, or 16 reads. */
int disk_measure(const char *device, const struct lab_disk *model, struct disk_speed *speed,
		 struct err *err);

void disk_close(struct disk *disk); /* after the loop device */

#endif
