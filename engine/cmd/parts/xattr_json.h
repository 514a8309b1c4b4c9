/*
 * Extended attributes of an entry as members of a JSON object: "xattrs" and "acl". Names are text
 * with the one escape that there is (engine/base/text.h); values are any bytes, so base64.
 */
#ifndef ENGINE_CMD_PARTS_XATTR_JSON_H
#define ENGINE_CMD_PARTS_XATTR_JSON_H

#include <stddef.h>

#include "strategies/flist/flist.h"

/* Most bytes that xattr_json_put writes. */
size_t xattr_json_room(const struct flist_extra *extra);

/*
 * Writes `, "xattrs": [...], "acl": [...]`, without a NUL; null for what is not known. A value that
 * could not be read is a member "error" with the name of its errno. Returns the end.
 */
char *xattr_json_put(char *at, const struct flist_extra *extra);

#endif
