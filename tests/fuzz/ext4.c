/*
 * Damaged filesystems: whatever is written over an image of ext4, reading it as the walk does ends,
 * within the memory that the image bounds. The first byte of an input chooses how the image is
 * made; each further six bytes change it in one place.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/with_image.c"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	GRAIN = 16, /* bytes: where none is set, changes would hardly matter */
	CHANGE = 6, /* bytes of an input: place, 3; how; value, 2 */
	CHANGES_MOST = 64,
	DIRECTORIES = 2, /* few, since every input reads all of them */
};

static const char *const kinds[] = {
	"-b 1024 -I 256 -O ^has_journal",
	"-b 1024 -I 128 -O ^has_journal,^metadata_csum,^extents,^64bit",
	"-b 2048 -I 256 -O ^has_journal,^metadata_csum",
	"-b 1024 -I 128 -O ^has_journal",
};

enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

static struct image {
	int fd;
	unsigned char bytes[IMAGE_SIZE];
	uint32_t grains[IMAGE_SIZE / GRAIN];
	size_t n;
} images[KINDS];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const unsigned char zeros[GRAIN];
	(void)argc;
	(void)argv;
	for (size_t i = 0; i < KINDS; i++) {
		struct image *image = &images[i];
		image->fd = image_make(kinds[i], DIRECTORIES, image->bytes);
		if (image->fd < 0) {
			fprintf(stderr, "mkfs.ext4 makes no image with %s\n", kinds[i]);
			exit(1);
		}
		for (uint32_t at = 0; at < IMAGE_SIZE; at += GRAIN) {
			if (memcmp(image->bytes + at, zeros, GRAIN) != 0)
				image->grains[image->n++] = at;
		}
	}
	return 0;
}

static uint32_t place_of(const struct image *image, const uint8_t *change)
{
	const uint32_t place = change[0] | (uint32_t)change[1] << 8 | (uint32_t)change[2] << 16;
	return image->grains[place / GRAIN % image->n] + place % GRAIN;
}

/* One or two bytes are set, added to, or given bits; or four are made as large as can be. */
static void change_image(int fd, uint32_t at, const uint8_t *change)
{
	unsigned char bytes[4];
	const size_t n = change[3] & 1 ? 2 : 1;
	ensure(pread(fd, bytes, sizeof(bytes), at) > 0);
	switch (change[3] >> 1 & 3) {
	case 0:
		memcpy(bytes, change + 4, n);
		break;
	case 1:
		bytes[0] = (unsigned char)(bytes[0] + change[4]);
		break;
	case 2:
		bytes[0] ^= change[4];
		break;
	default:
		memset(bytes, change[4] & 1 ? 0xff : 0, sizeof(bytes));
	}
	ensure(pwrite(fd, bytes, sizeof(bytes), at) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image_seen seen;
	if (size == 0)
		return 0;
	struct image *image = &images[data[0] % KINDS];
	size_t n = (size - 1) / CHANGE;
	n = n < CHANGES_MOST ? n : CHANGES_MOST;
	for (size_t i = 0; i < n; i++) {
		const uint8_t *change = data + 1 + i * CHANGE;
		change_image(image->fd, place_of(image, change), change);
	}
	image_read(image->fd, &seen);
	for (size_t i = 0; i < n; i++) {
		const uint32_t at = place_of(image, data + 1 + i * CHANGE);
		const size_t left = IMAGE_SIZE - at < 4 ? IMAGE_SIZE - at : 4;
		ensure(pwrite(image->fd, image->bytes + at, left, at) == (ssize_t)left);
	}
	ensure(ftruncate(image->fd, IMAGE_SIZE) == 0);
	return 0;
}
