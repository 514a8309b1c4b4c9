/*
 * The tree to be measured, read once into memory, so that during a pass only the strategy touches
 * the filesystem. It is not changed afterwards, except that order.h sorts it. Entries are grouped
 * by directory; names are NUL-terminated in one arena. An entry takes 12 bytes and its name. Paths
 * of directories are stored whole, except those far below, which no call accepts: such a directory
 * is stored as its name and its parent. So the memory for a chain of directories is linear in its
 * depth, not quadratic.
 *
 * Work is distributed in spans: runs of neighbouring entries of one directory, at most SPAN_MAX
 * long, cut at load time. With spans, a strategy that works by directory has a batch of entries,
 * one that works by path composes the directory's prefix once per span, and several workers can
 * share a large directory. With several workers a small tree is cut into shorter spans, so that
 * each worker gets some.
 */
#ifndef ENGINE_WORKLOAD_H
#define ENGINE_WORKLOAD_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/base/dents.h"
#include "engine/base/err.h"
#include "engine/base/progress.h"

enum {
	SPAN_MAX = 128,
	/*
	 * With several workers and a large enough tree, each worker takes from the queue at least
	 * this many times.
	 */
	TAKES_LEAST = 4,
};

struct workload_dir {
	uint64_t names; /* offset of its entries' names in the arena, bytes */
	/*
	 * Offset of its path (relative to the root, "" for the root), or WORKLOAD_FAR | index in
	 * far.
	 */
	uint64_t path;
	uint32_t path_len; /* bytes, without the NUL */
	uint32_t first;    /* its first entry */
	uint32_t count;    /* how many entries it has */
	uint32_t depth;    /* 0 for the root */
};

/*
 * A directory is far below if the path of its parent has PATH_MAX bytes or more. Its `path` is
 * WORKLOAD_FAR and its index in `far`. Its head is the nearest directory above it whose path is
 * stored whole.
 */
#define WORKLOAD_FAR (UINT64_C(1) << 63)
enum { FAR_NONE = UINT32_MAX };

struct workload_far {
	uint64_t hash; /* of its path, by workload_far_hash */
	uint64_t name; /* offset of its name in the arena */
	uint64_t head; /* offset of its head's path, which has PATH_MAX bytes or more */
	uint32_t head_len, name_len; /* bytes */
	uint32_t up;                 /* index in far of its parent; FAR_NONE: the head */
	/*
	 * It is opened relative to `base` (index in far; FAR_NONE: the head) by a path of `step`
	 * bytes, which one call accepts.
	 */
	uint32_t base, step;
};

struct workload_entry {
	uint32_t dir;  /* index of its directory */
	uint32_t name; /* offset from the directory's names, bytes */
	uint16_t name_len;
	uint16_t type; /* S_IFMT part of its mode at load time */
};

struct workload_span {
	uint32_t dir;
	uint32_t first, end; /* entries [first, end) */
};

struct workload {
	int root_fd;         /* O_PATH descriptor of the root */
	const char *root;    /* absolute path of the root, without a final slash */
	uint32_t root_len;   /* bytes */
	uint32_t root_depth; /* number of components of root; each makes a path lookup slower */
	uint32_t n_entries, n_dirs, n_spans;
	uint32_t n_far;       /* of the whole tree, also in a part */
	bool is_slice;        /* a part: names, root and descriptor belong to another workload */
	bool crosses_mounts;  /* mount points were entered */
	bool has_broken;      /* a directory opens, but cannot be read, or lists bad names */
	bool is_partial;      /* time was up: n_unread directories are entries, but were not read */
	uint32_t unreadable;  /* directories that could not be read, or only in part */
	int unreadable_error; /* errno of the first of them */
	uint32_t mounts;      /* mount points; each is an entry, whether entered or not */
	uint32_t n_unread;
	uint64_t bad_names; /* names left out: empty, or with a slash */
	/* Bytes for a path and NUL, one byte longer than any that workload_path writes. */
	uint32_t path_size;
	uint64_t dev; /* st_dev of the root; directories on other devices are mount points */
	const struct workload_dir *dirs;
	const struct workload_far *far; /* parents before children */
	const struct workload_entry *entries;
	const struct workload_span *spans;
	const char *names;            /* the arena: names and directory paths */
	const char *first_unreadable; /* path of the first one, or NULL */
	const char *first_mount;      /* path of the first one, or NULL */
	const char *first_bad;   /* the path of the directory that listed a bad name, or NULL */
	const char *skipped;     /* path of the directory that was left out, or NULL */
	const uint32_t *parents; /* index of each directory's parent; NULL in a part */
};

/*
 * A tree is refused if the paths of its directories would take more than 1 / PATHS_SHARE of the
 * machine's memory.
 */
enum { PATHS_SHARE = 8 };

struct workload_request {
	const char *path;
	const char
		*skip_dir; /* left out if it is below path, as results are written there; or NULL */
	/* Not 0: loading ends with -EINTR; checked for each entry; or NULL. */
	const volatile int *stop;
	const struct halt *halt; /* when due: as stop; or NULL */
	/* When clock_ns reaches this, the tree is what has been read; 0: no limit. */
	uint64_t until_ns;
	bool crosses_mounts;  /* enter mount points, too */
	uint64_t entries_max; /* for which there is memory; 0: no limit */
	uint64_t paths_max;   /* limit for paths of directories, bytes; 0: see PATHS_SHARE */
	dents_fn *read;       /* how directories are read; NULL: getdents64(2) */
	void *arg;            /* passed to read */
};

/*
 * Reads the tree under path without changing it. Never follows a symbolic link below the root. A
 * directory that cannot be read, or only in part, is counted, the first one's path is stored, and
 * loading goes on. Errors: those of opening and reading the root itself; -ENOTDIR; -EMFILE,
 * -ENFILE, -ENOMEM; -EFBIG: more than 2^32 - 2 entries; -E2BIG: more than entries_max; -EINTR.
 * *load is freed by workload_free.
 */
int workload_load_as(struct workload **load, const struct workload_request *request,
		     struct err *err);

/* workload_load_as with defaults; skip_dir and stop as in struct workload_request. */
int workload_load(struct workload **load, const char *path, const char *skip_dir,
		  const volatile int *stop, struct err *err);
void workload_free(struct workload *load); /* accepts NULL */

/*
 * Makes a workload of the spans [first, end) of another. Names, paths and the descriptor of the
 * root belong to the whole, which must outlive it. Freed by workload_free. -EINVAL: no such spans,
 * or their entries are not contiguous (order random); -ENOMEM.
 */
int workload_slice(struct workload **slice, const struct workload *whole, uint32_t first,
		   uint32_t end);

/*
 * Opens directory dir. A path of PATH_MAX bytes or more is opened in pieces. *opens is increased by
 * the number of openat calls, *closes by that of close calls (several for long paths). Returns a
 * descriptor, which the caller closes, or -errno.
 */
int workload_opendir(const struct workload *load, uint32_t dir, int flags, uint64_t *opens,
		     uint64_t *closes);

/*
 * Like workload_opendir; but a directory far below is opened by one call with its name if at_fd is
 * open on its parent `at` (at_fd -1: not open). So a chain is opened step by step and not, each
 * time, from the root.
 */
int workload_open_from(const struct workload *load, uint32_t at, int at_fd, uint32_t dir, int flags,
		       uint64_t *opens, uint64_t *closes);

/* Bytes in memory, without names. */
uint64_t workload_bytes(const struct workload *load);

/* Whether a walk enters a directory on that device. */
static inline bool workload_enters(const struct workload *load, uint64_t dev)
{
	return load->crosses_mounts || dev == load->dev;
}

static inline const char *workload_name(const struct workload *load, uint32_t entry)
{
	const struct workload_entry *e = &load->entries[entry];
	return load->names + load->dirs[e->dir].names + e->name;
}

static inline bool workload_is_far(const struct workload *load, uint32_t dir)
{
	return load->dirs[dir].path & WORKLOAD_FAR;
}

static inline const struct workload_far *workload_far(const struct workload *load, uint32_t dir)
{
	return &load->far[load->dirs[dir].path & ~WORKLOAD_FAR];
}

/* Path below the root, NUL-terminated; of a directory far below: that of its head. */
static inline const char *workload_dir_path(const struct workload *load, uint32_t dir)
{
	return load->names +
	       (workload_is_far(load, dir) ? workload_far(load, dir)->head : load->dirs[dir].path);
}

/* The last component of a directory's path. Not for the root, and not in a part. */
const char *workload_dir_name(const struct workload *load, uint32_t dir);

/*
 * The hash of a directory far below, from its name and the hash of its parent. The hash of a head
 * is digest_hash of its path with seed 0.
 */
uint64_t workload_far_hash(const char *name, size_t len, uint64_t above);

/* Length of an entry's absolute path, bytes, without the NUL. */
static inline size_t workload_path_len(const struct workload *load, uint32_t entry)
{
	const struct workload_entry *e = &load->entries[entry];
	size_t dir_len = load->dirs[e->dir].path_len;
	return load->root_len + 1 + dir_len + (dir_len > 0) + e->name_len;
}

/*
 * Writes the absolute path of a directory and a slash; returns its length. buf has at least
 * path_size bytes. The path is meant for system calls, which accept less than PATH_MAX bytes: of a
 * directory far below it is the path of its head.
 */
size_t workload_prefix(const struct workload *load, uint32_t dir, char *buf);

/* The number of bytes that workload_prefix writes. */
static inline size_t workload_prefix_len(const struct workload *load, uint32_t dir)
{
	size_t len = load->dirs[dir].path_len;
	if (workload_is_far(load, dir))
		len = workload_far(load, dir)->head_len;
	return load->root_len + 1 + len + (len > 0);
}

/*
 * Writes the absolute path of an entry, NUL-terminated, with the prefix of workload_prefix; returns
 * buf.
 */
const char *workload_path(const struct workload *load, uint32_t entry, char *buf);

/* Paths below the root for messages, always whole. The caller frees them. NULL: out of memory. */
char *workload_spell_dir(const struct workload *load, uint32_t dir);
char *workload_spell(const struct workload *load, uint32_t entry);

#endif
