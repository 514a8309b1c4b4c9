#include "datasets/tree/trial.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "datasets/shape/generator.h"
#include "datasets/shape/special.h"
#include "datasets/tree/entry.h"
#include "engine/base/util.h"

#define ENTRY  "statmark-trial"
#define TARGET "statmark-trial-file" /* of links */

static const char any_bytes[] = "\x01\n\\:*?\xc3\x28\xff";

/*
 * A feature that a shape may need, and an entry that is made to test whether the filesystem has it.
 */
struct needed_feature {
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

/* The entry is also compared afterwards, because some filesystems accept a call without effect. */
static int try(const struct trial *at, const char *name, const struct gen_entry *entry)
{
	bool made;
	unlinkat(at->fd, name, 0); /* of an earlier trial that was interrupted */
	int error = entry_make(at->fd, name, entry, &made);
	int difference = error ? 0 : entry_compare(at->fd, name, entry);
	unlinkat(at->fd, name, 0);
	return error ? error : difference > 0 ? -EOPNOTSUPP : difference;
}

/* Errors that do not show whether the filesystem supports something. */
static bool is_other(int error)
{
	return error == -ENOSPC || error == -EDQUOT || error == -EROFS || error == -EIO ||
	       error == -EACCES || error == -EMFILE || error == -ENFILE;
}

static int check_trial(const struct trial *at, const char *what, int error)
{
	if (!error)
		return 0;
	if (is_other(error))
		return err_errno(at->err, error, "cannot make files in %s", at->where);
	return err_set(at->err, -ENOTSUP,
		       "%s: the shape needs %s, which cannot be made in %s: %s%s", at->shape->name,
		       what, at->where, strerror(-error),
		       error == -EPERM ? " (only root may)" : "");
}

static bool has(const struct shape *shape, enum special_kind kind)
{
	return shape->specials & 1u << kind;
}

/* All permission bits together: a filesystem that stores these stores any of them. */
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
	const struct needed_feature features[] = {
		{"symbolic links",
		 shape->symlinks.per_mille || links,
		 {.mode = S_IFLNK, .target = TARGET}},
		{"hard links",
		 shape->hard_links.per_mille || has(shape, SPECIAL_HARD_LINKS),
		 {.mode = FILE_MODE, .is_hard_link = true, .target = TARGET}},
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
	for (size_t i = 0; i < ARRAY_LEN(features) && !error; i++) {
		if (features[i].wanted)
			error = check_trial(at, features[i].what,
					    try(at, ENTRY, &features[i].entry));
	}
	return error;
}

static bool has_any_bytes(const struct shape *shape)
{
	return shape->alphabet.letters == LETTERS_ANY_BYTES || has(shape, SPECIAL_ANY_BYTES) ||
	       has(shape, SPECIAL_QUOTES);
}

static void longest_name(const struct shape *shape, char name[NAME_MAX + 1])
{
	uint64_t length =
		MAX(quantity_max(&shape->name_length), quantity_max(shape_lengths(shape, true)));
	if (has(shape, SPECIAL_LONG_NAMES) || has(shape, SPECIAL_BEYOND_PATH_MAX))
		length = NAME_MAX;
	memset(name, 'x', length);
	name[length] = '\0';
}

static int try_names(const struct trial *at)
{
	const struct gen_entry file = {.mode = S_IFREG | 0644};
	char longest[NAME_MAX + 1];
	longest_name(at->shape, longest);
	int error = check_trial(at, "names as long as its longest", try(at, longest, &file));
	if (!error && has_any_bytes(at->shape))
		error = check_trial(at, "names of any bytes", try(at, any_bytes, &file));
	return error;
}

int trial_make(int fd, const char *where, const struct shape *shape, struct err *err)
{
	const struct trial at = {fd, where, shape, err};
	const struct gen_entry file = {.mode = S_IFREG | 0644};
	bool made;
	if (shape->entries == 0)
		return 0;
	int error = entry_make(fd, TARGET, &file, &made);
	if (error)
		return err_errno(err, error, "cannot make files in %s", where);
	error = try_names(&at);
	error = error ? error : try_entries(&at);
	unlinkat(fd, TARGET, 0);
	return error;
}

/* A trial may have been killed before the size was set, or after. */
static bool is_largest(const struct shape *shape, const struct stat *st)
{
	return shape->file_size.n && st->st_blocks == 0 && st->st_size >= 0 &&
	       (uint64_t)st->st_size == quantity_max(&shape->file_size);
}

bool trial_left(unsigned i, const struct shape *shape, char name[NAME_MAX + 1])
{
	static const char *const names[] = {TARGET, ENTRY, NULL, any_bytes};
	const unsigned n = has_any_bytes(shape) ? 4 : 3;
	if (i >= n)
		return false;
	if (names[i])
		memcpy(name, names[i], strlen(names[i]) + 1);
	else
		longest_name(shape, name);
	return true;
}

bool trial_is_scrap(const char *name, const struct shape *shape, const struct stat *st)
{
	const bool is_entry = strcmp(name, ENTRY) == 0;
	if (S_ISREG(st->st_mode))
		return st->st_size == 0 || (is_entry && is_largest(shape, st));
	return is_entry && !S_ISDIR(st->st_mode);
}
