#include "engine/base/digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t digest_hash(const void *data, size_t size, uint64_t seed)
{
	return XXH3_64bits_withSeed(data, size, seed);
}

struct digest_stream {
	XXH3_state_t state;
};

struct digest_stream *digest_stream_new(const struct digest_stream *from, uint64_t seed)
{
	struct digest_stream *stream = aligned_alloc(_Alignof(XXH3_state_t), sizeof(*stream));
	if (stream && from)
		*stream = *from;
	if (stream && !from) {
		/* XXH3 reads the old content. */
		memset(&stream->state, 0, sizeof(stream->state));
		XXH3_64bits_reset_withSeed(&stream->state, seed);
	}
	return stream;
}

void digest_stream_free(struct digest_stream *stream)
{
	free(stream);
}

void digest_stream_add(struct digest_stream *stream, const void *data, size_t size)
{
	XXH3_64bits_update(&stream->state, data, size);
}

uint64_t digest_stream_hash(const struct digest_stream *stream, const void *data, size_t size)
{
	struct digest_stream longer = *stream;
	digest_stream_add(&longer, data, size);
	return XXH3_64bits_digest(&longer.state);
}

const char *digest_text(const struct digest *d, char *buf)
{
	snprintf(buf, DIGEST_TEXT_SIZE, "%" PRIu64 "-%016" PRIx64, d->count, d->sum);
	return buf;
}
