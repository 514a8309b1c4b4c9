/*
 * libflist: fetches the metadata of many files.
 *
 * A function that can fail returns 0 or -errno and writes its result through a pointer. Handles are
 * opaque and may be passed between threads. A path is a NUL-terminated string of any bytes. A
 * result that callers share is const and has a reference count: it is valid until flist_meta_unref,
 * even after the cache that returned it was freed.
 */
#ifndef FLIST_H
#define FLIST_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FLIST_API     __attribute__((visibility("default")))
#define FLIST_VERSION "0.3.0" /* of this header */

/*
 * Each struct of options ends with reserved fields, so a program that was built with this header
 * works with every later library of the same soname. Reserved fields must be 0, as an initializer
 * with named fields leaves them. If they are not, the call fails with -EINVAL: the program was
 * built with a later header and uses an option that this library does not have.
 */
enum { FLIST_RESERVED = 4 };

/* ---- Metadata: one struct, whatever the system call ---------------------------------------- */

/* Fields of a struct flist_meta, as bits. The values are those of the STATX_ bits of statx(2). */
enum flist_field {
	FLIST_TYPE = 0x0001, /* the S_IFMT part of mode */
	FLIST_MODE = 0x0002, /* the rest of mode */
	FLIST_NLINK = 0x0004,
	FLIST_UID = 0x0008,
	FLIST_GID = 0x0010,
	FLIST_ATIME = 0x0020,
	FLIST_MTIME = 0x0040,
	FLIST_CTIME = 0x0080,
	FLIST_INO = 0x0100,
	FLIST_SIZE = 0x0200,
	FLIST_BLOCKS = 0x0400,
	FLIST_BASIC = 0x07ff, /* all of the above: the fields of stat(2) */
	FLIST_BTIME = 0x0800,
	FLIST_MNT_ID = 0x1000,
};

/* Metadata of one file. A field whose bit is not set in valid is 0. */
struct flist_meta {
	uint64_t ino;
	uint64_t dev, rdev; /* as st_dev and st_rdev; always valid, like blksize */
	uint64_t size;      /* bytes */
	uint64_t blocks;    /* units of 512 bytes */
	uint64_t mnt_id;
	/* ns since 1970 (UTC). A time before 1677 or after 2262 becomes the nearest that fits. */
	int64_t atime_ns, mtime_ns, ctime_ns, btime_ns;
	uint32_t mode;
	uint32_t nlink, uid, gid;
	uint32_t blksize; /* preferred size of reads and writes, bytes */
	uint32_t valid;   /* enum flist_field */
};

/* Flags. A call fails with -EINVAL if it is given one that it does not take. */
enum flist_flag {
	FLIST_FOLLOW = 1 << 0,         /* of a symbolic link, use the target, not the link */
	FLIST_ONE_FILESYSTEM = 1 << 1, /* collect: list mount points, but do not enter them */
	FLIST_LAZY = 1 << 2,           /* collect: names and types; for metadata flist_list_fetch */
	FLIST_ITSELF = 1 << 3, /* stat_at, extra: the name is "", use the open file itself */
	FLIST_BULK = 1 << 4,   /* collect: read the filesystem's tables if possible */
	/* With FLIST_BULK: do not call syncfs(2) first. Sizes may then be those of the last sync;
	   so may access times with the mount option lazytime, and all metadata on btrfs. */
	FLIST_NO_SYNC = 1 << 5,
};

/*
 * Returns the name of the system call that fetches these fields, "statx", "fstatat" or "lstat".
 * fields: enum flist_field; 0: FLIST_BASIC. fstatat fetches exactly FLIST_BASIC, statx any other
 * set. If a call is not available (old kernel, seccomp filter, build option), the next one of the
 * list is used. The same holds for every function below. The string is static.
 */
FLIST_API const char *flist_backend(uint32_t fields);

/*
 * Fetches FLIST_BASIC of one path. flags: 0 or FLIST_FOLLOW. Errors: those of stat(2); -EINVAL for
 * other flags.
 */
FLIST_API int flist_stat(const char *path, unsigned flags, struct flist_meta *meta);

/*
 * Fetches metadata of a name relative to the open directory dirfd. AT_FDCWD is the working
 * directory. The name may be a path. fields: enum flist_field; 0: FLIST_BASIC. meta->valid has the
 * fields that were fetched: fewer than wanted if the system call or the filesystem does not have
 * them, more if they cost nothing. flags: FLIST_FOLLOW or FLIST_ITSELF. With FLIST_ITSELF the name
 * must be "", and the metadata is that of the file that dirfd is open on, as with fstat(2).
 * Errors: those of fstatat(2); -EINVAL for other flags or unknown fields.
 */
FLIST_API int flist_stat_at(int dirfd, const char *name, unsigned flags, uint32_t fields,
			    struct flist_meta *meta);

/* ---- Extra: extended attributes, inode flags and the like, for backup programs -------------- */

/*
 * What a struct flist_extra can hold. A field that the kernel, the filesystem or the build cannot
 * report is left out of valid and has the status -EOPNOTSUPP. That is no failure.
 */
enum flist_extra_field {
	FLIST_XATTRS = 1 << 0,       /* names of extended attributes, and acl */
	FLIST_XATTR_VALUES = 1 << 1, /* the same with values */
	FLIST_LINK = 1 << 2,         /* target of a symbolic link */
	FLIST_ATTRIBUTES = 1 << 3,   /* those of statx(2), e.g. immutable, compressed */
	FLIST_SUBVOL = 1 << 4,       /* subvolume id, btrfs and bcachefs; Linux 6.10 */
	FLIST_MOUNT = 1 << 5,        /* unique mount id, never reused; Linux 6.8 */
	FLIST_HANDLE = 1 << 6,       /* file handle, by name_to_handle_at(2) */
	FLIST_XFLAGS = 1 << 7,       /* inode flags */
	FLIST_PROJECT = 1 << 8,      /* project id of quotas */
	FLIST_EXTRA_ALL = (1 << 9) - 1,
};

struct flist_xattr {
	const char *name;  /* NUL-terminated, any bytes, with its namespace: "user.mime_type" */
	const void *value; /* any bytes; NULL unless status is 0 */
	size_t size;       /* of the value, bytes: 0 to 65536 */
	int status;        /* 0; -ENODATA: not requested, or removed meanwhile; or -errno */
};

/* Which POSIX ACLs an entry has in addition to its mode. */
enum flist_acl { FLIST_ACL_ACCESS = 1 << 0, FLIST_ACL_DEFAULT = 1 << 1 };

/*
 * Only the library allocates this struct, so later versions may add fields at its end. A field
 * whose bit is not set in valid is 0. The kernel hides attributes that the caller may not see:
 * those in "trusted." need CAP_SYS_ADMIN.
 */
struct flist_extra {
	uint32_t valid; /* enum flist_extra_field */
	uint32_t acl;   /* enum flist_acl */
	const struct flist_xattr *xattrs;
	size_t n_xattrs;  /* 0 also if the filesystem has no extended attributes */
	const char *link; /* NUL-terminated, any bytes; NULL: not a symbolic link */
	size_t link_len;  /* bytes */
	uint64_t attributes, attributes_mask; /* STATX_ATTR_ bits; the mask has the valid ones */
	uint64_t subvol, mount;
	const unsigned char *handle;
	uint32_t handle_len; /* bytes: 0 to 128 */
	int32_t handle_type;
	uint32_t xflags; /* FS_XFLAG_ bits of linux/fs.h */
	uint32_t project;
	int16_t status[16]; /* status[i], of the field 1 << i: 0; -ENODATA: not requested;
			       -EOPNOTSUPP: not available here; or -errno */
};

/*
 * Makes an object for flist_extra_ask, which holds one entry's result until the next call. Use one
 * for each thread. It has buffers for the result of most entries, so that later calls allocate
 * nothing. Errors: -ENOMEM.
 */
FLIST_API int flist_extra_new(struct flist_extra **extra);
FLIST_API void flist_extra_free(struct flist_extra *extra); /* accepts NULL */

/*
 * Fetches extra fields of a name relative to the open directory dirfd. dirfd and name are those of
 * flist_stat_at. fields: enum flist_extra_field. flags: FLIST_FOLLOW or FLIST_ITSELF; a descriptor
 * opened with O_PATH gives -EBADF for extended attributes and inode flags of the open file itself.
 * Only regular files and directories are ever opened, and only in two cases: for inode flags on a
 * kernel without file_getattr (before 6.17), and for extended attributes if there is neither
 * listxattrat (6.13) nor /proc.
 *
 * Returns 0 or the error of the first field that failed. The other fields are still fetched, and
 * extra->status has the status of each. Errors: those of stat(2), open(2), listxattr(2),
 * getxattr(2); -E2BIG: the names of the attributes take more than 64 KiB, the kernel's limit.
 * -EINVAL (unknown flags or fields) and -ENOMEM: nothing was fetched.
 */
FLIST_API int flist_extra_ask(struct flist_extra *extra, int dirfd, const char *name,
			      unsigned flags, uint32_t fields);

/*
 * Returns the name of the system call that lists extended attributes: "listxattrat", "llistxattr"
 * or "flistxattr", the first of them that is available (old kernel, seccomp filter). NULL: none
 * is. The string is static.
 */
FLIST_API const char *flist_xattr_backend(void);

/* ---- Threads: how a parallel call gets its threads ----------------------------------------- */

/* A part of a parallel call; index counts from 0. A job is run by one thread. */
typedef void flist_job(void *arg, unsigned index);

/* A change of the number of jobs, and what was measured before it. */
struct flist_decision {
	uint64_t at_ns;   /* since the call began */
	uint64_t wait_ns; /* mean time from one system call of a job to its next */
	uint64_t rate;    /* system calls completed per second, all jobs together */
	unsigned before, jobs;
};

/*
 * Which threads a parallel call uses. All fields 0: the call measures how many threads make it
 * faster. The calling thread begins. If there is enough work, others join it: one for each CPU that
 * the caller may use, and more if system calls wait for a network or a disk.
 *
 * The call makes these threads, and they end before it returns. They block signals. Each has its
 * own copy of the descriptor table, which makes its system calls faster. Hence a file that the
 * program closes during the call stays open until the threads end, and a descriptor that a
 * callback (started, filter, each, ...) opens in such a thread exists in that thread only and is
 * closed when it ends. The threads of a prefetching cursor differ: see flist_cursor_walk.
 */
struct flist_threads {
	unsigned jobs; /* 0: chosen by the call; 1: only the calling thread */

	/* Called first in each thread that the library makes (index 1 and up), e.g. to pin it. */
	void (*started)(void *arg, unsigned index);

	/*
	 * A thread pool of the caller, used instead of the library's own threads. It must call
	 * job(job_arg, i) once for each i below jobs, concurrently or one after the other, and
	 * return 0 when all have returned. If it can run no job, it returns -errno without calling
	 * any.
	 */
	int (*run)(void *arg, unsigned jobs, flist_job *job, void *job_arg);
	void *arg; /* for started, run and decided */

	/* Used if jobs is 0: */
	uint32_t most; /* upper limit of the number of jobs; 0: 128 */
	uint32_t cpus; /* number of CPUs to assume; 0: those that the calling thread may use */
	/* Called by one of the jobs when their number changes; never concurrently. */
	void (*decided)(void *arg, const struct flist_decision *decision);
#if UINTPTR_MAX == UINT32_MAX
	uint32_t unused; /* 0; keeps the size of the struct */
#endif
	uint64_t reserved[FLIST_RESERVED - 2]; /* 0 */
};

/*
 * Returns the largest number of jobs that a call with these threads can have. A program can
 * allocate that many items of state: the index or worker that a callback gets is smaller. It is
 * threads->jobs; if that is 0, `most`, or with a caller's pool the number of CPUs. threads may be
 * NULL, which means all fields 0.
 */
FLIST_API unsigned flist_jobs(const struct flist_threads *threads);

/* ---- Directory batch: names in a directory that is opened once ------------------------------ */

struct flist_dir;

/*
 * Opens a directory to fetch metadata of names in it. Needs search permission on it, not read
 * permission. If the last component is a symbolic link, it is followed. Errors: those of open(2),
 * -ENOTDIR, -ENOMEM.
 */
FLIST_API int flist_dir_open(struct flist_dir **dir, const char *path);

/*
 * Makes a flist_dir of a descriptor, for example of a directory whose path is too long. The
 * descriptor may be one of O_PATH. flist_dir_close closes it. Its names have no path, so a cache
 * does not store them. Errors: -ENOMEM; the descriptor then stays open.
 */
FLIST_API int flist_dir_fdopen(struct flist_dir **dir, int fd);
FLIST_API void flist_dir_close(struct flist_dir *dir); /* accepts NULL */

/*
 * Fetches metadata of one name in the directory. fields: enum flist_field; 0: FLIST_BASIC. flags:
 * 0 or FLIST_FOLLOW. A name is one path component. Errors: those of fstatat(2), such as
 * -ENAMETOOLONG; -ENOENT for an empty name; -EINVAL for a name with a slash, for "." and "..", and
 * for unknown flags or fields.
 */
FLIST_API int flist_dir_stat(struct flist_dir *dir, const char *name, unsigned flags,
			     uint32_t fields, struct flist_meta *meta);

/*
 * Fetches metadata of n names in the directory, as flist_dir_stat does. statuses[i] is the result
 * of names[i], 0 or -errno; metas[i] is its metadata, all zero after an error. names, metas and
 * statuses have n elements each. Returns how many succeeded, or -EINVAL for unknown flags or
 * fields, with nothing written.
 */
FLIST_API ptrdiff_t flist_dir_stat_many(struct flist_dir *dir, const char *const *names, size_t n,
					unsigned flags, uint32_t fields, struct flist_meta *metas,
					int *statuses);

/*
 * Fetches metadata of n names, as flist_dir_stat_many does, until *cancel becomes nonzero. It is
 * tested before each name. The remaining names get the status -ECANCELED. cancel may be NULL.
 */
FLIST_API ptrdiff_t flist_dir_stat_until(struct flist_dir *dir, const char *const *names, size_t n,
					 unsigned flags, uint32_t fields,
					 const volatile int *cancel, struct flist_meta *metas,
					 int *statuses);

/* ---- Parallel fetch: many names, many threads ----------------------------------------------- */

/* A file, by path or by name in an open directory. */
struct flist_where {
	struct flist_dir *dir; /* NULL: name is a path */
	const char *name;
};

struct flist_many_options {
	unsigned flags;  /* 0 or FLIST_FOLLOW */
	uint32_t fields; /* 0: FLIST_BASIC */
	/*
	 * NULL: no cache. Otherwise results are read from this cache and stored in it. The key of a
	 * name in a directory is the path that the directory was opened with, a slash, and the
	 * name. On a miss FLIST_BASIC is fetched along with the fields wanted; if the cache has a
	 * fetch function, that is called instead.
	 */
	struct flist_cache *cache;
	struct flist_threads threads; /* never more threads than names */
	const volatile int *cancel;   /* ends the call with -ECANCELED when it becomes nonzero */
	uint64_t reserved[FLIST_RESERVED]; /* 0 */
};

/*
 * Fetches metadata of n files in parallel. statuses[i] is the result of wheres[i], 0 or -errno;
 * metas[i] is its metadata, all zero after an error. wheres, metas and statuses have n elements
 * each. The errors of a file are those of flist_stat_at, flist_dir_stat or flist_cache_get.
 * options may be NULL, which means all fields 0.
 *
 * Each thread takes small batches of neighbours, so keep entries of one directory together. If the
 * library chooses the number of jobs and there is no cache, it also measures whether it is faster
 * to open the directory of neighbouring paths and to fetch their names in it; that takes one
 * descriptor per thread. If the directory is moved during the call, the metadata may be that of
 * its new place.
 *
 * Errors of the whole call: -EINVAL, with nothing written; -ECANCELED, which is then also the
 * status of each file that was not reached; the error of the caller's pool.
 */
FLIST_API int flist_stat_many(const struct flist_where *wheres, size_t n,
			      const struct flist_many_options *options, struct flist_meta *metas,
			      int *statuses);

/* ---- Cache: each path is fetched once, the result is shared ------------------------------ */

struct flist_cache;

/*
 * Fetches what the cache does not hold: fills *meta and returns 0, or returns -errno. The cache
 * calls it from any thread, with no lock held. Two calls for the same path and flags run
 * concurrently only if the entry was removed during the first one. It must not get the same path
 * from the same cache: that deadlocks.
 */
typedef int flist_fetch(void *arg, const char *path, unsigned flags, struct flist_meta *meta);

struct flist_cache_options {
	size_t capacity;                   /* maximum number of entries; 0: no limit */
	int keep_errors;                   /* nonzero: errors are cached, too */
	flist_fetch *fetch;                /* NULL: flist_stat */
	void *arg;                         /* for fetch */
	uint64_t reserved[FLIST_RESERVED]; /* 0 */
};

/*
 * Makes an empty cache. options may be NULL, which means all fields 0.
 *
 * The capacity is divided evenly among the shards of the cache. A full shard evicts an entry by
 * the CLOCK algorithm. So the length never exceeds the capacity, and may stay a few percent below
 * it. Errors: -EINVAL, -ENOMEM.
 */
FLIST_API int flist_cache_new(struct flist_cache **cache,
			      const struct flist_cache_options *options);

/*
 * Frees the cache. No other thread may be using it. Results that it returned stay valid. Accepts
 * NULL.
 */
FLIST_API void flist_cache_free(struct flist_cache *cache);

/*
 * Returns the metadata of path, from the cache or else by a fetch. flags: 0 or FLIST_FOLLOW; both
 * are cached apart. Threads that get the same path at the same time cause one fetch. All callers
 * get a pointer to the same object until the entry is replaced, removed or evicted. The caller
 * must release it with flist_meta_unref.
 *
 * Errors: those of the fetch, for every thread that waited for it; they are not cached unless
 * keep_errors is set. -EINVAL; -ENOMEM, with the cache unchanged. After an error *meta is NULL.
 */
FLIST_API int flist_cache_get(struct flist_cache *cache, const char *path, unsigned flags,
			      const struct flist_meta **meta);

/*
 * Returns the metadata of path from the cache, without a fetch. -ENODATA: the cache does not hold
 * it. Counts neither as a hit nor as a miss.
 */
FLIST_API int flist_cache_peek(struct flist_cache *cache, const char *path, unsigned flags,
			       const struct flist_meta **meta);

/* Stores a copy of *meta for path and flags; replaces the old entry. Errors: -EINVAL, -ENOMEM. */
FLIST_API int flist_cache_insert(struct flist_cache *cache, const char *path, unsigned flags,
				 const struct flist_meta *meta);

/*
 * Remove one entry, or all. A get that begins after the removal has returned never returns
 * metadata whose fetch began before the removal, even if that fetch is still running.
 * flist_cache_clear also sets hits and misses to 0. It clears one shard after the other, so it is
 * not atomic while other threads use the cache.
 */
FLIST_API void flist_cache_remove(struct flist_cache *cache, const char *path, unsigned flags);
FLIST_API void flist_cache_clear(struct flist_cache *cache);

/* Returns the number of entries. Cached errors count, fetches that are still running do not. */
FLIST_API size_t flist_cache_length(struct flist_cache *cache);

/*
 * Exact counts of gets since the cache was made or cleared. A hit is a get without a fetch of its
 * own, including one that waited for another thread's fetch. A miss is a get with its own fetch.
 * The hit rate is hits / (hits + misses), from 0 to 1; 0 if there were none.
 */
FLIST_API uint64_t flist_cache_hits(struct flist_cache *cache);
FLIST_API uint64_t flist_cache_misses(struct flist_cache *cache);
FLIST_API double flist_cache_hit_rate(struct flist_cache *cache);

/*
 * Take and release a reference to a result of a cache. flist_meta_ref returns its argument.
 * flist_meta_unref accepts NULL.
 */
FLIST_API const struct flist_meta *flist_meta_ref(const struct flist_meta *meta);
FLIST_API void flist_meta_unref(const struct flist_meta *meta);

/* ---- Collect: a whole tree as one sorted list ----------------------------------------------- */

/* One entry below the root. */
struct flist_item {
	const char *path;              /* relative to the root, NUL-terminated, any bytes */
	const char *name;              /* last component, a pointer into path */
	size_t path_len;               /* bytes */
	uint32_t depth;                /* 1: directly in the root */
	uint32_t type;                 /* S_IFMT bits; 0: not known */
	int status;                    /* 0; -ENODATA: of a lazy list, not fetched yet; or -errno */
	const struct flist_meta *meta; /* NULL unless status is 0 */
	const struct flist_extra *extra; /* NULL unless requested, and status is 0 */
};

enum flist_step {
	FLIST_STEP_OPEN,
	FLIST_STEP_READ,
	FLIST_STEP_STAT,
	FLIST_STEP_EXTRA,
};

/* A directory that could not be opened or read, or an entry whose metadata could not be fetched. */
struct flist_failure {
	const char *path; /* relative to the root; "" for the root itself */
	int error;        /* errno, positive */
	enum flist_step step;
};

enum flist_choice {
	FLIST_KEEP,
	FLIST_SKIP,  /* leave it out, and everything below it */
	FLIST_PRUNE, /* keep it, but do not enter it */
};

/*
 * The filter is called before the metadata of an entry is fetched, each after. Several threads
 * call them concurrently; worker is the index of the thread, 0 to flist_jobs() - 1. The item is
 * valid during the call. If each returns a value other than 0 (use -errno), the walk ends and
 * flist_collect returns that value.
 */
typedef enum flist_choice flist_filter(void *arg, unsigned worker, const struct flist_item *item);
typedef int flist_each(void *arg, unsigned worker, const struct flist_item *item);

/* Called for each failure, by several threads like each; for programs that keep no list. */
typedef void flist_failed(void *arg, unsigned worker, const struct flist_failure *failure);

/*
 * Order of a walk. It changes the order of reads from a cold disk, not the list, which is always
 * sorted by name. 0: the entries of a directory are fetched in order of their names, but
 * directories first if system calls wait, and the walk is depth first: after a directory one of
 * those in it is entered, if there are any.
 */
enum flist_walk_order {
	FLIST_BY_INODE = 1 << 0, /* fetch by inode number, about 2000 entries at a time */
	FLIST_BREADTH = 1 << 1,  /* enter directories in the order in which they were found */
};

struct flist_collect_options {
	unsigned flags;  /* enum flist_flag */
	uint32_t fields; /* 0: FLIST_BASIC */
	struct flist_threads threads;
	flist_filter *filter; /* NULL: keep all */
	flist_each *each;     /* NULL: none; called as soon as an entry is known, in no order */
	flist_failed *failed; /* NULL: none */
	void *arg;            /* for filter, each and failed */
	/*
	 * Ends the call with -ECANCELED when it becomes nonzero. Tested before each system call
	 * that reads a directory or fetches an entry.
	 */
	const volatile int *cancel;
	/*
	 * enum flist_extra_field; 0: none. The same thread fetches these fields into item->extra
	 * right after the metadata. If a field fails, the entry stays in the list with the others,
	 * and there is a failure of FLIST_STEP_EXTRA. Not with FLIST_LAZY (-EINVAL).
	 */
	uint64_t extra;
	uint64_t order;                        /* enum flist_walk_order */
	uint64_t reserved[FLIST_RESERVED - 2]; /* 0 */
};

struct flist_list;

/*
 * Walks the tree below root and returns a list of it, sorted by the bytes of the relative path.
 * Each thread takes a directory, reads it with a large buffer, fetches each name relative to the
 * open directory, and sorts the names while they are in the CPU cache. If system calls are
 * measured to wait, for example for a network, several threads fetch the names of one directory,
 * and there are more threads than CPUs (see struct flist_threads). options may be NULL, which
 * means all fields 0. list may be NULL for programs that use only `each`; then only the names of
 * directories are kept.
 *
 * A directory that cannot be read, or an entry that vanishes during the walk, is a failure in the
 * list; the walk goes on. Whether an entry is a directory is decided by stat: one that is replaced
 * by something else during the walk is not entered. Without FLIST_FOLLOW no symbolic link is
 * followed. With it links to directories are entered; one that leads back to a directory above it
 * is a failure with ELOOP. A link that is dangling or part of a loop of links is listed with its
 * own metadata.
 *
 * Uses at most eleven descriptors per thread; three if the limit of the process is low. Time and
 * memory are proportional to the number of entries, at any depth.
 *
 * Errors: those of opening the root, -ENOTDIR, -EINVAL, -ENOMEM, -ECANCELED, or the value that
 * each returned. After an error *list is NULL: there are no partial lists.
 */
FLIST_API int flist_collect(struct flist_list **list, const char *root,
			    const struct flist_collect_options *options);
FLIST_API void flist_list_free(struct flist_list *list); /* accepts NULL */

/*
 * Tests whether flist_collect can read the tables of the filesystem (FLIST_BULK). Returns 0 if a
 * call with these options would do so; FLIST_BULK need not be set in them, and NULL means all
 * fields 0. Returns -ENOTSUP if not, and sets *why to the reason, a static string. why may be
 * NULL. Other errors: those of flist_collect.
 *
 * With FLIST_BULK flist_collect reads names and metadata from the filesystem's tables on the
 * device instead of one system call per entry, which is many times as fast. The list, order,
 * failures and callbacks are the same. The device is only read. If the tables cannot be read, the
 * flag has no effect, so a program may always set it.
 *
 * It works for ext4, ext3, ext2, btrfs and xfs, as root; not with FLIST_FOLLOW, not with extra
 * (except FLIST_XATTRS on ext4, ext3 and ext2), and on xfs not with FLIST_LAZY. On xfs it uses a
 * system call that returns many entries at once, so the gain is smaller; and it does so
 * only after 1024 entries, and not if those had to be read from the device. If the filesystem has
 * directories outside the root's tree, or there is a filter, it does so only for directories of at
 * least 32 entries. Entries that change during the call,
 * and those on other filesystems and in other subvolumes, are fetched by system calls; on btrfs a
 * changed entry may be listed as it was when the call began.
 *
 * The call begins with syncfs(2), unless FLIST_NO_SYNC is set: files get their blocks, and some
 * get their sizes, only when they are written to the device, and the tree of a btrfs has the state
 * of its last commit (every 30 s by default).
 */
FLIST_API int flist_bulk_check(const char *root, const struct flist_collect_options *options,
			       const char **why);

/* How a list was made. Only the library allocates it, so later versions may add to its end. */
struct flist_how {
	int bulk;            /* nonzero: tables were read */
	const char *why_not; /* with FLIST_BULK: why tables were not read, or not all; or NULL */
	uint64_t by_tables;  /* number of entries read from tables */
};

/* Returns how the list was made. The result is valid as long as the list. */
FLIST_API const struct flist_how *flist_list_how(const struct flist_list *list);

/*
 * Return the number of entries of a list, its failures and its size in memory. *n is the number of
 * failures; they are valid until flist_list_fetch or flist_list_free. The size is in bytes of heap
 * memory.
 */
FLIST_API size_t flist_list_length(const struct flist_list *list);
FLIST_API const struct flist_failure *flist_list_failures(const struct flist_list *list, size_t *n);
FLIST_API size_t flist_list_bytes(const struct flist_list *list);

struct flist_fetch_options {
	uint32_t fields; /* 0: FLIST_BASIC */
	struct flist_threads threads;
	const volatile int *cancel; /* ends the call with -ECANCELED when it becomes nonzero */
	uint64_t extra;             /* enum flist_extra_field, as for flist_collect; 0: none */
	uint64_t reserved[FLIST_RESERVED - 1]; /* 0 */
};

/*
 * Fetches the metadata of all entries of a lazy list that have none yet, in parallel: each thread
 * takes up to 128 entries of a directory at a time. An entry that cannot be fetched any more
 * becomes a failure. No other thread may use the list during the call. options may be NULL, which
 * means all fields 0. Errors: -EINVAL; those of opening the root again; -ECANCELED: the metadata
 * fetched so far is kept, and a second call goes on from there; -ENOMEM: likewise, except for the
 * entries that threads were fetching. The second call also adds failures that the first had no
 * memory for.
 */
FLIST_API int flist_list_fetch(struct flist_list *list, const struct flist_fetch_options *options);

/*
 * Return the entries of a list, one after the other, in order. An item is valid until the next
 * call on the same cursor, because the path is composed in the cursor (a list stores each name
 * once). The list must outlive the cursor. Errors of flist_cursor_open: -ENOMEM.
 */
struct flist_cursor;
FLIST_API int flist_cursor_open(struct flist_cursor **cursor, const struct flist_list *list);
FLIST_API const struct flist_item *flist_cursor_next(struct flist_cursor *cursor); /* NULL: end */
FLIST_API void flist_cursor_close(struct flist_cursor *cursor); /* accepts NULL */

/* ---- Prefetching cursors: entries in order, while the tree is being walked ------------------- */

struct flist_cursor_options {
	unsigned flags;  /* of a walk: FLIST_FOLLOW, FLIST_ONE_FILESYSTEM */
	uint32_t fields; /* 0: FLIST_BASIC */
	/*
	 * How far to fetch ahead: the maximum number of entries that are fetched but not yet
	 * returned, and of names read from directories that are not yet reached. A directory is
	 * always read whole, so those that threads read at the same time may exceed the latter. 0:
	 * as far as needed for the cursor not to wait, up to 4096.
	 */
	uint32_t prefetch;
	uint32_t unused;              /* 0 */
	struct flist_threads threads; /* jobs 1: no prefetching; run must be NULL (-EINVAL) */
	flist_filter *filter;         /* as for flist_collect; NULL: keep all; of a walk only */
	flist_failed *failed;         /* NULL: none */
	void *arg;                    /* for filter and failed */
	const volatile int *cancel;   /* ends the cursor with -ECANCELED when it becomes nonzero */
	uint64_t reserved[FLIST_RESERVED]; /* 0 */
};

/*
 * Opens a cursor that walks the tree below root and returns each entry in order. The entries and
 * their order are those of the list of flist_collect, but the first entry comes at once, and the
 * tree is never in memory as a whole. For programs that process each entry in turn, such as backup
 * programs.
 *
 * The walk begins in the calling thread alone. If system calls are measured to wait, for example
 * for a network or a disk, threads read directories and fetch names ahead: as many as make the walk
 * faster, and no further than `prefetch` allows. Otherwise no thread is made. The threads share the
 * descriptor table of the program. They use at most 256 descriptors for directories, and at most a
 * quarter of the limit of the process; there are at most half as many threads as that, whatever
 * `jobs` is. If no descriptor is free, a thread waits until another one closes its own.
 * flist_cursor_close waits for the system calls that are running, and ends the threads.
 *
 * An entry that cannot be fetched is returned with its status. With FLIST_FOLLOW a dangling link
 * is returned with its own metadata. A directory that cannot be opened or read is passed to
 * `failed`, by the calling thread within flist_cursor_next, at its place in the order. Any of the
 * threads may call filter. options may be NULL, which means all fields 0. The struct may be freed
 * after this call; what it points to must outlive the cursor. Errors: those of opening the root,
 * -ENOTDIR, -EINVAL, -ENOMEM.
 */
FLIST_API int flist_cursor_walk(struct flist_cursor **cursor, const char *root,
				const struct flist_cursor_options *options);

/*
 * Opens a cursor that returns each entry of a list in order and prefetches the metadata that is
 * missing, as in a lazy list. The list is not changed and must outlive the cursor. Flags are those
 * that the list was collected with; options->flags must be 0. Errors: those of opening the root
 * again, -EINVAL, -ENOMEM.
 */
FLIST_API int flist_cursor_fetch(struct flist_cursor **cursor, const struct flist_list *list,
				 const struct flist_cursor_options *options);

/*
 * Returns why flist_cursor_next returned NULL before the end: -ECANCELED or -ENOMEM; 0 if it did
 * not.
 */
FLIST_API int flist_cursor_error(const struct flist_cursor *cursor);

#ifdef __cplusplus
}
#endif

#endif
