#include "strategies/flist/read/reader.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#ifndef FLIST_PORTABLE
#include <sys/syscall.h>
#endif

#if !defined(FLIST_PORTABLE) && defined(SYS_getdents64)
#define HAVE_GETDENTS64 1
#endif

int flist_reader_init(struct flist_reader *reader, int fd)
{
	*reader = (struct flist_reader){.fd = fd};
#ifndef HAVE_GETDENTS64
	const int own = dup(fd);
	reader->stream = own < 0 ? NULL : fdopendir(own);
	if (!reader->stream) {
		const int ret = -errno;
		if (own >= 0)
			close(own);
		return ret;
	}
#endif
	return 0;
}

void flist_reader_release(struct flist_reader *reader)
{
	if (reader->stream)
		closedir(reader->stream);
}

#ifdef HAVE_GETDENTS64
/* Bytes read, 0 at the end, -errno. */
static long read_some(struct flist_reader *reader, char *buffer, size_t room)
{
	long got = syscall(SYS_getdents64, reader->fd, buffer, room);
	return got < 0 ? -errno : got;
}
#else
#ifdef _DIRENT_HAVE_D_TYPE
#define TYPE_OF(d) ((d)->d_type)
#else
#define TYPE_OF(d) 0
#endif

static long read_some(struct flist_reader *reader, char *buffer, size_t room)
{
	struct flist_dirent *record = (struct flist_dirent *)(void *)buffer;
	const struct dirent *d;
	size_t len;
	(void)room; /* FLIST_READ_MIN is enough for a name */
	errno = 0;
	d = readdir(reader->stream);
	if (!d)
		return -errno;
	len = strlen(d->d_name);
	record->ino = d->d_ino;
	record->off = 0;
	record->type = TYPE_OF(d);
	record->size = (uint16_t)((offsetof(struct flist_dirent, name) + len + 8) & ~(size_t)7);
	memcpy(record->name, d->d_name, len + 1);
	return record->size;
}
#endif

int flist_reader_read(struct flist_reader *reader, char *buffer, size_t size, size_t *used)
{
	const long got = read_some(reader, buffer + *used, size - *used);
	reader->ended = got <= 0;
	if (got < 0)
		return (int)got;
	*used += (size_t)got;
	return 0;
}
