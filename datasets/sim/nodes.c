#include "datasets/sim/nodes.h"

#include <string.h>
#include <sys/stat.h>

#include "engine/base/util.h"

enum {
	DIR_SIZE = 4096,
	SECTOR = 512,
	NULL_DEVICE = 1 << 8 | 3 /* the format of device numbers in linux/fuse.h */
};

static void count_depths(struct nodes *nodes, const struct shape *shape)
{
	uint64_t number = NODE_ROOT + 1;
	nodes->n_depths = shape->profile.n;
	for (uint32_t depth = 0; depth < nodes->n_depths; depth++) {
		struct profile_level level;
		profile_level(&level, &shape->profile, shape->entries - special_total(shape),
			      depth);
		nodes->files_at[depth] = number;
		nodes->dirs_at[depth] = number += level.files;
		number += level.dirs;
	}
	nodes->files_at[nodes->n_depths] = number;
}

void nodes_begin(struct nodes *nodes, const struct shape *shape, uint32_t uid, uint32_t gid)
{
	memset(nodes, 0, sizeof(*nodes));
	nodes->uid = uid;
	nodes->gid = gid;
	gen_root(&nodes->root.dir, shape);
	nodes->root.number = nodes->root.parent = NODE_ROOT;
	count_depths(nodes, shape);
	nodes->last = nodes->root;
}

/* --- Numbers ------------------------------------------------------------------------------- */

static uint64_t first_file_number(const struct nodes *nodes, const struct node_dir *dir)
{
	if (gen_is_dealt(&dir->dir))
		return nodes->files_at[dir->dir.depth] + dir->dir.first_file;
	return dir->number + 1;
}

/* Of the i-th special: with a profile they have the last numbers. */
static uint64_t special_number(const struct nodes *nodes, uint64_t i)
{
	uint64_t number = nodes->files_at[nodes->n_depths];
	for (uint64_t k = 0; k < i; k++)
		number += special_entries(nodes->root.dir.shape,
					  special_at(nodes->root.dir.shape, (uint32_t)k));
	return number;
}

static uint64_t child_number(const struct nodes *nodes, const struct node_dir *dir, uint64_t i)
{
	if (!gen_is_dealt(&dir->dir))
		return dir->number + 1 + dir->dir.files + gen_before(&dir->dir, i);
	if (i >= dir->dir.shared)
		return special_number(nodes, i - dir->dir.shared);
	return nodes->dirs_at[dir->dir.depth] + dir->dir.first + i;
}

/*
 * The sub-directory that is, or contains, a number below dir; only among specials if the others are
 * dealt.
 */
static uint64_t child_with(const struct nodes *nodes, const struct node_dir *dir, uint64_t number)
{
	uint64_t low = gen_is_dealt(&dir->dir) ? dir->dir.shared : 0;
	uint64_t high = dir->dir.dirs; /* it is in [low, high) */
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;
		if (child_number(nodes, dir, middle) <= number)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Computes the i-th sub-directory, unless it is cached, and caches it. */
static void enter(struct nodes *nodes, const struct node_dir *dir, uint64_t i,
		  struct node_dir *child)
{
	const uint64_t number = child_number(nodes, dir, i);
	struct node_dir *slot = &nodes->slots[number % NODE_SLOTS];
	if (slot->number != number) {
		struct node_dir made = {
			.number = number, .parent = dir->number, .entry = dir->dir.files + i};
		gen_child(&made.dir, &dir->dir, i);
		*slot = made;
	}
	*child = *slot;
}

static bool has_file(const struct nodes *nodes, const struct node_dir *dir, uint64_t number)
{
	const uint64_t first = first_file_number(nodes, dir);
	return number >= first && number - first < dir->dir.files;
}

static bool known(const struct nodes *nodes, uint64_t number, struct node_dir *dir)
{
	const struct node_dir *slot = &nodes->slots[number % NODE_SLOTS];
	if (slot->number == number)
		*dir = *slot;
	return slot->number == number;
}

/* The directory with number `place` at its depth, as dealt by the profile. */
static void dealt_dir(struct nodes *nodes, uint32_t depth, uint64_t place, struct node_dir *dir)
{
	struct node_dir above = nodes->root;
	*dir = nodes->root;
	if (depth == 0 || known(nodes, nodes->dirs_at[depth - 1] + place, dir))
		return;
	if (depth > 1)
		dealt_dir(nodes, depth - 1, gen_holder(above.dir.shape, depth - 1, false, place),
			  &above);
	enter(nodes, &above, place - above.dir.first, dir);
}

/*
 * If numbers are assigned depth by depth: finds the directory itself, or the one that contains the
 * file.
 */
static void find_dealt(struct nodes *nodes, uint64_t number, struct node_dir *dir)
{
	uint32_t depth = 0;
	while (number >= nodes->files_at[depth + 1])
		depth++;
	if (number >= nodes->dirs_at[depth])
		dealt_dir(nodes, depth + 1, number - nodes->dirs_at[depth], dir);
	else
		dealt_dir(nodes, depth,
			  gen_holder(nodes->root.dir.shape, depth, true,
				     number - nodes->files_at[depth]),
			  dir);
}

/* Goes down to the directory with this number, or the one that contains this file. */
static bool descend(struct nodes *nodes, uint64_t number, struct node_dir *dir)
{
	*dir = nodes->root;
	if (number < NODE_ROOT || number > NODE_ROOT + dir->dir.budget)
		return false;
	if (number == NODE_ROOT || known(nodes, number, dir))
		return true;
	if (nodes->n_depths && number < nodes->files_at[nodes->n_depths]) {
		find_dealt(nodes, number, dir);
		return true;
	}
	while (dir->number != number && !has_file(nodes, dir, number)) {
		const struct node_dir above = *dir;
		enter(nodes, &above, child_with(nodes, &above, number), dir);
	}
	return true;
}

bool nodes_dir(struct nodes *nodes, uint64_t number, struct node_dir *dir)
{
	return descend(nodes, number, dir) && dir->number == number;
}

bool nodes_find(struct nodes *nodes, uint64_t number, struct node_name *name)
{
	struct node_dir found;
	if (has_file(nodes, &nodes->last, number)) {
		name->in = nodes->last;
		name->entry = number - first_file_number(nodes, &nodes->last);
		return true;
	}
	if (number == NODE_ROOT || !descend(nodes, number, &found))
		return false;
	if (found.number == number) {
		name->entry = found.entry;
		return nodes_dir(nodes, found.parent, &name->in);
	}
	nodes->last = name->in = found;
	name->entry = number - first_file_number(nodes, &found);
	return true;
}

uint64_t nodes_number(const struct nodes *nodes, const struct node_name *name)
{
	const struct gen_dir *dir = &name->in.dir;
	return name->entry < dir->files ? first_file_number(nodes, &name->in) + name->entry
					: child_number(nodes, &name->in, name->entry - dir->files);
}

void nodes_resolve(struct nodes *nodes, struct node_name *name, struct gen_entry *entry)
{
	gen_entry(&name->in.dir, name->entry, entry);
	while (entry->is_hard_link) {
		const char *target = entry->target;
		struct node_dir above;
		if (strncmp(target, "../", 3) == 0 && nodes_dir(nodes, name->in.parent, &above)) {
			name->in = above;
			target += 3;
		}
		name->entry = gen_find(&name->in.dir, target);
		gen_entry(&name->in.dir, name->entry, entry);
	}
}

/* --- Number of names of a file --------------------------------------------------------------- */

/* Names among the neighbours of a file that is the first of its group. */
static uint32_t names_beside(const struct gen_dir *dir, uint64_t i, uint32_t group)
{
	char name[GEN_NAME_SIZE];
	struct gen_entry entry;
	uint32_t names = 1;
	uint64_t end = MIN(i - i % group + group, dir->files);
	gen_name(dir, i, name);
	for (uint64_t k = i + 1; k < end; k++) {
		gen_entry(dir, k, &entry);
		names += entry.is_hard_link && strcmp(entry.target, name) == 0;
	}
	return names;
}

/* In the sub-directories every files-th file can be a further name, and have more names below. */
static uint32_t names_below(const struct gen_dir *dir, uint64_t i)
{
	uint32_t names = 1;
	for (uint64_t c = 0; c < dir->shared; c++) {
		struct gen_dir child;
		struct gen_entry entry;
		gen_child(&child, dir, c);
		for (uint64_t k = i; k < child.files; k += dir->files) {
			gen_entry(&child, k, &entry);
			if (entry.is_hard_link)
				names += names_below(&child, k);
		}
	}
	return names;
}

static uint32_t names_of(const struct node_name *first)
{
	const struct gen_dir *dir = &first->in.dir;
	const struct hard_links *links = &dir->shape->hard_links;
	if (dir->special)
		return dir->special->group ? names_beside(dir, first->entry, dir->special->group)
					   : 1;
	if (!links->per_mille)
		return 1;
	return links->of == FIRST_IN_DIRECTORY ? names_beside(dir, first->entry, links->group)
					       : names_below(dir, first->entry);
}

/* --- Attributes ---------------------------------------------------------------------------- */

static void set_times(struct fuse_attr *attr, uint64_t seconds)
{
	attr->atime = attr->mtime = attr->ctime = seconds;
}

static void dir_attr(const struct nodes *nodes, const struct node_dir *dir, struct fuse_attr *attr)
{
	*attr = (struct fuse_attr){
		.ino = dir->number,
		.mode = S_IFDIR | dir->dir.mode,
		.nlink = (uint32_t)MIN(2 + dir->dir.dirs, UINT32_MAX),
		.size = DIR_SIZE,
		.blocks = DIR_SIZE / SECTOR,
		.blksize = DIR_SIZE,
		.uid = nodes->uid,
		.gid = nodes->gid,
	};
	set_times(attr, NODE_TIME);
}

void nodes_root_attr(const struct nodes *nodes, struct fuse_attr *attr)
{
	dir_attr(nodes, &nodes->root, attr);
}

void nodes_attr(struct nodes *nodes, struct node_name *name, struct fuse_attr *attr)
{
	struct gen_entry entry;
	if (name->entry >= name->in.dir.files) {
		struct node_dir dir;
		enter(nodes, &name->in, name->entry - name->in.dir.files, &dir);
		dir_attr(nodes, &dir, attr);
		return;
	}
	nodes_resolve(nodes, name, &entry);
	*attr = (struct fuse_attr){
		.ino = nodes_number(nodes, name),
		.mode = entry.mode,
		.nlink = S_ISREG(entry.mode) ? names_of(name) : 1,
		.size = S_ISLNK(entry.mode) ? strlen(entry.target) : entry.size,
		.blksize = DIR_SIZE, /* no blocks, because files are sparse */
		.uid = entry.owned ? entry.uid : nodes->uid,
		.gid = entry.owned ? entry.gid : nodes->gid,
		.rdev = S_ISCHR(entry.mode) ? NULL_DEVICE : 0,
	};
	set_times(attr, entry.dated ? entry.mtime : NODE_TIME);
}
