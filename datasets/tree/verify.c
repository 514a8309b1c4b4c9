/*
 * Compares a tree with its shape (tree_verify). A generated name contains its number, so the
 * generator can find the entry that a name on disk belongs to. What was found is stored in one byte
 * per entry of a directory, and no listing is stored or sorted.
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
#include "datasets/tree/entry.h"
#include "datasets/tree/tree.h"
#include "datasets/tree/tree_path.h"
#include "engine/base/util.h"

enum { WINDOW = 16 };

struct verifier {
	const struct progress *progress;
	struct err *err;
	tree_found *found;
	void *arg;
	struct tree_verdict *verdict;
	struct timespec completed; /* when the sentinel was last written */
	struct dirstack dirs;
	struct tree_path path;
};

enum seen { ABSENT, PRESENT, WRONG, RENAMED };

/* One directory: the generator's description, and the result of its listing. */
struct dir_names {
	const struct gen_dir *dir;
	uint8_t *seen;     /* for each of its entries: it was listed */
	uint64_t n_strays; /* names that the generator does not have */
	char *stray;       /* the first of them, not reported yet */
	mode_t stray_type;
};

static int check_directory(struct verifier *v, const struct gen_dir *dir);

static void fault(struct verifier *v, enum tree_fault kind, uint64_t entries, const char *now)
{
	const char *path = tree_path_below(&v->path);
	v->verdict->faults[kind] += entries;
	if (v->found)
		v->found(v->arg, kind, *path ? path : ".", now);
}

static int fail(struct verifier *v, int error)
{
	if (error == -EINTR)
		return err_set(v->err, error, "%s: interrupted", v->verdict->info.root);
	char brief[BRIEF_SIZE];
	if (mount_words(error))
		return err_set(v->err, error, "%s: %s", path_brief(v->path.text, brief),
			       mount_words(error));
	return err_errno(v->err, error, "cannot read %s", path_brief(v->path.text, brief));
}

/* Errors that concern one directory; any other error ends the comparison. */
static bool is_local(int error)
{
	return error == -EACCES || error == -EPERM || error == -EXDEV || error == -ELOOP ||
	       error == -ENOTDIR || error == -ENOENT;
}

static mode_t entry_type(int fd, const struct dirent *entry)
{
	struct stat st;
	if (entry->d_type != DT_UNKNOWN)
		return (mode_t)DTTOIF(entry->d_type);
	return fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) ? 0 : st.st_mode & S_IFMT;
}

/* Counts an entry on disk. */
static void count(struct verifier *v, mode_t type)
{
	struct tree_verdict *verdict = v->verdict;
	digest_add(&verdict->found, tree_path_hash(&v->path, type));
	verdict->counts.entries++;
	verdict->counts.directories += S_ISDIR(type);
	progress_report(v->progress, "verifying", verdict->counts.entries,
			verdict->info.shape.entries);
}

/* Reads the current directory's next entry: 1, 0, or an error that ends the comparison. */
static int next_entry(struct verifier *v, const struct dirent **entry)
{
	if (progress_stopped(v->progress))
		return fail(v, -EINTR);
	int got = dirstack_next(&v->dirs, entry);
	return got < 0 ? fail(v, got) : got;
}

/* Enters a directory whose name is already the end of the path. 1: it was entered. */
static int enter(struct verifier *v, const char *name)
{
	int error = dirstack_down(&v->dirs, name);
	if (!error)
		return 1;
	if (!is_local(error))
		return fail(v, error);
	fault(v, TREE_UNREADABLE, 1, NULL);
	return 0;
}

static int leave(struct verifier *v)
{
	int error = dirstack_up(&v->dirs);
	return error ? fail(v, error) : 0;
}

/*
 * Checks a directory that is not in the shape, and everything below it; dirs is in it. If the path
 * has no space for one more name, that name could not be removed from it again, so nothing there is
 * entered.
 */
static int check_strays_below(struct verifier *v)
{
	size_t top = v->dirs.depth;
	while (v->dirs.depth >= top) {
		const struct dirent *entry;
		int got = next_entry(v, &entry);
		if (got < 0)
			return got;
		if (got == 0) {
			int error = leave(v);
			if (error || v->dirs.depth < top)
				return error;
			tree_path_pop(&v->path,
				      (size_t)(strrchr(v->path.text, '/') - v->path.text));
			continue;
		}
		mode_t type = entry_type(dirstack_fd(&v->dirs), entry);
		bool fits = tree_path_fits(&v->path, entry->d_name);
		size_t length = tree_path_push(&v->path, entry->d_name);
		count(v, type);
		fault(v, TREE_UNEXPECTED, 1, NULL);
		got = S_ISDIR(type) && fits ? enter(v, entry->d_name) : 0;
		if (S_ISDIR(type) && !fits)
			fault(v, TREE_UNREADABLE, 1, NULL);
		if (got < 0)
			return got;
		if (got == 0)
			tree_path_pop(&v->path, length);
	}
	return 0;
}

/*
 * Checks a name that the generator does not have; it is the end of the path, and is counted
 * already.
 */
static int check_stray(struct verifier *v, const char *name, mode_t type)
{
	fault(v, TREE_UNEXPECTED, 1, NULL);
	int entered = S_ISDIR(type) ? enter(v, name) : 0;
	return entered > 0 ? check_strays_below(v) : entered;
}

static enum tree_fault fault_of(int difference)
{
	switch (difference) {
	case DIFFERS_IN_TARGET:
		return TREE_RETARGETED;
	case DIFFERS_IN_FILE:
		return TREE_UNLINKED;
	case DIFFERS_IN_SIZE:
		return TREE_RESIZED;
	case DIFFERS_IN_ATTRIBUTES:
		return TREE_CHANGED;
	default:
		return TREE_RETYPED;
	}
}

/* Checks an entry of the shape; directories are entered when the listing is complete. */
static int check_known(struct verifier *v, struct dir_names *list, uint64_t i, const char *name,
		       mode_t type)
{
	struct gen_entry entry;
	gen_entry(list->dir, i, &entry);
	int difference = entry_compare(dirstack_fd(&v->dirs), name, &entry);
	/* It can be listed, but not accessed. */
	if (difference == -EACCES && list->dir->mode != 0755)
		difference = type == (entry.mode & S_IFMT) ? DIFFERS_NOT : DIFFERS_IN_TYPE;
	if (difference < 0 && difference != -ENOENT)
		return fail(v, difference);
	list->seen[i] = difference == DIFFERS_IN_TYPE ? WRONG : PRESENT;
	if (difference != DIFFERS_NOT)
		fault(v, fault_of(difference), 1, NULL);
	if (list->seen[i] == PRESENT || !S_ISDIR(type))
		return 0;
	int entered = enter(v, name);
	return entered > 0 ? check_strays_below(v) : entered;
}

/* Takes ownership of name. */
static int check_entry(struct verifier *v, struct dir_names *list, char *name, mode_t type)
{
	uint64_t i = gen_find(list->dir, name);
	size_t length = tree_path_push(&v->path, name);
	int error = 0;
	count(v, type);
	if (i < gen_entries(list->dir)) {
		error = check_known(v, list, i, name, type);
	} else if (list->n_strays++ == 0) {
		list->stray = name;
		list->stray_type = type;
		name = NULL;
	} else {
		error = check_stray(v, name, type);
	}
	tree_path_pop(&v->path, length);
	free(name);
	return error;
}

static int check_listing(struct verifier *v, struct dir_names *list)
{
	const struct dirent *entry;
	int got, error = 0;
	while (!error && (got = next_entry(v, &entry)) != 0) {
		if (got < 0)
			return got;
		/* entry->d_name becomes invalid when dirs is read further. */
		mode_t type = entry_type(dirstack_fd(&v->dirs), entry);
		char *name = strdup(entry->d_name);
		error = name ? check_entry(v, list, name, type) : fail(v, -ENOMEM);
	}
	return error;
}

/* Whether it was created before the tree was complete, if the filesystem stores birth times. */
static bool is_original(const struct verifier *v, const char *name)
{
	struct statx st;
	if (statx(dirstack_fd(&v->dirs), name, AT_SYMLINK_NOFOLLOW, STATX_BTIME, &st) ||
	    !(st.stx_mask & STATX_BTIME))
		return false;
	if (st.stx_btime.tv_sec != v->completed.tv_sec)
		return st.stx_btime.tv_sec < v->completed.tv_sec;
	return st.stx_btime.tv_nsec <= v->completed.tv_nsec;
}

/*
 * Whether one entry of a directory is missing and one is extra, of the same type and as old as the
 * tree: then it was renamed. Sets *i to the entry.
 */
static bool find_renamed(const struct verifier *v, const struct dir_names *list, uint64_t *i)
{
	uint64_t missing = 0;
	for (uint64_t k = 0; k < gen_entries(list->dir); k++) {
		if (list->seen[k] == ABSENT && missing++ == 0)
			*i = k;
	}
	return missing == 1 && list->n_strays == 1 && gen_type(list->dir, *i) == list->stray_type &&
	       is_original(v, list->stray);
}

/* Reports the first extra name, which was held back, as extra or renamed. */
static int check_first_stray(struct verifier *v, struct dir_names *list)
{
	uint64_t i = 0;
	const char *name;
	if (list->n_strays == 0)
		return 0;
	if (find_renamed(v, list, &i)) {
		size_t length = tree_path_push_entry(&v->path, list->dir, i, &name);
		list->seen[i] = RENAMED;
		fault(v, TREE_RENAMED, 1, list->stray);
		tree_path_pop(&v->path, length);
		return 0;
	}
	size_t length = tree_path_push(&v->path, list->stray);
	int error = check_stray(v, list->stray, list->stray_type);
	tree_path_pop(&v->path, length);
	return error;
}

/* Enters a directory that, by its shape's mode, may be inaccessible for users other than root. */
static int enter_known(struct verifier *v, const char *name, const struct gen_dir *dir)
{
	struct stat st;
	if (dir->mode != 0755 &&
	    fstatat(dirstack_fd(&v->dirs), name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if ((st.st_mode & 07777) != dir->mode)
			fault(v, TREE_CHANGED, 1, NULL);
		else if (faccessat(dirstack_fd(&v->dirs), name, R_OK, AT_EACCESS))
			return 0;
	}
	return enter(v, name);
}

static int check_below(struct verifier *v, const struct dir_names *list, uint64_t i,
		       const struct gen_dir *child)
{
	const char *name;
	size_t length = tree_path_push_entry(&v->path, list->dir, i, &name);
	if (list->seen[i] == RENAMED) {
		tree_path_pop(&v->path, length);
		tree_path_push(&v->path, list->stray);
		name = list->stray;
	}
	int entered = enter_known(v, name, child);
	int error = entered > 0 ? check_directory(v, child) : entered;
	tree_path_pop(&v->path, length);
	return error;
}

/* Reports the entries that were not listed, and checks what is below those that were. */
static int check_expected(struct verifier *v, const struct dir_names *list)
{
	const struct gen_dir *dir = list->dir;
	int error = 0;
	for (uint64_t i = 0; !error && i < gen_entries(dir); i++) {
		struct gen_dir child = {0};
		const char *name;
		if (i >= dir->files)
			gen_child(&child, dir, i - dir->files);
		if (list->seen[i] == ABSENT) {
			size_t length = tree_path_push_entry(&v->path, dir, i, &name);
			fault(v, TREE_MISSING, 1 + (child.shape ? gen_below(&child) : 0), NULL);
			tree_path_pop(&v->path, length);
		} else if (list->seen[i] == WRONG) {
			v->verdict->faults[TREE_MISSING] += child.shape ? gen_below(&child) : 0;
		} else if (i >= dir->files) {
			error = check_below(v, list, i, &child);
		}
	}
	return error;
}

/* Called with dirs in the directory; afterwards it is in the parent. */
static int check_directory(struct verifier *v, const struct gen_dir *dir)
{
	struct dir_names *list = calloc(1, sizeof(*list));
	bool is_first = v->dirs.depth == 0;
	int error = list ? 0 : fail(v, -ENOMEM);
	if (!error) {
		list->dir = dir;
		list->seen = calloc(gen_entries(dir) + 1, 1);
		error = list->seen ? 0 : fail(v, -ENOMEM);
	}
	error = error ? error : check_listing(v, list);
	error = error ? error : check_first_stray(v, list);
	error = error ? error : check_expected(v, list);
	if (list)
		free(list->seen);
	if (list)
		free(list->stray);
	free(list);
	return error || is_first ? error : leave(v);
}

static int check_tree(struct verifier *v, const struct container *c)
{
	struct gen_dir root;
	gen_root(&root, &v->verdict->info.shape);
	tree_path_start(&v->path, v->verdict->info.root);
	int fd = open_below(c->fd, TREE_NAME);
	if (fd >= 0) {
		int error = dirstack_begin(&v->dirs, fd, WINDOW);
		error = error ? fail(v, error) : check_directory(v, &root);
		dirstack_end(&v->dirs);
		return error;
	}
	if (!is_local(fd))
		return fail(v, fd);
	if (fd == -ENOENT)
		fault(v, TREE_MISSING, root.budget + 1, NULL);
	else
		fault(v, fd == -ENOTDIR || fd == -ELOOP ? TREE_RETYPED : TREE_UNREADABLE, 1, NULL);
	return 0;
}

static int compare(struct verifier *v, const char *dir)
{
	struct container c;
	struct stat st;
	int error = container_open(&c, dir, v->err);
	if (!error && fstatat(c.fd, SENTINEL_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0)
		v->completed = st.st_mtim;
	error = error ? error : check_tree(v, &c);
	container_close(&c);
	return error;
}

int tree_verify(const char *dir, tree_found *found, void *arg, const struct progress *progress,
		struct tree_verdict *verdict, struct err *err)
{
	*verdict = (struct tree_verdict){0};
	struct verifier *v = calloc(1, sizeof(*v));
	int error = v ? tree_info(dir, &verdict->info, err) : err_errno(err, -ENOMEM, "%s", dir);
	if (!error && gen_digest(&verdict->info.shape, &verdict->wanted))
		error = err_errno(err, -ENOMEM, "%s", dir);
	if (!error) {
		v->progress = progress;
		v->err = err;
		v->found = found;
		v->arg = arg;
		v->verdict = verdict;
		error = compare(v, dir);
	}
	free(v);
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
