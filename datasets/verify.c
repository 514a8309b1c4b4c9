/*
 * tree_verify. A generated name ends with its number, so the generator can say of any name found on
 * disk which entry it must be; what was seen is one byte per entry of a directory, and no listing
 * is kept or sorted.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "datasets/container.h"
#include "datasets/generator.h"
#include "datasets/tree.h"
#include "engine/base/util.h"

struct verifier {
	const struct progress *progress;
	struct err *err;
	tree_found *found;
	void *arg;
	struct tree_verdict *verdict;
	struct trail trail;
};

enum { ABSENT, PRESENT, RETYPED };

/* One directory; dir is NULL where the generator knows none. */
struct listing {
	const struct gen_dir *dir;
	uint8_t *seen; /* of each of its entries */
};

static int check_directory(struct verifier *v, int fd, const struct gen_dir *dir);

static void fault(struct verifier *v, enum tree_fault kind, const char *name, uint64_t entries)
{
	size_t length = name ? trail_push(&v->trail, name) : v->trail.length;
	v->verdict->faults[kind] += entries;
	if (v->found)
		v->found(v->arg, kind, trail_below(&v->trail));
	trail_pop(&v->trail, length);
}

static int fail(struct verifier *v, int error)
{
	if (error == -EINTR)
		return err_set(v->err, error, "%s: interrupted", v->verdict->info.root);
	return err_errno(v->err, error, "cannot read %s", v->trail.text);
}

/* Errors of one directory; any other ends the whole comparison. */
static bool is_local(int error)
{
	return error == -EACCES || error == -EPERM || error == -EXDEV || error == -ELOOP ||
	       error == -ENOTDIR || error == -ENOENT;
}

/* Goes into a directory whose name is already on the trail. */
static int descend(struct verifier *v, int fd, const char *name, const struct gen_dir *dir)
{
	int below = open_below(fd, name);
	if (below < 0 && is_local(below)) {
		fault(v, TREE_UNREADABLE, NULL, 1);
		return 0;
	}
	return below < 0 ? fail(v, below) : check_directory(v, below, dir);
}

static mode_t entry_type(int fd, const struct dirent *entry)
{
	struct stat st;
	if (entry->d_type != DT_UNKNOWN)
		return (mode_t)DTTOIF(entry->d_type);
	return fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) ? 0 : st.st_mode & S_IFMT;
}

/* Compares one entry on disk, whose name is on the trail, with the generator's. */
static int check_entry(struct verifier *v, struct listing *list, int fd, const char *name,
		       mode_t type)
{
	struct tree_verdict *verdict = v->verdict;
	const char *below = trail_below(&v->trail);
	uint64_t known = list->dir ? gen_entries(list->dir) : 0;
	uint64_t i = list->dir ? gen_find(list->dir, name) : 0;

	digest_add(&verdict->found, gen_hash(below, strlen(below), type));
	verdict->counts.entries++;
	verdict->counts.directories += S_ISDIR(type);
	progress_report(v->progress, "verifying", verdict->counts.entries,
			verdict->info.shape.entries);
	if (i < known)
		list->seen[i] = type == gen_type(list->dir, i) ? PRESENT : RETYPED;
	if (i < known && list->seen[i] == PRESENT)
		return 0; /* a directory is entered when the listing is complete */
	fault(v, i < known ? TREE_RETYPED : TREE_UNEXPECTED, NULL, 1);
	return S_ISDIR(type) ? descend(v, fd, name, NULL) : 0;
}

static int check_listing(struct verifier *v, struct listing *list, DIR *stream)
{
	struct dirent *entry;
	int error = 0;
	while (!error && (errno = 0, entry = readdir(stream))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (progress_stopped(v->progress))
			return fail(v, -EINTR);
		mode_t type = entry_type(dirfd(stream), entry);
		size_t length = trail_push(&v->trail, entry->d_name);
		error = check_entry(v, list, dirfd(stream), entry->d_name, type);
		trail_pop(&v->trail, length);
	}
	return !error && errno ? fail(v, -errno) : error;
}

/* What the listing did not show, and what lies below what it did. */
static int check_expected(struct verifier *v, const struct listing *list, int fd)
{
	const struct gen_dir *dir = list->dir;
	char name[GEN_NAME_SIZE];
	int error = 0;
	for (uint64_t i = 0; !error && i < gen_entries(dir); i++) {
		struct gen_dir child = {0};
		if (i >= dir->files)
			gen_child(&child, dir, i - dir->files);
		gen_name(dir, i, name);
		if (list->seen[i] == ABSENT) {
			fault(v, TREE_MISSING, name, 1 + child.budget);
		} else if (list->seen[i] == RETYPED) {
			v->verdict->faults[TREE_MISSING] += child.budget;
		} else if (i >= dir->files) {
			size_t length = trail_push(&v->trail, name);
			error = descend(v, fd, name, &child);
			trail_pop(&v->trail, length);
		}
	}
	return error;
}

/* Takes fd over. */
static int check_directory(struct verifier *v, int fd, const struct gen_dir *dir)
{
	struct listing list = {dir, NULL};
	DIR *stream = fdopendir(fd);
	int error = stream ? -ENOMEM : -errno;
	if (dir)
		list.seen = calloc(gen_entries(dir) + 1, 1);
	if (!stream || (dir && !list.seen)) {
		fail(v, error);
		goto out;
	}
	error = check_listing(v, &list, stream);
	if (!error && dir)
		error = check_expected(v, &list, fd);
out:
	free(list.seen);
	if (stream)
		closedir(stream);
	else
		close(fd);
	return error;
}

static int check_tree(struct verifier *v, const struct container *c)
{
	struct gen_dir root;
	gen_root(&root, &v->verdict->info.shape);
	trail_start(&v->trail, v->verdict->info.root);
	int fd = open_below(c->fd, TREE_NAME);
	if (fd >= 0)
		return check_directory(v, fd, &root);
	if (!is_local(fd))
		return fail(v, fd);
	if (fd == -ENOENT)
		fault(v, TREE_MISSING, NULL, root.budget + 1);
	else
		fault(v, fd == -ENOTDIR || fd == -ELOOP ? TREE_RETYPED : TREE_UNREADABLE, NULL, 1);
	return 0;
}

int tree_verify(const char *dir, tree_found *found, void *arg, const struct progress *progress,
		struct tree_verdict *verdict, struct err *err)
{
	struct container c;
	struct verifier v = {progress, err, found, arg, verdict, {0}};
	*verdict = (struct tree_verdict){0};
	int error = tree_info(dir, &verdict->info, err);
	if (error)
		return error;
	gen_digest(&verdict->info.shape, &verdict->wanted);
	error = container_open(&c, dir, err);
	error = error ? error : check_tree(&v, &c);
	container_close(&c);
	return error;
}

bool tree_verified(const struct tree_verdict *verdict)
{
	for (size_t i = 0; i < ARRAY_LEN(verdict->faults); i++) {
		if (verdict->faults[i] > 0)
			return false;
	}
	return verdict->info.state == TREE_COMPLETE &&
	       digest_same(&verdict->found, &verdict->wanted) &&
	       digest_same(&verdict->info.digest, &verdict->wanted);
}
