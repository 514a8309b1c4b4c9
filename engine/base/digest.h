/*
 * Digests of many entries that do not depend on their order, so that workers in any order and walks
 * of any algorithm can be compared. A digest is the number of entries and the sum (mod 2^64) of a
 * 64-bit hash of each. It is a sum, because with XOR an entry that is reported twice would cancel
 * itself.
 *
 * digest.c is the only file of the engine that includes xxHash.
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
 * The same for bytes that come in pieces. The state can be copied, so that hashing paths with a
 * common beginning takes no time for that beginning. About 640 bytes each.
 */
struct digest_stream;

/*
 * A copy of `from`, or, if it is NULL, a new state with this seed. To be freed by
 * digest_stream_free. NULL: out of memory.
 */
struct digest_stream *digest_stream_new(const struct digest_stream *from, uint64_t seed);
void digest_stream_free(struct digest_stream *stream); /* accepts NULL */
void digest_stream_add(struct digest_stream *stream, const void *data, size_t size);

/* digest_hash of all bytes added so far followed by data, which is not added. */
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
