#include "engine/base/stuck.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "engine/base/util.h"

/* Where among a call's arguments its directory's descriptor and its path are; -1: nowhere. */
static const struct call {
	long number;
	const char *name;
	int dir, path;
} calls[] = {
	{SYS_newfstatat, "newfstatat", 0, 1},
	{SYS_statx, "statx", 0, 1},
	{SYS_openat, "openat", 0, 1},
	{SYS_openat2, "openat2", 0, 1},
	{SYS_faccessat, "faccessat", 0, 1},
	{SYS_readlinkat, "readlinkat", 0, 1},
	{SYS_getdents64, "getdents64", 0, -1},
	{SYS_fstat, "fstat", 0, -1},
	{SYS_fchdir, "fchdir", 0, -1},
	{SYS_fstatfs, "fstatfs", 0, -1},
	{SYS_read, "read", 0, -1},
	{SYS_write, "write", 0, -1},
	{SYS_ftruncate, "ftruncate", 0, -1},
	{SYS_fsync, "fsync", 0, -1},
	{SYS_syncfs, "syncfs", 0, -1},
	{SYS_mkdirat, "mkdirat", 0, 1},
	{SYS_mknodat, "mknodat", 0, 1},
	{SYS_unlinkat, "unlinkat", 0, 1},
	{SYS_symlinkat, "symlinkat", 1, 2},
	{SYS_linkat, "linkat", 2, 3},
	{SYS_renameat2, "renameat2", 0, 1},
	{SYS_fchmodat, "fchmodat", 0, 1},
	{SYS_fchownat, "fchownat", 0, 1},
	{SYS_utimensat, "utimensat", 0, 1},
	{SYS_statfs, "statfs", -1, 0},
	{SYS_close, "close", 0, -1},
	{SYS_chdir, "chdir", -1, 0},
	{SYS_io_uring_enter, "io_uring_enter", -1, -1},
#ifdef SYS_lstat
	{SYS_lstat, "lstat", -1, 0},
	{SYS_stat, "stat", -1, 0},
	{SYS_open, "open", -1, 0},
	{SYS_access, "access", -1, 0},
	{SYS_readlink, "readlink", -1, 0},
	{SYS_rename, "rename", -1, 0},
	{SYS_unlink, "unlink", -1, 0},
	{SYS_rmdir, "rmdir", -1, 0},
	{SYS_mkdir, "mkdir", -1, 0},
#endif
};

static bool read_task(pid_t tid, const char *name, char *text, size_t size)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)tid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, size - 1);
	if (fd >= 0)
		close(fd);
	text[MAX(got, 0)] = '\0';
	return got > 0;
}

uint64_t stuck_ran_ns(pid_t tid)
{
	char text[128];
	return read_task(tid, "schedstat", text, sizeof(text)) ? strtoull(text, NULL, 10) : 0;
}

/* The memory may be ours, but what it holds be gone by now: asked for, so that it cannot fault. */
static void read_path(pid_t tid, unsigned long address, char *path, size_t size)
{
	const size_t page = 4096;
	size_t n = 0;
	while (n + 1 < size) {
		size_t step = MIN(page - (address + n) % page, size - 1 - n);
		struct iovec here = {path + n, step}, there = {(char *)address + n, step};
		ssize_t got = process_vm_readv(tid, &here, 1, &there, 1, 0);
		if (got <= 0 || memchr(path + n, 0, (size_t)got))
			n = got <= 0 ? n : size - 1;
		if (got <= 0)
			break;
		n = MIN(n + (size_t)got, size - 1);
	}
	path[n] = '\0';
}

/* Of the thread's own table, without asking the file itself. */
static void read_dir(pid_t tid, long fd, char *path, size_t size)
{
	char link[96];
	if (fd == AT_FDCWD)
		snprintf(link, sizeof(link), "/proc/%d/cwd", (int)tid);
	else
		snprintf(link, sizeof(link), "/proc/%d/fd/%ld", (int)tid, fd);
	ssize_t len = readlink(link, path, size - 1);
	path[MAX(len, 0)] = '\0';
}

/* A pipe, a socket and a terminal are waited for without anything being wrong. */
static bool is_file(const char *path)
{
	return path[0] == '/' && strncmp(path, "/dev/", 5) != 0;
}

static bool describe(pid_t tid, const struct call *call, const unsigned long args[6],
		     char words[STUCK_WORDS_MAX])
{
	char dir[PATH_MAX / 2] = "", path[PATH_MAX / 2] = "";
	if (call->path >= 0)
		read_path(tid, args[call->path], path, sizeof(path));
	if (call->dir >= 0 && path[0] != '/')
		read_dir(tid, (int)args[call->dir], dir, sizeof(dir));
	else if (call->path >= 0 && path[0] != '/')
		read_dir(tid, AT_FDCWD, dir, sizeof(dir));
	if (call->dir < 0 && call->path < 0)
		snprintf(words, STUCK_WORDS_MAX, "%s", call->name);
	else
		snprintf(words, STUCK_WORDS_MAX, "%s of '%s%s%s'", call->name, dir,
			 *dir && *path ? "/" : "", path);
	return call->path >= 0 || call->dir < 0 || is_file(dir);
}

static enum stuck in_call(pid_t tid, unsigned long *child, char words[STUCK_WORDS_MAX])
{
	char text[256];
	unsigned long a[6];
	long number;
	if (!read_task(tid, "syscall", text, sizeof(text)))
		return STUCK_UNSEEN;
	if (sscanf(text, "%ld %lx %lx %lx %lx %lx %lx", &number, &a[0], &a[1], &a[2], &a[3], &a[4],
		   &a[5]) != 7)
		return STUCK_NOT;
	*child = number == SYS_wait4 ? a[0] : 0;
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		if (calls[i].number == number)
			return describe(tid, &calls[i], a, words) ? STUCK_IN : STUCK_NOT;
	}
	return STUCK_NOT;
}

/* A killed process ends when its call returns, and who waits for its end waits for that. */
static enum stuck in_call_of(pid_t pid, char words[STUCK_WORDS_MAX])
{
	char path[64];
	enum stuck stuck = STUCK_NOT;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	DIR *tasks = opendir(path);
	for (struct dirent *e; tasks && stuck != STUCK_IN && (e = readdir(tasks));) {
		pid_t tid = (pid_t)strtol(e->d_name, NULL, 10);
		stuck = tid ? in_call(tid, &(unsigned long){0}, words) : STUCK_NOT;
	}
	if (tasks)
		closedir(tasks);
	if (stuck == STUCK_IN) {
		size_t used = strlen(words);
		snprintf(words + used, STUCK_WORDS_MAX - used, " in process %d", (int)pid);
	}
	return stuck == STUCK_IN ? STUCK_IN : STUCK_NOT;
}

enum stuck stuck_call(pid_t tid, char words[STUCK_WORDS_MAX])
{
	unsigned long child = 0;
	enum stuck stuck = in_call(tid, &child, words);
	return (pid_t)child > 0 ? in_call_of((pid_t)child, words) : stuck;
}
