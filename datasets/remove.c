/*
 * tree_remove. Everything that could be a reason not to is looked at before anything is removed;
 * from then on the sentinel says "removing" and goes last, so that a removal that was killed can be
 * taken up again.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "datasets/container.h"
#include "datasets/tree.h"

struct remover {
	const struct progress *progress;
	struct err *err;
	struct tree_counts *gone;
	uint64_t total; /* entries that the shape says; there may be more */
	struct trail trail;
};

static int fail(struct remover *r, const char *name, int error)
{
	if (name)
		trail_push(&r->trail, name);
	if (error == -EINTR) {
		trail_pop(&r->trail, r->trail.below - 1); /* where does not matter */
		return err_set(r->err, error,
			       "%s: interrupted; the same command goes on from there",
			       r->trail.text);
	}
	if (error == -EXDEV)
		return err_set(r->err, error, "%s: something is mounted here; unmount it first",
			       r->trail.text);
	return err_errno(r->err, error, "cannot remove %s", r->trail.text);
}

static int remove_directory(struct remover *r, int fd, const char *name);

/* unlink tells files from directories as well as any question before it could. */
static int remove_entry(struct remover *r, int fd, const struct dirent *entry)
{
	int error = entry->d_type == DT_DIR ? -EISDIR : 0;
	if (!error && unlinkat(fd, entry->d_name, 0))
		error = -errno;
	if (error == -EISDIR) {
		error = remove_directory(r, fd, entry->d_name);
		r->gone->directories += !error;
	} else if (error) {
		return fail(r, entry->d_name, error);
	}
	if (!error) {
		r->gone->entries++;
		progress_report(r->progress, "removing", r->gone->entries,
				r->gone->entries > r->total ? 0 : r->total);
	}
	return error;
}

/* Removes what one reading of the directory lists; *removed counts it. */
static int remove_listed(struct remover *r, DIR *stream, uint64_t *removed)
{
	struct dirent *entry;
	*removed = 0;
	rewinddir(stream);
	while (errno = 0, (entry = readdir(stream))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (progress_stopped(r->progress))
			return fail(r, NULL, -EINTR);
		int error = remove_entry(r, dirfd(stream), entry);
		if (error)
			return error;
		++*removed;
	}
	return errno ? fail(r, NULL, -errno) : 0;
}

/* A filesystem may skip entries while others are removed: read until nothing is left. */
static int empty_directory(struct remover *r, int fd)
{
	uint64_t removed = 0;
	DIR *stream = fdopendir(fd);
	if (!stream) {
		int error = -errno;
		close(fd);
		return fail(r, NULL, error);
	}
	int error;
	do {
		error = remove_listed(r, stream, &removed);
	} while (!error && removed > 0);
	closedir(stream);
	return error;
}

static int remove_directory(struct remover *r, int fd, const char *name)
{
	int below = open_below(fd, name);
	if (below < 0)
		return fail(r, name, below);
	size_t length = trail_push(&r->trail, name);
	int error = empty_directory(r, below);
	if (error)
		return error;
	if (unlinkat(fd, name, AT_REMOVEDIR))
		return fail(r, NULL, -errno);
	trail_pop(&r->trail, length);
	return 0;
}

static int check_ours(const struct container *c, struct tree_info *info, struct err *err)
{
	static const char *const known[] = {SENTINEL_NAME, SENTINEL_TEMP, TREE_NAME, NULL};
	char other[NAME_MAX + 1];
	int error = sentinel_read(c, info, err);
	if (error == -ENOENT)
		return err_set(err, -EEXIST, "%s: was not made by statmark; left alone", c->dir);
	int found = error ? 0 : container_other(c, known, other, err);
	if (found > 0)
		return err_set(err, -EEXIST,
			       "%s: holds '%s', which statmark did not make; nothing was removed",
			       c->dir, other);
	return error ? error : found;
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

static int remove_all(const struct container *c, struct remover *r)
{
	int error = remove_directory(r, c->fd, TREE_NAME);
	if (error == -ENOENT && faccessat(c->fd, TREE_NAME, F_OK, AT_SYMLINK_NOFOLLOW))
		error = 0; /* was removed before the interruption */
	if (error)
		return error;
	trail_start(&r->trail, c->dir);
	if (unlinkat(c->fd, SENTINEL_TEMP, 0) && errno != ENOENT)
		return fail(r, SENTINEL_TEMP, -errno);
	if (unlinkat(c->fd, SENTINEL_NAME, 0))
		return fail(r, SENTINEL_NAME, -errno);
	return unlinkat(c->parent, c->base, AT_REMOVEDIR) ? fail(r, NULL, -errno) : 0;
}

int tree_remove(const char *dir, const struct progress *progress, struct tree_counts *gone,
		struct err *err)
{
	struct container c = {.parent = -1, .fd = -1};
	struct tree_info info;
	struct remover r = {progress, err, gone, 0, {0}};
	*gone = (struct tree_counts){0};
	int error = container_open(&c, dir, err);
	if (!error && c.fd < 0)
		error = err_errno(err, -ENOENT, "%s", dir);
	if (!error && (strcmp(c.base, ".") == 0 || strcmp(c.base, "..") == 0))
		error = err_set(err, -EINVAL, "%s: name the directory by its own name", dir);
	error = error ? error : container_lock(&c, err);
	error = error ? error : check_ours(&c, &info, err);
	error = error ? error : mark(&c, &info, err);
	if (!error) {
		r.total = info.shape.entries;
		trail_start(&r.trail, c.dir);
		error = remove_all(&c, &r);
	}
	container_close(&c);
	return error;
}
