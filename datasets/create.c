/*
 * tree_create. The work is cut by directory: make one directory's entries, then descend; nothing
 * but the directories above is in memory or open. An entry that is there already is accepted, so
 * that going on after an interruption is the same as beginning.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "datasets/container.h"
#include "datasets/generator.h"
#include "datasets/tree.h"
#include "engine/base/util.h"

struct maker {
	const struct progress *progress;
	struct err *err;
	struct tree_counts *made;
	uint64_t done, total; /* entries that exist now; wanted */
	struct trail trail;
};

static int fail(struct maker *m, const char *name, int error)
{
	char done[32], total[32];
	if (name)
		trail_push(&m->trail, name);
	if (error == -EINTR)
		trail_pop(&m->trail, m->trail.below - 1); /* where does not matter */
	return err_set(m->err, error,
		       "%s: %s after %s of %s entries; the same command goes on from there",
		       m->trail.text, error == -EINTR ? "interrupted" : strerror(-error),
		       group_digits(m->done, done, sizeof(done)),
		       group_digits(m->total, total, sizeof(total)));
}

static int make_new(int fd, const char *name, mode_t type)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	if (S_ISDIR(type))
		return TEMP_FAILURE_RETRY(mkdirat(fd, name, 0755)) ? -errno : 0;
	int file = (int)TEMP_FAILURE_RETRY(openat(fd, name, flags, 0644));
	if (file < 0)
		return -errno;
	close(file);
	return 0;
}

/* Makes an entry, or accepts what is there if it is of that type. */
static int make_entry(struct maker *m, int fd, const char *name, mode_t type)
{
	struct stat st;
	int error = make_new(fd, name, type);
	if (!error) {
		m->made->entries++;
		m->made->directories += S_ISDIR(type);
		return 0;
	}
	if (error == -EEXIST && fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (st.st_mode & S_IFMT) == type)
		return 0;
	return fail(m, name, error);
}

static int make_entries(struct maker *m, int fd, const struct gen_dir *dir)
{
	char name[GEN_NAME_SIZE];
	for (uint64_t i = 0; i < gen_entries(dir); i++) {
		gen_name(dir, i, name);
		if (progress_stopped(m->progress))
			return fail(m, NULL, -EINTR);
		int error = make_entry(m, fd, name, gen_type(dir, i));
		if (error)
			return error;
		progress_report(m->progress, "creating", ++m->done, m->total);
	}
	return 0;
}

static int make_directory(struct maker *m, int fd, const struct gen_dir *dir)
{
	char name[GEN_NAME_SIZE];
	int error = make_entries(m, fd, dir);
	for (uint64_t i = 0; !error && i < dir->dirs; i++) {
		struct gen_dir child;
		gen_child(&child, dir, i);
		if (child.budget == 0)
			continue;
		gen_name(dir, dir->files + i, name);
		int below = open_below(fd, name);
		if (below < 0)
			return fail(m, name, below);
		size_t length = trail_push(&m->trail, name);
		error = make_directory(m, below, &child);
		close(below);
		if (!error)
			trail_pop(&m->trail, length);
	}
	return error;
}

static int make_tree(const struct container *c, const struct tree_info *info,
		     const struct progress *progress, struct tree_counts *made, struct err *err)
{
	struct maker m = {progress, err, made, .total = info->shape.entries};
	struct gen_dir root;
	trail_start(&m.trail, info->root);
	gen_root(&root, &info->shape);
	if (mkdirat(c->fd, TREE_NAME, 0755) && errno != EEXIST)
		return fail(&m, NULL, -errno);
	int fd = open_below(c->fd, TREE_NAME);
	if (fd < 0)
		return fail(&m, NULL, fd);
	int error = make_directory(&m, fd, &root);
	if (!error && syncfs(fd))
		error = fail(&m, NULL, -errno);
	close(fd);
	return error;
}

/*
 * A lower bound, so that nothing is refused that would have fitted: an inode for each entry, the
 * container, its root and the sentinel; a directory record for each name. A filesystem that counts
 * no inodes says 0; tmpfs keeps names outside of its blocks.
 */
static int check_room(int fd, const struct container *c, const struct shape *shape, struct err *err)
{
	struct statfs fs;
	if (fstatfs(fd, &fs) || fs.f_bsize <= 0)
		return 0; /* what cannot be known cannot be missing */
	uint64_t inodes = shape->entries + 3, block = (uint64_t)fs.f_bsize;
	uint64_t blocks = shape->entries * (8 + shape->name_length.min) / block;
	uint64_t room = geteuid() == 0 ? fs.f_bfree : fs.f_bavail;
	if (fs.f_files > 0 && fs.f_ffree < inodes)
		return err_set(err, -E2BIG,
			       "%s: $.entries: %" PRIu64 " entries need %" PRIu64
			       " inodes; the filesystem of %s has %" PRIu64 " free",
			       shape->name, shape->entries, inodes, c->dir, (uint64_t)fs.f_ffree);
	if (fs.f_blocks > 0 && fs.f_type != TMPFS_MAGIC && room < blocks)
		return err_set(err, -E2BIG,
			       "%s: $.entries: the names of %" PRIu64 " entries need %" PRIu64
			       " blocks of %" PRIu64 " bytes; the filesystem of %s has %" PRIu64
			       " free",
			       shape->name, shape->entries, blocks, block, c->dir, room);
	return 0;
}

/* Begins in an empty container: from here on it is ours. */
static int begin(struct container *c, const struct shape *shape, struct tree_info *info,
		 struct err *err)
{
	static const char *const leftover[] = {SENTINEL_TEMP, NULL};
	char other[NAME_MAX + 1];
	int found = container_other(c, leftover, other, err);
	if (found > 0)
		return err_set(err, -EEXIST,
			       "%s: exists, holds '%s' and was not made by statmark; left alone",
			       c->dir, other);
	int error = found < 0 ? found : check_room(c->fd, c, shape, err);
	if (error)
		return error;
	*info = (struct tree_info){.shape = *shape, .state = TREE_CREATING};
	if (snprintf(info->root, sizeof(info->root), "%s/" TREE_NAME, c->dir) >= PATH_MAX)
		return err_errno(err, -ENAMETOOLONG, "%s", c->dir);
	gen_digest(shape, &info->digest);
	return sentinel_write(c, info, err);
}

static int same_shape(const struct container *c, const struct shape *shape,
		      const struct tree_info *info, struct err *err)
{
	uint64_t wanted, found;
	if (shape_hash(shape, &wanted) || shape_hash(&info->shape, &found))
		return err_set(err, -ENOMEM, "%s: out of memory", c->dir);
	if (wanted != found)
		return err_set(err, -EEXIST,
			       "%s: holds another tree, '%s' with %" PRIu64 " entries and seed "
			       "%" PRIu64 "; remove it or name another directory",
			       c->dir, info->shape.name, info->shape.entries, info->shape.seed);
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
	if (error == -ENOENT)
		error = begin(c, shape, info, err);
	if (error && absent)
		unlinkat(c->parent, c->base, AT_REMOVEDIR); /* only if it is empty */
	return error;
}

int tree_create(const char *dir, const struct shape *shape, const struct progress *progress,
		struct tree_counts *made, struct err *err)
{
	struct container c = {.parent = -1, .fd = -1};
	struct tree_info info;
	*made = (struct tree_counts){0};
	int error = shape_check(shape, shape->name, err);
	error = error ? error : container_open(&c, dir, err);
	error = error ? error : prepare(&c, shape, &info, err);
	if (!error && info.state == TREE_CREATING) {
		error = make_tree(&c, &info, progress, made, err);
		info.state = TREE_COMPLETE;
		error = error ? error : sentinel_write(&c, &info, err);
	}
	container_close(&c);
	return error;
}
