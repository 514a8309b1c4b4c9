#include "engine/cmd/parts/sitting.h"

#include "engine/base/util.h"
#include "engine/host/memory.h"

/*
 * Of an entry, in this process: 12 bytes of the view and its name, two looks of the verifier at 40
 * bytes, a record of 64, and in walks its path. Measured: 70 bytes in fetches of short names, 260
 * in walks of long ones.
 */
enum { VIEW_BYTES = 256 };

uint64_t sitting_bound(uint64_t wanted, struct arena *arena)
{
	const uint64_t available = wanted ? 0 : memory_available("", arena);
	if (wanted)
		return wanted;
	return available ? available / 4 * 3 : UINT64_MAX;
}

static uint64_t bytes_of(uint64_t entries, uint64_t each)
{
	return entries > UINT64_MAX / each ? UINT64_MAX : entries * each;
}

uint64_t sitting_left(const struct sitting *s)
{
	return s->bound - MIN(s->used, s->bound);
}

enum sitting_fit sitting_take(struct sitting *s, const struct lab_spec *spec, uint64_t entries)
{
	const struct lab_bytes kernel = lab_spec_bytes(spec);
	const uint64_t least = bytes_of(entries, VIEW_BYTES + kernel.held);
	const uint64_t all = bytes_of(entries, VIEW_BYTES + kernel.held + kernel.cached);
	if (!s->n && least > s->bound)
		return SITTING_NEVER;
	if (s->n && all > sitting_left(s))
		return SITTING_LATER;
	s->used += MIN(all, UINT64_MAX - s->used);
	s->n++;
	return SITTING_FITS;
}

uint64_t sitting_room(const struct sitting *s)
{
	const uint64_t each = s->n ? VIEW_BYTES + lab_spec_bytes(NULL).cached : VIEW_BYTES;
	return sitting_left(s) / each;
}
