#ifndef FLIST_PORTABLE
#include "strategies/flist/bulk/device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "strategies/flist/ask/ask.h"
#include "strategies/flist/list/arena.h"

enum { NAME_ROOM = 256, PATH_ROOM = 4096 };

/* A line of /proc/self/mountinfo, split in place. */
struct mount_row {
	uint64_t id, dev;
	char *point, *options, *type, *more_options;
};

static int refuse(const char **why, const char *words)
{
	*why = words;
	return -ENOTSUP;
}

/* ---- Files of /proc and /sys ----------------------------------------------------------------- */

/* Returns the content of a file, NUL-terminated; the caller frees it. NULL: it cannot be read. */
static char *read_file(const char *path)
{
	char *text = NULL;
	size_t used = 0, room = 0;
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : 1;
	while (n > 0) {
		if (flist_grow(&text, &room, used + PATH_ROOM, 1))
			n = -1;
		else
			n = read(fd, text + used, room - used - 1);
		used += n > 0 ? (size_t)n : 0;
	}
	if (fd >= 0)
		close(fd);
	if (n < 0) {
		free(text);
		return NULL;
	}
	text[used] = '\0';
	return text;
}

/*
 * Finds the first line of a file that begins with `word`, and reads the number after it. false:
 * there is none.
 */
static bool find_number(const char *path, const char *word, int base, uint64_t *number)
{
	char *text = read_file(path), *at = text;
	const size_t len = strlen(word);
	while (at && strncmp(at, word, len) != 0) {
		at = strchr(at, '\n');
		at += at != NULL;
	}
	if (at)
		*number = strtoull(at + len, NULL, base);
	free(text);
	return at != NULL;
}

/* ---- The process ----------------------------------------------------------------------------- */

static bool is_mapped(const char *path)
{
	char *map = read_file(path);
	unsigned inside = 0, outside = 0, n = 0;
	const bool other = map && sscanf(map, "%u %u %u", &inside, &outside, &n) == 3 &&
			   (inside != 0 || outside != 0 || n != UINT32_MAX);
	free(map);
	return other;
}

/*
 * The tables have also what system calls would refuse to this process, and owners as they are on
 * the device. So the process must have the right to read everything, and must not be in a user
 * namespace that maps owners to other ids.
 */
static int check_process(const struct flist_device *device, const char **why)
{
	enum { DAC_OVERRIDE = 1 << 1, DAC_READ_SEARCH = 1 << 2, SYS_ADMIN = 1 << 21 };
	uint64_t capabilities = 0;
	if (is_mapped("/proc/self/uid_map") || is_mapped("/proc/self/gid_map"))
		return refuse(why, "the process is in a user namespace, which maps owners to "
				   "other ids");
	if (!find_number("/proc/thread-self/status", "CapEff:", 16, &capabilities))
		return refuse(why, "/proc does not show the privileges of the process");
	if (device->kind == FLIST_DEVICE_BTRFS && !(capabilities & SYS_ADMIN))
		return refuse(why, "searching the tree of a btrfs needs CAP_SYS_ADMIN");
	if (device->kind == FLIST_DEVICE_XFS && !(capabilities & SYS_ADMIN))
		return refuse(why, "bulkstat of an xfs needs CAP_SYS_ADMIN");
	if (!(capabilities & (DAC_OVERRIDE | DAC_READ_SEARCH)))
		return refuse(
			why,
			"needs the right to read every directory and the device, which root has");
	return 0;
}

/* ---- The mount table ------------------------------------------------------------------------- */

/* Decodes escapes such as "\040", in place. */
static void unescape(char *text)
{
	char *to = text;
	for (; *text; text++, to++) {
		*to = *text;
		if (*text != '\\' || text[1] < '0' || text[1] > '3')
			continue;
		if (text[2] < '0' || text[2] > '7' || text[3] < '0' || text[3] > '7')
			continue;
		*to = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'));
		text += 3;
	}
	*to = '\0';
}

/* Returns the next word of a line, NUL-terminated. NULL: there is none. */
static char *next_word(char **at)
{
	char *word = *at;
	if (!word)
		return NULL;
	char *end = strchr(word, ' ');
	if (end)
		*end++ = '\0';
	*at = end;
	return word;
}

/* 36 35 98:0 /root /point options optional... - type source options */
static bool take_row(char *line, struct mount_row *row)
{
	unsigned major, minor;
	const char *id = next_word(&line), *dev;
	(void)next_word(&line);
	dev = next_word(&line);
	(void)next_word(&line);
	row->point = next_word(&line);
	row->options = next_word(&line);
	char *word = next_word(&line);
	while (word && strcmp(word, "-") != 0)
		word = next_word(&line);
	row->type = next_word(&line);
	(void)next_word(&line);
	row->more_options = next_word(&line);
	if (!row->more_options || sscanf(dev, "%u:%u", &major, &minor) != 2)
		return false;
	row->id = strtoull(id, NULL, 10);
	row->dev = makedev(major, minor);
	unescape(row->point);
	return true;
}

static bool has_option(const char *options, const char *option)
{
	const size_t len = strlen(option);
	for (const char *at = options; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, option, len) == 0 && (at[len] == ',' || !at[len]))
			return true;
	}
	return false;
}

static bool is_btrfs(const struct mount_row *row)
{
	return strcmp(row->type, "btrfs") == 0;
}

static int check_mount(struct flist_device *device, const struct mount_row *row, const char **why)
{
	const bool is_xfs = strcmp(row->type, "xfs") == 0;
	device->kind = is_btrfs(row) ? FLIST_DEVICE_BTRFS
		       : is_xfs      ? FLIST_DEVICE_XFS
				     : FLIST_DEVICE_EXT4;
	if (row->dev != device->dev && !is_btrfs(row))
		return refuse(why, "the filesystem is not on one block device");
	if (strcmp(row->type, "overlay") == 0)
		return refuse(why, "an overlay has no tables of its own");
	if (strcmp(row->type, "ext4") != 0 && strcmp(row->type, "ext3") != 0 &&
	    strcmp(row->type, "ext2") != 0 && !is_btrfs(row) && !is_xfs)
		return refuse(why, "the tables of this filesystem cannot be read, only those of "
				   "ext4, ext3, ext2, btrfs and xfs");
	if (has_option(row->options, "idmapped") || has_option(row->more_options, "nouid32"))
		return refuse(why, "the mount maps owners (idmapped or nouid32), so the tables "
				   "have other ids");
	return 0;
}

/* Whether the mount is of the root's filesystem; for btrfs, of the same subvolume. */
static bool is_same(const struct flist_device *device, const struct mount_row *row)
{
	struct stat st;
	if (!is_btrfs(row))
		return row->dev == device->dev;
	return stat(row->point, &st) == 0 && st.st_dev == device->dev;
}

/*
 * Adds a mount to the array if it is below the root. path: the path of the root, without a slash at
 * its end. 0, -ENOMEM or -ENOTSUP.
 */
static int add_mount(struct flist_device *device, size_t *room, const struct mount_row *row,
		     const char *path, const char **why)
{
	const size_t len = strlen(path);
	if (strncmp(row->point, path, len) != 0 || row->point[len] != '/' || !row->point[len + 1])
		return 0;
	if (is_same(device, row))
		return refuse(why, "the filesystem is mounted a second time below the root");
	if (flist_grow(&device->mounts, room, device->n_mounts + 1, sizeof(*device->mounts)))
		return -ENOMEM;
	const char *below = row->point + len + 1, *slash = strrchr(below, '/');
	device->mounts[device->n_mounts++] =
		(struct flist_mount){.path = below, .dir_len = slash ? (size_t)(slash - below) : 0};
	return 0;
}

static int read_mounts(struct flist_device *device, uint64_t id, const char *path, const char **why)
{
	struct mount_row row;
	size_t room = 0;
	bool found = false;
	int ret = 0;
	device->table = read_file("/proc/self/mountinfo");
	if (!device->table)
		return refuse(why, "there is no /proc/self/mountinfo");
	for (char *line = device->table, *next; line && *line && !ret; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (!take_row(line, &row))
			continue;
		if (row.id == id) {
			found = true;
			ret = check_mount(device, &row, why);
		} else {
			ret = add_mount(device, &room, &row, path, why);
		}
	}
	return ret || found ? ret : refuse(why, "the mount of the root is not in the mount table");
}

/* Finds the path of the root and the id of its mount. */
static int find_root(int root, char *path, uint64_t *id, const char **why)
{
	char link[NAME_ROOM];
	snprintf(link, sizeof(link), FLIST_DESCRIPTORS "/%d", root);
	const ssize_t len = readlink(link, path, PATH_ROOM);
	if (len <= 0 || len >= PATH_ROOM || *path != '/')
		return refuse(why, "the path of the root is not known");
	path[len == 1 ? 0 : len] = '\0';
	snprintf(link, sizeof(link), "/proc/thread-self/fdinfo/%d", root);
	return find_number(link, "mnt_id:", 10, id)
		       ? 0
		       : refuse(why, "/proc does not show the mount of the root");
}

/* ---- The device ------------------------------------------------------------------------------ */

/* Finds the name of the device below /dev. Also checks that the ext4 driver has mounted it. */
static int find_name(uint64_t dev, char *name, size_t size, const char **why)
{
	char path[PATH_ROOM], target[PATH_ROOM];
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(dev), minor(dev));
	const ssize_t len = readlink(path, target, sizeof(target) - 1);
	if (len <= 0)
		return refuse(why, "/sys does not list the filesystem's device");
	target[len] = '\0';
	const char *last = strrchr(target, '/');
	last = last ? last + 1 : target;
	if ((size_t)snprintf(name, size, "/dev/%s", last) >= size)
		return refuse(why, "the name of the device is too long");
	snprintf(path, sizeof(path), "/sys/fs/ext4/%.*s", NAME_ROOM, last);
	if (access(path, F_OK))
		return refuse(why, "the filesystem is not mounted by the driver of ext4");
	for (char *at = name; (at = strchr(at, '!'));)
		*at = '/';
	return 0;
}

static int open_node(struct flist_device *device, const char *name, const char **why)
{
	struct stat st;
	device->fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOATIME);
	if (device->fd < 0 && errno == EPERM)
		device->fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (device->fd < 0)
		return refuse(why, errno == ENOENT
					   ? "the device has no node in /dev"
					   : "the device cannot be opened: that needs read access, "
					     "which root has, but not in every container");
	if (fstat(device->fd, &st) || !S_ISBLK(st.st_mode) || st.st_rdev != device->dev)
		return refuse(why, "the node in /dev is that of another device");
	return 0;
}

int flist_device_open(struct flist_device *device, int root, const char **why)
{
	char path[PATH_ROOM], name[NAME_ROOM];
	struct stat st;
	uint64_t id = 0;
	int ret = find_root(root, path, &id, why);
	*device = (struct flist_device){.fd = -1};
	if (!ret && (fstat(root, &st) || st.st_nlink == 0))
		ret = refuse(why, "the root is gone");
	if (ret)
		return ret;
	device->dev = st.st_dev;
	ret = read_mounts(device, id, path, why);
	if (!ret)
		ret = check_process(device, why);
	if (!ret && device->kind == FLIST_DEVICE_EXT4)
		ret = find_name(device->dev, name, sizeof(name), why);
	if (!ret && device->kind == FLIST_DEVICE_EXT4)
		ret = open_node(device, name, why);
	if (ret)
		flist_device_close(device);
	return ret;
}

void flist_device_close(struct flist_device *device)
{
	if (device->fd >= 0)
		close(device->fd);
	free(device->table);
	free(device->mounts);
	*device = (struct flist_device){.fd = -1};
}

#endif
