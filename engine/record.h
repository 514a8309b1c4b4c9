/*
 * A record: the answer about one entry, which a strategy stores and the engine verifies. A fetch
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

/* What a record can hold. The bits are those of statx(2), so a mask serves both. */
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
	FIELD_RDEV = 0x10000, /* has no bit of its own in statx: always answered */
	/* Extended attributes, by a hash of what there is: of their names, or with values. */
	FIELD_XATTRS = 0x20000,
	FIELD_XATTR_VALUES = 0x40000,
	FIELDS_NONE = 0,
	FIELDS_ALL = 0x1075f, /* what stat(2) answers */
};

/*
 * One answer: exactly one cache line, so that no two workers write the same line. The engine
 * poisons every record before each pass, so an answer of the last pass never counts for this one.
 */
struct record {
	uint64_t ino, size, blocks, rdev;
	int64_t mtime_ns;
	uint32_t nlink, uid, gid;
	uint32_t xattrs; /* 0: none; see record_xattr */
	uint32_t fields; /* which of these hold an answer */
	uint16_t mode;
	int16_t status; /* 0, or -errno of the failed call; RECORD_UNANSWERED before the pass */
} __attribute__((aligned(CACHE_LINE)));

_Static_assert(sizeof(struct record) == CACHE_LINE, "a record is one cache line");

enum { RECORD_UNANSWERED = 1 };

/*
 * So that an answer left over from an earlier pass can never be taken for one of this pass, not
 * even by a strategy that calls it one: every field becomes what no entry has.
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

/* A record of an entry that exists, without any fields. */
static inline void record_exists(struct record *r)
{
	r->status = 0;
	r->fields = FIELDS_NONE;
}

/* The type alone (S_IFMT bits), as a directory lists it. */
static inline void record_type(struct record *r, mode_t type)
{
	r->mode = (uint16_t)type;
	r->status = 0;
	r->fields = FIELD_TYPE;
}

/* The answer about a negative name, from the call's errno (0: it succeeded): absence is success. */
static inline void record_absent(struct record *r, int error)
{
	if (error == ENOENT)
		record_exists(r);
	else
		record_fail(r, error ? error : EEXIST);
}

/* Some filesystems keep times that 64 bits of nanoseconds cannot: the nearest stands for them. */
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

/* The kernel may fill more than was asked for; only what was asked for counts as answered. */
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

/* A hash of bytes that goes on from another, eight at a time: values have up to 64 KiB. */
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
 * Adds one extended attribute to an answer that begins with xattrs = 0; in any order. value NULL:
 * of its name only. error: why there is no value, which is an answer, too (errno; 0: there is one).
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
