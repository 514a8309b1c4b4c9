#include "tests/bench/with_walks.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "strategies/flist/flist.h"
#include "tests/bench/with_cell.h"

enum { JOBS_MOST = 64, BUFFER_SIZE = 64 * 1024 };

struct bare_dirent {
	uint64_t ino;
	int64_t off;
	unsigned short size;
	unsigned char type;
	char name[];
};

/* Directories to read, by path. */
struct bare_stack {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	char **paths;
	size_t n, room;
	unsigned busy;
	int root;
	uint64_t entries;
};

static char *join(const char *dir, const char *name)
{
	const size_t a = strlen(dir), b = strlen(name);
	char *path = malloc(a + 1 + b + 1);
	if (!path)
		bench_die("out of memory");
	memcpy(path, dir, a);
	path[a] = '/';
	memcpy(path + a + 1, name, b + 1);
	return path;
}

static void bare_push(struct bare_stack *s, char *path)
{
	pthread_mutex_lock(&s->lock);
	if (s->n == s->room) {
		s->room = s->room ? 2 * s->room : 1024;
		s->paths = realloc(s->paths, s->room * sizeof(*s->paths));
		if (!s->paths)
			bench_die("out of memory");
	}
	s->paths[s->n++] = path;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

static char *bare_pop(struct bare_stack *s)
{
	char *path = NULL;
	pthread_mutex_lock(&s->lock);
	while (s->n == 0 && s->busy > 0)
		pthread_cond_wait(&s->changed, &s->lock);
	if (s->n > 0) {
		path = s->paths[--s->n];
		s->busy++;
	}
	pthread_mutex_unlock(&s->lock);
	return path;
}

static void bare_done(struct bare_stack *s)
{
	pthread_mutex_lock(&s->lock);
	if (--s->busy == 0 && s->n == 0)
		pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

static uint64_t bare_read(struct bare_stack *s, const char *path, char *buffer)
{
	int fd = openat(s->root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	uint64_t n = 0;
	long got;
	while ((got = syscall(SYS_getdents64, fd, buffer, BUFFER_SIZE)) > 0) {
		const struct bare_dirent *d;
		for (long at = 0; at < got; at += d->size) {
			struct stat st;
			d = (const void *)(buffer + at);
			if (is_dot(d->name))
				continue;
			n += fstatat(fd, d->name, &st, AT_SYMLINK_NOFOLLOW) == 0;
			if (d->type == DT_DIR)
				bare_push(s, join(path, d->name));
		}
	}
	close(fd);
	return n;
}

static void *bare_thread(void *arg)
{
	struct bare_stack *s = arg;
	char *buffer = malloc(BUFFER_SIZE), *path;
	uint64_t n = 0;
	(void)unshare(CLONE_FILES);
	while ((path = bare_pop(s))) {
		n += bare_read(s, path, buffer);
		free(path);
		bare_done(s);
	}
	free(buffer);
	pthread_mutex_lock(&s->lock);
	s->entries += n;
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

struct walked walk_bare(const char *root, unsigned jobs)
{
	struct bare_stack s = {.lock = PTHREAD_MUTEX_INITIALIZER,
			       .changed = PTHREAD_COND_INITIALIZER};
	pthread_t threads[JOBS_MOST];
	s.root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s.root < 0)
		bench_die("no tree");
	bare_push(&s, strdup("."));
	for (unsigned i = 1; i < jobs; i++)
		pthread_create(&threads[i], NULL, bare_thread, &s);
	bare_thread(&s);
	for (unsigned i = 1; i < jobs; i++)
		pthread_join(threads[i], NULL);
	free(s.paths);
	close(s.root);
	return (struct walked){.entries = s.entries};
}

struct reference_entry {
	char *path;
	struct stat st;
};

struct reference_list {
	struct reference_entry *entries;
	size_t n, room;
};

static void reference_add(struct reference_list *list, char *path)
{
	struct reference_entry *e;
	if (list->n == list->room) {
		list->room = list->room ? 2 * list->room : 1024;
		list->entries = realloc(list->entries, list->room * sizeof(*list->entries));
		if (!list->entries)
			bench_die("out of memory");
	}
	e = &list->entries[list->n++];
	e->path = path;
	if (lstat(path, &e->st))
		bench_die("the tree changes");
}

/* One directory is open at a time: those found wait for their turn. */
static void reference_read(struct reference_list *list, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *d;
	if (!dir)
		bench_die("no tree");
	while ((d = readdir(dir))) {
		if (!is_dot(d->d_name))
			reference_add(list, join(path, d->d_name));
	}
	closedir(dir);
}

static int by_path(const void *a, const void *b)
{
	const struct reference_entry *x = a, *y = b;
	return strcmp(x->path, y->path);
}

struct walked walk_reference(const char *root)
{
	struct reference_list list = {0};
	struct walked walked;
	reference_read(&list, root);
	for (size_t i = 0; i < list.n; i++) {
		if (S_ISDIR(list.entries[i].st.st_mode)) {
			char *path = strdup(list.entries[i].path);
			reference_read(&list, path);
			free(path);
		}
	}
	qsort(list.entries, list.n, sizeof(*list.entries), by_path);
	walked = (struct walked){.entries = list.n};
	for (size_t i = 0; i < list.n; i++)
		free(list.entries[i].path);
	free(list.entries);
	return walked;
}

struct walked walk_flist(const char *root, unsigned jobs)
{
	const struct flist_collect_options options = {.threads.jobs = jobs};
	struct flist_list *list;
	struct walked walked;
	if (flist_collect(&list, root, &options))
		bench_die("cannot collect");
	walked = (struct walked){flist_list_length(list), flist_list_bytes(list)};
	flist_list_free(list);
	return walked;
}
