#include "tests/unit/with_image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/scratch.h"

/* ---- Making it ------------------------------------------------------------------------------- */

static bool fill(int at, int directories)
{
	char name[64];
	for (int i = 0; i < directories; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		if (mkdirat(at, name, 0755))
			return false;
		for (int k = 0; k < 30; k++) {
			snprintf(name, sizeof(name), "d%d/%d-of-many", i, k);
			if (!scratch_file(at, name, 0))
				return false;
		}
	}
	for (int i = 0; i < 5 * directories; i++) {
		snprintf(name, sizeof(name), "d1/more-of-them-than-elsewhere-%d", i);
		if (!scratch_file(at, name, 0))
			return false;
	}
	return symlinkat("d1", at, "link") == 0;
}

/* Some that have room in an inode, and some that do not; 0: none can be set here. */
static int add_attributes(const struct scratch *tree, int directories)
{
	static const char value[200];
	char path[PATH_MAX + 64], name[32];
	int n = 0;
	for (int i = 0; i < 30; i++) {
		snprintf(path, sizeof(path), "%s/d%d/%d-of-many", tree->path, i % directories, i);
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

int image_make(const char *options, int directories, unsigned char *bytes)
{
	struct scratch tree, place;
	char path[PATH_MAX + 8];
	int fd = -1, file = -1;
	if (!scratch_make(&tree) || !scratch_make(&place))
		return -1;
	snprintf(path, sizeof(path), "%s/image", place.path);
	if (fill(tree.fd, directories) && add_attributes(&tree, directories) >= 0 &&
	    make(options, tree.path, path) == 0)
		file = open(path, O_RDONLY | O_CLOEXEC);
	if (file >= 0 && read(file, bytes, IMAGE_SIZE) == IMAGE_SIZE)
		fd = memfd_create("image", MFD_CLOEXEC);
	if (file >= 0)
		close(file);
	scratch_remove(&tree);
	scratch_remove(&place);
	return fd >= 0 && write(fd, bytes, IMAGE_SIZE) == IMAGE_SIZE ? fd : -1;
}

/* ---- Reading it ------------------------------------------------------------------------------ */

#define ensure(condition)                                                                          \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: not %s\n", __FILE__, __LINE__, #condition);        \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

void image_read_attributes(struct flist_ext4_reader *reader, uint32_t ino, struct image_seen *seen)
{
	char text[4096];
	uint32_t kinds;
	const long len = flist_ext4_xattrs(reader, ino, text, sizeof(text), &kinds);
	ensure(len == -EAGAIN || (len >= 0 && len <= (long)sizeof(text)));
	ensure(len <= 0 || text[len - 1] == '\0');
	seen->attributes += len > 0;
	seen->unknown += len < 0;
}

/* Directories whose names are still to be read. */
struct todo {
	uint32_t *inodes;
	size_t n, capacity;
};

static void add(struct todo *todo, uint32_t ino)
{
	if (todo->n == todo->capacity) {
		todo->capacity = todo->capacity ? 2 * todo->capacity : 64;
		todo->inodes = realloc(todo->inodes, todo->capacity * sizeof(*todo->inodes));
		ensure(todo->inodes);
	}
	todo->inodes[todo->n++] = ino;
}

static void read_name(struct flist_ext4_reader *reader, const struct flist_name *name,
		      struct todo *todo, struct image_seen *seen)
{
	const struct flist_disk_inode *inode = flist_ext4_inode(reader, name->number);
	ensure(strlen(name->text) == name->len);
	seen->names++;
	seen->known += inode != NULL;
	if (!inode)
		return;
	const bool is_directory = S_ISDIR(inode->mode);
	image_read_attributes(reader, name->number, seen);
	if (is_directory)
		add(todo, name->number);
}

/* Goes from directory to directory, as a walk; each is given out once, so there are no circles. */
static void read_tree(struct flist_ext4_reader *reader, struct image_seen *seen)
{
	struct flist_names names = {.n = 0};
	struct todo todo = {.n = 0};
	add(&todo, IMAGE_ROOT);
	while (todo.n > 0) {
		if (flist_ext4_names(reader, todo.inodes[--todo.n], &names)) {
			seen->refused++;
			continue;
		}
		if (names.n > 0)
			flist_names_sort(&names);
		for (size_t i = 0; i < names.n; i++)
			read_name(reader, &names.all[i], &todo, seen);
	}
	flist_names_release(&names);
	free(todo.inodes);
}

int image_read(int fd, struct image_seen *seen)
{
	struct flist_ext4 *fs;
	const char *why;
	*seen = (struct image_seen){0};
	const int ret = flist_ext4_open(&fs, fd, INT64_MAX, &why);
	if (ret) {
		ensure(!fs);
		ensure(ret != -ENOTSUP || why);
		return ret;
	}
	struct flist_ext4_reader reader = {.fs = fs};
	flist_ext4_want_xattrs(fs);
	read_tree(&reader, seen);
	flist_ext4_reader_release(&reader);
	flist_ext4_free(fs);
	return 0;
}
