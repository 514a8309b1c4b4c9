/*
 * libflist: file metadata, fetched as fast as Linux gives it, for programs that ask a lot.
 *
 * Every function that can fail returns 0 or -errno and writes its answer where the caller says.
 * Handles are opaque; pass them to any thread. A path is any bytes but NUL. What is shared between
 * callers is const and counted: a result is valid until its flist_meta_unref, whatever happens to
 * the object that gave it out.
 */
#ifndef FLIST_H
#define FLIST_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FLIST_API __attribute__((visibility("default")))

/* ---- Metadata: one struct for every way of asking ---------------------------------------- */

/* Which fields of a struct flist_meta hold an answer. The bits are those of statx(2). */
enum flist_field {
	FLIST_TYPE = 0x0001, /* the S_IFMT part of mode */
	FLIST_MODE = 0x0002, /* the rest of mode */
	FLIST_NLINK = 0x0004,
	FLIST_UID = 0x0008,
	FLIST_GID = 0x0010,
	FLIST_ATIME = 0x0020,
	FLIST_MTIME = 0x0040,
	FLIST_CTIME = 0x0080,
	FLIST_INO = 0x0100,
	FLIST_SIZE = 0x0200,
	FLIST_BLOCKS = 0x0400,
	FLIST_BASIC = 0x07ff, /* all of the above: what stat(2) answers */
	FLIST_BTIME = 0x0800,
	FLIST_MNT_ID = 0x1000,
};

/* Fields without a bit in valid are 0. */
struct flist_meta {
	uint64_t ino;
	uint64_t dev, rdev; /* as st_dev and st_rdev; always valid, like blksize */
	uint64_t size;      /* bytes */
	uint64_t blocks;    /* of 512 bytes */
	uint64_t mnt_id;
	int64_t atime_ns, mtime_ns, ctime_ns, btime_ns; /* since the epoch */
	uint32_t mode;
	uint32_t nlink, uid, gid;
	uint32_t blksize; /* preferred size of reads and writes, bytes */
	uint32_t valid;   /* enum flist_field */
};

/* How to ask. Unknown bits are refused with -EINVAL. */
enum flist_flag {
	FLIST_FOLLOW = 1 << 0, /* of a symbolic link: its target's metadata, not its own */
};

/* Asks for one path, with lstat(2) or stat(2), and returns their errors. Fills FLIST_BASIC. */
FLIST_API int flist_stat(const char *path, unsigned flags, struct flist_meta *meta);

/* ---- Cache: each path is asked for once, the answer is shared ---------------------------- */

struct flist_cache;

/*
 * How a cache asks: fills *meta and returns 0, or returns -errno. Called without locks by any
 * thread, but by two at once for the same path and flags only when the first one's answer has been
 * removed meanwhile. Must not get the same path from the same cache: it would wait for itself.
 */
typedef int flist_fetch(void *arg, const char *path, unsigned flags, struct flist_meta *meta);

struct flist_cache_options {
	size_t capacity;    /* most entries it holds; 0: no limit */
	int keep_errors;    /* nonzero: an error is an answer too, and is not asked for again */
	flist_fetch *fetch; /* NULL: flist_stat */
	void *arg;          /* for fetch */
};

/*
 * Makes an empty cache; options may be NULL, which is the same as all zero.
 *
 * The capacity is split evenly among the shards. A shard that is full gives up an entry that was
 * not asked for again since the last time round (CLOCK), so the length never exceeds the capacity
 * and may stay a few percent below it. Errors: -ENOMEM.
 */
FLIST_API int flist_cache_new(struct flist_cache **cache,
			      const struct flist_cache_options *options);

/* No other thread may be using the cache. Results already given out stay valid. Accepts NULL. */
FLIST_API void flist_cache_free(struct flist_cache *cache);

/*
 * Gives the metadata of path, asking for it if nobody has. Threads that want the same path at the
 * same time cause one system call and get the same answer: *meta points to the same object for
 * everybody until the entry is replaced, removed or given up. The caller ends with
 * flist_meta_unref.
 *
 * Errors: those of the fetch, which everyone who waited for it gets, and which are then forgotten
 * unless keep_errors; -EINVAL; -ENOMEM, with the cache as it was. *meta is NULL then.
 */
FLIST_API int flist_cache_get(struct flist_cache *cache, const char *path, unsigned flags,
			      const struct flist_meta **meta);

/* The same without ever asking: -ENODATA when the answer is not there. Counts as no lookup. */
FLIST_API int flist_cache_peek(struct flist_cache *cache, const char *path, unsigned flags,
			       const struct flist_meta **meta);

/* Puts in a copy of what the caller knows, in place of what was there. -EINVAL, -ENOMEM. */
FLIST_API int flist_cache_insert(struct flist_cache *cache, const char *path, unsigned flags,
				 const struct flist_meta *meta);

/*
 * Forgets one answer, or all. A get that begins after this returns never sees metadata that was
 * asked for before it was called, not even by a get still under way. Clearing also sets hits and
 * misses to 0; it goes shard by shard, so it is not one instant in a cache that is in use.
 */
FLIST_API void flist_cache_remove(struct flist_cache *cache, const char *path, unsigned flags);
FLIST_API void flist_cache_clear(struct flist_cache *cache);

/* Entries held, kept errors included, requests under way not. */
FLIST_API size_t flist_cache_length(struct flist_cache *cache);

/*
 * Exact counts of gets since the cache was made or cleared: answered without a fetch of their own
 * (waiting for another's included), and with one. The hit rate is hits / (hits + misses).
 */
FLIST_API uint64_t flist_cache_hits(struct flist_cache *cache);
FLIST_API uint64_t flist_cache_misses(struct flist_cache *cache);

/*
 * Share and let go of a result that came from a cache. unref accepts NULL; ref returns its
 * argument.
 */
FLIST_API const struct flist_meta *flist_meta_ref(const struct flist_meta *meta);
FLIST_API void flist_meta_unref(const struct flist_meta *meta);

#ifdef __cplusplus
}
#endif

#endif
