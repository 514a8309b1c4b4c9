#include "engine/lab/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/rng.h"
#include "engine/base/util.h"

/* Shared with the process that serves a disk's reads. */

struct disk_control {
	_Atomic bool is_late; /* reads are delayed */
};

enum {
	PENDING_MAX = 1024,
	READ_MAX = 1 << 20,
	STREAM_BYTES_PER_US = 150, /* transfer rate of a rotating disk after seeking */
	VALID_SECONDS = 1 << 20,   /* only the user of the disk changes the file */
};

/* A read that is answered later. */
struct late_read {
	uint64_t unique, offset, due;
	uint32_t size;
};

struct disk_server {
	struct fuse fuse;
	int image;
	const struct lab_disk *model;
	const struct disk_control *control;
	struct late_read pending[PENDING_MAX]; /* a ring, sorted by due time */
	size_t first, n;
	/* For each place in the queue, when its latest read is done. */
	uint64_t done_at[DISK_QUEUE_MAX];
	uint64_t reads, stream_at; /* stream_at: where the latest read ended */
	char *data;
};

static void answer_read(struct disk_server *s, const struct late_read *p)
{
	ssize_t n = pread(s->image, s->data, MIN(p->size, READ_MAX), (off_t)p->offset);
	fuse_answer(&s->fuse, p->unique, n < 0 ? -errno : 0, s->data, n < 0 ? 0 : (size_t)n);
}

static void answer_first(struct disk_server *s)
{
	answer_read(s, &s->pending[s->first]);
	s->first = (s->first + 1) % PENDING_MAX;
	s->n--;
}

/* A rotating disk does not seek if a read begins where the last one ended. */
static uint64_t cost_ns(struct disk_server *s, const struct late_read *p)
{
	const bool streams = s->model->turns && p->offset == s->stream_at;
	const uint64_t transfer =
		s->model->turns ? p->size * (uint64_t)1000 / STREAM_BYTES_PER_US : 0;
	s->stream_at = p->offset + p->size;
	return (streams ? 0 : s->model->read_ns) + transfer;
}

/* A read begins when a place in the queue is free, in the order of arrival. */
static void postpone(struct disk_server *s, struct late_read p)
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

static void handle_read(struct disk_server *s, const struct fuse_request *r)
{
	const struct fuse_read_in *in = r->body;
	const struct late_read p = {
		.unique = r->in->unique, .offset = in->offset, .size = in->size};
	if (atomic_load(&s->control->is_late))
		postpone(s, p);
	else
		answer_read(s, &p);
}

static void handle_write(struct disk_server *s, const struct fuse_request *r)
{
	const struct fuse_write_in *in = r->body;
	ssize_t n = pwrite(s->image, in + 1, in->size, (off_t)in->offset);
	const struct fuse_write_out out = {.size = n < 0 ? 0 : (uint32_t)n};
	fuse_answer(&s->fuse, r->in->unique, n < 0 ? -errno : 0, &out, sizeof(out));
}

static void handle_getattr(struct disk_server *s, const struct fuse_request *r)
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

static void handle(struct disk_server *s, const struct fuse_request *r)
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
 * The last process in a mount namespace unmounts its filesystems when it ends, and waits for the
 * disk below them. If this were the disk's own server, it would wait for itself for ever, and could
 * not be killed. So the server leaves the namespace.
 */
static void leave_mounts(void)
{
	if (unshare(CLONE_NEWNS) || umount2(lab_place(), MNT_DETACH | UMOUNT_NOFOLLOW))
		_exit(1);
}

/*
 * Signals from the terminal are for the parent. The parent's descriptors are closed in this
 * process.
 */
static void init_process(struct disk_server *s, pid_t parent)
{
	enum { FIRST = 3, HIGH = 64 };
	char name[16];
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	snprintf(name, sizeof(name), "disk-%d", (int)parent);
	prctl(PR_SET_NAME, name);
	prctl(PR_SET_TIMERSLACK, 1);
	/* Allocations of this process must not wait for writes to this disk. */
	prctl(PR_SET_IO_FLUSHER, 1);
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

/* Runs in a child just forked by parent: serves until the disk is unmounted or the parent ends. */
static _Noreturn void disk_serve(const struct fuse *fuse, int image, const struct lab_disk *model,
				 const struct disk_control *control, pid_t parent)
{
	struct disk_server *s = calloc(1, sizeof(*s));
	char *request = malloc(fuse->room);
	struct fuse_request r;
	if (!s || !request || !(s->data = malloc(READ_MAX)))
		_exit(1);
	s->fuse = *fuse;
	s->image = image;
	s->model = model;
	s->control = control;
	init_process(s, parent);
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

enum {
	WRITE_MAX = 128 * 1024,
	BLOCK = 4096,
	IN_FLIGHT = 16,
	READS_LEAST = 16,
	READS_MOST = 256,
};

#define MEASURE_NS (NS_PER_SECOND / 2)

/* Makes an empty file as the mount point of the disk. */
static int make_file(const char *path, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, -errno, "cannot make %s", path);
	close(fd);
	return 0;
}

static int serve(struct disk *disk, const struct lab_disk *model, int image, struct err *err)
{
	const struct fuse_mount_options wanted = {
		.name = "statmark-disk",
		.what = "a disk with latency",
		.root = S_IFREG,
		.features = FUSE_ASYNC_DIO | FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_MAX_PAGES,
		.max_write = WRITE_MAX,
		.background = DISK_QUEUE_MAX,
	};
	const pid_t parent = getpid();
	struct fuse fuse;
	int error = fuse_mount(&fuse, disk->path, &wanted, err);
	if (error)
		return error;
	disk->server = fork();
	if (disk->server == 0)
		disk_serve(&fuse, image, model, disk->control, parent);
	error = disk->server < 0 ? -errno : 0;
	disk->server = MAX(disk->server, 0);
	/* Only the server keeps a descriptor, so that the kernel aborts the mount when it dies. */
	close(fuse.fd);
	return error ? err_errno(err, error, "cannot start the server of a disk") : 0;
}

int disk_open(struct disk *disk, const struct lab_disk *model, int image, const char *path,
	      struct err *err)
{
	*disk = DISK_NONE;
#ifdef __SANITIZE_THREAD__
	/*
	 * The sanitizer's thread in the server stays in the mount namespace, even if the server
	 * leaves it (leave_mounts).
	 */
	return err_set(err, -ENOTSUP, "cannot simulate a disk in a build for the thread sanitizer");
#endif
	int error = make_file(path, err);
	if (error)
		return error;
	snprintf(disk->path, sizeof(disk->path), "%s", path);
	disk->control = mmap(NULL, sizeof(*disk->control), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (disk->control == MAP_FAILED) {
		disk->control = NULL;
		error = err_errno(err, -errno, "cannot map memory for a disk");
	}
	error = error ? error : serve(disk, model, image, err);
	if (!error) {
		disk->fd = open(path, O_RDWR | O_CLOEXEC);
		error = disk->fd < 0 ? err_errno(err, -errno, "cannot open %s", path) : 0;
	}
	if (error)
		disk_close(disk);
	return error;
}

void disk_delay(const struct disk *disk, bool on)
{
	if (disk->control)
		atomic_store(&disk->control->is_late, on);
}

void disk_close(struct disk *disk)
{
	if (disk->fd >= 0)
		close(disk->fd);
	if (disk->path[0]) {
		fuse_unmount(disk->path);
		unlink(disk->path);
	}
	if (disk->server) {
		kill(disk->server, SIGKILL);
		waitpid(disk->server, NULL, 0);
	}
	if (disk->control)
		munmap(disk->control, sizeof(*disk->control));
	*disk = DISK_NONE;
}

/* Reads at random places, with a number of them in flight, by one thread. */
struct read_test {
	int fd;
	aio_context_t context;
	struct rng rng;
	uint64_t blocks;
	char *memory;
	struct iocb control[IN_FLIGHT];
};

static int submit(struct read_test *p, size_t slot)
{
	struct iocb *c = &p->control[slot];
	*c = (struct iocb){
		.aio_data = slot,
		.aio_lio_opcode = IOCB_CMD_PREAD,
		.aio_fildes = (uint32_t)p->fd,
		.aio_buf = (uintptr_t)(p->memory + slot * BLOCK),
		.aio_nbytes = BLOCK,
		.aio_offset = (int64_t)(rng_below(&p->rng, p->blocks) * BLOCK),
	};
	return syscall(SYS_io_submit, p->context, 1, &c) == 1 ? 0 : -errno;
}

static int time_reads(struct read_test *p, size_t depth, size_t reads, uint64_t *each_ns)
{
	const uint64_t began = clock_ns();
	size_t sent = 0, done = 0;
	int error = 0;
	for (; !error && sent < depth; sent++)
		error = submit(p, sent);
	while (!error && done < reads) {
		struct io_event event;
		if (syscall(SYS_io_getevents, p->context, 1, 1, &event, NULL) != 1)
			error = -errno;
		else if (event.res != BLOCK)
			error = event.res < 0 ? (int)event.res : -EIO;
		else if (++done && sent < reads && (error = submit(p, (size_t)event.data)) == 0)
			sent++;
	}
	*each_ns = error ? 0 : (clock_ns() - began) / reads;
	return error;
}

int disk_measure(const char *device, const struct lab_disk *model, struct disk_speed *speed,
		 struct err *err)
{
	const size_t reads = MIN(MAX(MEASURE_NS / (model->read_ns + 1), READS_LEAST), READS_MOST);
	struct read_test p = {.fd = open(device, O_RDONLY | O_DIRECT | O_CLOEXEC), .rng = {1}};
	int error = p.fd < 0 ? -errno : 0;
	off_t size = error ? 0 : lseek(p.fd, 0, SEEK_END);
	p.blocks = (uint64_t)size / BLOCK;
	*speed = (struct disk_speed){0};
	if (!error && !p.blocks)
		error = -EIO;
	if (!error && !(p.memory = aligned_alloc(BLOCK, IN_FLIGHT * BLOCK)))
		error = -ENOMEM;
	if (!error && syscall(SYS_io_setup, IN_FLIGHT, &p.context))
		error = -errno;
	error = error ? error : time_reads(&p, 1, reads, &speed->one_ns);
	error = error ? error
		      : time_reads(&p, IN_FLIGHT, MAX(reads, 4 * IN_FLIGHT), &speed->many_ns);
	if (p.context)
		syscall(SYS_io_destroy, p.context); /* waits for reads in flight */
	free(p.memory);
	if (p.fd >= 0)
		close(p.fd);
	return error ? err_errno(err, error, "cannot measure the disk %s", device) : 0;
}
