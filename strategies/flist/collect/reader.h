/* Opening directories and reading their names. */
#ifndef FLIST_COLLECT_READER_H
#define FLIST_COLLECT_READER_H

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* ---- Opening --------------------------------------------------------------------------------- */

/*
 * Opens directories below a root by their paths, however long, and never through a symbolic link
 * unless links are followed: whatever is renamed meanwhile, a walk stays below its root.
 */

/* How a directory is opened that only others are opened by. */
#if !defined(FLIST_PORTABLE) && defined(O_PATH)
#define FLIST_OPEN_PASSING O_PATH
#else
#define FLIST_OPEN_PASSING O_RDONLY
#endif

enum { FLIST_PIECE_MAX = 4095 }; /* bytes of a path that every call takes */

struct flist_opener {
	int root; /* descriptor, -1: none */
	bool follow;
	bool whole; /* the kernel itself refuses links anywhere in a path */
};

/* Errors: those of open(2), -ENOTDIR. */
int flist_opener_init(struct flist_opener *opener, const char *root, bool follow);
void flist_opener_release(struct flist_opener *opener);

/*
 * A descriptor, or -errno, by a path from a directory that is open: to read by, or good to open
 * others by. path has len bytes, none for that directory itself, and room for a NUL; it is as it
 * was when this returns.
 */
int flist_opener_open_at(const struct flist_opener *opener, int at, char *path, size_t len,
			 bool to_read);

/* ---- Reading --------------------------------------------------------------------------------- */

/*
 * Reads a directory into large buffers, as the records that getdents64(2) makes; where there is
 * no such call, by readdir(3) into records of the same form.
 */

struct flist_dirent {
	uint64_t ino;
	int64_t off;
	uint16_t size; /* of the record */
	uint8_t type;  /* DT_ */
	char name[];
};

/* The inode of a record whose name this is. */
static inline uint64_t flist_record_ino(const char *name)
{
	uint64_t ino;
	memcpy(&ino, name - offsetof(struct flist_dirent, name), sizeof(ino));
	return ino;
}

enum {
	FLIST_NAME_MOST = 4095, /* bytes; FUSE has names beyond NAME_MAX */
	FLIST_READ_MIN = 4200,  /* a buffer with less room is full */
};

struct flist_reader {
	int fd;      /* to ask for entries by; the caller's */
	DIR *stream; /* NULL: read by fd */
	bool ended;  /* nothing is left */
};

/* The descriptor stays the caller's. -ENOMEM, or what dup(2) and fdopendir(3) say. */
int flist_reader_init(struct flist_reader *reader, int fd);
void flist_reader_release(struct flist_reader *reader);

/*
 * Adds records, as many as one call gives, to a buffer that holds *used of size bytes and is not
 * full: has FLIST_READ_MIN left. 0, or -errno: nothing more can be read.
 */
int flist_reader_read(struct flist_reader *reader, char *buffer, size_t size, size_t *used);

#endif
