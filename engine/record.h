/*
 * A record: the metadata of one entry, which a strategy stores and the engine verifies. A fetch
 * fills records that the engine owns; a walk gets a record for each entry that it finds.
 */
#ifndef ENGINE_RECORD_H
#define ENGINE_RECORD_H

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define CACHE_LINE 64

/* The fields of a record. The bits are those of statx(2), so one mask serves for both. */
enum field {
	FIELD_TYPE = 0x001,
	FIELD_MODE = 0x002, /* permission bits */
	FIELD_NLINK = 0x004,
	FIELD_UID = 0x008,
	FIELD_GID = 0x010,
	FIELD_MTIME = 0x040,
	FIELD_INO = 0x100,
	FIELD_SIZE = 0x200,
	FIELD_BLOCKS = 0x400,
	FIELD_RDEV = 0x10000, /* statx has no bit for it and always fills it */
	/* Extended attributes as a hash: of their names, or of names and values. */
	FIELD_XATTRS = 0x20000,
	FIELD_XATTR_VALUES = 0x40000,
	FIELDS_NONE = 0,
	FIELDS_ALL = 0x1075f, /* what stat(2) returns */
};

/*
 * The metadata of one entry in exactly one cache line, so that no two workers write the same line.
 * The engine poisons every record before each pass, so that a result of an earlier pass never
 * counts for this one.
 */
struct record {
	uint64_t ino, size, blocks, rdev;
	int64_t mtime_ns;
	uint32_t nlink, uid, gid;
	uint32_t xattrs; /* 0: none; see record_xattr */
	uint32_t fields; /* mask of enum field: which members are valid */
	uint16_t mode;
	int16_t status; /* 0, or -errno of the failed call; RECORD_UNANSWERED before the pass */
} __attribute__((aligned(CACHE_LINE)));

_Static_assert(sizeof(struct record) == CACHE_LINE, "a record is one cache line");

enum { RECORD_UNANSWERED = 1 };

/*
 * Sets every field to a value that no entry has. So data left from an earlier pass cannot pass for
 * a result of this one, even if a strategy marks it as valid without writing it.
 */
static inline void record_poison(struct record *records, size_t n)
{
	memset(records, 0xff, n * sizeof(*records));
	for (size_t i = 0; i < n; i++) {
		records[i].status = RECORD_UNANSWERED;
		records[i].fields = FIELDS_NONE;
	}
}

static inline void record_fail(struct record *r, int error)
{
	r->fields = FIELDS_NONE;
	r->status = (int16_t)-error;
}

/* The entry exists; no field is valid. */
static inline void record_exists(struct record *r)
{
	r->status = 0;
	r->fields = FIELDS_NONE;
}

/* The type only (S_IFMT bits), as a directory lists it. */
static inline void record_type(struct record *r, mode_t type)
{
	r->mode = (uint16_t)type;
	r->status = 0;
	r->fields = FIELD_TYPE;
}

/*
 * The result for a name that must not exist. error: the call's errno, 0 if it succeeded. ENOENT is
 * success.
 */
static inline void record_absent(struct record *r, int error)
{
	if (error == ENOENT)
		record_exists(r);
	else
		record_fail(r, error ? error : EEXIST);
}

/*
 * Nanoseconds since the epoch. A time that does not fit in 64 bits becomes the nearest value that
 * does.
 */
static inline int64_t record_ns(int64_t seconds, int64_t ns)
{
	int64_t sum;
	if (__builtin_mul_overflow(seconds, 1000000000, &sum) ||
	    __builtin_add_overflow(sum, ns, &sum))
		return seconds < 0 ? INT64_MIN : INT64_MAX;
	return sum;
}

static inline void record_stat(struct record *r, const struct stat *st)
{
	r->ino = st->st_ino;
	r->size = (uint64_t)st->st_size;
	r->blocks = (uint64_t)st->st_blocks;
	r->rdev = st->st_rdev;
	r->mtime_ns = record_ns(st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
	r->mode = (uint16_t)st->st_mode;
	r->nlink = (uint32_t)st->st_nlink;
	r->uid = st->st_uid;
	r->gid = st->st_gid;
	r->status = 0;
	r->fields = FIELDS_ALL;
}

/*
 * answered: mask of the fields that the strategy requested. The kernel may fill more; these are not
 * marked as valid.
 */
static inline void record_statx(struct record *r, const struct statx *stx, uint32_t answered)
{
	r->ino = stx->stx_ino;
	r->size = stx->stx_size;
	r->blocks = stx->stx_blocks;
	r->rdev = makedev(stx->stx_rdev_major, stx->stx_rdev_minor);
	r->mtime_ns = record_ns(stx->stx_mtime.tv_sec, stx->stx_mtime.tv_nsec);
	r->mode = stx->stx_mode;
	r->nlink = stx->stx_nlink;
	r->uid = stx->stx_uid;
	r->gid = stx->stx_gid;
	r->status = 0;
	r->fields = answered & (stx->stx_mask | FIELD_RDEV);
}

/* Continues a hash with n bytes, eight at a time, because values have up to 64 KiB. */
static inline uint64_t record_mix(uint64_t hash, const void *bytes, size_t n)
{
	const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
	const char *at = bytes;
	hash = (hash ^ n) * odd;
	while (n > 0) {
		const size_t step = n < sizeof(uint64_t) ? n : sizeof(uint64_t);
		uint64_t word = 0;
		memcpy(&word, at, step);
		hash = (hash ^ hash >> 29 ^ word) * odd;
		at += step;
		n -= step;
	}
	return hash ^ hash >> 32;
}

/*
 * Adds one extended attribute to a record whose xattrs was set to 0 before the first one. The order
 * of calls does not matter. value NULL and error 0: only the name is hashed. error: the errno of a
 * failed read of the value, which is hashed instead of the value; 0: none.
 */
static inline void record_xattr(struct record *r, const char *name, const void *value, size_t size,
				int error)
{
	uint64_t hash = record_mix(1, name, strlen(name));
	if (value || error)
		hash = record_mix(hash + (uint64_t)error, value, error ? 0 : size);
	r->xattrs += (uint32_t)hash | 1;
}

#endif
