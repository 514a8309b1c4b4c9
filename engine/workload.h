/*
 * What is measured over: a read-only view of a tree in memory, so that during a pass nothing but
 * the strategy touches the filesystem. Entries are grouped by directory; names lie NUL-terminated
 * in one arena. Per entry: 12 bytes and its name. Paths of directories are kept whole, but far
 * below, where no call takes them: there a directory is its name and the directory it lies in. So a
 * chain of directories takes memory by its depth, not by the square of it.
 *
 * Work is handed out in spans: runs of neighbouring entries of one directory, at most SPAN_MAX
 * long, cut once at load time. A strategy that works by directory gets its batch, one that works by
 * path composes the directory's prefix once per span, and a huge directory can still be shared by
 * several workers. For several workers a small tree is cut finer, so that each gets some.
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
	TAKES_LEAST = 4, /* of each of several workers, where a tree has so many entries */
};

struct workload_dir {
	uint64_t names; /* where its entries' names begin in the arena, bytes */
	uint64_t path;  /* where its path (relative to the root, "" for the root) begins; or FAR */
	uint32_t path_len; /* bytes, without the NUL */
	uint32_t first;    /* its first entry */
	uint32_t count;    /* how many entries it has */
	uint32_t depth;    /* 0 for the root */
};

/*
 * A directory lies far below if the path of the one that it lies in has PATH_MAX bytes or more. Its
 * `path` is FAR and its number among those. The directory above them whose path is kept whole is
 * their head: the longest part of their paths that is kept in one piece.
 */
#define WORKLOAD_FAR (UINT64_C(1) << 63)
enum { FAR_NONE = UINT32_MAX };

struct workload_far {
	uint64_t hash; /* of its path, by workload_far_hash */
	uint64_t name; /* where it begins in the arena */
	uint64_t head; /* where the path of its head begins, of PATH_MAX bytes or more */
	uint32_t head_len, name_len; /* bytes */
	uint32_t up;                 /* the one it lies in; FAR_NONE: the head */
	uint32_t base, step;         /* it is reached from that one (FAR_NONE: the head) by a path
				      * of so many bytes, which a call takes */
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
	uint32_t n_far;       /* of the whole, also in a part */
	bool is_slice;        /* names, root and descriptor belong to another workload */
	bool crosses_mounts;  /* mount points were entered */
	bool has_broken;      /* a directory opens, but cannot be read, or lists bad names */
	bool is_partial;      /* the time was up: n_unread directories are entries, not entered */
	uint32_t unreadable;  /* directories that could not be read, or not to their end */
	int unreadable_error; /* errno of the first of them */
	uint32_t mounts;      /* mount points; each is an entry, whether entered or not */
	uint32_t n_unread;
	uint64_t bad_names; /* left out: empty, or with a slash */
	uint32_t path_size; /* room for a path one longer than any that workload_path writes */
	uint64_t dev;       /* st_dev of the root; directories on other devices are mount points */
	const struct workload_dir *dirs;
	const struct workload_far *far; /* parents before children */
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
 * Paths of directories that are kept whole have up to PATH_MAX bytes each. Those that take more
 * than this share of the machine's memory are refused before it runs out.
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

/*
 * The same, by one call with its name where it lies far below, in directory `at`, on which at_fd is
 * open (-1: on none). So a chain is opened step by step and not, each time, from the root.
 */
int workload_open_from(const struct workload *load, uint32_t at, int at_fd, uint32_t dir, int flags,
		       uint64_t *opens, uint64_t *closes);

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

static inline bool workload_is_far(const struct workload *load, uint32_t dir)
{
	return load->dirs[dir].path & WORKLOAD_FAR;
}

static inline const struct workload_far *workload_far(const struct workload *load, uint32_t dir)
{
	return &load->far[load->dirs[dir].path & ~WORKLOAD_FAR];
}

/* Below the root, NUL-terminated; of a directory far below that of its head. */
static inline const char *workload_dir_path(const struct workload *load, uint32_t dir)
{
	return load->names +
	       (workload_is_far(load, dir) ? workload_far(load, dir)->head : load->dirs[dir].path);
}

/* The name of a directory but the root in the one that it lies in; not of a part. */
const char *workload_dir_name(const struct workload *load, uint32_t dir);

/*
 * The hash of the path of a directory far below, from that of the one it lies in: of a head it is
 * digest_hash of its path with seed 0.
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
 * Writes the absolute path of a directory's entries up to and with the last slash; returns its
 * length. buf holds at least path_size bytes. It is for calls, which do not look at more than
 * PATH_MAX bytes: of a directory far below it is that of its head.
 */
size_t workload_prefix(const struct workload *load, uint32_t dir, char *buf);

/* Bytes that it writes. */
static inline size_t workload_prefix_len(const struct workload *load, uint32_t dir)
{
	size_t len = load->dirs[dir].path_len;
	if (workload_is_far(load, dir))
		len = workload_far(load, dir)->head_len;
	return load->root_len + 1 + len + (len > 0);
}

/* The absolute path of an entry for a call (see above), NUL-terminated; returns buf. */
const char *workload_path(const struct workload *load, uint32_t entry, char *buf);

/* For people: paths below the root, whole however long; the caller frees them. NULL: no memory. */
char *workload_spell_dir(const struct workload *load, uint32_t dir);
char *workload_spell(const struct workload *load, uint32_t entry);

#endif
