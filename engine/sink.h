/*
 * The entries that a walk found, each with its path and its record, and the directories that could
 * not be read. All walks of a run use one sink in turn. It keeps its memory from pass to pass, so
 * that it grows only once and outside the timed region, except for entries far below, which are
 * sorted in new memory each time.
 *
 * Paths are relative to the root, any bytes without NUL; the root itself is no entry. They are kept
 * whole, but far below, in directories whose own path has PATH_MAX bytes or more: there an entry is
 * its name and the directory it lies in, so that a chain of directories takes memory by its depth.
 * There a directory has to be added before what is in it. An entry's number is how many were added
 * before it. A directory that cannot be read stays an entry and is a failure besides, whose path is
 * kept whole. Adding, sorting and failing belong to the walk and to its time; nothing here locks,
 * so a walker with several threads keeps lists of its own and hands them over in `deliver`.
 */
#ifndef ENGINE_SINK_H
#define ENGINE_SINK_H

#include <stdbool.h>
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
 * The same by the number of its directory, which was added before, and its name there: for walkers
 * that go far below, where finding the directory by its path would take as long as that is.
 */
struct record *sink_add_in(struct sink *sink, uint32_t dir, const char *name, size_t len);

/*
 * The same for walkers that add everything in the order of paths: then the directory is known by
 * the length of its path. name is within path.
 */
struct record *sink_add_next(struct sink *sink, const char *path, size_t len, const char *name);

/*
 * Notes a directory that could not be read, and why (an errno). One whose own record is an error
 * may be noted or not: most walkers cannot know that it is a directory. 0 or -ENOMEM.
 */
int sink_fail(struct sink *sink, const char *path, size_t len, int error);

/*
 * Brings the entries into the order in which a walk must leave them: by the bytes of their paths.
 * Without the memory that it takes if some are far below they stay as they are, which fails a walk.
 */
void sink_sort(struct sink *sink);

/*
 * Directories found and not yet read, for walkers that have no such list: sink_defer remembers the
 * entry added last (0 or -ENOMEM), sink_next hands out the newest one, NUL-terminated, once; NULL
 * when there is none left. sink_next_number does so with its number. All before sink_sort.
 */
int sink_defer(struct sink *sink);
const char *sink_next(struct sink *sink, size_t *len);
bool sink_next_number(struct sink *sink, uint32_t *number);

/* --- For the engine -------------------------------------------------------------------------- */

struct sink *sink_new(void);        /* NULL: out of memory */
void sink_free(struct sink *sink);  /* accepts NULL */
void sink_reset(struct sink *sink); /* forgets all, poisons the records, keeps the memory */

/* Room for so many entries and bytes of paths (without NULs), touched. 0 or -ENOMEM. */
int sink_reserve(struct sink *sink, size_t entries, size_t path_bytes);

/* The i-th entry, in order of addition until sink_sort. */
size_t sink_count(const struct sink *sink);
/* NUL-terminated; of an entry far below written anew, and good until the next call. */
const char *sink_path(const struct sink *sink, size_t i, size_t *len);
uint32_t sink_number(const struct sink *sink, size_t i);
const struct record *sink_record(const struct sink *sink, size_t i);

/* An entry far below, or (up is SINK_HEAD) a directory kept whole in which some lie. */
enum { SINK_HEAD = UINT32_MAX };

struct sink_far {
	const char *name;  /* NUL-terminated; of a head its path */
	uint32_t name_len; /* bytes */
	uint32_t up;       /* number of the directory it lies in */
	uint32_t head;     /* number of the one above it whose path is kept whole */
	uint32_t path_len; /* bytes */
	uint32_t depth;    /* below the head */
};

bool sink_has_far(const struct sink *sink);
const struct sink_far *sink_far(const struct sink *sink, size_t i); /* NULL: it is kept whole */

/* The longest part of the path that is kept in one piece: all of it, or of at least PATH_MAX. */
const char *sink_head(const struct sink *sink, size_t i, size_t *len);

/* Compares the path before the i-th with it. In a sorted list that takes no time by depth. */
int sink_step(const struct sink *sink, size_t i);

/* The i-th failure, in order of addition until sink_sort, which sorts them like entries. */
size_t sink_failures(const struct sink *sink);
const char *sink_failure(const struct sink *sink, size_t i, size_t *len, int *error);

/* memcmp for paths: by bytes, a prefix first. */
int sink_compare(const char *a, size_t a_len, const char *b, size_t b_len);

uint64_t sink_bytes(const struct sink *sink); /* memory held */

#endif
