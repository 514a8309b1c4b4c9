/* Reads inodes of an xfs, many with one call. */
#ifndef FLIST_PORTABLE
#include "strategies/flist/bulk/tables.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "strategies/flist/clock.h"
#include "strategies/flist/names/reader.h"

/*
 * The argument of the ioctl, and an element of its result. They are defined here because the
 * kernel's headers are often not installed.
 */
struct request {
	uint64_t ino;     /* inodes from this number on; after the call, where to continue */
	uint32_t flags;   /* SPECIAL: ino is not an inode number */
	uint32_t room, n; /* maximum number of results; their number */
	uint32_t group;
	uint64_t unused[5];
};

struct bulkstat_answer {
	uint64_t ino, size, blocks, flags;
	int64_t atime, mtime, ctime, btime; /* seconds; the nanoseconds follow */
	uint32_t generation, uid, gid, project;
	uint32_t atime_nsec, mtime_nsec, ctime_nsec, btime_nsec;
	uint32_t block_size, rdev, cow_extent_size, extent_size;
	uint32_t nlink, extents, attribute_extents;
	uint16_t version, fork, sick, checked, mode, unused;
	uint64_t extents64, unused_too[6];
};

_Static_assert(sizeof(struct request) == 64 && sizeof(struct bulkstat_answer) == 192,
	       "as the kernel has it");

/* XFS_IOC_BULKSTAT, which only reads. */
#define BULKSTAT _IOR('X', 127, struct request)

/* The type of requests: unsigned long in the kernel and glibc, int in POSIX and musl. */
#ifdef __GLIBC__
typedef unsigned long code;
#else
typedef int code;
#endif

#define XFS_MAGIC 0x58465342U

enum {
	PART = 64,         /* inode numbers in a part: xfs allocates as many at once */
	ROOM = 256,        /* maximum number of inodes of a call: more are not faster */
	HEADS = 64 * 1024, /* number of chains of the hash table of parts */
	LEVELS_MOST = 64,  /* directories above the root that are looked into, */
	NAMES_MOST = 256,  /* and names in each */
	GAP_MOST = 4, /* between inode numbers of a run: reading so many is faster than a call */
	SPARE = 4,    /* a run may have one more inode than names for each so many names */
	SPECIAL = 2,  /* flag of a request: the inode is that of a name, such as */
	THE_ROOT = 1, /* the root of the filesystem; older kernels return the first inode */
	REALTIME = 1, /* flag: its blocks are on the realtime device, with another size */
	COLD_TO_JUDGE = 8,
};

struct flist_xfs_part {
	struct flist_xfs_part *next; /* in its chain */
	uint64_t first;
	struct flist_disk_inode inodes[PART];
};

/* An inode that is wanted, and the number of its name. */
struct flist_xfs_want {
	uint64_t ino;
	uint32_t name;
};

struct flist_xfs {
	int fd;
	int64_t since_ns;
	uint64_t sectors; /* number of sectors of 512 bytes in a block */
	bool is_whole;    /* parts are read, or runs */
	_Atomic(struct flist_xfs_part *) heads[HEADS];
};

/* ---- Calls of bulkstat ----------------------------------------------------------------------- */

static struct bulkstat_answer *answers_of(struct request *request)
{
	return (struct bulkstat_answer *)(void *)(request + 1);
}

/* Fetches inodes from a number on, at most `room`. 0 or -errno. */
static int ask(int fd, struct request *request, uint64_t ino, uint32_t room)
{
	int ret;
	*request =
		(struct request){.ino = ino, .flags = ino == THE_ROOT ? SPECIAL : 0, .room = room};
	do
		ret = ioctl(fd, (code)BULKSTAT, request);
	while (ret && errno == EINTR);
	if (ret)
		return -errno;
	return request->n > room ? -EIO : 0;
}

static int64_t time_of(int64_t seconds, uint32_t nsec)
{
	int64_t sum;
	if (__builtin_mul_overflow(seconds, 1000000000, &sum) ||
	    __builtin_add_overflow(sum, (int64_t)nsec, &sum))
		return seconds < 0 ? INT64_MIN : INT64_MAX;
	return sum;
}

/*
 * Whether stat(2) returns something that bulkstat lacks: the block size of devices and realtime
 * files; the blocks of attributes if the inode itself holds all the rest.
 */
static bool lacks_something(const struct bulkstat_answer *a)
{
	return S_ISCHR(a->mode) || S_ISBLK(a->mode) || a->flags & REALTIME || a->nlink == 0 ||
	       a->nlink > UINT16_MAX || (a->blocks == 0 && a->attribute_extents > 0);
}

static int ask_counted(struct flist_xfs_reader *reader, uint64_t first, uint32_t room)
{
	const uint64_t before = flist_blocks_read();
	if (!reader->raw)
		reader->raw =
			malloc(sizeof(struct request) + ROOM * sizeof(struct bulkstat_answer));
	if (!reader->raw)
		return -ENOMEM;
	const int ret = ask(reader->fs->fd, reader->raw, first, room);
	reader->asks++;
	reader->cold += flist_blocks_read() != before;
	return ret;
}

bool flist_xfs_is_cold(const struct flist_xfs_reader *reader)
{
	return reader->cold >= COLD_TO_JUDGE && reader->cold > reader->asks / 2;
}

static void take_inode(const struct flist_xfs *fs, const struct bulkstat_answer *a,
		       struct flist_disk_inode *inode)
{
	const int64_t ctime_ns = time_of(a->ctime, a->ctime_nsec);
	if (lacks_something(a) || ctime_ns >= fs->since_ns)
		return;
	*inode = (struct flist_disk_inode){
		.size = a->size,
		.blocks = a->blocks * fs->sectors,
		.atime_ns = time_of(a->atime, a->atime_nsec),
		.mtime_ns = time_of(a->mtime, a->mtime_nsec),
		.ctime_ns = ctime_ns,
		.btime_ns = time_of(a->btime, a->btime_nsec),
		.uid = a->uid,
		.gid = a->gid,
		.mode = a->mode,
		.nlink = (uint16_t)a->nlink,
	};
}

/* ---- Parts, of a whole filesystem ------------------------------------------------------------ */

static uint64_t first_of(uint64_t ino)
{
	return ino & ~(uint64_t)(PART - 1);
}

static _Atomic(struct flist_xfs_part *) *chain_of(struct flist_xfs *fs, uint64_t first)
{
	const uint64_t mixed = first / PART * 0x9e3779b97f4a7c15U;
	return &fs->heads[mixed >> 48];
}

_Static_assert(HEADS == 1 << 16, "as many bits as are taken of a number");

static const struct flist_xfs_part *find_part(struct flist_xfs *fs, uint64_t first)
{
	const struct flist_xfs_part *part =
		atomic_load_explicit(chain_of(fs, first), memory_order_acquire);
	while (part && part->first != first)
		part = part->next;
	return part;
}

/*
 * Adds a part. If two jobs have read the same part, either is found, and both have the same
 * content.
 */
static void add_part(struct flist_xfs *fs, struct flist_xfs_part *part)
{
	_Atomic(struct flist_xfs_part *) *chain = chain_of(fs, part->first);
	part->next = atomic_load_explicit(chain, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(chain, &part->next, part,
						      memory_order_release, memory_order_relaxed))
		continue;
}

static struct flist_xfs_part *new_part(struct flist_xfs_reader *reader, uint64_t first)
{
	struct flist_xfs_part *part = flist_arena_alloc(&reader->kept, sizeof(*part));
	if (!part)
		return NULL;
	memset(part, 0, sizeof(*part));
	part->first = first;
	return part;
}

/*
 * Stores the results of one part, the first of n, and returns how many they are. 0: out of memory.
 * is_cut: the results may end within a part.
 */
static uint32_t take_part(struct flist_xfs_reader *reader, const struct bulkstat_answer *a,
			  uint32_t n, bool is_cut)
{
	const uint64_t first = first_of(a->ino);
	struct flist_xfs_part *part;
	uint32_t taken = 0;
	while (taken < n && first_of(a[taken].ino) == first)
		taken++;
	if ((is_cut && taken == n && a[n - 1].ino != first + PART - 1) ||
	    find_part(reader->fs, first))
		return taken;
	part = new_part(reader, first);
	if (!part)
		return 0;
	for (uint32_t i = 0; i < taken; i++)
		take_inode(reader->fs, &a[i], &part->inodes[a[i].ino - first]);
	add_part(reader->fs, part);
	return taken;
}

/* Stores all results. A part that is not complete is left for another call. 0 or -ENOMEM. */
static int take_all(struct flist_xfs_reader *reader, uint64_t first)
{
	struct request *request = reader->raw;
	const struct bulkstat_answer *a = answers_of(request);
	const bool is_cut = request->n == reader->want;
	uint32_t taken;
	for (uint32_t n = request->n; n > 0; a += taken, n -= taken) {
		if (a->ino < first)
			return 0;
		taken = take_part(reader, a, n, is_cut);
		if (taken == 0)
			return -ENOMEM;
	}
	return 0;
}

/*
 * Chooses the number of inodes to request: more, if they are read from where the last result ended,
 * or nearly there.
 */
static void choose_want(struct flist_xfs_reader *reader, uint64_t first)
{
	const bool goes_on = first + 2 * PART >= reader->behind &&
			     first <= reader->behind + 2 * PART && reader->want > 0;
	if (!goes_on)
		reader->want = PART;
	else if (reader->want < ROOM)
		reader->want *= 2;
}

/*
 * Reads a part. NULL: out of memory. A part that cannot be read has no inodes, so all of them are
 * fetched by system calls.
 */
static const struct flist_xfs_part *read_part(struct flist_xfs_reader *reader, uint64_t first)
{
	const struct flist_xfs_part *part;
	struct flist_xfs_part *none;
	choose_want(reader, first);
	const int ret = ask_counted(reader, first, reader->want);
	if (ret == -ENOMEM && !reader->raw)
		return NULL;
	if (!ret) {
		reader->behind = ((const struct request *)reader->raw)->ino;
		if (take_all(reader, first))
			return NULL;
	}
	part = find_part(reader->fs, first);
	if (part)
		return part;
	none = new_part(reader, first);
	if (none)
		add_part(reader->fs, none);
	return none;
}

static const struct flist_disk_inode *find_in_parts(struct flist_xfs_reader *reader, uint64_t ino)
{
	const uint64_t first = first_of(ino);
	const struct flist_xfs_part *part = reader->last;
	if (!part || part->first != first)
		part = find_part(reader->fs, first);
	if (!part)
		part = read_part(reader, first);
	if (!part)
		return NULL;
	reader->last = part;
	return &part->inodes[ino - first];
}

/* ---- Runs, of part of a filesystem ----------------------------------------------------------- */

static int make_room(struct flist_xfs_reader *reader, size_t names)
{
	if (names <= reader->room)
		return 0;
	free(reader->wants);
	free(reader->inodes);
	reader->wants = malloc(names * sizeof(*reader->wants));
	reader->inodes = malloc(names * sizeof(*reader->inodes));
	reader->room = reader->wants && reader->inodes ? names : 0;
	return reader->room ? 0 : -ENOMEM;
}

static int compare_wants(const void *a, const void *b)
{
	const uint64_t x = ((const struct flist_xfs_want *)a)->ino;
	const uint64_t y = ((const struct flist_xfs_want *)b)->ino;
	return (x > y) - (x < y);
}

/*
 * Numbers the names, and sorts their inodes by inode number; often they are sorted already. None is
 * available yet.
 */
static void sort_wants(struct flist_xfs_reader *reader, struct flist_names *names)
{
	bool is_sorted = true;
	for (uint32_t i = 0; i < names->n; i++) {
		const uint64_t ino = flist_record_ino(names->all[i].text);
		names->all[i].number = i;
		reader->wants[i] = (struct flist_xfs_want){ino, i};
		reader->inodes[i].mode = 0;
		is_sorted = is_sorted && (i == 0 || ino >= reader->wants[i - 1].ino);
	}
	if (!is_sorted)
		qsort(reader->wants, names->n, sizeof(*reader->wants), compare_wants);
}

/*
 * Takes those results that are wanted, of n results and of a run that ends before `end`. Both are
 * in the order of inode numbers. Returns the first inode of the run that they do not reach.
 */
static size_t take_wanted(struct flist_xfs_reader *reader, size_t from, size_t end)
{
	const struct request *request = reader->raw;
	const struct bulkstat_answer *a = answers_of(reader->raw);
	size_t at = from;
	for (uint32_t i = 0; i < request->n && at < end; i++) {
		while (at < end && reader->wants[at].ino < a[i].ino)
			at++;
		for (; at < end && reader->wants[at].ino == a[i].ino; at++)
			take_inode(reader->fs, &a[i], &reader->inodes[reader->wants[at].name]);
	}
	return at;
}

/* Reads a run: wanted inodes whose numbers are near each other. Those that it lacks are left. */
static void read_run(struct flist_xfs_reader *reader, size_t at, size_t end)
{
	while (at < end) {
		const uint64_t first = reader->wants[at].ino;
		const uint64_t span = reader->wants[end - 1].ino - first + 1;
		const uint32_t room = span < ROOM ? (uint32_t)span : ROOM;
		if (ask_counted(reader, first, room))
			return;
		const struct request *request = reader->raw;
		if (request->n > 0 && answers_of(reader->raw)->ino < first)
			return;
		const size_t next = take_wanted(reader, at, end);
		if (request->n < room || next == at)
			return;
		at = next;
	}
}

/* Returns where the run ends that begins with an inode: most of its numbers are of the names. */
static size_t end_of_run(const struct flist_xfs_reader *reader, size_t from, size_t n)
{
	const struct flist_xfs_want *wants = reader->wants;
	size_t to = from + 1;
	while (to < n && wants[to].ino - wants[to - 1].ino <= GAP_MOST &&
	       wants[to].ino - wants[from].ino <= (to - from) + (to - from) / SPARE + GAP_MOST)
		to++;
	return to;
}

int flist_xfs_read(struct flist_xfs_reader *reader, struct flist_names *names, size_t least)
{
	bool has_run = false;
	if (reader->fs->is_whole)
		return 1;
	const int ret = make_room(reader, names->n);
	if (ret)
		return ret;
	sort_wants(reader, names);
	for (size_t from = 0, to; from < names->n; from = to) {
		to = end_of_run(reader, from, names->n);
		if (to - from < least)
			continue;
		has_run = true;
		read_run(reader, from, to);
	}
	for (size_t i = 0; i < names->n && !has_run; i++)
		names->all[reader->wants[i].name].number = (uint32_t)reader->wants[i].ino;
	return has_run;
}

const struct flist_disk_inode *flist_xfs_inode(struct flist_xfs_reader *reader,
					       const struct flist_name *name)
{
	const struct flist_disk_inode *inode =
		reader->fs->is_whole ? find_in_parts(reader, flist_record_ino(name->text))
				     : &reader->inodes[name->number];
	return inode && inode->mode ? inode : NULL;
}

/* ---- Beginning and end ----------------------------------------------------------------------- */

/* Opens a directory to read its names, without a trace if that is allowed. */
static int open_to_read(int fd)
{
	const int flags = O_DIRECTORY | O_CLOEXEC;
	const int quiet = openat(fd, ".", O_RDONLY | O_NOATIME | flags);
	return quiet < 0 && errno == EPERM ? openat(fd, ".", O_RDONLY | flags) : quiet;
}

/* Whether a directory has no other directory than the one with this inode number. */
static bool has_one_directory(int fd, uint64_t ino)
{
	const int again = open_to_read(fd);
	DIR *dir = again < 0 ? NULL : fdopendir(again);
	const struct dirent *entry = NULL;
	bool is_only = dir;
	for (int i = 0; is_only && (entry = readdir(dir)); i++) {
		const bool is_dir = entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN;
		const bool is_dot =
			strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
		is_only = i < NAMES_MOST && (!is_dir || is_dot || entry->d_ino == ino);
	}
	if (dir)
		closedir(dir);
	else if (again >= 0)
		close(again);
	return is_only;
}

/* Finds the directory that a directory is in, if it is on the same filesystem. -1: it is not. */
static int open_above(int fd, dev_t dev, struct stat *st)
{
	const int above = openat(fd, "..", O_RDONLY | O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (above >= 0 && !fstat(above, st) && st->st_dev == dev)
		return above;
	if (above >= 0)
		close(above);
	return -1;
}

/*
 * Whether a directory is the root, with this inode number, or its filesystem has only directories
 * that are below it or that it is in.
 */
static bool has_all_directories(int fd, uint64_t root)
{
	struct stat st, above;
	int at = openat(fd, ".", O_RDONLY | O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool has_all = at >= 0 && !fstat(at, &st);
	for (int i = 0; has_all && st.st_ino != root; i++) {
		const int up = i < LEVELS_MOST ? open_above(at, st.st_dev, &above) : -1;
		has_all = up >= 0 && has_one_directory(up, st.st_ino);
		close(at);
		at = up;
		if (has_all)
			st = above;
	}
	if (at >= 0)
		close(at);
	return has_all;
}

/* Fetches an inode by its number, or THE_ROOT. 0; 1: there is none; or -errno. */
static int ask_one(int fd, uint64_t ino, struct bulkstat_answer *answer)
{
	struct {
		struct request request;
		struct bulkstat_answer answer;
	} one;
	const int ret = ask(fd, &one.request, ino, 1);
	if (ret || one.request.n == 0 || (ino != THE_ROOT && one.answer.ino != ino))
		return ret ? ret : 1;
	*answer = one.answer;
	return 0;
}

int flist_xfs_has_all(int fd)
{
	struct bulkstat_answer root;
	const int ret = ask_one(fd, THE_ROOT, &root);
	return ret < 0 ? ret : ret == 0 && has_all_directories(fd, root.ino);
}

static int begin(struct flist_xfs *fs, const char **why)
{
	struct statfs st;
	struct bulkstat_answer root;
	if (fstatfs(fs->fd, &st) || (uint32_t)st.f_type != XFS_MAGIC || st.f_bsize < 512) {
		*why = "the root is not on xfs";
		return -ENOTSUP;
	}
	fs->sectors = (uint64_t)st.f_bsize / 512;
	const int ret = ask_one(fs->fd, THE_ROOT, &root);
	if (ret >= 0)
		return 0;
	*why = ret == -EPERM    ? "bulkstat of an xfs needs CAP_SYS_ADMIN"
	       : ret == -ENOTTY ? "this kernel has no bulkstat of xfs (XFS_IOC_BULKSTAT, Linux 5.3)"
				: "bulkstat of this xfs fails";
	return -ENOTSUP;
}

int flist_xfs_open(struct flist_xfs **fs, int fd, int64_t since_ns, bool is_whole, const char **why)
{
	struct flist_xfs *new = calloc(1, sizeof(*new));
	int ret = -ENOMEM;
	*fs = NULL;
	*why = NULL;
	if (new) {
		new->fd = fd;
		new->since_ns = since_ns;
		new->is_whole = is_whole;
		ret = begin(new, why);
	}
	if (ret)
		flist_xfs_free(new);
	else
		*fs = new;
	return ret;
}

bool flist_xfs_fetch(const struct flist_xfs *fs, uint64_t ino, struct flist_disk_inode *inode)
{
	struct bulkstat_answer answer;
	*inode = (struct flist_disk_inode){0};
	if (!ask_one(fs->fd, ino, &answer))
		take_inode(fs, &answer, inode);
	return inode->mode != 0;
}

bool flist_xfs_is_whole(const struct flist_xfs *fs)
{
	return fs->is_whole;
}

void flist_xfs_free(struct flist_xfs *fs)
{
	free(fs);
}

void flist_xfs_reader_release(struct flist_xfs_reader *reader)
{
	flist_arena_release(&reader->kept);
	free(reader->raw);
	free(reader->wants);
	free(reader->inodes);
	*reader = (struct flist_xfs_reader){.fs = reader->fs};
}

#endif
