#include "engine/lab/lab.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/count.h"
#include "engine/base/util.h"
#include "engine/lab/disk.h"
#include "engine/lab/loop.h"
#include "engine/lab/mkfs.h"
#include "engine/lab/mount.h"
#include "engine/lab/spec.h"
#include "engine/lab/sshfs.h"

/*
 * Remote filesystems exist only in a guest of `statmark lab`; environment variables describe what
 * the guest has prepared.
 */

/* Environment variables in a guest. */
#define REMOTE_FS      "STATMARK_LAB_FS"      /* the filesystem that is served: "nfs" */
#define REMOTE_SOURCE  "STATMARK_LAB_SOURCE"  /* its source on the client: "10.9.0.1:" */
#define REMOTE_SERVED  "STATMARK_LAB_SERVED"  /* the directory that is served */
#define REMOTE_OPTIONS "STATMARK_LAB_OPTIONS" /* for every mount, comma-separated */
#define REMOTE_FACTS   "STATMARK_LAB_FACTS"   /* a description */

struct remote {
	char source[128]; /* of the mount */
	char served[128]; /* the same directory on the server */
	const char *facts;
};

enum { OPTIONS_MAX = 64, OPTIONS_LEN = 512 };

static const char *told(const char *variable)
{
	const char *text = getenv(variable);
	return text ? text : "";
}

/*
 * Makes a new directory, `name`, on the server. -ENOTSUP, with a message: this is not a guest that
 * serves such a filesystem.
 */
static int remote_find(struct remote *remote, const struct lab_spec *spec, const char *name,
		       struct err *err)
{
	const char *kind = spec->kind->name;
	if (strcmp(told(REMOTE_FS), kind) != 0)
		return err_set(
			err, -ENOTSUP,
			"a real %s needs a server and a network, which this run does not have; "
			"'statmark lab %s' measures one in a separate kernel",
			kind, kind);
	snprintf(remote->source, sizeof(remote->source), "%s/%s", told(REMOTE_SOURCE), name);
	snprintf(remote->served, sizeof(remote->served), "%s/%s", told(REMOTE_SERVED), name);
	remote->facts = told(REMOTE_FACTS);
	return mkdir(remote->served, 0755)
		       ? err_errno(err, -errno, "cannot make %s", remote->served)
		       : 0;
}

/* The guest's options come first, so that the user's override them. */
/* Mounts it without reusing cached inodes or names of an earlier mount. */
static int remote_mount(const struct remote *remote, const struct lab_spec *spec, const char *dir,
			struct err *err)
{
	char text[OPTIONS_LEN], *rest = text, *item;
	const char *options[OPTIONS_MAX];
	struct mounting m = {
		.type = spec->kind->mount_type ? spec->kind->mount_type : spec->kind->name,
		.source = remote->source,
		.options = options,
	};
	snprintf(text, sizeof(text), "%s", told(REMOTE_OPTIONS));
	while ((item = next_item(&rest)) && m.n_options < OPTIONS_MAX)
		options[m.n_options++] = item;
	for (size_t i = 0; i < spec->n_options && m.n_options < OPTIONS_MAX; i++)
		options[m.n_options++] = spec->options[i];
	return lab_mount(dir, &m, err);
}

enum { NUMBERS_MAX = 1000 };

/*
 * The filesystem is mounted on PLACE/1. PLACE/1.base is the filesystem in memory below it or before
 * it.
 */
struct lab_fs {
	const struct lab_spec *spec;
	char dir[64], base[80];
	char root[80]; /* a directory in it, because an ext4 has a lost+found, too */
	bool has_base, is_mounted;
	struct remote remote;
	int image;        /* -1: none */
	struct disk disk; /* between image and device, for a disk with latency */
	struct loop loop;
	struct sshfs sshfs;
	char facts[400];
};

/*
 * Takes a number that is freed when its filesystem is closed, so that paths are the same each time.
 */
static int take_directory(struct lab_fs *fs, struct err *err)
{
	if (!lab_place())
		return err_set(err, -EINVAL, "lab_enter was not called");
	for (int number = 1; number <= NUMBERS_MAX; number++) {
		snprintf(fs->dir, sizeof(fs->dir), "%s/%d", lab_place(), number);
		if (mkdir(fs->dir, 0755) == 0)
			break;
		if (errno != EEXIST || number == NUMBERS_MAX) {
			int error = err_errno(err, -errno, "cannot make %s", fs->dir);
			fs->dir[0] = '\0';
			return error;
		}
	}
	snprintf(fs->base, sizeof(fs->base), "%s.base", fs->dir);
	snprintf(fs->root, sizeof(fs->root), "%s/tree", fs->dir);
	return 0;
}

static int mount_memory(const struct lab_spec *spec, const char *dir, struct err *err)
{
	char size[40] = "size=50%";
	struct mounting m = {
		.type = "tmpfs", .source = "statmark", .own = {"mode=0755", "nr_inodes=0", size}};
	if (spec->size)
		snprintf(size, sizeof(size), "size=%" PRIu64, spec->size);
	if (spec->kind->method == LAB_MEMORY) {
		m.options = spec->options;
		m.n_options = spec->n_options;
	}
	return lab_mount(dir, &m, err);
}

static int mount_base(struct lab_fs *fs, struct err *err)
{
	if (mkdir(fs->base, 0755))
		return err_errno(err, -errno, "cannot make %s", fs->base);
	fs->has_base = true;
	return mount_memory(fs->spec, fs->base, err);
}

static void drop_base(struct lab_fs *fs)
{
	if (fs->has_base) {
		umount2(fs->base, MNT_DETACH | UMOUNT_NOFOLLOW);
		rmdir(fs->base);
	}
	fs->has_base = false;
}

static int mount_device(struct lab_fs *fs, struct err *err)
{
	const struct mounting m = {
		.type = fs->spec->kind->name,
		.source = fs->loop.path,
		.read_only = fs->spec->kind->method == LAB_PACKED,
		.options = fs->spec->options,
		.n_options = fs->spec->n_options,
	};
	int error = lab_mount(fs->dir, &m, err);
	fs->is_mounted = !error;
	return error;
}

/* Makes the tree in a directory of its own, DIR/tree, and syncs it. */
static int fill(const struct lab_request *r, const char *dir, struct err *err)
{
	char tree[128];
	snprintf(tree, sizeof(tree), "%s/tree", dir);
	if (mkdir(tree, 0755))
		return err_errno(err, -errno, "cannot make a directory in a new %s",
				 r->spec->kind->name);
	int error = r->fill(r->arg, tree, err);
	if (error)
		return error;
	int fd = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	error = fd < 0 || syncfs(fd)
			? err_errno(err, -errno, "cannot sync a new %s", r->spec->kind->name)
			: 0;
	if (fd >= 0)
		close(fd);
	return error;
}

static int open_memory(struct lab_fs *fs, const struct lab_request *r, struct err *err)
{
	int error = mount_memory(fs->spec, fs->dir, err);
	fs->is_mounted = !error;
	return error ? error : fill(r, fs->dir, err);
}

/*
 * The tree is in the lower layer; the upper one is empty, so every result comes through the
 * overlay.
 */
static int open_layered(struct lab_fs *fs, const struct lab_request *r, struct err *err)
{
	static const char *const layers[] = {"lower", "upper", "work"};
	char paths[ARRAY_LEN(layers)][128], options[ARRAY_LEN(layers)][160];
	int error = mount_base(fs, err);
	for (size_t i = 0; !error && i < ARRAY_LEN(layers); i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s/%s", fs->base, layers[i]);
		snprintf(options[i], sizeof(options[i]), "%sdir=%s", layers[i], paths[i]);
		if (mkdir(paths[i], 0755))
			error = err_errno(err, -errno, "cannot make %s", paths[i]);
	}
	error = error ? error : fill(r, paths[0], err);
	if (error)
		return error;
	const struct mounting m = {
		.type = fs->spec->kind->name,
		.source = "statmark",
		.own = {options[0], options[1], options[2]},
		.options = fs->spec->options,
		.n_options = fs->spec->n_options,
	};
	error = lab_mount(fs->dir, &m, err);
	fs->is_mounted = !error;
	return error;
}

/* Without direct I/O a page cache would answer reads, and reads would be sent one at a time. */
static int open_disk(struct lab_fs *fs, const struct loop_options *options, struct err *err)
{
	char path[96];
	snprintf(path, sizeof(path), "%s.disk", fs->dir);
	int error = disk_open(&fs->disk, &fs->spec->disk, fs->image, path, err);
	error = error ? error : loop_open(&fs->loop, fs->disk.fd, options, err);
	if (!error && !loop_is_direct(&fs->loop))
		error = err_set(err, -ENOTSUP,
				"cannot simulate a disk: loop devices have no direct I/O here");
	return error;
}

/*
 * Opens the image's loop device. With a disk, it uses direct I/O, so that reads come from the disk,
 * not from memory.
 */
static int open_loop(struct lab_fs *fs, const struct lab_request *r, struct err *err)
{
	const bool has_disk = fs->spec->disk.read_ns != 0;
	const struct loop_options options = {
		.node_dir = lab_place(),
		.read_only = fs->spec->kind->method == LAB_PACKED,
		.direct = has_disk || r->image_dir,
	};
	return has_disk ? open_disk(fs, &options, err)
			: loop_open(&fs->loop, fs->image, &options, err);
}

static int open_device(struct lab_fs *fs, const struct lab_request *r, struct err *err)
{
	int error = image_size(fs->image, r, err);
	error = error ? error : mkfs_run(fs->image, r, NULL, err);
	error = error ? error : open_loop(fs, r, err);
	error = error ? error : mount_device(fs, err);
	return error ? error : fill(r, fs->dir, err);
}

static int open_packed(struct lab_fs *fs, const struct lab_request *r, struct err *err)
{
	int error = mount_base(fs, err);
	error = error ? error : fill(r, fs->base, err);
	error = error ? error : mkfs_run(fs->image, r, fs->base, err);
	drop_base(fs);
	error = error ? error : open_loop(fs, r, err);
	return error ? error : mount_device(fs, err);
}

/* From now on reads are delayed; the measured delay is added to the facts. */
static int slow_down(struct lab_fs *fs, const struct lab_request *r, struct err *err)
{
	const struct lab_disk *model = &fs->spec->disk;
	const size_t used = strlen(fs->facts);
	struct disk_speed speed;
	if (!model->read_ns)
		return 0;
	progress_report(r->progress, "measuring the disk", 0, 0);
	disk_delay(&fs->disk, true);
	int error = disk_measure(fs->loop.path, model, &speed, err);
	snprintf(fs->facts + used, sizeof(fs->facts) - used,
		 "; reads of %" PRIu64 " us, %u at once: 4 KiB at random took "
		 "%.0f us, with 16 at once %.0f us each",
		 model->read_ns / 1000, model->queue, (double)speed.one_ns / 1e3,
		 (double)speed.many_ns / 1e3);
	return error;
}

static int open_with_image(struct lab_fs *fs, const struct lab_request *r, struct err *err)
{
	struct stat st;
	int error = loop_probe(err);
	if (error)
		return error;
	fs->image = image_open(r, err);
	if (fs->image < 0)
		return fs->image;
	error = fs->spec->kind->method == LAB_PACKED ? open_packed(fs, r, err)
						     : open_device(fs, r, err);
	if (error || fstat(fs->image, &st))
		return error;
	snprintf(fs->facts, sizeof(fs->facts), "by %s, image of %s %s%.128s",
		 fs->spec->kind->program,
		 count_memory((uint64_t)st.st_size, (char[COUNTED_SIZE]){0}),
		 r->image_dir ? "in " : "in memory", r->image_dir ? r->image_dir : "");
	return slow_down(fs, r, err);
}

/* The server shows the whole filesystem in memory, so the tree gets a directory there, too. */
static int open_piped(struct lab_fs *fs, const struct lab_request *r, struct err *err)
{
	int error = mount_base(fs, err);
	error = error ? error : fill(r, fs->base, err);
	error = error ? error : sshfs_open(&fs->sshfs, fs->spec, fs->base, fs->dir, err);
	return error ? error : sshfs_facts(&fs->sshfs, fs->spec, fs->facts, sizeof(fs->facts), err);
}

static int open_served(struct lab_fs *fs, const struct lab_request *r, struct err *err)
{
	snprintf(fs->root, sizeof(fs->root), "%s", fs->dir);
	return r->fill(r->arg, fs->root, err);
}

/* The tree is made on the server's side, without round trips. */
static int open_remote(struct lab_fs *fs, const struct lab_request *r, struct err *err)
{
	int error = remote_find(&fs->remote, fs->spec, strrchr(fs->dir, '/') + 1, err);
	if (error)
		return error;
	snprintf(fs->facts, sizeof(fs->facts), "%s", fs->remote.facts);
	error = fill(r, fs->remote.served, err);
	error = error ? error : remote_mount(&fs->remote, fs->spec, fs->dir, err);
	fs->is_mounted = !error;
	return error;
}

int lab_open(struct lab_fs **opened, const struct lab_request *r, struct err *err)
{
	struct lab_fs *fs = calloc(1, sizeof(*fs));
	*opened = NULL;
	if (!fs)
		return err_set(err, -ENOMEM, "out of memory");
	*fs = (struct lab_fs){.spec = r->spec,
			      .image = -1,
			      .disk = DISK_NONE,
			      .loop.fd = -1,
			      .facts = "in memory"};
	int error = take_directory(fs, err);
	if (!error && r->spec->kind->method == LAB_HERE)
		error = err_set(err, -EINVAL,
				"here: uses the filesystem that exists and makes none");
	else if (!error && r->spec->kind->method == LAB_SERVED)
		error = open_served(fs, r, err);
	else if (!error && r->spec->kind->method == LAB_REMOTE)
		error = open_remote(fs, r, err);
	else if (!error && r->spec->kind->method == LAB_MEMORY)
		error = open_memory(fs, r, err);
	else if (!error && r->spec->kind->method == LAB_PIPED)
		error = open_piped(fs, r, err);
	else if (!error && r->spec->kind->method == LAB_LAYERED)
		error = open_layered(fs, r, err);
	else if (!error)
		error = open_with_image(fs, r, err);
	if (error)
		lab_close(fs);
	else
		*opened = fs;
	return error;
}

const char *lab_root(const struct lab_fs *fs)
{
	return fs->root;
}

const char *lab_facts(const struct lab_fs *fs)
{
	return fs->facts;
}

/* Starts a new client without caches; the server's caches stay. */
static int remount_piped(struct lab_fs *fs, struct err *err)
{
	int error = sshfs_unmount(&fs->sshfs);
	if (error)
		return err_errno(err, error, "cannot unmount %s", fs->spec->kind->name);
	return sshfs_open(&fs->sshfs, fs->spec, fs->base, fs->dir, err);
}

/* A descriptor of the device stays open, so that the device is not released in between. */
static int remount(struct lab_fs *fs, struct err *err)
{
	const char *name = fs->spec->kind->name;
	int error = fs->is_mounted ? lab_unmount(fs->dir) : 0;
	if (error)
		return err_errno(err, error, "cannot unmount %s", name);
	fs->is_mounted = false;
	error = loop_flush(&fs->loop);
	if (error)
		return err_errno(err, error, "%s: cannot empty the cache of %s", name,
				 fs->loop.path);
	return mount_device(fs, err);
}

int lab_remount(struct lab_fs *fs, struct err *err)
{
	if (fs->spec->kind->method == LAB_PIPED)
		return remount_piped(fs, err);
	if (!lab_can_remount(fs))
		return err_set(err, -ENOTSUP, "cannot empty the cache of %s: it has no device",
			       fs->spec->kind->name);
	disk_delay(&fs->disk, false);
	int error = remount(fs, err);
	disk_delay(&fs->disk, true);
	return error;
}

bool lab_is_layered(const struct lab_fs *fs)
{
	return fs->spec->kind->method == LAB_LAYERED;
}

bool lab_can_remount(const struct lab_fs *fs)
{
	return fs->loop.fd >= 0 || fs->spec->kind->method == LAB_PIPED;
}

void lab_close(struct lab_fs *fs)
{
	if (!fs)
		return;
	if (fs->is_mounted && lab_unmount(fs->dir))
		umount2(fs->dir, MNT_DETACH | UMOUNT_NOFOLLOW);
	sshfs_close(&fs->sshfs);
	drop_base(fs);
	loop_close(&fs->loop);
	disk_close(&fs->disk);
	if (fs->image >= 0)
		close(fs->image);
	if (fs->dir[0])
		rmdir(fs->dir);
	free(fs);
}
