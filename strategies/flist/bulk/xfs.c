/* Reads inodes of an xfs, many with one call. */
#ifndef FLIST_PORTABLE
#include "strategies/flist/bulk/tables.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "strategies/flist/clock.h"

/*
 * The argument of the ioctl, and an element of its result. They are defined here because the
 * kernel's headers are often not installed.
 */
struct request {
	uint64_t ino; /* inodes from this number on; after the call, where to continue */
	uint32_t flags;
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
	WANT_MOST = 256,   /* maximum number of inodes of a call, if inodes are read in order */
	HEADS = 64 * 1024, /* number of chains of the hash table */
	REALTIME = 1,      /* flag: its blocks are on the realtime device, with another size */
	WAITS_TO_JUDGE = 8,
};

struct flist_xfs_part {
	struct flist_xfs_part *next; /* in its chain */
	uint64_t first;
	struct flist_disk_inode inodes[PART];
};

struct flist_xfs {
	int fd;
	int64_t since_ns;
	uint64_t sectors; /* number of sectors of 512 bytes in a block */
	uint64_t root;
	_Atomic(struct flist_xfs_part *) heads[HEADS];
};

/* ---- Calls of bulkstat ----------------------------------------------------------------------- */

static struct bulkstat_answer *answers_of(struct request *request)
{
	return (struct bulkstat_answer *)(void *)(request + 1);
}

/* Fetches inodes from a number on, at most `room`. 0 or -errno. */
static int ask(const struct flist_xfs *fs, struct request *request, uint64_t ino, uint32_t room)
{
	int ret;
	*request = (struct request){.ino = ino, .room = room};
	do
		ret = ioctl(fs->fd, (code)BULKSTAT, request);
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

/* ---- Parts ----------------------------------------------------------------------------------- */

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
	else if (reader->want < WANT_MOST)
		reader->want *= 2;
}

static int ask_counted(struct flist_xfs_reader *reader, uint64_t first)
{
	const uint64_t before = flist_wait_count();
	const int ret = ask(reader->fs, reader->raw, first, reader->want);
	reader->asks++;
	reader->waits += flist_wait_count() != before;
	return ret;
}

bool flist_xfs_waits(const struct flist_xfs_reader *reader)
{
	return reader->waits >= WAITS_TO_JUDGE && reader->waits > reader->asks / 2;
}

/*
 * Reads a part. NULL: out of memory. A part that cannot be read has no inodes, so all of them are
 * fetched by system calls.
 */
static const struct flist_xfs_part *read_part(struct flist_xfs_reader *reader, uint64_t first)
{
	const struct flist_xfs_part *part;
	struct flist_xfs_part *none;
	if (!reader->raw)
		reader->raw =
			malloc(sizeof(struct request) + WANT_MOST * sizeof(struct bulkstat_answer));
	if (!reader->raw)
		return NULL;
	choose_want(reader, first);
	struct request *request = reader->raw;
	if (!ask_counted(reader, first)) {
		reader->inodes += request->n;
		reader->behind = request->ino;
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

const struct flist_disk_inode *flist_xfs_inode(struct flist_xfs_reader *reader, uint64_t ino)
{
	const uint64_t first = first_of(ino);
	const struct flist_xfs_part *part = reader->last;
	if (!part || part->first != first)
		part = find_part(reader->fs, first);
	if (!part && !reader->is_ended)
		part = read_part(reader, first);
	if (!part)
		return NULL;
	reader->last = part;
	return part->inodes[ino - first].mode ? &part->inodes[ino - first] : NULL;
}

/* ---- Beginning and end ----------------------------------------------------------------------- */

static int begin(struct flist_xfs *fs, const char **why)
{
	struct statfs st;
	struct {
		struct request request;
		struct bulkstat_answer answer;
	} one;
	if (fstatfs(fs->fd, &st) || (uint32_t)st.f_type != XFS_MAGIC || st.f_bsize < 512) {
		*why = "the root is not on xfs";
		return -ENOTSUP;
	}
	fs->sectors = (uint64_t)st.f_bsize / 512;
	const int ret = ask(fs, &one.request, 0, 1);
	if (!ret) {
		/* The root is the first inode that is ever allocated, in the first group. */
		fs->root = one.request.n ? one.answer.ino : 0;
		return 0;
	}
	*why = ret == -EPERM    ? "bulkstat of an xfs needs CAP_SYS_ADMIN"
	       : ret == -ENOTTY ? "this kernel has no bulkstat of xfs (XFS_IOC_BULKSTAT, Linux 5.3)"
				: "bulkstat of this xfs fails";
	return -ENOTSUP;
}

int flist_xfs_open(struct flist_xfs **fs, int fd, int64_t since_ns, const char **why)
{
	struct flist_xfs *new = calloc(1, sizeof(*new));
	int ret = -ENOMEM;
	*fs = NULL;
	*why = NULL;
	if (new) {
		new->fd = fd;
		new->since_ns = since_ns;
		ret = begin(new, why);
	}
	if (ret)
		flist_xfs_free(new);
	else
		*fs = new;
	return ret;
}

uint64_t flist_xfs_root(const struct flist_xfs *fs)
{
	return fs->root;
}

void flist_xfs_free(struct flist_xfs *fs)
{
	free(fs);
}

void flist_xfs_reader_release(struct flist_xfs_reader *reader)
{
	flist_arena_release(&reader->kept);
	free(reader->raw);
	*reader = (struct flist_xfs_reader){.fs = reader->fs};
}

#endif
