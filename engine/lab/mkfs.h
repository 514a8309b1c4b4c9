/*
 * Images, and the programs that make filesystems in them.
 */
#ifndef ENGINE_LAB_MKFS_H
#define ENGINE_LAB_MKFS_H

#include "engine/lab/spec.h"

/*
 * A file without a name: in memory, or in request->image_dir. Returns a descriptor, which the
 * caller closes, or -errno.
 */
int image_open(const struct lab_request *request, struct err *err);

/*
 * Makes it as large as the tree needs, or as the user requested; space is allocated only when
 * written.
 */
int image_size(int image, const struct lab_request *request, struct err *err);

/*
 * Makes a filesystem in the image; of the directory `tree` if it is packed. -ENOTSUP: the program
 * is missing; err names the package. Messages of other errors contain the program's output.
 */
int mkfs_run(int image, const struct lab_request *request, const char *tree, struct err *err);

#endif
