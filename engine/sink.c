/*
 * An entry takes 64 bytes for its record, 16 in the list that is sorted, and its path. Records and
 * paths are in blocks that never move, so a record returned by sink_add stays valid while the list
 * grows and is sorted; only the list itself is an array that doubles.
 *
 * An entry far below is stored by its name instead of its path, and needs 32 more bytes in the
 * array `far`, which is empty in lists without such entries. Such lists are sorted by whole paths.
 */
#include "engine/sink.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/util.h"
#include "engine/path_order.h"

#define FAR (UINT32_C(1) << 31) /* flag in a length: the text is a name, not a path */

enum { RECORDS_PER_BLOCK = 4096, PATH_BLOCK = 1 << 20, PAGE = 4096 };

struct sink_entry {
	const char *path;
	uint32_t len, record; /* record: index of its record, which is the entry's number */
};

_Static_assert(sizeof(struct sink_entry) == 16, "what an entry costs beside record and path");

struct sink_failure {
	const char *path;
	uint32_t len;
	int error;
};

struct sink_block {
	char *mem;
	size_t size;
};

struct sink {
	struct sink_entry *entries;
	struct record **records; /* blocks of RECORDS_PER_BLOCK */
	struct sink_block *paths;
	struct sink_failure *failures;
	uint32_t *deferred; /* numbers of entries */
	size_t n, n_failures, n_deferred;
	size_t at_path, path_used; /* the block of paths being filled, and the bytes used in it */
	size_t n_records, n_paths; /* blocks that are allocated */
	size_t room_entries, room_records, room_paths, room_failures, room_deferred;
	/* Used only if there are entries far below. */
	struct sink_far *far; /* by number; path_len 0: the entry is neither far below nor a head */
	/* By_len[n]: number of the newest entry with a path of PATH_MAX + n bytes; or NONE. */
	uint32_t *by_len;
	char *text; /* buffer for the longest path */
	size_t n_far, n_by_len, room_far, room_by_len, room_text;
};

enum { NONE = UINT32_MAX };

struct sink *sink_new(void)
{
	return calloc(1, sizeof(struct sink));
}

void sink_free(struct sink *sink)
{
	if (!sink)
		return;
	for (size_t i = 0; i < sink->n_records; i++)
		free(sink->records[i]);
	for (size_t i = 0; i < sink->n_paths; i++)
		free(sink->paths[i].mem);
	free(sink->entries);
	free(sink->records);
	free(sink->paths);
	free(sink->failures);
	free(sink->deferred);
	free(sink->far);
	free(sink->by_len);
	free(sink->text);
	free(sink);
}

static struct record *record_at(const struct sink *sink, size_t i)
{
	return &sink->records[i / RECORDS_PER_BLOCK][i % RECORDS_PER_BLOCK];
}

static int add_records(struct sink *sink)
{
	int error = array_grow(&sink->records, &sink->room_records, sink->n_records + 1,
			       sizeof(*sink->records));
	if (error)
		return error;
	struct record *block = aligned_alloc(PAGE, RECORDS_PER_BLOCK * sizeof(*block));
	if (!block)
		return -ENOMEM;
	record_poison(block, RECORDS_PER_BLOCK);
	sink->records[sink->n_records++] = block;
	return 0;
}

static int add_paths(struct sink *sink, size_t size)
{
	int error = array_grow(&sink->paths, &sink->room_paths, sink->n_paths + 1,
			       sizeof(*sink->paths));
	if (error)
		return error;
	struct sink_block block = {.mem = malloc(size), .size = size};
	if (!block.mem)
		return -ENOMEM;
	sink->paths[sink->n_paths++] = block;
	return 0;
}

/* Copies a path into a block, NUL-terminated. NULL: out of memory. */
static const char *keep_path(struct sink *sink, const char *path, size_t len)
{
	while (sink->at_path < sink->n_paths &&
	       sink->paths[sink->at_path].size - sink->path_used <= len) {
		sink->at_path++;
		sink->path_used = 0;
	}
	if (sink->at_path == sink->n_paths && add_paths(sink, MAX(len + 1, PATH_BLOCK)))
		return NULL;
	char *copy = sink->paths[sink->at_path].mem + sink->path_used;
	memcpy(copy, path, len);
	copy[len] = '\0';
	sink->path_used += len + 1;
	return copy;
}

/* Appends an entry. path: its path; with is_far FAR its name. */
static struct record *add(struct sink *sink, const char *path, size_t len, uint32_t is_far)
{
	size_t i = sink->n;
	if (i >= UINT32_MAX || len >= FAR)
		return NULL;
	if (i == sink->room_entries &&
	    array_grow(&sink->entries, &sink->room_entries, i + 1, sizeof(*sink->entries)))
		return NULL;
	if (i == sink->n_records * RECORDS_PER_BLOCK && add_records(sink))
		return NULL;
	const char *kept = keep_path(sink, path, len);
	if (!kept)
		return NULL;
	sink->entries[sink->n++] = (struct sink_entry){kept, (uint32_t)len | is_far, (uint32_t)i};
	return record_at(sink, i);
}

/* --- Far below ------------------------------------------------------------------------------- */

/* Stores the number of the last entry in by_len. */
static int store_len(struct sink *sink, size_t path_len)
{
	const size_t at = path_len - PATH_MAX;
	int error = array_grow(&sink->by_len, &sink->room_by_len, at + 1, sizeof(*sink->by_len));
	if (error)
		return error;
	while (sink->n_by_len <= at)
		sink->by_len[sink->n_by_len++] = NONE;
	sink->by_len[at] = (uint32_t)(sink->n - 1);
	return 0;
}

/* Removes the last entry. */
static void take_back(struct sink *sink)
{
	sink->n--;
	sink->n_far = MIN(sink->n_far, sink->n);
}

static struct record *add_whole(struct sink *sink, const char *path, size_t len)
{
	struct record *r = add(sink, path, len, 0);
	if (!r || len < PATH_MAX || !store_len(sink, len))
		return r;
	take_back(sink);
	return NULL;
}

static int make_far(struct sink *sink, uint32_t number, struct sink_far far)
{
	int error = array_grow(&sink->far, &sink->room_far, (size_t)number + 1, sizeof(*sink->far));
	if (!error)
		error = array_grow(&sink->text, &sink->room_text, (size_t)far.path_len + 1, 1);
	if (error)
		return error;
	while (sink->n_far <= number)
		sink->far[sink->n_far++] = (struct sink_far){.path_len = 0};
	sink->far[number] = far;
	return 0;
}

/* NULL: the entry is neither far below nor a head yet. */
static const struct sink_far *far_of(const struct sink *sink, uint32_t number)
{
	return number < sink->n_far && sink->far[number].path_len ? &sink->far[number] : NULL;
}

/* Sets `far` of the last entry, which has been added to directory dir with a name of len bytes. */
static int make_last_far(struct sink *sink, uint32_t dir, size_t len)
{
	const struct sink_far *up = far_of(sink, dir);
	const uint32_t last = (uint32_t)(sink->n - 1);
	const size_t path_len = (size_t)up->path_len + 1 + len;
	if (path_len >= FAR)
		return -EFBIG;
	int error = make_far(sink, last,
			     (struct sink_far){.name = sink->entries[last].path,
					       .name_len = (uint32_t)len,
					       .up = dir,
					       .head = up->head,
					       .depth = up->depth + 1,
					       .path_len = (uint32_t)path_len});
	return error ? error : store_len(sink, path_len);
}

static struct record *add_far(struct sink *sink, uint32_t dir, const char *name, size_t len)
{
	const struct sink_entry *e = &sink->entries[dir];
	int error = 0;
	if (!far_of(sink, dir))
		error = make_far(sink, dir,
				 (struct sink_far){.name = e->path,
						   .name_len = e->len,
						   .up = SINK_HEAD,
						   .depth = 0,
						   .head = dir,
						   .path_len = e->len});
	struct record *r = error ? NULL : add(sink, name, len, FAR);
	if (!r || !make_last_far(sink, dir, len))
		return r;
	take_back(sink);
	return NULL;
}

/* In a directory with a path shorter than PATH_MAX. */
static struct record *add_near(struct sink *sink, const struct sink_entry *dir, const char *name,
			       size_t len)
{
	char *path = malloc(dir->len + 1 + len);
	if (!path)
		return NULL;
	memcpy(path, dir->path, dir->len);
	path[dir->len] = '/';
	memcpy(path + dir->len + 1, name, len);
	struct record *r = add_whole(sink, path, dir->len + 1 + len);
	free(path);
	return r;
}

struct record *sink_add_in(struct sink *sink, uint32_t dir, const char *name, size_t len)
{
	const struct sink_entry *e = &sink->entries[dir];
	if (e->len < PATH_MAX)
		return add_near(sink, e, name, len);
	/* An entry far below has FAR in its length, so it comes here, too. */
	return add_far(sink, dir, name, len);
}

static bool is_path(const struct sink *sink, uint32_t number, const char *path, size_t len)
{
	const struct sink_entry *e = &sink->entries[number];
	const struct sink_far *f = far_of(sink, number);
	if (!f)
		return e->len == len && memcmp(e->path, path, len) == 0;
	if (f->path_len != len)
		return false;
	for (;; f = &sink->far[f->up]) {
		len -= f->name_len;
		if (memcmp(path + len, f->name, f->name_len) != 0 || f->up == SINK_HEAD)
			return len == 0 && memcmp(path, f->name, f->name_len) == 0;
		if (path[--len] != '/')
			return false;
	}
}

/*
 * The number of the entry with this path of PATH_MAX bytes or more; NONE if there is none. The
 * newest entry with a path of that length is tried first; it is nearly always the right one.
 */
static uint32_t find_long(const struct sink *sink, const char *path, size_t len)
{
	const size_t at = len - PATH_MAX;
	if (at >= sink->n_by_len || sink->by_len[at] == NONE)
		return NONE;
	if (is_path(sink, sink->by_len[at], path, len))
		return sink->by_len[at];
	for (uint32_t i = 0; i < sink->n; i++) {
		if (is_path(sink, i, path, len))
			return i;
	}
	return NONE;
}

/* A long path is stored whole if its directory is not an entry with a long path. */
static struct record *add_long(struct sink *sink, const char *path, size_t len)
{
	const char *slash = memrchr(path, '/', len);
	const size_t dir_len = slash ? (size_t)(slash - path) : 0;
	uint32_t dir = NONE;
	if (dir_len >= PATH_MAX)
		dir = find_long(sink, path, dir_len);
	return dir == NONE ? add_whole(sink, path, len)
			   : sink_add_in(sink, dir, slash + 1, len - dir_len - 1);
}

struct record *sink_add(struct sink *sink, const char *path, size_t len)
{
	return len < PATH_MAX ? add(sink, path, len, 0) : add_long(sink, path, len);
}

/*
 * In the order of paths, every entry between a directory and an entry in it has a path that begins
 * with the directory's path, so it is longer. So the newest entry with a path of dir_len bytes is
 * the directory.
 */
struct record *sink_add_next(struct sink *sink, const char *path, size_t len, const char *name)
{
	if (len < PATH_MAX)
		return add(sink, path, len, 0);
	const size_t dir_len = name > path ? (size_t)(name - path) - 1 : 0;
	if (dir_len < PATH_MAX || dir_len - PATH_MAX >= sink->n_by_len ||
	    sink->by_len[dir_len - PATH_MAX] == NONE)
		return add_whole(sink, path, len);
	return add_far(sink, sink->by_len[dir_len - PATH_MAX], name, len - dir_len - 1);
}

bool sink_has_far(const struct sink *sink)
{
	return sink->n_far > 0;
}

const struct sink_far *sink_far(const struct sink *sink, size_t i)
{
	const struct sink_entry *e = &sink->entries[i];
	return e->len & FAR ? &sink->far[e->record] : NULL;
}

const char *sink_head(const struct sink *sink, size_t i, size_t *len)
{
	const struct sink_far *f = sink_far(sink, i);
	if (!f)
		return sink_path(sink, i, len);
	f = &sink->far[f->head];
	*len = f->name_len;
	return f->name;
}

static const char *write_path(const struct sink *sink, const struct sink_far *f)
{
	size_t at = f->path_len;
	sink->text[at] = '\0';
	for (;; f = &sink->far[f->up]) {
		at -= f->name_len;
		memcpy(sink->text + at, f->name, f->name_len);
		if (f->up == SINK_HEAD)
			return sink->text;
		sink->text[--at] = '/';
	}
}

/* --------------------------------------------------------------------------------------------- */

int sink_fail(struct sink *sink, const char *path, size_t len, int error)
{
	if (array_grow(&sink->failures, &sink->room_failures, sink->n_failures + 1,
		       sizeof(*sink->failures)))
		return -ENOMEM;
	const char *kept = keep_path(sink, path, len);
	if (!kept)
		return -ENOMEM;
	sink->failures[sink->n_failures++] = (struct sink_failure){kept, (uint32_t)len, error};
	return 0;
}

int sink_defer(struct sink *sink)
{
	int error = array_grow(&sink->deferred, &sink->room_deferred, sink->n_deferred + 1,
			       sizeof(*sink->deferred));
	if (!error)
		sink->deferred[sink->n_deferred++] = (uint32_t)(sink->n - 1);
	return error;
}

bool sink_next_number(struct sink *sink, uint32_t *number)
{
	if (!sink->n_deferred)
		return false;
	*number = sink->deferred[--sink->n_deferred];
	return true;
}

const char *sink_next(struct sink *sink, size_t *len)
{
	return sink->n_deferred ? sink_path(sink, sink->deferred[--sink->n_deferred], len) : NULL;
}

int sink_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int order = memcmp(a, b, MIN(a_len, b_len));
	return order ? order : (a_len > b_len) - (a_len < b_len);
}

static int compare_entries(const void *a, const void *b)
{
	const struct sink_entry *x = a, *y = b;
	return sink_compare(x->path, x->len, y->path, y->len);
}

static int compare_failures(const void *a, const void *b)
{
	const struct sink_failure *x = a, *y = b;
	return sink_compare(x->path, x->len, y->path, y->len);
}

/* A node for path_order. The entry's number (e->record) is its index in `far`. */
static struct path_node node_of(const struct sink *sink, const struct sink_entry *e)
{
	if (e->len & FAR)
		return (struct path_node){e->path, e->len & ~FAR, sink->far[e->record].up};
	return (struct path_node){e->path, e->len, PATH_ORDER_NONE};
}

static void sort_far(struct sink *sink)
{
	struct path_node *nodes = calloc(sink->n, sizeof(*nodes));
	struct sink_entry *entries = calloc(sink->n, sizeof(*entries));
	uint32_t *order = calloc(sink->n, sizeof(*order));
	for (size_t i = 0; i < sink->n && nodes && entries; i++) {
		nodes[sink->entries[i].record] = node_of(sink, &sink->entries[i]);
		entries[sink->entries[i].record] = sink->entries[i];
	}
	if (nodes && entries && order && !path_order(nodes, (uint32_t)sink->n, order)) {
		for (size_t i = 0; i < sink->n; i++)
			sink->entries[i] = entries[order[i]];
	}
	free(nodes);
	free(entries);
	free(order);
}

/* An entry or a directory above it, while two entries are compared. */
struct ancestor {
	struct path_piece piece;
	uint32_t up, depth;
};

static struct ancestor ancestor_of(const struct sink *sink, const struct sink_entry *e)
{
	const struct sink_far *f = far_of(sink, e->record);
	return (struct ancestor){
		{e->path, e->len & ~FAR, false}, f ? f->up : SINK_HEAD, f ? f->depth : 0};
}

static void go_up(const struct sink *sink, struct ancestor *at)
{
	const struct sink_far *f = &sink->far[at->up];
	*at = (struct ancestor){{f->name, f->name_len, true}, f->up, f->depth};
}

/*
 * Goes up from both entries until both are in the same directory, or both are outside `far`;
 * compares there.
 */
static int compare_far(const struct sink *sink, const struct sink_entry *x,
		       const struct sink_entry *y)
{
	struct ancestor a = ancestor_of(sink, x), b = ancestor_of(sink, y);
	while (a.up != b.up)
		go_up(sink, a.depth >= b.depth ? &a : &b);
	return path_compare(&a.piece, &b.piece);
}

int sink_step(const struct sink *sink, size_t i)
{
	const struct sink_entry *x = &sink->entries[i - 1], *y = &sink->entries[i];
	if (!((x->len | y->len) & FAR))
		return sink_compare(x->path, x->len, y->path, y->len);
	return compare_far(sink, x, y);
}

void sink_sort(struct sink *sink)
{
	if (sink_has_far(sink))
		sort_far(sink);
	else if (sink->n)
		qsort(sink->entries, sink->n, sizeof(*sink->entries), compare_entries);
	if (sink->n_failures)
		qsort(sink->failures, sink->n_failures, sizeof(*sink->failures), compare_failures);
}

void sink_reset(struct sink *sink)
{
	for (size_t i = 0; i < sink->n; i += RECORDS_PER_BLOCK)
		record_poison(record_at(sink, i), MIN(sink->n - i, RECORDS_PER_BLOCK));
	sink->n = sink->n_failures = sink->n_deferred = 0;
	sink->at_path = sink->path_used = 0;
	sink->n_far = sink->n_by_len = 0;
}

/* At the end of each block up to PAGE bytes can stay unused, because the next path did not fit. */
static int reserve_paths(struct sink *sink, size_t bytes)
{
	int error = 0;
	while (!error && sink->n_paths * (PATH_BLOCK - PAGE) < bytes) {
		error = add_paths(sink, PATH_BLOCK);
		if (!error)
			memset(sink->paths[sink->n_paths - 1].mem, 0, PATH_BLOCK);
	}
	return error;
}

int sink_reserve(struct sink *sink, size_t entries, size_t path_bytes)
{
	size_t held = sink->room_entries;
	int error =
		array_grow(&sink->entries, &sink->room_entries, entries, sizeof(*sink->entries));
	if (!error && sink->room_entries > held)
		memset(sink->entries + held, 0,
		       (sink->room_entries - held) * sizeof(*sink->entries));
	while (!error && sink->n_records * RECORDS_PER_BLOCK < entries)
		error = add_records(sink);
	return error ? error : reserve_paths(sink, path_bytes + entries);
}

size_t sink_count(const struct sink *sink)
{
	return sink->n;
}

const char *sink_path(const struct sink *sink, size_t i, size_t *len)
{
	const struct sink_entry *e = &sink->entries[i];
	if (!(e->len & FAR)) {
		*len = e->len;
		return e->path;
	}
	*len = sink->far[e->record].path_len;
	return write_path(sink, &sink->far[e->record]);
}

uint32_t sink_number(const struct sink *sink, size_t i)
{
	return sink->entries[i].record;
}

const struct record *sink_record(const struct sink *sink, size_t i)
{
	return record_at(sink, sink->entries[i].record);
}

size_t sink_failures(const struct sink *sink)
{
	return sink->n_failures;
}

const char *sink_failure(const struct sink *sink, size_t i, size_t *len, int *error)
{
	*len = sink->failures[i].len;
	*error = sink->failures[i].error;
	return sink->failures[i].path;
}

uint64_t sink_bytes(const struct sink *sink)
{
	uint64_t bytes = sizeof(*sink) + sink->room_entries * sizeof(*sink->entries) +
			 sink->n_records * RECORDS_PER_BLOCK * sizeof(struct record) +
			 sink->room_failures * sizeof(*sink->failures) +
			 sink->room_deferred * sizeof(*sink->deferred) +
			 sink->room_far * sizeof(*sink->far) +
			 sink->room_by_len * sizeof(*sink->by_len) + sink->room_text;
	for (size_t i = 0; i < sink->n_paths; i++)
		bytes += sink->paths[i].size;
	return bytes;
}
