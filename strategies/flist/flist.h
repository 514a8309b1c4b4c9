/*
 * libflist: file metadata, fetched as fast as Linux gives it, for programs that ask a lot.
 *
 * Every function that can fail returns 0 or -errno and writes its answer where the caller says.
 * Handles are opaque; pass them to any thread. A path is any bytes but NUL. What is shared between
 * callers is const and counted: a result is valid until its flist_meta_unref, whatever happens to
 * the object that gave it out.
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
 * Structs of options end with room for those of later versions, so programs that were built with
 * this header work with later libraries of the same soname. It has to be 0, as it is where fields
 * are named in an initializer; a call is refused with -EINVAL when it is not: a program that was
 * built with a later header asks for what this library does not know.
 */
enum { FLIST_RESERVED = 4 };

/* ---- Metadata: one struct for every way of asking ---------------------------------------- */

/* Which fields of a struct flist_meta hold an answer. The bits are those of statx(2). */
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
	FLIST_BASIC = 0x07ff, /* all of the above: what stat(2) answers */
	FLIST_BTIME = 0x0800,
	FLIST_MNT_ID = 0x1000,
};

/* Fields without a bit in valid are 0. */
struct flist_meta {
	uint64_t ino;
	uint64_t dev, rdev; /* as st_dev and st_rdev; always valid, like blksize */
	uint64_t size;      /* bytes */
	uint64_t blocks;    /* of 512 bytes */
	uint64_t mnt_id;
	/* Since the epoch; what lies before 1677 or after 2262 is the nearest that fits. */
	int64_t atime_ns, mtime_ns, ctime_ns, btime_ns;
	uint32_t mode;
	uint32_t nlink, uid, gid;
	uint32_t blksize; /* preferred size of reads and writes, bytes */
	uint32_t valid;   /* enum flist_field */
};

/* How to ask. Unknown bits are refused with -EINVAL. */
enum flist_flag {
	FLIST_FOLLOW = 1 << 0,         /* of a symbolic link: its target's metadata, not its own */
	FLIST_ONE_FILESYSTEM = 1 << 1, /* collect: mount points are entries, but not entered */
	FLIST_LAZY = 1 << 2,           /* collect: names and types only, metadata later if at all */
	FLIST_ITSELF = 1 << 3, /* of "": what the descriptor is open on (flist_stat_at, extra) */
	FLIST_BULK = 1 << 4,   /* collect: from the filesystem's tables, if that can be done */
	/* With it: sizes may be as before the last sync, with lazytime also times of access, of a
	   btrfs all. */
	FLIST_NO_SYNC = 1 << 5,
};

/*
 * The call by which these fields (0: FLIST_BASIC) are asked for: "statx", "fstatat" or "lstat". All
 * of FLIST_BASIC is asked of fstatat, other sets of fields of statx; where a call does not work
 * (an old kernel, a seccomp filter, the build), the next one. The same for every function below.
 */
FLIST_API const char *flist_backend(uint32_t fields);

/* Asks for one path, with or without FLIST_FOLLOW, for FLIST_BASIC. Errors: those of stat(2). */
FLIST_API int flist_stat(const char *path, unsigned flags, struct flist_meta *meta);

/*
 * Asks for a name on the descriptor of its directory (AT_FDCWD: the working directory; a path is a
 * name too), and only for the fields wanted (0: FLIST_BASIC). meta->valid says which came: fewer
 * where the back end or the filesystem has not got them, more where they cost nothing.
 * With FLIST_ITSELF the name is "", and the answer is of what the descriptor is open on, as that of
 * fstat(2). Errors: those of fstatat(2); -EINVAL for unknown flags or fields.
 */
FLIST_API int flist_stat_at(int dirfd, const char *name, unsigned flags, uint32_t fields,
			    struct flist_meta *meta);

/* ---- Extra: what backup programs ask for beside metadata ------------------------------------ */

/*
 * What a struct flist_extra can hold. Each field is answered or unknown, never guessed: what a
 * kernel, a filesystem or the build cannot tell is unknown, which is no failure.
 */
enum flist_extra_field {
	FLIST_XATTRS = 1 << 0,       /* names of extended attributes, and acl */
	FLIST_XATTR_VALUES = 1 << 1, /* the same with values */
	FLIST_LINK = 1 << 2,         /* of a symbolic link: its target */
	FLIST_ATTRIBUTES = 1 << 3,   /* those of statx(2), e.g. immutable, compressed */
	FLIST_SUBVOL = 1 << 4,       /* of btrfs and bcachefs; Linux 6.10 */
	FLIST_MOUNT = 1 << 5,        /* mount id that is never used again; Linux 6.8 */
	FLIST_HANDLE = 1 << 6,       /* by name_to_handle_at(2) */
	FLIST_XFLAGS = 1 << 7,       /* inode flags */
	FLIST_PROJECT = 1 << 8,      /* project id, of quotas */
	FLIST_EXTRA_ALL = (1 << 9) - 1,
};

struct flist_xattr {
	const char *name;  /* any bytes, NUL-terminated, with its namespace: "user.mime_type" */
	const void *value; /* any bytes; NULL unless status is 0 */
	size_t size;       /* of the value, bytes: 0 to 65536 */
	int status;        /* 0; -ENODATA: not asked for, or gone meanwhile; or why it failed */
};

/* Which ACLs of POSIX an entry has: those beyond its mode. */
enum flist_acl { FLIST_ACL_ACCESS = 1 << 0, FLIST_ACL_DEFAULT = 1 << 1 };

/*
 * Made by the library only, so later versions may add to its end. Fields without a bit in valid are
 * 0. Whoever may not see an attribute does not find it: those in "trusted." need CAP_SYS_ADMIN.
 */
struct flist_extra {
	uint32_t valid; /* enum flist_extra_field */
	uint32_t acl;   /* enum flist_acl */
	const struct flist_xattr *xattrs;
	size_t n_xattrs;  /* 0, too, where the filesystem has none at all */
	const char *link; /* any bytes, NUL-terminated; NULL: it is no symbolic link */
	size_t link_len;  /* bytes */
	uint64_t attributes, attributes_mask; /* STATX_ATTR_; known are those in the mask */
	uint64_t subvol, mount;
	const unsigned char *handle;
	uint32_t handle_len; /* bytes: 0 to 128 */
	int32_t handle_type;
	uint32_t xflags; /* FS_XFLAG_ of linux/fs.h */
	uint32_t project;
	int16_t status[16]; /* of the field 1 << i: 0; -ENODATA: not asked for; -EOPNOTSUPP: cannot
			       be told here; or why it failed */
};

/*
 * An object that asks, and holds its answers until it is asked again; one for each thread. It has
 * room for all that most entries have, so that asking allocates nothing. -ENOMEM.
 */
FLIST_API int flist_extra_new(struct flist_extra **extra);
FLIST_API void flist_extra_free(struct flist_extra *extra); /* accepts NULL */

/*
 * Asks for fields (enum flist_extra_field) of a name on the descriptor of its directory, as
 * flist_stat_at does: of a symbolic link itself, with FLIST_FOLLOW of its target, with FLIST_ITSELF
 * of the descriptor itself (not one of O_PATH: -EBADF for attributes and flags). Nothing but
 * files and directories is ever opened, and those only for xflags where the kernel has no
 * file_getattr (before 6.17), and for attributes where there is neither listxattrat (6.13) nor
 * /proc.
 *
 * 0, or the error of the first field that failed; extra->status has that of each, and the others
 * are answered all the same. Errors: those of stat(2), open(2), listxattr(2), getxattr(2); -E2BIG:
 * the names have more than 64 KiB, which the kernel does not tell. -EINVAL: unknown flags or
 * fields, and -ENOMEM: nothing is answered.
 */
FLIST_API int flist_extra_ask(struct flist_extra *extra, int dirfd, const char *name,
			      unsigned flags, uint32_t fields);

/*
 * The call by which names of attributes are asked for: "listxattrat", "llistxattr" or "flistxattr",
 * the next one where one does not work (an old kernel, a seccomp filter). NULL: none of them does.
 */
FLIST_API const char *flist_xattr_backend(void);

/* ---- Threads: how a call that works in parallel gets them ---------------------------------- */

typedef void flist_job(void *arg, unsigned index);

/* How many jobs a call goes on with, and what was seen before. */
struct flist_decision {
	uint64_t at_ns;   /* since the call began */
	uint64_t wait_ns; /* from one call of the kernel to the next, of each job */
	uint64_t rate;    /* calls answered per second, all jobs together */
	unsigned before, jobs;
};

/*
 * All zero: as many threads as pay, which the call finds out while it works: the calling thread
 * begins, and where there is enough to do others join it: one for every CPU that the caller may
 * use, and more where calls wait for a network or a disk. They are made by the call and gone after
 * it. They take no signals, and each has a copy of the descriptor table, which makes their calls
 * faster: what the program closes meanwhile is closed at their end. So a descriptor that a callback
 * (started, filter, each, ...) opens in such a thread is of that thread alone, and gone with it.
 */
struct flist_threads {
	unsigned jobs; /* 0: as many as pay; 1: the calling thread does it all */

	/* Called first in every thread that the library makes (index 1 ..), e.g. to pin it. */
	void (*started)(void *arg, unsigned index);

	/*
	 * A pool of the caller's, instead of threads of the library's: calls job(job_arg, i) once
	 * for each i below jobs, at once or one after the other, and returns when all are done.
	 * 0, or -errno if it has called none.
	 */
	int (*run)(void *arg, unsigned jobs, flist_job *job, void *job_arg);
	void *arg; /* for all of them */

	/* Where jobs is 0: */
	uint32_t most; /* no more than so many; 0: 128 */
	uint32_t cpus; /* for so many CPUs; 0: those that the calling thread may use */
	/* Called when the number of jobs changes, in one of them; never by two at once. */
	void (*decided)(void *arg, const struct flist_decision *decision);
#if UINTPTR_MAX == UINT32_MAX
	uint32_t unused; /* 0; so that it is as large as it was */
#endif
	uint64_t reserved[FLIST_RESERVED - 2]; /* 0 */
};

/*
 * How many jobs a call with these threads has at most, so that a program can have something for
 * each: what callbacks get as index or worker is less. threads->jobs; where that is 0, as many as
 * `most` says, or with a caller's pool, one for each CPU. threads may be NULL, which is the same as
 * all zero.
 */
FLIST_API unsigned flist_jobs(const struct flist_threads *threads);

/* ---- Directory batch: names on a directory that is opened once ------------------------------ */

struct flist_dir;

/*
 * Needs the right to search the directory, not to read it. A final symbolic link is followed.
 * Errors: those of open(2), -ENOTDIR, -ENOMEM.
 */
FLIST_API int flist_dir_open(struct flist_dir **dir, const char *path);

/*
 * The same from a descriptor that the caller has, for instance of a directory whose path is too
 * long; O_PATH will do. flist_dir_close closes it. Its names have no path, so no cache holds them.
 * Errors: -ENOMEM, with the descriptor left as it is.
 */
FLIST_API int flist_dir_fdopen(struct flist_dir **dir, int fd);
FLIST_API void flist_dir_close(struct flist_dir *dir); /* accepts NULL */

/*
 * Metadata of one name in the directory. A name is one component: -ENOENT for an empty one, -EINVAL
 * with a slash and for "." and "..". How long a name may be is for the filesystem to say.
 */
FLIST_API int flist_dir_stat(struct flist_dir *dir, const char *name, unsigned flags,
			     uint32_t fields, struct flist_meta *meta);

/*
 * The same for n names: metas[i] and statuses[i] (0 or -errno, and then metas[i] is all zero)
 * answer names[i]. Returns how many succeeded. -EINVAL, with nothing asked, for unknown flags or
 * fields.
 */
FLIST_API ptrdiff_t flist_dir_stat_many(struct flist_dir *dir, const char *const *names, size_t n,
					unsigned flags, uint32_t fields, struct flist_meta *metas,
					int *statuses);

/*
 * The same until *cancel becomes nonzero, which is looked at before each name: the others are not
 * asked for, and have the status -ECANCELED. cancel may be NULL.
 */
FLIST_API ptrdiff_t flist_dir_stat_until(struct flist_dir *dir, const char *const *names, size_t n,
					 unsigned flags, uint32_t fields,
					 const volatile int *cancel, struct flist_meta *metas,
					 int *statuses);

/* ---- Parallel fetch: many names, many threads ----------------------------------------------- */

struct flist_where {
	struct flist_dir *dir; /* NULL: name is a path */
	const char *name;
};

struct flist_many_options {
	unsigned flags;  /* FLIST_FOLLOW */
	uint32_t fields; /* 0: FLIST_BASIC */
	/*
	 * NULL: none. Otherwise answers are taken from it and kept in it. It knows a name in a
	 * directory by the path that the directory was opened by, a slash, and the name. What it
	 * has not got is asked with the fields wanted and FLIST_BASIC, or by its own fetch.
	 */
	struct flist_cache *cache;
	struct flist_threads threads; /* never more of them than names */
	const volatile int *cancel;   /* ends the call with -ECANCELED when it becomes nonzero */
	uint64_t reserved[FLIST_RESERVED]; /* 0 */
};

/*
 * metas[i] and statuses[i] (0 or -errno, and then metas[i] is all zero) answer wheres[i]; errors
 * are those of flist_stat_at, flist_dir_stat or flist_cache_get. Threads take neighbouring ones in
 * small batches, so entries of one directory are best left together. Where the number of jobs is
 * found out, and there is no cache, so is whether to open the directory of neighbouring paths and
 * to ask for their names in it, one descriptor for each thread; of a directory that is moved
 * meanwhile the answers may be those of where it went. options may be NULL. Errors, of the call as
 * a whole: -EINVAL, with nothing asked; -ECANCELED (as are the statuses that were
 * not reached); what the caller's pool returned.
 */
FLIST_API int flist_stat_many(const struct flist_where *wheres, size_t n,
			      const struct flist_many_options *options, struct flist_meta *metas,
			      int *statuses);

/* ---- Cache: each path is asked for once, the answer is shared ---------------------------- */

struct flist_cache;

/*
 * How a cache asks: fills *meta and returns 0, or returns -errno. Called without locks by any
 * thread, but by two at once for the same path and flags only when the first one's answer has been
 * removed meanwhile. Must not get the same path from the same cache: it would wait for itself.
 */
typedef int flist_fetch(void *arg, const char *path, unsigned flags, struct flist_meta *meta);

struct flist_cache_options {
	size_t capacity;    /* most entries it holds; 0: no limit */
	int keep_errors;    /* nonzero: an error is an answer too, and is not asked for again */
	flist_fetch *fetch; /* NULL: flist_stat */
	void *arg;          /* for fetch */
	uint64_t reserved[FLIST_RESERVED]; /* 0 */
};

/*
 * Makes an empty cache; options may be NULL, which is the same as all zero.
 *
 * The capacity is split evenly among the shards. A shard that is full gives up an entry that was
 * not asked for again since the last time round (CLOCK), so the length never exceeds the capacity
 * and may stay a few percent below it. Errors: -EINVAL, -ENOMEM.
 */
FLIST_API int flist_cache_new(struct flist_cache **cache,
			      const struct flist_cache_options *options);

/* No other thread may be using the cache. Results already given out stay valid. Accepts NULL. */
FLIST_API void flist_cache_free(struct flist_cache *cache);

/*
 * Gives the metadata of path, asking for it if nobody has. Threads that want the same path at the
 * same time cause one system call and get the same answer: *meta points to the same object for
 * everybody until the entry is replaced, removed or given up. The caller ends with
 * flist_meta_unref.
 *
 * Errors: those of the fetch, which everyone who waited for it gets, and which are then forgotten
 * unless keep_errors; -EINVAL; -ENOMEM, with the cache as it was. *meta is NULL then.
 */
FLIST_API int flist_cache_get(struct flist_cache *cache, const char *path, unsigned flags,
			      const struct flist_meta **meta);

/* The same without ever asking: -ENODATA when the answer is not there. Counts as no lookup. */
FLIST_API int flist_cache_peek(struct flist_cache *cache, const char *path, unsigned flags,
			       const struct flist_meta **meta);

/* Puts in a copy of what the caller knows, in place of what was there. -EINVAL, -ENOMEM. */
FLIST_API int flist_cache_insert(struct flist_cache *cache, const char *path, unsigned flags,
				 const struct flist_meta *meta);

/*
 * Forgets one answer, or all. A get that begins after this returns never sees metadata that was
 * asked for before it was called, not even by a get still under way. Clearing also sets hits and
 * misses to 0; it goes shard by shard, so it is not one instant in a cache that is in use.
 */
FLIST_API void flist_cache_remove(struct flist_cache *cache, const char *path, unsigned flags);
FLIST_API void flist_cache_clear(struct flist_cache *cache);

/* Entries held, kept errors included, requests under way not. */
FLIST_API size_t flist_cache_length(struct flist_cache *cache);

/*
 * Exact counts of gets since the cache was made or cleared: answered without a fetch of their own
 * (waiting for another's included), and with one. The hit rate is hits / (hits + misses), 0 to 1; 0
 * when nothing was asked for.
 */
FLIST_API uint64_t flist_cache_hits(struct flist_cache *cache);
FLIST_API uint64_t flist_cache_misses(struct flist_cache *cache);
FLIST_API double flist_cache_hit_rate(struct flist_cache *cache);

/*
 * Share and let go of a result that came from a cache. unref accepts NULL; ref returns its
 * argument.
 */
FLIST_API const struct flist_meta *flist_meta_ref(const struct flist_meta *meta);
FLIST_API void flist_meta_unref(const struct flist_meta *meta);

/* ---- Collect: a whole tree as one sorted list ----------------------------------------------- */

/* One entry. The root itself is none. */
struct flist_item {
	const char *path; /* relative to the root, any bytes, NUL-terminated */
	const char *name; /* its last component, within path */
	size_t path_len;  /* bytes */
	uint32_t depth;   /* 1 in the root */
	uint32_t type;    /* S_IFMT bits; 0: not known */
	int status;       /* 0; -ENODATA: lazy, not asked for yet; or why asking failed */
	const struct flist_meta *meta;   /* NULL unless status is 0 */
	const struct flist_extra *extra; /* NULL unless asked for, and status is 0 */
};

/* What could not be done; the list holds everything else. */
struct flist_failure {
	const char *path; /* relative to the root; "" for the root itself */
	int error;        /* errno, positive */
	enum flist_step {
		FLIST_STEP_OPEN,
		FLIST_STEP_READ,
		FLIST_STEP_STAT,
		FLIST_STEP_EXTRA
	} step;
};

enum flist_choice {
	FLIST_KEEP,
	FLIST_SKIP,  /* leave it out, and whatever is below */
	FLIST_PRUNE, /* keep it, but do not enter it */
};

/*
 * Both are called by several threads at once, before (filter) and after (each) an entry is asked
 * for; worker tells the threads apart, 0 .. jobs - 1. The item is valid during the call. Whatever
 * but 0 from each ends the call with it (use -errno).
 */
typedef enum flist_choice flist_filter(void *arg, unsigned worker, const struct flist_item *item);
typedef int flist_each(void *arg, unsigned worker, const struct flist_item *item);

/* Called like each, with what could not be done; for those who keep no list to find it in. */
typedef void flist_failed(void *arg, unsigned worker, const struct flist_failure *failure);

/*
 * In which order a tree is walked. It changes what a cold disk has to read when, never the list,
 * which is sorted by name. None of them: entries of a directory are asked for by name, but
 * directories first where calls wait, and the directory found last is entered first.
 */
enum flist_walk_order {
	FLIST_BY_INODE = 1 << 0, /* entries are asked for by inode number, some 2000 at a time */
	FLIST_BREADTH = 1 << 1,  /* directories are entered in the order they were found in */
};

struct flist_collect_options {
	unsigned flags;  /* enum flist_flag */
	uint32_t fields; /* 0: FLIST_BASIC */
	struct flist_threads threads;
	flist_filter *filter; /* NULL: keep all */
	flist_each *each;     /* NULL: none; entries come in no order, as soon as known */
	flist_failed *failed; /* NULL: none */
	void *arg;            /* for filter, each and failed */
	/*
	 * Ends the call with -ECANCELED when it becomes nonzero: looked at before every call of the
	 * kernel that reads a directory or asks for an entry.
	 */
	const volatile int *cancel;
	/*
	 * enum flist_extra_field; 0: none. Each entry then comes with item->extra, right after its
	 * metadata and by the same thread; one that cannot be asked for all of it stays in the
	 * list, with what there is, and is a failure (FLIST_STEP_EXTRA). Not with FLIST_LAZY.
	 */
	uint64_t extra;
	uint64_t order;                        /* enum flist_walk_order */
	uint64_t reserved[FLIST_RESERVED - 2]; /* 0 */
};

struct flist_list;

/*
 * Walks the tree below root and lists it, sorted by the bytes of the relative path. Threads take
 * directories, read them with large buffers, ask for each name on the open directory at once, and
 * sort while it is hot: the list comes out in order by itself. Where calls are measured to wait, as
 * they do for a network, several threads ask for the names of one directory, and more threads than
 * CPUs join (see struct flist_threads). list may be NULL: then nothing is kept but the directories'
 * names, for programs that only want each. options may be NULL.
 *
 * One unreadable directory or vanished entry never loses the rest: it is a failure in the list.
 * What stat says of an entry counts; a directory that has become something else meanwhile is not
 * entered, and without FLIST_FOLLOW no link is ever walked through. With it links are entered like
 * directories, except one that leads back to a directory it lies in: a failure with ELOOP; a link
 * that leads nowhere, or round in a circle, is an entry with its own metadata. Holds at most
 * eleven descriptors per thread, three where there are few, and takes time and memory in proportion
 * to the entries however deep they lie.
 *
 * Errors: those of opening the root, -ENOTDIR, -EINVAL, -ENOMEM, -ECANCELED, what each returned;
 * *list is NULL then. A list is whole or it is not given out.
 */
FLIST_API int flist_collect(struct flist_list **list, const char *root,
			    const struct flist_collect_options *options);
FLIST_API void flist_list_free(struct flist_list *list); /* accepts NULL */

/*
 * With FLIST_BULK: names and metadata are read from the tables of the filesystem on its device,
 * which is many times as fast as asking for each entry. The list is the same, and so are order,
 * failures and callbacks. It works for ext4, ext3, ext2, btrfs and xfs, as root; not with
 * FLIST_FOLLOW, not with extra (but for FLIST_XATTRS on ext4, ext3 and ext2), and of an xfs not
 * with FLIST_LAZY. An xfs is asked by calls, but for many entries at once, and gains less. Else the
 * call does what it does without the flag, so a program may always set it. The device is only read.
 * What changes during the call is asked for as without the flag, of a btrfs it may be listed as it
 * was when the call began; what lies on other filesystems and in other subvolumes is asked for,
 * too. First syncfs(2) is called, unless there is FLIST_NO_SYNC: files get their blocks, and some
 * their sizes, only when they are written to the device, and a btrfs has in its tree what was there
 * at its last commit (mostly every 30 s).
 *
 * 0: a call with these options (NULL: none but FLIST_BULK) would begin so. -ENOTSUP: it would not,
 * and *why says why, in words that stay; why may be NULL. Errors: those of flist_collect.
 */
FLIST_API int flist_bulk_check(const char *root, const struct flist_collect_options *options,
			       const char **why);

/* How a list was made. By the library only, so later versions may add to its end. */
struct flist_how {
	int bulk;            /* nonzero: tables were read */
	const char *why_not; /* FLIST_BULK was asked for: why not, or not to the end; or NULL */
	uint64_t by_tables;  /* entries that came from tables */
};

FLIST_API const struct flist_how *flist_list_how(const struct flist_list *list);

FLIST_API size_t flist_list_length(const struct flist_list *list);
FLIST_API const struct flist_failure *flist_list_failures(const struct flist_list *list, size_t *n);
FLIST_API size_t flist_list_bytes(const struct flist_list *list); /* of heap that it holds */

struct flist_fetch_options {
	uint32_t fields; /* 0: FLIST_BASIC */
	struct flist_threads threads;
	const volatile int *cancel; /* ends the call with -ECANCELED when it becomes nonzero */
	uint64_t extra;             /* enum flist_extra_field, as of collect; 0: none */
	uint64_t reserved[FLIST_RESERVED - 1]; /* 0 */
};

/*
 * A lazy list: asks for the metadata of all entries that have none yet, in parallel; those that
 * cannot be had any more become failures. Nobody may be reading the list. options may be NULL.
 * Errors: -EINVAL, those of opening the root again; -ECANCELED, -ENOMEM: what was had is kept, and
 * the call may be made again. Failures that there was no memory to list come with that next call.
 */
FLIST_API int flist_list_fetch(struct flist_list *list, const struct flist_fetch_options *options);

/*
 * Entries one after the other, in order. Paths are put together as they are looked at (a list
 * holds each name once), so an item is valid until the next call on the same cursor.
 */
struct flist_cursor;
FLIST_API int flist_cursor_open(struct flist_cursor **cursor, const struct flist_list *list);
FLIST_API const struct flist_item *flist_cursor_next(struct flist_cursor *cursor); /* NULL: end */
FLIST_API void flist_cursor_close(struct flist_cursor *cursor); /* accepts NULL */

/* ---- Cursors that ask: every entry in order, before the whole tree is known ------------------ */

struct flist_cursor_options {
	unsigned flags;  /* of a walk: FLIST_FOLLOW, FLIST_ONE_FILESYSTEM */
	uint32_t fields; /* 0: FLIST_BASIC */
	/*
	 * Most entries that are asked for before they are given, and most names of directories that
	 * are read before it is their turn (of one directory always all). 0: as many as it takes
	 * for the cursor not to wait, up to 4096.
	 */
	uint32_t prefetch;
	uint32_t unused;              /* 0 */
	struct flist_threads threads; /* jobs 1: nothing is asked ahead; no pool (run) */
	flist_filter *filter;         /* as of collect; NULL: keep all; of a walk only */
	flist_failed *failed;         /* NULL: none */
	void *arg;                    /* for filter and failed */
	const volatile int *cancel;   /* ends the cursor with -ECANCELED when it becomes nonzero */
	uint64_t reserved[FLIST_RESERVED]; /* 0 */
};

/*
 * For programs that need every entry in order and do something with each: a cursor over the tree
 * below root, which walks it while it is gone through, and gives what the list of flist_collect
 * would have, in the same order. It begins in the calling thread alone. Where calls are measured to
 * wait, as they do for a network or a disk, threads run ahead over the directories and names to
 * come; as many as pay, and only as far as `prefetch` says, so a tree of any size needs little
 * memory. They share the descriptors of the program, at most 256 for directories and a quarter of
 * what the process may have, and there are never more threads than half of that, whatever `jobs`
 * says. Where descriptors are short who needs one waits until another thread is done with its own.
 * Threads are gone when the cursor is closed, which waits for the calls under way. Where calls do
 * not wait no thread is made.
 *
 * An entry that cannot be asked for is given with its status; so are links that lead nowhere, with
 * FLIST_FOLLOW, with their own metadata. What cannot be opened or read is told to `failed` by the
 * calling thread, within flist_cursor_next, when it is its turn. filter is called by any of the
 * threads. options may be NULL, and need not outlive the call, but what they point to has to.
 * Errors: those of opening the root, -ENOTDIR, -EINVAL, -ENOMEM.
 */
FLIST_API int flist_cursor_walk(struct flist_cursor **cursor, const char *root,
				const struct flist_cursor_options *options);

/*
 * The same over a list, which has to outlive the cursor and stays as it is: what has no metadata in
 * it, as in a lazy one, is asked for ahead, and given with the answer. Flags are those that it was
 * collected with (options->flags is 0). Errors: those of opening the root again, -EINVAL, -ENOMEM.
 */
FLIST_API int flist_cursor_fetch(struct flist_cursor **cursor, const struct flist_list *list,
				 const struct flist_cursor_options *options);

/* Why a cursor has ended before its time: -ECANCELED, -ENOMEM; 0: it has not. */
FLIST_API int flist_cursor_error(const struct flist_cursor *cursor);

#ifdef __cplusplus
}
#endif

#endif
