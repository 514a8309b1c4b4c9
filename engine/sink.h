/*
 * The entries that a walk found, each with its path and its record, and the directories that could
 * not be read. All walks of a run use one sink in turn. It keeps its memory from pass to pass, so
 * that it grows only once and outside the timed region. Entries far below are an exception: sorting
 * them allocates memory each time.
 *
 * Paths are relative to the root and consist of any bytes but NUL; the root itself is not an entry.
 * Paths are stored whole except far below, which means in directories whose own path has PATH_MAX
 * bytes or more. There an entry is stored as its name and the number of its directory, so that the
 * memory for a chain of directories is linear in its depth. Such a directory has to be added before
 * the entries in it. An entry's number is the number of entries added before it. A directory that
 * cannot be read is an entry and also a failure, whose path is always stored whole. The time of
 * sink_add, sink_sort and sink_fail is part of the walk's time. Nothing here is locked, so a walk
 * with several threads keeps lists of its own and copies them to the sink in `deliver`.
 */
#ifndef ENGINE_SINK_H
#define ENGINE_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/record.h"

struct sink;

/* --- For walks ----------------------------------------------------------------------------- */

/*
 * Appends an entry with a copy of its path and returns its record, which is unanswered and does not
 * move. NULL: out of memory, a path of 2^31 bytes or more, or more than 2^32 - 1 entries.
 */
struct record *sink_add(struct sink *sink, const char *path, size_t len);

/*
 * Like sink_add, by the number of the directory, which was added before, and the name in it. For
 * walks that go far below, where finding the directory by its path takes time in proportion to the
 * path's length.
 */
struct record *sink_add_in(struct sink *sink, uint32_t dir, const char *name, size_t len);

/*
 * Like sink_add, for walks that add all entries in the order of paths: the directory is then found
 * by the length of its path. name is a pointer to the last component in path.
 */
struct record *sink_add_next(struct sink *sink, const char *path, size_t len, const char *name);

/*
 * Records a directory that could not be read, and the errno. For a directory whose own record is an
 * error the call is optional: most walks cannot know that it is a directory. 0 or -ENOMEM.
 */
int sink_fail(struct sink *sink, const char *path, size_t len, int error);

/*
 * Sorts the entries by the bytes of their paths, the order in which a walk must leave them.
 * Failures are sorted, too. If there are entries far below and no memory to sort them, the order
 * stays unchanged, and the walk then fails verification.
 */
void sink_sort(struct sink *sink);

/*
 * A stack of directories still to be read, for walks without a list of their own. sink_defer pushes
 * the entry added last (0 or -ENOMEM). sink_next pops the newest and returns its path,
 * NUL-terminated, or NULL if the stack is empty. sink_next_number does the same with its number.
 * Only before sink_sort.
 */
int sink_defer(struct sink *sink);
const char *sink_next(struct sink *sink, size_t *len);
bool sink_next_number(struct sink *sink, uint32_t *number);

/* --- For the engine -------------------------------------------------------------------------- */

struct sink *sink_new(void);        /* NULL: out of memory */
void sink_free(struct sink *sink);  /* accepts NULL */
void sink_reset(struct sink *sink); /* removes all entries, poisons the records, keeps the memory */

/*
 * Allocates and touches memory for that many entries and bytes of paths (without NULs). 0 or
 * -ENOMEM.
 */
int sink_reserve(struct sink *sink, size_t entries, size_t path_bytes);

/* Below, i is an index in the list: the order of addition, after sink_sort the order of paths. */
size_t sink_count(const struct sink *sink);
/*
 * NUL-terminated. The path of an entry far below is composed in a buffer and valid until the next
 * call.
 */
const char *sink_path(const struct sink *sink, size_t i, size_t *len);
uint32_t sink_number(const struct sink *sink, size_t i);
const struct record *sink_record(const struct sink *sink, size_t i);

/*
 * An entry far below, or a head (up is SINK_HEAD): a directory that is stored whole and has entries
 * far below in it.
 */
enum { SINK_HEAD = UINT32_MAX };

struct sink_far {
	const char *name;  /* NUL-terminated; of a head its whole path */
	uint32_t name_len; /* bytes */
	uint32_t up;       /* number of its directory */
	uint32_t head;     /* number of the head above it */
	uint32_t path_len; /* bytes */
	uint32_t depth;    /* levels below the head */
};

bool sink_has_far(const struct sink *sink);
const struct sink_far *sink_far(const struct sink *sink, size_t i); /* NULL: it is stored whole */

/*
 * The longest beginning of the path that is stored in one piece: the whole path, or at least
 * PATH_MAX bytes of it.
 */
const char *sink_head(const struct sink *sink, size_t i, size_t *len);

/*
 * Compares the path of entry i - 1 with that of entry i, as memcmp does. In a sorted list the time
 * does not depend on the depth.
 */
int sink_step(const struct sink *sink, size_t i);

/* The failures, in order of addition; after sink_sort in the order of paths. */
size_t sink_failures(const struct sink *sink);
const char *sink_failure(const struct sink *sink, size_t i, size_t *len, int *error);

/* memcmp for paths: by bytes; a prefix comes first. */
int sink_compare(const char *a, size_t a_len, const char *b, size_t b_len);

uint64_t sink_bytes(const struct sink *sink); /* memory held */

#endif
