/* The filesystems that can be made, and one of them as the user describes it. */
#ifndef ENGINE_LAB_SPEC_H
#define ENGINE_LAB_SPEC_H

#include <stdint.h>

#include "engine/lab/lab.h"

enum lab_way {
	LAB_HERE,    /* nothing is made */
	LAB_MEMORY,  /* mounted without a device */
	LAB_LAYERED, /* a second one on top of one in memory */
	LAB_DEVICE,  /* an empty image, mounted and filled */
	LAB_PACKED,  /* the image is made of the filled tree, and is read-only */
	LAB_PIPED,   /* a client and a server, with the tree in memory behind */
	LAB_SERVED,  /* the fill callback mounts a server on the directory */
	LAB_REMOTE,  /* filled where its server has it, mounted from there */
};

#define MKFS_IMAGE  "%image"
#define MKFS_TREE   "%tree"
#define MKFS_INODES "%inodes" /* as many as the tree needs: two arguments, or none */
#define MKFS_USER   "%user"   /* arguments that the user gives */

struct lab_kind {
	const char *name; /* as in /proc/filesystems */
	enum lab_way way;
	const char *program, *package; /* what makes the image, and its package */
	const char *arguments[7];      /* of the program; MKFS_... stand for what is known later */
	uint64_t size_min;             /* bytes of an image */
	struct lab_bytes entry;        /* of a tree on it */
};

/* A disk of which only reads take time: what is written goes to memory first on any. */
struct lab_disk {
	uint64_t read_ns; /* of a read; 0: no disk, the device is in memory */
	uint32_t queue;   /* reads that are under way at once; others wait */
	bool turns; /* a read that goes on where the last one ended costs its transfer alone */
};

struct lab_spec {
	const char *label;
	const struct lab_kind *kind;
	const char **options, **mkfs; /* of the mount, and arguments of the program */
	size_t n_options, n_mkfs;
	uint64_t size; /* bytes; 0: as the tree needs it */
	struct lab_disk disk;
	uint64_t rtt_ns; /* of a remote one: from a question to its answer; 0: as it is */
};

#endif
