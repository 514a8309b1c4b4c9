/*
 * What is measured over: a read-only view of a tree in memory, so that during a pass nothing but
 * the strategy touches the filesystem. Entries are grouped by directory; names lie NUL-terminated
 * in one arena. Per entry: 12 bytes and its name.
 *
 * Work is handed out in spans: runs of neighbouring entries of one directory, at most SPAN_MAX
 * long, cut once at load time. A strategy that works by directory gets its batch, one that works by
 * path composes the directory's prefix once per span, and a huge directory can still be shared by
 * several workers. For several workers a small tree is cut finer, so that each gets some.
 */
#ifndef ENGINE_WORKLOAD_H
#define ENGINE_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/base/dents.h"
#include "engine/base/err.h"
#include "engine/base/halt.h"

enum {
	SPAN_MAX = 128,
	TAKES_LEAST = 4, /* of each of several workers, where a tree has so many entries */
};

struct workload_dir {
	uint64_t names;    /* where its entries' names begin in the arena, bytes */
	uint64_t path;     /* where its path (relative to the root, "" for the root) begins */
	uint32_t path_len; /* bytes, without the NUL */
	uint32_t first;    /* its first entry */
	uint32_t count;    /* how many entries it has */
	uint32_t depth;    /* 0 for the root */
};

struct workload_entry {
	uint32_t dir;  /* index of its directory */
	uint32_t name; /* offset from the directory's names, bytes */
	uint16_t name_len;
	uint16_t type; /* S_IFMT part of its mode when it was loaded */
};

struct workload_span {
	uint32_t dir;
	uint32_t first, end; /* entries [first, end) */
};

struct workload {
	int root_fd;         /* O_PATH descriptor of the root */
	const char *root;    /* absolute path of the root, without a final slash */
	uint32_t root_len;   /* bytes */
	uint32_t root_depth; /* number of components of root: part of a path lookup's price */
	uint32_t n_entries, n_dirs, n_spans;
	bool is_slice;        /* names, root and descriptor belong to another workload */
	bool crosses_mounts;  /* mount points were entered */
	bool has_broken;      /* a directory opens, but cannot be read, or lists bad names */
	bool is_partial;      /* the time was up: n_unread directories are entries, not entered */
	uint32_t unreadable;  /* directories that could not be read, or not to their end */
	int unreadable_error; /* errno of the first of them */
	uint32_t mounts;      /* mount points; each is an entry, whether entered or not */
	uint32_t n_unread;
	uint64_t bad_names; /* left out: empty, or with a slash */
	uint32_t path_size; /* room for an absolute path one longer than any entry's, and its NUL */
	uint64_t dev;       /* st_dev of the root; directories on other devices are mount points */
	const struct workload_dir *dirs;
	const struct workload_entry *entries;
	const struct workload_span *spans;
	const char *names;            /* the arena: names and directory paths */
	const char *first_unreadable; /* its path, or NULL */
	const char *first_mount;      /* the same of a mount point */
	const char *first_bad;   /* the path of the directory that listed a bad name, or NULL */
	const char *skipped;     /* path of the directory that was left out, or NULL */
	const uint32_t *parents; /* of each directory, which one it lies in; NULL in a part */
};

/*
 * Paths of directories are kept whole, and what walks find is, too, so a chain of directories takes
 * memory by the square of its depth. Paths that take more than this share of the machine's memory
 * are refused before it runs out.
 */
enum { PATHS_SHARE = 8 };

struct workload_request {
	const char *path;
	const char
		*skip_dir; /* left out if it lies inside, as results are written there; or NULL */
	const volatile int *stop; /* nonzero: -EINTR; looked at for each entry; or NULL */
	const struct halt *halt;  /* due: the same; or NULL */
	uint64_t until_ns;        /* by clock_ns: what is read then is the tree; 0: no limit */
	bool crosses_mounts;      /* enter mount points, too */
	uint64_t entries_max;     /* that there is memory for; 0: no limit */
	uint64_t paths_max;       /* bytes that paths of directories may take; 0: see PATHS_SHARE */
	dents_fn *read;           /* how directories are read; NULL: getdents64(2) */
	void *arg;                /* for read */
};

/*
 * Reads the tree under path without changing it. Never follows a symbolic link below the root. A
 * directory that cannot be read, for whatever reason, or not to its end, is counted and named, and
 * loading goes on. Errors: those of opening and reading the root itself; -ENOTDIR; -EMFILE,
 * -ENFILE, -ENOMEM; -EFBIG beyond 2^32 entries; -E2BIG beyond entries_max; -EINTR.
 */
int workload_load_as(struct workload **load, const struct workload_request *request,
		     struct err *err);

/* The same without anything special: skip_dir and stop as above. */
int workload_load(struct workload **load, const char *path, const char *skip_dir,
		  const volatile int *stop, struct err *err);
void workload_free(struct workload *load); /* accepts NULL */

/*
 * A part of a workload as a workload of its own: the spans [first, end), whole. Names, paths and
 * the descriptor of the root stay those of the whole, which must outlive it. -EINVAL: no such
 * spans, or their entries are no neighbours (order random); -ENOMEM. Freed by workload_free.
 */
int workload_slice(struct workload **slice, const struct workload *whole, uint32_t first,
		   uint32_t end);

/*
 * Opens directory dir of the tree beneath its root. Paths beyond PATH_MAX are walked in pieces.
 * *syscalls is increased by the number of openat calls, *closes by that of close calls (several
 * for long paths). Returns a descriptor or -errno.
 */
int workload_opendir(const struct workload *load, uint32_t dir, int flags, uint64_t *opens,
		     uint64_t *closes);

/* Bytes that the view occupies, names not counted. */
uint64_t workload_bytes(const struct workload *load);

/* Whether a directory on that device is entered. */
static inline bool workload_enters(const struct workload *load, uint64_t dev)
{
	return load->crosses_mounts || dev == load->dev;
}

static inline const char *workload_name(const struct workload *load, uint32_t entry)
{
	const struct workload_entry *e = &load->entries[entry];
	return load->names + load->dirs[e->dir].names + e->name;
}

static inline const char *workload_dir_path(const struct workload *load, uint32_t dir)
{
	return load->names + load->dirs[dir].path;
}

/* Length of an entry's absolute path, bytes, without the NUL. */
static inline size_t workload_path_len(const struct workload *load, uint32_t entry)
{
	const struct workload_entry *e = &load->entries[entry];
	size_t dir_len = load->dirs[e->dir].path_len;
	return load->root_len + 1 + dir_len + (dir_len > 0) + e->name_len;
}

/*
 * Writes the absolute path of a directory's entries up to and with the last slash; returns its
 * length. buf holds at least path_size bytes.
 */
size_t workload_prefix(const struct workload *load, uint32_t dir, char *buf);

/* The whole absolute path of an entry, NUL-terminated; returns buf. */
const char *workload_path(const struct workload *load, uint32_t entry, char *buf);

#endif
