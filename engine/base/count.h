/*
 * Numbers with the noun that they count, for messages; the only place that forms plurals.
 */
#ifndef ENGINE_BASE_COUNT_H
#define ENGINE_BASE_COUNT_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/util.h"

enum { COUNTED_SIZE = 96 };

/*
 * "1 entry", "2,000 entries": `one` is the singular; its last word gets the plural ending. Returns
 * buf.
 */
const char *counted(uint64_t n, const char *one, char buf[COUNTED_SIZE]);

/* The same for sums beyond 2^64, such as sums of sizes: a filesystem may report any size. */
const char *counted_wide(unsigned __int128 n, const char *one, char buf[COUNTED_SIZE]);

/*
 * counted, and group_digits below, as an argument of printf: the text is valid until the end of the
 * block.
 */
#define COUNTED(n, one)      counted((n), (one), (char[COUNTED_SIZE]){0})
#define COUNTED_WIDE(n, one) counted_wide((n), (one), (char[COUNTED_SIZE]){0})
#define GROUPED(n)           group_digits((n), (char[COUNTED_SIZE]){0}, COUNTED_SIZE)

enum { COUNT_SHORT_SIZE = 24 };

/* With a suffix: "10k", "2M", "1500". Returns buf. */
const char *count_short(uint64_t n, char buf[COUNT_SHORT_SIZE]);

/* Memory in whole KiB, or from 10 MiB on in MiB: "512 KiB", "17,283 MiB". */
const char *count_memory(uint64_t bytes, char buf[COUNTED_SIZE]);
#define MEMORY(bytes) count_memory((bytes), (char[COUNTED_SIZE]){0})

/* Whole per cent, rounded to the nearest; 0 if whole is 0. */
unsigned count_percent(uint64_t part, uint64_t whole);

#endif
