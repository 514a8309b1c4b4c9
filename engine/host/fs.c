/*
 * The filesystem of a path: sizes by statvfs(3), the rest from its line of mountinfo.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include "engine/host/host.h"

/* Decodes three octal digits, as which mountinfo writes blanks and backslashes, in place. */
static char *unescape(char *text)
{
	char *out = text;
	for (char *in = text; *in; in++) {
		unsigned code;
		if (in[0] == '\\' && sscanf(in + 1, "%3o", &code) == 1) {
			*out++ = (char)code;
			in += 3;
		} else {
			*out++ = *in;
		}
	}
	*out = '\0';
	return text;
}

/* proc_pid_mountinfo(5): ID parent major:minor ROOT MOUNT OPTIONS [tags...] - TYPE SOURCE SUPER. */
bool mount_line_cut(char *line, struct mount_line *mount)
{
	char *words[6], *save, *rest = strstr(line, " - ");
	if (!rest)
		return false;
	*rest = '\0';
	words[0] = strtok_r(line, " ", &save);
	for (int i = 1; i < 6; i++)
		words[i] = words[i - 1] ? strtok_r(NULL, " ", &save) : NULL;
	char *type = strtok_r(rest + 3, " \n", &save);
	char *source = type ? strtok_r(NULL, " \n", &save) : NULL;
	char *super_options = source ? strtok_r(NULL, " \n", &save) : NULL;
	if (!words[5] || !source)
		return false;
	*mount = (struct mount_line){.root = unescape(words[3]),
				     .mount_point = unescape(words[4]),
				     .options = words[5],
				     .type = type,
				     .source = unescape(source),
				     .super_options = super_options};
	return true;
}

/* Takes the facts from a line of mountinfo; false: it is malformed. */
static bool take_mount(char *line, struct fs_facts *fs, struct arena *arena)
{
	struct mount_line mount;
	if (!mount_line_cut(line, &mount))
		return false;
	fs->mount_point = arena_copy(arena, mount.mount_point);
	fs->options = arena_copy(arena, mount.options);
	fs->type = arena_copy(arena, mount.type);
	fs->source = arena_copy(arena, mount.source);
	fs->super_options = arena_copy(arena, mount.super_options);
	return true;
}

/* Whether a line of mountinfo has this mount id (Linux 5.8) or device. */
static bool is_mount(const char *line, const struct statx *stx)
{
	unsigned long long id;
	unsigned major, minor;
	if (sscanf(line, "%llu %*u %u:%u", &id, &major, &minor) != 3)
		return false;
	if (stx->stx_mask & STATX_MNT_ID)
		return id == stx->stx_mnt_id;
	return major == stx->stx_dev_major && minor == stx->stx_dev_minor;
}

static void find_mount(struct fs_facts *fs, const char *path, struct arena *arena)
{
	struct statx stx;
	char *line = NULL;
	size_t room = 0;
	bool found = false;
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	if (!mounts)
		return;
	if (statx(AT_FDCWD, path, 0, STATX_BASIC_STATS | STATX_MNT_ID, &stx) == 0) {
		while (!found && getline(&line, &room, mounts) > 0)
			found = is_mount(line, &stx) && take_mount(line, fs, arena);
	}
	free(line);
	fclose(mounts);
}

int fs_read(struct fs_facts *fs, const char *path, struct arena *arena, struct err *err)
{
	struct statvfs vfs;
	if (statvfs(path, &vfs))
		return err_errno(err, -errno, "cannot query the filesystem of %s", path);
	*fs = (struct fs_facts){
		.type = "unknown",
		.block_size = vfs.f_bsize,
		.inodes = vfs.f_files,
		.inodes_free = vfs.f_favail,
		.bytes = (uint64_t)vfs.f_blocks * vfs.f_frsize,
		.bytes_free = (uint64_t)vfs.f_bavail * vfs.f_frsize,
	};
	find_mount(fs, path, arena);
	return 0;
}
