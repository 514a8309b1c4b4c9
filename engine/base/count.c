#include "engine/base/count.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool ends_in(const char *word, const char *end)
{
	const size_t length = strlen(word), tail = strlen(end);
	return length >= tail && strcmp(word + length - tail, end) == 0;
}

/*
 * Returns the ending of the plural. The singular keeps its first *stays letters; the ending
 * replaces the rest.
 */
static const char *plural_of(const char *one, size_t *stays)
{
	static const struct {
		const char *one, *many;
	} irregular[] = {{"series", "series"}};
	static const char *const hissing[] = {"s", "x", "ch", "sh"};
	*stays = strlen(one);
	for (size_t i = 0; i < ARRAY_LEN(irregular); i++) {
		if (!ends_in(one, irregular[i].one))
			continue;
		*stays -= strlen(irregular[i].one);
		return irregular[i].many;
	}
	for (size_t i = 0; i < ARRAY_LEN(hissing); i++) {
		if (ends_in(one, hissing[i]))
			return "es";
	}
	if (!ends_in(one, "y") || ends_in(one, "ay"))
		return "s";
	*stays -= 1;
	return "ies";
}

const char *counted_wide(unsigned __int128 n, const char *one, char buf[COUNTED_SIZE])
{
	const uint64_t unit = 1000000000000000000; /* a multiple of groups of three digits */
	const bool is_wide = n >= unit;
	size_t stays = strlen(one);
	const char *end = n == 1 ? "" : plural_of(one, &stays);
	/*
	 * Adding the unit pads the lower part with zeros; the digit of the unit itself is skipped.
	 */
	const char *low = GROUPED((uint64_t)(n % unit) + (is_wide ? unit : 0));
	snprintf(buf, COUNTED_SIZE, "%s%s %.*s%s", is_wide ? GROUPED((uint64_t)(n / unit)) : "",
		 low + is_wide, (int)stays, one, end);
	return buf;
}

const char *counted(uint64_t n, const char *one, char buf[COUNTED_SIZE])
{
	return counted_wide(n, one, buf);
}

const char *count_short(uint64_t n, char buf[COUNT_SHORT_SIZE])
{
	const bool millions = n && n % 1000000 == 0, thousands = n && n % 1000 == 0;
	snprintf(buf, COUNT_SHORT_SIZE, "%llu%s",
		 (unsigned long long)(n / (millions    ? 1000000
					   : thousands ? 1000
						       : 1)),
		 millions    ? "M"
		 : thousands ? "k"
			     : "");
	return buf;
}

const char *count_memory(uint64_t bytes, char buf[COUNTED_SIZE])
{
	const bool large = bytes >= UINT64_C(10) << 20;
	snprintf(buf, COUNTED_SIZE, "%s %s", GROUPED(large ? bytes >> 20 : bytes >> 10),
		 large ? "MiB" : "KiB");
	return buf;
}

unsigned count_percent(uint64_t part, uint64_t whole)
{
	if (!whole)
		return 0;
	return (unsigned)(((unsigned __int128)part * 200 + whole) / ((unsigned __int128)whole * 2));
}
