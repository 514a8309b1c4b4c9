/*
 * Mounts a filesystem. If the kernel refuses, the error has the kernel's own message.
 */
#ifndef ENGINE_LAB_MOUNT_H
#define ENGINE_LAB_MOUNT_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/err.h"

struct mounting {
	const char *type, *source;
	bool read_only;
	const char *own[4];         /* options, ended by NULL */
	const char *const *options; /* of the user: they are set last */
	size_t n_options;
};

/*
 * Mounts without atimes unless an option requests them. -ENOTSUP: the kernel does not know the
 * type.
 */
int lab_mount(const char *dir, const struct mounting *mounting, struct err *err);

/*
 * Retries for a while before it returns -EBUSY, because the kernel may still be releasing the files
 * of a process that has ended.
 */
int lab_unmount(const char *dir);

#endif
