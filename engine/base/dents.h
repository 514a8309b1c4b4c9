/*
 * Reads the names in a directory by getdents64(2), one after the other, of any length. A caller can
 * stop in the middle of a directory, which a broken filesystem may make endless.
 */
#ifndef ENGINE_BASE_DENTS_H
#define ENGINE_BASE_DENTS_H

#include <stddef.h>
#include <stdint.h>

/* Like getdents64(2), but -errno: bytes, 0 at the end. */
typedef long dents_fn(void *arg, int fd, void *buf, size_t size);

struct dent {
	uint64_t ino;
	const char *name; /* until the next call */
	size_t len; /* bytes of name; 0: to be passed over, it names no entry of the directory */
	unsigned char type; /* DT_ */
};

struct dents {
	int fd;            /* the caller's */
	dents_fn *read;    /* NULL: getdents64(2) */
	void *arg;         /* for read */
	uint64_t bad;      /* names that no entry can have: empty, or with a slash */
	size_t used, next; /* bytes of buf: filled; already given out */
	char buf[32768] __attribute__((aligned(8)));
};

/* fd is open for reading, at its start. read and arg as in the struct. */
void dents_begin(struct dents *dents, int fd, dents_fn *read, void *arg);

/*
 * 1 and an entry, which may be one to pass over ("." and "..", however often they come, and names
 * that no entry can have); 0 at the end; -errno of reading; -EBADMSG: what was read is no list.
 */
int dents_next(struct dents *dents, struct dent *entry);

#endif
