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
};

#define MKFS_IMAGE  "%image"
#define MKFS_TREE   "%tree"
#define MKFS_INODES "%inodes" /* as many as the tree needs: two arguments, or none */
#define MKFS_USER   "%user"   /* arguments that the user gives */

struct lab_kind {
	const char *name; /* as in /proc/filesystems */
	enum lab_way way;
	const char *program, *package; /* what makes the image, and who has it */
	const char *arguments[7];      /* of the program; MKFS_... stand for what is known later */
	uint64_t size_min;             /* bytes of an image */
};

struct lab_spec {
	const char *label;
	const struct lab_kind *kind;
	const char **options, **mkfs; /* of the mount, and arguments of the program */
	size_t n_options, n_mkfs;
	uint64_t size; /* bytes; 0: as the tree needs it */
};

#endif
