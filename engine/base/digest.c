#include "engine/base/digest.h"

#include <inttypes.h>
#include <stdio.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t digest_hash(const void *data, size_t size, uint64_t seed)
{
	return XXH3_64bits_withSeed(data, size, seed);
}

const char *digest_text(const struct digest *d, char *buf)
{
	snprintf(buf, DIGEST_TEXT_SIZE, "%" PRIu64 "-%016" PRIx64, d->count, d->sum);
	return buf;
}
