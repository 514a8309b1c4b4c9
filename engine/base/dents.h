/*
 * Reads the names in a directory by getdents64(2), one after the other, of any length. A caller can
 * stop before the end of a directory, because a broken filesystem may return names without end.
 */
#ifndef ENGINE_BASE_DENTS_H
#define ENGINE_BASE_DENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Like getdents64(2), but returns -errno: the number of bytes, 0 at the end. */
typedef long dents_fn(void *arg, int fd, void *buf, size_t size);

struct dent {
	uint64_t ino;
	const char *name;   /* valid until the next call */
	size_t len;         /* bytes of name; 0: to be skipped, it is not an entry */
	unsigned char type; /* DT_REG and so on */
};

/* The names of the directory itself and of its parent. */
static inline bool is_dot(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

struct dents {
	int fd;            /* belongs to the caller */
	dents_fn *read;    /* NULL: getdents64(2) */
	void *arg;         /* passed to read */
	uint64_t bad;      /* number of names that no entry can have: empty, or with a slash */
	size_t used, next; /* bytes in buf, and offset of the next record */
	char buf[32768] __attribute__((aligned(8)));
};

/* fd is open for reading, at its start. read, arg: see struct dents. */
void dents_begin(struct dents *dents, int fd, dents_fn *read, void *arg);

/*
 * 1: an entry, whose len is 0 if it has to be skipped ("." and "..", however often they are listed,
 * and names that no entry can have). 0: the end. -errno: of reading. -EBADMSG: the bytes read are
 * not a valid list.
 */
int dents_next(struct dents *dents, struct dent *entry);

#endif
