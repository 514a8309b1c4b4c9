/* What the values of a shape allow together; each alone is shape_members_check's business. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "datasets/shape/shape.h"
#include "datasets/shape/shape_keys.h"
#include "datasets/shape/special.h"
#include "engine/base/util.h"

static uint64_t files_max(const struct shape *shape, uint32_t depth)
{
	return quantity_max(levels_at(&shape->files_per_dir, depth));
}

static uint64_t dirs_max(const struct shape *shape, uint32_t depth)
{
	return quantity_max(levels_at(&shape->dirs_per_dir, depth));
}

/*
 * From the deepest level up. The sum never shrinks on the way, since every level above the last may
 * have sub-directories, so it can stop when it is enough.
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
	uint64_t last = above ? above - 1 : 0; /* a directory at the deepest level */
	return MAX(last, above + quantity_max(&shape->name_length));
}

static int check_depth(const struct json_node *at, const struct shape *shape)
{
	struct json_node depth = json_node_child(at, "depth");
	uint64_t path = shape_path_max(shape);
	for (uint32_t level = 0; level < shape->depth && level < QUANTITY_LEVELS; level++) {
		if (dirs_max(shape, level) > 0)
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
				     " bytes paths get %" PRIu64
				     " bytes long; beyond %d, say \"long_paths\": true",
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
	if (holds >= wanted)
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

/* Whether names of a level can hold its numbers. */
static int check_names(const struct json_node *at, const struct shape *shape, uint32_t level)
{
	struct json_node names = json_node_child(at, "name_length"),
			 dirs = json_node_child(at, "dir_name_length");
	unsigned base = shape->alphabet.letters == LETTERS_HEX ? 16 : 10;
	uint64_t subdirs = level < shape->depth ? dirs_max(shape, level) : 0;
	uint64_t crowd = files_max(shape, level) + subdirs;
	uint64_t name = quantity_max(&shape->name_length);
	uint64_t dir_name = quantity_max(shape_lengths(shape, true));
	crowd = MIN(crowd, shape->entries) + (level == 0 ? special_count(shape) : 0);
	unsigned number = crowd ? digits(crowd - 1, base) : 0;
	size_t extension = longest_extension(shape);
	if (files_max(shape, level) > 0 && number + extension > name)
		return json_node_bad(&names,
				     "names of %" PRIu64 " bytes%s cannot tell %" PRIu64
				     " entries apart",
				     name, extension ? " with their extensions" : "", crowd);
	if (subdirs > 0 && number > dir_name)
		return json_node_bad(shape->dir_name_length.n ? &dirs : &names,
				     "names of %" PRIu64 " bytes cannot tell %" PRIu64
				     " entries apart",
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
				     " per mille of the names together",
				     share);
	if (shape->hard_links.per_mille && shape->hard_links.of == FIRST_IN_PARENT &&
	    shape->depth == 0)
		return json_node_bad(&links,
				     "are of files in the parent directory, but depth is 0");
	return 0;
}

int shape_check_at(const struct shape *shape, const struct json_node *at)
{
	int error = shape_members_check(shape, at);
	error = error ? error : check_types(at, shape);
	error = error ? error : check_depth(at, shape);
	error = error ? error : check_entries(at, shape);
	for (uint32_t level = 0; level <= shape->depth && level < QUANTITY_LEVELS && !error;
	     level++)
		error = check_names(at, shape, level);
	return error;
}

int shape_check(const struct shape *shape, const char *source, struct err *err)
{
	const struct json_node at = {.source = source, .err = err};
	return shape_check_at(shape, &at);
}
