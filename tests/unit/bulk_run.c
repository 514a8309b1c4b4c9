/*
 * Images of ext4 that are whole, and how they are read: directories side by side at once, those of
 * a device asked for before they are needed, what is encrypted not at all.
 */
#define _FILE_OFFSET_BITS 64 /* as the library has it, whose reads are counted */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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
	bool is_cold;        /* nothing is in memory, */
	off_t cold_at;       /* or this byte is not; 0: it is */
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
	const bool is_cold = reads.cold_at > 0 && covers(at, to->iov_len, reads.cold_at);
	if (!reads.is_cold && !is_cold)
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

static bool has_packed(const struct flist_ext4_part *part)
{
	bool has = false;
	for (uint32_t i = 0; i < EXT4_PART; i++)
		has |= ext4_dir_of(part, i) && ext4_dir_of(part, i)->packed_len > 0;
	return has;
}

/* Calls for each part of the tables whose directories were read with it, or not. */
static void each_part(const char *options, bool are_packed, test_of_part *test)
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
		if (has_packed(part) == are_packed) {
			test(&reader, part, first);
			parts++;
		}
	}
	assert_true(parts > 4);
	flist_ext4_reader_release(&reader);
	flist_ext4_free(fs);
	close(fd);
}

static void give_out_all(struct flist_ext4_reader *reader, struct flist_ext4_part *part,
			 uint32_t first)
{
	struct flist_names names = {.n = 0};
	unsigned packed = 0;
	const unsigned calls = reads.n;
	for (uint32_t i = 0; i < EXT4_PART; i++) {
		const struct flist_ext4_dir *dir = ext4_dir_of(part, i);
		if (!dir || dir->packed_len == 0)
			continue;
		assert_int_equal(flist_ext4_names(reader, first + i, &names), 0);
		assert_true(names.n >= 20 || first == 1);
		packed++;
	}
	assert_true(packed > 1);
	assert_int_equal(reads.n, calls);
	flist_names_release(&names);
}

static void adjacent_directories_are_read_together(void **state)
{
	(void)state;
	each_part("-b 1024 -I 256 -O ^has_journal", true, give_out_all);
}

/* Reads the names of a directory, and makes one text of them, sorted, with inodes and types. */
static char *names_as_text(struct flist_ext4_reader *reader, uint32_t ino)
{
	struct flist_names names = {.n = 0};
	size_t size;
	char *text = NULL;
	FILE *to = open_memstream(&text, &size);
	assert_non_null(to);
	assert_int_equal(flist_ext4_names(reader, ino, &names), 0);
	flist_names_sort(&names);
	for (size_t i = 0; i < names.n; i++)
		fprintf(to, "%s %u %d %zu\n", names.all[i].text, names.all[i].number,
			names.all[i].type, strlen(names.all[i].text));
	fclose(to);
	flist_names_release(&names);
	return text;
}

/* From its entries as they were packed, and once more from its blocks. */
static void compare_names(struct flist_ext4_reader *reader, struct flist_ext4_part *part,
			  uint32_t first)
{
	for (uint32_t i = 0; i < EXT4_PART; i++) {
		struct flist_ext4_dir *dir = ext4_dir_of(part, i);
		if (!dir || dir->packed_len == 0)
			continue;
		char *packed = names_as_text(reader, first + i);
		dir->packed_len = 0;
		atomic_fetch_or(&flist_ext4_part(reader, first)->names, 1ULL << i);
		atomic_fetch_add(&flist_ext4_part(reader, first)->left, 1);
		char *whole = names_as_text(reader, first + i);
		assert_string_equal(packed, whole);
		assert_true(strlen(packed) > 200 || first == 1);
		free(packed);
		free(whole);
	}
}

static void packed_names_are_those_of_the_blocks(void **state)
{
	(void)state;
	each_part("-b 1024 -I 256 -O ^has_journal", true, compare_names);
	each_part("-b 1024 -I 128 -O ^has_journal,^metadata_csum", true, compare_names);
}

/* ---- Where directories are on the device ----------------------------------------------------- */

enum { MADE_DIRS = 8, MADE_BLOCK = 1024, MADE_INODE = 256, MADE_TABLE = 10 };

static void store16(char *to, unsigned number)
{
	ext4_store16(to, (uint16_t)number);
}

/* Writes directory i, with one file named after it, to a block, and an inode that points there. */
static void write_directory(int fd, uint32_t i, uint32_t block)
{
	char inode[MADE_INODE] = {0}, names[MADE_BLOCK] = {0};
	store16(inode + INODE_MODE, S_IFDIR | 0755);
	store16(inode + INODE_LINKS, 2);
	ext4_store32(inode + INODE_SIZE, MADE_BLOCK);
	ext4_store32(inode + INODE_FLAGS, FLAG_EXTENTS);
	store16(inode + INODE_BLOCK, EXTENT_MAGIC);
	store16(inode + INODE_BLOCK + 2, 1);
	store16(inode + INODE_BLOCK + EXTENT_SIZE + 4, 1);
	ext4_store32(inode + INODE_BLOCK + EXTENT_SIZE + 8, block);
	ext4_store32(names, 1 + i);
	store16(names + 4, MADE_BLOCK);
	names[6] = (char)snprintf(names + ENTRY_HEAD, 16, "of-%u", i);
	names[7] = 1;
	assert_int_equal(pwrite(fd, names, sizeof(names), (off_t)block * MADE_BLOCK), MADE_BLOCK);
	assert_int_equal(pwrite(fd, inode, sizeof(inode),
				(off_t)MADE_TABLE * MADE_BLOCK + (off_t)i * MADE_INODE),
			 MADE_INODE);
}

/*
 * Reads a part with one directory in each of `blocks`, of which one may not be in memory (0: all
 * are), and the names of all. Returns how many were read with the part.
 */
static unsigned read_made(const uint32_t *blocks, uint32_t cold)
{
	_Atomic uint64_t table = MADE_TABLE;
	_Atomic uint32_t wanted = 0;
	_Atomic(struct flist_ext4_uses *) part = NULL;
	struct flist_ext4 fs = {.fd = memfd_create("made", MFD_CLOEXEC),
				.since_ns = INT64_MAX,
				.n_blocks = 2048,
				.block_size = MADE_BLOCK,
				.inode_size = MADE_INODE,
				.n_inodes = EXT4_PART,
				.group_inodes = EXT4_PART,
				.n_groups = 1,
				.group_parts = 1,
				.wanted = &wanted,
				.tables = &table,
				.parts = &part};
	struct flist_ext4_reader reader = {.fs = &fs};
	struct flist_names names = {.n = 0};
	char expected[16];
	unsigned packed = 0;
	assert_int_equal(ftruncate(fs.fd, 2048 * MADE_BLOCK), 0);
	for (uint32_t i = 0; i < MADE_DIRS; i++)
		write_directory(fs.fd, i, blocks[i]);
	reads.cold_at = (off_t)cold * MADE_BLOCK;
	for (uint32_t i = 0; i < MADE_DIRS; i++) {
		const struct flist_ext4_uses *uses = flist_ext4_part(&reader, 1 + i);
		assert_non_null(uses);
		packed += uses->part->dirs[i].packed_len > 0;
		assert_int_equal(flist_ext4_names(&reader, 1 + i, &names), 0);
		snprintf(expected, sizeof(expected), "of-%u", i);
		assert_int_equal(names.n, 1);
		assert_string_equal(names.all[0].text, expected);
	}
	reads.cold_at = 0;
	flist_names_release(&names);
	flist_ext4_reader_release(&reader);
	close(fs.fd);
	return packed;
}

static void directories_that_are_near_each_other_are_read_together(void **state)
{
	static const uint32_t all[] = {100, 101, 102, 103, 104, 105, 106, 107},
			      gaps[] = {100, 103, 106, 109, 112, 115, 118, 121},
			      apart[] = {100, 104, 108, 112, 116, 120, 124, 128},
			      two[] = {100, 500, 101, 501, 102, 502, 103, 503},
			      back[] = {107, 106, 105, 104, 103, 102, 101, 100};
	(void)state;
	assert_int_equal(read_made(all, 0), MADE_DIRS);
	assert_int_equal(read_made(gaps, 0), MADE_DIRS);
	assert_int_equal(read_made(apart, 0), 0);
	assert_int_equal(read_made(two, 0), MADE_DIRS);
	assert_int_equal(read_made(back, 0), 0);
}

/*
 * The block of the second directory is before that of the first, and not in memory: it cannot be
 * read with those behind it, which were read before.
 */
static void a_directory_is_in_one_range(void **state)
{
	static const uint32_t blocks[] = {101, 100, 102, 103, 104, 105, 106, 107};
	(void)state;
	assert_int_equal(read_made(blocks, 0), MADE_DIRS - 1);
	assert_int_equal(read_made(blocks, 100), MADE_DIRS - 1);
}

static void what_is_not_in_memory_is_read_later(void **state)
{
	static const uint32_t two[] = {100, 500, 101, 501, 102, 502, 103, 503};
	(void)state;
	assert_int_equal(read_made(two, 102), 0);
	assert_int_equal(read_made(two, 502), MADE_DIRS / 2);
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
	while (!ext4_dir_of(part, i) || ext4_dir_of(part, i)->packed_len == 0)
		i++;
	for (uint32_t j = i + 1; j < EXT4_PART; j++)
		k = ext4_dir_of(part, j) && ext4_dir_of(part, j)->packed_len > 0 ? j : k;
	reads.seen = (off_t)(ext4_first_blocks(ext4_dir_of(part, i)->raw, &n) * fs->block_size);
	reads.changed = (off_t)flist_ext4_where(reader->fs, first + i) + INODE_MTIME;
	atomic_store(&fs->parts[(first - 1) / EXT4_PART], NULL); /* so that it is read again */
	const struct flist_ext4_uses *uses = flist_ext4_part(&other, first);
	assert_non_null(uses);
	part = uses->part;
	assert_int_equal(reads.seen, 0);
	assert_int_equal(ext4_dir_of(part, i)->packed_len, 0);
	assert_true(ext4_dir_of(part, k)->packed_len > 0);
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

/* A letter of a name in the block of the first directory is another one. */
static void damage_first(struct flist_ext4_reader *reader, struct flist_ext4_part *part,
			 uint32_t first)
{
	enum { LETTER = 2 * ENTRY_MIN + ENTRY_HEAD + 1 /* of the name after "." and ".." */ };
	const struct flist_ext4 *fs = reader->fs;
	struct flist_names names = {.n = 0};
	struct flist_ext4_reader other = {.fs = reader->fs};
	uint32_t i = 0;
	uint64_t n;
	char letter, damaged;
	while (!ext4_dir_of(part, i) || ext4_dir_of(part, i)->packed_len == 0 || first + i == 2)
		i++;
	const off_t at =
		(off_t)(ext4_first_blocks(ext4_dir_of(part, i)->raw, &n) * fs->block_size) + LETTER;
	assert_int_equal(syscall(SYS_pread64, fs->fd, &letter, 1, at), 1);
	damaged = letter ^ 1;
	assert_int_equal(pwrite(fs->fd, &damaged, 1, at), 1);
	atomic_store(&fs->parts[(first - 1) / EXT4_PART], NULL);
	const struct flist_ext4_uses *uses = flist_ext4_part(&other, first);
	assert_non_null(uses);
	assert_int_equal(ext4_dir_of(uses->part, i)->packed_len, 0);
	assert_int_equal(flist_ext4_names(&other, first + i, &names), -EAGAIN);
	assert_int_equal(pwrite(fs->fd, &letter, 1, at), 1);
	atomic_store(&fs->parts[(first - 1) / EXT4_PART], NULL);
	flist_names_release(&names);
	flist_ext4_reader_release(&other);
}

static void a_damaged_directory_is_left_to_the_kernel(void **state)
{
	(void)state;
	each_part("-b 1024 -I 256 -O ^has_journal", true, damage_first);
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
		cmocka_unit_test(packed_names_are_those_of_the_blocks),
		cmocka_unit_test(directories_that_are_near_each_other_are_read_together),
		cmocka_unit_test(a_directory_is_in_one_range),
		cmocka_unit_test(what_is_not_in_memory_is_read_later),
		cmocka_unit_test(a_changing_directory_is_left_to_the_kernel),
		cmocka_unit_test(a_damaged_directory_is_left_to_the_kernel),
		cmocka_unit_test(the_next_directories_are_read_ahead),
		cmocka_unit_test(encrypted_links_are_left_to_the_kernel),
	};
	alarm(3000);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
