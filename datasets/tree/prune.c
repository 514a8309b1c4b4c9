/*
 * prune_tree. The generator says what to remove, entry by entry; nothing is listed, so what the
 * shape does not say is never looked at. A directory that is not empty afterwards holds such
 * entries, and stays.
 */
#include "datasets/tree/prune.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "datasets/shape/generator.h"
#include "datasets/tree/trail.h"
#include "datasets/tree/way.h"

enum { WINDOW = 16, OWNER_ALL = 0700 };

struct pruner {
	const struct container *container;
	const struct progress *progress;
	struct err *err;
	struct tree_counts *gone;
	uint64_t total;
	struct way way;
	struct trail trail;
};

static int prune_directory(struct pruner *p, const struct gen_dir *dir);

static int fail(struct pruner *p, int error)
{
	char brief[BRIEF_SIZE];
	const char *where = path_brief(p->trail.text, brief);
	if (error == -EINTR)
		return err_set(p->err, error,
			       "%s: interrupted; the same command goes on from there",
			       p->container->dir);
	if (error == -EXDEV)
		return err_set(p->err, error, "%s: something is mounted here; unmount it first",
			       where);
	return err_errno(p->err, error, "cannot remove %s", where);
}

static void count(struct pruner *p, bool directory)
{
	p->gone->entries++;
	p->gone->directories += directory;
	progress_report(p->progress, "removing", p->gone->entries, p->total);
}

/* Into a directory of the shape, one that is locked by its own permissions too. */
static int enter(struct pruner *p, const struct gen_dir *dir, const char *name)
{
	int error = way_down(&p->way, name);
	if (error == -EACCES &&
	    fchmodat(way_fd(&p->way), name, OWNER_ALL, AT_SYMLINK_NOFOLLOW) == 0)
		error = way_down(&p->way, name);
	if (!error && (dir->mode & OWNER_ALL) != OWNER_ALL)
		error = fchmod(way_fd(&p->way), OWNER_ALL) ? -errno : 0;
	return error ? fail(p, error) : 0;
}

/* Its entry number i, a sub-directory, which is on the trail. */
static int prune_child(struct pruner *p, const struct gen_dir *dir, uint64_t i, const char *name)
{
	struct gen_dir child;
	gen_child(&child, dir, i - dir->files);
	int error = enter(p, &child, name);
	error = error ? error : prune_directory(p, &child);
	if (error)
		return error;
	error = way_up(&p->way);
	if (!error && unlinkat(way_fd(&p->way), name, AT_REMOVEDIR))
		error = -errno;
	if (error == -ENOTEMPTY || error == -EEXIST)
		return 0;
	if (error)
		return fail(p, error);
	count(p, true);
	return 0;
}

/* What is of another type is somebody else's. */
static int prune_entry(struct pruner *p, const struct gen_dir *dir, uint64_t i, const char *name)
{
	struct stat st;
	if (progress_stopped(p->progress))
		return fail(p, -EINTR);
	if (fstatat(way_fd(&p->way), name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : fail(p, -errno);
	if ((st.st_mode & S_IFMT) != gen_type(dir, i))
		return 0;
	if (S_ISDIR(st.st_mode))
		return prune_child(p, dir, i, name);
	if (unlinkat(way_fd(&p->way), name, 0))
		return fail(p, -errno);
	count(p, false);
	return 0;
}

static int prune_directory(struct pruner *p, const struct gen_dir *dir)
{
	int error = 0;
	for (uint64_t i = 0; !error && i < gen_entries(dir); i++) {
		const char *name;
		size_t length = trail_push_entry(&p->trail, dir, i, &name);
		error = prune_entry(p, dir, i, name);
		trail_pop(&p->trail, length);
	}
	return error;
}

int prune_tree(const struct container *c, const struct tree_info *info,
	       const struct progress *progress, struct tree_counts *gone, struct err *err)
{
	struct gen_dir root;
	int fd = open_below(c->fd, TREE_NAME);
	if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
		return 0; /* nothing that the shape says */
	if (fd < 0)
		return err_errno(err, fd, "cannot remove %s", info->root);
	struct pruner *p = calloc(1, sizeof(*p));
	if (!p) {
		close(fd);
		return err_errno(err, -ENOMEM, "%s", info->root);
	}
	p->container = c;
	p->progress = progress;
	p->err = err;
	p->gone = gone;
	p->total = info->shape.entries;
	trail_start(&p->trail, info->root);
	gen_root(&root, &info->shape);
	int error = way_begin(&p->way, fd, WINDOW);
	error = error ? fail(p, error) : prune_directory(p, &root);
	way_end(&p->way);
	free(p);
	return error;
}
