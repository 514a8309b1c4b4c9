/* Reads inodes and names of a btrfs by searches in the tree of a subvolume. */
#ifndef FLIST_PORTABLE
#include "strategies/flist/bulk/tables.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "strategies/flist/list/arena.h"

/*
 * The argument of the ioctl. It is defined here because not every C library comes with the kernel's
 * headers.
 */
struct tree_search {
	uint64_t tree; /* 0: the tree of the descriptor */
	uint64_t min_objectid, max_objectid, min_offset, max_offset, min_transid, max_transid;
	uint32_t min_type, max_type;
	uint32_t n; /* maximum number of items; after the call, the number found */
	uint32_t unused;
	uint64_t unused_too[4];
	uint64_t size; /* of the buffer that follows */
};

_Static_assert(sizeof(struct tree_search) == 112, "as the kernel has it");

/* BTRFS_IOC_TREE_SEARCH_V2, which only reads. */
#define TREE_SEARCH _IOWR(0x94, 17, struct tree_search)

/* The type of requests: unsigned long in the kernel and glibc, int in POSIX and musl. */
#ifdef __GLIBC__
typedef unsigned long request;
#else
typedef int request;
#endif

#define BTRFS_MAGIC 0x9123683EU

enum {
	BUFFER = 256 * 1024,
	ITEM_MOST = 64 * 1024,  /* limit of an item with its header, bytes: it lies in one node */
	FIRST_INODE = 256,      /* smaller numbers are no files */
	PART = 256,             /* inode numbers in a part, which are read at once */
	TABLE = 4096,           /* parts in a table, and tables; together 2^32 inode numbers */
	NAMES_MOST = 64 * 1024, /* bytes of names that are kept with their directory's part */
	DIR_MOST = 64 * 1024 * 1024, /* bytes of names that are searched for */
};

enum { KEY_INODE = 1, KEY_NAME = 96, KEY_SUBVOLUME = 132 };

/* An item: a header in the byte order of this machine, and data in that of the disk. */
enum { HEAD_OBJECT = 8, HEAD_OFFSET = 16, HEAD_TYPE = 24, HEAD_LEN = 28, HEAD_SIZE = 32 };

enum {
	INODE_SIZE = 16,
	INODE_BYTES = 24,
	INODE_LINKS = 40,
	INODE_UID = 44,
	INODE_GID = 48,
	INODE_MODE = 52,
	INODE_RDEV = 56,
	INODE_ATIME = 112,
	INODE_CTIME = 124,
	INODE_MTIME = 136,
	INODE_OTIME = 148,
	INODE_END = 160,
};

enum { NAME_OBJECT = 0, NAME_KEY = 8, NAME_DATA_LEN = 25, NAME_LEN = 27, NAME_TYPE = 29 };
enum { NAME_TEXT = 30, NAME_LEN_MOST = 255 };

/* A name as it is stored here: inode number, type, length, text, NUL. */
enum { RECORD_TYPE = 4, RECORD_LEN = 5, RECORD_TEXT = 6 };

struct directory {
	_Atomic bool given;
	bool is_whole;     /* its names are stored here */
	uint32_t n, bytes; /* number and size of the names */
	uint32_t at;       /* offset in the part's names */
};

struct btrfs_part {
	struct flist_disk_inode inodes[PART];
	struct directory *dirs;
	const char *names;
};

struct part_table {
	_Atomic(struct btrfs_part *) parts[TABLE];
};

struct flist_btrfs {
	int fd;
	int64_t since_ns;
	uint64_t block_size;
	_Atomic(struct part_table *) tables[TABLE];
};

struct btrfs_key {
	uint64_t objectid, offset;
	uint32_t type;
};

struct item {
	struct btrfs_key key;
	const char *data;
	uint32_t len;
};

static uint16_t load16(const char *from)
{
	uint16_t n;
	memcpy(&n, from, sizeof(n));
	return le16toh(n);
}

static uint32_t load32(const char *from)
{
	uint32_t n;
	memcpy(&n, from, sizeof(n));
	return le32toh(n);
}

static uint64_t load64(const char *from)
{
	uint64_t n;
	memcpy(&n, from, sizeof(n));
	return le64toh(n);
}

/* ---- Searches -------------------------------------------------------------------------------- */

/* The state while the items of a range are stored. */
struct part_taking {
	struct flist_btrfs_reader *reader;
	struct btrfs_part *part; /* NULL: only names are stored */
	char **names;            /* records of names, one after the other */
	size_t *room;
	struct directory *d; /* the directory whose names come now */
	uint64_t dir;        /* its inode number; 0: none */
	uint32_t used;       /* size of the names so far, bytes */
	uint32_t most;       /* limit of the names of one directory, bytes */
	uint32_t first, n_dirs;
	struct directory dirs[PART];
};

static int take_item(struct part_taking *t, const struct item *item);

static bool is_before(const struct btrfs_key *a, const struct btrfs_key *b)
{
	if (a->objectid != b->objectid)
		return a->objectid < b->objectid;
	return a->type != b->type ? a->type < b->type : a->offset < b->offset;
}

/* Searches once. The items follow *s. 0 or -errno. */
static int search(const struct flist_btrfs *fs, struct tree_search *s, const struct btrfs_key *from,
		  const struct btrfs_key *to)
{
	*s = (struct tree_search){
		.min_objectid = from->objectid,
		.max_objectid = to->objectid,
		.min_offset = from->offset,
		.max_offset = to->offset,
		.min_type = from->type,
		.max_type = to->type,
		.max_transid = UINT64_MAX,
		.n = UINT32_MAX,
		.size = BUFFER,
	};
	int ret;
	do
		ret = ioctl(fs->fd, (request)TREE_SEARCH, s);
	while (ret && errno == EINTR);
	return ret ? -errno : 0;
}

/*
 * Sets *from to where the search continues after an item. Only inodes and names are needed: if the
 * buffer ends in other items of an inode (its other names, attributes, extents), they are skipped.
 * false: there is nothing after it.
 */
static bool go_behind(struct btrfs_key *from, const struct btrfs_key *last, bool is_done)
{
	*from = *last;
	if (last->type < KEY_NAME) {
		from->type = KEY_NAME;
		from->offset = 0;
		return true;
	}
	if (last->type == KEY_NAME && !is_done && last->offset < UINT64_MAX) {
		from->offset++;
		return true;
	}
	from->type = 0;
	from->offset = 0;
	return ++from->objectid != 0;
}

static void load_item(const char *head, struct item *item)
{
	memcpy(&item->key.objectid, head + HEAD_OBJECT, 8);
	memcpy(&item->key.offset, head + HEAD_OFFSET, 8);
	memcpy(&item->key.type, head + HEAD_TYPE, 4);
	memcpy(&item->len, head + HEAD_LEN, 4);
	item->data = head + HEAD_SIZE;
}

/*
 * Stores the items of a result, which have to be in order, and sets *from to the key of the last
 * one.
 */
static int take_answer(struct part_taking *t, const struct tree_search *s, struct btrfs_key *from,
		       const struct btrfs_key *to, size_t *left)
{
	const char *at = (const char *)(s + 1);
	struct item item;
	int ret = 0;
	*left = BUFFER;
	for (uint32_t i = 0; i < s->n && !ret; i++) {
		if (*left < HEAD_SIZE)
			return -EAGAIN;
		load_item(at, &item);
		if (item.len > *left - HEAD_SIZE || is_before(&item.key, from) ||
		    is_before(to, &item.key))
			return -EAGAIN;
		at += HEAD_SIZE + item.len;
		*left -= HEAD_SIZE + item.len;
		*from = item.key;
		ret = take_item(t, &item);
	}
	return ret;
}

/* Reads and stores all items of a range. It ends when a result leaves room for another item. */
static int take_range(struct part_taking *t, struct btrfs_key from, struct btrfs_key to)
{
	struct flist_btrfs_reader *reader = t->reader;
	size_t left = 0;
	int ret = 0;
	if (!reader->raw)
		reader->raw = malloc(sizeof(struct tree_search) + BUFFER);
	if (!reader->raw)
		return -ENOMEM;
	while (!ret && left < ITEM_MOST && !is_before(&to, &from)) {
		struct tree_search *s = (void *)reader->raw;
		ret = search(reader->fs, s, &from, &to);
		reader->searches++;
		if (ret || s->n == 0)
			break;
		reader->items += s->n;
		struct btrfs_key last = from;
		ret = take_answer(t, s, &last, &to, &left);
		if (!go_behind(&from, &last, !t->d || !t->d->is_whole))
			break;
	}
	return ret;
}

/* ---- Items ----------------------------------------------------------------------------------- */

static int64_t time_of(const char *raw)
{
	const int64_t seconds = (int64_t)load64(raw);
	int64_t sum;
	if (__builtin_mul_overflow(seconds, 1000000000, &sum) ||
	    __builtin_add_overflow(sum, (int64_t)load32(raw + 8), &sum))
		return seconds < 0 ? INT64_MIN : INT64_MAX;
	return sum;
}

static void take_inode(struct part_taking *t, const struct item *item)
{
	const struct flist_btrfs *fs = t->reader->fs;
	struct flist_disk_inode *inode = &t->part->inodes[item->key.objectid - t->first];
	const char *raw = item->data;
	if (item->len < INODE_END || item->key.offset != 0)
		return;
	const uint32_t mode = load32(raw + INODE_MODE), nlink = load32(raw + INODE_LINKS);
	if (nlink == 0 || nlink > UINT16_MAX || mode > UINT16_MAX)
		return;
	*inode = (struct flist_disk_inode){
		.size = load64(raw + INODE_SIZE),
		.blocks = (load64(raw + INODE_BYTES) + fs->block_size - 1) / fs->block_size *
			  (fs->block_size / 512),
		.atime_ns = time_of(raw + INODE_ATIME),
		.mtime_ns = time_of(raw + INODE_MTIME),
		.ctime_ns = time_of(raw + INODE_CTIME),
		.btime_ns = time_of(raw + INODE_OTIME),
		.uid = load32(raw + INODE_UID),
		.gid = load32(raw + INODE_GID),
		.nlink = (uint16_t)nlink,
	};
	if (inode->ctime_ns >= fs->since_ns)
		return;
	inode->mode = (uint16_t)mode;
	if (S_ISCHR(mode) || S_ISBLK(mode))
		inode->rdev = (uint32_t)load64(raw + INODE_RDEV);
	if (!S_ISDIR(mode))
		return;
	t->d = &t->dirs[t->n_dirs++];
	*t->d = (struct directory){.is_whole = true, .at = t->used};
	t->dir = item->key.objectid;
	inode->rdev = t->n_dirs;
}

static uint8_t type_of(unsigned char on_disk)
{
	static const uint8_t types[] = {DT_UNKNOWN, DT_REG,  DT_DIR,  DT_CHR,
					DT_BLK,     DT_FIFO, DT_SOCK, DT_LNK};
	return on_disk < sizeof(types) ? types[on_disk] : DT_UNKNOWN;
}

/*
 * Sets *ino to the inode number of a name; 0: a subvolume, or a number that is too large. -EAGAIN:
 * invalid.
 */
static int find_number(const char *raw, uint32_t *ino)
{
	const uint64_t objectid = load64(raw + NAME_OBJECT);
	const unsigned char key = (unsigned char)raw[NAME_KEY];
	if ((key != KEY_INODE && key != KEY_SUBVOLUME) || objectid < FIRST_INODE)
		return -EAGAIN;
	*ino = key == KEY_INODE && objectid <= UINT32_MAX ? (uint32_t)objectid : 0;
	return 0;
}

/* Stores a name. 0, -ENOMEM, or -EAGAIN: invalid. */
static int take_name(struct part_taking *t, const struct item *item)
{
	const char *raw = item->data, *text = raw + NAME_TEXT;
	uint32_t ino;
	if (item->len < NAME_TEXT)
		return -EAGAIN;
	const uint32_t len = load16(raw + NAME_LEN);
	if (len == 0 || len > NAME_LEN_MOST ||
	    item->len != NAME_TEXT + len + load16(raw + NAME_DATA_LEN) || memchr(text, '/', len) ||
	    memchr(text, '\0', len) || find_number(raw, &ino))
		return -EAGAIN;
	if (flist_grow(t->names, t->room, t->used + RECORD_TEXT + len + 1, 1))
		return -ENOMEM;
	char *to = *t->names + t->used;
	memcpy(to, &ino, sizeof(ino));
	to[RECORD_TYPE] = (char)type_of((unsigned char)raw[NAME_TYPE]);
	to[RECORD_LEN] = (char)len;
	memcpy(to + RECORD_TEXT, text, len);
	to[RECORD_TEXT + len] = '\0';
	t->used += RECORD_TEXT + len + 1;
	t->d->bytes += RECORD_TEXT + len + 1;
	t->d->n++;
	return 0;
}

static int take_item(struct part_taking *t, const struct item *item)
{
	if (item->key.type == KEY_INODE && t->part) {
		t->d = NULL;
		t->dir = 0;
		take_inode(t, item);
		return 0;
	}
	if (item->key.type != KEY_NAME || item->key.objectid != t->dir || !t->d->is_whole)
		return 0;
	const int ret = t->d->bytes > t->most ? -EAGAIN : take_name(t, item);
	if (ret == -EAGAIN) {
		t->used = t->d->at;
		t->d->is_whole = false;
		return 0;
	}
	return ret;
}

/* ---- Parts ----------------------------------------------------------------------------------- */

/* Copies the directories and names of a part to memory that is kept. */
static int keep_part(struct part_taking *t)
{
	const size_t dirs = t->n_dirs * sizeof(*t->dirs);
	char *kept;
	if (t->n_dirs == 0)
		return 0;
	kept = flist_arena_alloc(&t->reader->kept, dirs + t->used);
	if (!kept)
		return -ENOMEM;
	memcpy(kept, t->dirs, dirs);
	if (t->used)
		memcpy(kept + dirs, *t->names, t->used);
	t->part->dirs = (void *)kept;
	t->part->names = kept + dirs;
	return 0;
}

/*
 * Reads a part. NULL: out of memory. A part that cannot be read has no inodes, so all of them are
 * fetched by system calls.
 */
static struct btrfs_part *read_part(struct flist_btrfs_reader *reader, uint32_t first)
{
	const struct btrfs_key from = {.objectid = first < FIRST_INODE ? FIRST_INODE : first};
	const struct btrfs_key to = {first + (uint64_t)PART - 1, UINT64_MAX, UINT8_MAX};
	struct btrfs_part *part = flist_arena_alloc(&reader->kept, sizeof(*part));
	if (!part)
		return NULL;
	memset(part, 0, sizeof(*part));
	struct part_taking t = {.reader = reader,
				.part = part,
				.names = &reader->names,
				.room = &reader->names_room,
				.first = first,
				.most = NAMES_MOST};
	int ret = take_range(&t, from, to);
	if (!ret)
		ret = keep_part(&t);
	if (ret)
		memset(part, 0, sizeof(*part));
	return ret == -ENOMEM ? NULL : part;
}

static struct part_table *get_table(struct flist_btrfs *fs, uint32_t number)
{
	struct part_table *table = atomic_load_explicit(&fs->tables[number], memory_order_acquire);
	struct part_table *other = NULL;
	if (table)
		return table;
	table = calloc(1, sizeof(*table));
	if (!table || atomic_compare_exchange_strong(&fs->tables[number], &other, table))
		return table;
	free(table);
	return other;
}

/*
 * Returns the part of an inode; reads it if necessary. If two jobs read the same part, all use the
 * first one's.
 */
static struct btrfs_part *get_part(struct flist_btrfs_reader *reader, uint32_t ino)
{
	const uint32_t number = ino / PART;
	struct part_table *table = get_table(reader->fs, number / TABLE);
	if (!table)
		return NULL;
	_Atomic(struct btrfs_part *) *place = &table->parts[number % TABLE];
	struct btrfs_part *part = atomic_load_explicit(place, memory_order_acquire), *other = NULL;
	if (part)
		return part;
	part = read_part(reader, number * PART);
	if (part && !atomic_compare_exchange_strong(place, &other, part))
		return other;
	return part;
}

const struct flist_disk_inode *flist_btrfs_inode(struct flist_btrfs_reader *reader, uint32_t ino)
{
	const struct btrfs_part *part = ino >= FIRST_INODE ? get_part(reader, ino) : NULL;
	const struct flist_disk_inode *inode = part ? &part->inodes[ino % PART] : NULL;
	return inode && inode->mode ? inode : NULL;
}

/* ---- Names ----------------------------------------------------------------------------------- */

/* Without memory for all names -EAGAIN, because system calls need less. */
static int give_names(struct flist_names *names, const char *records, uint32_t n)
{
	if (flist_names_begin(names, n))
		return -EAGAIN;
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t len = (unsigned char)records[RECORD_LEN];
		uint32_t ino;
		memcpy(&ino, records, sizeof(ino));
		flist_names_add(names, records + RECORD_TEXT, len, (uint8_t)records[RECORD_TYPE],
				ino);
		records += RECORD_TEXT + len + 1;
	}
	return 0;
}

/* Reads the names of a large directory by separate searches. */
static int search_names(struct flist_btrfs_reader *reader, uint32_t ino, struct flist_names *names)
{
	const struct btrfs_key from = {ino, 0, KEY_NAME}, to = {ino, UINT64_MAX, KEY_NAME};
	struct part_taking t = {.reader = reader,
				.names = &reader->many,
				.room = &reader->many_room,
				.dir = ino,
				.most = DIR_MOST};
	t.d = &t.dirs[0];
	t.d->is_whole = true;
	if (take_range(&t, from, to) || !t.d->is_whole)
		return -EAGAIN;
	return give_names(names, reader->many, t.d->n);
}

int flist_btrfs_names(struct flist_btrfs_reader *reader, uint32_t ino, struct flist_names *names)
{
	const struct flist_disk_inode *inode = flist_btrfs_inode(reader, ino);
	if (!inode || !S_ISDIR(inode->mode))
		return -EAGAIN;
	const struct btrfs_part *part = get_part(reader, ino);
	struct directory *dir = &part->dirs[inode->rdev - 1];
	if (atomic_exchange(&dir->given, true))
		return -EAGAIN;
	if (!dir->is_whole)
		return search_names(reader, ino, names);
	return give_names(names, part->names + dir->at, dir->n);
}

/* ---- Beginning and end ----------------------------------------------------------------------- */

static int try_search(struct flist_btrfs *fs, const char **why)
{
	const struct btrfs_key one = {FIRST_INODE, 0, KEY_INODE};
	struct tree_search *s = malloc(sizeof(*s) + BUFFER);
	const int ret = s ? search(fs, s, &one, &one) : -ENOMEM;
	free(s);
	if (!ret || ret == -ENOMEM)
		return ret;
	*why = ret == -EPERM ? "searching the tree of a btrfs needs CAP_SYS_ADMIN"
			     : "the tree of this btrfs cannot be searched";
	return -ENOTSUP;
}

static int begin(struct flist_btrfs *fs, const char **why)
{
	struct statfs st;
	if (fstatfs(fs->fd, &st) || (uint32_t)st.f_type != BTRFS_MAGIC || st.f_bsize < 512) {
		*why = "the root is not on btrfs";
		return -ENOTSUP;
	}
	fs->block_size = (uint64_t)st.f_bsize;
	return try_search(fs, why);
}

int flist_btrfs_open(struct flist_btrfs **fs, int fd, int64_t since_ns, const char **why)
{
	struct flist_btrfs *new = calloc(1, sizeof(*new));
	int ret = -ENOMEM;
	*fs = NULL;
	*why = NULL;
	if (new) {
		new->fd = fd;
		new->since_ns = since_ns;
		ret = begin(new, why);
	}
	if (ret)
		flist_btrfs_free(new);
	else
		*fs = new;
	return ret;
}

void flist_btrfs_free(struct flist_btrfs *fs)
{
	if (!fs)
		return;
	for (int i = 0; i < TABLE; i++)
		free(fs->tables[i]);
	free(fs);
}

void flist_btrfs_reader_release(struct flist_btrfs_reader *reader)
{
	flist_arena_release(&reader->kept);
	free(reader->raw);
	free(reader->names);
	free(reader->many);
	*reader = (struct flist_btrfs_reader){.fs = reader->fs};
}

#endif
