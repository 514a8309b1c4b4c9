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

/*
 * Mount points of every Linux system, that stay where they are when we are gone. Not below /proc or
 * /sys, where each path is looked up the slow way.
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

/* Users keep their number, and may mount. Their groups but the first are lost to setgroups. */
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

/* Whether the path, or what of it is there already, lies in the directory. */
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

/* Empty, and not where anything is to be kept. */
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
			       "there is no place to mount filesystems on: none of /media, /mnt, "
			       "/srv, /usr/local/games and /opt is an empty directory that nothing "
			       "is to be written into");
	int error = unshare(CLONE_NEWNS) ? -errno : 0;
	if (error == -EPERM)
		error = unshare_as_user();
	if (error)
		return err_set(err, -ENOTSUP,
			       "cannot make filesystems: mounts of our own are refused: %s; be "
			       "root, or allow user namespaces",
			       strerror(-error));
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) ||
	    mount("statmark", found, "tmpfs", MS_NOATIME | MS_NOSUID, "mode=0755"))
		return err_set(err, -ENOTSUP, "cannot make filesystems: mount on %s: %s", found,
			       strerror(errno));
	place = found;
	return 0;
}

const char *lab_place(void)
{
	return place;
}
