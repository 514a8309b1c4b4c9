/*
 * Filesystems made for one run: an image in memory, a loop device, a mount that only this process
 * and its children see. They are gone with the process, however it ends.
 */
#ifndef ENGINE_LAB_LAB_H
#define ENGINE_LAB_LAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/arena.h"
#include "engine/base/err.h"
#include "engine/base/progress.h"

struct lab_spec; /* a filesystem as the user describes it (spec.h) */
struct lab_fs;

struct lab_request {
	const struct lab_spec *spec;     /* outlives the filesystem */
	uint64_t entries, bytes, inodes; /* of the tree: names, data, files and directories */
	uint64_t memory;       /* bytes that an image of unknown size may take of it; 0: no bound */
	const char *image_dir; /* where the image lies; NULL: in memory */
	/* Makes the tree below dir, which is empty. What it returns is returned. */
	int (*fill)(void *arg, const char *dir, struct err *err);
	void *arg;
	const struct progress *progress; /* may be NULL */
};

/*
 * Reads a list such as "ext4:noatime,mkfs=-O^dir_index,xfs": an item begins with the name of a
 * filesystem, what follows up to the next one is options: mkfs=ARG of the program that makes it,
 * size=64M, disk=ssd or hdd, read=1ms and queue=16 of a disk with latency; others are of the mount.
 * -EINVAL, with words; -ENOMEM.
 */
int lab_parse(struct lab_spec ***specs, size_t *n, const char *text, struct arena *arena,
	      struct err *err);

/* Memory that the kernel takes for an entry, bytes, measured with small files and Linux 6.18. */
struct lab_bytes {
	uint64_t held;   /* until the filesystem is closed: its image, what it pins, what made it */
	uint64_t cached; /* inodes, names and blocks: given back, but then caches are not warm */
};

struct lab_bytes lab_spec_bytes(const struct lab_spec *spec); /* NULL: nothing is made */

const char *lab_spec_label(const struct lab_spec *spec); /* as given: "ext4:noatime" */
const char *lab_spec_type(const struct lab_spec *spec);  /* as in /proc/filesystems: "ext4" */
/* "sim": fill mounts a server on its directory, and takes it away before lab_close; the server's
 * options, whatever they are. */
bool lab_spec_is_served(const struct lab_spec *spec);
const char *lab_spec_options(const struct lab_spec *spec);
bool lab_spec_is_here(const struct lab_spec *spec); /* "here": nothing is to be made */

/*
 * Gives the process mounts of its own; once, while there is one thread. Users other than root get a
 * user namespace, too: files of other users then show the owner "nobody", and only tmpfs, overlay
 * and, where they may open /dev/fuse, sim and sshfs can be made. -ENOTSUP, with words.
 *
 * The filesystems appear below lab_place, an empty directory of the system such as /media. Files
 * that other processes put there later are not visible to this process, and files that it puts
 * there are lost; so none is taken in which one of the paths `kept` (NULL-terminated) lies.
 */
int lab_enter(const char *const *kept, struct err *err);
const char *lab_place(void); /* NULL before lab_enter */

/*
 * Made, filled, written out, mounted. -ENOTSUP: it cannot be made on this machine, err says why and
 * what to install.
 */
int lab_open(struct lab_fs **fs, const struct lab_request *request, struct err *err);

const char *lab_root(const struct lab_fs *fs);  /* the directory that fill was given */
const char *lab_facts(const struct lab_fs *fs); /* how it was made, in words */

/*
 * Unmounts and mounts it, so that nothing of it is in memory but the image; no other filesystem
 * loses its caches. -ENOTSUP where there is no device: tmpfs, overlay. -EBUSY: a file of it is
 * open, or a working directory. After another error it is not mounted.
 */
int lab_remount(struct lab_fs *fs, struct err *err);
bool lab_can_remount(const struct lab_fs *fs);

/* Whether its layers lie in memory, though its type does not say so: what is dropped is gone. */
bool lab_is_layered(const struct lab_fs *fs);

void lab_close(struct lab_fs *fs); /* accepts NULL */

#endif
