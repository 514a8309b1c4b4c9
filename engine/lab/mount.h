/* Mounts a filesystem; if the kernel refuses, the error has the kernel's own message. */
#ifndef ENGINE_LAB_MOUNT_H
#define ENGINE_LAB_MOUNT_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/err.h"

struct mounting {
	const char *type, *source;
	bool read_only;
	const char *own[4];         /* options, up to a NULL */
	const char *const *options; /* the user's: they come last */
	size_t n_options;
};

/* Without atimes unless an option asks for them. -ENOTSUP: the kernel does not know the type. */
int lab_mount(const char *dir, const struct mounting *mounting, struct err *err);

/*
 * Waits a while before it returns -EBUSY, because the kernel may still be cleaning up after a
 * process that ended.
 */
int lab_unmount(const char *dir);

#endif
