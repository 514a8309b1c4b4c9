#include "datasets/tree/ability.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "datasets/shape/special.h"
#include "datasets/tree/entry.h"
#include "engine/base/util.h"

#define TRIAL_NAME "statmark-trial"
#define TRIAL_FILE "statmark-trial-file" /* what links lead to */

/* Something that a shape may want, and an entry that is made to see whether it can be had. */
struct wish {
	const char *what;
	bool wanted;
	struct gen_entry entry;
};

struct trial {
	int fd;
	const char *where;
	const struct shape *shape;
	struct err *err;
};

/* What the filesystem made of it is looked at, too: some take an order and do nothing. */
static int try(const struct trial *at, const char *name, const struct gen_entry *entry)
{
	bool made;
	unlinkat(at->fd, name, 0); /* an earlier trial that was interrupted */
	int error = entry_make(at->fd, name, entry, &made);
	int difference = error ? 0 : entry_compare(at->fd, name, entry);
	unlinkat(at->fd, name, 0);
	return error ? error : difference > 0 ? -EOPNOTSUPP : difference;
}

/* Errors that say nothing about ability. */
static bool is_other(int error)
{
	return error == -ENOSPC || error == -EDQUOT || error == -EROFS || error == -EIO ||
	       error == -EACCES || error == -EMFILE || error == -ENFILE;
}

static int judge(const struct trial *at, const char *what, int error)
{
	if (!error)
		return 0;
	if (is_other(error))
		return err_errno(at->err, error, "%s", at->where);
	return err_set(at->err, -ENOTSUP, "%s: wants %s, which %s cannot have: %s%s",
		       at->shape->name, what, at->where, strerror(-error),
		       error == -EPERM ? " (only root may)" : "");
}

static bool has(const struct shape *shape, enum special_kind kind)
{
	return shape->specials & 1u << kind;
}

/* All permissions that are wanted: whoever can have these can have some of them. */
static mode_t all_modes(const struct shape *shape)
{
	mode_t mode = 0;
	for (uint32_t i = 0; i < shape->modes.n; i++)
		mode |= (mode_t)shape->modes.bins[i].lo;
	return mode;
}

static int try_entries(const struct trial *at)
{
	const struct shape *shape = at->shape;
	enum { FILE_MODE = S_IFREG | 0644 };
	uint64_t owner = shape->owners.n ? shape->owners.bins[shape->owners.n - 1].lo : 0;
	bool links = has(shape, SPECIAL_LOOPS) || has(shape, SPECIAL_DANGLING);
	const struct wish wishes[] = {
		{"symbolic links",
		 shape->symlinks.per_mille || links,
		 {.mode = S_IFLNK, .target = TRIAL_FILE}},
		{"hard links",
		 shape->hard_links.per_mille || has(shape, SPECIAL_HARD_LINKS),
		 {.mode = FILE_MODE, .is_hard_link = true, .target = TRIAL_FILE}},
		{"fifos", shape->fifos || has(shape, SPECIAL_NODES), {.mode = S_IFIFO}},
		{"sockets", shape->sockets || has(shape, SPECIAL_NODES), {.mode = S_IFSOCK}},
		{"device nodes", shape->devices, {.mode = S_IFCHR}},
		{"extended attributes",
		 shape->xattrs.per_mille,
		 {.mode = FILE_MODE,
		  .n_xattrs = (uint32_t)quantity_max(&shape->xattrs.count),
		  .xattr_size = (uint32_t)quantity_max(&shape->xattrs.size)}},
		{"such permissions", shape->modes.n, {.mode = S_IFREG | all_modes(shape)}},
		{"files of other owners",
		 shape->owners.n,
		 {.mode = FILE_MODE,
		  .owned = true,
		  .uid = (uint32_t)(owner >> 32),
		  .gid = (uint32_t)owner}},
		{"times as late as its mtime",
		 shape->mtime.n,
		 {.mode = FILE_MODE, .dated = true, .mtime = quantity_max(&shape->mtime)}},
		{"files as large as its largest",
		 shape->file_size.n,
		 {.mode = FILE_MODE, .size = quantity_max(&shape->file_size)}},
	};
	int error = 0;
	for (size_t i = 0; i < ARRAY_LEN(wishes) && !error; i++) {
		if (wishes[i].wanted)
			error = judge(at, wishes[i].what, try(at, TRIAL_NAME, &wishes[i].entry));
	}
	return error;
}

static int try_names(const struct trial *at)
{
	const struct shape *shape = at->shape;
	const struct gen_entry file = {.mode = S_IFREG | 0644};
	char longest[NAME_MAX + 1];
	uint64_t length =
		MAX(quantity_max(&shape->name_length), quantity_max(shape_lengths(shape, true)));
	if (has(shape, SPECIAL_LONG_NAMES) || has(shape, SPECIAL_BEYOND_PATH_MAX))
		length = NAME_MAX;
	memset(longest, 'x', length);
	longest[length] = '\0';
	int error = judge(at, "names as long as its longest", try(at, longest, &file));
	bool any = shape->alphabet.letters == LETTERS_ANY_BYTES || has(shape, SPECIAL_ANY_BYTES) ||
		   has(shape, SPECIAL_QUOTES);
	if (!error && any)
		error = judge(at, "names of any bytes", try(at, "\x01\n\\:*?\xc3\x28\xff", &file));
	return error;
}

int check_ability(int fd, const char *where, const struct shape *shape, struct err *err)
{
	const struct trial at = {fd, where, shape, err};
	const struct gen_entry file = {.mode = S_IFREG | 0644};
	bool made;
	if (shape->entries == 0)
		return 0;
	int error = entry_make(fd, TRIAL_FILE, &file, &made);
	if (error)
		return err_errno(err, error, "%s", where);
	error = try_names(&at);
	error = error ? error : try_entries(&at);
	unlinkat(fd, TRIAL_FILE, 0);
	return error;
}
