/*
 * ninja bench-walk_baseline: is the baseline of walks an honest one? The cell `walk-lstat` against
 * what an ordinary programmer writes: opendir, readdir, lstat of the full path, a list of paths and
 * stats that grows, qsort by path. Pass by pass in turn, on the same CPU.
 *
 *   walk_baseline [DIR [ENTRIES]]    DIR: where the tree is made and removed (default /dev/shm)
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/clock.h"
#include "tests/bench/with_cell.h"

extern const struct strategy strategy_walk_lstat;

struct item {
	char *path;
	struct stat st;
};

struct list {
	struct item *items;
	size_t n, room;
};

static void add(struct list *list, const char *path)
{
	if (list->n == list->room) {
		list->room = list->room ? list->room * 2 : 1024;
		list->items = realloc(list->items, list->room * sizeof(*list->items));
	}
	struct item *item = list->items ? &list->items[list->n++] : NULL;
	if (!item || !(item->path = strdup(path)) || lstat(path, &item->st))
		bench_die("cannot walk");
}

static void read_dir(struct list *list, const char *dir)
{
	char path[4096 + 256];
	size_t len = strlen(dir);
	DIR *stream = opendir(dir);
	struct dirent *d;
	if (!stream)
		bench_die("cannot read a directory");
	memcpy(path, dir, len);
	path[len++] = '/';
	while ((d = readdir(stream))) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		memcpy(path + len, d->d_name, strlen(d->d_name) + 1);
		add(list, path);
	}
	closedir(stream);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct item *)a)->path, ((const struct item *)b)->path);
}

/* The list is its own queue of directories. */
static uint64_t ordinary(const void *root)
{
	struct list list = {NULL, 0, 0};
	uint64_t began = clock_ns();
	read_dir(&list, root);
	for (size_t i = 0; i < list.n; i++) {
		if (S_ISDIR(list.items[i].st.st_mode))
			read_dir(&list, list.items[i].path);
	}
	qsort(list.items, list.n, sizeof(*list.items), by_path);
	uint64_t took = clock_ns() - began;
	for (size_t i = 0; i < list.n; i++)
		free(list.items[i].path);
	free(list.items);
	return took;
}

static void show_memory(const struct bench *b)
{
	double n = (double)sink_count(b->sink);
	size_t paths = 0, len;
	for (size_t i = 0; i < sink_count(b->sink); i++) {
		sink_path(b->sink, i, &len);
		paths += len + 1;
	}
	printf("%.1f bytes of list per entry, %.1f of them paths\n",
	       (double)sink_bytes(b->sink) / n, (double)paths / n);
}

int main(int argc, char **argv)
{
	struct bench bench;
	bench_open(&bench, argc > 1 ? argv[1] : "/dev/shm",
		   argc > 2 ? strtoull(argv[2], NULL, 10) : 100000);
	if (topology_bind(bench.topology, bench.cpu))
		bench_die("cannot bind to a CPU");
	printf("%u entries, CPU %d\n", bench.load->n_entries, bench.cpu);
	bench_compare(&bench, &strategy_walk_lstat, ordinary, bench.root);
	show_memory(&bench);
	bench_close(&bench);
	return 0;
}
