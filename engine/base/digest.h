/*
 * Order-independent digests of many entries, so that workers in any order and walks of any
 * algorithm can be compared. A digest is the number of entries and the sum (mod 2^64) of a 64-bit
 * hash of each: a sum, because XOR would cancel an entry that was reported twice.
 *
 * This file's .c is the engine's one door to xxHash.
 */
#ifndef ENGINE_BASE_DIGEST_H
#define ENGINE_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct digest {
	uint64_t count;
	uint64_t sum;
};

enum { DIGEST_TEXT_SIZE = 40 };

/* XXH3_64bits_withSeed: the same on every machine and library version. */
uint64_t digest_hash(const void *data, size_t size, uint64_t seed);

/*
 * The same of bytes that come one after the other. What has come so far is kept, so that the hashes
 * of paths that begin alike take no time by that beginning. About 640 bytes each.
 */
struct digest_stream;

/* Goes on from `from`; where that is NULL, begins with this seed. Returns NULL: out of memory. */
struct digest_stream *digest_stream_new(const struct digest_stream *from, uint64_t seed);
void digest_stream_free(struct digest_stream *stream); /* accepts NULL */
void digest_stream_add(struct digest_stream *stream, const void *data, size_t size);

/* digest_hash of all that came, and of data behind it, which is not kept. */
uint64_t digest_stream_hash(const struct digest_stream *stream, const void *data, size_t size);

static inline void digest_add(struct digest *d, uint64_t hash)
{
	d->count++;
	d->sum += hash;
}

static inline void digest_merge(struct digest *d, const struct digest *other)
{
	d->count += other->count;
	d->sum += other->sum;
}

static inline bool digest_same(const struct digest *a, const struct digest *b)
{
	return a->count == b->count && a->sum == b->sum;
}

/* "COUNT-HEX16"; returns buf, which holds DIGEST_TEXT_SIZE bytes. */
const char *digest_text(const struct digest *d, char *buf);

#endif
