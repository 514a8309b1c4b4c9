/*
 * Fetches metadata of one entry, without the checks of the public functions: flist_stat_at for
 * loops that have checked the arguments once.
 */
#ifndef FLIST_ASK_ASK_H
#define FLIST_ASK_ASK_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>

#include "strategies/flist/flist.h"

#ifndef AT_FDCWD
#define AT_FDCWD (-100)
#endif

/*
 * Access mode for a directory that is opened only to fetch names in it. If possible it needs no
 * read permission.
 */
#if defined(O_PATH) && !defined(FLIST_PORTABLE)
#define FLIST_OPEN_TO_ASK O_PATH
#elif defined(O_SEARCH) && !defined(FLIST_PORTABLE)
#define FLIST_OPEN_TO_ASK O_SEARCH
#else
#define FLIST_OPEN_TO_ASK O_RDONLY
#endif

enum { FLIST_PATH_MOST = 4096 }; /* the kernel's limit of a path, and so of a name, with the NUL */

/*
 * The directory in which Linux shows open descriptors as files. It is that of the thread: threads
 * of a walk have descriptor tables of their own, and /proc/self shows that of the main thread.
 */
#define FLIST_DESCRIPTORS "/proc/thread-self/fd"

enum { FLIST_FIELDS = FLIST_BASIC | FLIST_BTIME | FLIST_MNT_ID };

/* Checks the flags and fields of a caller, as flist_ask needs them. 0 or -EINVAL. */
static inline int flist_ask_check(unsigned flags, uint32_t fields)
{
	return flags & ~(unsigned)FLIST_FOLLOW || fields & ~(uint32_t)FLIST_FIELDS ? -EINVAL : 0;
}

static inline uint32_t flist_fields(uint32_t fields)
{
	return fields ? fields : FLIST_BASIC;
}

/*
 * Sets the fields whose bits are not in meta->valid to 0. The kernel may have written other values
 * there.
 */
void flist_keep_valid(struct flist_meta *meta);

/*
 * Like flist_stat_at, without its checks; fields is not 0. After an error the content of *meta is
 * undefined.
 */
int flist_ask(int dirfd, const char *name, unsigned flags, uint32_t fields,
	      struct flist_meta *meta);

/*
 * Whether this error, of a name of an open directory with FLIST_FOLLOW, means that the name is a
 * link that leads nowhere, or in a loop: its target does not exist, is below a file or is too long.
 */
static inline bool flist_is_dangling(int ret)
{
	return ret == -ENOENT || ret == -ENOTDIR || ret == -ELOOP || ret == -ENAMETOOLONG;
}

/* What only statx(2) fetches. */
struct flist_wide {
	uint32_t valid; /* enum flist_extra_field: those of FLIST_WIDE that were fetched */
	uint64_t attributes, attributes_mask, subvol, mount;
};

enum { FLIST_WIDE = FLIST_ATTRIBUTES | FLIST_SUBVOL | FLIST_MOUNT };

/*
 * Like flist_ask; also fetches `wanted`, fields of FLIST_WIDE. It makes one system call; two if
 * both kinds of mount id are wanted, since the kernel returns one of them per call. If statx is not
 * available, no field of FLIST_WIDE is fetched: wide->valid is 0.
 */
int flist_ask_wide(int dirfd, const char *name, unsigned flags, uint32_t fields, uint32_t wanted,
		   struct flist_meta *meta, struct flist_wide *wide);

#endif
