/*
 * A filesystem that misbehaves on purpose, one way at a time, for tests. It speaks the FUSE
 * protocol on /dev/fuse itself, because libfuse filters names and attributes. The server is a child
 * that dies with the process that mounted, and then the kernel answers every request with ENOTCONN;
 * the mount is in a namespace of that process. So nothing survives it, however it ends, and nobody
 * waits for ever. Needs root.
 *
 * The tree, in every mode: f0 .. f11 (files of 4096 bytes), d0 and d1 (f0 .. f11 in each), and
 * l0, a symbolic link to f0. fs_modes says what else there is, and what is wrong.
 */
#ifndef TESTS_FS_FS_H
#define TESTS_FS_FS_H

enum fs_fault {
	FS_GOOD,
	FS_LONG_NAMES,      /* n0 .. n3: names of 256, 1023, 2048 and 4095 bytes */
	FS_UNSTABLE_INODES, /* another inode number at every look */
	FS_VANISHING,       /* v0 .. v3 are listed, but ENOENT when asked for */
	FS_ALL_VANISHING,   /* so is everything but the root */
	FS_READDIR_EINVAL,  /* d0 cannot be read beyond its third entry */
	FS_READDIR_EIO,     /* the same */
	FS_OPENDIR_EACCES,  /* d0 cannot be opened */
	FS_OPENDIR_ESTALE,  /* the same */
	FS_ENDLESS,         /* d0 lists e0, e1, ... and never ends */
	FS_DELAY,           /* nothing but what number says */
	FS_CROWDED,     /* d0 and d1 have 300 files each; not listed: many, with 1000, and busiest,
			   whose size is the most questions under way at once about entries of one
			   directory */
	FS_HANGING,     /* h0 is listed, and a question about it is never answered */
	FS_HANGING_DIR, /* the same, and h0 is listed as a directory */
	FS_WRONG_TYPES, /* listings say file of directories, and directory of files */
	FS_UNKNOWN_TYPES,  /* listings say DT_UNKNOWN */
	FS_DUPLICATES,     /* f0 is listed twice */
	FS_SLASH,          /* a name with a slash is listed: the kernel makes EIO of it */
	FS_DOTS,           /* "." and ".." are listed twice */
	FS_EMPTY_NAME,     /* a name of no bytes is listed: the kernel makes EIO of it */
	FS_NUL_NAME,       /* a name that begins with NUL is listed */
	FS_LATE_TIMES,     /* f0 is from beyond 2^34 s */
	FS_LARGE_SIZE,     /* f0 and f1 have 2^63 - 1 bytes each, twice as many as a sum holds */
	FS_TOO_LARGE_SIZE, /* f0 has 2^63 bytes: the kernel makes EIO of it */
	FS_ODD_INODES,     /* f0 is inode 0, f1 is 2^64 - 1 */
	FS_UNSTABLE_SIZES, /* another size and number of blocks at every look */
	FS_UNSTABLE_LINKS, /* another number of links at every look */
	FS_UNSTABLE_TIMES, /* another mtime at every look */
	FS_FAULTS
};

struct fs_mode {
	const char *name;
	enum fs_fault fault;
};

static const struct fs_mode fs_modes[FS_FAULTS] = {
	{"good", FS_GOOD},
	{"long-names", FS_LONG_NAMES},
	{"unstable-inodes", FS_UNSTABLE_INODES},
	{"vanishing", FS_VANISHING},
	{"all-vanishing", FS_ALL_VANISHING},
	{"readdir-einval", FS_READDIR_EINVAL},
	{"readdir-eio", FS_READDIR_EIO},
	{"opendir-eacces", FS_OPENDIR_EACCES},
	{"opendir-estale", FS_OPENDIR_ESTALE},
	{"endless", FS_ENDLESS},
	{"delay", FS_DELAY},
	{"crowded", FS_CROWDED},
	{"hanging", FS_HANGING},
	{"hanging-dir", FS_HANGING_DIR},
	{"wrong-types", FS_WRONG_TYPES},
	{"unknown-types", FS_UNKNOWN_TYPES},
	{"duplicates", FS_DUPLICATES},
	{"slash", FS_SLASH},
	{"dots", FS_DOTS},
	{"empty-name", FS_EMPTY_NAME},
	{"nul-name", FS_NUL_NAME},
	{"late-times", FS_LATE_TIMES},
	{"large-size", FS_LARGE_SIZE},
	{"too-large-size", FS_TOO_LARGE_SIZE},
	{"odd-inodes", FS_ODD_INODES},
	{"unstable-sizes", FS_UNSTABLE_SIZES},
	{"unstable-links", FS_UNSTABLE_LINKS},
	{"unstable-times", FS_UNSTABLE_TIMES},
};

/*
 * Mounts a mode on dir, an existing directory, for this process and its children alone. Every
 * lookup, getattr, opendir and readdir takes `number` us, and many are served at once. 0; -EPERM or
 * another -errno: this process may not.
 */
int fs_mount(const char *dir, enum fs_fault fault, unsigned number);

/* Ends the server and takes the mount away; requests under way end with ENOTCONN. */
void fs_unmount(const char *dir);

#endif
