/* The inside of a struct flist_dir, for those who ask for many names, with or without a cache. */
#ifndef FLIST_ASK_DIR_H
#define FLIST_ASK_DIR_H

#include <stddef.h>
#include <stdint.h>

#include "strategies/flist/flist.h"

enum {
	FLIST_PATH_MAX = 4096, /* a longer one no kernel takes, nor a longer name; with the NUL */
};

/* As flist_dir_stat, with flags and fields that flist_ask_check has passed, fields not 0. */
int flist_dir_ask(const struct flist_dir *dir, const char *name, unsigned flags, uint32_t fields,
		  struct flist_meta *meta);

/* -ENOENT or -EINVAL for what is not a name in a directory. */
int flist_dir_check(const char *name);

/*
 * The path the directory was opened by, and a slash, into buf (FLIST_PATH_MAX + 1), without a NUL.
 * Its length; 0 if it was opened by none.
 */
size_t flist_dir_prefix(const struct flist_dir *dir, char *buf);

#endif
