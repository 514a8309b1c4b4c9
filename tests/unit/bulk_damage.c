/*
 * What is read from a device may be anything. Images of ext4 are damaged bit by bit and read as
 * the walk reads them: whatever is in them, that ends, in time and memory that the image bounds.
 *
 *   STATMARK_DAMAGE=10000 bulk_damage    so many images of each kind
 */
#define _FILE_OFFSET_BITS 64 /* as the library has it, whose reads are counted */
#include <dirent.h>
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
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "engine/base/rng.h"
#include "strategies/flist/bulk/crc32c.h"
#include "strategies/flist/bulk/ext4_disk.h"
#include "tests/scratch.h"
#include "tests/test.h"

enum {
	IMAGE = 2 << 20,
	ROOT = 2,
	ENTRIES = 700, /* of the tree, at least */
	FLIPS_MOST = 16,
	ROUNDS = 300,
	GRAIN = 16, /* bytes: where none is set, flips would hardly matter */
};

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

/* ---- An image -------------------------------------------------------------------------------- */

static bool fill(int at)
{
	char name[64];
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		if (mkdirat(at, name, 0755))
			return false;
		for (int k = 0; k < 30; k++) {
			snprintf(name, sizeof(name), "d%d/%d-of-many", i, k);
			if (!scratch_file(at, name, 0))
				return false;
		}
	}
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "d7/more-of-them-than-elsewhere-%d", i);
		if (!scratch_file(at, name, 0))
			return false;
	}
	return symlinkat("d1", at, "link") == 0;
}

/* Some that have room in an inode, and some that do not; 0: none can be set here. */
static int add_attributes(const struct scratch *tree)
{
	static const char value[200];
	char path[PATH_MAX + 32], name[32];
	int n = 0;
	for (int i = 0; i < 30; i++) {
		snprintf(path, sizeof(path), "%s/d%d/%d-of-many", tree->path, i % 20, i);
		for (int k = 0; k <= i % 10; k++) {
			snprintf(name, sizeof(name), "user.name-%d", k);
			n += setxattr(path, name, value, (size_t)i, 0) == 0;
		}
		n += i % 3 == 0 && setxattr(path, "user.long", value, sizeof(value), 0) == 0;
	}
	return n;
}

/* Runs mkfs.ext4 on a tree; 0 if that worked. */
static int make(const char *options, const char *tree, const char *image)
{
	char command[3 * PATH_MAX];
	int status = -1;
	snprintf(command, sizeof(command),
		 "PATH=$PATH:/usr/sbin:/sbin mkfs.ext4 -qF %s -N 2048 -d %s %s 2048k >/dev/null "
		 "2>&1",
		 options, tree, image);
	const pid_t child = fork();
	if (child == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	return child > 0 && waitpid(child, &status, 0) == child ? status : -1;
}

/* The image in a file without a name; -1: it cannot be made. */
static int make_image(const char *options, unsigned char *bytes)
{
	struct scratch tree, place;
	char path[PATH_MAX + 8];
	int fd = -1, file = -1;
	if (!scratch_make(&tree) || !scratch_make(&place))
		return -1;
	snprintf(path, sizeof(path), "%s/image", place.path);
	if (fill(tree.fd) && add_attributes(&tree) >= 0 && make(options, tree.path, path) == 0)
		file = open(path, O_RDONLY | O_CLOEXEC);
	if (file >= 0 && read(file, bytes, IMAGE) == IMAGE)
		fd = memfd_create("image", MFD_CLOEXEC);
	if (file >= 0)
		close(file);
	scratch_remove(&tree);
	scratch_remove(&place);
	return fd >= 0 && write(fd, bytes, IMAGE) == IMAGE ? fd : -1;
}

/* ---- Reading it ------------------------------------------------------------------------------ */

struct seen {
	size_t names, known, refused; /* refused: directories that the kernel would be asked for */
	size_t attributes, unknown; /* inodes that have some; whose the kernel would be asked for */
};

static void look_at_attributes(struct flist_ext4_reader *reader, uint32_t ino, struct seen *seen)
{
	char text[4096];
	uint32_t kinds;
	const long len = flist_ext4_xattrs(reader, ino, text, sizeof(text), &kinds);
	assert_true(len == -EAGAIN || (len >= 0 && len <= (long)sizeof(text)));
	assert_true(len <= 0 || text[len - 1] == '\0');
	seen->attributes += len > 0;
	seen->unknown += len < 0;
}

/* From directory to directory, as a walk; each is given out once, so there are no circles. */
static void look(struct flist_ext4_reader *reader, struct seen *seen)
{
	struct flist_names names = {.n = 0};
	uint32_t *todo = malloc(sizeof(*todo));
	size_t n = 1, room = 1;
	assert_non_null(todo);
	todo[0] = ROOT;
	while (n > 0) {
		if (flist_ext4_names(reader, todo[--n], &names)) {
			seen->refused++;
			continue;
		}
		if (names.n > 0)
			flist_names_sort(&names);
		for (size_t i = 0; i < names.n; i++) {
			const struct flist_name *name = &names.all[i];
			const struct flist_disk_inode *inode =
				flist_ext4_inode(reader, name->number);
			assert_int_equal(strlen(name->text), name->len);
			seen->names++;
			seen->known += inode != NULL;
			if (inode)
				look_at_attributes(reader, name->number, seen);
			if (!inode || !S_ISDIR(inode->mode))
				continue;
			if (n == room) {
				todo = realloc(todo, (room *= 2) * sizeof(*todo));
				assert_non_null(todo);
			}
			todo[n++] = name->number;
		}
	}
	flist_names_release(&names);
	free(todo);
}

static int read_image(int fd, struct seen *seen)
{
	struct flist_ext4 *fs;
	const char *why;
	*seen = (struct seen){0};
	const int ret = flist_ext4_open(&fs, fd, INT64_MAX, &why);
	if (ret) {
		assert_null(fs);
		assert_true(ret != -ENOTSUP || why);
		return ret;
	}
	struct flist_ext4_reader reader = {.fs = fs};
	flist_ext4_want_xattrs(fs);
	look(&reader, seen);
	flist_ext4_reader_release(&reader);
	flist_ext4_free(fs);
	return 0;
}

/* ---- Damage ---------------------------------------------------------------------------------- */

/* Where something is, so that most flips hit what is read. */
static size_t find_grains(const unsigned char *bytes, uint32_t *grains)
{
	static const unsigned char zeros[GRAIN];
	size_t n = 0;
	for (uint32_t at = 0; at < IMAGE; at += GRAIN) {
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
			    struct rng *rng, struct seen *total)
{
	uint32_t places[FLIPS_MOST];
	const unsigned flips = 1 + (unsigned)rng_below(rng, FLIPS_MOST);
	struct seen seen;
	for (unsigned i = 0; i < flips; i++) {
		places[i] = grains[rng_below(rng, n)] + (uint32_t)rng_below(rng, GRAIN);
		flip(fd, bytes, places[i], (unsigned)rng_below(rng, 8));
	}
	if (read_image(fd, &seen) == 0) {
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
	unsigned char *bytes = malloc(IMAGE);
	uint32_t *grains = malloc(IMAGE / GRAIN * sizeof(*grains));
	struct seen whole, total = {0};
	struct rng rng;
	assert_true(bytes && grains);
	const int fd = make_image(options, bytes);
	if (fd < 0) {
		free(bytes);
		free(grains);
		skip_because("mkfs.ext4 makes no such image: %s", options);
	}
	assert_int_equal(read_image(fd, &whole), 0);
	assert_true(whole.names > ENTRIES);
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
	assert_int_equal(read_image(fd, &whole), 0);
	assert_int_equal(whole.refused, 0);
	close(fd);
	free(bytes);
	free(grains);
}

/* A block is read after its inode, which may have another one by then. */
static void attributes_of_an_inode_that_has_changed(void **state)
{
	unsigned char *bytes = malloc(IMAGE);
	struct flist_ext4 *fs;
	struct seen before = {0}, after = {0};
	const char *why;
	(void)state;
	assert_non_null(bytes);
	const int fd = make_image("-b 1024 -I 256 -O ^has_journal", bytes);
	free(bytes);
	if (fd < 0)
		skip_because("mkfs.ext4 makes no such image");
	assert_int_equal(flist_ext4_open(&fs, fd, INT64_MAX, &why), 0);
	struct flist_ext4_reader reader = {.fs = fs};
	flist_ext4_want_xattrs(fs);
	for (uint32_t ino = ROOT; ino <= ENTRIES; ino++) {
		if (!flist_ext4_inode(&reader, ino))
			continue;
		look_at_attributes(&reader, ino, &before);
		flip_generation(fd, flist_ext4_where(fs, ino));
	}
	assert_int_equal(before.unknown, 0);
	for (uint32_t ino = ROOT; ino <= ENTRIES; ino++) {
		if (flist_ext4_inode(&reader, ino))
			look_at_attributes(&reader, ino, &after);
	}
	assert_true(before.attributes == 0 || (after.unknown > 0 && after.attributes > 0));
	flist_ext4_reader_release(&reader);
	flist_ext4_free(fs);
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
	unsigned char *bytes = malloc(IMAGE);
	struct seen seen;
	(void)state;
	assert_non_null(bytes);
	const int fd = make_image("-b 1024 -I 256 -O ^has_journal,^metadata_csum", bytes);
	if (fd < 0) {
		free(bytes);
		skip_because("mkfs.ext4 makes no such image");
	}
	for (int at = SUPER; at < SUPER + SIZE; at += 2) {
		assert_int_equal(pwrite(fd, most, WIDTH, at), WIDTH);
		read_image(fd, &seen);
		assert_int_equal(pwrite(fd, none, WIDTH, at), WIDTH);
		read_image(fd, &seen);
		assert_int_equal(pwrite(fd, bytes + at, WIDTH, at), WIDTH);
	}
	for (off_t size = 0; size < IMAGE; size += 65536 - 512) {
		assert_int_equal(ftruncate(fd, size), 0);
		read_image(fd, &seen);
	}
	close(fd);
	free(bytes);
}

/* ---- Directories side by side ---------------------------------------------------------------- */

typedef void test_of_part(struct flist_ext4_reader *reader, struct flist_ext4_part *part,
			  uint32_t first);

/* Calls for each part of the tables that has directories in a run, or not. */
static void each_part(const char *options, bool in_run, test_of_part *test)
{
	unsigned char *bytes = malloc(IMAGE);
	struct flist_ext4 *fs;
	const char *why;
	unsigned parts = 0;
	assert_non_null(bytes);
	const int fd = make_image(options, bytes);
	free(bytes);
	if (fd < 0)
		skip_because("mkfs.ext4 makes no such image");
	assert_int_equal(flist_ext4_open(&fs, fd, INT64_MAX, &why), 0);
	struct flist_ext4_reader reader = {.fs = fs};
	for (uint32_t first = 1; first < ENTRIES; first += EXT4_PART) {
		struct flist_ext4_part *part = flist_ext4_part(&reader, first);
		assert_non_null(part);
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

static void directories_side_by_side_are_read_at_once(void **state)
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
	part = flist_ext4_part(&other, first);
	assert_non_null(part);
	assert_int_equal(reads.seen, 0);
	assert_false(ext4_dir_of(part, i)->in_run);
	assert_true(ext4_dir_of(part, k)->in_run);
	assert_int_equal(flist_ext4_names(&other, first + i, &names), -EAGAIN);
	assert_int_equal(flist_ext4_names(&other, first + k, &names), 0);
	atomic_store(&fs->parts[(first - 1) / EXT4_PART], NULL);
	flist_names_release(&names);
	flist_ext4_reader_release(&other);
}

static void one_of_them_that_changes_is_left_to_the_kernel(void **state)
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
static void from_a_device_the_directories_to_come_are_asked_for(void **state)
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
	while (at + STEP < IMAGE && ((bytes[at] | bytes[at + 1] << 8) != (S_IFLNK | 0777) ||
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
	assert_int_equal(flist_ext4_names(&reader, ROOT, &names), 0);
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
	unsigned char *bytes = malloc(IMAGE);
	bool known = false;
	(void)state;
	assert_non_null(bytes);
	const int fd = make_image("-b 1024 -I 256 -O ^has_journal,^metadata_csum", bytes);
	if (fd < 0) {
		free(bytes);
		skip_because("mkfs.ext4 makes no such image");
	}
	assert_int_equal(count_links(fd, &known), 1);
	assert_true(known);
	const size_t at = find_link(bytes) + FLAGS + ENCRYPTED_BYTE;
	assert_true(at < IMAGE);
	bytes[at] |= ENCRYPTED;
	assert_int_equal(pwrite(fd, bytes + at, 1, (off_t)at), 1);
	assert_int_equal(count_links(fd, &known), 1);
	assert_false(known);
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
		cmocka_unit_test(directories_side_by_side_are_read_at_once),
		cmocka_unit_test(one_of_them_that_changes_is_left_to_the_kernel),
		cmocka_unit_test(from_a_device_the_directories_to_come_are_asked_for),
		cmocka_unit_test(encrypted_links_are_left_to_the_kernel),
	};
	alarm(3000);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
