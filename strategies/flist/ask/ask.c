/*
 * Fetches metadata by one of three system calls.
 *
 * fstatat fetches exactly FLIST_BASIC and is 2 % faster than statx with the same fields. statx is
 * used for any other set. Fewer fields save nothing on a local filesystem, but a remote one need
 * not fetch the rest. lstat takes neither a descriptor nor a set of fields.
 *
 * A call may not be available: in the build, in the kernel, or because of a seccomp filter, which
 * may be set while the process runs. So nothing is tested beforehand. If an error looks as if the
 * call itself was refused, a second call shows whether it was; if so, the process does not use that
 * call any more.
 */
#include "strategies/flist/ask/ask.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#ifndef FLIST_PORTABLE
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#endif

#if !defined(FLIST_PORTABLE) && defined(SYS_statx)
#define HAVE_STATX 1
#endif
#if defined(AT_FDCWD) && defined(AT_SYMLINK_NOFOLLOW)
#define HAVE_FSTATAT 1
#endif

/* Linux has it since 2.6.39; on other systems fstat is used. */
#ifdef AT_EMPTY_PATH
enum { EMPTY_PATH = AT_EMPTY_PATH };
#else
enum { EMPTY_PATH = 0 };
#endif

#ifdef HAVE_STATX
/*
 * The result of statx. It is defined here because C libraries have it only since musl 1.2.5 and
 * glibc 2.28, and some fields later. The layout is the kernel's binary interface and never changes.
 */
struct flist_statx_time {
	int64_t seconds;
	uint32_t ns;
	int32_t reserved;
};

struct flist_statx {
	uint32_t mask; /* enum flist_field: fields that were fetched */
	uint32_t blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, spare;
	uint64_t ino, size, blocks, attributes_mask;
	struct flist_statx_time atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t mnt_id;
	uint32_t dio_memory, dio_offset;
	uint64_t subvol;
	uint64_t later[11]; /* fields of newer kernels */
};

/* More bits of its mask, of Linux 6.8 and 6.10. */
enum { UNIQUE_MOUNT = 0x4000, SUBVOL = 0x8000 };

_Static_assert(sizeof(struct flist_statx) == 256, "the kernel writes 256 bytes");
#endif

_Static_assert(sizeof(off_t) == 8, "32-bit systems: compile with -D_FILE_OFFSET_BITS=64");

enum method { STATX, FSTATAT, LSTAT, METHODS };

static const char *const method_names[METHODS] = {"statx", "fstatat", "lstat"};

#ifndef HAVE_STATX
#define NO_STATX (1U << STATX)
#else
#define NO_STATX 0U
#endif
#ifndef HAVE_FSTATAT
#define NO_FSTATAT (1U << FSTATAT)
#else
#define NO_FSTATAT 0U
#endif

/*
 * System calls that this process cannot make, one bit each. This is the only changing state of the
 * library that all calls share. A bit that is set stays set.
 */
static _Atomic unsigned missing = NO_STATX | NO_FSTATAT;

/*
 * Converts a time. One that does not fit into 64 bits of nanoseconds becomes the nearest that does.
 */
static int64_t in_ns(int64_t seconds, int64_t ns)
{
	int64_t sum;
	if (__builtin_mul_overflow(seconds, 1000000000, &sum) ||
	    __builtin_add_overflow(sum, ns, &sum))
		return seconds < 0 ? INT64_MIN : INT64_MAX;
	return sum;
}

/*
 * Sets every field explicitly: otherwise the compiler clears the struct first, which takes a
 * hundredth of the time of the system call.
 */
static void from_stat(struct flist_meta *meta, const struct stat *st)
{
	*meta = (struct flist_meta){
		.ino = st->st_ino,
		.dev = st->st_dev,
		.rdev = st->st_rdev,
		.size = (uint64_t)st->st_size,
		.blocks = (uint64_t)st->st_blocks,
		.mnt_id = 0,
		.atime_ns = in_ns(st->st_atim.tv_sec, st->st_atim.tv_nsec),
		.mtime_ns = in_ns(st->st_mtim.tv_sec, st->st_mtim.tv_nsec),
		.ctime_ns = in_ns(st->st_ctim.tv_sec, st->st_ctim.tv_nsec),
		.btime_ns = 0,
		.mode = st->st_mode,
		.nlink = (uint32_t)st->st_nlink,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.blksize = (uint32_t)st->st_blksize,
		.valid = FLIST_BASIC,
	};
}

void flist_keep_valid(struct flist_meta *meta)
{
	const uint32_t v = meta->valid;
	meta->mode &= (v & FLIST_TYPE ? (uint32_t)S_IFMT : 0) | (v & FLIST_MODE ? 07777U : 0);
	meta->nlink = v & FLIST_NLINK ? meta->nlink : 0;
	meta->uid = v & FLIST_UID ? meta->uid : 0;
	meta->gid = v & FLIST_GID ? meta->gid : 0;
	meta->atime_ns = v & FLIST_ATIME ? meta->atime_ns : 0;
	meta->mtime_ns = v & FLIST_MTIME ? meta->mtime_ns : 0;
	meta->ctime_ns = v & FLIST_CTIME ? meta->ctime_ns : 0;
	meta->ino = v & FLIST_INO ? meta->ino : 0;
	meta->size = v & FLIST_SIZE ? meta->size : 0;
	meta->blocks = v & FLIST_BLOCKS ? meta->blocks : 0;
	meta->btime_ns = v & FLIST_BTIME ? meta->btime_ns : 0;
	meta->mnt_id = v & FLIST_MNT_ID ? meta->mnt_id : 0;
}

#ifdef HAVE_STATX
static void from_statx(struct flist_meta *meta, const struct flist_statx *stx)
{
	*meta = (struct flist_meta){
		.ino = stx->ino,
		.dev = makedev(stx->dev_major, stx->dev_minor),
		.rdev = makedev(stx->rdev_major, stx->rdev_minor),
		.size = stx->size,
		.blocks = stx->blocks,
		.mnt_id = stx->mnt_id,
		.atime_ns = in_ns(stx->atime.seconds, stx->atime.ns),
		.mtime_ns = in_ns(stx->mtime.seconds, stx->mtime.ns),
		.ctime_ns = in_ns(stx->ctime.seconds, stx->ctime.ns),
		.btime_ns = in_ns(stx->btime.seconds, stx->btime.ns),
		.mode = stx->mode,
		.nlink = stx->nlink,
		.uid = stx->uid,
		.gid = stx->gid,
		.blksize = stx->blksize,
		.valid = stx->mask & FLIST_FIELDS,
	};
	if (meta->valid != FLIST_FIELDS)
		flist_keep_valid(meta);
}

/*
 * Makes the system call directly, since the function of glibc silently calls fstatat if the kernel
 * has no statx. As with stat(2), no automount is triggered.
 */
static int call_statx(int dirfd, const char *name, unsigned flags, uint32_t mask,
		      struct flist_statx *stx)
{
	int how = AT_NO_AUTOMOUNT | (flags & FLIST_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW) |
		  (flags & FLIST_ITSELF ? EMPTY_PATH : 0);
	return syscall(SYS_statx, dirfd, name, how, mask, stx) < 0 ? -errno : 0;
}

static int ask_statx(int dirfd, const char *name, unsigned flags, uint32_t fields,
		     struct flist_meta *meta)
{
	struct flist_statx stx;
	int ret = call_statx(dirfd, name, flags, fields, &stx);
	if (!ret)
		from_statx(meta, &stx);
	return ret;
}
#endif

#ifdef HAVE_FSTATAT
static int ask_fstatat(int dirfd, const char *name, unsigned flags, struct flist_meta *meta)
{
	struct stat st;
	const int how = (flags & FLIST_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW) |
			(flags & FLIST_ITSELF ? EMPTY_PATH : 0);
	if (fstatat(dirfd, name, &st, how) < 0)
		return -errno;
	from_stat(meta, &st);
	return 0;
}
#endif

/*
 * On x86-64 calls stat or lstat directly: the functions of its C library call newfstatat, which is
 * not available when this is used.
 */
static int plain_stat(const char *path, unsigned flags, struct stat *st)
{
#if !defined(FLIST_PORTABLE) && defined(__x86_64__) && defined(__LP64__)
	return (int)syscall(flags & FLIST_FOLLOW ? SYS_stat : SYS_lstat, path, st);
#else
	return flags & FLIST_FOLLOW ? stat(path, st) : lstat(path, st);
#endif
}

static int ask_fstat(int fd, struct flist_meta *meta)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return -errno;
	from_stat(meta, &st);
	return 0;
}

/* A name in an open directory also has a path if the system shows descriptors as files. */
static int ask_lstat(int dirfd, const char *name, unsigned flags, struct flist_meta *meta)
{
	char path[4096 + 32];
	struct stat st;
	if (flags & FLIST_ITSELF)
		return ask_fstat(dirfd, meta);
	if (dirfd != AT_FDCWD && *name != '/' && *name) {
		int len = snprintf(path, sizeof(path), FLIST_DESCRIPTORS "/%d/%s", dirfd, name);
		if (len >= (int)sizeof(path))
			return -ENAMETOOLONG;
		name = path;
	}
	if (plain_stat(name, flags, &st) < 0)
		return -errno;
	from_stat(meta, &st);
	return 0;
}

static int ask_by(enum method method, int dirfd, const char *name, unsigned flags, uint32_t fields,
		  struct flist_meta *meta)
{
	(void)fields;
	switch (method) {
#ifdef HAVE_STATX
	case STATX:
		return ask_statx(dirfd, name, flags, fields, meta);
#endif
#ifdef HAVE_FSTATAT
	case FSTATAT:
		return ask_fstatat(dirfd, name, flags, meta);
#endif
	default:
		return ask_lstat(dirfd, name, flags, meta);
	}
}

/* Seccomp filters return either error. */
static bool looks_missing(int ret)
{
	return ret == -ENOSYS || ret == -EPERM;
}

/*
 * Tests whether the call itself is refused, since some filesystems return the same errors. With the
 * descriptor -1, a call that is available fails with EBADF. (With other arguments some C libraries
 * call stat instead.)
 */
static bool is_missing(enum method method)
{
	struct flist_meta meta;
	unsigned known = atomic_load_explicit(&missing, memory_order_relaxed);
	if (known & 1U << method)
		return true;
	if (!looks_missing(ask_by(method, -1, ".", 0, FLIST_TYPE, &meta)))
		return false;
	atomic_fetch_or_explicit(&missing, 1U << method, memory_order_relaxed);
	return true;
}

static enum method choose(uint32_t fields)
{
	const unsigned not = atomic_load_explicit(&missing, memory_order_relaxed);
	const bool statx = !(not &1U << STATX), fstatat = !(not &1U << FSTATAT);
	if (fstatat && (fields == FLIST_BASIC || !statx))
		return FSTATAT;
	return statx ? STATX : LSTAT;
}

int flist_ask(int dirfd, const char *name, unsigned flags, uint32_t fields, struct flist_meta *meta)
{
	for (;;) {
		enum method method = flags & FLIST_ITSELF && !EMPTY_PATH ? LSTAT : choose(fields);
		int ret = ask_by(method, dirfd, name, flags, fields, meta);
		if (!looks_missing(ret) || method == LSTAT || !is_missing(method))
			return ret;
	}
}

/* ---- What only statx fetches ----------------------------------------------------------------- */

#ifdef HAVE_STATX
static void from_wide(struct flist_wide *wide, const struct flist_statx *stx, uint32_t wanted)
{
	uint32_t valid = FLIST_ATTRIBUTES; /* attributes_mask has those that are known */
	if (stx->mask & SUBVOL)
		valid |= FLIST_SUBVOL;
	if (stx->mask & UNIQUE_MOUNT)
		valid |= FLIST_MOUNT;
	wide->valid |= valid & wanted;
	if (wide->valid & FLIST_ATTRIBUTES) {
		wide->attributes = stx->attributes & stx->attributes_mask;
		wide->attributes_mask = stx->attributes_mask;
	}
	if (wide->valid & FLIST_SUBVOL)
		wide->subvol = stx->subvol;
	if (valid & wanted & FLIST_MOUNT)
		wide->mount = stx->mnt_id;
}

static int ask_wide(int dirfd, const char *name, unsigned flags, uint32_t fields, uint32_t wanted,
		    struct flist_meta *meta, struct flist_wide *wide)
{
	struct flist_statx stx;
	uint32_t mask = fields;
	if (wanted & FLIST_SUBVOL)
		mask |= SUBVOL;
	if (wanted & FLIST_MOUNT)
		mask |= UNIQUE_MOUNT;
	int ret = call_statx(dirfd, name, flags, mask, &stx);
	if (ret)
		return ret;
	from_statx(meta, &stx);
	from_wide(wide, &stx, wanted);
	return 0;
}

/*
 * Fetches the unique mount id by a second call. If the entry has been replaced by one on another
 * device meanwhile, the id is not used.
 */
static void ask_mount(int dirfd, const char *name, unsigned flags, const struct flist_meta *meta,
		      struct flist_wide *wide)
{
	struct flist_meta again;
	struct flist_wide mount = {0};
	if (ask_wide(dirfd, name, flags, FLIST_INO, FLIST_MOUNT, &again, &mount) ||
	    again.dev != meta->dev)
		return;
	wide->valid |= mount.valid;
	wide->mount = mount.mount;
}

int flist_ask_wide(int dirfd, const char *name, unsigned flags, uint32_t fields, uint32_t wanted,
		   struct flist_meta *meta, struct flist_wide *wide)
{
	const bool both = fields & FLIST_MNT_ID && wanted & FLIST_MOUNT;
	*wide = (struct flist_wide){0};
	if (atomic_load_explicit(&missing, memory_order_relaxed) & 1U << STATX)
		return flist_ask(dirfd, name, flags, fields, meta);
	int ret = ask_wide(dirfd, name, flags, fields,
			   both ? wanted & ~(uint32_t)FLIST_MOUNT : wanted, meta, wide);
	if (looks_missing(ret) && is_missing(STATX))
		return flist_ask(dirfd, name, flags, fields, meta);
	if (!ret && both)
		ask_mount(dirfd, name, flags, meta, wide);
	return ret;
}
#else
int flist_ask_wide(int dirfd, const char *name, unsigned flags, uint32_t fields, uint32_t wanted,
		   struct flist_meta *meta, struct flist_wide *wide)
{
	(void)wanted;
	*wide = (struct flist_wide){0};
	return flist_ask(dirfd, name, flags, fields, meta);
}
#endif

const char *flist_backend(uint32_t fields)
{
	for (;;) {
		enum method method = choose(flist_fields(fields));
		if (method == LSTAT || !is_missing(method))
			return method_names[method];
	}
}

int flist_stat_at(int dirfd, const char *name, unsigned flags, uint32_t fields,
		  struct flist_meta *meta)
{
	int ret = flist_ask_check(flags & ~(unsigned)FLIST_ITSELF, fields);
	if (!ret && flags & FLIST_ITSELF && *name)
		ret = -EINVAL;
	return ret ? ret : flist_ask(dirfd, name, flags, flist_fields(fields), meta);
}

int flist_stat(const char *path, unsigned flags, struct flist_meta *meta)
{
	const int ret = flist_ask_check(flags, 0);
	return ret ? ret : flist_ask(AT_FDCWD, path, flags, FLIST_BASIC, meta);
}
