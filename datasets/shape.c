#include "datasets/shape.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "datasets/place.h"
#include "engine/base/digest.h"
#include "engine/base/embed.h"
#include "engine/base/util.h"

#define ENTRIES_MAX UINT32_MAX /* what a workload can number */
#define SEED_MAX    ((UINT64_C(1) << 53) - 1)
#define NAME_BYTES  255

/* Keeps a shape's name from being more than one component of a path. */
#define NAME_ALPHABET "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

static const char *const fill_names[] = {[FILL_EVEN] = "even", [FILL_DEEP] = "deep"};

static const char *const shape_keys[] = {
	"schema",       "name",  "summary", "entries",     "files_per_dir",
	"dirs_per_dir", "depth", "fill",    "name_length", "seed",
};

/* What a shape that says nothing is like: a source tree. */
static const struct shape defaults = {
	.name = "unnamed",
	.entries = 20000,
	.files_per_dir = {12, 25},
	.dirs_per_dir = {0, 6},
	.depth = 16,
	.fill = FILL_EVEN,
	.name_length = {4, 24},
	.seed = 1,
};

static int read_count(const struct place *at, const char *key, uint64_t max, uint64_t *count)
{
	struct place member;
	return place_member(at, key, &member) ? place_count(&member, 0, max, count) : 0;
}

static int read_bound(const struct place *range, const char *key, uint64_t min, uint64_t max,
		      uint64_t *bound)
{
	struct place at;
	if (!place_member(range, key, &at))
		return place_bad(range, "has no \"%s\"", key);
	return place_count(&at, min, max, bound);
}

/* The one place that knows how a quantity is written: an integer or {"min": a, "max": b}. */
static int read_quantity(const struct place *shape, const char *key, uint64_t min, uint64_t max,
			 struct quantity *quantity)
{
	static const char *const keys[] = {"min", "max"};
	struct place at;
	uint64_t lo = 0, hi = 0;
	int error;
	if (!place_member(shape, key, &at))
		return 0;
	if (place_is_object(&at)) {
		error = place_keys(&at, keys, ARRAY_LEN(keys));
		error = error ? error : read_bound(&at, "min", min, max, &lo);
		error = error ? error : read_bound(&at, "max", min, max, &hi);
		if (!error && lo > hi)
			error = place_bad(&at, "min %" PRIu64 " is above max %" PRIu64, lo, hi);
	} else {
		error = place_count(&at, min, max, &lo);
		hi = lo;
	}
	if (!error)
		*quantity = (struct quantity){(uint32_t)lo, (uint32_t)hi};
	return error;
}

static int read_schema(const struct place *shape)
{
	struct place at;
	const char *text;
	if (!place_member(shape, "schema", &at))
		return 0;
	if (place_text(&at, &text))
		return -EINVAL;
	return strcmp(text, SHAPE_SCHEMA) == 0
		       ? 0
		       : place_bad(&at, "must be \"" SHAPE_SCHEMA "\", is \"%s\"", text);
}

static int read_text(const struct place *shape, const char *key, char *buf, size_t size)
{
	struct place at;
	const char *text;
	if (!place_member(shape, key, &at))
		return 0;
	if (place_text(&at, &text))
		return -EINVAL;
	if (strlen(text) >= size)
		return place_bad(&at, "must be at most %zu bytes, is %zu", size - 1, strlen(text));
	for (const char *c = text; *c; c++) {
		if (iscntrl((unsigned char)*c))
			return place_bad(&at, "must be one line without control characters");
	}
	memcpy(buf, text, strlen(text) + 1);
	return 0;
}

static int read_fill(const struct place *shape, enum fill *fill)
{
	struct place at;
	const char *text;
	if (!place_member(shape, "fill", &at))
		return 0;
	if (place_text(&at, &text))
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_LEN(fill_names); i++) {
		if (strcmp(text, fill_names[i]) == 0) {
			*fill = (enum fill)i;
			return 0;
		}
	}
	return place_bad(&at, "must be \"even\" or \"deep\", is \"%s\"", text);
}

static int read_values(struct shape *shape, const struct place *at)
{
	uint64_t depth = SHAPE_DEPTH_MAX + 1; /* stands for: not given */
	bool bad = place_keys(at, shape_keys, ARRAY_LEN(shape_keys)) || read_schema(at) ||
		   read_text(at, "name", shape->name, sizeof(shape->name)) ||
		   read_text(at, "summary", shape->summary, sizeof(shape->summary)) ||
		   read_count(at, "entries", ENTRIES_MAX, &shape->entries) ||
		   read_quantity(at, "files_per_dir", 0, ENTRIES_MAX, &shape->files_per_dir) ||
		   read_quantity(at, "dirs_per_dir", 0, ENTRIES_MAX, &shape->dirs_per_dir) ||
		   read_count(at, "depth", SHAPE_DEPTH_MAX, &depth) ||
		   read_fill(at, &shape->fill) ||
		   read_quantity(at, "name_length", 1, NAME_BYTES, &shape->name_length) ||
		   read_count(at, "seed", SEED_MAX, &shape->seed);
	if (bad)
		return -EINVAL;
	if (depth <= SHAPE_DEPTH_MAX)
		shape->depth = (uint32_t)depth;
	else if (shape->dirs_per_dir.max == 0)
		shape->depth = 0;
	return 0;
}

/* From the deepest level up. The sum never shrinks on the way, so it can stop when it is enough. */
uint64_t shape_capacity(const struct shape *shape, uint32_t depth, uint64_t enough)
{
	uint64_t holds = shape->files_per_dir.max;
	for (uint32_t level = shape->depth; level > depth && holds < enough; level--) {
		unsigned __int128 sum = (unsigned __int128)shape->dirs_per_dir.max * (holds + 1) +
					shape->files_per_dir.max;
		if (sum == holds)
			break;
		holds = sum < enough ? (uint64_t)sum : enough;
	}
	return MIN(holds, enough);
}

static int check_name(const struct place *at, const char *name)
{
	struct place member = place_at(at, "name");
	if (*name && *name != '.' && *name != '-' && strspn(name, NAME_ALPHABET) == strlen(name))
		return 0;
	return place_bad(
		&member,
		"must be letters, digits, '_', '.' and '-' (these two not first), is \"%s\"", name);
}

static int check_quantity(const struct place *at, const char *key, struct quantity q, uint32_t min,
			  uint32_t max)
{
	struct place member = place_at(at, key);
	if (q.min > q.max)
		return place_bad(&member, "min %u is above max %u", q.min, q.max);
	if (q.min < min || q.max > max)
		return place_bad(&member, "must be in %u to %u, is %u to %u", min, max, q.min,
				 q.max);
	return 0;
}

static int check_range(const struct place *at, const char *key, uint64_t value, uint64_t max)
{
	struct place member = place_at(at, key);
	return value <= max
		       ? 0
		       : place_bad(&member, "must be at most %" PRIu64 ", is %" PRIu64, max, value);
}

static unsigned digits(uint64_t number)
{
	unsigned n = 1;
	while (number /= 10)
		n++;
	return n;
}

/* What each value allows, but not all of them together. */
static int check_together(const struct place *at, const struct shape *shape)
{
	struct place entries = place_at(at, "entries"), depth = place_at(at, "depth");
	struct place names = place_at(at, "name_length");
	uint64_t path = (shape->depth + UINT64_C(1)) * (shape->name_length.max + 1) - 1;
	uint64_t holds = shape_capacity(shape, 0, shape->entries);
	uint64_t crowd = (uint64_t)shape->files_per_dir.max + shape->dirs_per_dir.max;

	if (shape->depth > 0 && shape->dirs_per_dir.max == 0)
		return place_bad(&depth, "is %u, but dirs_per_dir allows no sub-directories",
				 shape->depth);
	if (holds < shape->entries)
		return place_bad(&entries,
				 "is %" PRIu64 ", but depth %u with at most %u files and %u "
				 "sub-directories per directory holds %" PRIu64,
				 shape->entries, shape->depth, shape->files_per_dir.max,
				 shape->dirs_per_dir.max, holds);
	if (path > SHAPE_PATH_MAX)
		return place_bad(&depth,
				 "is %u, but with names of up to %u bytes paths get %" PRIu64
				 " bytes long; at most %d are possible",
				 shape->depth, shape->name_length.max, path, SHAPE_PATH_MAX);
	crowd = MIN(crowd, shape->entries);
	if (crowd && digits(crowd - 1) > shape->name_length.max)
		return place_bad(&names, "names of %u bytes cannot tell %" PRIu64 " entries apart",
				 shape->name_length.max, crowd);
	return 0;
}

static int check(const struct place *at, const struct shape *shape)
{
	bool bad = check_name(at, shape->name) ||
		   check_range(at, "entries", shape->entries, ENTRIES_MAX) ||
		   check_quantity(at, "files_per_dir", shape->files_per_dir, 0, ENTRIES_MAX) ||
		   check_quantity(at, "dirs_per_dir", shape->dirs_per_dir, 0, ENTRIES_MAX) ||
		   check_range(at, "depth", shape->depth, SHAPE_DEPTH_MAX) ||
		   check_quantity(at, "name_length", shape->name_length, 1, NAME_BYTES) ||
		   check_range(at, "seed", shape->seed, SEED_MAX) || check_together(at, shape);
	return bad ? -EINVAL : 0;
}

int shape_check(const struct shape *shape, const char *source, struct err *err)
{
	const struct place at = {.source = source, .err = err};
	return check(&at, shape);
}

int shape_read(struct shape *shape, const struct place *at)
{
	struct shape read = defaults;
	int error = read_values(&read, at);
	error = error ? error : check(at, &read);
	if (!error)
		*shape = read;
	return error;
}

/* A shape's name when its document gives none: the file's, with what a name cannot hold as '-'. */
static void name_after(struct shape *shape, const char *source)
{
	const char *slash = strrchr(source, '/'), *base = slash ? slash + 1 : source;
	const char *dot = strrchr(base, '.');
	size_t length = dot && dot > base ? (size_t)(dot - base) : strlen(base);
	length = MIN(length, sizeof(shape->name) - 1);
	if (length == 0 || *base == '.' || *base == '-')
		return;
	memcpy(shape->name, base, length);
	shape->name[length] = '\0';
	for (char *c = shape->name; *(c += strspn(c, NAME_ALPHABET)); c++)
		*c = '-';
}

int shape_parse(struct shape *shape, const char *source, const char *text, size_t size,
		struct err *err)
{
	struct place document = {0};
	struct shape read = defaults;
	name_after(&read, source);
	int error = place_open(&document, source, text, size, err);
	error = error ? error : read_values(&read, &document);
	error = error ? error : check(&document, &read);
	if (!error)
		*shape = read;
	place_close(&document);
	return error;
}

static int load_file(struct shape *shape, const char *path, struct err *err)
{
	struct stat st;
	char *text = NULL;
	size_t size = 0;
	if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > PLACE_TEXT_MAX)
		return err_set(err, -EFBIG, "%s: is %lld bytes; a shape is at most 1 MiB", path,
			       (long long)st.st_size);
	int error = read_file(path, PLACE_TEXT_MAX, &text, &size);
	if (error == -EFBIG)
		return err_set(err, error, "%s: is longer than 1 MiB, which no shape is", path);
	if (error)
		return err_errno(err, error, "%s", path);
	error = shape_parse(shape, path, text, size, err);
	free(text);
	return error;
}

const char *shape_preset(size_t i)
{
	return embedded_shapes[i].name;
}

static const char *preset_name(size_t i, const void *arg)
{
	(void)arg;
	return shape_preset(i);
}

static bool is_path(const char *word)
{
	size_t length = strlen(word);
	return strchr(word, '/') || (length > 5 && strcmp(word + length - 5, ".json") == 0);
}

int shape_load(struct shape *shape, const char *name_or_path, struct err *err)
{
	size_t n = 0;
	if (is_path(name_or_path))
		return load_file(shape, name_or_path, err);
	for (; shape_preset(n); n++) {
		const struct embedded *preset = &embedded_shapes[n];
		if (strcmp(preset->name, name_or_path) == 0)
			return shape_parse(shape, name_or_path, preset->text, preset->size, err);
	}
	const char *near = nearest(name_or_path, n, preset_name, NULL);
	if (near)
		return err_set(err, -ENOENT, "no shape is called '%s'; did you mean '%s'?",
			       name_or_path, near);
	return err_set(err, -ENOENT,
		       "no shape is called '%s'; a shape file's name has a slash or ends in .json",
		       name_or_path);
}

static void print_quantity(FILE *out, const char *key, struct quantity q)
{
	if (q.min == q.max)
		fprintf(out, "  \"%s\": %u,\n", key, q.min);
	else
		fprintf(out, "  \"%s\": {\"min\": %u, \"max\": %u},\n", key, q.min, q.max);
}

static void print_text(FILE *out, const char *key, const char *text)
{
	fprintf(out, "  \"%s\": ", key);
	place_print_text(out, text);
	fputs(",\n", out);
}

char *shape_to_json(const struct shape *shape)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	fputs("{\n", out);
	print_text(out, "schema", SHAPE_SCHEMA);
	print_text(out, "name", shape->name);
	print_text(out, "summary", shape->summary);
	fprintf(out, "  \"entries\": %" PRIu64 ",\n", shape->entries);
	print_quantity(out, "files_per_dir", shape->files_per_dir);
	print_quantity(out, "dirs_per_dir", shape->dirs_per_dir);
	fprintf(out, "  \"depth\": %u,\n", shape->depth);
	print_text(out, "fill", fill_names[shape->fill]);
	print_quantity(out, "name_length", shape->name_length);
	fprintf(out, "  \"seed\": %" PRIu64 "\n}\n", shape->seed);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

int shape_hash(const struct shape *shape, uint64_t *hash)
{
	struct shape tree = *shape;
	tree.name[0] = tree.summary[0] = '\0';
	char *text = shape_to_json(&tree);
	if (!text)
		return -ENOMEM;
	*hash = digest_hash(text, strlen(text), 0);
	free(text);
	return 0;
}
