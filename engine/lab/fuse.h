/*
 * FUSE by the protocol of /dev/fuse. libfuse is not used, because libfuse 3.14 never asks for
 * parallel directory operations, so that first lookups in one directory would wait for one another,
 * and because delayed answers in any order need no library.
 *
 * A mount is made and agreed on by one call; then any thread, of this process or of a child, reads
 * requests and any thread answers them, by their number. What is served is up to the caller: a
 * directory or one file, in the caller's mount namespace.
 *
 * When the last descriptor is closed, as when the server is killed, the kernel answers every
 * request, waiting or new, with ENOTCONN or ECONNABORTED, so no caller waits for ever.
 */
#ifndef ENGINE_LAB_FUSE_H
#define ENGINE_LAB_FUSE_H

#include <linux/fuse.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/base/err.h"

struct fuse_wish {
	const char *name;    /* mountinfo says fuse.NAME; letters, digits, '-' */
	const char *what;    /* what messages call it: its place means nothing to the user */
	mode_t root;         /* what is mounted: S_IFDIR, or S_IFREG on a file */
	unsigned long flags; /* MS_RDONLY ... beside MS_NOSUID and MS_NODEV */
	bool permissions; /* the kernel checks modes, asking for attributes that it does not have */
	uint64_t features; /* FUSE_PARALLEL_DIROPS ...; what the kernel does not have is left out */
	uint32_t
		max_write; /* bytes of a write, at least 4096; with FUSE_MAX_PAGES of a read, too */
	uint16_t background; /* requests in flight that no caller waits for: read-ahead, direct I/O
			      */
};

struct fuse {
	int fd;
	uint64_t features; /* what was agreed on */
	size_t room;       /* bytes that the largest request needs */
};

struct fuse_request {
	const struct fuse_in_header *in; /* opcode, number ("unique"), node, caller */
	const void *body;                /* what linux/fuse.h says for the opcode, or a name */
	size_t size;                     /* of the body */
};

/* Whether FUSE is to be had at all, for what messages call so. -ENOTSUP, with the reason. */
int fuse_probe(const char *what, struct err *err);

/*
 * Mounts on dir (or on a file) and agrees with the kernel. Each request waits until it is answered:
 * serve at once, and do not look at dir from where requests are answered. -ENOTSUP: FUSE is not to
 * be had here, with the reason; else the errors of mount(2). Nothing is mounted after an error.
 */
int fuse_mount(struct fuse *fuse, const char *dir, const struct fuse_wish *wish, struct err *err);

/*
 * Reads the next request into buffer, fuse->room bytes, where it stays until the next call. 1, 0
 * when the filesystem is unmounted or given up, or an -errno.
 */
int fuse_next(const struct fuse *fuse, void *buffer, struct fuse_request *request);

/*
 * Answers: with an -errno, or with 0 and data. FUSE_FORGET, FUSE_BATCH_FORGET and FUSE_INTERRUPT
 * need no answer. 0, also when the caller has gone, or an -errno: -EINVAL for what the protocol
 * does not have.
 */
int fuse_answer(const struct fuse *fuse, uint64_t unique, int error, const void *data, size_t size);

/* Gives up all requests and takes the mount away, also while it is in use. */
void fuse_unmount(const char *dir);

#endif
