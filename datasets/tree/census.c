#include "datasets/tree/census.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "datasets/shape/generator.h"
#include "datasets/tree/way.h"
#include "engine/base/util.h"

enum { WINDOW = 16 };

const char *const census_names[CENSUS_TYPES] = {
	[CENSUS_FILES] = "files",       [CENSUS_DIRECTORIES] = "directories",
	[CENSUS_SYMLINKS] = "symlinks", [CENSUS_FIFOS] = "fifos",
	[CENSUS_SOCKETS] = "sockets",   [CENSUS_DEVICES] = "devices",
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
	return spread->n ? (spread->sum + spread->n / 2) / spread->n : 0;
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

static void add_entry(struct census *census, size_t name_length, uint64_t depth, mode_t mode,
		      uint64_t size, bool hard_linked)
{
	census->entries++;
	census->types[census_type_of(mode)]++;
	spread_add(&census->depth, depth);
	spread_add(&census->name_length, name_length);
	if (S_ISREG(mode)) {
		spread_add(&census->size, size);
		census->hard_linked += hard_linked;
	}
}

static void add_on_paper(struct census *census, const struct gen_dir *dir)
{
	struct gen_entry entry;
	char name[GEN_NAME_SIZE];
	spread_add(&census->fan_out, gen_entries(dir));
	for (uint64_t i = 0; i < gen_entries(dir); i++) {
		size_t length = gen_name(dir, i, name);
		gen_entry(dir, i, &entry);
		add_entry(census, length, dir->depth + 1, entry.mode, entry.size,
			  entry.is_hard_link);
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

/* How many entries a directory has is known when it has been left: a count for each level. */
struct taker {
	struct census *census;
	struct way way;
	uint64_t *counts;
	size_t room;
};

static int enter(struct taker *t, const char *name)
{
	int error = array_grow(&t->counts, &t->room, t->way.depth + 2, sizeof(*t->counts));
	error = error ? error : way_down(&t->way, name);
	if (!error) {
		t->counts[t->way.depth] = 0;
		return 0;
	}
	if (error == -ENOMEM || error == -EMFILE || error == -ENFILE)
		return error;
	t->census->unreadable++;
	return 0;
}

/* One that vanished meanwhile does not count. */
static int take_entry(struct taker *t, const char *name)
{
	struct stat st;
	if (fstatat(way_fd(&t->way), name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT || errno == EACCES ? 0 : -errno;
	add_entry(t->census, strlen(name), t->way.depth + 1, st.st_mode, (uint64_t)st.st_size,
		  st.st_nlink > 1);
	t->counts[t->way.depth]++;
	return S_ISDIR(st.st_mode) ? enter(t, name) : 0;
}

static int take_all(struct taker *t, const struct progress *progress)
{
	for (;;) {
		const struct dirent *entry;
		if (progress_stopped(progress))
			return -EINTR;
		int got = way_next(&t->way, &entry);
		if (got < 0)
			return got;
		if (got > 0) {
			got = take_entry(t, entry->d_name);
			progress_report(progress, "counting", t->census->entries, 0);
		} else {
			spread_add(&t->census->fan_out, t->counts[t->way.depth]);
			if (t->way.depth == 0)
				return 0;
			got = way_up(&t->way);
		}
		if (got < 0)
			return got;
	}
}

int census_take(struct census *census, const char *dir, const struct progress *progress,
		struct err *err)
{
	struct taker t = {.census = census};
	begin(census);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, -errno, "%s", dir);
	int error = way_begin(&t.way, fd, WINDOW);
	error = error ? error : array_grow(&t.counts, &t.room, 1, sizeof(*t.counts));
	if (!error) {
		t.counts[0] = 0;
		error = take_all(&t, progress);
	}
	way_end(&t.way);
	free(t.counts);
	if (error == -EINTR)
		return err_set(err, error, "%s: interrupted", dir);
	return error ? err_errno(err, error, "%s", dir) : 0;
}
