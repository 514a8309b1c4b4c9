#include "engine/lab/mount.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/util.h"
#include "engine/lab/lab.h"

enum {
	BUSY_MS = 1000,
	BUSY_CHECK_MS = 10,
};

/* Options of the mount itself; all others are options of the filesystem. */
static const struct {
	const char *name;
	unsigned clear, set;
} attributes[] = {
	{"noatime", MOUNT_ATTR__ATIME, MOUNT_ATTR_NOATIME},
	{"relatime", MOUNT_ATTR__ATIME, MOUNT_ATTR_RELATIME},
	{"strictatime", MOUNT_ATTR__ATIME, MOUNT_ATTR_STRICTATIME},
	{"nodiratime", 0, MOUNT_ATTR_NODIRATIME},
	{"nodev", 0, MOUNT_ATTR_NODEV},
	{"nosuid", 0, MOUNT_ATTR_NOSUID},
	{"noexec", 0, MOUNT_ATTR_NOEXEC},
};

static bool is_attribute(const char *option, unsigned *flags)
{
	for (size_t i = 0; i < ARRAY_LEN(attributes); i++) {
		if (strcmp(attributes[i].name, option) == 0) {
			*flags = (*flags & ~attributes[i].clear) | attributes[i].set;
			return true;
		}
	}
	return false;
}

static int set_option(int fs, const char *option)
{
	char key[256];
	const char *value = strchr(option, '=');
	if (!value)
		return fsconfig(fs, FSCONFIG_SET_FLAG, option, NULL, 0);
	if (snprintf(key, sizeof(key), "%.*s", (int)(value - option), option) >= (int)sizeof(key)) {
		errno = EINVAL;
		return -1;
	}
	return fsconfig(fs, FSCONFIG_SET_STRING, key, value + 1, 0);
}

static int configure(int fs, const struct mounting *m, unsigned *flags)
{
	if (fsconfig(fs, FSCONFIG_SET_STRING, "source", m->source, 0))
		return -1;
	if (m->read_only && fsconfig(fs, FSCONFIG_SET_FLAG, "ro", NULL, 0))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(m->own) && m->own[i]; i++) {
		if (set_option(fs, m->own[i]))
			return -1;
	}
	for (size_t i = 0; i < m->n_options; i++) {
		if (!is_attribute(m->options[i], flags) && set_option(fs, m->options[i]))
			return -1;
	}
	return fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

/* The kernel's error messages are read one per read(2), as "e words". */
static int complain(int fs, const struct mounting *m, int error, struct err *err)
{
	char words[256];
	ssize_t n;
	while ((n = read(fs, words, sizeof(words) - 1)) > 0) {
		words[n] = '\0';
		words[strcspn(words, "\n")] = '\0';
		if (strncmp(words, "e ", 2) == 0)
			return err_set(err, error, "cannot mount %s: the kernel says '%s'", m->type,
				       words + 2);
	}
	return err_errno(err, error, "cannot mount %s", m->type);
}

int lab_mount(const char *dir, const struct mounting *m, struct err *err)
{
	unsigned flags = MOUNT_ATTR_NOATIME | (m->read_only ? MOUNT_ATTR_RDONLY : 0);
	int fs = fsopen(m->type, FSOPEN_CLOEXEC);
	if (fs < 0 && errno == ENODEV)
		return err_set(err, -ENOTSUP, "this kernel has no %s", m->type);
	if (fs < 0)
		return err_set(err, -ENOTSUP, "cannot mount %s: %s", m->type, strerror(errno));
	int top = configure(fs, m, &flags) ? -1 : fsmount(fs, FSMOUNT_CLOEXEC, flags);
	int error = top < 0 ? complain(fs, m, -errno, err) : 0;
	if (!error && move_mount(top, "", AT_FDCWD, dir, MOVE_MOUNT_F_EMPTY_PATH))
		error = err_errno(err, -errno, "cannot mount %s on %s", m->type, dir);
	if (top >= 0)
		close(top);
	close(fs);
	return error;
}

int lab_unmount(const char *dir)
{
	for (int waited = 0; umount2(dir, UMOUNT_NOFOLLOW); waited += BUSY_CHECK_MS) {
		if (errno != EBUSY || waited >= BUSY_MS)
			return -errno;
		usleep(BUSY_CHECK_MS * 1000);
	}
	return 0;
}

/*
 * Directories of every Linux system that still exist when this process has ended. None is below
 * /proc or /sys, where path lookups are slower.
 */
static const char *const places[] = {"/media", "/mnt", "/srv", "/usr/local/games", "/opt"};

static const char *place;

static bool is_empty(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	if (!stream) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	int names = 0;
	while (names <= 2 && readdir(stream))
		names++;
	closedir(stream);
	return names == 2;
}

static int write_line(const char *path, const char *line)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int error = write(fd, line, strlen(line)) < 0 ? -errno : 0;
	close(fd);
	return error;
}

/*
 * Maps the user's own uid, so that it keeps its number, and may mount. All groups but the first are
 * lost.
 */
static int unshare_as_user(void)
{
	const unsigned user = geteuid(), group = getegid();
	char line[64];
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		return -errno;
	write_line("/proc/self/setgroups", "deny");
	snprintf(line, sizeof(line), "%u %u 1", user, user);
	int error = write_line("/proc/self/uid_map", line);
	snprintf(line, sizeof(line), "%u %u 1", group, group);
	return error ? error : write_line("/proc/self/gid_map", line);
}

/* Whether the path, or its existing part, is in the directory. */
static bool is_below(const char *path, const char *dir)
{
	char *text = strdup(path), *real = NULL;
	while (text && !(real = realpath(text, NULL))) {
		char *slash = strrchr(text, '/');
		if (!slash)
			real = realpath(".", NULL);
		if (!slash || slash == text)
			break;
		*slash = '\0';
	}
	const size_t len = strlen(dir);
	const bool below = real && strncmp(real, dir, len) == 0 && (!real[len] || real[len] == '/');
	free(real);
	free(text);
	return below;
}

/* Empty, and not above a path that has to be kept. */
static bool is_free(const char *dir, const char *const *kept)
{
	for (; *kept; kept++) {
		if (is_below(*kept, dir))
			return false;
	}
	return is_empty(dir);
}

int lab_enter(const char *const *kept, struct err *err)
{
	const char *found = NULL;
	if (place)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(places) && !found; i++)
		found = is_free(places[i], kept) ? places[i] : NULL;
	if (!found)
		return err_set(err, -ENOTSUP,
			       "cannot make filesystems: none of /media, /mnt, /srv, "
			       "/usr/local/games and /opt is an empty directory outside the paths "
			       "of this run; empty one of them");
	int error = unshare(CLONE_NEWNS) ? -errno : 0;
	if (error == -EPERM)
		error = unshare_as_user();
	if (error)
		return err_set(err, -ENOTSUP,
			       "cannot make filesystems: a private mount namespace was refused: "
			       "%s; run as root, or allow user namespaces",
			       strerror(-error));
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) ||
	    mount("statmark", found, "tmpfs", MS_NOATIME | MS_NOSUID, "mode=0755"))
		return err_set(err, -ENOTSUP, "cannot make filesystems: cannot mount on %s: %s",
			       found, strerror(errno));
	place = found;
	return 0;
}

const char *lab_place(void)
{
	return place;
}
