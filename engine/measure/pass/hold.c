#include "engine/measure/pass/hold.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/util.h"

struct held {
	int fd, flags;
	char *path;
};

/* The descriptors closed in one table. */
struct descriptor_table {
	struct held *held;
	size_t n, room;
	int error;
};

struct hold {
	struct crew *crew;
	char *root; /* path of the root, from the kernel */
	size_t root_len;
	char *cwd; /* of the calling thread, if it is in the tree, else NULL */
	dev_t dev;
	ino_t ino;
	bool gone;
	bool may_move; /* the device number may change */
	unsigned n;
	int *cpus;
	/* If unshare is refused, all workers share one table, so they work one at a time. */
	pthread_mutex_t one_by_one;
	struct descriptor_table tables[]; /* the calling thread's, then each worker's */
};

/* The target of a link in /proc, or NULL. The caller frees it. */
static char *target_of(const char *link)
{
	char *path = malloc(PATH_MAX + 1);
	ssize_t len = path ? readlink(link, path, PATH_MAX) : -1;
	if (len < 0) {
		free(path);
		return NULL;
	}
	path[len] = '\0';
	return path;
}

static bool is_inside(const struct hold *h, const char *path)
{
	return path && strncmp(path, h->root, h->root_len) == 0 &&
	       (!path[h->root_len] || path[h->root_len] == '/');
}

/* Takes over path, or frees it. */
static int let_go_of(struct descriptor_table *t, int fd, char *path)
{
	const int kept = O_PATH | O_ACCMODE | O_NOFOLLOW | O_NOATIME | O_NONBLOCK;
	int error = array_grow(&t->held, &t->room, t->n + 1, sizeof(*t->held));
	if (error) {
		free(path);
		return error;
	}
	t->held[t->n++] = (struct held){fd, fcntl(fd, F_GETFL) & kept, path};
	close(fd);
	return 0;
}

static int close_if_inside(struct hold *h, struct descriptor_table *t, int fd)
{
	char link[64];
	struct stat st;
	snprintf(link, sizeof(link), "/proc/thread-self/fd/%d", fd);
	if (fstat(fd, &st) || !S_ISDIR(st.st_mode))
		return 0;
	if (t == h->tables && !(fcntl(fd, F_GETFL) & O_PATH))
		return 0;
	char *path = target_of(link);
	/*
	 * If the filesystem is remounted, all of its descriptors: the tree may be part of another
	 * tree that is open.
	 */
	if (is_inside(h, path) || (path && h->may_move && st.st_dev == h->dev))
		return let_go_of(t, fd, path);
	free(path);
	return 0;
}

/* *left: the working directory, if it was in the tree, or NULL. The caller frees it. */
static int leave_working_directory(const struct hold *h, char **left)
{
	*left = target_of("/proc/thread-self/cwd");
	if (is_inside(h, *left))
		return chdir("/") ? -errno : 0;
	free(*left);
	*left = NULL;
	return 0;
}

static void empty_table(struct hold *h, struct descriptor_table *t)
{
	DIR *dir = opendir("/proc/thread-self/fd");
	t->error = dir ? 0 : -errno;
	for (struct dirent *e; dir && !t->error && (e = readdir(dir));) {
		int fd = (int)strtol(e->d_name, NULL, 10);
		if (e->d_name[0] != '.' && fd != dirfd(dir))
			t->error = close_if_inside(h, t, fd);
	}
	if (dir)
		closedir(dir);
}

static void empty_worker(void *arg, unsigned i)
{
	struct hold *h = arg;
	struct descriptor_table *t = &h->tables[1 + i];
	char *left;
	t->error = leave_working_directory(h, &left);
	free(left);
	if (t->error)
		return;
	pthread_mutex_lock(&h->one_by_one);
	empty_table(h, t);
	pthread_mutex_unlock(&h->one_by_one);
}

/*
 * If the tree is gone, the number is taken by /dev/null, so that it never refers to another file.
 */
static int open_again(const struct held *held, bool gone)
{
	int fd = gone ? open("/dev/null", O_PATH | O_CLOEXEC)
		      : open(held->path, held->flags | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fd == held->fd)
		return 0;
	int error = dup3(fd, held->fd, O_CLOEXEC) < 0 ? -errno : 0;
	close(fd);
	return error;
}

static void fill_table(const struct hold *h, struct descriptor_table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		int error = open_again(&t->held[i], h->gone);
		if (error && !h->gone)
			open_again(&t->held[i], true);
		t->error = t->error ? t->error : error;
	}
}

static void fill_worker(void *arg, unsigned i)
{
	struct hold *h = arg;
	pthread_mutex_lock(&h->one_by_one);
	fill_table(h, &h->tables[1 + i]);
	pthread_mutex_unlock(&h->one_by_one);
}

/* Files to be written and programs to be measured may be named relative to it. */
static int return_to_working_directory(const struct hold *h, struct err *err)
{
	if (!h->cwd || chdir(h->cwd) == 0)
		return 0;
	return err_errno(err, -errno, "cannot return to the directory %s", h->cwd);
}

static int first_error(const struct hold *h)
{
	int error = 0;
	for (unsigned i = 0; i <= h->n && !error; i++)
		error = h->tables[i].error;
	return error;
}

static void hold_free(struct hold *h)
{
	for (unsigned i = 0; i <= h->n; i++) {
		for (size_t k = 0; k < h->tables[i].n; k++)
			free(h->tables[i].held[k].path);
		free(h->tables[i].held);
	}
	pthread_mutex_destroy(&h->one_by_one);
	free(h->cpus);
	free(h->root);
	free(h->cwd);
	free(h);
}

static int prepare(struct hold *h, const struct workload *load)
{
	char link[64];
	struct stat st;
	snprintf(link, sizeof(link), "/proc/thread-self/fd/%d", load->root_fd);
	h->root = target_of(link);
	h->cpus = malloc(MAX(h->n, 1) * sizeof(*h->cpus));
	if (!h->root || !h->cpus || fstat(load->root_fd, &st))
		return -errno;
	for (unsigned i = 0; i < h->n; i++)
		h->cpus[i] = -1;
	h->root_len = strcmp(h->root, "/") ? strlen(h->root) : 0;
	h->dev = st.st_dev;
	h->ino = st.st_ino;
	return 0;
}

int hold_let_go(struct hold **out, const struct workload *load, struct crew *crew, unsigned n,
		bool may_move, struct err *err)
{
	struct hold *h = calloc(1, sizeof(*h) + (n + 1) * sizeof(h->tables[0]));
	*out = NULL;
	if (!h)
		return err_errno(err, -ENOMEM, "cannot close the files of %s", load->root);
	h->crew = crew;
	h->n = crew ? n : 0;
	h->may_move = may_move;
	pthread_mutex_init(&h->one_by_one, NULL);
	int error = prepare(h, load);
	if (!error) {
		*out = h;
		error = leave_working_directory(h, &h->cwd);
		empty_table(h, &h->tables[0]);
		if (h->n)
			crew_run(crew, h->n, h->cpus, empty_worker, h);
		error = error ? error : first_error(h);
	}
	if (!*out)
		hold_free(h);
	return error ? err_errno(err, error, "cannot close the files of %s", load->root) : 0;
}

int hold_take_back(struct hold *h, uint64_t *dev, struct err *err)
{
	struct stat st;
	if (!h)
		return 0;
	int error = stat(h->root, &st) ? -errno : 0;
	const bool moved = !error && st.st_dev != h->dev && !h->may_move;
	if (!error && (moved || st.st_ino != h->ino))
		error = err_set(err, -ESTALE,
				"%s is not the same directory as before the command: %s", h->root,
				moved ? "it is on another device" : "its inode number differs");
	if (!error)
		*dev = st.st_dev;
	h->gone = error != 0;
	fill_table(h, &h->tables[0]);
	if (h->n)
		crew_run(h->crew, h->n, h->cpus, fill_worker, h);
	error = error ? error : first_error(h);
	error = error ? err_errno(err, error, "cannot open %s again", h->root) : 0;
	const int lost = return_to_working_directory(h, err);
	error = error ? error : lost;
	hold_free(h);
	return error;
}
