/*
 * One question to the kernel, without the checks that the public functions make once for many: the
 * inside of flist_stat_at for loops.
 */
#ifndef FLIST_ASK_ASK_H
#define FLIST_ASK_ASK_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>

#include "strategies/flist/flist.h"

#ifndef AT_FDCWD
#define AT_FDCWD (-100)
#endif

/* How a directory is opened that is only there to ask for its names: no right to read is needed. */
#if defined(O_PATH) && !defined(FLIST_PORTABLE)
#define FLIST_OPEN_TO_ASK O_PATH
#elif defined(O_SEARCH) && !defined(FLIST_PORTABLE)
#define FLIST_OPEN_TO_ASK O_SEARCH
#else
#define FLIST_OPEN_TO_ASK O_RDONLY
#endif

enum { FLIST_PATH_MOST = 4096 }; /* a longer one no kernel takes, nor a longer name; with the NUL */

/*
 * Where Linux shows descriptors as files: those of the thread, since threads that walk have tables
 * of their own, and /proc/self shows that of the first one.
 */
#define FLIST_DESCRIPTORS "/proc/thread-self/fd"

enum { FLIST_FIELDS = FLIST_BASIC | FLIST_BTIME | FLIST_MNT_ID };

/* What a caller's flags and fields have to pass before flist_ask. 0 or -EINVAL. */
static inline int flist_ask_check(unsigned flags, uint32_t fields)
{
	return flags & ~(unsigned)FLIST_FOLLOW || fields & ~(uint32_t)FLIST_FIELDS ? -EINVAL : 0;
}

static inline uint32_t flist_fields(uint32_t fields)
{
	return fields ? fields : FLIST_BASIC;
}

/* Makes 0 what is not valid: what nobody has answered may hold what somebody happened to know. */
void flist_keep_valid(struct flist_meta *meta);

/* As flist_stat_at; fields is not 0. On failure *meta may hold anything. */
int flist_ask(int dirfd, const char *name, unsigned flags, uint32_t fields,
	      struct flist_meta *meta);

/* What statx answers beyond struct flist_meta. */
struct flist_wide {
	uint32_t valid; /* those of FLIST_WIDE that came */
	uint64_t attributes, attributes_mask, subvol, mount;
};

enum { FLIST_WIDE = FLIST_ATTRIBUTES | FLIST_SUBVOL | FLIST_MOUNT };

/*
 * The same, and what is wanted of FLIST_WIDE, by one call; two where both mount ids are wanted,
 * since the kernel tells one at a time. Where there is no statx, nothing of FLIST_WIDE comes.
 */
int flist_ask_wide(int dirfd, const char *name, unsigned flags, uint32_t fields, uint32_t wanted,
		   struct flist_meta *meta, struct flist_wide *wide);

#endif
