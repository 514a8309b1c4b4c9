#include "engine/base/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, data, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

static int fill(int fd, const void *data, size_t size)
{
	int error = write_all(fd, data, size);
	if (!error && (fchmod(fd, 0644) || fsync(fd)))
		error = -errno;
	return error;
}

int replace_file(const char *path, const void *data, size_t size, struct err *err)
{
	char *temp;
	if (asprintf(&temp, "%s.XXXXXX", path) < 0)
		return err_errno(err, -ENOMEM, "%s", path);
	int fd = mkostemp(temp, O_CLOEXEC);
	int error = fd < 0 ? -errno : fill(fd, data, size);
	if (fd >= 0) {
		if (close(fd) && !error)
			error = -errno;
		if (!error && rename(temp, path))
			error = -errno;
		if (error)
			unlink(temp);
	}
	free(temp);
	return error ? err_errno(err, error, "cannot write %s", path) : 0;
}
