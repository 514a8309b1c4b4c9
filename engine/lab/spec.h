/*
 * The filesystems that can be made, and one of them as described by the user.
 */
#ifndef ENGINE_LAB_SPEC_H
#define ENGINE_LAB_SPEC_H

#include <stdint.h>

#include "engine/lab/lab.h"

/* How a filesystem is made. */
enum lab_method {
	LAB_HERE,    /* nothing is made */
	LAB_MEMORY,  /* mounted without a device */
	LAB_LAYERED, /* a second filesystem on top of one in memory */
	LAB_DEVICE,  /* an empty image, mounted and filled */
	LAB_PACKED,  /* the image is made from the filled tree, and is read-only */
	LAB_PIPED,   /* a client and a server, which has the tree in memory */
	LAB_SERVED,  /* the fill callback mounts a server on the directory */
	LAB_REMOTE,  /* filled on its server, mounted from there */
};

#define MKFS_IMAGE  "%image"
#define MKFS_TREE   "%tree"
#define MKFS_INODES "%inodes" /* as many as the tree needs: two arguments, or none */
#define MKFS_USER   "%user"   /* arguments from the user */

struct lab_kind {
	const char *name;       /* as in /proc/filesystems */
	const char *mount_type; /* if it is mounted as another one: "nfs4"; NULL: name */
	enum lab_method method;
	const char *program, *package; /* the program that makes the image, and its package */
	const char *arguments[7];      /* arguments of the program; MKFS_... are replaced later */
	uint64_t size_min;             /* bytes of an image */
	struct lab_bytes entry;        /* per entry of a tree */
};

/* A disk on which only reads are delayed, because writes go to memory first on any disk. */
struct lab_disk {
	uint64_t read_ns; /* time of a read; 0: no disk, the device is in memory */
	uint32_t queue;   /* reads in flight; others wait */
	bool turns; /* rotating: a read that continues the last one takes only its transfer time */
};

struct lab_spec {
	const char *label;
	const struct lab_kind *kind;
	const char **options, **mkfs; /* for the mount, and for the program */
	size_t n_options, n_mkfs;
	uint64_t size; /* bytes; 0: as much as the tree needs */
	struct lab_disk disk;
	uint64_t rtt_ns; /* of a remote one: round trip; 0: not changed */
};

#endif
