/* An image of ext4 with a small tree in it, for tests that read it as the library does. */
#ifndef TESTS_UNIT_WITH_IMAGE_H
#define TESTS_UNIT_WITH_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "strategies/flist/bulk/ext4_disk.h"

enum {
	IMAGE_SIZE = 2 << 20,
	IMAGE_ROOT = 2,
	IMAGE_DIRECTORIES = 20,
	IMAGE_ENTRIES = 700, /* of so many directories, at least: 30 files each, a link to one */
};

/*
 * The image in a file without a name, and its IMAGE_SIZE bytes. options: of mkfs.ext4;
 * directories: at least 2. -1: it cannot be made.
 */
int image_make(const char *options, int directories, unsigned char *bytes);

struct image_seen {
	size_t names, known, refused; /* refused: directories that the kernel would be asked for */
	size_t attributes, unknown; /* inodes that have some; whose the kernel would be asked for */
};

/*
 * Reads all directories of an image and the attributes of every inode. 0, or the -errno with which
 * it is no filesystem to read. Aborts if what it reads breaks a promise of the reader.
 */
int image_read(int fd, struct image_seen *seen);

void image_read_attributes(struct flist_ext4_reader *reader, uint32_t ino, struct image_seen *seen);

#endif
