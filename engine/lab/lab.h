/*
 * Filesystems made for one run: an image in memory, a loop device, a mount that only this process
 * and its children see. They disappear with the process, however it ends.
 */
#ifndef ENGINE_LAB_LAB_H
#define ENGINE_LAB_LAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/arena.h"
#include "engine/base/err.h"
#include "engine/base/progress.h"

struct lab_spec; /* a filesystem as described by the user (spec.h) */
struct lab_fs;

struct lab_request {
	const struct lab_spec *spec;     /* must outlive the filesystem */
	uint64_t entries, bytes, inodes; /* of the tree: names, data, files and directories */
	uint64_t memory; /* limit for an image whose size is not known before, bytes; 0: none */
	const char *image_dir; /* directory of the image; NULL: in memory */
	/* Makes the tree below dir, which is empty. Its result is returned by lab_open. */
	int (*fill)(void *arg, const char *dir, struct err *err);
	void *arg;
	const struct progress *progress; /* may be NULL */
};

/*
 * Parses a list such as "ext4:noatime,mkfs=-O^dir_index,xfs": an item begins with the name of a
 * filesystem; options follow: mkfs=ARG for the program that makes it, size=64M, disk=ssd or hdd,
 * read=1ms and queue=16 of a disk with latency; others are mount options. -EINVAL, with a message;
 * -ENOMEM.
 */
int lab_parse(struct lab_spec ***specs, size_t *n, const char *text, struct arena *arena,
	      struct err *err);

/* Memory that the kernel uses per entry, bytes, measured with small files on Linux 6.18. */
struct lab_bytes {
	/* Until the filesystem is closed: image, pinned data, the program that made it. */
	uint64_t held;
	uint64_t cached; /* inodes, names and blocks: reclaimable, but then caches are not warm */
};

struct lab_bytes lab_spec_bytes(const struct lab_spec *spec); /* NULL: nothing is made */

const char *lab_spec_label(const struct lab_spec *spec); /* as given: "ext4:noatime" */
const char *lab_spec_type(const struct lab_spec *spec);  /* as in /proc/filesystems: "ext4" */
/*
 * "sim": fill mounts a server on its directory, and unmounts it before lab_close; all options are
 * the server's.
 */
bool lab_spec_is_served(const struct lab_spec *spec);
const char *lab_spec_options(const struct lab_spec *spec);
bool lab_spec_has_rtt(const struct lab_spec *spec); /* takes rtt=, or its server does */
bool lab_spec_is_here(const struct lab_spec *spec); /* "here": nothing is made */

/*
 * Gives the process a mount namespace of its own. To be called once, while there is one thread.
 * Users other than root get a user namespace, too: files of other users then have the owner
 * "nobody", and only tmpfs, overlay and, if they may open /dev/fuse, sim and sshfs can be made.
 * -ENOTSUP, with a message.
 *
 * The filesystems are mounted below lab_place, an empty directory of the system such as /media.
 * Files that other processes create there later are not visible to this process, and files that
 * this process creates there are lost. So a directory that contains one of the paths `kept`
 * (NULL-terminated) is not used.
 */
int lab_enter(const char *const *kept, struct err *err);
const char *lab_place(void); /* NULL before lab_enter */

/*
 * Makes, fills, syncs and mounts a filesystem; closed by lab_close. -ENOTSUP: it cannot be made on
 * this machine; err has the reason and what to install.
 */
int lab_open(struct lab_fs **fs, const struct lab_request *request, struct err *err);

const char *lab_root(const struct lab_fs *fs);  /* the directory that was passed to fill */
const char *lab_facts(const struct lab_fs *fs); /* a description of how it was made */

/*
 * Unmounts and mounts it, so that only its image is in memory; other filesystems keep their caches.
 * -ENOTSUP: it has no device (tmpfs, overlay). -EBUSY: a file in it is open, or is a working
 * directory. After another error it is not mounted.
 */
int lab_remount(struct lab_fs *fs, struct err *err);
bool lab_can_remount(const struct lab_fs *fs);

/*
 * Whether its layers are in memory although its type does not show it, so that caches cannot be
 * dropped.
 */
bool lab_is_layered(const struct lab_fs *fs);

void lab_close(struct lab_fs *fs); /* accepts NULL */

#endif
