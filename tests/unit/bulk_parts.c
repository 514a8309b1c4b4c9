/* The memory of parts of inode tables: kept while an inode may be used, then used for others. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strategies/flist/bulk/ext4_disk.h"
#include "tests/test.h"
#include "tests/unit/with_image.h"

enum { INODE_BYTES = 256, FIRST = 1 + EXT4_PART /* the first inode of the second part */ };

struct image {
	int fd;
	struct flist_ext4 *fs;
	struct flist_ext4_reader a, b; /* of two jobs */
};

/* two_names: so many links has the first file of the second part, according to its inode. */
static void open_image(struct image *image, bool two_names)
{
	unsigned char *bytes = malloc(IMAGE_SIZE);
	const char *why;
	assert_non_null(bytes);
	image->fd = image_make("-b 1024 -I 256 -O ^has_journal,^metadata_csum", IMAGE_DIRECTORIES,
			       bytes);
	if (image->fd < 0) {
		free(bytes);
		skip_because("mkfs.ext4 makes no such image");
	}
	assert_int_equal(flist_ext4_open(&image->fs, image->fd, INT64_MAX, &why), 0);
	const uint64_t at = flist_ext4_where(image->fs, FIRST);
	for (unsigned i = 0; two_names && i < EXT4_PART; i++) {
		unsigned char *inode = bytes + at + (size_t)i * INODE_BYTES;
		if (!S_ISREG(inode[INODE_MODE] | inode[INODE_MODE + 1] << 8))
			continue;
		inode[INODE_LINKS] = 2;
		break;
	}
	assert_int_equal(pwrite(image->fd, bytes, IMAGE_SIZE, 0), IMAGE_SIZE);
	free(bytes);
	image->a = image->b = (struct flist_ext4_reader){.fs = image->fs};
}

static void close_image(struct image *image)
{
	flist_ext4_reader_release(&image->a);
	flist_ext4_reader_release(&image->b);
	flist_ext4_free(image->fs);
	close(image->fd);
}

/* Uses inodes from `first`, as many as a part has, and the names of the directories among them. */
static void use_all(struct flist_ext4_reader *reader, uint32_t first)
{
	struct flist_names names = {.n = 0};
	for (uint32_t ino = first; ino < first + EXT4_PART; ino++) {
		const struct flist_disk_inode *inode = flist_ext4_inode(reader, ino);
		if (inode && S_ISDIR(inode->mode))
			assert_int_equal(flist_ext4_names(reader, ino, &names), 0);
	}
	flist_names_release(&names);
}

static struct flist_ext4_part *part_of(struct image *image, uint32_t ino)
{
	const struct flist_ext4_uses *uses = flist_ext4_part(&image->a, ino);
	assert_non_null(uses);
	return uses->part;
}

/* The inode returned last is valid until the next call, so the part is kept until then. */
static void memory_of_a_part_is_used_again(void **state)
{
	struct image image;
	(void)state;
	open_image(&image, false);
	use_all(&image.a, FIRST);
	const struct flist_ext4_part *part = part_of(&image, FIRST);
	assert_null(image.a.free);
	assert_non_null(flist_ext4_inode(&image.a, FIRST + EXT4_PART));
	assert_ptr_equal(image.a.free, part);
	assert_non_null(flist_ext4_inode(&image.a, FIRST + 2 * EXT4_PART));
	assert_null(image.a.free);
	assert_ptr_equal(part_of(&image, FIRST + 2 * EXT4_PART), part);
	close_image(&image);
}

/* Also after its memory has other inodes. */
static void each_inode_is_returned_once(void **state)
{
	struct image image;
	struct flist_names names = {.n = 0};
	(void)state;
	open_image(&image, false);
	for (int i = 0; i < 3; i++)
		use_all(&image.a, FIRST + (uint32_t)i * EXT4_PART);
	for (uint32_t ino = FIRST; ino < FIRST + 3 * EXT4_PART; ino++) {
		assert_null(flist_ext4_inode(&image.a, ino));
		assert_null(flist_ext4_inode(&image.b, ino));
		assert_int_equal(flist_ext4_names(&image.b, ino, &names), -EAGAIN);
	}
	flist_names_release(&names);
	close_image(&image);
}

/* Each uses every other inode; the memory is that of the job that ends the last use. */
static void two_jobs_use_a_part(void **state)
{
	struct image image;
	(void)state;
	open_image(&image, false);
	for (uint32_t ino = FIRST; ino < FIRST + EXT4_PART; ino += 2)
		(void)flist_ext4_inode(&image.a, ino);
	use_all(&image.b, FIRST); /* and directories that the other has met */
	struct flist_names names = {.n = 0};
	for (uint32_t ino = FIRST; ino < FIRST + EXT4_PART; ino += 2)
		(void)flist_ext4_names(&image.b, ino, &names);
	flist_names_release(&names);
	const struct flist_ext4_part *part = part_of(&image, FIRST);
	assert_non_null(flist_ext4_inode(&image.b, FIRST + EXT4_PART));
	assert_null(image.b.free); /* the other reader's inode is still valid */
	assert_non_null(flist_ext4_inode(&image.a, FIRST + EXT4_PART + 1));
	assert_ptr_equal(image.a.free, part);
	close_image(&image);
}

static void a_part_with_two_names_of_an_inode_is_kept(void **state)
{
	struct image image;
	(void)state;
	open_image(&image, true);
	use_all(&image.a, FIRST);
	const struct flist_ext4_part *part = part_of(&image, FIRST);
	assert_non_null(flist_ext4_inode(&image.a, FIRST + EXT4_PART));
	assert_null(image.a.free);
	unsigned n = 0;
	for (uint32_t i = 0; i < EXT4_PART; i++)
		n += flist_ext4_inode(&image.a, FIRST + i) == &part->inodes[i];
	assert_in_range(n, EXT4_PART / 2, EXT4_PART);
	close_image(&image);
}

/* Few parts are in memory if inodes are used in the order of the table. */
static void inodes_in_order_need_few_parts(void **state)
{
	struct image image;
	(void)state;
	open_image(&image, false);
	for (uint32_t first = FIRST; first + EXT4_PART <= IMAGE_ENTRIES; first += EXT4_PART)
		use_all(&image.a, first);
	assert_in_range(image.a.parts, 8, 20);
	unsigned n = 0;
	for (const struct flist_ext4_part *p = image.a.free; p; p = p->next)
		n++;
	assert_in_range(n, 1, 2);
	close_image(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_of_a_part_is_used_again),
		cmocka_unit_test(each_inode_is_returned_once),
		cmocka_unit_test(two_jobs_use_a_part),
		cmocka_unit_test(a_part_with_two_names_of_an_inode_is_kept),
		cmocka_unit_test(inodes_in_order_need_few_parts),
	};
	alarm(3000);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
