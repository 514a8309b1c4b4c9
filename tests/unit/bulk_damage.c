/*
 * What is read from a device may be anything. Images of ext4 are damaged bit by bit and read as
 * the walk reads them: whatever is in them, that ends, in time and memory that the image bounds.
 *
 *   STATMARK_DAMAGE=10000 bulk_damage    so many images of each kind
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/rng.h"
#include "strategies/flist/bulk/crc32c.h"
#include "strategies/flist/bulk/ext4_disk.h"
#include "tests/test.h"
#include "tests/unit/with_image.h"

enum {
	FLIPS_MOST = 16,
	ROUNDS = 300,
	GRAIN = 16, /* bytes: where none is set, flips would hardly matter */
};

/* ---- Damage ---------------------------------------------------------------------------------- */

/* Where something is, so that most flips hit what is read. */
static size_t find_grains(const unsigned char *bytes, uint32_t *grains)
{
	static const unsigned char zeros[GRAIN];
	size_t n = 0;
	for (uint32_t at = 0; at < IMAGE_SIZE; at += GRAIN) {
		if (memcmp(bytes + at, zeros, GRAIN) != 0)
			grains[n++] = at;
	}
	return n;
}

static void flip(int fd, const unsigned char *bytes, uint32_t at, unsigned bit)
{
	unsigned char byte = bytes[at];
	byte ^= (unsigned char)(1U << bit);
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
}

static void flip_generation(int fd, uint64_t inode)
{
	unsigned char byte;
	const off_t at = (off_t)inode + INODE_GENERATION;
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
}

static void damage_and_read(int fd, const unsigned char *bytes, const uint32_t *grains, size_t n,
			    struct rng *rng, struct image_seen *total)
{
	uint32_t places[FLIPS_MOST];
	const unsigned flips = 1 + (unsigned)rng_below(rng, FLIPS_MOST);
	struct image_seen seen;
	for (unsigned i = 0; i < flips; i++) {
		places[i] = grains[rng_below(rng, n)] + (uint32_t)rng_below(rng, GRAIN);
		flip(fd, bytes, places[i], (unsigned)rng_below(rng, 8));
	}
	if (image_read(fd, &seen) == 0) {
		total->names += seen.names;
		total->known += seen.known;
		total->refused += seen.refused;
		total->attributes += seen.attributes;
		total->unknown += seen.unknown;
	}
	for (unsigned i = 0; i < flips; i++)
		assert_int_equal(pwrite(fd, bytes + places[i], 1, places[i]), 1);
}

static void damage(const char *options)
{
	const char *wish = getenv("STATMARK_DAMAGE");
	const long rounds = wish ? strtol(wish, NULL, 10) : ROUNDS;
	unsigned char *bytes = malloc(IMAGE_SIZE);
	uint32_t *grains = malloc(IMAGE_SIZE / GRAIN * sizeof(*grains));
	struct image_seen whole, total = {0};
	struct rng rng;
	assert_true(bytes && grains);
	const int fd = image_make(options, IMAGE_DIRECTORIES, bytes);
	if (fd < 0) {
		free(bytes);
		free(grains);
		skip_because("mkfs.ext4 makes no such image: %s", options);
	}
	assert_int_equal(image_read(fd, &whole), 0);
	assert_true(whole.names > IMAGE_ENTRIES);
	assert_int_equal(whole.known, whole.names);
	assert_int_equal(whole.refused, 0);
	assert_true(whole.attributes == 0 || whole.unknown == 0);
	rng.state = 14;
	const size_t n = find_grains(bytes, grains);
	for (long i = 0; i < rounds; i++)
		damage_and_read(fd, bytes, grains, n, &rng, &total);
	assert_true(total.refused > 0); /* damage was seen, */
	assert_true(total.known > 0);   /* and the rest was read */
	if (whole.attributes > 0)
		assert_true(total.unknown > 0 && total.attributes > 0);
	assert_int_equal(image_read(fd, &whole), 0);
	assert_int_equal(whole.refused, 0);
	close(fd);
	free(bytes);
	free(grains);
}

/* Reads the attributes of all inodes; is_changed: each changes between its inode and its block. */
static void read_all_attributes(int fd, bool is_changed, struct image_seen *seen)
{
	struct flist_ext4 *fs;
	const char *why;
	assert_int_equal(flist_ext4_open(&fs, fd, INT64_MAX, &why), 0);
	struct flist_ext4_reader reader = {.fs = fs};
	flist_ext4_want_xattrs(fs);
	for (uint32_t ino = IMAGE_ROOT; ino <= IMAGE_ENTRIES; ino++) {
		if (!flist_ext4_inode(&reader, ino))
			continue;
		if (is_changed)
			flip_generation(fd, flist_ext4_where(fs, ino));
		image_read_attributes(&reader, ino, seen);
	}
	flist_ext4_reader_release(&reader);
	flist_ext4_free(fs);
}

/* A block is read after its inode, which may have another one by then. */
static void attributes_of_an_inode_that_has_changed(void **state)
{
	unsigned char *bytes = malloc(IMAGE_SIZE);
	struct image_seen before = {0}, after = {0};
	(void)state;
	assert_non_null(bytes);
	const int fd = image_make("-b 1024 -I 256 -O ^has_journal", IMAGE_DIRECTORIES, bytes);
	free(bytes);
	if (fd < 0)
		skip_because("mkfs.ext4 makes no such image");
	read_all_attributes(fd, false, &before);
	assert_int_equal(before.unknown, 0);
	read_all_attributes(fd, true, &after);
	assert_true(before.attributes == 0 || (after.unknown > 0 && after.attributes > 0));
	close(fd);
}

static void with_checksums(void **state)
{
	(void)state;
	damage("-b 1024 -I 256 -O ^has_journal");
}

static void without_checksums(void **state)
{
	(void)state;
	damage("-b 1024 -I 256 -O ^has_journal,^metadata_csum");
}

static void with_block_maps(void **state)
{
	(void)state;
	damage("-b 1024 -I 128 -O ^has_journal,^metadata_csum,^extents,^64bit");
}

static void with_larger_blocks(void **state)
{
	(void)state;
	damage("-b 2048 -I 256 -O ^has_journal,^metadata_csum");
}

/* Each byte of an image in turn says that there is as much as can be said. */
static void extreme_numbers(void **state)
{
	enum { SUPER = 1024, SIZE = 1024, WIDTH = 4 };
	static const unsigned char most[WIDTH] = {0xff, 0xff, 0xff, 0xff}, none[WIDTH] = {0};
	unsigned char *bytes = malloc(IMAGE_SIZE);
	struct image_seen seen;
	(void)state;
	assert_non_null(bytes);
	const int fd = image_make("-b 1024 -I 256 -O ^has_journal,^metadata_csum",
				  IMAGE_DIRECTORIES, bytes);
	if (fd < 0) {
		free(bytes);
		skip_because("mkfs.ext4 makes no such image");
	}
	for (int at = SUPER; at < SUPER + SIZE; at += 2) {
		assert_int_equal(pwrite(fd, most, WIDTH, at), WIDTH);
		image_read(fd, &seen);
		assert_int_equal(pwrite(fd, none, WIDTH, at), WIDTH);
		image_read(fd, &seen);
		assert_int_equal(pwrite(fd, bytes + at, WIDTH, at), WIDTH);
	}
	for (off_t size = 0; size < IMAGE_SIZE; size += 65536 - 512) {
		assert_int_equal(ftruncate(fd, size), 0);
		image_read(fd, &seen);
	}
	close(fd);
	free(bytes);
}

/* ---- Checksums ------------------------------------------------------------------------------- */

static void sums_agree(void **state)
{
	enum { LONGEST = 4096 };
	static struct flist_crc32c processor, tables;
	unsigned char *bytes = malloc(LONGEST);
	struct rng rng;
	(void)state;
	assert_non_null(bytes);
	rng.state = 1;
	for (size_t i = 0; i < LONGEST; i++)
		bytes[i] = (unsigned char)rng_next(&rng);
	flist_crc32c_init(&tables, 1000, false);
	assert_int_equal(~flist_crc32c(&tables, UINT32_MAX, "123456789", 9), 0xe3069283);
	for (size_t piece = 0; piece < LONGEST; piece += 1021) {
		flist_crc32c_init(&processor, piece, true);
		for (size_t size = 0; size < LONGEST; size += 37)
			assert_int_equal(flist_crc32c(&processor, 7, bytes, size),
					 flist_crc32c(&tables, 7, bytes, size));
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_checksums),
		cmocka_unit_test(attributes_of_an_inode_that_has_changed),
		cmocka_unit_test(without_checksums),
		cmocka_unit_test(with_block_maps),
		cmocka_unit_test(with_larger_blocks),
		cmocka_unit_test(extreme_numbers),
		cmocka_unit_test(sums_agree),
	};
	alarm(3000);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
