/* Reads a tree into a workload. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/dents.h"
#include "engine/base/digest.h"
#include "engine/base/util.h"
#include "engine/order.h"
#include "engine/workload.h"
#include "engine/workload_descent.h"

/*
 * The loader reads directories in the order in which it finds them (breadth first), so that the
 * queue of directories still to be read is the array of directories itself, and the entries of each
 * directory are next to each other without sorting.
 */
enum { TIME_UP = 1 };

struct loader {
	struct workload *load;
	struct workload_dir *dirs;
	struct workload_far *far;
	struct workload_entry *entries;
	char *names;
	size_t room_dirs, room_far, room_entries, room_names;
	size_t n_dirs, n_far, n_entries, used;
	uint64_t paths, paths_max; /* bytes of directories' paths so far, and their limit */
	struct stat skip;          /* the directory that is left out */
	bool has_skip;
	dev_t dev;    /* of the directory being read */
	dev_t *above; /* for each directory, st_dev of its parent */
	uint32_t *parents;
	size_t room_above, room_parents;
	struct descent descent;
	const struct workload_request *request;
	struct err *err;
	struct dents dents;
};

static int add_bytes(struct loader *l, const char *bytes, size_t size)
{
	int error = array_grow(&l->names, &l->room_names, l->used + size, 1);
	if (error)
		return error;
	memcpy(l->names + l->used, bytes, size);
	l->used += size;
	return 0;
}

static int add_entry(struct loader *l, uint32_t dir, const char *name, size_t len, mode_t type)
{
	size_t offset = l->used - l->dirs[dir].names;
	if (l->request->entries_max && l->n_entries >= l->request->entries_max)
		return -E2BIG;
	if (l->n_entries >= UINT32_MAX - 1 || offset > UINT32_MAX)
		return -EFBIG;
	int error =
		array_grow(&l->entries, &l->room_entries, l->n_entries + 1, sizeof(*l->entries));
	if (!error)
		error = add_bytes(l, name, len + 1);
	if (error)
		return error;
	l->entries[l->n_entries++] = (struct workload_entry){
		.dir = dir,
		.name = (uint32_t)offset,
		.name_len = (uint16_t)len,
		.type = (uint16_t)type,
	};
	l->dirs[dir].count++;
	return 0;
}

static uint64_t share_of_memory(void)
{
	const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
	return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size / PATHS_SHARE : UINT64_MAX;
}

/* Adds a path's bytes; -ENOMEM with a message if the limit is exceeded. */
static int count_path(struct loader *l, size_t len, uint32_t depth)
{
	l->paths += len + 1;
	if (l->paths <= l->paths_max)
		return 0;
	return err_set(l->err, -ENOMEM,
		       "the paths of its directories take more than %" PRIu64 " MiB, "
		       "as they lie up to %" PRIu32 " levels deep; measure a "
		       "sub-directory",
		       l->paths_max >> 20, depth);
}

/* Stores the directory's whole path: its parent's path and its name. */
static int keep_whole(struct loader *l, const struct workload_dir *up,
		      const struct workload_entry *e, const struct workload_dir *dir)
{
	const size_t slash = up->path_len > 0, len = dir->path_len;
	int error = count_path(l, len, dir->depth);
	if (!error)
		error = array_grow(&l->names, &l->room_names, l->used + len + 1, 1);
	if (error)
		return error;
	char *path = l->names + l->used;
	memcpy(path, l->names + up->path, up->path_len);
	path[up->path_len] = '/';
	memcpy(path + up->path_len + slash, l->names + up->names + e->name,
	       (size_t)e->name_len + 1);
	l->used += len + 1;
	return 0;
}

/* A directory in a head, or in another directory far below. */
static struct workload_far far_in(const struct loader *l, const struct workload_dir *up,
				  const char *name, uint32_t len)
{
	if (!(up->path & WORKLOAD_FAR)) {
		const uint64_t above = digest_hash(l->names + up->path, up->path_len, 0);
		return (struct workload_far){
			.hash = workload_far_hash(name, len, above),
			.head = up->path,
			.head_len = up->path_len,
			.up = FAR_NONE,
			.base = FAR_NONE,
			.step = len,
		};
	}
	const uint32_t above = (uint32_t)(up->path & ~WORKLOAD_FAR);
	struct workload_far f = l->far[above];
	f.hash = workload_far_hash(name, len, f.hash);
	f.up = above;
	f.step += 1 + len;
	if (f.step >= PATH_MAX) {
		f.base = above;
		f.step = len;
	}
	return f;
}

static int keep_far(struct loader *l, const struct workload_dir *up, const struct workload_entry *e,
		    struct workload_dir *dir)
{
	int error = array_grow(&l->far, &l->room_far, l->n_far + 1, sizeof(*l->far));
	if (error)
		return error;
	struct workload_far f = far_in(l, up, l->names + up->names + e->name, e->name_len);
	f.name = up->names + e->name;
	f.name_len = e->name_len;
	dir->path = WORKLOAD_FAR | l->n_far;
	l->far[l->n_far++] = f;
	return 0;
}

/*
 * Appends a directory, which is entry number `entry` (UINT32_MAX: the root itself), to the queue.
 */
static int add_dir(struct loader *l, uint32_t parent, uint32_t entry)
{
	int error = array_grow(&l->dirs, &l->room_dirs, l->n_dirs + 1, sizeof(*l->dirs));
	if (!error)
		error = array_grow(&l->above, &l->room_above, l->n_dirs + 1, sizeof(*l->above));
	if (!error)
		error = array_grow(&l->parents, &l->room_parents, l->n_dirs + 1,
				   sizeof(*l->parents));
	if (error)
		return error;
	l->above[l->n_dirs] = l->dev;
	l->parents[l->n_dirs] = parent;
	struct workload_dir dir = {.path = l->used};
	if (entry != UINT32_MAX) {
		const struct workload_dir *up = &l->dirs[parent];
		const struct workload_entry *e = &l->entries[entry];
		const uint64_t len = (uint64_t)up->path_len + (up->path_len > 0) + e->name_len;
		if (len > INT32_MAX)
			return -EFBIG;
		dir.path_len = (uint32_t)len;
		dir.depth = up->depth + 1;
		error = up->path_len < PATH_MAX ? keep_whole(l, up, e, &dir)
						: keep_far(l, up, e, &dir);
	} else {
		error = add_bytes(l, "", 1);
	}
	if (!error)
		l->dirs[l->n_dirs++] = dir;
	return error;
}

static mode_t type_of(int fd, const struct dent *e)
{
	struct stat st;
	if (e->type != DT_UNKNOWN)
		return (mode_t)DTTOIF(e->type);
	/* Some filesystems list no types. A file that has vanished counts as a regular file. */
	if (fstatat(fd, e->name, &st, AT_SYMLINK_NOFOLLOW))
		return S_IFREG;
	return st.st_mode & S_IFMT;
}

static bool is_skipped(const struct loader *l, const struct dent *e)
{
	return l->has_skip && e->ino == l->skip.st_ino && l->dev == l->skip.st_dev;
}

/*
 * Stores the arrays in the workload: they move while they grow, and opening a directory reads them.
 */
static void publish(struct loader *l)
{
	struct workload *load = l->load;
	load->dirs = l->dirs;
	load->far = l->far;
	load->entries = l->entries;
	load->names = l->names;
	load->parents = l->parents;
	load->n_dirs = (uint32_t)l->n_dirs;
	load->n_far = (uint32_t)l->n_far;
	load->n_entries = (uint32_t)l->n_entries;
}

/* The whole path; the caller frees it. */
static char *spell_dir(struct loader *l, uint32_t dir)
{
	publish(l);
	return workload_spell_dir(l->load, dir);
}

/*
 * Stores the path of the directory that is left out: walks find it, and verification ignores it
 * there.
 */
static int store_skipped(struct loader *l, uint32_t dir, const char *name)
{
	char *skipped = NULL, *path = l->load->skipped ? NULL : spell_dir(l, dir);
	if (l->load->skipped)
		return 0;
	if (!path || asprintf(&skipped, "%s%s%s", path, *path ? "/" : "", name) < 0)
		skipped = NULL;
	free(path);
	l->load->skipped = skipped;
	return skipped ? 0 : -ENOMEM;
}

/* Stores the path of dir if it is the first directory of its kind. */
static int store_first(struct loader *l, const char **first, uint32_t dir)
{
	if (!*first)
		*first = spell_dir(l, dir);
	return *first ? 0 : -ENOMEM;
}

/* A shortage of this process, not a fault of the directory: other directories would fail, too. */
static bool is_shortage(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOMEM;
}

/*
 * Counts a directory that cannot be read; it stays an entry. An error for the root ends the
 * loading.
 */
static int count_unreadable(struct loader *l, uint32_t dir, int error)
{
	struct workload *load = l->load;
	if (dir == 0)
		return err_errno(l->err, error, "cannot read %s",
				 load->root_len ? load->root : "/");
	publish(l); /* names may have moved since */
	if (is_shortage(error))
		return err_errno(l->err, error, "cannot read %s/%s", load->root,
				 workload_dir_path(load, dir));
	/* A walk stores whole paths of directories that cannot be read. */
	if (workload_is_far(load, dir)) {
		const int full = count_path(l, load->dirs[dir].path_len, load->dirs[dir].depth);
		if (full)
			return full;
	}
	if (load->unreadable++ == 0)
		load->unreadable_error = -error;
	return store_first(l, &load->first_unreadable, dir);
}

static bool is_time_up(const struct loader *l)
{
	return l->request->until_ns && clock_ns() >= l->request->until_ns;
}

/* Whether to go on: 0; -EINTR: stop at once; TIME_UP: the tree is what has been read. */
static int go_on(const struct loader *l, uint64_t seen)
{
	enum { CHECK_EVERY = 256 };
	if ((l->request->stop && *l->request->stop) || halt_is_due(l->request->halt))
		return -EINTR;
	return seen % CHECK_EVERY == CHECK_EVERY - 1 && is_time_up(l) ? TIME_UP : 0;
}

static int take(struct loader *l, uint32_t dir, const struct dent *e)
{
	if (!e->len)
		return 0;
	if (is_skipped(l, e))
		return store_skipped(l, dir, e->name);
	return add_entry(l, dir, e->name, e->len, type_of(l->dents.fd, e));
}

static int take_all(struct loader *l, uint32_t dir)
{
	struct dent entry;
	int got = 0;
	for (uint64_t seen = 0; !got; seen++) {
		got = go_on(l, seen);
		if (got)
			return got;
		got = dents_next(&l->dents, &entry);
		if (got <= 0)
			break;
		got = take(l, dir, &entry);
		if (got)
			return got;
	}
	if (!got)
		return 0;
	l->load->has_broken = true;
	return count_unreadable(l, dir, got);
}

static int read_entries(struct loader *l, uint32_t dir, int fd)
{
	l->dirs[dir].first = (uint32_t)l->n_entries;
	l->dirs[dir].names = l->used;
	dents_begin(&l->dents, fd, l->request->read, l->request->arg);
	int result = take_all(l, dir), error = 0;
	if (l->dents.bad) {
		l->load->bad_names += l->dents.bad;
		l->load->has_broken = true;
		error = store_first(l, &l->load->first_bad, dir);
	}
	if (result < 0)
		return result;
	for (uint32_t i = l->dirs[dir].first; !error && i < l->n_entries; i++)
		error = l->entries[i].type == S_IFDIR ? add_dir(l, dir, i) : 0;
	return error ? error : result;
}

/* Whether to read a directory that is open: 1, 0 or -errno. */
static int is_entered(struct loader *l, uint32_t dir, int fd)
{
	struct workload *load = l->load;
	struct stat st;
	if (fstat(fd, &st))
		return count_unreadable(l, dir, -errno);
	l->dev = st.st_dev;
	if (dir == 0)
		load->dev = st.st_dev;
	if (dir == 0 || st.st_dev == l->above[dir])
		return 1;
	load->mounts++;
	int error = store_first(l, &load->first_mount, dir);
	return error ? error : load->crosses_mounts;
}

static int read_dir(struct loader *l, uint32_t dir)
{
	publish(l);
	int fd = descent_open(&l->descent, dir, O_RDONLY);
	if (fd < 0)
		return count_unreadable(l, dir, fd);
	int got = is_entered(l, dir, fd);
	if (got > 0)
		got = read_entries(l, dir, fd);
	close(fd);
	return got;
}

static void measure_paths(struct workload *load)
{
	size_t longest = load->root_len + 2;
	for (uint32_t i = 0; i < load->n_entries; i++)
		longest = MAX(longest, workload_prefix_len(load, load->entries[i].dir) +
					       load->entries[i].name_len);
	load->path_size = (uint32_t)longest + 2;
}

static void *shrink(void *array, size_t n, size_t size)
{
	void *smaller = n ? reallocarray(array, n, size) : NULL;
	return smaller ? smaller : array;
}

static int read_dirs(struct loader *l)
{
	int error = add_dir(l, 0, UINT32_MAX);
	uint32_t dir = 0;
	while (!error && dir < l->n_dirs) {
		error = go_on(l, 0);
		if (!error && dir && is_time_up(l))
			error = TIME_UP;
		if (!error)
			error = read_dir(l, dir++);
	}
	if (error != TIME_UP)
		return error;
	l->load->is_partial = true;
	l->load->n_unread = (uint32_t)l->n_dirs - dir;
	return 0;
}

static int read_tree(struct loader *l)
{
	descent_begin(&l->descent, l->load);
	int error = read_dirs(l);
	descent_end(&l->descent);
	l->names = shrink(l->names, l->used, 1);
	l->entries = shrink(l->entries, l->n_entries, sizeof(*l->entries));
	publish(l);
	return error ? error : order_apply(l->load, ORDER_READDIR, 0, l->err);
}

static int open_root(struct workload *load, const char *path, struct err *err)
{
	char *root = realpath(path, NULL);
	if (!root)
		return err_errno(err, -errno, "cannot open %s", path);
	load->root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (load->root_fd < 0) {
		int error = err_errno(err, -errno, "cannot open %s", path);
		free(root);
		return error;
	}
	if (strcmp(root, "/") == 0)
		root[0] = '\0';
	load->root = root;
	load->root_len = (uint32_t)strlen(root);
	for (const char *c = root; *c; c++)
		load->root_depth += *c == '/';
	return 0;
}

static int load_into(struct loader *l)
{
	const struct workload_request *r = l->request;
	l->has_skip = r->skip_dir && stat(r->skip_dir, &l->skip) == 0;
	l->load->crosses_mounts = r->crosses_mounts;
	l->paths_max = r->paths_max ? r->paths_max : share_of_memory();
	int error = open_root(l->load, r->path, l->err);
	if (!error)
		error = read_tree(l);
	if (!error)
		measure_paths(l->load);
	return error;
}

int workload_load_as(struct workload **out, const struct workload_request *request, struct err *err)
{
	struct workload *load = calloc(1, sizeof(*load));
	struct loader *l = calloc(1, sizeof(*l));
	int error = load && l ? 0 : -ENOMEM;
	if (!error) {
		load->root_fd = -1;
		l->load = load;
		l->request = request;
		l->err = err;
		error = load_into(l);
	}
	free(l ? l->above : NULL);
	free(l);
	if (error) {
		workload_free(load);
		return err_errno(err, error, "cannot read %s", request->path);
	}
	*out = load;
	return 0;
}

int workload_load(struct workload **out, const char *path, const char *skip_dir,
		  const volatile int *stop, struct err *err)
{
	const struct workload_request request = {.path = path, .skip_dir = skip_dir, .stop = stop};
	return workload_load_as(out, &request, err);
}
