#include "engine/lab/fuse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "engine/base/util.h"

enum {
	PAGE = 4096,
	HEAD_ROOM = PAGE, /* before the data of a write */
	OLDEST_MINOR = 28 /* Linux 4.20: FUSE_MAX_PAGES */
};

static int open_device(const char *what, struct err *err)
{
	int fd = (int)TEMP_FAILURE_RETRY(open("/dev/fuse", O_RDWR | O_CLOEXEC));
	if (fd >= 0)
		return fd;
	int error = errno;
	const char *why = error == ENOENT || error == ENODEV || error == ENXIO
				  ? "this kernel or container has no FUSE"
				  : "this user may not open it; run as root, or allow it for users "
				    "(chmod a+rw /dev/fuse)";
	if (error == EMFILE || error == ENFILE || error == ENOMEM)
		return err_errno(err, -error, "cannot open /dev/fuse");
	return err_set(err, -ENOTSUP, "%s needs /dev/fuse: %s: %s", what, strerror(error), why);
}

int fuse_probe(const char *what, struct err *err)
{
	int fd = open_device(what, err);
	if (fd >= 0)
		close(fd);
	return MIN(fd, 0);
}

static int mount_device(int fd, const char *dir, const struct fuse_mount_options *wanted,
			struct err *err)
{
	char options[160], type[64];
	snprintf(options, sizeof(options), "fd=%d,rootmode=%o,user_id=%u,group_id=%u,allow_other%s",
		 fd, (unsigned)wanted->root & S_IFMT, geteuid(), getegid(),
		 wanted->permissions ? ",default_permissions" : "");
	snprintf(type, sizeof(type), "fuse.%s", wanted->name);
	if (mount(wanted->name, dir, type, MS_NOSUID | MS_NODEV | wanted->flags, options) == 0)
		return 0;
	int error = errno;
	if (error == EPERM || error == EACCES)
		return err_set(err, -ENOTSUP,
			       "cannot mount %s: %s; run as root, or by 'unshare --user "
			       "--map-root-user --mount'",
			       wanted->what, strerror(error));
	if (error == ENODEV)
		return err_set(err, -ENOTSUP, "cannot mount %s: this kernel has no FUSE",
			       wanted->what);
	return err_errno(err, -error, "cannot mount %s", wanted->what);
}

static uint64_t features_of(const struct fuse_init_in *in)
{
	uint64_t features = in->flags;
	if (features & FUSE_INIT_EXT)
		features |= (uint64_t)in->flags2 << 32;
	return features;
}

static int agree(struct fuse *fuse, const struct fuse_mount_options *wanted,
		 const struct fuse_request *first)
{
	const struct fuse_init_in *in = first->body;
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_readahead = in->max_readahead,
		.max_background = wanted->background,
		.congestion_threshold = wanted->background,
		.max_write = wanted->max_write,
		.max_pages = (uint16_t)MIN(wanted->max_write / PAGE, UINT16_MAX),
		.time_gran = 1,
	};
	fuse->features = features_of(in) & (wanted->features | FUSE_INIT_EXT);
	out.flags = (uint32_t)fuse->features;
	out.flags2 = (uint32_t)(fuse->features >> 32);
	return fuse_answer(fuse, first->in->unique, 0, &out, sizeof(out));
}

/*
 * Answers the first request, in which the kernel offers a version. After a later major version it
 * offers again.
 */
static int negotiate(struct fuse *fuse, const struct fuse_mount_options *wanted, struct err *err)
{
	char *buffer = malloc(fuse->room);
	struct fuse_request first;
	int error = buffer ? 0 : -ENOMEM;
	for (bool agreed = false; !error && !agreed;) {
		int got = fuse_next(fuse, buffer, &first);
		const struct fuse_init_in *in = got > 0 ? first.body : NULL;
		if (!in || first.in->opcode != FUSE_INIT || first.size < 16)
			error = got < 0 ? got : -EPROTO;
		else if (in->major > FUSE_KERNEL_VERSION)
			error = fuse_answer(fuse, first.in->unique, 0,
					    &(struct fuse_init_out){.major = FUSE_KERNEL_VERSION},
					    sizeof(struct fuse_init_out));
		else if (in->major < FUSE_KERNEL_VERSION || in->minor < OLDEST_MINOR)
			error = err_set(err, -ENOTSUP,
					"FUSE: this kernel has protocol %u.%u; %u.%u is the oldest "
					"supported",
					in->major, in->minor, FUSE_KERNEL_VERSION, OLDEST_MINOR);
		else
			agreed = (error = agree(fuse, wanted, &first)) == 0;
	}
	free(buffer);
	return error ? err_errno(err, error, "FUSE: cannot answer the kernel's first request") : 0;
}

int fuse_mount(struct fuse *fuse, const char *dir, const struct fuse_mount_options *wanted,
	       struct err *err)
{
	*fuse = (struct fuse){.fd = open_device(wanted->what, err),
			      .room = wanted->max_write + HEAD_ROOM};
	fuse->room = MAX(fuse->room, FUSE_MIN_READ_BUFFER);
	if (fuse->fd < 0)
		return fuse->fd;
	int error = mount_device(fuse->fd, dir, wanted, err);
	if (!error) {
		error = negotiate(fuse, wanted, err);
		if (error)
			fuse_unmount(dir);
	}
	if (error) {
		close(fuse->fd);
		fuse->fd = -1;
	}
	return error;
}

int fuse_next(const struct fuse *fuse, void *buffer, struct fuse_request *request)
{
	ssize_t got;
	do /* ENOENT: the calling process was killed meanwhile */
		got = read(fuse->fd, buffer, fuse->room);
	while (got < 0 && (errno == EINTR || errno == ENOENT || errno == EAGAIN));
	if (got < 0)
		return errno == ENODEV || errno == ECONNABORTED ? 0 : -errno;
	if ((size_t)got < sizeof(*request->in))
		return -EPROTO;
	request->in = buffer;
	request->body = request->in + 1;
	request->size = (size_t)got - sizeof(*request->in);
	return 1;
}

int fuse_answer(const struct fuse *fuse, uint64_t unique, int error, const void *data, size_t size)
{
	struct fuse_out_header head = {
		.len = (uint32_t)(sizeof(head) + (error ? 0 : size)),
		.error = error,
		.unique = unique,
	};
	const struct iovec parts[] = {{&head, sizeof(head)}, {(void *)(uintptr_t)data, size}};
	ssize_t done = TEMP_FAILURE_RETRY(writev(fuse->fd, parts, error || !size ? 1 : 2));
	bool unwanted = done < 0 && (errno == ENOENT || errno == ENODEV || errno == ECONNABORTED);
	return done < 0 && !unwanted ? -errno : 0;
}

void fuse_unmount(const char *dir)
{
	/* MNT_FORCE aborts the requests, but a mount in use stays. Then it is detached. */
	if (umount2(dir, MNT_FORCE))
		umount2(dir, MNT_DETACH);
}
