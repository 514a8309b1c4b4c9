/*
 * Reads the names of extended attributes. Those that fit into an inode follow its fields and are
 * read with it; the others are in a block, which inodes with the same attributes share.
 *
 * A change of attributes changes the inode's ctime, so they are valid if the inode has not changed.
 * A block is read later than its inode and may belong to another inode by then, so the inode is
 * read again after it. Without checksums it cannot be detected that something was read while it was
 * written, so on such filesystems attributes are fetched by system calls.
 */
#include "strategies/flist/bulk/ext4_disk.h"

#include <stdlib.h>

enum { KINDS = 32 };

/*
 * The prefix of each number; the kernel lists no names with other numbers. The rest of the name may
 * be empty.
 */
static const char *const prefixes[] = {
	[1] = "user.",
	[2] = "system.posix_acl_access",
	[3] = "system.posix_acl_default",
	[4] = "trusted.",
	[6] = "security.",
	[10] = "gnu.",
};

enum { PREFIXES = sizeof(prefixes) / sizeof(prefixes[0]), PREFIX_MOST = 32 };

/* Names, one after the other, and the numbers of their prefixes. */
struct xattr_names {
	char *to;
	size_t len, room;
	uint32_t kinds;
};

static bool put(struct xattr_names *names, uint32_t index, const char *name, size_t len)
{
	const char *prefix = index < PREFIXES ? prefixes[index] : NULL;
	const size_t prefix_len = prefix ? strlen(prefix) : 0;
	names->kinds |= 1U << (index < KINDS ? index : KINDS - 1);
	if (!prefix)
		return true;
	if (names->len + prefix_len + len + 1 > names->room || memchr(name, '\0', len) ||
	    (len == 0) == (prefix[prefix_len - 1] == '.'))
		return false;
	memcpy(names->to + names->len, prefix, prefix_len);
	memcpy(names->to + names->len + prefix_len, name, len);
	names->len += prefix_len + len;
	names->to[names->len++] = '\0';
	return true;
}

/* Reads entries, up to four bytes that are zero. false: they are invalid. */
static bool gather(struct xattr_names *names, const char *at, const char *end)
{
	while (end - at >= 4 && ext4_load32(at) != 0) {
		const size_t len = (unsigned char)at[XATTR_NAME_LEN];
		if ((size_t)(end - at) < XATTR_ENTRY + len ||
		    !put(names, (unsigned char)at[XATTR_INDEX], at + XATTR_ENTRY, len))
			return false;
		at += (XATTR_ENTRY + len + 3) & ~(size_t)3;
	}
	return end - at >= 4;
}

/* ---- In an inode ----------------------------------------------------------------------------- */

static uint64_t block_of(const struct flist_ext4 *fs, const char *raw)
{
	uint64_t block = ext4_load32(raw + INODE_XATTRS);
	if (fs->incompat & INCOMPAT_64BIT)
		block |= (uint64_t)ext4_load16(raw + INODE_XATTRS_HIGH) << 32;
	return block;
}

/* Returns the first entry in an inode; NULL: there are none. */
static const char *find_in_inode(const struct flist_ext4 *fs, const char *raw)
{
	const uint32_t extra = fs->inode_size > INODE_OLD ? ext4_load16(raw + INODE_EXTRA) : 0;
	const char *at = raw + INODE_OLD + extra;
	if (extra == 0 || INODE_OLD + extra + 4 > fs->inode_size || ext4_load32(at) != XATTR_MAGIC)
		return NULL;
	return at + 4;
}

/* The maximum size of the names of `bytes` bytes of entries, with their prefixes. */
static size_t room_of(size_t bytes)
{
	return bytes / XATTR_ENTRY * PREFIX_MOST + bytes;
}

static bool is_same(const struct flist_ext4_attrs *a, const struct flist_ext4_attrs *b)
{
	return a && a->block == b->block && a->kinds == b->kinds && a->len == b->len &&
	       a->is_bad == b->is_bad && memcmp(a->names, b->names, a->len) == 0;
}

static const struct flist_ext4_attrs *before(const struct flist_ext4_part *part, uint32_t n)
{
	while (n > 0 && !part->attrs[n - 1])
		n--;
	return n > 0 ? part->attrs[n - 1] : NULL;
}

static const struct flist_ext4_attrs *keep_attrs(struct flist_ext4_reader *reader,
						 const struct flist_ext4_attrs *last,
						 const struct flist_ext4_attrs *attrs)
{
	const size_t size = sizeof(*attrs) + attrs->len;
	void *kept = is_same(last, attrs) ? NULL : flist_arena_alloc(&reader->kept, size);
	if (kept)
		memcpy(kept, attrs, size);
	return is_same(last, attrs) ? last : kept;
}

/* Stores the names of attributes of inode n of a part, if it has any. raw: the inode. */
static int keep_xattrs_of(struct flist_ext4_reader *reader, struct flist_ext4_part *part,
			  uint32_t n, const char *raw)
{
	const struct flist_ext4 *fs = reader->fs;
	const char *at = find_in_inode(fs, raw), *end = raw + fs->inode_size;
	const uint64_t block = block_of(fs, raw);
	const size_t room = at ? room_of((size_t)(end - at)) : 0;
	struct flist_ext4_attrs *attrs;
	if (!at && block == 0)
		return 0;
	attrs = malloc(sizeof(*attrs) + room);
	if (!attrs)
		return -ENOMEM;
	struct xattr_names names = {.to = attrs->names, .room = room};
	const bool is_sound = (!at || gather(&names, at, end)) &&
			      (block == 0 || ext4_has_blocks(fs, block, 1)) && fs->checksums;
	*attrs = (struct flist_ext4_attrs){.block = block,
					   .kinds = names.kinds,
					   .len = is_sound ? (uint32_t)names.len : 0,
					   .is_bad = !is_sound};
	part->attrs[n] = keep_attrs(reader, before(part, n), attrs);
	free(attrs);
	return part->attrs[n] ? 0 : -ENOMEM;
}

int flist_ext4_keep_xattrs(struct flist_ext4_reader *reader, struct flist_ext4_part *part,
			   uint32_t n)
{
	const size_t size = EXT4_PART * sizeof(*part->attrs);
	int ret = 0;
	if (!part->attrs)
		part->attrs = flist_arena_alloc(&reader->kept, size);
	if (!part->attrs)
		return -ENOMEM;
	memset((void *)part->attrs, 0, size);
	for (uint32_t i = 0; i < n && !ret; i++) {
		if (part->inodes[i].mode)
			ret = keep_xattrs_of(reader, part, i,
					     reader->raw + (size_t)i * reader->fs->inode_size);
	}
	return ret;
}

/* ---- In a block ------------------------------------------------------------------------------ */

/* Whether the checksum of a block is correct. Sets it to 0. */
static bool is_right(const struct flist_ext4 *fs, uint64_t number, char *block)
{
	const uint32_t noted = ext4_load32(block + XATTR_CHECKSUM);
	char start[8];
	ext4_store32(start, (uint32_t)number);
	ext4_store32(start + 4, (uint32_t)(number >> 32));
	ext4_store32(block + XATTR_CHECKSUM, 0);
	const uint32_t seed = ext4_sum(fs, fs->seed, start, sizeof(start));
	return ext4_sums_agree(ext4_sum(fs, seed, block, fs->block_size), noted);
}

/* The buffer for a block, which follows the names in it. */
static char *raw_of(const struct flist_ext4_reader *reader)
{
	return reader->block->names + room_of(reader->fs->block_size);
}

/* Reads a block of attributes into reader->block. false: it cannot be read, or is invalid. */
static bool read_block(struct flist_ext4_reader *reader, uint64_t number)
{
	const struct flist_ext4 *fs = reader->fs;
	const size_t room = room_of(fs->block_size);
	if (reader->block && reader->block->block == number)
		return !reader->block->is_bad;
	if (!reader->block)
		reader->block = malloc(sizeof(*reader->block) + room + fs->block_size);
	if (!reader->block)
		return false;
	struct xattr_names names = {.to = reader->block->names, .room = room};
	char *raw = raw_of(reader);
	const bool is_sound =
		!ext4_read(fs, raw, fs->block_size, number * fs->block_size) &&
		ext4_load32(raw) == XATTR_MAGIC && ext4_load32(raw + XATTR_BLOCKS) == 1 &&
		gather(&names, raw + XATTR_HEAD, raw + fs->block_size) && is_right(fs, number, raw);
	reader->block->block = number;
	reader->block->kinds = names.kinds;
	reader->block->len = is_sound ? (uint32_t)names.len : 0;
	reader->block->is_bad = !is_sound;
	return is_sound;
}

/* Whether the inode still has this block, and is unchanged since the call began. */
static bool is_unchanged(struct flist_ext4_reader *reader, uint32_t ino, uint64_t block)
{
	struct flist_ext4 *fs = reader->fs;
	const uint64_t at = flist_ext4_where(fs, ino);
	char *raw = raw_of(reader); /* an inode is no larger than a block */
	if (at == 0 || ext4_read(fs, raw, fs->inode_size, at) || block_of(fs, raw) != block ||
	    !flist_ext4_is_right(fs, ino, raw))
		return false;
	const uint32_t end =
		INODE_OLD + (fs->inode_size > INODE_OLD ? ext4_load16(raw + INODE_EXTRA) : 0);
	return !ext4_may_change(fs, ext4_time(raw, INODE_CTIME, INODE_CTIME_EXTRA, end));
}

/* ---- Both ------------------------------------------------------------------------------------ */

static const struct flist_ext4_attrs *attrs_of(struct flist_ext4_reader *reader, uint32_t ino)
{
	const struct flist_ext4_uses *uses = flist_ext4_part(reader, ino);
	return uses && uses->part->attrs ? uses->part->attrs[ext4_in_part(reader->fs, ino)] : NULL;
}

long flist_ext4_xattrs(struct flist_ext4_reader *reader, uint32_t ino, char *names, size_t room,
		       uint32_t *kinds)
{
	const struct flist_ext4_attrs *attrs = attrs_of(reader, ino);
	*kinds = 0;
	if (!attrs)
		return 0;
	if (attrs->is_bad || attrs->len > room)
		return -EAGAIN;
	memcpy(names, attrs->names, attrs->len);
	*kinds = attrs->kinds;
	if (attrs->block == 0)
		return (long)attrs->len;
	if (!read_block(reader, attrs->block) || !is_unchanged(reader, ino, attrs->block) ||
	    reader->block->len > room - attrs->len)
		return -EAGAIN;
	memcpy(names + attrs->len, reader->block->names, reader->block->len);
	*kinds |= reader->block->kinds;
	return (long)(attrs->len + reader->block->len);
}
