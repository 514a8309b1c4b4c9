#include "datasets/tree/census.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "datasets/shape/generator.h"
#include "datasets/tree/dirstack.h"
#include "engine/base/inodes.h"
#include "engine/base/util.h"

enum { WINDOW = 16 };

const char *const census_names[CENSUS_TYPES] = {
	[CENSUS_FILES] = "files",       [CENSUS_DIRECTORIES] = "directories",
	[CENSUS_SYMLINKS] = "symlinks", [CENSUS_FIFOS] = "fifos",
	[CENSUS_SOCKETS] = "sockets",   [CENSUS_DEVICES] = "devices",
};

const char *const census_one[CENSUS_TYPES] = {
	[CENSUS_FILES] = "file", [CENSUS_DIRECTORIES] = "directory", [CENSUS_SYMLINKS] = "symlink",
	[CENSUS_FIFOS] = "fifo", [CENSUS_SOCKETS] = "socket",        [CENSUS_DEVICES] = "device",
};

/* Powers of two: cell 0 for 0, cell k for 2^(k-1) to 2^k - 1. */
static size_t cell_of(const struct spread *spread, uint64_t value)
{
	if (spread->linear)
		return MIN(value, SPREAD_CELLS - 1);
	return value ? 64 - (size_t)__builtin_clzll(value) : 0;
}

static uint64_t cell_lo(const struct spread *spread, size_t cell)
{
	if (spread->linear)
		return cell;
	return cell ? UINT64_C(1) << (cell - 1) : 0;
}

static uint64_t cell_hi(const struct spread *spread, size_t cell)
{
	if (spread->linear)
		return cell == SPREAD_CELLS - 1 ? MAX(spread->max, cell) : cell;
	return cell ? (UINT64_C(1) << (cell - 1)) - 1 + (UINT64_C(1) << (cell - 1)) : 0;
}

static void spread_add(struct spread *spread, uint64_t value)
{
	spread->min = spread->n ? MIN(spread->min, value) : value;
	spread->max = MAX(spread->max, value);
	spread->n++;
	spread->sum += value;
	spread->cells[cell_of(spread, value)]++;
}

uint64_t spread_mean(const struct spread *spread)
{
	return spread->n ? (uint64_t)((spread->sum + spread->n / 2) / spread->n) : 0;
}

size_t spread_rows(const struct spread *spread, struct spread_row *rows, size_t n_max)
{
	if (spread->n == 0 || n_max == 0)
		return 0;
	size_t first = cell_of(spread, spread->min), last = cell_of(spread, spread->max);
	size_t step = 1, n = 0;
	while ((last - first) / step >= n_max)
		step++;
	for (size_t cell = first; cell <= last; cell += step, n++) {
		size_t end = MIN(cell + step - 1, last);
		rows[n] = (struct spread_row){cell_lo(spread, cell), cell_hi(spread, end), 0};
		for (size_t i = cell; i <= end; i++)
			rows[n].count += spread->cells[i];
	}
	return n;
}

static void begin(struct census *census)
{
	*census = (struct census){0};
	census->depth.linear = census->name_length.linear = true;
}

enum census_type census_type_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return CENSUS_DIRECTORIES;
	case S_IFLNK:
		return CENSUS_SYMLINKS;
	case S_IFIFO:
		return CENSUS_FIFOS;
	case S_IFSOCK:
		return CENSUS_SOCKETS;
	case S_IFCHR:
	case S_IFBLK:
		return CENSUS_DEVICES;
	default:
		return CENSUS_FILES;
	}
}

/* Adds all but the size, which is added once per file. */
static void add_entry(struct census *census, size_t name_length, uint64_t depth, mode_t mode)
{
	census->entries++;
	census->types[census_type_of(mode)]++;
	spread_add(&census->depth, depth);
	spread_add(&census->name_length, name_length);
}

static void add_on_paper(struct census *census, const struct gen_dir *dir)
{
	struct gen_entry entry;
	char name[GEN_NAME_SIZE];
	spread_add(&census->fan_out, gen_entries(dir));
	for (uint64_t i = 0; i < gen_entries(dir); i++) {
		size_t length = gen_name(dir, i, name);
		gen_entry(dir, i, &entry);
		add_entry(census, length, dir->depth + 1, entry.mode);
		if (entry.is_hard_link)
			census->hard_linked++;
		else if (S_ISREG(entry.mode))
			spread_add(&census->size, entry.size);
		if (i >= dir->files) {
			struct gen_dir child;
			gen_child(&child, dir, i - dir->files);
			add_on_paper(census, &child);
		}
	}
}

void census_of_shape(struct census *census, const struct shape *shape)
{
	struct gen_dir root;
	begin(census);
	gen_root(&root, shape);
	add_on_paper(census, &root);
}

/*
 * The number of entries in a directory is known when it is left, so there is a count for each
 * level.
 */
struct census_level {
	uint64_t entries, dirs;
	size_t path_len; /* of the directory */
};

struct census_walk {
	struct census *census;
	struct distributions *distributions; /* or NULL */
	const struct halt *halt;
	char *xattrs; /* XATTR_LIST_MAX bytes, with distributions */
	bool crosses_mounts;
	struct dirstack dirs;
	struct census_level *levels;
	size_t room;
	char *path; /* below dir, of the current directory; not NUL-terminated */
	size_t path_room;
	struct inodes linked; /* files with several names */
};

/* Opens a directory also across a mount point, because nothing is changed here. */
static int open_any(int fd, const char *name)
{
	int below = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return below < 0 ? -errno : below;
}

/* The path of an entry of the current directory, shortened; name "": of the directory itself. */
static void brief(const struct census_walk *t, const char *name, char *buf)
{
	enum { END = CENSUS_PATH_SIZE / 2 - 4 };
	size_t len = t->levels[t->dirs.depth].path_len;
	const char *slash = len && *name ? "/" : "";
	if (len + strlen(name) + 2 <= CENSUS_PATH_SIZE)
		snprintf(buf, CENSUS_PATH_SIZE, "%.*s%s%s", (int)len, t->path, slash, name);
	else
		snprintf(buf, CENSUS_PATH_SIZE, "%.*s...%s%.*s", (int)MIN(len, END), t->path, slash,
			 END, name);
}

static int count_unreadable(struct census_walk *t, const char *name, int error)
{
	struct census *census = t->census;
	if (error == -ENOMEM || error == -EMFILE || error == -ENFILE)
		return error;
	if (census->unreadable++ == 0) {
		census->unreadable_error = -error;
		brief(t, name, census->first_unreadable);
	}
	return 0;
}

static int count_unasked(struct census_walk *t, const char *name, int error)
{
	struct census *census = t->census;
	if (census->unasked++ == 0) {
		census->unasked_error = -error;
		brief(t, name, census->first_unasked);
	}
	return 0;
}

static int push_path(struct census_walk *t, const char *name)
{
	size_t old = t->levels[t->dirs.depth].path_len, len = strlen(name);
	int error = array_grow(&t->path, &t->path_room, old + len + 1, 1);
	error = error ? error
		      : array_grow(&t->levels, &t->room, t->dirs.depth + 2, sizeof(*t->levels));
	if (error)
		return error;
	if (old)
		t->path[old++] = '/';
	memcpy(t->path + old, name, len);
	t->levels[t->dirs.depth + 1] = (struct census_level){.path_len = old + len};
	return 0;
}

static int enter(struct census_walk *t, const char *name)
{
	int error = push_path(t, name);
	if (error)
		return error;
	error = dirstack_down(&t->dirs, name);
	return error ? count_unreadable(t, name, error) : 0;
}

/*
 * The number of a file's attributes in the namespace user; those of the system are set
 * automatically. They are listed by a path below an open directory in /proc, so that nothing is
 * opened; without /proc the result is 0.
 */
static uint64_t count_xattrs(const struct census_walk *t, const char *name)
{
	static const char user[] = "user.";
	char *path; /* of any length: on some filesystems names can be longer than NAME_MAX */
	uint64_t n = 0;
	if (asprintf(&path, "/proc/self/fd/%d/%s", dirstack_fd(&t->dirs), name) < 0)
		return 0;
	ssize_t size = llistxattr(path, t->xattrs, XATTR_LIST_MAX);
	for (ssize_t i = 0; i < size; i += (ssize_t)strlen(t->xattrs + i) + 1)
		n += strncmp(t->xattrs + i, user, sizeof(user) - 1) == 0;
	free(path);
	return n;
}

static void add_to_distributions(struct census_walk *t, const char *name, const struct stat *st)
{
	uint64_t n_xattrs = S_ISREG(st->st_mode) ? count_xattrs(t, name) : 0;
	distributions_add_entry(t->distributions, name, st, t->dirs.depth, n_xattrs);
}

/* 0 or -ENOMEM. */
static int add_size(struct census_walk *t, const struct stat *st)
{
	const struct inode file = {st->st_dev, st->st_ino, (uint64_t)st->st_size};
	if (S_ISREG(st->st_mode) && st->st_nlink > 1)
		return inodes_add(&t->linked, file);
	if (S_ISREG(st->st_mode))
		spread_add(&t->census->size, file.size);
	return 0;
}

static void add_linked(struct census_walk *t)
{
	t->census->hard_linked = inodes_unite(&t->linked);
	for (size_t i = 0; i < t->linked.n; i++)
		spread_add(&t->census->size, t->linked.all[i].size);
}

/* An entry that has vanished meanwhile does not count. */
static int take_entry(struct census_walk *t, const char *name)
{
	struct stat st, here;
	if (fstatat(dirstack_fd(&t->dirs), name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : count_unasked(t, name, -errno);
	add_entry(t->census, strlen(name), t->dirs.depth + 1, st.st_mode);
	int error = add_size(t, &st);
	if (error)
		return error;
	if (t->distributions)
		add_to_distributions(t, name, &st);
	t->levels[t->dirs.depth].entries++;
	if (!S_ISDIR(st.st_mode))
		return 0;
	t->levels[t->dirs.depth].dirs++;
	if (fstat(dirstack_fd(&t->dirs), &here))
		return -errno;
	bool is_mount = st.st_dev != here.st_dev;
	t->census->mounts += is_mount;
	return is_mount && !t->crosses_mounts ? 0 : enter(t, name);
}

/* 1: there is more. */
static int leave(struct census_walk *t, bool complete)
{
	const struct census_level *level = &t->levels[t->dirs.depth];
	spread_add(&t->census->fan_out, level->entries);
	if (t->distributions && complete)
		distributions_add_directory(t->distributions, t->dirs.depth,
					    level->entries - level->dirs, level->dirs);
	if (t->dirs.depth == 0)
		return 0;
	int error = dirstack_up(&t->dirs);
	return error ? error : 1;
}

/*
 * A directory that cannot be read counts with the entries read before; only dir itself must be
 * readable.
 */
static int step(struct census_walk *t, const struct progress *progress)
{
	const struct dirent *entry;
	int got = dirstack_next(&t->dirs, &entry);
	if (got > 0) {
		int error = take_entry(t, entry->d_name);
		progress_report(progress, "counting", t->census->entries, 0);
		return error ? error : 1;
	}
	if (got < 0 && t->dirs.depth == 0)
		return got;
	int error = got < 0 ? count_unreadable(t, "", got) : 0;
	return error ? error : leave(t, got == 0);
}

static int take_all(struct census_walk *t, const struct progress *progress)
{
	int got = 1;
	while (got > 0 && !t->census->halted) {
		got = progress_stopped(progress) ? -EINTR : step(t, progress);
		t->census->halted = got > 0 && halt_is_due(t->halt);
	}
	return MIN(got, 0);
}

int census_take(struct census *census, const char *dir, bool crosses_mounts,
		const struct progress *progress, struct err *err)
{
	return census_take_distributions(census, NULL, dir, crosses_mounts, progress, NULL, err);
}

int census_take_distributions(struct census *census, struct distributions *distributions,
			      const char *dir, bool crosses_mounts, const struct progress *progress,
			      const struct halt *halt, struct err *err)
{
	struct census_walk t = {.census = census,
				.distributions = distributions,
				.halt = halt,
				.crosses_mounts = crosses_mounts};
	begin(census);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, -errno, "cannot open %s", dir);
	int error = dirstack_begin(&t.dirs, fd, WINDOW);
	t.dirs.open = open_any;
	t.xattrs = distributions ? malloc(XATTR_LIST_MAX) : NULL;
	error = error || !distributions || t.xattrs ? error : -ENOMEM;
	error = error ? error : array_grow(&t.levels, &t.room, 1, sizeof(*t.levels));
	if (!error) {
		t.levels[0] = (struct census_level){0};
		error = take_all(&t, progress);
	}
	add_linked(&t);
	inodes_release(&t.linked);
	dirstack_end(&t.dirs);
	free(t.levels);
	free(t.path);
	free(t.xattrs);
	if (error == -EINTR)
		return err_set(err, error, "%s: interrupted", dir);
	return error ? err_errno(err, error, "cannot read %s", dir) : 0;
}
