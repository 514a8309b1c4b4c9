/*
 * The contract between the engine and a strategy: one way to fetch metadata, or to walk a tree. It
 * is in this header and those that it includes; a strategy includes nothing else of the project but
 * libflist.
 *
 * The strategy owns the inner loop; the engine owns threads, cores, time, order, cache state and
 * verification. Of all hooks only `run` is timed.
 *
 * A fetch knows the paths. Its `run` is called once per worker and pass, takes spans of entries
 * until there are none, and leaves one record per entry. In it there is no allocation, no printing,
 * and no lock shared with other workers unless the strategy says STRATEGY_SHARES_STATE.
 *
 * A walk knows the root, nothing else: of cell->load it sees root, root_len, root_fd and dev, the
 * rest is empty. Its `run` leaves the list of all entries below the root, sorted by path, in
 * cell->sink; it stays on the root's filesystem (an entry on another device is not entered) and
 * follows no links. A library that makes a sorted list of its own makes it in `run`, whole, and
 * copies it to the sink in `deliver`. A walk is STRATEGY_SEQUENTIAL or has STRATEGY_OWN_THREADS.
 *
 * A strategy is one file, NAME.c, that defines STRATEGY(NAME), and one line in strategies.def.
 */
#ifndef ENGINE_STRATEGY_H
#define ENGINE_STRATEGY_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/err.h"
#include "engine/record.h"
#include "engine/sink.h"
#include "engine/terms.h"
#include "engine/workload.h"

#define STRATEGY_ABI 3

/*
 * System calls that strategies count, by the kernel's names; the last five are those of libraries,
 * which the kernel counts for them.
 */
#define SYSCALL_LIST(X)                                                                            \
	X(newfstatat)                                                                              \
	X(statx)                                                                                   \
	X(fstat)                                                                                   \
	X(faccessat)                                                                               \
	X(openat)                                                                                  \
	X(close)                                                                                   \
	X(fchdir)                                                                                  \
	X(getdents64)                                                                              \
	X(io_uring_enter)                                                                          \
	X(listxattrat)                                                                             \
	X(getxattrat)                                                                              \
	X(llistxattr)                                                                              \
	X(lgetxattr)                                                                               \
	X(flistxattr)                                                                              \
	X(fgetxattr)                                                                               \
	X(openat2)                                                                                 \
	X(fcntl)                                                                                   \
	X(fstatfs)                                                                                 \
	X(lstat)                                                                                   \
	X(stat)

enum syscall_kind {
#define X(name) SYSCALL_##name,
	SYSCALL_LIST(X)
#undef X
		SYSCALL_KINDS
};

/* How a strategy names an entry to the kernel; decides which errors are the right answer. */
enum addressing {
	ADDRESS_NONE, /* asks nothing */
	ADDRESS_PATH, /* absolute path: ENAMETOOLONG beyond PATH_MAX is right */
	ADDRESS_DIR,  /* name relative to a directory's descriptor */
	ADDRESS_CWD,  /* name in the working directory, which must be entered first (EACCES) */
};

/* What a cell promises to answer; its records are verified on exactly this. */
struct answer {
	uint32_t fields;
	enum addressing addressing;
	/* 0 or 1; no bool, because answers are compared as bytes. */
	uint32_t follow;   /* symbolic links are followed */
	uint32_t opens;    /* the entry is opened to be asked: needs the right to (open_flags) */
	uint32_t negative; /* asks for a name that does not exist, next to the entry's */
	uint32_t listed; /* a walk: the type as the directory lists it, without asking the entry */
};

/* One parameter. Values are integers; with words, the value is an index into them. */
struct param {
	const char *name, *help;
	int64_t initial, min, max;
	const char *const *words; /* NULL-terminated, or NULL for a number */
};

enum { PARAMS_MAX = 4 };

/* A figure of a strategy's own, such as a hit rate: part / whole, reported with each cell. */
struct extra {
	const char *name, *unit;
	bool higher_is_better;
	uint64_t part, whole;
};

enum { EXTRAS_MAX = 4 };

/* A strategy that finds the number of its threads while it works went on with another number. */
struct decision {
	uint64_t at_ns;   /* since the pass began */
	uint64_t wait_ns; /* from one call to the next, of each thread, before */
	uint64_t rate;    /* calls per second, of all threads, before */
	uint32_t before, threads;
};

enum strategy_flag {
	STRATEGY_FLOOR = 1 << 0,        /* asks nothing: measures the harness itself */
	STRATEGY_SEQUENTIAL = 1 << 1,   /* refuses more than one job */
	STRATEGY_ALL_CORES = 1 << 2,    /* unless told otherwise, one job per allowed CPU */
	STRATEGY_SHARES_STATE = 1 << 3, /* workers may share a lock or allocate */
	STRATEGY_OWN_THREADS = 1 << 4,  /* run is called once and gives out work by run_pool */
	STRATEGY_OUTSIDE = 1 << 5,      /* another program does it */
	STRATEGY_OWN_CREW = 1 << 6,     /* no other cell runs on its threads, see below */
	/* Answers more than metadata, at extra cost; runs only if it is named. */
	STRATEGY_ON_REQUEST = 1 << 7,
	STRATEGY_SELFTEST = 1 << 8,      /* tests the harness; runs only if it is named */
	STRATEGY_MAKES_THREADS = 1 << 9, /* one job, which makes as many as pay, and ends them */
};

/*
 * io_uring makes its kernel threads for the thread that uses a ring, not for the ring, and they
 * stay for seconds. On common threads the number of them, and their limit, would be that of the
 * cell before. So a cell with STRATEGY_OWN_CREW has its workers for itself, all with one table of
 * descriptors, the process's. Not together with STRATEGY_OWN_THREADS.
 */

/*
 * How a strategy with STRATEGY_OWN_THREADS sets its workers to work: calls job(arg, 0) to
 * job(arg, n - 1) at once, index i on worker i (0: the caller), each on its own CPU, and returns
 * when all are done. Between two calls the others sleep. n is at most the cell's jobs (else -EINVAL
 * and nothing is called). Only from `run`, on its thread. With more than one job the workers share
 * one table of descriptors, as threads of a program do.
 */
typedef int run_pool_fn(void *pool, unsigned n, void (*job)(void *arg, unsigned index), void *arg);

/* The shared end of the queue of spans, alone on its cache line. */
struct cursor {
	_Atomic uint32_t next __attribute__((aligned(CACHE_LINE)));
};

struct worker;

/* A cell as its strategy sees it. */
struct cell {
	const struct strategy *strategy;
	const struct workload *load; /* a walk: the root only */
	struct record *records;      /* one per entry; a walk: NULL */
	struct cursor *cursor;
	struct sink *sink;     /* of a walk, empty when run begins; a fetch: NULL */
	run_pool_fn *run_pool; /* with STRATEGY_OWN_THREADS; else NULL */
	void *pool;
	void *state;          /* cell_size bytes, zeroed before setup; for the strategy */
	struct answer answer; /* starts as the strategy's; setup may narrow it */
	unsigned jobs;
	uint32_t spans_per_take; /* set by the engine from chunk */
	uint32_t chunk;          /* entries a worker takes at once; setup may change it */
	int64_t params[PARAMS_MAX];
	/* Set while a pass samples latencies: hands out the spans instead of the queue. */
	bool (*take)(struct worker *worker, struct workload_span *span);
	void *take_arg;
	const char *why; /* a run or open that fails may say so in words that outlive it */
	/*
	 * Nonzero: the pass is to be left with -ECANCELED, because the user has stopped the run or
	 * the time is up; may be NULL. See worker_stopped.
	 */
	const volatile int *stop;
};

/*
 * A worker as its strategy sees it. What the inner loop writes is in its own lines; the data that
 * it reads, among it the request to stop, is not written during a pass.
 */
struct worker {
	struct cell *cell;
	const struct workload *load;
	struct record *records;
	void *state; /* worker_size bytes, zeroed before open; for the strategy */
	char *path;  /* to compose paths in: load->path_size bytes; a walk: WALK_PATH_SIZE */
	unsigned index;
	uint32_t span, span_end; /* the spans it has taken and not yet worked on */
	uint32_t dir;            /* that dir_fd is open on */
	int dir_fd;              /* -1: none; see dir_enter */
	uint64_t syscalls[SYSCALL_KINDS];
} __attribute__((aligned(CACHE_LINE)));

struct strategy {
	const char *name; /* = the name of its file */
	const char *summary;
	enum stage stage;
	unsigned flags;
	struct answer answer;
	size_t cell_size, worker_size;
	struct param params[PARAMS_MAX];
	const char *uncounted; /* why it cannot count its system calls; NULL: it does */

	/* Untimed. All may be NULL; all return 0 or -errno. */
	int (*probe)(struct err *err); /* can it run here? */
	/* Once per cell. -ENOTSUP: this tree cannot be asked so, and why. */
	int (*setup)(struct cell *cell, struct err *err);
	/* Once per worker, on its core. -ENOTSUP: this machine refuses, and cell->why says why. */
	int (*open)(struct worker *worker);
	int (*prepare)(struct cell *cell);                    /* before every pass */
	int (*deliver)(struct cell *cell, struct sink *sink); /* after every pass of a walk */
	void (*close)(struct worker *worker);
	void (*finish)(struct cell *cell);
	unsigned (*extras)(const struct cell *cell, struct extra extras[EXTRAS_MAX]);
	/* Of the last pass, in order of time; how many. */
	size_t (*decisions)(const struct cell *cell, const struct decision **decisions);

	/* Timed. Fails only when it cannot go on: a failed entry is an answer (record_fail). */
	int (*run)(struct worker *worker);
};

#define STRATEGY(NAME)                                                                             \
	extern const struct strategy strategy_##NAME;                                              \
	const struct strategy strategy_##NAME

/*
 * Whether the pass is to be left. worker_take looks before each span; but a span of a hundred calls
 * to a slow server takes long, so a fetch looks before each entry, too (or has the library look).
 * A walk looks before each directory and each entry, and its run returns -ECANCELED.
 */
static inline bool worker_stopped(const struct worker *w)
{
	const volatile int *stop = w->cell->stop;
	return stop && __atomic_load_n(stop, __ATOMIC_RELAXED);
}

/* Takes the next span; false when none is left for this worker, or the pass is to be left. */
static inline bool worker_take(struct worker *w, struct workload_span *span)
{
	if (worker_stopped(w))
		return false;
	if (w->span == w->span_end) {
		const struct cell *cell = w->cell;
		if (cell->take)
			return cell->take(w, span);
		uint32_t n = w->load->n_spans, step = cell->spans_per_take;
		uint32_t first =
			atomic_fetch_add_explicit(&cell->cursor->next, step, memory_order_relaxed);
		if (first >= n)
			return false;
		w->span = first;
		w->span_end = n - first < step ? n : first + step;
	}
	*span = w->load->spans[w->span++];
	return true;
}

static inline void worker_count(struct worker *w, enum syscall_kind kind, uint64_t n)
{
	w->syscalls[kind] += n;
}

/*
 * Full paths are composed the cheapest way a program can: the directory's prefix once per span
 * (path_enter), then one copy of the name behind it per entry (path_of).
 */
static inline size_t path_enter(struct worker *w, uint32_t dir)
{
	return workload_prefix(w->load, dir, w->path);
}

static inline const char *path_of(struct worker *w, size_t prefix, uint32_t entry)
{
	memcpy(w->path + prefix, workload_name(w->load, entry),
	       (size_t)w->load->entries[entry].name_len + 1);
	return w->path;
}

/*
 * Directory-relative strategies open each directory once: neighbouring spans of a huge directory
 * share the descriptor. Far below, a directory in the one at hand is opened by its name. Returns
 * the descriptor, or -errno. dir_leave ends the pass.
 */
static inline void dir_leave(struct worker *w)
{
	if (w->dir_fd >= 0) {
		close(w->dir_fd);
		w->dir_fd = -1;
		worker_count(w, SYSCALL_close, 1);
	}
}

static inline int dir_enter(struct worker *w, uint32_t dir)
{
	if (w->dir_fd >= 0 && w->dir == dir)
		return w->dir_fd;
	uint64_t *opens = &w->syscalls[SYSCALL_openat], *closes = &w->syscalls[SYSCALL_close];
	int fd;
	if (workload_is_far(w->load, dir)) {
		fd = workload_open_from(w->load, w->dir, w->dir_fd, dir, O_PATH, opens, closes);
		dir_leave(w);
	} else {
		dir_leave(w);
		fd = workload_opendir(w->load, dir, O_PATH, opens, closes);
	}
	w->dir_fd = fd < 0 ? -1 : fd;
	w->dir = dir;
	return fd;
}

/*
 * How to open an entry in order to fstat it without any effect on it: nothing but regular files and
 * directories is really opened (a device's driver would notice), a fifo cannot block.
 */
static inline int open_flags(const struct workload_entry *e)
{
	const int common = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	bool harmless = e->type == S_IFREG || e->type == S_IFDIR;
	return common | (harmless ? O_RDONLY : O_PATH);
}

/* A name that does not exist, one for each entry, into buf: two bytes longer than the entry's. */
static inline void negative_name(const struct workload *load, uint32_t entry, char *buf)
{
	size_t len = load->entries[entry].name_len;
	memcpy(buf, workload_name(load, entry), len + 1);
	if (len < NAME_MAX)
		memcpy(buf + len, "\001", 2);
	else
		buf[0] = '\001';
}

/* All entries of a span whose directory could not be opened. */
static inline void record_fail_span(struct worker *w, const struct workload_span *span, int error)
{
	for (uint32_t i = span->first; i < span->end; i++)
		record_fail(&w->records[i], error);
}

/*
 * For walks that read one directory after the other by its full path, which so never is longer
 * than PATH_MAX: w->path holds the absolute path at hand, with room for the longest name of any
 * filesystem behind it. walk_begin is the root, walk_next the newest directory that was deferred
 * (false: none is left); both give its length.
 */
enum { WALK_PATH_SIZE = PATH_MAX + 1 + PATH_MAX };

static inline size_t walk_begin(struct worker *w)
{
	size_t len = w->load->root_len;
	memcpy(w->path, w->load->root, len + 1);
	if (!len)
		memcpy(w->path, "/", 2);
	return len;
}

static inline bool walk_next(struct worker *w, size_t *len)
{
	size_t skip = w->load->root_len + 1;
	const char *dir = sink_next(w->cell->sink, len);
	if (!dir)
		return false;
	memcpy(w->path + skip, dir, *len + 1);
	*len += skip;
	return true;
}

/* Adds an entry of the directory at hand; w->path becomes its path. NULL: out of memory. */
static inline struct record *walk_add(struct worker *w, size_t dir_len, const char *name)
{
	size_t skip = w->load->root_len + 1, name_len = strlen(name);
	w->path[dir_len] = '/';
	memcpy(w->path + dir_len + 1, name, name_len + 1);
	return sink_add(w->cell->sink, w->path + skip, dir_len + 1 + name_len - skip);
}

/* The directory at hand cannot be read: noted, unless the walk cannot go on without it. */
static inline int walk_fail(struct worker *w, size_t dir_len, int error)
{
	size_t skip = w->load->root_len + 1;
	if (dir_len < skip || error == EMFILE || error == ENFILE || error == ENOMEM)
		return -error;
	return sink_fail(w->cell->sink, w->path + skip, dir_len - skip, error);
}

static inline bool is_dot(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

#endif
