/* The half of generator.h that says what an entry is, once its name is known. */
#include <stdio.h>
#include <string.h>

#include "datasets/shape/gen_seed.h"
#include "datasets/shape/generator.h"
#include "engine/base/util.h"

/* Of a file in a generated directory; only the directory's seed is needed. */
static mode_t draw_type(const struct shape *shape, uint64_t seed, uint64_t entry)
{
	uint32_t links = shape->symlinks.per_mille, fifos = links + shape->fifos;
	uint32_t sockets = fifos + shape->sockets, devices = sockets + shape->devices;
	if (devices == 0)
		return S_IFREG;
	struct rng rng = {derive(seed, USE_TYPE, entry)};
	uint64_t roll = rng_below(&rng, 1000);
	return roll < links     ? S_IFLNK
	       : roll < fifos   ? S_IFIFO
	       : roll < sockets ? S_IFSOCK
	       : roll < devices ? S_IFCHR
				: S_IFREG;
}

mode_t gen_type(const struct gen_dir *dir, uint64_t entry)
{
	if (entry >= dir->files)
		return S_IFDIR;
	if (dir->literals)
		return dir->literals[entry].mode & S_IFMT;
	return dir->special ? S_IFREG : draw_type(dir->shape, dir->seed, entry);
}

/*
 * Links lead to a neighbour: an entry of the same block of 32 names, so that any entry can be had
 * alone, and no chain gets as long as the 40 links that the kernel follows.
 */
struct block {
	uint64_t begin, end;
};

static struct block block_of(const struct gen_dir *dir, uint64_t i)
{
	enum { BLOCK = 32 };
	uint64_t begin = i - i % BLOCK;
	return (struct block){begin, MIN(begin + BLOCK, dir->files)};
}

static bool pick_file(const struct gen_dir *dir, uint64_t i, struct rng *rng, uint64_t *found)
{
	const struct block block = block_of(dir, i);
	uint64_t n = block.end - block.begin, first = rng_below(rng, n);
	for (uint64_t k = 0; k < n; k++) {
		*found = block.begin + (first + k) % n;
		if (gen_type(dir, *found) == S_IFREG)
			return true;
	}
	return false;
}

static bool pick_link_before(const struct gen_dir *dir, uint64_t i, uint64_t *found)
{
	for (*found = i; (*found)-- > block_of(dir, i).begin;) {
		if (gen_type(dir, *found) == S_IFLNK)
			return true;
	}
	return false;
}

static enum link_kind draw_kind(const uint32_t *weights, struct rng *rng)
{
	uint64_t total = 0;
	enum link_kind kind = LINK_FILE;
	for (size_t k = 0; k < LINK_KINDS; k++)
		total += weights[k];
	for (uint64_t pick = rng_below(rng, total); pick >= weights[kind]; kind++)
		pick -= weights[kind];
	return kind;
}

static void aim_symlink(const struct gen_dir *dir, uint64_t i, char *target)
{
	struct rng rng = {derive(dir->seed, USE_LINK, i)};
	enum link_kind kind = draw_kind(dir->shape->symlinks.weights, &rng);
	const char *text = "no-such-entry";
	uint64_t at = 0;
	bool found = false;
	if (kind == LINK_DIRECTORY) {
		text = dir->depth ? ".." : ".";
		found = dir->dirs > 0;
		at = found ? dir->files + rng_below(&rng, dir->dirs) : 0;
	}
	if (kind == LINK_CHAIN)
		found = pick_link_before(dir, i, &at);
	if (kind == LINK_FILE || (kind == LINK_CHAIN && !found))
		found = pick_file(dir, i, &rng, &at);
	if (found)
		gen_name(dir, at, target);
	else
		snprintf(target, GEN_TARGET_SIZE, "%s", text);
}

/* The first file of a group of neighbours is the first name of those after it that are links. */
static bool first_in_group(const struct gen_dir *dir, uint64_t i, uint32_t group, uint64_t *first)
{
	for (*first = i - i % group; *first < i; ++*first) {
		if (gen_type(dir, *first) == S_IFREG)
			return true;
	}
	return false;
}

/* Whether the entry is a further name of a file, and of which. */
static bool aim_hard_link(const struct gen_dir *dir, uint64_t i, char *target)
{
	const struct hard_links *links = &dir->shape->hard_links;
	uint32_t group = dir->special ? dir->special->group : links->group;
	uint32_t share = dir->special ? (group ? 1000 : 0) : links->per_mille;
	struct rng rng = {derive(dir->seed, USE_LINK, i)};
	uint64_t first;
	if (!drawn(&rng, share))
		return false;
	if (dir->special || links->of == FIRST_IN_DIRECTORY) {
		if (!first_in_group(dir, i, group, &first))
			return false;
		gen_name(dir, first, target);
		return true;
	}
	first = dir->up_files ? i % dir->up_files : 0;
	if (dir->up_files == 0 || draw_type(dir->shape, dir->up_seed, first) != S_IFREG)
		return false;
	/* Of the directory above this is all that its files' names need. */
	const struct gen_dir up = {
		.shape = dir->shape,
		.seed = dir->up_seed,
		.files = dir->up_files,
		.shared = dir->up_entries - dir->up_files,
		.dirs = dir->up_entries - dir->up_files,
	};
	memcpy(target, "../", 3);
	gen_name(&up, first, target + 3);
	return true;
}

static void draw_file(const struct gen_dir *dir, uint64_t i, struct gen_entry *entry)
{
	const struct shape *shape = dir->shape;
	struct rng rng = {derive(dir->seed, USE_FILE, i)};
	if (shape->file_size.n)
		entry->size = quantity_draw(&shape->file_size, &rng);
	if (shape->modes.n)
		entry->mode = S_IFREG | (mode_t)quantity_draw(&shape->modes, &rng);
	if (shape->owners.n) {
		uint64_t owner = quantity_draw(&shape->owners, &rng);
		entry->owned = true;
		entry->uid = (uint32_t)(owner >> 32);
		entry->gid = (uint32_t)owner;
	}
	if (shape->mtime.n) {
		entry->dated = true;
		entry->mtime = quantity_draw(&shape->mtime, &rng);
	}
	if (shape->xattrs.per_mille && drawn(&rng, shape->xattrs.per_mille)) {
		entry->n_xattrs = (uint32_t)quantity_draw(&shape->xattrs.count, &rng);
		entry->xattr_size = (uint32_t)quantity_draw(&shape->xattrs.size, &rng);
	}
}

static void literal_entry(const struct literal *row, struct gen_entry *entry)
{
	entry->mode = row->mode;
	if (row->target)
		snprintf(entry->target, sizeof(entry->target), "%s", row->target);
}

void gen_entry(const struct gen_dir *dir, uint64_t i, struct gen_entry *entry)
{
	mode_t type = gen_type(dir, i);
	memset(entry, 0, offsetof(struct gen_entry, target) + 1);
	if (dir->literals) {
		literal_entry(&dir->literals[i], entry);
		return;
	}
	entry->mode = type | (S_ISLNK(type) ? 0777 : S_ISDIR(type) ? 0755 : 0644);
	if (S_ISLNK(type))
		aim_symlink(dir, i, entry->target);
	if (!S_ISREG(type))
		return;
	entry->is_hard_link = aim_hard_link(dir, i, entry->target);
	if (!entry->is_hard_link && !dir->special)
		draw_file(dir, i, entry);
}

bool gen_hole(const struct gen_dir *dir, uint64_t entry, char *name)
{
	struct rng rng = {derive(dir->seed, USE_HOLE, entry)};
	if (dir->special || !dir->shape->holes || !drawn(&rng, dir->shape->holes))
		return false;
	snprintf(name, GEN_NAME_SIZE, "hole-%llu-", (unsigned long long)entry);
	return gen_find(dir, name) == gen_entries(dir);
}
