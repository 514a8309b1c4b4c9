/*
 * The contract between the engine and a strategy: one way to fetch metadata. This header is the
 * whole of it; a strategy includes nothing else of ours but libflist.
 *
 * The strategy owns the inner loop; the engine owns threads, cores, time, order, cache state and
 * verification. Of all hooks only `run` is timed. It is called once per worker and pass, takes
 * spans of entries until there are none, and leaves one record per entry. In it there is no
 * allocation, no printing, and no lock shared with other workers unless the strategy says
 * STRATEGY_SHARES_STATE.
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
#include "engine/workload.h"

#define STRATEGY_ABI 1
#define CACHE_LINE   64

enum stage {
	STAGE_FETCH, /* the paths are known, only metadata is asked for */
	STAGE_WALK,  /* only the root is known */
};

/* What a record can hold. The bits are those of statx(2), so a mask serves both. */
enum field {
	FIELD_TYPE = 0x001,
	FIELD_MODE = 0x002, /* permission bits */
	FIELD_NLINK = 0x004,
	FIELD_UID = 0x008,
	FIELD_GID = 0x010,
	FIELD_MTIME = 0x040,
	FIELD_INO = 0x100,
	FIELD_SIZE = 0x200,
	FIELD_BLOCKS = 0x400,
	FIELD_RDEV = 0x10000, /* has no bit of its own in statx: always answered */
	FIELDS_NONE = 0,
	FIELDS_ALL = 0x1075f,
};

/*
 * One answer: exactly one cache line, so that no two workers write the same line. The engine
 * poisons every record before each pass, so an answer of the last pass never counts for this one.
 */
struct record {
	uint64_t ino, size, blocks, rdev;
	int64_t mtime_ns;
	uint32_t mode, nlink, uid, gid;
	int32_t status;  /* 0, or -errno of the failed call; RECORD_UNANSWERED before the pass */
	uint32_t fields; /* which of the fields above hold an answer */
} __attribute__((aligned(CACHE_LINE)));

_Static_assert(sizeof(struct record) == CACHE_LINE, "a record is one cache line");

enum { RECORD_UNANSWERED = 1 };

/* System calls that strategies count, by the kernel's names. */
#define SYSCALL_LIST(X)                                                                            \
	X(newfstatat)                                                                              \
	X(statx)                                                                                   \
	X(fstat)                                                                                   \
	X(faccessat)                                                                               \
	X(openat)                                                                                  \
	X(close)                                                                                   \
	X(fchdir)

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
};

/* What a cell promises to answer; its records are verified on exactly this. */
struct answer {
	uint32_t fields;
	enum addressing addressing;
	/* 0 or 1; no bool, because answers are compared as bytes. */
	uint32_t follow;   /* symbolic links are followed */
	uint32_t opens;    /* the entry is opened to be asked: needs the right to (open_flags) */
	uint32_t negative; /* asks for a name that does not exist, next to the entry's */
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

enum strategy_flag {
	STRATEGY_FLOOR = 1 << 0,        /* asks nothing: measures the harness itself */
	STRATEGY_SEQUENTIAL = 1 << 1,   /* refuses more than one job */
	STRATEGY_ALL_CORES = 1 << 2,    /* unless told otherwise, one job per allowed CPU */
	STRATEGY_SHARES_STATE = 1 << 3, /* workers share a lock or allocate; that is its point */
	STRATEGY_SELFTEST = 1 << 8,     /* proves the harness: only for those who call it by name */
};

/* The shared end of the queue of spans, alone on its cache line. */
struct cursor {
	_Atomic uint32_t next __attribute__((aligned(CACHE_LINE)));
};

/* A cell as its strategy sees it. */
struct cell {
	const struct strategy *strategy;
	const struct workload *load;
	struct record *records; /* one per entry */
	struct cursor *cursor;
	void *state;          /* cell_size bytes, zeroed before setup; for the strategy */
	struct answer answer; /* starts as the strategy's; setup may narrow it */
	unsigned jobs;
	uint32_t spans_per_take; /* set by the engine from chunk */
	uint32_t chunk;          /* entries a worker takes at once; setup may change it */
	int64_t params[PARAMS_MAX];
	const char *why; /* a run that cannot go on may say so in words that outlive it */
};

/* A worker as its strategy sees it. Everything the inner loop touches is in its own lines. */
struct worker {
	struct cell *cell;
	const struct workload *load;
	struct record *records;
	void *state; /* worker_size bytes, zeroed before open; for the strategy */
	char *path;  /* load->path_size bytes to compose paths in */
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

	/* Untimed. All may be NULL; all return 0 or -errno. */
	int (*probe)(struct err *err);                    /* can it run here? */
	int (*setup)(struct cell *cell, struct err *err); /* once per cell */
	int (*open)(struct worker *worker);               /* once per worker, on its core */
	int (*prepare)(struct cell *cell);                /* before every pass */
	void (*close)(struct worker *worker);
	void (*finish)(struct cell *cell);
	unsigned (*extras)(const struct cell *cell, struct extra extras[EXTRAS_MAX]);

	/* Timed. Fails only when it cannot go on: a failed entry is an answer (record_fail). */
	int (*run)(struct worker *worker);
};

#define STRATEGY(NAME)                                                                             \
	extern const struct strategy strategy_##NAME;                                              \
	const struct strategy strategy_##NAME

/* Takes the next span of entries; false when the pass has none left for this worker. */
static inline bool worker_take(struct worker *w, struct workload_span *span)
{
	if (w->span == w->span_end) {
		const struct cell *cell = w->cell;
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
 * share the descriptor. Returns it, or -errno. dir_leave ends the pass.
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
	dir_leave(w);
	int fd = workload_opendir(w->load, dir, O_PATH, &w->syscalls[SYSCALL_openat],
				  &w->syscalls[SYSCALL_close]);
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

/* A name that nobody uses, one for each entry, into buf (NAME_MAX + 1 bytes). */
static inline void negative_name(const struct workload *load, uint32_t entry, char *buf)
{
	size_t len = load->entries[entry].name_len;
	memcpy(buf, workload_name(load, entry), len + 1);
	if (len < NAME_MAX)
		memcpy(buf + len, "\001", 2);
	else
		buf[0] = '\001';
}

static inline void record_fail(struct record *r, int error)
{
	r->fields = FIELDS_NONE;
	r->status = -error;
}

/* A record that says no more than that the entry is there. */
static inline void record_exists(struct record *r)
{
	r->status = 0;
	r->fields = FIELDS_NONE;
}

/* The answer about a negative name, from the call's errno (0: it succeeded): absence is success. */
static inline void record_absent(struct record *r, int error)
{
	if (error == ENOENT)
		record_exists(r);
	else
		record_fail(r, error ? error : EEXIST);
}

/* All entries of a span whose directory could not be opened. */
static inline void record_fail_span(struct worker *w, const struct workload_span *span, int error)
{
	for (uint32_t i = span->first; i < span->end; i++)
		record_fail(&w->records[i], error);
}

static inline void record_stat(struct record *r, const struct stat *st)
{
	r->ino = st->st_ino;
	r->size = (uint64_t)st->st_size;
	r->blocks = (uint64_t)st->st_blocks;
	r->rdev = st->st_rdev;
	r->mtime_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
	r->mode = st->st_mode;
	r->nlink = (uint32_t)st->st_nlink;
	r->uid = st->st_uid;
	r->gid = st->st_gid;
	r->status = 0;
	r->fields = FIELDS_ALL;
}

#endif
