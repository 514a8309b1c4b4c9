/*
 * FUSE by the protocol of /dev/fuse, without libfuse: libfuse 3.14 never requests parallel
 * directory operations, so first lookups in one directory would wait for each other; and delayed
 * answers in any order need no library.
 *
 * fuse_mount mounts and negotiates the features. Then any thread, of this process or of a child,
 * reads requests, and any thread answers them, by their number. What is served, a directory or one
 * file, is up to the caller, as is the mount namespace.
 *
 * When the last descriptor is closed, for example because the server is killed, the kernel answers
 * all requests, pending or new, with ENOTCONN or ECONNABORTED, so no process waits for ever.
 */
#ifndef ENGINE_LAB_FUSE_H
#define ENGINE_LAB_FUSE_H

#include <linux/fuse.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/base/err.h"

struct fuse_mount_options {
	const char *name;    /* mountinfo shows fuse.NAME; letters, digits, '-' */
	const char *what;    /* its name in messages, because its path means nothing to the user */
	mode_t root;         /* type of what is mounted: S_IFDIR, or S_IFREG on a file */
	unsigned long flags; /* MS_RDONLY and so on, in addition to MS_NOSUID and MS_NODEV */
	/* The kernel checks modes; it requests attributes that it does not have. */
	bool permissions;
	/* FUSE_PARALLEL_DIROPS and so on; those that the kernel lacks are left out. */
	uint64_t features;
	uint32_t
		max_write; /* bytes of a write, at least 4096; with FUSE_MAX_PAGES of a read, too */
	uint16_t background; /* requests in flight that no caller waits for: read-ahead, direct I/O
			      */
};

struct fuse {
	int fd;
	uint64_t features; /* the features that were agreed on */
	size_t room;       /* bytes of the largest request */
};

struct fuse_request {
	const struct fuse_in_header *in; /* opcode, number ("unique"), node, caller */
	const void *body;                /* the struct of linux/fuse.h for the opcode, or a name */
	size_t size;                     /* bytes of body */
};

/* Whether FUSE is available. what: see struct fuse_mount_options. -ENOTSUP, with the reason. */
int fuse_probe(const char *what, struct err *err);

/*
 * Mounts on dir (or on a file) and negotiates with the kernel. From then on each request waits for
 * its answer: so serve at once, and do not access dir from the threads that answer. -ENOTSUP: FUSE
 * is not available, with the reason; otherwise the errors of mount(2). After an error nothing is
 * mounted.
 */
int fuse_mount(struct fuse *fuse, const char *dir, const struct fuse_mount_options *wanted,
	       struct err *err);

/*
 * Reads the next request into buffer, fuse->room bytes, where it stays until the next call. 1; 0:
 * the filesystem was unmounted or aborted; or an -errno.
 */
int fuse_next(const struct fuse *fuse, void *buffer, struct fuse_request *request);

/*
 * Answers a request: with an -errno, or with 0 and data. FUSE_FORGET, FUSE_BATCH_FORGET and
 * FUSE_INTERRUPT need no answer. 0, also if the calling process has ended, or an -errno: -EINVAL
 * for an answer that the protocol does not allow.
 */
int fuse_answer(const struct fuse *fuse, uint64_t unique, int error, const void *data, size_t size);

/* Aborts all requests and unmounts, even if the mount is in use. */
void fuse_unmount(const char *dir);

#endif
