#include "engine/base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

enum { TEMP_SIZE = 40, TEMP_TRIES = 100 };

struct bytes {
	const char *data;
	size_t size;
};

static int write_all(int fd, struct bytes bytes)
{
	while (bytes.size > 0) {
		ssize_t n = write(fd, bytes.data, bytes.size);
		if (n < 0)
			return -errno;
		bytes.data += n;
		bytes.size -= (size_t)n;
	}
	return 0;
}

static int finish(int fd, int error)
{
	if (close(fd) && !error)
		error = -errno;
	return error;
}

/* --- Files that are replaced ----------------------------------------------------------------- */

/* If the group cannot be kept, the new group gets no permissions. */
static int keep_rights(int fd, const struct stat *old)
{
	mode_t mode = old->st_mode & 07777;
	struct stat now;
	if (fchown(fd, old->st_uid, old->st_gid) && fchown(fd, (uid_t)-1, old->st_gid))
		mode &= 0707;
	if (fstat(fd, &now))
		return -errno;
	if (now.st_uid != old->st_uid || now.st_gid != old->st_gid)
		mode &= 0777; /* no set-user-ID bit for another owner */
	return fchmod(fd, mode) ? -errno : 0;
}

static int replace(const struct replacement *r, struct bytes bytes)
{
	int fd = openat(r->dir, r->temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			r->mode);
	if (fd < 0)
		return -errno;
	int error = write_all(fd, bytes);
	if (!error && r->old)
		error = keep_rights(fd, r->old);
	if (!error && fsync(fd))
		error = -errno;
	error = finish(fd, error);
	if (!error && renameat(r->dir, r->temp, r->dir, r->name))
		error = -errno;
	if (error)
		unlinkat(r->dir, r->temp, 0);
	return error;
}

/* Signals that end the program are blocked, because they would leave the temporary file behind. */
int output_replace(const struct replacement *replacement, const void *data, size_t size)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	sigset_t held, before;
	sigemptyset(&held);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		sigaddset(&held, numbers[i]);
	pthread_sigmask(SIG_BLOCK, &held, &before);
	int error = replace(replacement, (struct bytes){data, size});
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

/* By a temporary file with a name that was not in use. */
static int replace_target(const struct output_target *t, struct bytes bytes)
{
	char temp[TEMP_SIZE];
	const struct replacement replacement = {
		.dir = t->dir,
		.name = t->name,
		.temp = temp,
		.mode = t->st.st_mode ? 0600 : 0666,
		.old = t->st.st_mode ? &t->st : NULL,
	};
	int error = -EEXIST;
	for (int i = 0; i < TEMP_TRIES && error == -EEXIST; i++) {
		uint64_t number;
		if (getrandom(&number, sizeof(number), 0) != sizeof(number))
			return -EIO;
		snprintf(temp, TEMP_SIZE, ".statmark-%016" PRIx64 ".tmp", number);
		error = output_replace(&replacement, bytes.data, bytes.size);
	}
	return error;
}

/*
 * --- Files that are written in place -------------------------------------------------------------
 */

/* The descriptor that /proc/self/fd/NUMBER refers to, or -1 if the target is not such a link. */
static int own_descriptor(const struct output_target *t)
{
	struct stat here, own;
	char *end;
	if (fstat(t->dir, &here) || stat("/proc/self/fd", &own) || here.st_dev != own.st_dev ||
	    here.st_ino != own.st_ino)
		return -1;
	long number = strtol(t->name, &end, 10);
	return *end || number > INT32_MAX ? -1 : (int)number;
}

/*
 * If the target is a descriptor of this process, it is duplicated: opening it again would start at
 * the beginning of the file. O_EXCL refuses a block device that is in use (for example mounted).
 */
static int open_existing(const struct output_target *t)
{
	int flags = O_WRONLY | O_CLOEXEC | O_NOCTTY;
	int own = S_ISLNK(t->st.st_mode) ? own_descriptor(t) : -1;
	if (own >= 0)
		return fcntl(own, F_DUPFD_CLOEXEC, 3);
	flags |= S_ISLNK(t->st.st_mode) ? O_TRUNC : O_NOFOLLOW;
	flags |= S_ISREG(t->st.st_mode) ? O_TRUNC : 0;
	flags |= S_ISBLK(t->st.st_mode) ? O_EXCL : 0;
	return openat(t->dir, t->name, flags);
}

static int write_in_place(const struct output_target *t, struct bytes bytes)
{
	struct stat now;
	int fd = open_existing(t);
	if (fd < 0)
		return -errno;
	int error = fstat(fd, &now) ? -errno : 0;
	if (!error && !S_ISLNK(t->st.st_mode) &&
	    (now.st_dev != t->st.st_dev || now.st_ino != t->st.st_ino))
		error = -ESTALE; /* another process has replaced it */
	error = error ? error : write_all(fd, bytes);
	if (!error && S_ISREG(now.st_mode) && fsync(fd))
		error = -errno;
	return finish(fd, error);
}

int output_overwrite(int dir, const char *name, const void *data, size_t size)
{
	int fd = openat(dir, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int error = write_all(fd, (struct bytes){data, size});
	if (!error && (ftruncate(fd, (off_t)size) || fsync(fd)))
		error = -errno;
	return finish(fd, error);
}

/* --- Both ------------------------------------------------------------------------------------ */

/*
 * In a directory of results, a file of another user is replaced without keeping its owner and mode.
 */
static int disown(struct output_target *t)
{
	if (!t->st.st_mode || t->st.st_uid == geteuid() || t->st.st_uid == 0)
		return 0;
	if (!S_ISREG(t->st.st_mode) && !S_ISDIR(t->st.st_mode))
		return -EPERM;
	if (S_ISREG(t->st.st_mode))
		t->st.st_mode = 0;
	return 0;
}

static int write_target(struct output_target *t, struct bytes bytes, enum target_trust trust)
{
	int error = trust == TARGET_OURS ? disown(t) : 0;
	if (error)
		return error;
	if (S_ISDIR(t->st.st_mode))
		return -EISDIR;
	if (t->st.st_mode && !S_ISREG(t->st.st_mode))
		return write_in_place(t, bytes);
	error = replace_target(t, bytes);
	bool may_not = error == -EACCES || error == -EPERM || error == -EBUSY;
	if (may_not && t->st.st_mode && trust == TARGET_USUAL)
		error = write_in_place(t, bytes);
	return error;
}

static int write_path(int dir, const char *path, const char *shown, struct bytes bytes,
		      enum target_trust trust, struct err *err)
{
	struct output_target target;
	size_t length = strlen(path);
	int error = length && path[length - 1] == '/' ? -EISDIR : 0;
	if (!error)
		error = target_find(&target, dir, path, trust, err);
	if (!error) {
		error = write_target(&target, bytes, trust);
		target_release(&target);
	}
	if (error == -EFBIG) /* -EFBIG would mean that a document read is too long */
		return err_set(err, -ENOSPC,
			       "cannot write %s: larger than this filesystem or "
			       "ulimit -f allows",
			       shown);
	return error ? err_errno(err, error, "cannot write %s", shown) : 0;
}

int output_write(const char *path, const void *data, size_t size, struct err *err)
{
	return write_path(AT_FDCWD, path, path, (struct bytes){data, size}, TARGET_USUAL, err);
}

int output_write_at(int dir, const char *name, const char *shown, const void *data, size_t size,
		    struct err *err)
{
	return write_path(dir, name, shown, (struct bytes){data, size}, TARGET_OURS, err);
}

int output_check(const char *path, struct err *err)
{
	struct output_target t;
	int error = target_find(&t, AT_FDCWD, path, TARGET_USUAL, err);
	if (error)
		return err_errno(err, error, "cannot write %s", path);
	if (S_ISDIR(t.st.st_mode))
		error = -EISDIR;
	else if (!t.st.st_mode && faccessat(t.dir, ".", W_OK | X_OK, AT_EACCESS))
		error = -errno;
	else if (t.st.st_mode && faccessat(t.dir, t.name, W_OK, AT_EACCESS))
		error = -errno;
	target_release(&t);
	return error ? err_errno(err, error, "cannot write %s", path) : 0;
}

enum { LINKS_MAX = 40 }; /* as in Linux */

/* Splits "a/b/c/" into "a/b/" and "c"; for "/" the name is ".". */
static int split(const char *path, char **parent, char **name)
{
	size_t end = strlen(path);
	while (end > 0 && path[end - 1] == '/')
		end--;
	size_t begin = end;
	while (begin > 0 && path[begin - 1] != '/')
		begin--;
	*parent = begin ? strndup(path, begin) : strdup(end || !*path ? "." : "/");
	*name = end ? strndup(path + begin, end - begin) : strdup(".");
	return *parent && *name ? 0 : -ENOMEM;
}

/* Opens the directory of `path`, and looks up its last component without following it. */
static int resolve_step(struct output_target *t, int from, const char *path)
{
	char *parent = NULL;
	int error = *path ? split(path, &parent, &t->name) : -ENOENT;
	if (!error)
		t->dir = openat(from, parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (!error && t->dir < 0)
		error = -errno;
	free(parent);
	if (error || fstatat(t->dir, t->name, &t->st, AT_SYMLINK_NOFOLLOW) == 0)
		return error;
	t->st = (struct stat){0};
	return errno == ENOENT ? 0 : -errno;
}

static bool is_of_proc(int fd)
{
	struct statfs fs;
	return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

static int check_owner(const struct output_target *t, const char *path, enum target_trust trust,
		       struct err *err)
{
	struct stat dir;
	uid_t owner = t->st.st_uid;
	if (fstat(t->dir, &dir))
		return -errno;
	if (owner == geteuid() || owner == (trust == TARGET_OURS ? 0 : dir.st_uid))
		return 0;
	return err_set(err, -EPERM,
		       "%s is a symbolic link of another user (uid %u), which is not followed; "
		       "name the file that it leads to",
		       path, (unsigned)owner);
}

static int follow(const struct output_target *t, char to[PATH_MAX])
{
	ssize_t n = readlinkat(t->dir, t->name, to, PATH_MAX - 1);
	if (n < 0)
		return -errno;
	to[n] = '\0';
	return 0;
}

int target_find(struct output_target *target, int dir, const char *path, enum target_trust trust,
		struct err *err)
{
	char to[PATH_MAX];
	*target = (struct output_target){.dir = -1};
	int error = resolve_step(target, dir, path);
	for (int links = 0; !error && S_ISLNK(target->st.st_mode); links++) {
		struct output_target next = {.dir = -1};
		if (is_of_proc(target->dir))
			return 0;
		error = links < LINKS_MAX ? check_owner(target, path, trust, err) : -ELOOP;
		error = error ? error : follow(target, to);
		error = error ? error : resolve_step(&next, target->dir, to);
		target_release(target);
		*target = next;
	}
	if (error)
		target_release(target);
	return error;
}

void target_release(struct output_target *target)
{
	if (target->dir >= 0)
		close(target->dir);
	free(target->name);
	*target = (struct output_target){.dir = -1};
}
