#include "datasets/shape/generator.h"

#include <errno.h>
#include <stdlib.h>

#include "datasets/shape/gen_seed.h"
#include "engine/base/util.h"

static uint64_t divide_up(uint64_t number, uint64_t by)
{
	return number / by + (number % by != 0);
}

/*
 * Settles a directory's files and sub-directories from its budget. What is drawn is a wish; the
 * budget must come out exactly, and shape_capacity says that it can:
 *   - too small: no sub-directory is made that would be left without its files;
 *   - too large: more sub-directories than drawn and, if even the most cannot hold it, more files.
 */
static void split(struct gen_dir *dir, uint64_t budget)
{
	const struct shape *shape = dir->shape;
	const struct quantity *files = levels_at(&shape->files_per_dir, dir->depth);
	const struct quantity *dirs = levels_at(&shape->dirs_per_dir, dir->depth);
	struct rng rng = {derive(dir->seed, USE_SPLIT, 0)};
	dir->files = quantity_draw(files, &rng);
	dir->files = MIN(dir->files, budget);
	dir->dirs = quantity_draw(dirs, &rng);
	if (dir->depth == shape->depth) {
		dir->files = budget;
		dir->dirs = 0;
		return;
	}
	uint64_t rest = budget - dir->files, dirs_max = quantity_max(dirs);
	uint64_t least = quantity_min(levels_at(&shape->files_per_dir, dir->depth + 1));
	dir->dirs = MIN(dir->dirs, rest / (1 + least));
	if (dir->dirs == 0 && budget <= quantity_max(files)) {
		dir->files = budget;
		return;
	}
	dir->child_max = shape_capacity(shape, dir->depth + 1, rest);
	uint64_t need = divide_up(rest, 1 + dir->child_max);
	if (need > dirs_max) {
		need = dirs_max;
		dir->files = budget - need * (1 + dir->child_max);
	}
	dir->dirs = shape->fill == FILL_DEEP ? need : MAX(dir->dirs, need);
}

/* The rows that are in this directory itself; those of its sub-directories follow them. */
static uint64_t literal_rows(const struct gen_dir *dir)
{
	uint64_t rows = 0, below = 0;
	while (rows + below < dir->budget)
		below += dir->literals[rows++].below;
	return rows;
}

static void split_special(struct gen_dir *dir)
{
	if (dir->literals) {
		uint64_t rows = literal_rows(dir);
		while (dir->files < rows && !S_ISDIR(dir->literals[dir->files].mode))
			dir->files++;
		dir->dirs = rows - dir->files;
		return;
	}
	dir->files = dir->special->dirs ? MIN(dir->special->files, dir->budget) : dir->budget;
	dir->dirs = MIN(dir->special->dirs, dir->budget - dir->files);
	dir->shared = dir->dirs;
}

void gen_root(struct gen_dir *root, const struct shape *shape)
{
	*root = (struct gen_dir){.shape = shape, .budget = shape->entries, .mode = 0755};
	root->seed = derive(shape->seed, USE_CHILD, 0);
	split(root, shape->entries - special_total(shape));
	root->shared = root->dirs;
	root->dirs += special_count(shape);
}

/* What the directories above leave for the i-th that shares their rest. */
static uint64_t share(const struct gen_dir *dir, uint64_t i)
{
	uint64_t taken = dir->depth ? 0 : special_total(dir->shape);
	uint64_t rest = dir->budget - taken - dir->files - dir->shared;
	if (dir->special || dir->shape->fill == FILL_EVEN)
		return rest / dir->shared + (i < rest % dir->shared);
	uint64_t before = i * dir->child_max;
	return before < rest ? MIN(dir->child_max, rest - before) : 0;
}

static void literal_child(struct gen_dir *child, const struct gen_dir *dir, uint64_t i)
{
	const struct literal *row = &dir->literals[dir->files];
	child->literals = dir->literals + gen_entries(dir);
	for (; i > 0; i--)
		child->literals += row++->below;
	child->budget = row->below;
	child->mode = row->mode & 07777;
}

void gen_child(struct gen_dir *child, const struct gen_dir *dir, uint64_t i)
{
	*child = (struct gen_dir){.shape = dir->shape,
				  .depth = dir->depth + 1,
				  .mode = 0755,
				  .special = dir->special,
				  .up_seed = dir->seed,
				  .up_files = dir->files,
				  .up_entries = gen_entries(dir)};
	child->seed = derive(dir->seed, USE_CHILD, i);
	if (dir->literals) {
		literal_child(child, dir, i);
	} else if (i < dir->shared) {
		child->budget = share(dir, i);
	} else {
		enum special_kind kind = special_at(dir->shape, (uint32_t)(i - dir->shared));
		child->special = &specials[kind];
		child->literals = child->special->literals;
		child->budget = special_entries(dir->shape, kind) - 1;
	}
	if (child->special) {
		split_special(child);
	} else {
		split(child, child->budget);
		child->shared = child->dirs;
	}
}

uint64_t gen_hash(const char *path, size_t length, mode_t type)
{
	return digest_hash(path, length, type & S_IFMT);
}

void gen_digest_below(const struct gen_dir *dir, char *path, size_t length, struct digest *digest)
{
	for (uint64_t i = 0; i < gen_entries(dir); i++) {
		size_t end = length + gen_name(dir, i, path + length);
		digest_add(digest, gen_hash(path, end, gen_type(dir, i)));
		if (i >= dir->files) {
			struct gen_dir child;
			gen_child(&child, dir, i - dir->files);
			path[end++] = '/';
			gen_digest_below(&child, path, end, digest);
		}
	}
}

int gen_digest(const struct shape *shape, struct digest *digest)
{
	struct gen_dir root;
	char *path = malloc(SHAPE_LONG_PATH_MAX + GEN_NAME_SIZE);
	*digest = (struct digest){0};
	if (!path)
		return -ENOMEM;
	gen_root(&root, shape);
	gen_digest_below(&root, path, 0, digest);
	free(path);
	return 0;
}
