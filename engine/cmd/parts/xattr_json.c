#include "engine/cmd/parts/xattr_json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/text.h"

enum { FIXED = 128 /* bytes beside names and values: of all together, and of each */ };

size_t xattr_json_room(const struct flist_extra *extra)
{
	size_t room = FIXED;
	for (size_t i = 0; i < extra->n_xattrs; i++) {
		const struct flist_xattr *x = &extra->xattrs[i];
		room += FIXED + TEXT_SPELLED_MAX(strlen(x->name)) + (x->size + 2) / 3 * 4;
	}
	return room;
}

static char *put_text(char *at, const char *text)
{
	const size_t len = strlen(text);
	memcpy(at, text, len);
	return at + len;
}

static char *put_base64(char *at, const unsigned char *bytes, size_t n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < n; i += 3) {
		const size_t left = n - i;
		const unsigned bits = (unsigned)bytes[i] << 16 |
				      (left > 1 ? (unsigned)bytes[i + 1] << 8 : 0) |
				      (left > 2 ? bytes[i + 2] : 0);
		*at++ = digits[bits >> 18];
		*at++ = digits[bits >> 12 & 63];
		*at++ = left > 1 ? digits[bits >> 6 & 63] : '=';
		*at++ = left > 2 ? digits[bits & 63] : '=';
	}
	return at;
}

static char *put_one(char *at, const struct flist_xattr *x)
{
	at = put_text(at, "{\"name\": ");
	at += text_spell(at, x->name, TEXT_QUOTED);
	if (x->value) {
		at += snprintf(at, FIXED, ", \"size\": %zu, \"base64\": \"", x->size);
		at = put_base64(at, x->value, x->size);
		*at++ = '"';
	} else if (x->status != -ENODATA) {
		const char *name = strerrorname_np(-x->status);
		at += snprintf(at, FIXED, ", \"error\": \"%s\"", name ? name : "unknown");
	}
	*at++ = '}';
	return at;
}

char *xattr_json_put(char *at, const struct flist_extra *extra)
{
	if (!(extra->valid & FLIST_XATTRS))
		return put_text(at, ", \"xattrs\": null, \"acl\": null");
	at = put_text(at, ", \"xattrs\": [");
	for (size_t i = 0; i < extra->n_xattrs; i++) {
		at = put_text(at, i ? ", " : "");
		at = put_one(at, &extra->xattrs[i]);
	}
	at = put_text(at, "], \"acl\": [");
	at = put_text(at, extra->acl & FLIST_ACL_ACCESS ? "\"access\"" : "");
	at = put_text(at, extra->acl == (FLIST_ACL_ACCESS | FLIST_ACL_DEFAULT) ? ", " : "");
	at = put_text(at, extra->acl & FLIST_ACL_DEFAULT ? "\"default\"" : "");
	return put_text(at, "]");
}
