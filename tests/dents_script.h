/*
 * Directories that a test makes up: a reader for the loader and for struct dents that gives the
 * real records first, or none, and then what the script says.
 */
#ifndef TESTS_DENTS_SCRIPT_H
#define TESTS_DENTS_SCRIPT_H

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct dents_script {
	ino_t ino;                /* inode number of the directory it is about; 0: every one */
	const char *const *names; /* that come first, NULL-ended; NULL: none */
	bool real;                /* then what is really there */
	bool endless;             /* then one more name, again and again */
	int error;                /* then this one; 0: the end */
	volatile int *stop;       /* set after `stop_after` calls for this directory; may be NULL */
	unsigned stop_after;
	unsigned calls; /* so far, for this directory */
	int at;         /* which part comes next */
};

static inline size_t dents_put(char *buf, size_t at, const char *name)
{
	size_t len = strlen(name), size = (19 + len + 8) & ~(size_t)7;
	uint64_t ino = 99;
	uint16_t reclen = (uint16_t)size;
	memset(buf + at, 0, size);
	memcpy(buf + at, &ino, sizeof(ino));
	memcpy(buf + at + 16, &reclen, sizeof(reclen));
	buf[at + 18] = DT_REG;
	memcpy(buf + at + 19, name, len + 1);
	return at + size;
}

static inline bool dents_is_about(const struct dents_script *s, int fd)
{
	struct stat st;
	return s->ino == 0 || (fstat(fd, &st) == 0 && st.st_ino == s->ino);
}

static inline long dents_real(int fd, void *buf, size_t size)
{
	long got = syscall(SYS_getdents64, fd, buf, size);
	return got < 0 ? -errno : got;
}

static inline long dents_script_read(void *arg, int fd, void *buf, size_t size)
{
	struct dents_script *s = arg;
	size_t used = 0;
	long got = 0;
	if (!dents_is_about(s, fd))
		return dents_real(fd, buf, size);
	if (s->stop && ++s->calls >= s->stop_after)
		*s->stop = 1;
	if (s->at == 0) {
		s->at = 1;
		for (size_t i = 0; s->names && s->names[i]; i++)
			used = dents_put(buf, used, s->names[i]);
		if (used)
			return (long)used;
	}
	if (s->at == 1 && s->real && (got = dents_real(fd, buf, size)) != 0)
		return got;
	s->at = s->endless ? 1 : 0; /* the next directory begins anew */
	if (s->endless)
		return (long)dents_put(buf, 0, "again");
	return -s->error;
}

#endif
