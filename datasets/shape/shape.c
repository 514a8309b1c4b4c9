/*
 * Checks the values of a shape against each other (single values: shape_keys.h); loads and writes
 * shapes.
 */
#include "datasets/shape/shape.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "datasets/shape/shape_keys.h"
#include "datasets/shape/special.h"
#include "engine/base/digest.h"
#include "engine/base/embed.h"
#include "engine/base/util.h"
#include "engine/json/json_node.h"

/* --- Values checked against each other ----------------------------------------------------- */

static uint64_t files_max(const struct shape *shape, uint32_t depth)
{
	return quantity_max(levels_at(&shape->files_per_dir, depth));
}

static uint64_t dirs_max(const struct shape *shape, uint32_t depth)
{
	return quantity_max(levels_at(&shape->dirs_per_dir, depth));
}

/*
 * From the deepest level up. Since every level above the last can have sub-directories, the sum
 * never decreases, so the loop can stop once it is `enough`.
 */
uint64_t shape_capacity(const struct shape *shape, uint32_t depth, uint64_t enough)
{
	uint64_t holds = files_max(shape, shape->depth);
	for (uint32_t level = shape->depth; level-- > depth && holds < enough;) {
		unsigned __int128 sum = (unsigned __int128)dirs_max(shape, level) * (holds + 1) +
					files_max(shape, level);
		holds = sum < enough ? (uint64_t)sum : enough;
	}
	return MIN(holds, enough);
}

const struct quantity *shape_lengths(const struct shape *shape, bool directories)
{
	return directories && shape->dir_name_length.n ? &shape->dir_name_length
						       : &shape->name_length;
}

uint64_t shape_path_max(const struct shape *shape)
{
	uint64_t dir = quantity_max(shape_lengths(shape, true)), above = shape->depth * (dir + 1);
	uint64_t last = above ? above - 1 : 0; /* of a directory at the deepest level */
	return MAX(last, above + quantity_max(&shape->name_length));
}

static int check_depth(const struct json_node *at, const struct shape *shape)
{
	struct json_node depth = json_node_child(at, "depth");
	uint64_t path = shape_path_max(shape);
	if (shape->profile.n && shape->depth != shape->profile.n - 1)
		return json_node_bad(&depth, "is %u, but the profile has %u", shape->depth,
				     shape->profile.n - 1);
	for (uint32_t level = 0; level < shape->depth && level < QUANTITY_LEVELS; level++) {
		if (shape->profile.n || dirs_max(shape, level) > 0)
			continue;
		if (shape->dirs_per_dir.n == 1)
			return json_node_bad(&depth,
					     "is %u, but dirs_per_dir allows no sub-directories",
					     shape->depth);
		return json_node_bad(&depth, "is %u, but dirs_per_dir allows none at depth %u",
				     shape->depth, level);
	}
	if (path > SHAPE_PATH_MAX && !shape->long_paths)
		return json_node_bad(&depth,
				     "is %u, but with names of up to %" PRIu64
				     " bytes, paths have up to %" PRIu64
				     " bytes; for more than %d, set \"long_paths\": true",
				     shape->depth, quantity_max(shape_lengths(shape, true)), path,
				     SHAPE_PATH_MAX);
	return 0;
}

static int check_entries(const struct json_node *at, const struct shape *shape)
{
	struct json_node entries = json_node_child(at, "entries");
	uint64_t taken = special_total(shape);
	if (taken > shape->entries)
		return json_node_bad(&entries, "is %" PRIu64 ", but its specials need %" PRIu64,
				     shape->entries, taken);
	uint64_t wanted = shape->entries - taken, holds = shape_capacity(shape, 0, wanted);
	if (shape->profile.n || holds >= wanted)
		return 0;
	if (shape->files_per_dir.n > 1 || shape->dirs_per_dir.n > 1)
		return json_node_bad(&entries,
				     "is %" PRIu64 ", but depth %u with the most files and "
				     "sub-directories holds %" PRIu64,
				     wanted, shape->depth, holds);
	return json_node_bad(&entries,
			     "is %" PRIu64 ", but depth %u with at most %" PRIu64
			     " files and %" PRIu64 " sub-directories per directory holds %" PRIu64,
			     wanted, shape->depth, files_max(shape, 0), dirs_max(shape, 0), holds);
}

static unsigned digits(uint64_t number, unsigned base)
{
	unsigned n = 1;
	while (number /= base)
		n++;
	return n;
}

static size_t longest_extension(const struct shape *shape)
{
	size_t longest = 0;
	for (uint32_t i = 0; i < shape->extensions.n; i++)
		longest = MAX(longest, strlen(shape->extensions.at[i].text));
	return longest;
}

/* The contents of the largest directories of a level. */
static void largest_dealt(const struct shape *shape, uint32_t depth, uint64_t *files,
			  uint64_t *dirs)
{
	struct profile_level level;
	profile_level(&level, &shape->profile, shape->entries - special_total(shape), depth);
	uint64_t n = level.parents, last = n ? n - 1 : 0;
	const struct quantity *q = levels_at(&shape->files_per_dir, depth);
	*files = level.files - profile_dealt(q, n, level.files, last);
	q = levels_at(&shape->dirs_per_dir, depth);
	*dirs = level.dirs - profile_dealt(q, n, level.dirs, last);
}

/* Whether names of a level are long enough for their numbers. */
static int check_names(const struct json_node *at, const struct shape *shape, uint32_t level)
{
	struct json_node names = json_node_child(at, "name_length"),
			 dirs = json_node_child(at, "dir_name_length");
	unsigned base = shape->alphabet.letters == LETTERS_HEX ? 16 : 10;
	uint64_t files = files_max(shape, level);
	uint64_t subdirs = level < shape->depth ? dirs_max(shape, level) : 0;
	if (shape->profile.n)
		largest_dealt(shape, level, &files, &subdirs);
	uint64_t crowd = files + subdirs;
	uint64_t name = quantity_max(&shape->name_length);
	uint64_t dir_name = quantity_max(shape_lengths(shape, true));
	crowd = MIN(crowd, shape->entries) + (level == 0 ? special_count(shape) : 0);
	unsigned number = crowd ? digits(crowd - 1, base) : 0;
	size_t extension = longest_extension(shape);
	if (files > 0 && number + extension > name)
		return json_node_bad(&names,
				     "names of %" PRIu64 " bytes%s are too few for %" PRIu64
				     " different names",
				     name, extension ? " with their extensions" : "", crowd);
	if (subdirs > 0 && number > dir_name)
		return json_node_bad(shape->dir_name_length.n ? &dirs : &names,
				     "names of %" PRIu64 " bytes are too few for %" PRIu64
				     " different names",
				     dir_name, crowd);
	return 0;
}

static int check_types(const struct json_node *at, const struct shape *shape)
{
	struct json_node links = json_node_child(at, "hard_links");
	uint64_t share = (uint64_t)shape->symlinks.per_mille + shape->fifos + shape->sockets +
			 shape->devices;
	if (share > PER_MILLE)
		return json_node_bad(at,
				     "symlinks, fifos, sockets and devices are %" PRIu64
				     " per mille of the names together; the limit is 1000",
				     share);
	if (shape->hard_links.per_mille && shape->hard_links.of == FIRST_IN_PARENT &&
	    shape->depth == 0)
		return json_node_bad(&links, "of files in the parent directory need a depth of at "
					     "least 1, but depth is 0");
	return 0;
}

/* Checks every value, and values against each other. */
static int shape_check_at(const struct shape *shape, const struct json_node *at)
{
	int error = shape_members_check(shape, at);
	error = error ? error : check_types(at, shape);
	error = error ? error : check_depth(at, shape);
	error = error ? error : check_entries(at, shape);
	for (uint32_t level = 0;
	     level <= shape->depth && level < MAX(QUANTITY_LEVELS, shape->profile.n) && !error;
	     level++)
		error = check_names(at, shape, level);
	return error;
}

int shape_check(const struct shape *shape, const char *source, struct err *err)
{
	const struct json_node at = {.source = source, .err = err};
	return shape_check_at(shape, &at);
}

/* --- Reading and writing ------------------------------------------------------------------- */

/* The default shape: a source tree. */
static const struct shape defaults = {
	.name = "unnamed",
	.entries = 20000,
	.files_per_dir = LEVELS_RANGE(12, 25),
	.dirs_per_dir = LEVELS_RANGE(0, 6),
	.depth = 16,
	.fill = FILL_EVEN,
	.name_length = QUANTITY_RANGE(4, 24),
	.seed = 1,
};

/* The depth if the document does not give it. */
static uint32_t natural_depth(const struct shape *shape)
{
	for (uint32_t depth = 0; depth < defaults.depth; depth++) {
		if (quantity_max(levels_at(&shape->dirs_per_dir, depth)) == 0)
			return depth;
	}
	return defaults.depth;
}

static int read_values(struct shape *shape, const struct json_node *at)
{
	struct json_node depth;
	int error = shape_members_read(shape, at);
	if (!error && !json_node_member(at, "depth", &depth))
		shape->depth = shape->profile.n ? shape->profile.n - 1 : natural_depth(shape);
	return error;
}

static int read_checked(struct shape *shape, const struct json_node *at)
{
	int error = read_values(shape, at);
	return error ? error : shape_check_at(shape, at);
}

int shape_read(struct shape *shape, const struct json_node *at)
{
	struct shape read = defaults;
	int error = read_checked(&read, at);
	if (!error)
		*shape = read;
	return error;
}

void shape_name_after(struct shape *shape, const char *source)
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
	struct json_node document = {0};
	struct shape read = defaults;
	shape_name_after(&read, source);
	int error = json_node_open(&document, source, text, size, err);
	error = error ? error : read_checked(&read, &document);
	if (!error)
		*shape = read;
	json_node_close(&document);
	return error;
}

static int load_file(struct shape *shape, const char *path, struct err *err)
{
	struct stat st;
	char *text = NULL;
	size_t size = 0;
	if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > JSON_NODE_TEXT_MAX)
		return err_set(err, -EFBIG,
			       "%s: %lld bytes, larger than 1 MiB, the limit of a shape", path,
			       (long long)st.st_size);
	int error = read_file(path, JSON_NODE_TEXT_MAX, &text, &size);
	if (error == -EFBIG)
		return err_set(err, error, "%s: larger than 1 MiB, the limit of a shape", path);
	if (error)
		return err_errno(err, error, "cannot read %s", path);
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

void shape_set_depth(struct shape *shape, uint32_t depth)
{
	static const struct levels any_files = LEVELS_RANGE(0, 100000000),
				   one_dir = LEVELS_RANGE(0, 1);
	shape->depth = depth;
	shape->files_per_dir = any_files;
	shape->dirs_per_dir = one_dir;
	shape->profile = (struct profile){.n = depth + 1, .fixed = depth};
	for (uint32_t i = 0; i < MIN(depth, PROFILE_DEPTHS - 1); i++)
		shape->profile.at[i].dirs = 1;
	shape->profile.at[MIN(depth, PROFILE_DEPTHS - 1)].files = 1;
}

void shape_set_name_length(struct shape *shape, uint64_t bytes)
{
	static const struct quantity none;
	shape->name_length = (struct quantity)QUANTITY_RANGE(bytes, bytes);
	shape->dir_name_length = none;
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
	const char *near = DID_YOU_MEAN(nearest(name_or_path, n, preset_name, NULL));
	return err_set(err, -ENOENT, "no shape is called '%s'%s", name_or_path,
		       *near ? near : "; a shape file's name has a slash or ends in .json");
}

char *shape_to_json(const struct shape *shape)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	fputs("{\n", out);
	shape_members_print(shape, out);
	fputs("}\n", out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

int shape_hash(const struct shape *shape, uint64_t *hash)
{
	struct shape tree = *shape;
	tree.name[0] = tree.summary[0] = tree.origin[0] = '\0';
	char *text = shape_to_json(&tree);
	if (!text)
		return -ENOMEM;
	*hash = digest_hash(text, strlen(text), 0);
	free(text);
	return 0;
}
