/*
 * Reads a directory into large buffers, as the records that getdents64(2) makes; where there is
 * no such call, by readdir(3) into records of the same form.
 */
#ifndef FLIST_READ_READER_H
#define FLIST_READ_READER_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flist_dirent {
	uint64_t ino;
	int64_t off;
	uint16_t size; /* of the record */
	uint8_t type;  /* DT_ */
	char name[];
};

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
