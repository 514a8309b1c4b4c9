/*
 * Images of ext4 that are whole, and how they are read: directories side by side at once, those of
 * a device asked for before they are needed, what is encrypted not at all.
 */
#define _FILE_OFFSET_BITS 64 /* as the library has it, whose reads are counted */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "strategies/flist/bulk/ext4_disk.h"
#include "tests/test.h"
#include "tests/unit/with_image.h"

/* ---- Reads ----------------------------------------------------------------------------------- */

/* Counts them. After one that includes a byte, another byte of the image is changed, once. */
static struct {
	unsigned n;
	off_t seen, changed; /* seen: 0: no change */
	bool is_cold;        /* nothing is in memory */
	off_t asked[1024];   /* ahead: pairs of the first byte and the end */
	unsigned n_asked;
} reads;

static bool covers(off_t at, size_t size, off_t byte)
{
	return byte >= at && byte < at + (off_t)size;
}

ssize_t pread(int fd, void *to, size_t size, off_t at)
{
	const ssize_t n = syscall(SYS_pread64, fd, to, size, at);
	reads.n++;
	if (reads.seen > 0 && covers(at, size, reads.seen)) {
		unsigned char byte;
		reads.seen = 0;
		assert_int_equal(syscall(SYS_pread64, fd, &byte, 1, reads.changed), 1);
		byte ^= 1;
		assert_int_equal(pwrite(fd, &byte, 1, reads.changed), 1);
	}
	return n;
}

#ifdef RWF_NOWAIT
ssize_t preadv2(int fd, const struct iovec *to, int n, off_t at, int flags)
{
	assert_true(n == 1 && flags == RWF_NOWAIT);
	if (!reads.is_cold)
		return pread(fd, to->iov_base, to->iov_len, at);
	errno = EAGAIN;
	return -1;
}
#endif

int posix_fadvise(int fd, off_t at, off_t size, int advice)
{
	(void)fd;
	assert_int_equal(advice, POSIX_FADV_WILLNEED);
	assert_true(reads.n_asked + 2 <= sizeof(reads.asked) / sizeof(reads.asked[0]));
	reads.asked[reads.n_asked++] = at;
	reads.asked[reads.n_asked++] = at + size;
	return 0;
}

static bool was_asked_for(off_t byte)
{
	for (unsigned i = 0; i < reads.n_asked; i += 2) {
		if (byte >= reads.asked[i] && byte < reads.asked[i + 1])
			return true;
	}
	return false;
}

/* ---- Directories side by side ---------------------------------------------------------------- */

typedef void test_of_part(struct flist_ext4_reader *reader, struct flist_ext4_part *part,
			  uint32_t first);

/* Calls for each part of the tables that has directories in a run, or not. */
static void each_part(const char *options, bool in_run, test_of_part *test)
{
	unsigned char *bytes = malloc(IMAGE_SIZE);
	struct flist_ext4 *fs;
	const char *why;
	unsigned parts = 0;
	assert_non_null(bytes);
	const int fd = image_make(options, IMAGE_DIRECTORIES, bytes);
	free(bytes);
	if (fd < 0)
		skip_because("mkfs.ext4 makes no such image");
	assert_int_equal(flist_ext4_open(&fs, fd, INT64_MAX, &why), 0);
	struct flist_ext4_reader reader = {.fs = fs};
	for (uint32_t first = 1; first < IMAGE_ENTRIES; first += EXT4_PART) {
		const struct flist_ext4_uses *uses = flist_ext4_part(&reader, first);
		assert_non_null(uses);
		struct flist_ext4_part *part = uses->part;
		if ((part->run != NULL) == in_run) {
			test(&reader, part, first);
			parts++;
		}
	}
	assert_true(parts > 4);
	flist_ext4_reader_release(&reader);
	flist_ext4_free(fs);
	close(fd);
}

/* A run that was given out is used again for the next part. */
static void give_out_all(struct flist_ext4_reader *reader, struct flist_ext4_part *part,
			 uint32_t first)
{
	struct flist_names names = {.n = 0};
	unsigned in_run = 0;
	for (uint32_t i = 0; i < EXT4_PART; i++) {
		const struct flist_ext4_dir *dir = ext4_dir_of(part, i);
		const unsigned before = reads.n;
		if (!dir || !dir->in_run)
			continue;
		assert_int_equal(flist_ext4_names(reader, first + i, &names), 0);
		assert_int_equal(reads.n, before);
		assert_true(names.n >= 20 || first == 1);
		in_run++;
	}
	assert_true(in_run > 1);
	assert_int_equal(reader->n_runs, 1);
	flist_names_release(&names);
}

static void adjacent_directories_are_read_together(void **state)
{
	(void)state;
	each_part("-b 1024 -I 256 -O ^has_journal", true, give_out_all);
}

/* The first of the run is changed after its block was read and before the second look at it. */
static void change_first(struct flist_ext4_reader *reader, struct flist_ext4_part *part,
			 uint32_t first)
{
	const struct flist_ext4 *fs = reader->fs;
	struct flist_names names = {.n = 0};
	struct flist_ext4_reader other = {.fs = reader->fs};
	uint32_t i = 0, k = 0;
	uint64_t n;
	while (!ext4_dir_of(part, i) || !ext4_dir_of(part, i)->in_run)
		i++;
	for (uint32_t j = i + 1; j < EXT4_PART; j++)
		k = ext4_dir_of(part, j) && ext4_dir_of(part, j)->in_run ? j : k;
	reads.seen = (off_t)(ext4_first_blocks(ext4_dir_of(part, i)->raw, &n) * fs->block_size);
	reads.changed = (off_t)flist_ext4_where(reader->fs, first + i) + INODE_MTIME;
	atomic_store(&fs->parts[(first - 1) / EXT4_PART], NULL); /* so that it is read again */
	const struct flist_ext4_uses *uses = flist_ext4_part(&other, first);
	assert_non_null(uses);
	part = uses->part;
	assert_int_equal(reads.seen, 0);
	assert_false(ext4_dir_of(part, i)->in_run);
	assert_true(ext4_dir_of(part, k)->in_run);
	assert_int_equal(flist_ext4_names(&other, first + i, &names), -EAGAIN);
	assert_int_equal(flist_ext4_names(&other, first + k, &names), 0);
	atomic_store(&fs->parts[(first - 1) / EXT4_PART], NULL);
	flist_names_release(&names);
	flist_ext4_reader_release(&other);
}

static void a_changing_directory_is_left_to_the_kernel(void **state)
{
	(void)state;
	each_part("-b 1024 -I 256 -O ^has_journal,^metadata_csum", true, change_first);
}

static void all_were_asked_for(struct flist_ext4_reader *reader, struct flist_ext4_part *part,
			       uint32_t first)
{
	(void)first;
	for (uint32_t i = 0; i < EXT4_PART; i++) {
		const struct flist_ext4_dir *dir = ext4_dir_of(part, i);
		uint64_t n;
		if (dir)
			assert_true(was_asked_for(
				(off_t)(ext4_first_blocks(dir->raw, &n) * reader->fs->block_size)));
	}
}

/* Nothing is in memory. */
static void the_next_directories_are_read_ahead(void **state)
{
	off_t bytes = 0;
	(void)state;
#ifndef RWF_NOWAIT
	skip_because("no RWF_NOWAIT");
#endif
	reads.is_cold = true;
	reads.n_asked = 0;
	each_part("-b 1024 -I 256 -O ^has_journal", false, all_were_asked_for);
	reads.is_cold = false;
	assert_in_range(reads.n_asked / 2, 2, 15); /* of 22 directories, and the table */
	for (unsigned i = 0; i < reads.n_asked; i += 2)
		bytes += reads.asked[i + 1] - reads.asked[i];
	assert_in_range(bytes, 1, 500000);
}

/* ---- Encryption ------------------------------------------------------------------------------ */

/* Where the inode of the link to "d1" lies in an image with inodes of 256 bytes. */
static size_t find_link(const unsigned char *bytes)
{
	enum { STEP = 256, BLOCK = 0x28 };
	size_t at = 0;
	while (at + STEP < IMAGE_SIZE && ((bytes[at] | bytes[at + 1] << 8) != (S_IFLNK | 0777) ||
					  memcmp(bytes + at + BLOCK, "d1", 3) != 0))
		at += STEP;
	return at;
}

/* Directories that are given out, and links among their entries. */
static size_t count_links(int fd, bool *known)
{
	struct flist_names names = {.n = 0};
	struct flist_ext4_reader reader = {.fs = NULL};
	const char *why;
	size_t n = 0;
	assert_int_equal(flist_ext4_open(&reader.fs, fd, INT64_MAX, &why), 0);
	assert_int_equal(flist_ext4_names(&reader, IMAGE_ROOT, &names), 0);
	for (size_t i = 0; i < names.n; i++) {
		if (strcmp(names.all[i].text, "link") != 0)
			continue;
		*known = flist_ext4_inode(&reader, names.all[i].number);
		n++;
	}
	flist_names_release(&names);
	struct flist_ext4 *fs = reader.fs;
	flist_ext4_reader_release(&reader);
	flist_ext4_free(fs);
	return n;
}

/* The size on the device is that of the encrypted target. */
static void encrypted_links_are_left_to_the_kernel(void **state)
{
	enum { FLAGS = 0x20, ENCRYPTED_BYTE = 1, ENCRYPTED = 0x08 };
	unsigned char *bytes = malloc(IMAGE_SIZE);
	bool known = false;
	(void)state;
	assert_non_null(bytes);
	const int fd = image_make("-b 1024 -I 256 -O ^has_journal,^metadata_csum",
				  IMAGE_DIRECTORIES, bytes);
	if (fd < 0) {
		free(bytes);
		skip_because("mkfs.ext4 makes no such image");
	}
	assert_int_equal(count_links(fd, &known), 1);
	assert_true(known);
	const size_t at = find_link(bytes) + FLAGS + ENCRYPTED_BYTE;
	assert_true(at < IMAGE_SIZE);
	bytes[at] |= ENCRYPTED;
	assert_int_equal(pwrite(fd, bytes + at, 1, (off_t)at), 1);
	assert_int_equal(count_links(fd, &known), 1);
	assert_false(known);
	close(fd);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adjacent_directories_are_read_together),
		cmocka_unit_test(a_changing_directory_is_left_to_the_kernel),
		cmocka_unit_test(the_next_directories_are_read_ahead),
		cmocka_unit_test(encrypted_links_are_left_to_the_kernel),
	};
	alarm(3000);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
