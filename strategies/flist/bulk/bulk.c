#include "strategies/flist/bulk/bulk.h"

#include "strategies/flist/collect/entry.h"

#ifndef FLIST_PORTABLE
#define HAVE_BULK 1
#endif

#ifndef HAVE_BULK

int flist_bulk_begin(struct flist_walk *walk, bool sync)
{
	(void)sync;
	walk->why_not = "it is not compiled in";
	return 0;
}

void flist_bulk_end(struct flist_bulk *bulk)
{
	(void)bulk;
}

const char *flist_bulk_why_not(const struct flist_bulk *bulk)
{
	(void)bulk;
	return NULL;
}

void flist_bulk_reader_free(struct flist_bulk_reader *reader)
{
	(void)reader;
}

int flist_bulk_enter(struct flist_walker *w, const struct flist_node *node)
{
	(void)w;
	(void)node;
	return 1;
}

int flist_bulk_ask(struct flist_walker *w, const struct flist_node *node,
		   const struct flist_name *name, struct flist_meta *meta)
{
	(void)node;
	return flist_entry_ask(w, -1, name, meta);
}

void flist_bulk_note(const struct flist_bulk *bulk, uint32_t number, const struct flist_meta *meta,
		     struct flist_node *node)
{
	(void)bulk;
	(void)number;
	(void)meta;
	(void)node;
}

#else
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "strategies/flist/ask/ask.h"
#include "strategies/flist/bulk/btrfs.h"
#include "strategies/flist/bulk/device.h"
#include "strategies/flist/bulk/ext4.h"

enum {
	MARGIN = 20 * 1000 * 1000, /* ns: more than a tick of the clock that files get times by */
	PARTS_TO_JUDGE = 64,       /* of inode tables, that a job has read */
	ANSWERS_PER_PART = 8,      /* fewer, and calls are faster */
	ITEMS_TO_JUDGE = 1 << 17,  /* of the tree of a btrfs, that a job has read, */
	ITEMS_PER_DIR = 1 << 10,   /* so many for each directory that it has entered */
	ITEMS_PER_ANSWER = 16,     /* more, and calls are faster */
	SUBVOLUME_ROOT = 256,      /* its inode: all that is read is of the tree */
};

struct flist_bulk {
	struct flist_device device;
	struct flist_ext4 *fs;          /* NULL: it is */
	struct flist_btrfs *btrfs;      /* or NULL */
	struct flist_ext4_reader first; /* of the root; what it has read stays */
	struct flist_meta model;        /* of the root: what all entries have in common with it */
	bool is_basic;                  /* all of FLIST_BASIC is answered */
	uint32_t root;                  /* its inode */
	_Atomic bool is_too_small;      /* the tree is too small a part of what is read */
};

struct flist_bulk_reader {
	struct flist_ext4_reader ext4;
	struct flist_btrfs_reader btrfs;
	uint64_t answers, dirs;
};

/* ---- Whether --------------------------------------------------------------------------------- */

static int refuse(struct flist_walk *walk, const char *words)
{
	walk->why_not = words;
	return -ENOTSUP;
}

static int check_options(struct flist_walk *walk)
{
	if (flist_walk_has(walk, FLIST_FOLLOW))
		return refuse(walk, "links are followed, which may lead anywhere");
	if (walk->extra)
		return refuse(walk, "extra fields are asked for");
	return 0;
}

static int64_t now_ns(void)
{
	struct timespec now = {0};
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void put_meta(const struct flist_bulk *bulk, const struct flist_disk_inode *inode,
		     uint32_t ino, struct flist_meta *meta)
{
	const bool has_btime = bulk->model.valid & FLIST_BTIME && inode->btime_ns != INT64_MIN;
	const bool is_device = S_ISCHR(inode->mode) || S_ISBLK(inode->mode);
	const uint32_t rdev = is_device ? inode->rdev : 0;
	*meta = (struct flist_meta){
		.ino = ino,
		.dev = bulk->model.dev,
		.rdev = makedev(rdev >> 20, rdev & 0xfffff),
		.size = inode->size,
		.blocks = inode->blocks,
		.mnt_id = bulk->model.mnt_id,
		.atime_ns = inode->atime_ns,
		.mtime_ns = inode->mtime_ns,
		.ctime_ns = inode->ctime_ns,
		.btime_ns = has_btime ? inode->btime_ns : 0,
		.mode = inode->mode,
		.nlink = inode->nlink,
		.uid = inode->uid,
		.gid = inode->gid,
		.blksize = bulk->model.blksize,
		.valid = has_btime ? bulk->model.valid : bulk->model.valid & ~(uint32_t)FLIST_BTIME,
	};
}

/* What the tables say of the root has to be what the kernel says, unless that is changing. */
static int check_root(struct flist_walk *walk, struct flist_bulk *bulk)
{
	struct flist_meta said, *model = &bulk->model;
	const struct flist_disk_inode *inode;
	if (flist_ask(walk->opener.root, "", FLIST_ITSELF, walk->fields, model) ||
	    flist_ask(walk->opener.root, "", FLIST_ITSELF, FLIST_BASIC, &said) ||
	    said.ino > UINT32_MAX)
		return refuse(walk, "the root cannot be asked");
	bulk->is_basic = (model->valid & FLIST_BASIC) == FLIST_BASIC;
	bulk->root = (uint32_t)said.ino;
	if (bulk->btrfs)
		return 0;
	bulk->first.fs = bulk->fs;
	inode = flist_ext4_inode(&bulk->first, bulk->root);
	if (inode &&
	    (inode->mode != said.mode || inode->uid != said.uid || inode->gid != said.gid ||
	     inode->mtime_ns != said.mtime_ns || inode->ctime_ns != said.ctime_ns))
		return refuse(walk, "the device does not say of the root what the kernel says");
	return 0;
}

static int open_tables(struct flist_walk *walk, struct flist_bulk *bulk, bool sync)
{
	const int64_t since = now_ns() - MARGIN;
	int ret = flist_device_open(&bulk->device, walk->opener.root, &walk->why_not);
	if (!ret && sync && syncfs(walk->opener.root))
		ret = refuse(walk, "what is in memory only could not be written (syncfs)");
	if (!ret && bulk->device.kind == FLIST_DEVICE_BTRFS)
		ret = flist_btrfs_open(&bulk->btrfs, walk->opener.root, since, &walk->why_not);
	else if (!ret)
		ret = flist_ext4_open(&bulk->fs, bulk->device.fd, since, &walk->why_not);
	return ret ? ret : check_root(walk, bulk);
}

int flist_bulk_begin(struct flist_walk *walk, bool sync)
{
	struct flist_bulk *bulk;
	int ret = check_options(walk);
	if (ret)
		return 0;
	bulk = calloc(1, sizeof(*bulk));
	if (!bulk)
		return -ENOMEM;
	bulk->device.fd = -1;
	ret = open_tables(walk, bulk, sync);
	if (ret) {
		flist_bulk_end(bulk);
		if (!walk->why_not)
			walk->why_not = "the device cannot be read";
		return ret == -ENOMEM ? ret : 0;
	}
	walk->bulk = bulk;
	walk->root->node.ino = bulk->root;
	return 0;
}

void flist_bulk_end(struct flist_bulk *bulk)
{
	if (!bulk)
		return;
	flist_ext4_reader_release(&bulk->first);
	flist_ext4_free(bulk->fs);
	flist_btrfs_free(bulk->btrfs);
	flist_device_close(&bulk->device);
	free(bulk);
}

const char *flist_bulk_why_not(const struct flist_bulk *bulk)
{
	return bulk->is_too_small
		       ? "the tree is too small a part of what has to be read of the filesystem"
		       : NULL;
}

void flist_bulk_reader_free(struct flist_bulk_reader *reader)
{
	if (!reader)
		return;
	flist_ext4_reader_release(&reader->ext4);
	flist_btrfs_reader_release(&reader->btrfs);
	free(reader);
}

/* ---- Directories ----------------------------------------------------------------------------- */

static int get_reader(struct flist_walker *w)
{
	if (!w->reader)
		w->reader = calloc(1, sizeof(*w->reader));
	if (!w->reader)
		return -ENOMEM;
	w->reader->ext4.fs = w->walk->bulk->fs;
	w->reader->btrfs.fs = w->walk->bulk->btrfs;
	return 0;
}

/* The walker is at the node, so its path is the trail's. */
static bool has_mounts(const struct flist_walker *w, const struct flist_node *node)
{
	const struct flist_device *device = &w->walk->bulk->device;
	for (size_t i = 0; i < device->n_mounts; i++) {
		if (device->mounts[i].dir_len == node->path_len &&
		    memcmp(device->mounts[i].path, w->trail.path, node->path_len) == 0)
			return true;
	}
	return false;
}

/*
 * Reading a part of a table takes as long as asking for a few entries. Where fewer of it belong to
 * the tree, it does not pay.
 */
static bool is_rare(const struct flist_ext4_reader *ext4, uint64_t answers)
{
	return ext4->parts >= PARTS_TO_JUDGE && answers < ext4->parts * ANSWERS_PER_PART;
}

/*
 * What was read for directories that are yet to be entered does not count: a directory with many
 * others may lead to a part of the tree for each, with their entries in it.
 */
static bool is_rare_in_tree(const struct flist_bulk_reader *reader)
{
	const uint64_t most = reader->dirs * ITEMS_PER_DIR;
	const uint64_t items = reader->btrfs.items < most ? reader->btrfs.items : most;
	return items >= ITEMS_TO_JUDGE && reader->answers * ITEMS_PER_ANSWER < items;
}

static bool is_worth_it(struct flist_walker *w)
{
	struct flist_bulk *bulk = w->walk->bulk;
	const struct flist_bulk_reader *reader = w->reader;
	if ((bulk->fs && is_rare(&reader->ext4, reader->answers)) ||
	    (bulk->btrfs && bulk->root != SUBVOLUME_ROOT && is_rare_in_tree(reader)))
		atomic_store_explicit(&bulk->is_too_small, true, memory_order_relaxed);
	return !atomic_load_explicit(&bulk->is_too_small, memory_order_relaxed);
}

int flist_bulk_enter(struct flist_walker *w, const struct flist_node *node)
{
	int ret;
	if (!w->walk->bulk || node->ino == 0)
		return 1;
	ret = get_reader(w);
	if (ret)
		return ret;
	w->reader->dirs++;
	if (!is_worth_it(w))
		return 1;
	ret = flist_trail_name(&w->trail, node);
	if (!ret && has_mounts(w, node))
		return 1;
	if (!ret && w->walk->bulk->btrfs)
		ret = flist_btrfs_names(&w->reader->btrfs, (uint32_t)node->ino, &w->names);
	else if (!ret)
		ret = flist_ext4_names(&w->reader->ext4, (uint32_t)node->ino, &w->names);
	return ret == -EAGAIN ? 1 : ret;
}

void flist_bulk_note(const struct flist_bulk *bulk, uint32_t number, const struct flist_meta *meta,
		     struct flist_node *node)
{
	if (number)
		node->ino = number;
	else if (meta->valid & FLIST_INO && meta->dev == bulk->model.dev && meta->ino <= UINT32_MAX)
		node->ino = meta->ino;
}

/* ---- Entries --------------------------------------------------------------------------------- */

/* Whether the tables tell it, and as the directory does. */
static bool take_meta(struct flist_walker *w, const struct flist_name *name,
		      struct flist_meta *meta)
{
	const struct flist_bulk *bulk = w->walk->bulk;
	const struct flist_disk_inode *inode =
		bulk->btrfs ? flist_btrfs_inode(&w->reader->btrfs, name->number)
			    : flist_ext4_inode(&w->reader->ext4, name->number);
	if (!inode)
		return false;
	put_meta(bulk, inode, name->number, meta);
	return name->type == DT_UNKNOWN || (uint32_t)DTTOIF(name->type) == (meta->mode & S_IFMT);
}

static int ask_kernel(struct flist_walker *w, const struct flist_node *node,
		      const struct flist_name *name, struct flist_meta *meta)
{
	const int fd = flist_trail_go(&w->trail, node, false);
	return fd < 0 ? fd : flist_entry_ask(w, fd, name, meta);
}

int flist_bulk_ask(struct flist_walker *w, const struct flist_node *node,
		   const struct flist_name *name, struct flist_meta *meta)
{
	const bool lazy = flist_walk_has(w->walk, FLIST_LAZY);
	if (lazy && name->type != DT_UNKNOWN) {
		w->by_tables++;
		*meta = (struct flist_meta){.mode = (uint32_t)DTTOIF(name->type)};
		return 0;
	}
	if (!take_meta(w, name, meta))
		return ask_kernel(w, node, name, meta);
	w->reader->answers++;
	w->by_tables++;
	if (!w->walk->bulk->is_basic)
		flist_keep_valid(meta);
	if (lazy)
		*meta = (struct flist_meta){.mode = meta->mode & S_IFMT};
	return 0;
}

#endif
