#include "engine/lab/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "engine/base/util.h"

enum {
	BUSY_MS = 1000,
	BUSY_LOOK_MS = 10,
};

/* Options of the mount; all others are the filesystem's. */
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

/* The kernel says what is wrong one message a read, errors as "e words". */
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
	for (int waited = 0; umount2(dir, UMOUNT_NOFOLLOW); waited += BUSY_LOOK_MS) {
		if (errno != EBUSY || waited >= BUSY_MS)
			return -errno;
		usleep(BUSY_LOOK_MS * 1000);
	}
	return 0;
}
