/* Reads the blocks of a directory, and the names in them. */
#include "strategies/flist/bulk/ext4_disk.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

/* ---- Where the blocks of a directory are ----------------------------------------------------- */

/*
 * The state while the blocks of a directory are read. It has no holes, so its blocks are
 * consecutive.
 */
struct dir_reading {
	struct flist_ext4_reader *reader;
	uint32_t seed;       /* of its checksums */
	uint32_t done, n;    /* blocks */
	uint64_t run, run_n; /* consecutive blocks on the device to be read next */
	uint32_t visited;    /* number of blocks with extents or block numbers that were read */
};

static int read_run(struct dir_reading *r)
{
	const struct flist_ext4 *fs = r->reader->fs;
	const size_t size = (size_t)r->run_n * fs->block_size;
	int ret;
	if (r->run_n == 0)
		return 0;
	ret = ext4_read(fs, r->reader->names + (size_t)r->done * fs->block_size, size,
			r->run * fs->block_size);
	r->done += (uint32_t)r->run_n;
	r->run_n = 0;
	return ret ? -EAGAIN : 0;
}

static int add_run(struct dir_reading *r, uint64_t first, uint64_t n)
{
	if (!ext4_has_blocks(r->reader->fs, first, n) || n > r->n - r->done - r->run_n)
		return -EAGAIN;
	if (r->run_n > 0 && first == r->run + r->run_n) {
		r->run_n += n;
		return 0;
	}
	const int ret = read_run(r);
	r->run = first;
	r->run_n = n;
	return ret;
}

/*
 * Reads a block of extents or block numbers. Their number is limited by that of the directory's
 * blocks.
 */
static int read_map(struct dir_reading *r, uint64_t block, char **map)
{
	const struct flist_ext4 *fs = r->reader->fs;
	*map = NULL;
	if (!ext4_has_blocks(fs, block, 1) || ++r->visited > r->n + EXTENT_DEPTH_MOST)
		return -EAGAIN;
	*map = malloc(fs->block_size);
	if (!*map)
		return -ENOMEM;
	return ext4_read(fs, *map, fs->block_size, block * fs->block_size) ? -EAGAIN : 0;
}

static int follow_extents(struct dir_reading *r, const char *map, size_t size, uint32_t depth);

static bool is_map_right(const struct flist_ext4 *fs, const struct dir_reading *r, const char *map)
{
	const size_t end = EXTENT_SIZE * (1U + ext4_load16(map + 4));
	if (!fs->checksums)
		return true;
	return end + 4 <= fs->block_size &&
	       ext4_sums_agree(ext4_sum(fs, r->seed, map, end), ext4_load32(map + end));
}

static int descend_extents(struct dir_reading *r, uint64_t block, uint32_t depth)
{
	char *map;
	int ret = read_map(r, block, &map);
	if (!ret && !is_map_right(r->reader->fs, r, map))
		ret = -EAGAIN;
	if (!ret)
		ret = follow_extents(r, map, r->reader->fs->block_size, depth);
	free(map);
	return ret;
}

static int follow_extents(struct dir_reading *r, const char *map, size_t size, uint32_t depth)
{
	const uint32_t n = ext4_load16(map + 2);
	int ret = 0;
	if (ext4_load16(map) != EXTENT_MAGIC || ext4_load16(map + 6) != depth ||
	    n > size / EXTENT_SIZE - 1)
		return -EAGAIN;
	for (uint32_t i = 0; i < n && !ret; i++) {
		const char *entry = map + EXTENT_SIZE * (1 + (size_t)i);
		if (depth > 0) {
			ret = descend_extents(
				r, ext4_load32(entry + 4) | (uint64_t)ext4_load16(entry + 8) << 32,
				depth - 1);
			continue;
		}
		const uint32_t len = ext4_load16(entry + 4);
		if (ext4_load32(entry) != r->done + r->run_n || len == 0 || len > EXTENT_LEN_MOST)
			return -EAGAIN;
		ret = add_run(r, ext4_load32(entry + 8) | (uint64_t)ext4_load16(entry + 6) << 32,
			      len);
	}
	return ret;
}

/* Follows blocks of block numbers, up to `depth` levels. */
static int follow_pointers(struct dir_reading *r, const char *map, uint32_t n, uint32_t depth)
{
	const uint32_t pointers = r->reader->fs->block_size / 4;
	int ret = 0;
	for (uint32_t i = 0; i < n && !ret && r->done + r->run_n < r->n; i++) {
		const uint32_t block = ext4_load32(map + 4 * (size_t)i);
		char *below;
		if (depth == 0) {
			ret = add_run(r, block, 1);
			continue;
		}
		ret = read_map(r, block, &below);
		if (!ret)
			ret = follow_pointers(r, below, pointers, depth - 1);
		free(below);
	}
	return ret;
}

static int read_blocks(struct dir_reading *r, const char *raw)
{
	const char *map = raw + INODE_BLOCK;
	int ret = 0;
	if (ext4_load32(raw + INODE_FLAGS) & FLAG_EXTENTS) {
		const uint32_t depth = ext4_load16(map + 6);
		if (depth > EXTENT_DEPTH_MOST)
			return -EAGAIN;
		ret = follow_extents(r, map, POINTERS * 4, depth);
	} else {
		ret = follow_pointers(r, map, DIRECT, 0);
		for (uint32_t depth = 1; depth <= 3 && !ret; depth++)
			ret = follow_pointers(r, map + 4 * (DIRECT + depth - 1), 1, depth);
	}
	if (!ret)
		ret = read_run(r);
	return ret || r->done == r->n ? ret : -EAGAIN;
}

/* ---- Names ----------------------------------------------------------------------------------- */

/* The state while names are read from blocks. */
struct dir_taking {
	const struct flist_ext4 *fs;
	struct flist_names *names;
	char *end; /* end of the last name, for its NUL; NULL: none */
};

static uint32_t record_len(const struct flist_ext4 *fs, const char *entry)
{
	const uint32_t len = ext4_load16(entry + 4);
	if (fs->block_size < 65536)
		return len;
	return len == 65535 || len == 0 ? fs->block_size : (len & 65532) | (len & 3) << 16;
}

/*
 * Whether a block belongs to the index. The first one has "." and "..", the others have one unused
 * entry: no names.
 */
static bool is_index(const struct flist_ext4 *fs, const char *block, bool is_first)
{
	if (is_first)
		return record_len(fs, block + ENTRY_MIN) == fs->block_size - ENTRY_MIN;
	return ext4_load32(block) == 0 && record_len(fs, block) == fs->block_size;
}

static bool is_block_right(const struct flist_ext4 *fs, const char *block, uint32_t seed)
{
	const char *tail = block + fs->block_size - TAIL_SIZE;
	return ext4_load32(tail) == 0 && ext4_load16(tail + 4) == TAIL_SIZE &&
	       (unsigned char)tail[7] == TAIL_TYPE &&
	       ext4_sums_agree(ext4_sum(fs, seed, block, fs->block_size - TAIL_SIZE),
			       ext4_load32(tail + 8));
}

static uint8_t type_of(unsigned char on_disk)
{
	static const uint8_t types[] = {DT_UNKNOWN, DT_REG,  DT_DIR,  DT_CHR,
					DT_BLK,     DT_FIFO, DT_SOCK, DT_LNK};
	return on_disk < sizeof(types) ? types[on_disk] : DT_UNKNOWN;
}

static void end_name(struct dir_taking *t)
{
	if (t->end)
		*t->end = '\0';
	t->end = NULL;
}

static bool is_dots(const char *name, uint32_t len)
{
	return name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.'));
}

static bool is_name(const char *name, uint32_t len)
{
	bool is = len > 0;
	for (uint32_t i = 0; i < len; i++)
		is &= name[i] != '/' && name[i];
	return is;
}

/* Returns the size of an entry, `left` bytes before the end of its block; 0: it is invalid. */
static uint32_t entry_size(const struct flist_ext4 *fs, const char *entry, uint32_t left)
{
	if (left < ENTRY_HEAD)
		return 0;
	const uint32_t size = record_len(fs, entry);
	const bool is_valid = size >= ENTRY_MIN && size % 4 == 0 && size <= left &&
			      (unsigned char)entry[6] + (uint32_t)ENTRY_HEAD <= size &&
			      ext4_load32(entry) <= fs->n_inodes;
	return is_valid ? size : 0;
}

/*
 * Takes the names of a block. The NUL of a name may overwrite the first byte of the next entry, so
 * it is written after that entry's header was read.
 */
static int take_block(struct dir_taking *t, char *block, uint32_t block_size)
{
	for (uint32_t at = 0; at < block_size;) {
		char *entry = block + at, *name = entry + ENTRY_HEAD;
		const uint32_t size = entry_size(t->fs, entry, block_size - at);
		if (size == 0)
			return -EAGAIN;
		const uint32_t ino = ext4_load32(entry), len = (unsigned char)entry[6];
		const unsigned char type = (unsigned char)entry[7];
		end_name(t);
		at += size;
		if (ino == 0)
			continue;
		if (!is_name(name, len))
			return -EAGAIN;
		if (is_dots(name, len))
			continue;
		flist_names_add(t->names, name, len, type_of(type), ino);
		t->end = name + len;
	}
	return 0;
}

/* Whether the blocks of a directory have the checksums that they should have. */
static bool are_blocks_right(const struct flist_ext4 *fs, const char *blocks, uint32_t n,
			     uint32_t seed, bool has_index)
{
	for (uint32_t i = 0; i < n && fs->checksums; i++) {
		const char *block = blocks + (size_t)i * fs->block_size;
		if (!(has_index && is_index(fs, block, i == 0)) && !is_block_right(fs, block, seed))
			return false;
	}
	return true;
}

static int take_names(struct flist_ext4_reader *reader, const struct dir_reading *r, uint32_t flags,
		      struct flist_names *names)
{
	const struct flist_ext4 *fs = reader->fs;
	const bool has_index = flags & FLAG_INDEX;
	struct dir_taking t = {.fs = fs, .names = names};
	int ret = flist_names_begin(names, (size_t)r->n * fs->block_size / ENTRY_MIN);
	if (!ret && !are_blocks_right(fs, reader->names, r->n, r->seed, has_index))
		return -EAGAIN;
	for (uint32_t i = 0; i < r->n && !ret; i++) {
		char *block = reader->names + (size_t)i * fs->block_size;
		if (!(has_index && is_index(fs, block, i == 0)))
			ret = take_block(&t, block, fs->block_size);
	}
	end_name(&t);
	return ret;
}

/* ---- Entries moved together ------------------------------------------------------------------ */

/* Moves the used entries of a block to `to`. Returns their end; NULL: the block is invalid. */
static char *pack_block(const struct flist_ext4 *fs, const char *block, char *to)
{
	for (uint32_t at = 0; at < fs->block_size;) {
		const char *entry = block + at;
		const uint32_t size = entry_size(fs, entry, fs->block_size - at);
		if (size == 0)
			return NULL;
		at += size;
		if (ext4_load32(entry) == 0)
			continue;
		const uint32_t len = ENTRY_HEAD + (unsigned char)entry[6], used = (len + 3) / 4 * 4;
		memmove(to, entry, len);
		ext4_store16(to + 4, (uint16_t)used);
		to += used;
	}
	return to;
}

uint32_t flist_ext4_pack(const struct flist_ext4 *fs, uint32_t ino, const char *raw,
			 const char *blocks, uint32_t n, char *to)
{
	const bool has_index = ext4_load32(raw + INODE_FLAGS) & FLAG_INDEX;
	const uint32_t seed = fs->checksums ? ext4_seed(fs, ino, raw) : 0;
	char *end = to;
	if (!are_blocks_right(fs, blocks, n, seed, has_index))
		return 0;
	for (uint32_t i = 0; i < n; i++) {
		const char *block = blocks + (size_t)i * fs->block_size;
		if (has_index && is_index(fs, block, i == 0))
			continue;
		end = pack_block(fs, block, end);
		if (!end)
			return 0;
	}
	return (uint32_t)(end - to);
}

static int take_packed(struct flist_ext4_reader *reader, const struct flist_ext4_part *part,
		       const struct flist_ext4_dir *dir, struct flist_names *names)
{
	struct dir_taking t = {.fs = reader->fs, .names = names};
	int ret = flist_names_begin(names, dir->packed_len / ENTRY_MIN);
	if (ret)
		return ret;
	memcpy(reader->names, part->packed + dir->packed_at, dir->packed_len);
	ret = take_block(&t, reader->names, dir->packed_len);
	end_name(&t);
	return ret;
}

/* ---- A directory ----------------------------------------------------------------------------- */

static int make_names_room(struct flist_ext4_reader *reader, size_t size)
{
	if (size <= reader->names_room)
		return 0;
	free(reader->names);
	reader->names = malloc(size);
	reader->names_room = reader->names ? size : 0;
	return reader->names ? 0 : -ENOMEM;
}

/* Reads the inode of a directory again, after its blocks: whether it is unchanged. */
static bool stayed_same(struct flist_ext4 *fs, uint32_t ino, const char *before)
{
	char now[INODE_CTIME_EXTRA + 4];
	const size_t size = fs->inode_size > INODE_OLD ? sizeof(now) : INODE_OLD;
	return !ext4_read(fs, now, size, flist_ext4_where(fs, ino)) &&
	       ext4_is_same(fs, now, before);
}

/* Reads the names of a directory of a part. 0; -EAGAIN or -ENOMEM: use system calls. */
static int read_names(struct flist_ext4_reader *reader, const struct flist_ext4_part *part,
		      uint32_t ino, struct flist_names *names)
{
	struct flist_ext4 *fs = reader->fs;
	const uint32_t n = ext4_in_part(fs, ino);
	const uint64_t size = part->inodes[n].size;
	const struct flist_ext4_dir *dir = ext4_dir_of(part, n);
	const uint32_t flags = ext4_load32(dir->raw + INODE_FLAGS);
	if (flags & (FLAG_ENCRYPTED | FLAG_INLINE) || size == 0 || size > EXT4_DIR_MOST ||
	    size % fs->block_size || size / fs->block_size > fs->n_blocks)
		return -EAGAIN;
	struct dir_reading r = {.reader = reader,
				.n = (uint32_t)(size / fs->block_size),
				.seed = fs->checksums ? ext4_seed(fs, ino, dir->raw) : 0};
	int ret = make_names_room(reader, size + 1);
	if (!ret && dir->packed_len > 0)
		return take_packed(reader, part, dir, names);
	if (!ret)
		ret = read_blocks(&r, dir->raw);
	if (!ret)
		ret = take_names(reader, &r, flags, names);
	if (!ret && !stayed_same(fs, ino, dir->raw))
		ret = -EAGAIN;
	return ret;
}

int flist_ext4_names(struct flist_ext4_reader *reader, uint32_t ino, struct flist_names *names)
{
	struct flist_ext4_uses *uses = flist_ext4_part(reader, ino);
	if (!uses || !flist_ext4_use_names(uses, ext4_in_part(reader->fs, ino)))
		return -EAGAIN;
	const int ret = read_names(reader, uses->part, ino, names);
	flist_ext4_end_uses(reader, uses, 1);
	return ret == -ENOMEM ? -EAGAIN : ret; /* system calls need less memory */
}
