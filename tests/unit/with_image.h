/* An image of ext4 with a small tree in it, for tests that read it as the library does. */
#ifndef TESTS_UNIT_WITH_IMAGE_H
#define TESTS_UNIT_WITH_IMAGE_H

enum {
	IMAGE_SIZE = 2 << 20,
	IMAGE_ROOT = 2,
	IMAGE_ENTRIES = 700, /* of the tree, at least: 20 directories of 30 files, a link to one */
};

/*
 * The image in a file without a name, and its IMAGE_SIZE bytes. options: of mkfs.ext4. -1: it
 * cannot be made.
 */
int image_make(const char *options, unsigned char *bytes);

#endif
