/*
 * Writing a whole file so that nobody ever sees half of one: into a temporary file beside it,
 * synced, then renamed over it. Whatever goes wrong (a full disk, a kill), the old file is intact.
 */
#ifndef ENGINE_BASE_REPLACE_H
#define ENGINE_BASE_REPLACE_H

#include <stddef.h>

#include "engine/base/err.h"

/*
 * Makes `path` a file of mode 0644 with these bytes, with path in the message of an error. After an
 * error there is no temporary file; after a kill one may be left, named PATH.XXXXXX. Errors: those
 * of open(2), write(2), fsync(2), rename(2).
 */
int replace_file(const char *path, const void *data, size_t size, struct err *err);

#endif
