/*
 * tree_remove and tree_prune. Everything that could be a reason not to is looked at before anything
 * is removed; from then on the sentinel says "removing" and goes last, so that a removal that was
 * killed can be taken up again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "datasets/tree/container.h"
#include "datasets/tree/prune.h"
#include "datasets/tree/strike.h"
#include "datasets/tree/tree.h"

static int check_ours(const struct container *c, struct tree_info *info, struct err *err)
{
	static const char *const known[] = {SENTINEL_NAME, SENTINEL_TEMP, TREE_NAME, NULL};
	char *other = NULL;
	int error = sentinel_read(c, info, err);
	if (error == -ENOENT)
		return err_set(err, -EEXIST, "%s: was not made by statmark; left alone", c->dir);
	int found = error ? 0 : container_other(c, known, &other, err);
	error = error ? error : found;
	if (found > 0)
		error = err_set(err, -EEXIST,
				"%s: holds '%s', which statmark did not make; nothing was removed",
				c->dir, other);
	free(other);
	return error;
}

static int mark(const struct container *c, struct tree_info *info, struct err *err)
{
	if (info->state == TREE_REMOVING)
		return 0;
	struct err full = {0};
	info->state = TREE_REMOVING;
	int error = sentinel_write(c, info, &full);
	if (error == -ENOSPC || error == -EDQUOT)
		return 0; /* removal is what makes room */
	return error ? err_set(err, error, "%s", full.text) : 0;
}

/* When the tree is gone: the sentinel last, so that the directory is ours until then. */
static int remove_container(const struct container *c, struct err *err)
{
	static const char *const files[] = {SENTINEL_TEMP, SENTINEL_NAME};
	for (size_t i = 0; i < 2; i++) {
		if (unlinkat(c->fd, files[i], 0) && errno != ENOENT)
			return err_errno(err, -errno, "cannot remove %s/%s", c->dir, files[i]);
	}
	if (unlinkat(c->parent, c->base, AT_REMOVEDIR))
		return err_errno(err, -errno, "cannot remove %s", c->dir);
	return 0;
}

/* Ours, locked, and marked as being removed. c is to be closed in any case. */
static int begin(struct container *c, struct tree_info *info, const char *dir, struct err *err)
{
	*c = (struct container){.parent = -1, .fd = -1};
	int error = container_open(c, dir, err);
	if (!error && c->fd < 0)
		error = err_errno(err, -ENOENT, "%s", dir);
	if (!error && (strcmp(c->base, ".") == 0 || strcmp(c->base, "..") == 0))
		error = err_set(err, -EINVAL, "%s: name the directory by its own name", dir);
	error = error ? error : container_lock(c, err);
	error = error ? error : check_ours(c, info, err);
	return error ? error : mark(c, info, err);
}

int tree_remove(const char *dir, unsigned jobs, const struct progress *progress,
		struct tree_counts *gone, struct err *err)
{
	struct container c;
	struct tree_info info;
	*gone = (struct tree_counts){0};
	int error = begin(&c, &info, dir, err);
	error = error ? error : strike_tree(&c, &info, jobs, progress, gone, err);
	error = error ? error : remove_container(&c, err);
	container_close(&c);
	return error;
}

int tree_prune(const char *dir, const struct progress *progress, struct tree_counts *gone,
	       struct err *err)
{
	struct container c;
	struct tree_info info;
	*gone = (struct tree_counts){0};
	int error = begin(&c, &info, dir, err);
	error = error ? error : prune_tree(&c, &info, progress, gone, err);
	container_close(&c);
	return error;
}
