#include "engine/base/dents.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The header of a record of getdents64; the name follows. */
struct head {
	uint64_t ino;
	int64_t next;
	uint16_t size; /* of the record */
	unsigned char type;
} __attribute__((packed));

static long read_kernel(void *arg, int fd, void *buf, size_t size)
{
	(void)arg;
	long got = syscall(SYS_getdents64, fd, buf, size);
	return got < 0 ? -errno : got;
}

void dents_begin(struct dents *dents, int fd, dents_fn *read, void *arg)
{
	dents->fd = fd;
	dents->read = read ? read : read_kernel;
	dents->arg = arg;
	dents->bad = 0;
	dents->used = dents->next = 0;
}

static int fill(struct dents *l)
{
	long got = l->read(l->arg, l->fd, l->buf, sizeof(l->buf));
	l->next = 0;
	l->used = got > 0 ? (size_t)got : 0;
	return got > 0 ? 1 : (int)got;
}

/* The current record; false: the bytes are not a valid record. */
static bool take(struct dents *l, struct dent *entry)
{
	struct head head;
	const char *at = l->buf + l->next;
	size_t left = l->used - l->next;
	if (left <= sizeof(head))
		return false;
	memcpy(&head, at, sizeof(head));
	if (head.size <= sizeof(head) || head.size > left)
		return false;
	const char *end = memchr(at + sizeof(head), '\0', head.size - sizeof(head));
	if (!end)
		return false;
	l->next += head.size;
	entry->ino = head.ino;
	entry->type = head.type;
	entry->name = at + sizeof(head);
	entry->len = (size_t)(end - entry->name);
	return true;
}

int dents_next(struct dents *dents, struct dent *entry)
{
	int got = dents->next < dents->used ? 1 : fill(dents);
	if (got <= 0)
		return got;
	if (!take(dents, entry))
		return -EBADMSG;
	if (is_dot(entry->name)) {
		entry->len = 0;
	} else if (!entry->len || memchr(entry->name, '/', entry->len)) {
		dents->bad++;
		entry->len = 0;
	}
	return 1;
}
