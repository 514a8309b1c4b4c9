#include "strategies/flist/collect/bulk.h"

#include <errno.h>

#include "strategies/flist/collect/entry.h"

#ifndef FLIST_PORTABLE
#define HAVE_BULK 1
#endif

#ifndef HAVE_BULK

int flist_bulk_begin(struct flist_walk *walk, bool sync)
{
	(void)sync;
	walk->why_not = "this build cannot read tables";
	return 0;
}

void flist_bulk_end(struct flist_bulk *bulk)
{
	(void)bulk;
}

int flist_bulk_open(struct flist_walk *walk)
{
	(void)walk;
	return -ENOTSUP;
}

bool flist_bulk_is_open(const struct flist_bulk *bulk)
{
	(void)bulk;
	return false;
}

const char *flist_bulk_why_not(const struct flist_walk *walk)
{
	return walk->why_not;
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

bool flist_bulk_trusts(struct flist_walker *w, const struct flist_node *node, int fd, size_t size)
{
	(void)w;
	(void)node;
	(void)fd;
	(void)size;
	return false;
}

int flist_bulk_read_inodes(struct flist_walker *w)
{
	(void)w;
	return 0;
}

int flist_bulk_ask_inode(struct flist_walker *w, int dirfd, const struct flist_name *name,
			 struct flist_meta *meta)
{
	return flist_entry_ask(w, dirfd, name, meta);
}

void flist_bulk_set_ino(const struct flist_bulk *bulk, uint32_t number,
			const struct flist_meta *meta, struct flist_node *node)
{
	(void)bulk;
	(void)number;
	(void)meta;
	(void)node;
}

uint32_t flist_bulk_listed(const struct flist_walker *w, const struct flist_node *node, int dirfd,
			   const struct flist_name *name)
{
	(void)w;
	(void)node;
	(void)dirfd;
	(void)name;
	return 0;
}

#else
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "strategies/flist/ask/ask.h"
#include "strategies/flist/bulk/device.h"
#include "strategies/flist/bulk/tables.h"
#include "strategies/flist/clock.h"
#include "strategies/flist/extra/extra.h"
#include "strategies/flist/names/reader.h"

enum {
	MARGIN = 20 * 1000 * 1000, /* ns: longer than a tick of the clock for file times */
	PARTS_TO_JUDGE = 64,       /* parts of inode tables that a job has read before it decides */
	ANSWERS_PER_PART = 8,      /* with fewer entries per part, system calls are faster */
	ITEMS_TO_JUDGE = 1 << 17,  /* items of a btrfs that a job has read before it decides, */
	ITEMS_PER_DIR = 1 << 10,   /* counting at most so many per directory that it has entered */
	ITEMS_PER_ANSWER = 16,     /* with more items per entry, system calls are faster */
	COMPARED_MOST = 1024,      /* limit of names that are compared with the kernel's, bytes */
	SUBVOLUME_ROOT = 256,      /* inode of its root: all items are of the tree */
	EXT4_ROOT = 2,             /* the same for ext4 */
	ENTRIES_PER_BLOCK = 2, /* fewer for each block read: the inodes of an xfs are not cached */
	XFS_TYPE = 0x58465342, /* of fstatfs(2) */
	RECORD_USUAL = 40,     /* size of a record of getdents64(2), bytes */
};

#define NOT_CACHED "the inodes are not cached; on xfs, single calls are then faster"
#define OF_LARGE_ONLY_WITH_FILTER                                                                  \
	"with a filter, tables of an xfs are used only for large directories with adjacent inode " \
	"numbers"

/*
 * Tables of an xfs are opened during the walk. LATER: by the job that first finds that enough
 * entries are listed. LARGE: only part of the filesystem is listed, and they are opened when enough
 * names of large directories have been read.
 */
enum bulk_state { BULK_LATER, BULK_LARGE, BULK_OPENING, BULK_OPEN, BULK_REFUSED };

struct flist_bulk {
	_Atomic int state; /* enum bulk_state; what follows the next two is valid if it is OPEN */
	bool is_xfs;
	bool sync; /* syncfs is called before tables are opened */
	struct flist_device device;
	struct flist_ext4 *fs; /* one of these three; the others are NULL */
	struct flist_btrfs *btrfs;
	struct flist_xfs *xfs;
	struct flist_ext4_reader first; /* has read the root; its memory is kept */
	int64_t since_ns;               /* an inode that changed then or later may be changing */
	struct flist_meta model;        /* of the root; has the fields that all entries share */
	bool is_basic;                  /* all fields of FLIST_BASIC are wanted */
	uint32_t root;                  /* inode number of the root; 0: xfs */
	/*
	 * Prefixes of attributes, a bit each: those that the kernel lists as the tables do, and
	 * those that it does not.
	 */
	_Atomic uint32_t told_kinds, untold_kinds;
	_Atomic bool is_too_small; /* the tree is too small a part of the tables */
	_Atomic bool is_cold;      /* xfs: its inodes are not cached */
	_Atomic bool has_rest;     /* xfs: a directory was too small, or had no run of inodes */
};

struct flist_bulk_reader {
	struct flist_ext4_reader ext4;
	struct flist_btrfs_reader btrfs;
	struct flist_xfs_reader xfs;
	uint64_t answers;
	uint64_t ahead;  /* ext4: parts read for directories that are still to be entered */
	uint64_t dirs;   /* directories entered */
	uint64_t blocks; /* flist_blocks_read() before the tables of an xfs are opened */
	size_t names;    /* about how many it has read before that, */
	size_t large;    /* and in large directories of a part of an xfs */
};

/* ---- Conditions ------------------------------------------------------------------------------ */

static int refuse(struct flist_walk *walk, const char *words)
{
	walk->why_not = words;
	return -ENOTSUP;
}

static int check_options(struct flist_walk *walk)
{
	if (flist_walk_has(walk, FLIST_FOLLOW))
		return refuse(walk, "symbolic links are followed");
	if (walk->extra & ~(uint32_t)FLIST_XATTRS)
		return refuse(walk, "extra fields other than the names of extended attributes "
				    "are requested");
	return 0;
}

static int64_t now_ns(void)
{
	struct timespec now = {0};
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void put_meta(const struct flist_bulk *bulk, const struct flist_disk_inode *inode,
		     uint64_t ino, struct flist_meta *meta)
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

/*
 * Compares the tables' metadata of the root with the kernel's, unless it may be changing. 0 or
 * -ENOTSUP.
 */
static int check_root(struct flist_walk *walk, struct flist_bulk *bulk)
{
	struct flist_meta said, *model = &bulk->model;
	struct flist_disk_inode of_xfs;
	const struct flist_disk_inode *inode;
	if (flist_ask(walk->opener.root, "", FLIST_ITSELF, walk->fields, model) ||
	    flist_ask(walk->opener.root, "", FLIST_ITSELF, FLIST_BASIC, &said) ||
	    (!bulk->xfs && said.ino > UINT32_MAX))
		return refuse(walk, "the metadata of the root cannot be fetched");
	bulk->is_basic = (model->valid & FLIST_BASIC) == FLIST_BASIC;
	bulk->root = bulk->xfs ? 0 : (uint32_t)said.ino;
	if (bulk->btrfs)
		return 0;
	bulk->first.fs = bulk->fs;
	if (bulk->xfs)
		inode = flist_xfs_fetch(bulk->xfs, said.ino, &of_xfs) ? &of_xfs : NULL;
	else
		inode = flist_ext4_inode(&bulk->first, bulk->root);
	if (inode &&
	    (inode->mode != said.mode || inode->uid != said.uid || inode->gid != said.gid ||
	     inode->mtime_ns != said.mtime_ns || inode->ctime_ns != said.ctime_ns))
		return refuse(walk, "the device and the kernel have different metadata of the "
				    "root");
	return 0;
}

/* A filter may leave out any number of entries, so it is as if only a part were listed. */
static int open_xfs(struct flist_walk *walk, struct flist_bulk *bulk)
{
	const bool is_whole = !walk->options->filter && flist_xfs_has_all(walk->opener.root) > 0;
	return flist_xfs_open(&bulk->xfs, walk->opener.root, bulk->since_ns, is_whole,
			      &walk->why_not);
}

static int open_tables(struct flist_walk *walk, struct flist_bulk *bulk)
{
	const int64_t since = bulk->since_ns;
	int ret = flist_device_open(&bulk->device, walk->opener.root, &walk->why_not);
	if (!ret && bulk->device.kind == FLIST_DEVICE_XFS && flist_walk_has(walk, FLIST_LAZY))
		ret = refuse(walk, "only types are requested, and xfs has them in its "
				   "directories");
	if (!ret && walk->extra && bulk->device.kind != FLIST_DEVICE_EXT4)
		ret = refuse(walk, "extended attributes are requested, which are read from the "
				   "tables of ext4 only");
	if (!ret && bulk->sync && syncfs(walk->opener.root))
		ret = refuse(walk, "syncfs failed, so the tables may be out of date");
	if (!ret && bulk->device.kind == FLIST_DEVICE_BTRFS)
		ret = flist_btrfs_open(&bulk->btrfs, walk->opener.root, since, &walk->why_not);
	else if (!ret && bulk->device.kind == FLIST_DEVICE_XFS)
		ret = open_xfs(walk, bulk);
	else if (!ret)
		ret = flist_ext4_open(&bulk->fs, bulk->device.fd, since, &walk->why_not);
	if (bulk->fs && walk->extra)
		flist_ext4_want_xattrs(bulk->fs);
	return ret ? ret : check_root(walk, bulk);
}

int flist_bulk_open(struct flist_walk *walk)
{
	struct flist_bulk *bulk = walk->bulk;
	if (flist_bulk_is_open(bulk))
		return 0;
	const int ret = open_tables(walk, bulk);
	if (ret && !walk->why_not)
		walk->why_not = ret == -ENOMEM ? "out of memory" : "the device cannot be read";
	atomic_store_explicit(&bulk->state, ret ? BULK_REFUSED : BULK_OPEN, memory_order_release);
	return ret && ret != -ENOMEM ? -ENOTSUP : ret;
}

bool flist_bulk_is_open(const struct flist_bulk *bulk)
{
	return bulk && atomic_load_explicit(&bulk->state, memory_order_acquire) == BULK_OPEN;
}

int flist_bulk_begin(struct flist_walk *walk, bool sync)
{
	struct statfs fs;
	int ret = check_options(walk);
	if (ret)
		return 0;
	walk->bulk = calloc(1, sizeof(*walk->bulk));
	if (!walk->bulk)
		return -ENOMEM;
	walk->bulk->since_ns = now_ns() - MARGIN; /* before any name is read */
	walk->bulk->device.fd = -1;
	walk->bulk->sync = sync;
	walk->bulk->is_xfs = !fstatfs(walk->opener.root, &fs) && fs.f_type == XFS_TYPE;
	if (walk->bulk->is_xfs && flist_bulk_calls_first() > 0 && !flist_walk_has(walk, FLIST_LAZY))
		return 0;
	ret = flist_bulk_open(walk);
	if (!ret) {
		walk->root->node.ino = walk->bulk->root;
		return 0;
	}
	flist_bulk_end(walk->bulk);
	walk->bulk = NULL;
	return ret == -ENOMEM ? ret : 0;
}

void flist_bulk_end(struct flist_bulk *bulk)
{
	if (!bulk)
		return;
	flist_ext4_reader_release(&bulk->first);
	flist_ext4_free(bulk->fs);
	flist_btrfs_free(bulk->btrfs);
	flist_xfs_free(bulk->xfs);
	flist_device_close(&bulk->device);
	free(bulk);
}

const char *flist_bulk_why_not(const struct flist_walk *walk)
{
	const struct flist_bulk *bulk = walk->bulk;
	if (!bulk || bulk->state == BULK_REFUSED)
		return walk->why_not;
	if (bulk->state == BULK_LATER)
		return "the tree is so small that on xfs system calls are faster";
	if (bulk->state == BULK_LARGE)
		return walk->options->filter ? OF_LARGE_ONLY_WITH_FILTER
					     : "only part of an xfs is listed, and it has few "
					       "large directories";
	if (bulk->is_cold)
		return NOT_CACHED;
	if (bulk->has_rest)
		return walk->options->filter ? OF_LARGE_ONLY_WITH_FILTER
					     : "only part of an xfs is listed; tables are used "
					       "only for large directories with adjacent inode "
					       "numbers";
	return bulk->is_too_small ? "the tree is too small a part of the tables that would have to "
				    "be read"
				  : NULL;
}

void flist_bulk_reader_free(struct flist_bulk_reader *reader)
{
	if (!reader)
		return;
	flist_ext4_reader_release(&reader->ext4);
	flist_btrfs_reader_release(&reader->btrfs);
	flist_xfs_reader_release(&reader->xfs);
	free(reader);
}

/* ---- Directories ----------------------------------------------------------------------------- */

/* Makes a job's reader, which is needed before the tables are open, too. 0 or -ENOMEM. */
static int make_reader(struct flist_walker *w)
{
	if (w->reader)
		return 0;
	w->reader = calloc(1, sizeof(*w->reader));
	if (!w->reader)
		return -ENOMEM;
	w->reader->blocks = flist_blocks_read();
	return 0;
}

static int get_reader(struct flist_walker *w)
{
	if (make_reader(w))
		return -ENOMEM;
	w->reader->ext4.fs = w->walk->bulk->fs;
	w->reader->btrfs.fs = w->walk->bulk->btrfs;
	w->reader->xfs.fs = w->walk->bulk->xfs;
	return 0;
}

/* Whether something is mounted in the node's directory, which is the current one. */
static bool has_mounts(const struct flist_walker *w, const struct flist_node *node)
{
	const struct flist_device *device = &w->walk->bulk->device;
	for (size_t i = 0; i < device->n_mounts; i++) {
		if (device->mounts[i].dir_len == node->path_len &&
		    memcmp(device->mounts[i].path, w->stack.path, node->path_len) == 0)
			return true;
	}
	return false;
}

/*
 * Reading a part of a table takes as long as a few system calls. So it does not pay if only few of
 * its inodes belong to the tree. Parts that were read for directories still to be entered are not
 * counted: a directory with many sub-directories may cause one part to be read for each, which also
 * has the entries below it.
 */
static bool is_rare(const struct flist_bulk_reader *reader)
{
	const uint64_t parts = reader->ext4.parts - reader->ahead;
	return parts >= PARTS_TO_JUDGE && reader->answers < parts * ANSWERS_PER_PART;
}

/* The same for btrfs, with a limit of the items counted per directory entered. */
static bool is_rare_in_tree(const struct flist_bulk_reader *reader)
{
	const uint64_t most = reader->dirs * ITEMS_PER_DIR;
	const uint64_t items = reader->btrfs.items < most ? reader->btrfs.items : most;
	return items >= ITEMS_TO_JUDGE && reader->answers * ITEMS_PER_ANSWER < items;
}

static bool has_ended(const struct flist_bulk *bulk)
{
	return atomic_load_explicit(&bulk->is_too_small, memory_order_relaxed) ||
	       atomic_load_explicit(&bulk->is_cold, memory_order_relaxed);
}

static bool is_worth_it(struct flist_walker *w)
{
	struct flist_bulk *bulk = w->walk->bulk;
	struct flist_bulk_reader *reader = w->reader;
	if ((bulk->fs && bulk->root != EXT4_ROOT && is_rare(reader)) ||
	    (bulk->btrfs && bulk->root != SUBVOLUME_ROOT && is_rare_in_tree(reader)))
		atomic_store_explicit(&bulk->is_too_small, true, memory_order_relaxed);
	if (bulk->xfs && flist_xfs_is_cold(&reader->xfs))
		atomic_store_explicit(&bulk->is_cold, true, memory_order_relaxed);
	return !has_ended(bulk);
}

int flist_bulk_enter(struct flist_walker *w, const struct flist_node *node)
{
	int ret;
	if (!w->walk->bulk || w->walk->bulk->is_xfs || node->ino == 0)
		return 1;
	ret = get_reader(w);
	if (ret)
		return ret;
	w->reader->dirs++;
	w->reader->ahead -= w->reader->ahead > 0;
	if (!is_worth_it(w))
		return 1;
	ret = flist_dirstack_name(&w->stack, node);
	if (!ret && has_mounts(w, node))
		return 1;
	if (!ret && w->walk->bulk->btrfs)
		ret = flist_btrfs_names(&w->reader->btrfs, (uint32_t)node->ino, &w->names);
	else if (!ret)
		ret = flist_ext4_names(&w->reader->ext4, (uint32_t)node->ino, &w->names);
	return ret == -EAGAIN ? 1 : ret;
}

/* About how many entries a job has seen before tables are open: listed, or read for other jobs. */
static size_t seen_by(const struct flist_walker *w)
{
	return w->length > w->reader->names ? w->length : w->reader->names;
}

/*
 * If the job's calls have read an xfs from the device, its inodes are not in the kernel's cache,
 * and bulkstat would not be faster: an inode has at least 256 bytes, half a block.
 */
static bool is_not_cached(const struct flist_walker *w)
{
	const uint64_t blocks = flist_blocks_read() - w->reader->blocks;
	return blocks * ENTRIES_PER_BLOCK > seen_by(w);
}

/* Whether names were read, in `size` bytes, that are likely to be as many as make up a run. */
static bool is_large(size_t size)
{
	return size >= flist_bulk_run_least() * RECORD_USUAL;
}

/*
 * Opens the tables, if no other job does. state: BULK_LATER or BULK_LARGE. In the first, of a part
 * of an xfs, they are left for the second. Returns whether they are open.
 */
static bool open_late(struct flist_walker *w, int state)
{
	struct flist_walk *walk = w->walk;
	struct flist_bulk *bulk = walk->bulk;
	const bool is_first = state == BULK_LATER;
	if (!atomic_compare_exchange_strong(&bulk->state, &state, BULK_OPENING))
		return state == BULK_OPEN;
	if (is_not_cached(w)) {
		walk->why_not = NOT_CACHED;
		atomic_store(&bulk->state, BULK_REFUSED);
		return false;
	}
	const int has_all = is_first ? flist_xfs_has_all(walk->opener.root) : -1;
	if (has_all < 0 || (has_all > 0 && !walk->options->filter))
		return !flist_bulk_open(walk); /* on an error, too: then it gives the reason */
	atomic_store(&bulk->state, BULK_LARGE);
	return false;
}

/*
 * Whether the tables of an xfs are open. The job that first finds that it is time opens them;
 * others continue by calls meanwhile. size: bytes of the names just read.
 */
static bool find_open(struct flist_walker *w, size_t size)
{
	struct flist_bulk *bulk = w->walk->bulk;
	const int state = atomic_load_explicit(&bulk->state, memory_order_acquire);
	if (state != BULK_LATER && state != BULK_LARGE)
		return state == BULK_OPEN;
	if (make_reader(w))
		return false;
	struct flist_bulk_reader *reader = w->reader;
	const size_t names = size / RECORD_USUAL;
	reader->large += state == BULK_LARGE && is_large(size) ? names : 0;
	const size_t seen = state == BULK_LARGE ? reader->large : seen_by(w);
	reader->names += names;
	return seen * flist_walk_working(w->walk) >= flist_bulk_calls_first() &&
	       open_late(w, state);
}

/*
 * If a directory's ctime, read after its names, is before the beginning of the call, it had these
 * names all the time. So the inodes that were read meanwhile belong to them.
 */
bool flist_bulk_trusts(struct flist_walker *w, const struct flist_node *node, int fd, size_t size)
{
	struct flist_bulk *bulk = w->walk->bulk;
	struct stat st;
	if (!bulk || !bulk->is_xfs || !find_open(w, size) || get_reader(w) || has_mounts(w, node))
		return false;
	if (!flist_xfs_is_whole(bulk->xfs) && !is_large(size)) {
		if (size > (size_t)2 * FLIST_RECORD_MIN) /* more than "." and ".." */
			atomic_store_explicit(&bulk->has_rest, true, memory_order_relaxed);
		return false;
	}
	if (fstat(fd, &st) || st.st_dev != bulk->device.dev || !is_worth_it(w))
		return false;
	const int64_t ctime_ns = (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec;
	return ctime_ns < bulk->since_ns;
}

/*
 * Whether an entry is on the root's filesystem and, where that is asked for, in the same mount: a
 * filesystem may be mounted below itself.
 */
static bool is_of_model(const struct flist_bulk *bulk, const struct flist_meta *meta)
{
	const bool have_mounts = meta->valid & bulk->model.valid & FLIST_MNT_ID;
	return meta->dev == bulk->model.dev && (!have_mounts || meta->mnt_id == bulk->model.mnt_id);
}

void flist_bulk_set_ino(const struct flist_bulk *bulk, uint32_t number,
			const struct flist_meta *meta, struct flist_node *node)
{
	if (bulk->is_xfs)
		return;
	if (number)
		node->ino = number;
	else if (meta->valid & FLIST_INO && is_of_model(bulk, meta) && meta->ino <= UINT32_MAX)
		node->ino = meta->ino;
}

static bool is_mount(const struct flist_walker *w, const struct flist_node *node, const char *name)
{
	const struct flist_device *device = &w->walk->bulk->device;
	for (size_t i = 0; i < device->n_mounts; i++) {
		const struct flist_mount *mount = &device->mounts[i];
		if (mount->dir_len == node->path_len &&
		    memcmp(mount->path, w->stack.path, node->path_len) == 0 &&
		    strcmp(mount->path + flist_node_prefix(node), name) == 0)
			return true;
	}
	return false;
}

uint32_t flist_bulk_listed(const struct flist_walker *w, const struct flist_node *node, int dirfd,
			   const struct flist_name *name)
{
	const struct flist_bulk *bulk = w->walk->bulk;
	struct stat st;
	if (!bulk->fs || !flist_walk_has(w->walk, FLIST_LAZY) || node->ino == 0 ||
	    name->type != DT_DIR || is_mount(w, node, name->text))
		return 0;
	return !fstat(dirfd, &st) && st.st_dev == bulk->device.dev ? name->number : 0;
}

/* ---- Entries --------------------------------------------------------------------------------- */

static const struct flist_disk_inode *find_inode(struct flist_walker *w, uint64_t ino)
{
	const struct flist_bulk *bulk = w->walk->bulk;
	return bulk->btrfs ? flist_btrfs_inode(&w->reader->btrfs, (uint32_t)ino)
			   : flist_ext4_inode(&w->reader->ext4, (uint32_t)ino);
}

/* Sets the metadata of a name. false: its type is not that of the directory's record. */
static bool put_answer(struct flist_walker *w, const struct flist_disk_inode *inode, uint64_t ino,
		       const struct flist_name *name, struct flist_meta *meta)
{
	const struct flist_bulk *bulk = w->walk->bulk;
	put_meta(bulk, inode, ino, meta);
	if (name->type != DT_UNKNOWN && (uint32_t)DTTOIF(name->type) != (meta->mode & S_IFMT))
		return false;
	w->reader->answers++;
	w->by_tables++;
	if (!bulk->is_basic)
		flist_keep_valid(meta);
	return true;
}

/* Reads metadata from the tables of an ext4 or btrfs. false: not available. */
static bool take_meta(struct flist_walker *w, const struct flist_name *name,
		      struct flist_meta *meta)
{
	const uint64_t parts = w->reader->ext4.parts;
	const struct flist_disk_inode *inode = find_inode(w, name->number);
	if (!inode)
		return false;
	w->reader->ahead += S_ISDIR(inode->mode) && w->reader->ext4.parts > parts;
	return put_answer(w, inode, name->number, name, meta);
}

static int ask_kernel(struct flist_walker *w, const struct flist_node *node,
		      const struct flist_name *name, struct flist_meta *meta)
{
	const int fd = flist_dirstack_go(&w->stack, node, false);
	return fd < 0 ? fd : flist_entry_ask(w, fd, name, meta);
}

/*
 * Whether the kernel lists names with a prefix depends on mount options and privileges, not on the
 * entry. So the first names with each prefix are compared with those that the kernel lists.
 */
static int compare_names(struct flist_walker *w, const struct flist_node *node,
			 const struct flist_name *name, size_t len, uint32_t kinds,
			 struct flist_meta *meta)
{
	struct flist_bulk *bulk = w->walk->bulk;
	char first[COMPARED_MOST];
	memcpy(first, w->asker->names, len);
	const int ret = ask_kernel(w, node, name, meta);
	if (ret || !(w->asker->extra.valid & FLIST_XATTRS))
		return ret;
	const uint32_t new = kinds & ~atomic_load(&bulk->told_kinds);
	if (w->asker->names_len == len && memcmp(first, w->asker->names, len) == 0)
		atomic_fetch_or(&bulk->told_kinds, kinds);
	else if (!(new &(new - 1))) /* with several new prefixes, any of them may be the cause */
		atomic_fetch_or(&bulk->untold_kinds, new);
	return ret;
}

/* Adds names of attributes; meta is already set. */
static int add_xattrs(struct flist_walker *w, const struct flist_node *node,
		      const struct flist_name *name, struct flist_meta *meta)
{
	struct flist_bulk *bulk = w->walk->bulk;
	uint32_t kinds;
	const long len = flist_ext4_xattrs(&w->reader->ext4, (uint32_t)name->number,
					   w->asker->names, FLIST_XATTR_MOST, &kinds);
	const uint32_t told = atomic_load_explicit(&bulk->told_kinds, memory_order_relaxed);
	if (len >= 0 && !(kinds & ~told) && !flist_asker_take_names(w->asker, (size_t)len))
		return 0;
	w->by_tables--;
	if (len < 0 || len > COMPARED_MOST || kinds & atomic_load(&bulk->untold_kinds))
		return ask_kernel(w, node, name, meta);
	return compare_names(w, node, name, (size_t)len, kinds, meta);
}

int flist_bulk_ask(struct flist_walker *w, const struct flist_node *node,
		   const struct flist_name *name, struct flist_meta *meta)
{
	const bool lazy = flist_walk_has(w->walk, FLIST_LAZY);
	if (lazy && name->type != DT_UNKNOWN) {
		w->reader->answers++;
		w->by_tables++;
		*meta = (struct flist_meta){.mode = (uint32_t)DTTOIF(name->type)};
		return 0;
	}
	if (!take_meta(w, name, meta))
		return ask_kernel(w, node, name, meta);
	if (w->walk->extra)
		return add_xattrs(w, node, name, meta);
	if (lazy)
		*meta = (struct flist_meta){.mode = meta->mode & S_IFMT};
	return 0;
}

int flist_bulk_read_inodes(struct flist_walker *w)
{
	int ret = get_reader(w);
	if (!ret)
		ret = flist_xfs_read(&w->reader->xfs, &w->names, flist_bulk_run_least());
	w->has_numbers = ret > 0;
	if (ret == 0 && w->names.n > 0)
		atomic_store_explicit(&w->walk->bulk->has_rest, true, memory_order_relaxed);
	return ret < 0 ? ret : 0;
}

int flist_bulk_ask_inode(struct flist_walker *w, int dirfd, const struct flist_name *name,
			 struct flist_meta *meta)
{
	const struct flist_disk_inode *inode = flist_xfs_inode(&w->reader->xfs, name);
	if (inode && put_answer(w, inode, flist_record_ino(name->text), name, meta))
		return 0;
	return flist_entry_ask(w, dirfd, name, meta);
}

#endif
