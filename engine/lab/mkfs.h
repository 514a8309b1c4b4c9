/* Images, and the programs that make filesystems in them. */
#ifndef ENGINE_LAB_MKFS_H
#define ENGINE_LAB_MKFS_H

#include "engine/lab/spec.h"

/* A file without a name: in memory, or in request->image_dir. Its descriptor, or -errno. */
int image_open(const struct lab_request *request, struct err *err);

/* Makes it as large as the tree needs, or as the user says; it takes room only once written to. */
int image_size(int image, const struct lab_request *request, struct err *err);

/*
 * Makes a filesystem in the image; of `tree` where it is packed. -ENOTSUP: the program
 * is missing, err names the package. Other errors say what the program said.
 */
int mkfs_run(int image, const struct lab_request *request, const char *tree, struct err *err);

#endif
