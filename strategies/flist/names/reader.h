/* Opens directories and reads their names. */
#ifndef FLIST_NAMES_READER_H
#define FLIST_NAMES_READER_H

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* ---- Opening --------------------------------------------------------------------------------- */

/*
 * Opens directories below a root by their paths, of any length. Unless links are followed, no
 * component may be a symbolic link: even if directories are renamed meanwhile, a walk stays below
 * its root.
 */

/*
 * Access mode for a directory that is not read, but only the base of other calls, such as
 * openat(2).
 */
#if !defined(FLIST_PORTABLE) && defined(O_PATH)
#define FLIST_OPEN_PASSING O_PATH
#else
#define FLIST_OPEN_PASSING O_RDONLY
#endif

enum { FLIST_PIECE_MAX = 4095 }; /* maximum length of a path in one call, bytes */

struct flist_opener {
	int root; /* descriptor of the root; -1: none */
	bool follow;
	bool whole; /* openat2 is available: the kernel refuses links in any component */
};

/* Opens the root. follow: symbolic links are followed. Errors: those of open(2), -ENOTDIR. */
int flist_opener_init(struct flist_opener *opener, const char *root, bool follow);
void flist_opener_release(struct flist_opener *opener);

/*
 * Opens the directory `path`, relative to the open directory `at`. to_read: for reading; otherwise
 * only as the base of other calls. path has len bytes and room for a NUL; it is changed during the
 * call and restored. len 0 means the directory `at` itself; if that is the root, the descriptor is
 * a duplicate. Returns a new descriptor, which the caller closes, or -errno.
 */
int flist_opener_open_at(const struct flist_opener *opener, int at, char *path, size_t len,
			 bool to_read);

/* ---- Reading --------------------------------------------------------------------------------- */

/*
 * Reads a directory into large buffers, as records of getdents64(2). If that call is not available,
 * readdir(3) is used and writes records of the same form.
 */

struct flist_dirent {
	uint64_t ino;
	int64_t off;
	uint16_t size; /* of the record, bytes */
	uint8_t type;  /* DT_ */
	char name[];
};

/* Returns the inode number of a record; name points to the name in the record. */
static inline uint64_t flist_record_ino(const char *name)
{
	uint64_t ino;
	memcpy(&ino, name - offsetof(struct flist_dirent, name), sizeof(ino));
	return ino;
}

enum {
	FLIST_NAME_MOST = 4095, /* bytes of a name; with FUSE longer than NAME_MAX */
	FLIST_READ_MIN = 4200,  /* bytes; a buffer with less room left is full */
};

struct flist_reader {
	int fd;      /* of the directory; the caller's */
	DIR *stream; /* for readdir(3); NULL: fd is read by getdents64(2) */
	bool ended;  /* the end was reached, or a read failed */
};

/*
 * Begins to read fd, which stays the caller's. Errors: those of dup(2) and fdopendir(3), -ENOMEM.
 */
int flist_reader_init(struct flist_reader *reader, int fd);
void flist_reader_release(struct flist_reader *reader);

/*
 * Reads records by one call and appends them to a buffer of `size` bytes. *used is the number of
 * bytes in it, before and after; at least FLIST_READ_MIN must be left. At the end of the directory,
 * and after an error, reader->ended is set. 0 or -errno.
 */
int flist_reader_read(struct flist_reader *reader, char *buffer, size_t size, size_t *used);

#endif
