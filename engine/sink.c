/*
 * Per entry there are 64 bytes of record, 16 of the list that is sorted, and the path. Records and
 * paths lie in blocks that never move, so what sink_add handed out stays valid while the list grows
 * and is sorted; only the list itself is an array that doubles.
 */
#include "engine/sink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/util.h"

enum { RECORDS_PER_BLOCK = 4096, PATH_BLOCK = 1 << 20, PAGE = 4096 };

struct entry {
	const char *path;
	uint32_t len, record; /* which of the records is its own */
};

_Static_assert(sizeof(struct entry) == 16, "what an entry costs beside record and path");

struct failure {
	const char *path;
	uint32_t len;
	int error;
};

struct block {
	char *mem;
	size_t size;
};

struct sink {
	struct entry *entries;
	struct record **records; /* blocks of RECORDS_PER_BLOCK */
	struct block *paths;
	struct failure *failures;
	uint32_t *deferred; /* entries */
	size_t n, n_failures, n_deferred;
	size_t at_path, path_used; /* the block of paths that is being filled, and how far it is */
	size_t n_records, n_paths; /* blocks that exist */
	size_t room_entries, room_records, room_paths, room_failures, room_deferred;
};

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
	struct block block = {.mem = malloc(size), .size = size};
	if (!block.mem)
		return -ENOMEM;
	sink->paths[sink->n_paths++] = block;
	return 0;
}

/* NUL-terminated. NULL: out of memory. */
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

struct record *sink_add(struct sink *sink, const char *path, size_t len)
{
	size_t i = sink->n;
	if (i >= UINT32_MAX || len >= UINT32_MAX)
		return NULL;
	if (i == sink->room_entries &&
	    array_grow(&sink->entries, &sink->room_entries, i + 1, sizeof(*sink->entries)))
		return NULL;
	if (i == sink->n_records * RECORDS_PER_BLOCK && add_records(sink))
		return NULL;
	const char *kept = keep_path(sink, path, len);
	if (!kept)
		return NULL;
	sink->entries[sink->n++] = (struct entry){kept, (uint32_t)len, (uint32_t)i};
	return record_at(sink, i);
}

int sink_fail(struct sink *sink, const char *path, size_t len, int error)
{
	if (array_grow(&sink->failures, &sink->room_failures, sink->n_failures + 1,
		       sizeof(*sink->failures)))
		return -ENOMEM;
	const char *kept = keep_path(sink, path, len);
	if (!kept)
		return -ENOMEM;
	sink->failures[sink->n_failures++] = (struct failure){kept, (uint32_t)len, error};
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
	const struct entry *x = a, *y = b;
	return sink_compare(x->path, x->len, y->path, y->len);
}

static int compare_failures(const void *a, const void *b)
{
	const struct failure *x = a, *y = b;
	return sink_compare(x->path, x->len, y->path, y->len);
}

void sink_sort(struct sink *sink)
{
	if (sink->n)
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
}

/* Each block may be left with less room than the next path needs. */
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
	*len = sink->entries[i].len;
	return sink->entries[i].path;
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
			 sink->room_deferred * sizeof(*sink->deferred);
	for (size_t i = 0; i < sink->n_paths; i++)
		bytes += sink->paths[i].size;
	return bytes;
}
