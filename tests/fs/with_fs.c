#include "tests/fs/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	FILES = 12, /* in each directory */
	SERVERS = 64,
	REQUEST_MAX = 128 * 1024,
	NAME_BYTES_MAX = 4095,
	READ_FAILS_AT = 3,
};

/* Node numbers: what a node is follows from its number. */
enum {
	NODE_ROOT = FUSE_ROOT_ID,
	NODE_DIR = 2,        /* d0, d1 */
	NODE_LINK = 4,       /* l0 */
	NODE_MANY = 5,       /* many */
	NODE_SPECIAL = 10,   /* what the mode adds */
	NODE_FILE = 100,     /* + 100 * directory (0: the root) + number */
	NODE_ENDLESS = 1000, /* + number */
	NODE_BUSIEST = 50,
	NODE_CROWD = 10000 /* + 10000 * directory (0: many) + number */
};

enum { CROWD = 300, MANY = 1000, DIRS = 3 /* many, d0, d1 */ };

struct fs {
	int fd;
	enum fs_fault fault;
	unsigned delay_us;
	pid_t parent;
	_Atomic uint64_t looks;       /* for what is never the same twice */
	_Atomic unsigned asked[DIRS]; /* questions under way about entries */
	_Atomic unsigned busiest;     /* the most of them */
};

/* One entry of a listing. */
struct listed {
	uint64_t node;
	uint32_t type; /* DT_ */
	size_t len;
	char name[NAME_BYTES_MAX + 1];
};

static bool is_dir(uint64_t node)
{
	return node == NODE_ROOT || node == NODE_DIR || node == NODE_DIR + 1 || node == NODE_MANY;
}

static void reply(const struct fs *fs, uint64_t unique, int error, const void *data, size_t size)
{
	struct fuse_out_header head = {
		.len = (uint32_t)(sizeof(head) + (error ? 0 : size)),
		.error = -error,
		.unique = unique,
	};
	struct iovec parts[] = {{&head, sizeof(head)}, {(void *)(uintptr_t)data, size}};
	if (writev(fs->fd, parts, error || !size ? 1 : 2) < 0 && errno == ENODEV)
		_exit(0);
}

static void fill_attr(struct fs *fs, uint64_t node, struct fuse_attr *a)
{
	const uint64_t look = ++fs->looks;
	const bool first = node == NODE_FILE, second = node == NODE_FILE + 1;
	*a = (struct fuse_attr){
		.ino = node,
		.size = 4096,
		.blocks = 8,
		.mtime = 1700000000,
		.ctime = 1700000000,
		.atime = 1700000000,
		.mode = is_dir(node)        ? S_IFDIR | 0755
			: node == NODE_LINK ? S_IFLNK | 0777
					    : S_IFREG | 0644,
		.nlink = is_dir(node) ? 2 : 1,
		.blksize = 4096,
	};
	if (node == NODE_LINK)
		a->size = 2;
	if (node == NODE_BUSIEST)
		a->size = fs->busiest;
	if (fs->fault == FS_UNSTABLE_INODES && node != NODE_ROOT)
		a->ino = 1000000 + look;
	if (fs->fault == FS_ODD_INODES && (first || second))
		a->ino = first ? 0 : UINT64_MAX;
	if (fs->fault == FS_LATE_TIMES && first)
		a->mtime = (UINT64_C(1) << 34) + 5;
	if (fs->fault == FS_LARGE_SIZE && (first || second))
		a->size = INT64_MAX;
	if (fs->fault == FS_TOO_LARGE_SIZE && first)
		a->size = UINT64_C(1) << 63;
	if (fs->fault == FS_UNSTABLE_SIZES && !is_dir(node) && node != NODE_LINK) {
		a->size = look;
		a->blocks = look;
	}
	if (fs->fault == FS_UNSTABLE_LINKS && !is_dir(node))
		a->nlink = (uint32_t)(1 + look % 1000);
	if (fs->fault == FS_UNSTABLE_TIMES)
		a->mtime = 1700000000 + look;
}

static void name_it(struct listed *e, uint64_t node, uint32_t type, const char *format, unsigned i)
{
	e->node = node;
	e->type = type;
	e->len = (size_t)snprintf(e->name, sizeof(e->name), format, i);
}

/* The i-th name that a mode adds to the root; false: no more. */
static bool list_special(const struct fs *fs, unsigned i, struct listed *e)
{
	static const size_t lengths[] = {256, 1023, 2048, NAME_BYTES_MAX};
	switch (fs->fault) {
	case FS_LONG_NAMES:
		name_it(e, NODE_SPECIAL + i, DT_REG, "n%u", i);
		e->len = i < 4 ? lengths[i] : 0;
		memset(e->name + 2, 'x', e->len > 2 ? e->len - 2 : 0);
		return i < 4;
	case FS_VANISHING:
		name_it(e, NODE_SPECIAL + i, DT_REG, "v%u", i);
		return i < 4;
	case FS_HANGING:
	case FS_HANGING_DIR:
		name_it(e, NODE_SPECIAL, fs->fault == FS_HANGING ? DT_REG : DT_DIR, "h0", 0);
		return i < 1;
	case FS_DUPLICATES:
		name_it(e, NODE_FILE, DT_REG, "f0", 0);
		return i < 1;
	case FS_SLASH:
		name_it(e, NODE_SPECIAL, DT_REG, "a/b", 0);
		return i < 1;
	case FS_DOTS:
		name_it(e, NODE_ROOT, DT_DIR, i % 2 ? ".." : ".", 0);
		return i < 4;
	case FS_EMPTY_NAME:
		name_it(e, NODE_SPECIAL, DT_REG, "", 0);
		return i < 1;
	case FS_NUL_NAME:
		name_it(e, NODE_SPECIAL, DT_REG, "xzz", 0);
		e->name[0] = '\0';
		return i < 1;
	default:
		return false;
	}
}

static void fault_type(const struct fs *fs, struct listed *e)
{
	if (fs->fault == FS_UNKNOWN_TYPES)
		e->type = DT_UNKNOWN;
	else if (fs->fault == FS_WRONG_TYPES)
		e->type = e->type == DT_DIR ? DT_REG : DT_DIR;
}

/* Which crowded directory it is: 0: many, 1: d0, 2: d1; -1: none. */
static int crowd_of(const struct fs *fs, uint64_t dir)
{
	if (fs->fault != FS_CROWDED)
		return -1;
	return dir == NODE_MANY ? 0 : dir == NODE_DIR ? 1 : dir == NODE_DIR + 1 ? 2 : -1;
}

static bool list_crowd(uint64_t crowd, uint64_t at, struct listed *e)
{
	name_it(e, NODE_CROWD * (crowd + 1) + at, DT_REG, "f%u", (unsigned)at);
	return at < (crowd == 0 ? MANY : CROWD);
}

/* The entry of a directory at an offset; false: the end. */
static bool list(const struct fs *fs, uint64_t dir, uint64_t at, struct listed *e)
{
	const unsigned d = dir == NODE_ROOT ? 0 : (unsigned)(dir - NODE_DIR) + 1;
	if (fs->fault == FS_ENDLESS && dir == NODE_DIR) {
		name_it(e, NODE_ENDLESS + at, DT_REG, "e%u", (unsigned)at);
		return true;
	}
	bool more = true;
	if (crowd_of(fs, dir) >= 0)
		return list_crowd((uint64_t)crowd_of(fs, dir), at, e);
	if (at < FILES)
		name_it(e, NODE_FILE + 100 * d + at, DT_REG, "f%u", (unsigned)at);
	else if (dir != NODE_ROOT)
		return false;
	else if (at < FILES + 2)
		name_it(e, NODE_DIR + at - FILES, DT_DIR, "d%u", (unsigned)(at - FILES));
	else if (at == FILES + 2)
		name_it(e, NODE_LINK, DT_LNK, "l0", 0);
	else
		more = list_special(fs, (unsigned)(at - FILES - 3), e);
	fault_type(fs, e);
	return more;
}

static uint64_t find(const struct fs *fs, uint64_t dir, const char *name, struct listed *e)
{
	if (fs->fault == FS_ENDLESS && dir == NODE_DIR) {
		char *end;
		const uint64_t at = strtoull(name + 1, &end, 10);
		return name[0] == 'e' && !*end ? NODE_ENDLESS + at : 0;
	}
	if (fs->fault == FS_CROWDED && dir == NODE_ROOT && strcmp(name, "many") == 0)
		return NODE_MANY;
	if (fs->fault == FS_CROWDED && dir == NODE_ROOT && strcmp(name, "busiest") == 0)
		return NODE_BUSIEST;
	for (uint64_t at = 0; list(fs, dir, at, e); at++) {
		if (e->len == strlen(name) && memcmp(e->name, name, e->len) == 0)
			return e->node;
	}
	return 0;
}

static void wait_us(unsigned us)
{
	struct timespec time = {us / 1000000, (long)(us % 1000000) * 1000};
	clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}

static bool hangs(const struct fs *fs, uint64_t node)
{
	return (fs->fault == FS_HANGING || fs->fault == FS_HANGING_DIR) && node == NODE_SPECIAL;
}

static void lookup(struct fs *fs, const struct fuse_in_header *in, const char *name,
		   struct listed *e)
{
	struct fuse_entry_out out = {.generation = 1};
	out.nodeid = find(fs, in->nodeid, name, e);
	bool vanished =
		fs->fault == FS_ALL_VANISHING ||
		(fs->fault == FS_VANISHING && out.nodeid >= NODE_SPECIAL && out.nodeid < NODE_FILE);
	if (hangs(fs, out.nodeid))
		return;
	fill_attr(fs, out.nodeid, &out.attr);
	reply(fs, in->unique, vanished || !out.nodeid ? ENOENT : 0, &out, sizeof(out));
}

static void open_dir(struct fs *fs, const struct fuse_in_header *in)
{
	struct fuse_open_out out = {0};
	int error = in->nodeid != NODE_DIR           ? 0
		    : fs->fault == FS_OPENDIR_EACCES ? EACCES
		    : fs->fault == FS_OPENDIR_ESTALE ? ESTALE
						     : 0;
	reply(fs, in->unique, error, &out, sizeof(out));
}

static void read_dir(struct fs *fs, const struct fuse_in_header *in,
		     const struct fuse_read_in *want, struct listed *e)
{
	const bool breaks = in->nodeid == NODE_DIR &&
			    (fs->fault == FS_READDIR_EINVAL || fs->fault == FS_READDIR_EIO);
	char *out = calloc(1, want->size);
	size_t used = 0;
	uint64_t at = want->offset;
	for (; out && list(fs, in->nodeid, at, e) && !(breaks && at >= READ_FAILS_AT); at++) {
		struct fuse_dirent *d = (struct fuse_dirent *)(void *)(out + used);
		size_t size = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + e->len);
		struct fuse_attr attr;
		if (used + size > want->size)
			break;
		fill_attr(fs, e->node, &attr);
		*d = (struct fuse_dirent){attr.ino, at + 1, (uint32_t)e->len, e->type};
		memcpy(d->name, e->name, e->len);
		used += size;
	}
	int error = fs->fault == FS_READDIR_EIO ? EIO : EINVAL;
	reply(fs, in->unique, breaks && at >= READ_FAILS_AT && !used ? error : 0, out, used);
	free(out);
}

static void init(struct fs *fs, const struct fuse_in_header *in, const struct fuse_init_in *have)
{
	const uint32_t flags = FUSE_PARALLEL_DIROPS | FUSE_ASYNC_READ | FUSE_MAX_PAGES;
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_readahead = have->max_readahead,
		.flags = have->flags & flags,
		.max_background = 2 * SERVERS,
		.congestion_threshold = 2 * SERVERS,
		.max_write = 4096,
		.max_pages =
			REQUEST_MAX / 4096 - 1, /* more than one: names of more than 1,024 bytes */
		.time_gran = 1,
	};
	reply(fs, in->unique, 0, &out, sizeof(out));
}

/*
 * A process that is killed while it waits for an answer ends only when it gets one, and the server
 * ends only with its parent. So when the kernel tells of a signal, the server looks whether the
 * parent is the one that was killed; other signals do not end a hanging call.
 */
static void end_with_killed_parent(const struct fs *fs)
{
	char path[64], line[256];
	unsigned long long pending = 0, mask;
	snprintf(path, sizeof(path), "/proc/%d/status", fs->parent);
	FILE *status = fopen(path, "re");
	while (status && fgets(line, sizeof(line), status)) {
		if (sscanf(line, "SigPnd: %llx", &mask) == 1 ||
		    sscanf(line, "ShdPnd: %llx", &mask) == 1)
			pending |= mask;
	}
	if (!status || pending & 1ULL << (SIGKILL - 1))
		_exit(0);
	fclose(status);
}

static void answer(struct fs *fs, const struct fuse_in_header *in, const void *body,
		   struct listed *e)
{
	struct fuse_attr_out attr = {0};
	struct fuse_statfs_out statfs = {.st = {.namelen = NAME_BYTES_MAX, .bsize = 4096}};
	switch (in->opcode) {
	case FUSE_LOOKUP:
		lookup(fs, in, body, e);
		break;
	case FUSE_GETATTR:
		fill_attr(fs, in->nodeid, &attr.attr);
		if (!hangs(fs, in->nodeid))
			reply(fs, in->unique, 0, &attr, sizeof(attr));
		break;
	case FUSE_READLINK:
		reply(fs, in->unique, 0, "f0", 2);
		break;
	case FUSE_OPENDIR:
		open_dir(fs, in);
		break;
	case FUSE_READDIR:
		read_dir(fs, in, body, e);
		break;
	case FUSE_OPEN:
		reply(fs, in->unique, 0, &(struct fuse_open_out){0}, sizeof(struct fuse_open_out));
		break;
	case FUSE_STATFS:
		reply(fs, in->unique, 0, &statfs, sizeof(statfs));
		break;
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
	case FUSE_FLUSH:
		reply(fs, in->unique, 0, NULL, 0);
		break;
	case FUSE_INIT:
		init(fs, in, body);
		break;
	case FUSE_INTERRUPT:
		end_with_killed_parent(fs);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
		break; /* wants no answer */
	default:
		reply(fs, in->unique, ENOSYS, NULL, 0);
		break;
	}
}

static bool is_slow(uint32_t opcode)
{
	return opcode == FUSE_LOOKUP || opcode == FUSE_GETATTR || opcode == FUSE_OPENDIR ||
	       opcode == FUSE_READDIR;
}

/* Which crowded directory's entry a request asks for; -1: none. */
static int crowd_asked(const struct fs *fs, const struct fuse_in_header *in)
{
	if (fs->fault == FS_CROWDED && in->opcode == FUSE_GETATTR && in->nodeid >= NODE_CROWD)
		return (int)(in->nodeid / NODE_CROWD) - 1;
	return in->opcode == FUSE_LOOKUP ? crowd_of(fs, in->nodeid) : -1;
}

static void wait_for_answer(struct fs *fs, const struct fuse_in_header *in)
{
	const int crowd = crowd_asked(fs, in);
	unsigned now = 0, most = fs->busiest;
	if (crowd >= 0)
		now = atomic_fetch_add(&fs->asked[crowd], 1) + 1;
	while (now > most && !atomic_compare_exchange_weak(&fs->busiest, &most, now))
		continue;
	if (fs->delay_us && is_slow(in->opcode))
		wait_us(fs->delay_us);
	if (crowd >= 0)
		atomic_fetch_sub(&fs->asked[crowd], 1);
}

/* One of many: whoever waits keeps nobody else from being answered. */
static void *serve(void *arg)
{
	struct fs *fs = arg;
	struct listed *e = malloc(sizeof(*e));
	char *request = malloc(REQUEST_MAX);
	while (e && request) {
		ssize_t got = read(fs->fd, request, REQUEST_MAX);
		if (got < 0 && (errno == EINTR || errno == ENOENT || errno == EAGAIN))
			continue;
		if (got < (ssize_t)sizeof(struct fuse_in_header))
			break;
		const struct fuse_in_header *in = (const void *)request;
		wait_for_answer(fs, in);
		answer(fs, in, request + sizeof(*in), e);
	}
	_exit(0);
}

static void run_server(int fd, enum fs_fault fault, unsigned number, pid_t parent)
{
	static struct fs fs;
	pthread_t thread;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_TIMERSLACK, 1);
	if (getppid() != parent)
		_exit(1);
	fs.fd = fd;
	fs.fault = fault;
	fs.delay_us = number;
	fs.parent = parent;
	for (int i = 1; i < SERVERS; i++)
		pthread_create(&thread, NULL, serve, &fs);
	serve(&fs);
}

int fs_mount(const char *dir, enum fs_fault fault, unsigned number)
{
	char options[128];
	pid_t parent = getpid();
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -errno;
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=%u,group_id=%u,allow_other", fd, getuid(), getgid());
	int error =
		mount("statmark", dir, "fuse.statmark", MS_NOSUID | MS_NODEV, options) ? -errno : 0;
	pid_t pid = error ? -1 : fork();
	if (pid == 0)
		run_server(fd, fault, number, parent);
	if (!error && pid < 0) {
		error = -errno;
		umount2(dir, MNT_DETACH);
	}
	close(fd);
	return error;
}

void fs_unmount(const char *dir)
{
	umount2(dir, MNT_FORCE); /* aborts the connection, which ends the server */
	umount2(dir, MNT_DETACH);
}
