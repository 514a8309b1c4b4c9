/*
 * make_tree. A team cuts the work by directory: a member makes one directory's entries, then
 * goes on with its sub-directories, or leaves them to others; nothing but the directories above is
 * in memory or open. An entry that is there already is accepted, so that going on after an
 * interruption is the same as beginning.
 *
 * The digest is added up on the way: the names pass by anyway.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "datasets/shape/generator.h"
#include "datasets/tree/entry.h"
#include "datasets/tree/make.h"
#include "datasets/tree/team.h"
#include "datasets/tree/trail.h"
#include "datasets/tree/way.h"
#include "engine/base/count.h"
#include "engine/base/util.h"

/* What all members share. */
struct job {
	const char *root; /* path, for messages */
	uint64_t total;
	struct tree_counts *made;
	struct digest digest;
};

struct maker {
	struct member member;
	struct tree_counts made;
	struct digest digest;
	struct way way;
	struct trail trail;
};

/* A sub-tree for somebody to make: a directory that exists and is empty, or was begun. */
struct errand {
	struct gen_dir dir;
	int fd;
	char below[]; /* its path below the root */
};

static void drop(void *task)
{
	struct errand *errand = task;
	close(errand->fd);
	free(errand);
}

static struct errand *errand_new(const struct gen_dir *dir, const char *below)
{
	size_t size = strlen(below) + 1;
	struct errand *errand = malloc(sizeof(*errand) + size);
	if (errand) {
		errand->dir = *dir;
		errand->fd = -1;
		memcpy(errand->below, below, size);
	}
	return errand;
}

static const struct job *job_of(const struct maker *m)
{
	return team_arg(&m->member);
}

static int fail(struct maker *m, int error)
{
	char brief[BRIEF_SIZE];
	const char *words = error == -EINTR ? "interrupted" : strerror(-error);
	const char *where = error == -EINTR ? job_of(m)->root : m->trail.text;
	if (error == -ECANCELED)
		return error;
	return team_fail(&m->member, error,
			 "%s: %s after %s of %s; the same command goes on from there",
			 path_brief(where, brief), words, GROUPED(team_total_done(&m->member)),
			 COUNTED(job_of(m)->total, "entry"));
}

/* Its name is on the trail. */
static int make_entry(struct maker *m, const char *name, const struct gen_entry *entry)
{
	bool made;
	int error = entry_make(way_fd(&m->way), name, entry, &made);
	if (error)
		return fail(m, error);
	m->made.entries += made;
	m->made.directories += made && S_ISDIR(entry->mode);
	digest_add(&m->digest, trail_hash(&m->trail, entry->mode));
	team_done(&m->member);
	return 0;
}

/* A hole takes a place in the directory, and an inode, while the entries behind it are made. */
static int make_hole(struct maker *m, const struct gen_dir *dir, uint64_t i)
{
	const struct gen_entry file = {.mode = S_IFREG | 0644};
	char name[GEN_NAME_SIZE];
	bool made;
	if (!dir->shape->holes || !gen_hole(dir, i, name))
		return 0;
	int error = entry_make(way_fd(&m->way), name, &file, &made);
	return error ? fail(m, error) : 0;
}

static int make_entries(struct maker *m, const struct gen_dir *dir)
{
	struct gen_entry entry;
	int error = 0;
	for (uint64_t i = 0; i < gen_entries(dir) && !error; i++) {
		const char *name;
		error = team_go_on(&m->member);
		if (error)
			return fail(m, error);
		gen_entry(dir, i, &entry);
		size_t length = trail_push_entry(&m->trail, dir, i, &name);
		error = make_entry(m, name, &entry);
		error = error ? error : make_hole(m, dir, i);
		trail_pop(&m->trail, length);
	}
	return error;
}

/* Leaves a sub-directory, whose name is on the trail, to another member if one wants it. */
static bool give_away(struct maker *m, const struct gen_dir *dir, const char *name)
{
	struct errand *errand = NULL;
	if (dir->budget > 0 && team_wants(&m->member))
		errand = errand_new(dir, trail_below(&m->trail));
	if (!errand)
		return false;
	errand->fd = open_below(way_fd(&m->way), name);
	if (errand->fd >= 0 && team_offer(&m->member, errand))
		return true;
	if (errand->fd >= 0)
		close(errand->fd);
	free(errand);
	return false;
}

/*
 * Directories that not everyone may enter get their permissions when all in them is made. So one
 * that has them is complete, which is as well: it may be closed to us.
 */
static bool is_closed(const struct maker *m, const struct gen_dir *dir, const char *name)
{
	struct stat st;
	return dir->mode != 0755 && fstatat(way_fd(&m->way), name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (st.st_mode & 07777) == dir->mode;
}

/* Counts on paper what is there; the directory is on the trail. */
static int count_closed(struct maker *m, const struct gen_dir *dir)
{
	trail_digest(&m->trail, dir, &m->digest);
	for (uint64_t i = 0; i < dir->budget; i++)
		team_done(&m->member);
	return 0;
}

static int make_directory(struct maker *m, const struct gen_dir *dir);

static int make_child(struct maker *m, const struct gen_dir *dir, uint64_t i)
{
	const char *name;
	struct gen_dir child;
	gen_child(&child, dir, i);
	if (child.budget == 0 && child.mode == 0755)
		return 0;
	size_t length = trail_push_entry(&m->trail, dir, dir->files + i, &name);
	int error = 0;
	if (is_closed(m, &child, name)) {
		error = count_closed(m, &child);
	} else if (!give_away(m, &child, name)) {
		error = way_down(&m->way, name);
		error = error ? fail(m, error) : make_directory(m, &child);
	}
	trail_pop(&m->trail, length);
	return error;
}

/* Removes the holes and shuts the door. */
static int finish(struct maker *m, const struct gen_dir *dir)
{
	char name[GEN_NAME_SIZE];
	for (uint64_t i = 0; dir->shape->holes && i < gen_entries(dir); i++) {
		if (gen_hole(dir, i, name) && unlinkat(way_fd(&m->way), name, 0) && errno != ENOENT)
			return fail(m, -errno);
	}
	if (dir->mode != 0755 && fchmod(way_fd(&m->way), dir->mode))
		return fail(m, -errno);
	return 0;
}

/* The way leads into it, and back when it is made. */
static int make_directory(struct maker *m, const struct gen_dir *dir)
{
	bool is_first = m->way.depth == 0;
	int error = make_entries(m, dir);
	for (uint64_t i = 0; i < dir->dirs && !error; i++)
		error = make_child(m, dir, i);
	error = error ? error : finish(m, dir);
	if (error || is_first)
		return error;
	error = way_up(&m->way);
	return error ? fail(m, error) : 0;
}

static int make_errand(struct member *member, void *task)
{
	struct maker *m = (struct maker *)member;
	struct errand *errand = task;
	trail_start(&m->trail, job_of(m)->root);
	if (*errand->below)
		trail_push(&m->trail, errand->below);
	int error = way_begin(&m->way, errand->fd, team_window(member));
	error = error ? fail(m, error) : make_directory(m, &errand->dir);
	way_end(&m->way);
	free(errand);
	return error;
}

static void sum(struct member *member)
{
	const struct maker *m = (const struct maker *)member;
	struct job *job = team_arg(member);
	job->made->entries += m->made.entries;
	job->made->directories += m->made.directories;
	digest_merge(&job->digest, &m->digest);
}

int make_tree(const struct container *c, struct tree_info *info, unsigned jobs,
	      const struct progress *progress, struct tree_counts *made, struct err *err)
{
	struct job job = {info->root, info->shape.entries, made, {0}};
	const struct team_plan plan = {
		.jobs = jobs,
		.member_size = sizeof(struct maker),
		.arg = &job,
		.work = make_errand,
		.drop = drop,
		.sum = sum,
		.progress = progress,
		.doing = "creating",
		.total = info->shape.entries,
	};
	struct gen_dir root;
	int fd = open_below(c->fd, TREE_NAME);
	if (fd < 0)
		return err_errno(err, fd, "%s", info->root);
	gen_root(&root, &info->shape);
	struct errand *errand = errand_new(&root, "");
	if (!errand) {
		close(fd);
		return err_errno(err, -ENOMEM, "%s", info->root);
	}
	errand->fd = fd;
	int error = team_run(&plan, errand, err);
	if (!error && syncfs(c->fd))
		error = err_errno(err, -errno, "%s", info->root);
	info->digest = job.digest;
	return error;
}
