#include "engine/base/unnamed.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/util.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

/* Some filesystems cannot create a file without a name: then it has a name for a moment. */
int unnamed_file_in(const char *dir)
{
	char path[PATH_MAX];
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0700);
	if (fd >= 0)
		return fd;
	if (snprintf(path, sizeof(path), "%s/statmark-XXXXXX", dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	unlink(path);
	if (fchmod(fd, 0700) == 0)
		return fd;
	close(fd);
	return -EPERM;
}

static int in_memory(const char *purpose, unsigned flags)
{
	int fd = memfd_create(purpose, MFD_CLOEXEC | flags);
	return fd < 0 ? -errno : fd;
}

/* Replaces fd by -EACCES if it may not be executed, as after noexec of a mount. */
static int runnable(int fd)
{
	char path[64];
	if (fd < 0)
		return fd;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (access(path, X_OK) == 0)
		return fd;
	close(fd);
	return -EACCES;
}

/* Returns error if no directory can have such a file. */
static int in_a_directory(bool runs, int error)
{
	const char *const dirs[] = {getenv("TMPDIR"), "/tmp", "/dev/shm"};
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		int fd = dirs[i] && *dirs[i] ? unnamed_file_in(dirs[i]) : -ENOENT;
		fd = runs ? runnable(fd) : fd;
		if (fd >= 0)
			return fd;
	}
	return error;
}

int unnamed_file(const char *purpose)
{
	int fd = in_memory(purpose, 0);
	return fd == -EPERM || fd == -EACCES || fd == -ENOSYS ? in_a_directory(false, fd) : fd;
}

/*
 * With the sysctl vm.memfd_noexec=1 a file without MFD_EXEC cannot be executed, with 2 one with it
 * is refused. Linux before 6.3 does not know the flag.
 */
int unnamed_program(const char *purpose)
{
	int fd = in_memory(purpose, MFD_EXEC);
	if (fd == -EINVAL)
		fd = in_memory(purpose, 0);
	fd = runnable(fd);
	return fd < 0 ? in_a_directory(true, fd) : fd;
}

int unnamed_seal(int *fd)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", *fd);
	int reading = open(path, O_RDONLY | O_CLOEXEC);
	if (reading < 0)
		return -errno;
	close(*fd);
	*fd = reading;
	return 0;
}
