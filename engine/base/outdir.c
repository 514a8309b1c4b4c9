#include "engine/base/outdir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "engine/base/output.h"
#include "engine/base/util.h"

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, DIR_MODE = 0755 };

static const char lock_name[] = ".statmark-lock";

/* On many systems each user has a group with the same number, which has no other members. */
static bool group_is_private(const struct stat *st)
{
	return st->st_gid == st->st_uid && st->st_uid == geteuid();
}

static int check_rights(const struct outdir *dir, struct err *err)
{
	static const char advice[] = "choose another directory with -o, or give --force-output";
	struct stat st;
	/* Checked before measuring, so that no results are lost. */
	if (faccessat(dir->fd, ".", W_OK | X_OK, AT_EACCESS))
		return err_errno(err, -errno, "cannot write into %s", dir->path);
	if (fstat(dir->fd, &st))
		return err_errno(err, -errno, "cannot stat %s", dir->path);
	if (dir->forced)
		return 0;
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return err_set(err, -EINVAL,
			       "%s belongs to another user (uid %u), who can change what is "
			       "written there; %s",
			       dir->path, (unsigned)st.st_uid, advice);
	mode_t others = st.st_mode & (group_is_private(&st) ? 0002 : 0022);
	if (others && !(st.st_mode & S_ISVTX))
		return err_set(err, -EINVAL,
			       "other users may write in %s (mode %04o), and change what is "
			       "written there; %s",
			       dir->path, (unsigned)st.st_mode & 07777, advice);
	return 0;
}

/* Takes ownership of path. */
static int open_at(struct outdir *dir, int above, const char *name, char *path, bool forced,
		   enum target_trust trust, struct err *err)
{
	struct output_target target;
	*dir = (struct outdir){.fd = -1, .lock = -1, .path = path, .forced = forced};
	int error = path ? target_find(&target, above, name, trust, err) : -ENOMEM;
	if (!error) {
		dir->fd = openat(target.dir, target.name, DIR_FLAGS);
		error = dir->fd < 0 ? -errno : check_rights(dir, err);
		target_release(&target);
	}
	if (error) {
		err_errno(err, error, "cannot open %s", path ? path : name);
		outdir_close(dir);
	}
	return error;
}

int outdir_open(struct outdir *dir, const char *path, bool forced, struct err *err)
{
	*dir = OUTDIR_NONE;
	int error = make_dirs(path);
	if (error)
		return err_errno(err, error, "cannot make the directory %s", path);
	return open_at(dir, AT_FDCWD, path, strdup(path), forced, TARGET_USUAL, err);
}

static char *path_below(const struct outdir *above, const char *name)
{
	char *path;
	return asprintf(&path, "%s/%s", above->path, name) < 0 ? NULL : path;
}

int outdir_open_below(struct outdir *dir, const struct outdir *above, const char *name,
		      struct err *err)
{
	char *path = path_below(above, name);
	*dir = OUTDIR_NONE;
	if (mkdirat(above->fd, name, DIR_MODE) && errno != EEXIST) {
		int error =
			err_errno(err, -errno, "cannot make the directory %s", path ? path : name);
		free(path);
		return error;
	}
	return open_at(dir, above->fd, name, path, above->forced, TARGET_OURS, err);
}

int outdir_make(struct outdir *dir, const struct outdir *above, const char *stem, struct err *err)
{
	char *name = NULL;
	int error = -EEXIST;
	*dir = OUTDIR_NONE;
	for (unsigned i = 1; error == -EEXIST && i < 10000; i++) {
		free(name);
		if (asprintf(&name, i > 1 ? "%s-%u" : "%s", stem, i) < 0)
			return err_errno(err, -ENOMEM, "%s", above->path);
		error = mkdirat(above->fd, name, DIR_MODE) ? -errno : 0;
	}
	if (error)
		err_errno(err, error, "cannot make the directory %s/%s", above->path, name);
	else
		error = open_at(dir, above->fd, name, path_below(above, name), above->forced,
				TARGET_OURS, err);
	free(name);
	return error;
}

/*
 * Some NFS mounts refuse to lock a directory, but not a file in it. The file is empty and is not
 * removed.
 */
static int lock_file(struct outdir *dir)
{
	const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dir->fd, lock_name, flags, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		int error = -errno;
		close(fd);
		return error;
	}
	dir->lock = fd;
	return 0;
}

int outdir_lock(struct outdir *dir, struct err *err)
{
	int error = flock(dir->fd, LOCK_EX | LOCK_NB) ? -errno : 0;
	if (error && error != -EWOULDBLOCK)
		error = lock_file(dir);
	if (error == -EWOULDBLOCK)
		return err_set(
			err, -EBUSY,
			"%s: another statmark is writing there; wait until it ends, or choose "
			"another directory with -o",
			dir->path);
	return error ? err_errno(err, error, "cannot lock %s", dir->path) : 0;
}

int outdir_write(const struct outdir *dir, const char *name, const void *data, size_t size,
		 struct err *err)
{
	if (!dir)
		return output_write(name, data, size, err);
	char *path = path_below(dir, name);
	int error = path ? output_write_at(dir->fd, name, path, data, size, err)
			 : err_errno(err, -ENOMEM, "%s", name);
	free(path);
	return error;
}

void outdir_remove(const struct outdir *dir, const char *name)
{
	unlinkat(dir->fd, name, 0);
}

int outdir_link(const struct outdir *dir, const char *name, const char *to, struct err *err)
{
	struct stat st;
	char *temp;
	int error = 0;
	if (fstatat(dir->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISLNK(st.st_mode))
		return err_set(err, -EEXIST, "%s/%s is not a symbolic link; it was left as it is",
			       dir->path, name);
	if (asprintf(&temp, ".statmark-%s-%ld.tmp", name, (long)getpid()) < 0)
		return err_errno(err, -ENOMEM, "%s/%s", dir->path, name);
	unlinkat(dir->fd, temp, 0);
	if (symlinkat(to, dir->fd, temp) || renameat(dir->fd, temp, dir->fd, name)) {
		error = err_errno(err, -errno, "cannot make the link %s/%s", dir->path, name);
		unlinkat(dir->fd, temp, 0);
	}
	free(temp);
	return error;
}

void outdir_close(struct outdir *dir)
{
	if (dir->lock >= 0)
		close(dir->lock);
	if (dir->fd >= 0)
		close(dir->fd);
	free(dir->path);
	*dir = OUTDIR_NONE;
}
