/* tree_create: when a directory may become a tree, and what it takes besides making the entries. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "datasets/tree/ability.h"
#include "datasets/tree/container.h"
#include "datasets/tree/make.h"
#include "datasets/tree/tree.h"
#include "datasets/tree/way.h"
#include "engine/base/count.h"
#include "engine/base/util.h"

/*
 * A lower bound, so that nothing is refused that would have fitted: an inode for each entry that is
 * no further name of another, the container, its root and the sentinel; a directory record for each
 * name. A filesystem that counts no inodes says 0; tmpfs keeps names outside of its blocks.
 */
static int check_room(int fd, const struct container *c, const struct shape *shape, struct err *err)
{
	struct statfs fs;
	if (fstatfs(fd, &fs) || fs.f_bsize <= 0)
		return 0; /* what cannot be known cannot be missing */
	uint64_t block = (uint64_t)fs.f_bsize, links = shape->hard_links.per_mille;
	uint64_t inodes = shape->entries - shape->entries * links / 1000 + 3;
	uint64_t blocks = shape->entries * (8 + quantity_min(&shape->name_length)) / block;
	uint64_t room = geteuid() == 0 ? fs.f_bfree : fs.f_bavail;
	if (fs.f_files > 0 && fs.f_ffree < inodes)
		return err_set(err, -ENOSPC,
			       "%s: $.entries: %s %s %s; the filesystem of %s has %s free",
			       shape->name, COUNTED(shape->entries, "entry"),
			       shape->entries == 1 ? "needs" : "need", COUNTED(inodes, "inode"),
			       c->dir, GROUPED((uint64_t)fs.f_ffree));
	if (fs.f_blocks > 0 && fs.f_type != TMPFS_MAGIC && room < blocks)
		return err_set(err, -ENOSPC,
			       "%s: $.entries: the names of %s need %s of %s; the filesystem of %s "
			       "has %s free",
			       shape->name, COUNTED(shape->entries, "entry"),
			       COUNTED(blocks, "block"), COUNTED(block, "byte"), c->dir,
			       GROUPED(room));
	return 0;
}

/* Begins in an empty container: from here on it is ours. */
static int begin(struct container *c, const struct shape *shape, struct tree_info *info,
		 struct err *err)
{
	static const char *const leftover[] = {SENTINEL_TEMP, NULL};
	char *other = NULL;
	int found = container_other(c, leftover, &other, err);
	int error = found;
	if (found > 0)
		error = err_set(err, -EEXIST,
				"%s: exists, holds '%s' and was not made by statmark; left alone",
				c->dir, other);
	free(other);
	error = error ? error : check_room(c->fd, c, shape, err);
	if (error)
		return error;
	*info = (struct tree_info){.shape = *shape, .state = TREE_CREATING};
	info->digest.count = shape->entries; /* the rest is known when they are made */
	if (snprintf(info->root, sizeof(info->root), "%s/" TREE_NAME, c->dir) >= PATH_MAX)
		return err_errno(err, -ENAMETOOLONG, "%s", c->dir);
	return sentinel_write(c, info, err);
}

/* Makes the tree's root, and tries there whether the shape can be had at all. */
static int try_root(const struct container *c, const struct tree_info *info, struct err *err)
{
	if (mkdirat(c->fd, TREE_NAME, 0755) && errno != EEXIST)
		return err_errno(err, -errno, "cannot make %s", info->root);
	int fd = open_below(c->fd, TREE_NAME);
	if (fd < 0)
		return err_errno(err, fd, "%s", info->root);
	int error = check_ability(fd, c->dir, &info->shape, err);
	close(fd);
	return error;
}

/* Undoes begin, if nothing but an empty root has come of it. */
static void give_up(const struct container *c)
{
	if (unlinkat(c->fd, TREE_NAME, AT_REMOVEDIR) == 0 || errno == ENOENT)
		unlinkat(c->fd, SENTINEL_NAME, 0);
}

static int same_shape(const struct container *c, const struct shape *shape,
		      const struct tree_info *info, struct err *err)
{
	uint64_t wanted, found;
	if (shape_hash(shape, &wanted) || shape_hash(&info->shape, &found))
		return err_set(err, -ENOMEM, "%s: out of memory", c->dir);
	if (wanted != found)
		return err_set(err, -EEXIST,
			       "%s: holds another tree, '%s' with %s and seed %" PRIu64
			       "; remove it or name another directory",
			       c->dir, info->shape.name, COUNTED(info->shape.entries, "entry"),
			       info->shape.seed);
	if (info->state == TREE_REMOVING)
		return err_set(err, -EEXIST,
			       "%s: is half removed; let 'statmark tree remove' finish", c->dir);
	return 0;
}

/* Looks at a container that exists, with or without its lock. -ENOENT, without words: no sentinel.
 */
static int look(const struct container *c, const struct shape *shape, struct tree_info *info,
		struct err *err)
{
	int error = sentinel_read(c, info, err);
	return error ? error : same_shape(c, shape, info, err);
}

/* Brings the container to where make_tree can go to work, or to info->state TREE_COMPLETE. */
static int prepare(struct container *c, const struct shape *shape, struct tree_info *info,
		   struct err *err)
{
	bool absent = c->fd < 0;
	int error;
	if (!absent) {
		error = look(c, shape, info, NULL);
		if (!error && info->state == TREE_COMPLETE)
			return 0; /* needs no lock: several may use it at once */
	} else {
		error = check_room(c->parent, c, shape, err);
		error = error ? error : container_make(c, err);
		if (error)
			return error;
	}
	error = container_lock(c, err);
	if (error)
		return error;
	error = look(c, shape, info, err);
	bool fresh = error == -ENOENT;
	if (fresh)
		error = begin(c, shape, info, err);
	if (!error && info->state == TREE_CREATING) {
		error = try_root(c, info, err);
		if (error && fresh)
			give_up(c);
	}
	if (error && absent)
		unlinkat(c->parent, c->base, AT_REMOVEDIR); /* only if it is empty */
	return error;
}

int tree_create(const char *dir, const struct shape *shape, unsigned jobs,
		const struct progress *progress, struct tree_counts *made, struct err *err)
{
	struct container c = {.parent = -1, .fd = -1};
	struct tree_info info = {0};
	*made = (struct tree_counts){0};
	mode_t before = umask(022); /* entries have the modes their shape says */
	int error = shape_check(shape, shape->name, err);
	error = error ? error : container_open(&c, dir, err);
	error = error ? error : prepare(&c, shape, &info, err);
	if (!error && info.state == TREE_CREATING) {
		error = make_tree(&c, &info, jobs, progress, made, err);
		info.state = TREE_COMPLETE;
		error = error ? error : sentinel_write(&c, &info, err);
	}
	container_close(&c);
	umask(before);
	return error;
}
