/*
 * tree_create: checks whether a directory can become a tree, then makes the tree.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "datasets/shape/generator.h"
#include "datasets/tree/container.h"
#include "datasets/tree/dirstack.h"
#include "datasets/tree/entry.h"
#include "datasets/tree/team.h"
#include "datasets/tree/tree.h"
#include "datasets/tree/tree_path.h"
#include "datasets/tree/trial.h"
#include "engine/base/count.h"
#include "engine/base/util.h"

/*
 * make_tree. A team divides the work by directory: a member makes one directory's entries, then
 * continues with its sub-directories, or offers them to others; only the directories above are in
 * memory or open. An existing entry is accepted, so continuing after an interruption is the same as
 * beginning.
 *
 * The digest is computed on the way, because all names are generated anyway.
 */

/* Shared by all members. */
struct create_job {
	const char *root; /* path, for messages */
	uint64_t total;
	struct tree_counts *made;
	struct digest digest;
};

struct create_thread {
	struct team_thread member;
	struct tree_counts made;
	struct digest digest;
	struct dirstack dirs;
	struct tree_path path;
};

/* A sub-tree for a thread to make: a directory that exists and is empty or incomplete. */
struct dir_task {
	struct gen_dir dir;
	int fd;
	char below[]; /* its path below the root */
};

static void drop(void *task)
{
	struct dir_task *dir_task = task;
	close(dir_task->fd);
	free(dir_task);
}

static struct dir_task *dir_task_new(const struct gen_dir *dir, const char *below)
{
	size_t size = strlen(below) + 1;
	struct dir_task *dir_task = malloc(sizeof(*dir_task) + size);
	if (dir_task) {
		dir_task->dir = *dir;
		dir_task->fd = -1;
		memcpy(dir_task->below, below, size);
	}
	return dir_task;
}

static const struct create_job *job_of(const struct create_thread *m)
{
	return team_arg(&m->member);
}

static int fail(struct create_thread *m, int error)
{
	char brief[BRIEF_SIZE];
	const char *words = error == -EINTR ? "interrupted" : strerror(-error);
	const char *where = error == -EINTR ? job_of(m)->root : m->path.text;
	if (error == -ECANCELED)
		return error;
	if (error == -EMLINK)
		return team_fail(&m->member, error,
				 "%s: %s after %s of %s; this filesystem cannot have that many "
				 "names of one file, or that many sub-directories of one directory",
				 path_brief(where, brief), words,
				 GROUPED(team_total_done(&m->member)),
				 COUNTED(job_of(m)->total, "entry"));
	return team_fail(&m->member, error,
			 "%s: %s after %s of %s; the same command continues from there",
			 path_brief(where, brief), words, GROUPED(team_total_done(&m->member)),
			 COUNTED(job_of(m)->total, "entry"));
}

/* The entry's name is the end of the path. */
static int make_entry(struct create_thread *m, const char *name, const struct gen_entry *entry)
{
	bool made;
	int error = entry_make(dirstack_fd(&m->dirs), name, entry, &made);
	if (error)
		return fail(m, error);
	m->made.entries += made;
	m->made.directories += made && S_ISDIR(entry->mode);
	digest_add(&m->digest, tree_path_hash(&m->path, entry->mode));
	team_done(&m->member);
	return 0;
}

/*
 * Makes a hole: a file that takes a place in the directory, and an inode, while later entries are
 * made.
 */
static int make_hole(struct create_thread *m, const struct gen_dir *dir, uint64_t i)
{
	const struct gen_entry file = {.mode = S_IFREG | 0644};
	char name[GEN_NAME_SIZE];
	bool made;
	if (!dir->shape->holes || !gen_hole(dir, i, name))
		return 0;
	int error = entry_make(dirstack_fd(&m->dirs), name, &file, &made);
	return error ? fail(m, error) : 0;
}

static int make_entries(struct create_thread *m, const struct gen_dir *dir)
{
	struct gen_entry entry;
	int error = 0;
	for (uint64_t i = 0; i < gen_entries(dir) && !error; i++) {
		const char *name;
		error = team_go_on(&m->member);
		if (error)
			return fail(m, error);
		gen_entry(dir, i, &entry);
		size_t length = tree_path_push_entry(&m->path, dir, i, &name);
		error = make_entry(m, name, &entry);
		error = error ? error : make_hole(m, dir, i);
		tree_path_pop(&m->path, length);
	}
	return error;
}

/* Offers a sub-directory, whose name is the end of the path, to an idle thread. */
static bool give_away(struct create_thread *m, const struct gen_dir *dir, const char *name)
{
	struct dir_task *dir_task = NULL;
	if (dir->budget > 0 && team_wants(&m->member))
		dir_task = dir_task_new(dir, tree_path_below(&m->path));
	if (!dir_task)
		return false;
	dir_task->fd = open_below(dirstack_fd(&m->dirs), name);
	if (dir_task->fd >= 0 && team_offer(&m->member, dir_task))
		return true;
	if (dir_task->fd >= 0)
		close(dir_task->fd);
	free(dir_task);
	return false;
}

/*
 * Directories with restricted permissions get them when everything in them is made. So a directory
 * that has them is complete, and it need not be entered, which may be impossible.
 */
static bool is_closed(const struct create_thread *m, const struct gen_dir *dir, const char *name)
{
	struct stat st;
	return dir->mode != 0755 &&
	       fstatat(dirstack_fd(&m->dirs), name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (st.st_mode & 07777) == dir->mode;
}

/* Computes what such a directory contains; the directory is the path. */
static int count_closed(struct create_thread *m, const struct gen_dir *dir)
{
	tree_path_digest(&m->path, dir, &m->digest);
	for (uint64_t i = 0; i < dir->budget; i++)
		team_done(&m->member);
	return 0;
}

static int make_directory(struct create_thread *m, const struct gen_dir *dir);

static int make_child(struct create_thread *m, const struct gen_dir *dir, uint64_t i)
{
	const char *name;
	struct gen_dir child;
	gen_child(&child, dir, i);
	if (child.budget == 0 && child.mode == 0755)
		return 0;
	size_t length = tree_path_push_entry(&m->path, dir, dir->files + i, &name);
	int error = 0;
	if (is_closed(m, &child, name)) {
		error = count_closed(m, &child);
	} else if (!give_away(m, &child, name)) {
		error = dirstack_down(&m->dirs, name);
		error = error ? fail(m, error) : make_directory(m, &child);
	}
	tree_path_pop(&m->path, length);
	return error;
}

/* Removes the holes and sets the directory's final mode. */
static int finish(struct create_thread *m, const struct gen_dir *dir)
{
	char name[GEN_NAME_SIZE];
	for (uint64_t i = 0; dir->shape->holes && i < gen_entries(dir); i++) {
		if (gen_hole(dir, i, name) && unlinkat(dirstack_fd(&m->dirs), name, 0) &&
		    errno != ENOENT)
			return fail(m, -errno);
	}
	if (dir->mode != 0755 && fchmod(dirstack_fd(&m->dirs), dir->mode))
		return fail(m, -errno);
	return 0;
}

/* Called with dirs in the directory; afterwards it is in the parent. */
static int make_directory(struct create_thread *m, const struct gen_dir *dir)
{
	bool is_first = m->dirs.depth == 0;
	int error = make_entries(m, dir);
	for (uint64_t i = 0; i < dir->dirs && !error; i++)
		error = make_child(m, dir, i);
	error = error ? error : finish(m, dir);
	if (error || is_first)
		return error;
	error = dirstack_up(&m->dirs);
	return error ? fail(m, error) : 0;
}

static int make_sub_tree(struct team_thread *member, void *task)
{
	struct create_thread *m = (struct create_thread *)member;
	struct dir_task *dir_task = task;
	tree_path_start(&m->path, job_of(m)->root);
	if (*dir_task->below)
		tree_path_push(&m->path, dir_task->below);
	int error = dirstack_begin(&m->dirs, dir_task->fd, team_window(member));
	error = error ? fail(m, error) : make_directory(m, &dir_task->dir);
	dirstack_end(&m->dirs);
	free(dir_task);
	return error;
}

static void sum(struct team_thread *member)
{
	const struct create_thread *m = (const struct create_thread *)member;
	struct create_job *job = team_arg(member);
	job->made->entries += m->made.entries;
	job->made->directories += m->made.directories;
	digest_merge(&job->digest, &m->digest);
}

static int make_tree(const struct container *c, struct tree_info *info, unsigned jobs,
		     const struct progress *progress, struct tree_counts *made, struct err *err)
{
	struct create_job job = {info->root, info->shape.entries, made, {0}};
	const struct team_plan plan = {
		.jobs = jobs,
		.member_size = sizeof(struct create_thread),
		.arg = &job,
		.work = make_sub_tree,
		.drop = drop,
		.sum = sum,
		.progress = progress,
		.doing = "creating",
		.total = info->shape.entries,
	};
	struct gen_dir root;
	int fd = open_below(c->fd, TREE_NAME);
	if (fd < 0)
		return err_errno(err, fd, "cannot open %s", info->root);
	gen_root(&root, &info->shape);
	struct dir_task *dir_task = dir_task_new(&root, "");
	if (!dir_task) {
		close(fd);
		return err_errno(err, -ENOMEM, "%s", info->root);
	}
	dir_task->fd = fd;
	int error = team_run(&plan, dir_task, err);
	if (!error && syncfs(c->fd))
		error = err_errno(err, -errno, "cannot sync %s", info->root);
	info->digest = job.digest;
	return error;
}

/*
 * Checks for a lower bound of what is needed, so that nothing is refused that would fit: an inode
 * for each entry that is not a further name of a file, for the container, its root and the
 * sentinel; a directory record for each name. Filesystems without a fixed number of inodes report
 * 0; tmpfs stores names outside its blocks.
 */
static int check_room(int fd, const struct container *c, const struct shape *shape, struct err *err)
{
	struct statfs fs;
	if (fstatfs(fd, &fs) || fs.f_bsize <= 0)
		return 0; /* unknown, so not checked */
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

/* Writes the sentinel into an empty container, which from here on belongs to statmark. */
static int begin(struct container *c, const struct shape *shape, struct tree_info *info,
		 struct err *err)
{
	static const char *const leftover[] = {SENTINEL_TEMP, NULL};
	char *other = NULL;
	int found = container_other(c, leftover, &other, err);
	int error = found;
	if (found > 0)
		error = err_set(err, -EEXIST,
				"%s: exists, holds '%s' and was not made by statmark; "
				"nothing was changed",
				c->dir, other);
	free(other);
	error = error ? error : check_room(c->fd, c, shape, err);
	if (error)
		return error;
	*info = (struct tree_info){.shape = *shape, .state = TREE_CREATING};
	sentinel_birth(c, info->born);
	info->digest.count = shape->entries; /* the hash is known when all entries are made */
	if (snprintf(info->root, sizeof(info->root), "%s/" TREE_NAME, c->dir) >= PATH_MAX)
		return err_errno(err, -ENAMETOOLONG, "cannot make a tree in %s", c->dir);
	return sentinel_write(c, info, err);
}

/* Makes the tree's root, and tests there whether the shape can be made. */
static int try_root(const struct container *c, const struct tree_info *info, struct err *err)
{
	if (mkdirat(c->fd, TREE_NAME, 0755) && errno != EEXIST)
		return err_errno(err, -errno, "cannot make %s", info->root);
	int fd = open_below(c->fd, TREE_NAME);
	if (mount_words(fd))
		return err_set(err, fd, "%s: %s", info->root, mount_words(fd));
	if (fd < 0)
		return err_errno(err, fd, "cannot open %s", info->root);
	int error = trial_make(fd, c->dir, &info->shape, err);
	close(fd);
	return error;
}

/* Undoes begin, if there is nothing but an empty root. */
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
			       "%s: is partly removed; 'statmark tree remove' continues, "
			       "with --force it also removes files that statmark did not "
			       "make",
			       c->dir);
	return 0;
}

/*
 * Checks an existing container, with or without its lock. -ENOENT, without a message: it has no
 * sentinel.
 */
static int read_container(const struct container *c, const struct shape *shape,
			  struct tree_info *info, struct err *err)
{
	int error = sentinel_read(c, info, err);
	return error ? error : same_shape(c, shape, info, err);
}

/* Prepares the container for make_tree, or finds that info->state is TREE_COMPLETE. */
static int prepare(struct container *c, const struct shape *shape, struct tree_info *info,
		   struct err *err)
{
	bool absent = c->fd < 0;
	int error;
	if (!absent) {
		error = read_container(c, shape, info, NULL);
		if (!error && info->state == TREE_COMPLETE)
			return 0; /* no lock: several processes may use it at the same time */
	} else {
		error = check_room(c->parent, c, shape, err);
		error = error ? error : container_make(c, err);
		if (error)
			return error;
	}
	error = container_lock(c, err);
	if (error)
		return error;
	error = read_container(c, shape, info, err);
	bool fresh = error == -ENOENT;
	if (fresh)
		error = begin(c, shape, info, err);
	if (!error && info->state == TREE_CREATING) {
		error = try_root(c, info, err);
		if (error && fresh)
			give_up(c);
	}
	if (error && absent)
		unlinkat(c->parent, c->base, AT_REMOVEDIR); /* succeeds only if it is empty */
	return error;
}

int tree_create(const char *dir, const struct shape *shape, unsigned jobs,
		const struct progress *progress, struct tree_counts *made, struct err *err)
{
	struct container c = {.parent = -1, .fd = -1};
	struct tree_info info = {0};
	*made = (struct tree_counts){0};
	mode_t before = umask(022); /* entries get the modes of their shape */
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
