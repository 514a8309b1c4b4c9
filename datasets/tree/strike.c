/*
 * strike_tree. In the first few levels each directory is a node that is kept open until it is
 * empty, and whoever removes the last thing in it removes the node itself; so sub-directories can
 * be left to other members. Below these levels a member works alone, with a bounded number of
 * descriptors. Nothing is remembered of what was seen, and no depth is too deep.
 *
 * Directories that their owner locked are opened up first: they have to go, too.
 */
#include "datasets/tree/strike.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "datasets/tree/team.h"
#include "datasets/tree/trail.h"
#include "datasets/tree/way.h"
#include "engine/base/util.h"

/*
 * A member's descriptors: half for going alone. The others are for nodes: of each task at work or
 * in the queue, three for each member, all ancestors may be open.
 */
enum { ALONE = 2, NODES = 6, LEVELS_MOST = 8 };

struct node {
	struct node *up; /* NULL: the tree's root */
	DIR *stream;
	unsigned level;   /* 0: the root */
	unsigned users;   /* who empties it, and the sub-directories that are nodes; atomic */
	uint64_t removed; /* since it was last read from the start */
	const char *name; /* in path */
	char path[];
};

struct job {
	const struct container *container;
	const char *root;
	struct tree_counts *gone;
};

struct striker {
	struct member member;
	struct tree_counts gone;
	struct way way;
	struct trail trail; /* of the way */
};

static const struct job *job_of(const struct striker *s)
{
	return team_arg(&s->member);
}

static int fail(struct striker *s, const char *where, const char *name, int error)
{
	const char *slash = name ? "/" : "";
	char brief[BRIEF_SIZE];
	where = path_brief(where, brief);
	if (error == -ECANCELED)
		return error;
	if (error == -EINTR)
		return team_fail(&s->member, error,
				 "%s: interrupted; the same command goes on from there",
				 job_of(s)->container->dir);
	if (error == -EXDEV)
		return team_fail(&s->member, error,
				 "%s%s%s: something is mounted here; unmount it first", where,
				 slash, name ? name : "");
	return team_fail(&s->member, error, "cannot remove %s%s%s: %s", where, slash,
			 name ? name : "", strerror(-error));
}

static void count(struct striker *s, bool directory)
{
	s->gone.entries++;
	s->gone.directories += directory;
	team_done(&s->member);
}

/* Opens a directory, one that is locked by its own permissions too. */
static int open_locked(int fd, const char *name)
{
	int below = open_below(fd, name);
	if (below == -EACCES && fchmodat(fd, name, 0700, AT_SYMLINK_NOFOLLOW) == 0)
		below = open_below(fd, name);
	return below;
}

/* -EISDIR if it is a directory: unlink tells as well as any question before it could. */
static int remove_file(int fd, const struct dirent *entry)
{
	if (entry->d_type == DT_DIR)
		return -EISDIR;
	int error = unlinkat(fd, entry->d_name, 0) ? -errno : 0;
	if (error == -EACCES && fchmod(fd, 0700) == 0)
		error = unlinkat(fd, entry->d_name, 0) ? -errno : 0;
	return error;
}

static int remove_empty(int fd, const char *name)
{
	int error = unlinkat(fd, name, AT_REMOVEDIR) ? -errno : 0;
	if (error == -EACCES && fchmod(fd, 0700) == 0)
		error = unlinkat(fd, name, AT_REMOVEDIR) ? -errno : 0;
	return error;
}

/* The directory that the way has just left by its end; a filesystem may have skipped entries. */
static int leave_alone(struct striker *s, uint64_t *before)
{
	const char *name = strrchr(s->trail.text, '/') + 1;
	int error = way_up(&s->way);
	error = error ? error : remove_empty(way_fd(&s->way), name);
	if (error == -ENOTEMPTY && *before < s->gone.entries) {
		*before = s->gone.entries;
		error = way_down(&s->way, name);
		return error ? fail(s, s->trail.text, NULL, error) : 0;
	}
	if (error)
		return fail(s, s->trail.text, NULL, error);
	trail_pop(&s->trail, (size_t)(name - 1 - s->trail.text));
	count(s, true);
	return 0;
}

static int enter_alone(struct striker *s, const char *name)
{
	int error = way_down(&s->way, name);
	if (error == -EACCES && fchmodat(way_fd(&s->way), name, 0700, AT_SYMLINK_NOFOLLOW) == 0)
		error = way_down(&s->way, name);
	if (!error && s->trail.length + strlen(name) + 2 > sizeof(s->trail.text))
		error = -ENAMETOOLONG;
	if (error)
		return fail(s, s->trail.text, name, error);
	trail_push(&s->trail, name);
	return 0;
}

static int step_alone(struct striker *s, uint64_t *before)
{
	const struct dirent *entry;
	int got = team_go_on(&s->member);
	got = got ? got : way_next(&s->way, &entry);
	if (got <= 0)
		return got ? fail(s, s->trail.text, NULL, got) : leave_alone(s, before);
	int error = remove_file(way_fd(&s->way), entry);
	if (error == -EISDIR)
		return enter_alone(s, entry->d_name);
	if (error)
		return fail(s, s->trail.text, entry->d_name, error);
	count(s, false);
	return 0;
}

/* A directory of a node, with all below it. */
static int strike_alone(struct striker *s, const struct node *node, const char *name)
{
	uint64_t before = UINT64_MAX;
	int fd = fcntl(dirfd(node->stream), F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return fail(s, node->path, name, -errno);
	trail_start(&s->trail, node->path);
	int error = way_begin(&s->way, fd, MAX(team_window(&s->member) / ALONE, 2));
	if (error) {
		fail(s, node->path, name, error);
	} else {
		before = s->gone.entries;
		error = enter_alone(s, name);
	}
	while (!error && s->way.depth > 0)
		error = step_alone(s, &before);
	way_end(&s->way);
	return error;
}

static void node_free(struct node *node)
{
	if (node && node->stream)
		closedir(node->stream);
	free(node);
}

/* Takes fd over. */
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

/* Whether the last user is gone. */
static bool node_leave(struct node *node)
{
	return __atomic_sub_fetch(&node->users, 1, __ATOMIC_ACQ_REL) == 0;
}

/* Lets go of a node, and of those above that nobody else uses, as they are. */
static void abandon(struct node *node)
{
	while (node && node_leave(node)) {
		struct node *up = node->up;
		node_free(node);
		node = up;
	}
}

static int strike_node(struct striker *s, struct node *node);

static int strike_directory(struct striker *s, struct node *node, const char *name)
{
	unsigned levels = MIN(team_window(&s->member) / NODES, LEVELS_MOST);
	if (node->level + 1 >= levels)
		return strike_alone(s, node, name);
	int fd = open_locked(dirfd(node->stream), name);
	if (fd < 0)
		return fail(s, node->path, name, fd);
	struct node *child = node_new(node, node->path, name, fd);
	if (!child)
		return fail(s, node->path, name, -ENOMEM);
	return team_offer(&s->member, child) ? 0 : strike_node(s, child);
}

static int strike_entries(struct striker *s, struct node *node)
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
			error = strike_directory(s, node, entry->d_name);
		else
			count(s, false);
		if (error)
			return error;
		node->removed++;
	}
	return errno ? fail(s, node->path, NULL, -errno) : 0;
}

/* All that the node's listing showed is gone. -EAGAIN: there is more than it showed. */
static int remove_node(struct striker *s, const struct node *node)
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

/* The node is the caller's, who is one of its users. */
static int strike_node(struct striker *s, struct node *node)
{
	int error = strike_entries(s, node);
	while (!error && node && node_leave(node)) {
		struct node *up = node->up;
		error = remove_node(s, node);
		if (error == -EAGAIN) {
			node->users = 1;
			error = strike_entries(s, node);
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

static int work(struct member *member, void *task)
{
	return strike_node((struct striker *)member, task);
}

static void drop(void *task)
{
	abandon(task);
}

static void sum(struct member *member)
{
	const struct striker *s = (const struct striker *)member;
	const struct job *job = team_arg(member);
	job->gone->entries += s->gone.entries;
	job->gone->directories += s->gone.directories;
}

int strike_tree(const struct container *c, const struct tree_info *info, unsigned jobs,
		const struct progress *progress, struct tree_counts *gone, struct err *err)
{
	struct job job = {c, info->root, gone};
	const struct team_plan plan = {
		.jobs = jobs,
		.member_size = sizeof(struct striker),
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
		return 0; /* was removed before the interruption */
	if (fd < 0)
		return err_errno(err, fd, "cannot remove %s", info->root);
	struct node *root = node_new(NULL, c->dir, TREE_NAME, fd);
	if (!root)
		return err_errno(err, -ENOMEM, "%s", info->root);
	return team_run(&plan, root, err);
}
