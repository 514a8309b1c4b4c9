/*
 * Scratch directories for tests: made below $TMPDIR (else /dev/shm, else /tmp), and removed again
 * whatever lies in them - deep below PATH_MAX, unreadable, with any names.
 */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct scratch {
	char path[PATH_MAX]; /* absolute, without symbolic links */
	int fd;
};

/* An empty directory that every user may enter; false if it cannot be made. */
static inline bool scratch_make(struct scratch *s)
{
	const char *tmp = getenv("TMPDIR");
	char template[PATH_MAX];
	if (!tmp)
		tmp = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";
	snprintf(template, sizeof(template), "%s/statmark-test-XXXXXX", tmp);
	s->fd = -1;
	if (!mkdtemp(template) || chmod(template, 0755) || !realpath(template, s->path))
		return false;
	s->fd = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return s->fd >= 0;
}

/* Empties the directory that fd stands for, and closes it. */
static inline void scratch_empty(int fd)
{
	DIR *stream = fdopendir(fd);
	struct dirent *d;
	while (stream && (d = readdir(stream))) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, d->d_name, 0) == 0)
			continue;
		fchmodat(fd, d->d_name, 0700, 0);
		int below = openat(fd, d->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below >= 0)
			scratch_empty(below);
		unlinkat(fd, d->d_name, AT_REMOVEDIR);
	}
	if (stream)
		closedir(stream);
}

static inline void scratch_remove(struct scratch *s)
{
	scratch_empty(s->fd);
	rmdir(s->path);
}

/* A file of that many bytes; false if it cannot be made. */
static inline bool scratch_file(int fd, const char *name, off_t size)
{
	int file = openat(fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool made = file >= 0 && ftruncate(file, size) == 0;
	if (file >= 0)
		close(file);
	return made;
}

/*
 * A chain of directories `links` long, each of 250 bytes, with a file in each; 17 of them are
 * beyond PATH_MAX. false if it cannot be made.
 */
static inline bool scratch_chain(int fd, int links)
{
	char name[251];
	int at = dup(fd);
	memset(name, 'd', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (int i = 0; i < links && at >= 0; i++) {
		bool made = scratch_file(at, "file", i) && mkdirat(at, name, 0755) == 0;
		int below = made ? openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
		close(at);
		at = below;
	}
	if (at >= 0)
		close(at);
	return at >= 0;
}

#endif
