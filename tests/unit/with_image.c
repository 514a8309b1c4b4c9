#include "tests/unit/with_image.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/scratch.h"

static bool fill(int at)
{
	char name[64];
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		if (mkdirat(at, name, 0755))
			return false;
		for (int k = 0; k < 30; k++) {
			snprintf(name, sizeof(name), "d%d/%d-of-many", i, k);
			if (!scratch_file(at, name, 0))
				return false;
		}
	}
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "d7/more-of-them-than-elsewhere-%d", i);
		if (!scratch_file(at, name, 0))
			return false;
	}
	return symlinkat("d1", at, "link") == 0;
}

/* Some that have room in an inode, and some that do not; 0: none can be set here. */
static int add_attributes(const struct scratch *tree)
{
	static const char value[200];
	char path[PATH_MAX + 32], name[32];
	int n = 0;
	for (int i = 0; i < 30; i++) {
		snprintf(path, sizeof(path), "%s/d%d/%d-of-many", tree->path, i % 20, i);
		for (int k = 0; k <= i % 10; k++) {
			snprintf(name, sizeof(name), "user.name-%d", k);
			n += setxattr(path, name, value, (size_t)i, 0) == 0;
		}
		n += i % 3 == 0 && setxattr(path, "user.long", value, sizeof(value), 0) == 0;
	}
	return n;
}

/* Runs mkfs.ext4 on a tree; 0 if that worked. */
static int make(const char *options, const char *tree, const char *image)
{
	char command[3 * PATH_MAX];
	int status = -1;
	snprintf(command, sizeof(command),
		 "PATH=$PATH:/usr/sbin:/sbin mkfs.ext4 -qF %s -N 2048 -d %s %s 2048k >/dev/null "
		 "2>&1",
		 options, tree, image);
	const pid_t child = fork();
	if (child == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	return child > 0 && waitpid(child, &status, 0) == child ? status : -1;
}

int image_make(const char *options, unsigned char *bytes)
{
	struct scratch tree, place;
	char path[PATH_MAX + 8];
	int fd = -1, file = -1;
	if (!scratch_make(&tree) || !scratch_make(&place))
		return -1;
	snprintf(path, sizeof(path), "%s/image", place.path);
	if (fill(tree.fd) && add_attributes(&tree) >= 0 && make(options, tree.path, path) == 0)
		file = open(path, O_RDONLY | O_CLOEXEC);
	if (file >= 0 && read(file, bytes, IMAGE_SIZE) == IMAGE_SIZE)
		fd = memfd_create("image", MFD_CLOEXEC);
	if (file >= 0)
		close(file);
	scratch_remove(&tree);
	scratch_remove(&place);
	return fd >= 0 && write(fd, bytes, IMAGE_SIZE) == IMAGE_SIZE ? fd : -1;
}
