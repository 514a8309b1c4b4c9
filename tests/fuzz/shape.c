/*
 * Shapes of anyone: whatever the bytes are, reading them ends in a shape or in words; a shape that
 * was read and found good can be counted, hashed and written, and what was written is the same.
 */
#include "datasets/shape/shape.h"

#include <stdlib.h>
#include <string.h>

#include "datasets/tree/census.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same_again(const struct shape *shape)
{
	struct shape again;
	uint64_t hash, hash_again;
	struct err err = {0};
	char *text = shape_to_json(shape);
	if (!text || shape_parse(&again, "again", text, strlen(text), &err))
		abort();
	if (shape_hash(shape, &hash) || shape_hash(&again, &hash_again) || hash != hash_again)
		abort();
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { ENTRIES_MAX = 2000 }; /* a census draws every one of them */
	struct shape shape;
	struct err err = {0};
	if (shape_parse(&shape, "input", (const char *)data, size, &err)) {
		if (!err.code || !*err.text)
			abort();
		return 0;
	}
	same_again(&shape);
	shape.entries = shape.entries < ENTRIES_MAX ? shape.entries : ENTRIES_MAX;
	if (!shape_check(&shape, "fewer", NULL)) {
		struct census census;
		census_of_shape(&census, &shape);
	}
	return 0;
}
