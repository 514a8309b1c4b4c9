/*
 * Removes trees (tree_remove and tree_prune). All reasons for refusing are checked before anything
 * is removed. From then on the sentinel has the state "removing", and it is removed last, so that a
 * removal that was killed can be continued.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "datasets/shape/generator.h"
#include "datasets/tree/container.h"
#include "datasets/tree/dirstack.h"
#include "datasets/tree/team.h"
#include "datasets/tree/tree.h"
#include "datasets/tree/tree_path.h"
#include "datasets/tree/trial.h"
#include "engine/base/util.h"

/*
 * remove_tree. In the first few levels each directory is a node that is kept open until it is
 * empty, and the thread that removes the last entry in it removes the node itself; so
 * sub-directories can be offered to other members. Below these levels a member works alone, with a
 * bounded number of descriptors. Nothing is stored about removed entries. A directory that is too
 * deep for tree_path.h is an error: no shape is that deep.
 *
 * Directories locked by their own permissions are made accessible first, because they must be
 * removed, too.
 */

/*
 * The share of a member's descriptors: half for working alone. The others are for nodes: for each
 * task in work or in the queue, three for each member, all ancestors may be open.
 */
enum { ALONE = 2, NODES = 6, LEVELS_MOST = 8 };

enum { OWNER_ALL = 0700, ALL_MODES = 07777 };

struct node {
	struct node *up; /* NULL: the tree's root */
	DIR *stream;
	unsigned level;   /* 0: the root */
	unsigned users;   /* threads that empty it, and sub-directories that are nodes; atomic */
	uint64_t removed; /* since its listing was last begun */
	const char *name; /* in path */
	char path[];
};

struct remove_job {
	const struct container *container;
	const char *root;
	struct tree_counts *gone;
};

struct remover {
	struct team_thread member;
	struct tree_counts gone;
	struct dirstack dirs;
	struct tree_path path; /* of dirs */
};

static const struct remove_job *job_of(const struct remover *s)
{
	return team_arg(&s->member);
}

static int fail(struct remover *s, const char *where, const char *name, int error)
{
	const char *slash = name ? "/" : "", *words = mount_words(error);
	char brief[BRIEF_SIZE];
	where = path_brief(where, brief);
	if (error == -ECANCELED)
		return error;
	if (error == -EINTR)
		return team_fail(&s->member, error,
				 "%s: interrupted; the same command continues from there",
				 job_of(s)->container->dir);
	if (words)
		return team_fail(&s->member, error, "%s%s%s: %s", where, slash, name ? name : "",
				 words);
	return team_fail(&s->member, error, "cannot remove %s%s%s: %s", where, slash,
			 name ? name : "", strerror(-error));
}

static void count(struct remover *s, bool directory)
{
	s->gone.entries++;
	s->gone.directories += directory;
	team_done(&s->member);
}

static bool is_locked(mode_t mode)
{
	return (mode & OWNER_ALL) != OWNER_ALL;
}

/* Makes a directory that is being emptied accessible. false: it was, or it cannot be made so. */
static bool unlock(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && is_locked(st.st_mode) && fchmod(fd, OWNER_ALL) == 0;
}

/* Opens a directory, also one that is locked by its own permissions. */
static int open_locked(int fd, const char *name)
{
	int below = open_below(fd, name);
	if (below == -EACCES && chmod_below(fd, name, OWNER_ALL) == 0)
		below = open_below(fd, name);
	return below;
}

/*
 * The same in a directory that is being emptied, and that may be locked, too. It is unlocked first,
 * because only then it is known whether something is mounted on the other.
 */
static int open_inside(int fd, const char *name)
{
	int below = open_below(fd, name);
	if (below != -EACCES)
		return below;
	unlock(fd);
	return open_locked(fd, name);
}

/* unlinkat, also in a directory that is locked by its own permissions. 0 or -errno. */
static int unlink_unlocked(int fd, const char *name, int flags)
{
	int error = unlinkat(fd, name, flags) ? -errno : 0;
	if (error == -EACCES && unlock(fd))
		error = unlinkat(fd, name, flags) ? -errno : 0;
	return error;
}

/* -EISDIR: it is a directory. unlink finds this out without a call before it. */
static int remove_file(int fd, const struct dirent *entry)
{
	return entry->d_type == DT_DIR ? -EISDIR : unlink_unlocked(fd, entry->d_name, 0);
}

static int remove_empty(int fd, const char *name)
{
	return unlink_unlocked(fd, name, AT_REMOVEDIR);
}

/*
 * Leaves the current directory at the end of its listing and removes it. If it is not empty, it is
 * entered again, because a filesystem may skip entries.
 */
static int leave_alone(struct remover *s, uint64_t *before)
{
	const char *name = strrchr(s->path.text, '/') + 1;
	int error = dirstack_up(&s->dirs);
	error = error ? error : remove_empty(dirstack_fd(&s->dirs), name);
	if (error == -ENOTEMPTY && *before < s->gone.entries) {
		*before = s->gone.entries;
		error = dirstack_down(&s->dirs, name);
		return error ? fail(s, s->path.text, NULL, error) : 0;
	}
	if (error)
		return fail(s, s->path.text, NULL, error);
	tree_path_pop(&s->path, (size_t)(name - 1 - s->path.text));
	count(s, true);
	return 0;
}

static int enter_alone(struct remover *s, const char *name)
{
	int error = dirstack_down(&s->dirs, name);
	if (!error && !tree_path_fits(&s->path, name))
		error = -ENAMETOOLONG;
	if (error)
		return fail(s, s->path.text, name, error);
	tree_path_push(&s->path, name);
	return 0;
}

static int step_alone(struct remover *s, uint64_t *before)
{
	const struct dirent *entry;
	int got = team_go_on(&s->member);
	got = got ? got : dirstack_next(&s->dirs, &entry);
	if (got <= 0)
		return got ? fail(s, s->path.text, NULL, got) : leave_alone(s, before);
	int error = remove_file(dirstack_fd(&s->dirs), entry);
	if (error == -EISDIR)
		return enter_alone(s, entry->d_name);
	if (error)
		return fail(s, s->path.text, entry->d_name, error);
	count(s, false);
	return 0;
}

/* Removes a directory of a node and everything below it. */
static int clear_alone(struct remover *s, const struct node *node, const char *name)
{
	uint64_t before = UINT64_MAX;
	int fd = fcntl(dirfd(node->stream), F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return fail(s, node->path, name, -errno);
	tree_path_start(&s->path, node->path);
	int error = dirstack_begin(&s->dirs, fd, MAX(team_window(&s->member) / ALONE, 2));
	if (error) {
		fail(s, node->path, name, error);
	} else {
		s->dirs.open = open_inside;
		before = s->gone.entries;
		error = enter_alone(s, name);
	}
	while (!error && s->dirs.depth > 0)
		error = step_alone(s, &before);
	dirstack_end(&s->dirs);
	return error;
}

static void node_free(struct node *node)
{
	if (node && node->stream)
		closedir(node->stream);
	free(node);
}

/* Takes ownership of fd. */
static struct node *node_new(struct node *up, const char *path, const char *name, int fd)
{
	size_t length = strlen(path), size = length + strlen(name) + 2;
	struct node *node = calloc(1, sizeof(*node) + size);
	if (node)
		node->stream = fdopendir(fd);
	if (!node || !node->stream) {
		close(fd);
		node_free(node);
		return NULL;
	}
	memcpy(node->path, path, length);
	node->path[length] = '/';
	memcpy(node->path + length + 1, name, size - length - 1);
	node->name = node->path + length + 1;
	node->up = up;
	node->level = up ? up->level + 1 : 0;
	node->users = 1;
	if (up)
		__atomic_add_fetch(&up->users, 1, __ATOMIC_RELAXED);
	return node;
}

/* True: that was the last user. */
static bool node_leave(struct node *node)
{
	return __atomic_sub_fetch(&node->users, 1, __ATOMIC_ACQ_REL) == 0;
}

/* Releases a node, and those above that no other thread uses, without removing them. */
static void abandon(struct node *node)
{
	while (node && node_leave(node)) {
		struct node *up = node->up;
		node_free(node);
		node = up;
	}
}

static int clear_node(struct remover *s, struct node *node);

static int clear_directory(struct remover *s, struct node *node, const char *name)
{
	unsigned levels = MIN(team_window(&s->member) / NODES, LEVELS_MOST);
	if (node->level + 1 >= levels)
		return clear_alone(s, node, name);
	int fd = open_inside(dirfd(node->stream), name);
	if (fd < 0)
		return fail(s, node->path, name, fd);
	struct node *child = node_new(node, node->path, name, fd);
	if (!child)
		return fail(s, node->path, name, -ENOMEM);
	return team_offer(&s->member, child) ? 0 : clear_node(s, child);
}

static int clear_entries(struct remover *s, struct node *node)
{
	const struct dirent *entry;
	node->removed = 0;
	rewinddir(node->stream);
	while (errno = 0, (entry = readdir(node->stream))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		int error = team_go_on(&s->member);
		if (error)
			return fail(s, node->path, NULL, error);
		error = remove_file(dirfd(node->stream), entry);
		if (error && error != -EISDIR)
			return fail(s, node->path, entry->d_name, error);
		if (error)
			error = clear_directory(s, node, entry->d_name);
		else
			count(s, false);
		if (error)
			return error;
		node->removed++;
	}
	return errno ? fail(s, node->path, NULL, -errno) : 0;
}

/* Everything listed in the node has been removed. -EAGAIN: there is more. */
static int remove_node(struct remover *s, const struct node *node)
{
	int above = node->up ? dirfd(node->up->stream) : job_of(s)->container->fd;
	int error = remove_empty(above, node->name);
	if (error == -ENOTEMPTY && node->removed > 0)
		return -EAGAIN;
	if (error)
		return fail(s, node->path, NULL, error);
	if (node->up)
		count(s, true);
	return 0;
}

/* The caller is one of the node's users. */
static int clear_node(struct remover *s, struct node *node)
{
	int error = clear_entries(s, node);
	while (!error && node && node_leave(node)) {
		struct node *up = node->up;
		error = remove_node(s, node);
		if (error == -EAGAIN) {
			node->users = 1;
			error = clear_entries(s, node);
			continue;
		}
		if (!error) {
			node_free(node);
			node = up;
		} else {
			node->users = 1; /* for abandon */
		}
	}
	if (error)
		abandon(node);
	return error;
}

static int work(struct team_thread *member, void *task)
{
	return clear_node((struct remover *)member, task);
}

static void drop(void *task)
{
	abandon(task);
}

static void sum(struct team_thread *member)
{
	const struct remover *s = (const struct remover *)member;
	const struct remove_job *job = team_arg(member);
	job->gone->entries += s->gone.entries;
	job->gone->directories += s->gone.directories;
}

static int remove_tree(const struct container *c, const struct tree_info *info, unsigned jobs,
		       const struct progress *progress, struct tree_counts *gone, struct err *err)
{
	struct remove_job job = {c, info->root, gone};
	const struct team_plan plan = {
		.jobs = jobs,
		.member_size = sizeof(struct remover),
		.arg = &job,
		.work = work,
		.drop = drop,
		.sum = sum,
		.progress = progress,
		.doing = "removing",
		.total = info->shape.entries,
	};
	int fd = open_locked(c->fd, TREE_NAME);
	if (fd == -ENOENT && faccessat(c->fd, TREE_NAME, F_OK, AT_SYMLINK_NOFOLLOW))
		return 0; /* it was removed before the interruption */
	if (mount_words(fd))
		return err_set(err, fd, "%s: %s", info->root, mount_words(fd));
	if (fd < 0)
		return err_errno(err, fd, "cannot remove %s", info->root);
	struct node *root = node_new(NULL, c->dir, TREE_NAME, fd);
	if (!root)
		return err_errno(err, -ENOMEM, "%s", info->root);
	return team_run(&plan, root, err);
}

/*
 * prune_tree. The generator gives the entries to remove; nothing is listed, so entries that are not
 * in the shape are never touched. A directory that is not empty afterwards contains such entries,
 * and is kept.
 */

enum { WINDOW = 16 };

struct pruner {
	const struct container *container;
	const struct progress *progress;
	struct err *err;
	struct tree_counts *gone;
	uint64_t total;
	bool has_scraps; /* temporary files of tree_create may exist */
	struct dirstack dirs;
	struct tree_path path;
};

static int prune_directory(struct pruner *p, const struct gen_dir *dir);

static int prune_fail(struct pruner *p, int error)
{
	char brief[BRIEF_SIZE];
	const char *where = path_brief(p->path.text, brief), *words = mount_words(error);
	if (error == -EINTR)
		return err_set(p->err, error,
			       "%s: interrupted; the same command continues from there",
			       p->container->dir);
	if (words)
		return err_set(p->err, error, "%s: %s", where, words);
	return err_errno(p->err, error, "cannot remove %s", where);
}

static void prune_count(struct pruner *p, bool directory)
{
	p->gone->entries++;
	p->gone->directories += directory;
	progress_report(p->progress, "removing", p->gone->entries, p->total);
}

/*
 * Enters a directory of the shape, also one that is locked by its own permissions, which are mode.
 * If they cannot be changed, later calls show whether that was necessary.
 */
static int enter(struct pruner *p, const char *name, mode_t mode)
{
	const mode_t opened = (mode & ALL_MODES) | OWNER_ALL;
	int error = dirstack_down(&p->dirs, name);
	if (error == -EACCES && chmod_below(dirstack_fd(&p->dirs), name, opened) == 0)
		error = dirstack_down(&p->dirs, name);
	if (error)
		return prune_fail(p, error);
	if (is_locked(mode))
		fchmod(dirstack_fd(&p->dirs), opened);
	return 0;
}

/* Removes a directory, which is the path. 1: removed; 0: it contains other entries, and is kept. */
static int prune_below(struct pruner *p, const struct gen_dir *dir, const char *name, mode_t mode)
{
	int error = enter(p, name, mode);
	error = error ? error : prune_directory(p, dir);
	if (error)
		return error;
	error = dirstack_up(&p->dirs);
	if (error)
		return prune_fail(p, error);
	const int fd = dirstack_fd(&p->dirs);
	error = remove_empty(fd, name);
	if (!error)
		return 1;
	if (error != -ENOTEMPTY && error != -EEXIST)
		return prune_fail(p, error);
	if (is_locked(mode))
		chmod_below(fd, name, mode & ALL_MODES);
	return 0;
}

static int prune_child(struct pruner *p, const struct gen_dir *dir, uint64_t i, const char *name,
		       mode_t mode)
{
	struct gen_dir child;
	gen_child(&child, dir, i - dir->files);
	int gone = prune_below(p, &child, name, mode);
	if (gone > 0)
		prune_count(p, true);
	return MIN(gone, 0);
}

/* An entry of another type was not made by statmark. */
static int prune_entry(struct pruner *p, const struct gen_dir *dir, uint64_t i, const char *name)
{
	struct stat st;
	if (progress_stopped(p->progress))
		return prune_fail(p, -EINTR);
	if (fstatat(dirstack_fd(&p->dirs), name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : prune_fail(p, -errno);
	if ((st.st_mode & S_IFMT) != gen_type(dir, i))
		return 0;
	if (S_ISDIR(st.st_mode))
		return prune_child(p, dir, i, name, st.st_mode);
	int error = unlink_unlocked(dirstack_fd(&p->dirs), name, 0);
	if (error)
		return prune_fail(p, error);
	prune_count(p, false);
	return 0;
}

/* Some filesystems refuse the names of trials. */
static bool is_absent(int error)
{
	return error == ENOENT || error == ENAMETOOLONG || error == EINVAL || error == EILSEQ;
}

typedef bool is_scrap(const char *name, const struct shape *shape, const struct stat *st);

static bool is_hole(const char *name, const struct shape *shape, const struct stat *st)
{
	(void)name;
	(void)shape;
	return S_ISREG(st->st_mode) && st->st_size == 0;
}

/*
 * Removes what a creation that was killed may have left: a hole, or the entry of a trial. If it
 * does not look like that, statmark did not make it.
 */
static int prune_scrap(struct pruner *p, const char *name, const struct shape *shape, is_scrap *is)
{
	struct stat st;
	size_t length = tree_path_push(&p->path, name);
	int fd = dirstack_fd(&p->dirs), error = 0;
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW))
		error = is_absent(errno) ? 0 : -errno;
	else if (is(name, shape, &st))
		error = unlink_unlocked(fd, name, 0);
	error = error ? prune_fail(p, error) : 0;
	tree_path_pop(&p->path, length);
	return error;
}

static int prune_trials(struct pruner *p, const struct shape *shape)
{
	char name[NAME_MAX + 1];
	int error = 0;
	for (unsigned i = 0; !error && trial_left(i, shape, name); i++)
		error = prune_scrap(p, name, shape, trial_is_scrap);
	return error;
}

static int prune_directory(struct pruner *p, const struct gen_dir *dir)
{
	const bool has_holes = p->has_scraps && dir->shape->holes;
	const bool is_root = p->dirs.depth == 1;
	char hole[GEN_NAME_SIZE];
	int error = is_root && p->has_scraps ? prune_trials(p, dir->shape) : 0;
	for (uint64_t i = 0; !error && i < gen_entries(dir); i++) {
		const char *name;
		size_t length = tree_path_push_entry(&p->path, dir, i, &name);
		error = prune_entry(p, dir, i, name);
		tree_path_pop(&p->path, length);
		if (!error && has_holes && gen_hole(dir, i, hole))
			error = prune_scrap(p, hole, dir->shape, is_hole);
	}
	return error;
}

/*
 * dirs begins in the container, so that the tree's root is handled like the directories below it.
 */
static int prune_root(struct pruner *p, const struct shape *shape, bool *left)
{
	struct gen_dir root;
	struct stat st;
	int fd = fcntl(p->container->fd, F_DUPFD_CLOEXEC, 0);
	int error = fd < 0 ? -errno : dirstack_begin(&p->dirs, fd, WINDOW);
	if (error)
		return prune_fail(p, error);
	/* It may have been removed before an interruption. */
	if (fstatat(p->container->fd, TREE_NAME, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : prune_fail(p, -errno);
	*left = !S_ISDIR(st.st_mode);
	if (*left)
		return 0;
	gen_root(&root, shape);
	int gone = prune_below(p, &root, TREE_NAME, st.st_mode);
	*left = gone == 0;
	return MIN(gone, 0);
}

/* has_scraps: the tree was not complete when its removal began. */
static int prune_tree(const struct container *c, const struct tree_info *info, bool has_scraps,
		      const struct progress *progress, struct tree_counts *gone, bool *left,
		      struct err *err)
{
	struct pruner *p = calloc(1, sizeof(*p));
	if (!p)
		return err_errno(err, -ENOMEM, "%s", info->root);
	p->container = c;
	p->progress = progress;
	p->err = err;
	p->gone = gone;
	p->total = info->shape.entries;
	p->has_scraps = has_scraps;
	tree_path_start(&p->path, info->root);
	int error = prune_root(p, &info->shape, left);
	dirstack_end(&p->dirs);
	free(p);
	return error;
}

static int check_ours(const struct container *c, struct tree_info *info, struct err *err)
{
	static const char *const known[] = {SENTINEL_NAME, SENTINEL_TEMP, TREE_NAME, NULL};
	char *other = NULL;
	int error = sentinel_read(c, info, err);
	if (error == -ENOENT)
		return err_set(err, -EEXIST, "%s: was not made by statmark; nothing was removed",
			       c->dir);
	int found = error ? 0 : container_other(c, known, &other, err);
	error = error ? error : found;
	if (found > 0)
		error = err_set(err, -EEXIST,
				"%s: holds '%s', which statmark did not make; nothing was removed",
				c->dir, other);
	free(other);
	return error;
}

/*
 * Writes the state "removing". 1: there was no space, which is ignored, because removal makes some;
 * then a removal that fails has to call mark_late.
 */
static int mark(const struct container *c, struct tree_info *info, struct err *err)
{
	if (info->state == TREE_REMOVING)
		return 0;
	struct err full = {0};
	info->state = TREE_REMOVING;
	int error = sentinel_write(c, info, &full);
	if (error == -ENOSPC || error == -EDQUOT)
		return 1;
	return error ? err_set(err, error, "%s", full.text) : 0;
}

/* Without space even now, nothing can be done. */
static void mark_late(const struct container *c, const struct tree_info *info)
{
	sentinel_write(c, info, NULL);
}

/*
 * Whether a directory that could not be removed can have been given to tree_create like this: empty
 * and mounted, or in a directory that this user may not change.
 */
static bool may_stay(int error)
{
	return error == EBUSY || error == EACCES || error == EPERM || error == EROFS;
}

/*
 * Called when the tree is removed: the sentinel is removed last, because until then it identifies
 * the directory.
 */
static int remove_container(const struct container *c, struct err *err)
{
	static const char *const files[] = {SENTINEL_TEMP, SENTINEL_NAME};
	for (size_t i = 0; i < 2; i++) {
		if (unlinkat(c->fd, files[i], 0) && errno != ENOENT)
			return err_errno(err, -errno, "cannot remove %s/%s", c->dir, files[i]);
	}
	if (unlinkat(c->parent, c->base, AT_REMOVEDIR) && !may_stay(errno))
		return err_errno(err, -errno, "cannot remove %s", c->dir);
	return 0;
}

/* Opens and locks a made tree. c has to be closed in any case. */
static int begin(struct container *c, struct tree_info *info, const char *dir, struct err *err)
{
	*c = (struct container){.parent = -1, .fd = -1};
	int error = container_open(c, dir, err);
	if (!error && c->fd < 0)
		error = err_errno(err, -ENOENT, "cannot remove %s", dir);
	if (!error && (strcmp(c->base, ".") == 0 || strcmp(c->base, "..") == 0))
		error = err_set(err, -EINVAL, "%s: expected the directory's name, not . or ..",
				dir);
	error = error ? error : container_lock(c, err);
	return error ? error : check_ours(c, info, err);
}

int tree_remove(const char *dir, unsigned jobs, const struct progress *progress,
		struct tree_counts *gone, struct err *err)
{
	struct container c;
	struct tree_info info;
	*gone = (struct tree_counts){0};
	int error = begin(&c, &info, dir, err);
	const int marked = error ? error : mark(&c, &info, err);
	error = MIN(marked, 0);
	error = error ? error : remove_tree(&c, &info, jobs, progress, gone, err);
	if (error && marked > 0)
		mark_late(&c, &info);
	error = error ? error : remove_container(&c, err);
	container_close(&c);
	return error;
}

int tree_prune(const char *dir, const struct progress *progress, struct tree_counts *gone,
	       bool *left, struct err *err)
{
	struct container c;
	struct tree_info info;
	*gone = (struct tree_counts){0};
	*left = false;
	int error = begin(&c, &info, dir, err);
	/* After an interrupted removal the former state is not known; then such files are kept. */
	const bool has_scraps = !error && info.state == TREE_CREATING;
	const int marked = error ? error : mark(&c, &info, err);
	error = MIN(marked, 0);
	error = error ? error : prune_tree(&c, &info, has_scraps, progress, gone, left, err);
	if ((error || *left) && marked > 0)
		mark_late(&c, &info);
	if (!error && !*left)
		error = remove_container(&c, err);
	container_close(&c);
	return error;
}
