/*
 * Filesystems of a server: only in a guest of `statmark lab`, a kernel of its own, in which server
 * and client run. What the guest prepared is told by its environment.
 */
#ifndef ENGINE_LAB_REMOTE_H
#define ENGINE_LAB_REMOTE_H

#include "engine/lab/spec.h"

/* Variables of the environment in a guest. */
#define REMOTE_FS      "STATMARK_LAB_FS"      /* which filesystem is served: "nfs" */
#define REMOTE_SOURCE  "STATMARK_LAB_SOURCE"  /* how the client calls it: "10.9.0.1:" */
#define REMOTE_SERVED  "STATMARK_LAB_SERVED"  /* the directory that is served */
#define REMOTE_OPTIONS "STATMARK_LAB_OPTIONS" /* of every mount, with commas between */
#define REMOTE_FACTS   "STATMARK_LAB_FACTS"   /* what it is like, in words */

struct remote {
	char source[128]; /* of the mount */
	char served[128]; /* the same directory, where the server has it */
	const char *facts;
};

/*
 * A new directory of the server, `name`. -ENOTSUP, with words: this is no guest that serves such
 * a filesystem.
 */
int remote_find(struct remote *remote, const struct lab_spec *spec, const char *name,
		struct err *err);

/* Mounts it. Nothing of an earlier mount is used again: no inode, no name. */
int remote_mount(const struct remote *remote, const struct lab_spec *spec, const char *dir,
		 struct err *err);

#endif
