#include "engine/lab/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/rng.h"
#include "engine/base/util.h"
#include "engine/lab/disk_server.h"

enum {
	WRITE_MAX = 128 * 1024,
	BLOCK = 4096,
	IN_FLIGHT = 16,
	READS_LEAST = 16,
	READS_MOST = 256,
};

#define MEASURE_NS (NS_PER_SECOND / 2)

/* What the disk is mounted on: an empty file. */
static int make_file(const char *path, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, -errno, "%s", path);
	close(fd);
	return 0;
}

static int serve(struct disk *disk, const struct lab_disk *model, int image, struct err *err)
{
	const struct fuse_wish wish = {
		.name = "statmark-disk",
		.what = "a disk with latency",
		.root = S_IFREG,
		.features = FUSE_ASYNC_DIO | FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_MAX_PAGES,
		.max_write = WRITE_MAX,
		.background = DISK_QUEUE_MAX,
	};
	const pid_t parent = getpid();
	struct fuse fuse;
	int error = fuse_mount(&fuse, disk->path, &wish, err);
	if (error)
		return error;
	disk->server = fork();
	if (disk->server == 0)
		disk_serve(&fuse, image, model, disk->control, parent);
	error = disk->server < 0 ? -errno : 0;
	disk->server = MAX(disk->server, 0);
	close(fuse.fd); /* the server's is the only one: the kernel gives up when it dies */
	return error ? err_errno(err, error, "cannot start the server of a disk") : 0;
}

int disk_open(struct disk *disk, const struct lab_disk *model, int image, const char *path,
	      struct err *err)
{
	*disk = DISK_NONE;
#ifdef __SANITIZE_THREAD__
	/* Its thread in the server stays in the mounts, whatever the server leaves (leave_mounts).
	 */
	return err_set(err, -ENOTSUP, "no disk with latency in a build for the thread sanitizer");
#endif
	int error = make_file(path, err);
	if (error)
		return error;
	snprintf(disk->path, sizeof(disk->path), "%s", path);
	disk->control = mmap(NULL, sizeof(*disk->control), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (disk->control == MAP_FAILED) {
		disk->control = NULL;
		error = err_errno(err, -errno, "a disk");
	}
	error = error ? error : serve(disk, model, image, err);
	if (!error) {
		disk->fd = open(path, O_RDWR | O_CLOEXEC);
		error = disk->fd < 0 ? err_errno(err, -errno, "%s", path) : 0;
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

/* Reads at random places, so many on their way at a time by one thread. */
struct probe {
	int fd;
	aio_context_t context;
	struct rng rng;
	uint64_t blocks;
	char *memory;
	struct iocb control[IN_FLIGHT];
};

static int submit(struct probe *p, size_t slot)
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

static int time_reads(struct probe *p, size_t depth, size_t reads, uint64_t *each_ns)
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
	struct probe p = {.fd = open(device, O_RDONLY | O_DIRECT | O_CLOEXEC), .rng = {1}};
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
		syscall(SYS_io_destroy, p.context); /* waits for what is still on its way */
	free(p.memory);
	if (p.fd >= 0)
		close(p.fd);
	return error ? err_errno(err, error, "cannot measure the disk %s", device) : 0;
}
