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

int unnamed_file(const char *purpose)
{
	const char *const dirs[] = {getenv("TMPDIR"), "/tmp", "/dev/shm"};
	int fd = memfd_create(purpose, MFD_CLOEXEC);
	int error = fd < 0 ? -errno : 0;
	if (error != -EPERM && error != -EACCES && error != -ENOSYS)
		return error ? error : fd;
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		fd = dirs[i] && *dirs[i] ? unnamed_file_in(dirs[i]) : -ENOENT;
		if (fd >= 0)
			return fd;
	}
	return error;
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
