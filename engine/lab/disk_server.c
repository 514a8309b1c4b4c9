#include "engine/lab/disk_server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"

enum {
	PENDING_MAX = 1024,
	READ_MAX = 1 << 20,
	STREAM_BYTES_PER_US = 150, /* a disk that turns, once it is at the place */
	VALID_SECONDS = 1 << 20,   /* nobody else changes the file */
};

/* A read that waits for its time. */
struct pending {
	uint64_t unique, offset, due;
	uint32_t size;
};

struct server {
	struct fuse fuse;
	int image;
	const struct lab_disk *model;
	const struct disk_control *control;
	struct pending pending[PENDING_MAX]; /* a ring, in the order of their times */
	size_t first, n;
	uint64_t done_at[DISK_QUEUE_MAX]; /* when the latest reads are done, one for each place */
	uint64_t reads, stream_at;        /* where the latest read ended */
	char *data;
};

static void answer_read(struct server *s, const struct pending *p)
{
	ssize_t n = pread(s->image, s->data, MIN(p->size, READ_MAX), (off_t)p->offset);
	fuse_answer(&s->fuse, p->unique, n < 0 ? -errno : 0, s->data, n < 0 ? 0 : (size_t)n);
}

static void answer_first(struct server *s)
{
	answer_read(s, &s->pending[s->first]);
	s->first = (s->first + 1) % PENDING_MAX;
	s->n--;
}

/* A disk that turns finds its place at once where the last read ended. */
static uint64_t cost_ns(struct server *s, const struct pending *p)
{
	const bool streams = s->model->turns && p->offset == s->stream_at;
	const uint64_t transfer =
		s->model->turns ? p->size * (uint64_t)1000 / STREAM_BYTES_PER_US : 0;
	s->stream_at = p->offset + p->size;
	return (streams ? 0 : s->model->read_ns) + transfer;
}

/* It begins when there is a place in the queue, in the order in which reads came. */
static void postpone(struct server *s, struct pending p)
{
	uint64_t *place = &s->done_at[s->reads++ % s->model->queue];
	p.due = MAX(clock_ns(), *place) + cost_ns(s, &p);
	if (s->n == PENDING_MAX)
		answer_first(s);
	if (s->n)
		p.due = MAX(p.due, s->pending[(s->first + s->n - 1) % PENDING_MAX].due);
	*place = p.due;
	s->pending[(s->first + s->n++) % PENDING_MAX] = p;
}

static void handle_read(struct server *s, const struct fuse_request *r)
{
	const struct fuse_read_in *in = r->body;
	const struct pending p = {.unique = r->in->unique, .offset = in->offset, .size = in->size};
	if (atomic_load(&s->control->is_late))
		postpone(s, p);
	else
		answer_read(s, &p);
}

static void handle_write(struct server *s, const struct fuse_request *r)
{
	const struct fuse_write_in *in = r->body;
	ssize_t n = pwrite(s->image, in + 1, in->size, (off_t)in->offset);
	const struct fuse_write_out out = {.size = n < 0 ? 0 : (uint32_t)n};
	fuse_answer(&s->fuse, r->in->unique, n < 0 ? -errno : 0, &out, sizeof(out));
}

static void handle_getattr(struct server *s, const struct fuse_request *r)
{
	struct stat st;
	if (fstat(s->image, &st)) {
		fuse_answer(&s->fuse, r->in->unique, -errno, NULL, 0);
		return;
	}
	const struct fuse_attr_out out = {
		.attr_valid = VALID_SECONDS,
		.attr = {.ino = FUSE_ROOT_ID,
			 .size = (uint64_t)st.st_size,
			 .blocks = (uint64_t)st.st_blocks,
			 .mode = S_IFREG | 0600,
			 .nlink = 1,
			 .blksize = 4096},
	};
	fuse_answer(&s->fuse, r->in->unique, 0, &out, sizeof(out));
}

static void handle(struct server *s, const struct fuse_request *r)
{
	const struct fuse_fallocate_in *hole = r->body;
	int error = 0;
	switch (r->in->opcode) {
	case FUSE_READ:
		handle_read(s, r);
		return;
	case FUSE_WRITE:
		handle_write(s, r);
		return;
	case FUSE_GETATTR:
		handle_getattr(s, r);
		return;
	case FUSE_OPEN:
		fuse_answer(&s->fuse, r->in->unique, 0, &(struct fuse_open_out){0},
			    sizeof(struct fuse_open_out));
		return;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		return;
	case FUSE_FALLOCATE:
		if (fallocate(s->image, (int)hole->mode, (off_t)hole->offset, (off_t)hole->length))
			error = -errno;
		break;
	case FUSE_RELEASE:
	case FUSE_FSYNC:
	case FUSE_DESTROY:
		break;
	default:
		error = -ENOSYS;
	}
	fuse_answer(&s->fuse, r->in->unique, error, NULL, 0);
}

/*
 * Whoever is last in a mount namespace unmounts what is in it, and waits for the disk below. That
 * must never be the disk's own server: it would wait for itself, for ever, where no signal helps.
 */
static void leave_mounts(void)
{
	if (unshare(CLONE_NEWNS) || umount2(lab_place(), MNT_DETACH | UMOUNT_NOFOLLOW))
		_exit(1);
}

/* Signals from the terminal are for the parent, and what it has open is its own. */
static void settle(struct server *s, pid_t parent)
{
	enum { FIRST = 3, HIGH = 64 };
	char name[16];
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	snprintf(name, sizeof(name), "disk-%d", (int)parent);
	prctl(PR_SET_NAME, name);
	prctl(PR_SET_TIMERSLACK, 1);
	prctl(PR_SET_IO_FLUSHER, 1); /* memory that it needs is not got by writing to it */
	for (int sig = SIGHUP; sig <= SIGQUIT; sig++)
		signal(sig, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	int fuse = fcntl(s->fuse.fd, F_DUPFD, HIGH), image = fcntl(s->image, F_DUPFD, HIGH);
	s->fuse.fd = dup2(fuse, FIRST);
	s->image = dup2(image, FIRST + 1);
	if (s->fuse.fd < 0 || s->image < 0 || chdir("/"))
		_exit(1);
	close_range(FIRST + 2, ~0U, 0);
	leave_mounts();
}

_Noreturn void disk_serve(const struct fuse *fuse, int image, const struct lab_disk *model,
			  const struct disk_control *control, pid_t parent)
{
	struct server *s = calloc(1, sizeof(*s));
	char *request = malloc(fuse->room);
	struct fuse_request r;
	if (!s || !request || !(s->data = malloc(READ_MAX)))
		_exit(1);
	s->fuse = *fuse;
	s->image = image;
	s->model = model;
	s->control = control;
	settle(s, parent);
	for (;;) {
		struct pollfd fd = {s->fuse.fd, POLLIN, 0};
		const uint64_t now = clock_ns(), due = s->n ? s->pending[s->first].due : 0;
		const uint64_t left = due > now ? due - now : 0;
		const struct timespec wait = {.tv_sec = (time_t)(left / NS_PER_SECOND),
					      .tv_nsec = (long)(left % NS_PER_SECOND)};
		int ready = ppoll(&fd, 1, s->n ? &wait : NULL, NULL);
		while (s->n && s->pending[s->first].due <= clock_ns())
			answer_first(s);
		if (ready <= 0)
			continue;
		if (fuse_next(&s->fuse, request, &r) <= 0)
			_exit(0);
		handle(s, &r);
	}
}
