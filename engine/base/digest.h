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
