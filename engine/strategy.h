/*
 * The contract between the engine and a strategy: one way to fetch metadata, or to walk a tree. It
 * is in this header and those that it includes; a strategy includes nothing else of the project but
 * libflist.
 *
 * The strategy owns the inner loop; the engine owns threads, cores, time, order, cache state and
 * verification. Of all hooks only `run` is timed.
 *
 * In a fetch the paths are known. Its `run` is called once per worker and pass, takes spans of
 * entries until there are none, and stores one record per entry. Inside `run` there is no
 * allocation, no printing, and, without the flag STRATEGY_SHARES_STATE, no lock shared with other
 * workers.
 *
 * In a walk only the root is known: of cell->load, root, root_len, root_depth, root_fd, dev,
 * crosses_mounts and skipped are set, the rest is empty. Its `run` stores the list of all entries
 * below the root, sorted by path, in cell->sink. It stays on the root's filesystem unless
 * crosses_mounts is set (a mount point is an entry, but is not entered) and follows no links. A
 * library that makes a sorted list of its own makes all of it in `run` and copies it to the sink in
 * `deliver`. A walk has the flag STRATEGY_SEQUENTIAL or STRATEGY_OWN_THREADS.
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

#define STRATEGY_ABI 4

/*
 * System calls that are counted, by the kernel's names. Strategies count the first ones themselves;
 * the last five are made by libraries and counted by the kernel
 * (engine/measure/watch/syscall_tally.h).
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

/* How a strategy addresses an entry; decides which errors are right results. */
enum addressing {
	ADDRESS_NONE, /* makes no metadata call */
	ADDRESS_PATH, /* absolute path: ENAMETOOLONG beyond PATH_MAX is right */
	ADDRESS_DIR,  /* name relative to a directory's descriptor */
	ADDRESS_CWD,  /* name in the working directory, which must be entered first (EACCES) */
};

/*
 * The metadata that a cell stores in its records, and how it gets them; records are verified
 * against exactly this.
 */
struct answer {
	uint32_t fields;
	enum addressing addressing;
	/* Flags, 0 or 1. They are no bool, because struct answer is compared as bytes. */
	uint32_t follow;   /* symbolic links are followed */
	uint32_t opens;    /* the entry is opened first, which needs permission (open_flags) */
	uint32_t negative; /* fetches a name that does not exist, next to the entry's */
	/* A walk: only the type, as the directory lists it; the entry itself is not fetched. */
	uint32_t listed;
};

/* One parameter. The value is an integer; if there are words, it is an index into them. */
struct param {
	const char *name, *help;
	int64_t initial, min, max;
	const char *const *words; /* NULL-terminated, or NULL for a number */
};

enum { PARAMS_MAX = 4 };

/*
 * An additional figure of a strategy, such as a hit rate: part / whole of the last pass, reported
 * with each cell. A strategy that may work in another way than its own reports how much was done in
 * its own way, and names the other one ("a walk by system calls"). If that was less than half in at
 * least half of the passes, the cell is not ranked.
 */
struct extra {
	const char *name, *unit;
	bool higher_is_better;
	uint64_t part, whole;
	const char *reason;    /* why it is not the whole; or NULL */
	const char *other_way; /* how the rest was done; NULL: in the same way */
};

enum { EXTRAS_MAX = 4 };

/* One change of the number of threads, by a strategy that chooses the number while it works. */
struct decision {
	uint64_t at_ns;   /* since the pass began */
	uint64_t wait_ns; /* time between two calls of one thread, before the change */
	uint64_t rate;    /* calls per second of all threads, before the change */
	uint32_t before, threads;
};

enum strategy_flag {
	STRATEGY_FLOOR = 1 << 0,        /* makes no metadata call: measures the harness itself */
	STRATEGY_SEQUENTIAL = 1 << 1,   /* more than one job is refused */
	STRATEGY_ALL_CORES = 1 << 2,    /* by default one job per allowed CPU */
	STRATEGY_SHARES_STATE = 1 << 3, /* workers may share a lock or allocate */
	/* `run` is called once and gives work to the other workers by run_pool. */
	STRATEGY_OWN_THREADS = 1 << 4,
	STRATEGY_OUTSIDE = 1 << 5,  /* an outside program does the work */
	STRATEGY_OWN_CREW = 1 << 6, /* its threads run no other cell, see below */
	/* Fetches more than metadata, at extra cost; runs only if it is named. */
	STRATEGY_ON_REQUEST = 1 << 7,
	STRATEGY_SELFTEST = 1 << 8, /* tests the harness; runs only if it is named */
	/* One job, which starts and ends threads itself, as many as make it faster. */
	STRATEGY_MAKES_THREADS = 1 << 9,
};

/*
 * The kernel makes io_uring's worker threads for the thread that uses a ring, not for the ring, and
 * they stay for seconds. On threads shared with other cells, their number and limit would be those
 * of the previous cell. So the workers of a cell with STRATEGY_OWN_CREW run no other cell. They all
 * share one table of descriptors, the process's. Not together with STRATEGY_OWN_THREADS.
 */

/*
 * Runs work on the workers of a strategy with STRATEGY_OWN_THREADS: calls job(arg, i) for all i
 * below n at the same time, each on worker i (0: the caller), each on its own CPU, and returns when
 * all are done. Between two calls the other workers sleep. n is at most the cell's jobs; otherwise
 * nothing is called, and the result is -EINVAL. To be called only from `run`, on its thread. With
 * more than one job the workers share one table of descriptors, like threads of a program.
 */
typedef int run_pool_fn(void *pool, unsigned n, void (*job)(void *arg, unsigned index), void *arg);

/* The index of the next free span, which all workers share; alone on its cache line. */
struct cursor {
	_Atomic uint32_t next __attribute__((aligned(CACHE_LINE)));
};

struct worker;

/* A cell, as far as its strategy needs it. */
struct cell {
	const struct strategy *strategy;
	const struct workload *load; /* a walk: the root only */
	struct record *records;      /* one per entry; a walk: NULL */
	struct cursor *cursor;
	struct sink *sink;     /* of a walk, empty when run begins; a fetch: NULL */
	run_pool_fn *run_pool; /* with STRATEGY_OWN_THREADS; else NULL */
	void *pool;
	void *state;          /* cell_size bytes, zeroed before setup; for the strategy */
	struct answer answer; /* initially the strategy's; setup may narrow it */
	unsigned jobs;
	/* Spans that a worker takes at once; computed by the engine from chunk. */
	uint32_t spans_per_take;
	uint32_t chunk; /* entries a worker takes at once; setup may change it */
	int64_t params[PARAMS_MAX];
	/* Set in a latency pass: returns the spans, instead of the queue. */
	bool (*take)(struct worker *worker, struct workload_span *span);
	void *take_arg;
	const char *why; /* why run or open failed: a text that outlives the call; or NULL */
	/*
	 * Not 0: the user has stopped the run or time is up, and run must end with -ECANCELED. May
	 * be NULL. See worker_stopped.
	 */
	const volatile int *stop;
};

/*
 * A worker, as far as its strategy needs it. Members that the inner loop writes are on cache lines
 * of their own; the data that it reads, including cell->stop, is not written during a pass.
 */
struct worker {
	struct cell *cell;
	const struct workload *load;
	struct record *records;
	void *state; /* worker_size bytes, zeroed before open; for the strategy */
	char *path;  /* buffer to compose paths in: load->path_size bytes; a walk: WALK_PATH_SIZE */
	unsigned index;
	uint32_t span, span_end; /* spans that it has taken and not yet fetched: [span, span_end) */
	uint32_t dir;            /* the directory that dir_fd refers to */
	int dir_fd;              /* -1: none; see dir_enter */
	uint64_t syscalls[SYSCALL_KINDS];
} __attribute__((aligned(CACHE_LINE)));

struct strategy {
	const char *name; /* the name of its file */
	const char *summary;
	enum stage stage;
	unsigned flags;
	struct answer answer;
	size_t cell_size, worker_size;
	struct param params[PARAMS_MAX];
	const char *uncounted; /* why its system calls are not counted; NULL: they are */

	/* Untimed. Every hook may be NULL. Those that return int return 0 or -errno. */
	int (*probe)(struct err *err); /* can it run on this machine? */
	/* Once per cell. -ENOTSUP: this tree cannot be fetched in this way; err says why. */
	int (*setup)(struct cell *cell, struct err *err);
	/* Once per worker, on its CPU. -ENOTSUP: this machine refuses it; cell->why says why. */
	int (*open)(struct worker *worker);
	int (*prepare)(struct cell *cell);                    /* before every pass */
	int (*deliver)(struct cell *cell, struct sink *sink); /* after every pass of a walk */
	void (*close)(struct worker *worker);
	void (*finish)(struct cell *cell);
	unsigned (*extras)(const struct cell *cell, struct extra extras[EXTRAS_MAX]);
	/* Sets *decisions to those of the last pass, in order of time; returns how many. */
	size_t (*decisions)(const struct cell *cell, const struct decision **decisions);

	/*
	 * Timed. 0 or -errno. It fails only if it cannot go on: an entry that fails is a result
	 * (record_fail).
	 */
	int (*run)(struct worker *worker);
};

#define STRATEGY(NAME)                                                                             \
	extern const struct strategy strategy_##NAME;                                              \
	const struct strategy strategy_##NAME

/*
 * Whether the pass has to end early. worker_take checks this before each span. But a span of a
 * hundred calls to a slow server takes long, so a fetch checks before each entry, too (or has the
 * library check). A walk checks before each directory and each entry, and its run returns
 * -ECANCELED.
 */
static inline bool worker_stopped(const struct worker *w)
{
	const volatile int *stop = w->cell->stop;
	return stop && __atomic_load_n(stop, __ATOMIC_RELAXED);
}

/* Takes the next span; false if none is left for this worker, or the pass has to end early. */
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
 * Full paths are composed in the cheapest way: path_enter copies the directory's prefix once per
 * span and returns its length, path_of then copies the name of each entry behind it.
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
 * Strategies that fetch relative to a directory open each directory once: neighbouring spans of a
 * large directory share the descriptor. Far below, a directory is opened by its name if its parent
 * is the one that is open. dir_enter returns a descriptor owned by the worker, or -errno. dir_leave
 * closes it; to be called at the end of the pass.
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
 * The flags for opening an entry to fstat it without side effects: only regular files and
 * directories are opened for reading (opening a device would reach its driver); O_NONBLOCK keeps a
 * fifo from blocking.
 */
static inline int open_flags(const struct workload_entry *e)
{
	const int common = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	bool harmless = e->type == S_IFREG || e->type == S_IFDIR;
	return common | (harmless ? O_RDONLY : O_PATH);
}

/*
 * Writes a name that does not exist, a different one for each entry. buf needs two bytes more than
 * the entry's name has.
 */
static inline void negative_name(const struct workload *load, uint32_t entry, char *buf)
{
	size_t len = load->entries[entry].name_len;
	memcpy(buf, workload_name(load, entry), len + 1);
	if (len < NAME_MAX)
		memcpy(buf + len, "\001", 2);
	else
		buf[0] = '\001';
}

/* Stores the error in all records of a span, because its directory could not be opened. */
static inline void record_fail_span(struct worker *w, const struct workload_span *span, int error)
{
	for (uint32_t i = span->first; i < span->end; i++)
		record_fail(&w->records[i], error);
}

/*
 * For walks that read one directory after the other by its full path, so that no path that they
 * open is longer than PATH_MAX. w->path holds the absolute path of the current directory, followed
 * by room for the longest name of any filesystem. walk_begin sets it to the root, walk_next to the
 * newest deferred directory (false: none is left); both give its length.
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

/* Adds an entry of the current directory; w->path becomes its path. NULL: out of memory. */
static inline struct record *walk_add(struct worker *w, size_t dir_len, const char *name)
{
	size_t skip = w->load->root_len + 1, name_len = strlen(name);
	w->path[dir_len] = '/';
	memcpy(w->path + dir_len + 1, name, name_len + 1);
	return sink_add(w->cell->sink, w->path + skip, dir_len + 1 + name_len - skip);
}

/*
 * The current directory cannot be read: recorded in the sink, unless it is the root or descriptors
 * or memory ran out, which ends the walk. 0 or -errno.
 */
static inline int walk_fail(struct worker *w, size_t dir_len, int error)
{
	size_t skip = w->load->root_len + 1;
	if (dir_len < skip || error == EMFILE || error == ENFILE || error == ENOMEM)
		return -error;
	return sink_fail(w->cell->sink, w->path + skip, dir_len - skip, error);
}

#endif
