/*
 * What a walk found: every entry below the root with its path and its record, and the directories
 * that could not be read. There is one for all walkers of a run, who take turns with it; it keeps
 * its memory from pass to pass, so that growing is paid for once and outside the clock.
 *
 * Paths are relative to the root, any bytes without NUL; the root itself is no entry. A directory
 * that cannot be read stays an entry and is a failure besides. Adding, sorting and failing belong
 * to the walk and to its time; nothing here locks, so a walker with several threads keeps lists of
 * its own and hands them over in `deliver`.
 */
#ifndef ENGINE_SINK_H
#define ENGINE_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "engine/record.h"

struct sink;

/* --- For walkers ----------------------------------------------------------------------------- */

/*
 * Appends an entry and returns its record, which is unanswered yet and stays where it is. NULL: out
 * of memory, or more than 2^32 entries.
 */
struct record *sink_add(struct sink *sink, const char *path, size_t len);

/*
 * Notes a directory that could not be read, and why (an errno). One whose own record is an error
 * may be noted or not: most walkers cannot know that it is a directory. 0 or -ENOMEM.
 */
int sink_fail(struct sink *sink, const char *path, size_t len, int error);

/* Brings the entries into the order in which a walk must leave them: by the bytes of their paths.
 */
void sink_sort(struct sink *sink);

/*
 * Directories found and not yet read, for walkers that have no such list: sink_defer remembers the
 * entry added last (0 or -ENOMEM), sink_next hands out the newest one, NUL-terminated, once; NULL
 * when there is none left. Both before sink_sort.
 */
int sink_defer(struct sink *sink);
const char *sink_next(struct sink *sink, size_t *len);

/* --- For the engine -------------------------------------------------------------------------- */

struct sink *sink_new(void);        /* NULL: out of memory */
void sink_free(struct sink *sink);  /* accepts NULL */
void sink_reset(struct sink *sink); /* forgets all, poisons the records, keeps the memory */

/* Room for so many entries and bytes of paths (without NULs), touched. 0 or -ENOMEM. */
int sink_reserve(struct sink *sink, size_t entries, size_t path_bytes);

/* The i-th entry, in order of addition until sink_sort. */
size_t sink_count(const struct sink *sink);
const char *sink_path(const struct sink *sink, size_t i, size_t *len); /* NUL-terminated */
const struct record *sink_record(const struct sink *sink, size_t i);

/* The i-th failure, in order of addition until sink_sort, which sorts them like entries. */
size_t sink_failures(const struct sink *sink);
const char *sink_failure(const struct sink *sink, size_t i, size_t *len, int *error);

/* memcmp for paths: by bytes, a prefix first. */
int sink_compare(const char *a, size_t a_len, const char *b, size_t b_len);

uint64_t sink_bytes(const struct sink *sink); /* memory held */

#endif
