/*
 * Extended attributes that libflist has fetched, as records: for all strategies that fetch them.
 */
#ifndef STRATEGIES_XATTRS_H
#define STRATEGIES_XATTRS_H

#include <sys/xattr.h>

#include "strategies/meta.h"

enum xattr_choice { XATTRS_NO, XATTRS_NAMES, XATTRS_VALUES };

/* The parameter of strategies that fetch metadata, and attributes on request. */
#define XATTRS_PARAM                                                                               \
	{                                                                                          \
		"xattrs", "fetch extended attributes, too", 0, 0, 2, xattrs_words                  \
	}

static const char *const xattrs_words[] = {"no", "names", "values", NULL};

static inline int xattrs_probe(struct err *err)
{
	/*
	 * The verifier uses this call. With an empty path, one that is available fails with ENOENT.
	 */
	if (llistxattr("", NULL, 0) == 0 || errno != ENOENT)
		return err_errno(err, -errno, "llistxattr is missing (a seccomp filter)");
	if (!flist_xattr_backend())
		return err_set(err, -EOPNOTSUPP,
			       "libflist has no call for attributes (a portable build?)");
	return 0;
}

/* Called by setup: adds what is wanted to the answer of the cell. */
static inline int xattrs_setup(struct cell *cell, enum xattr_choice wanted, struct err *err)
{
	const char *root = cell->load->root_len ? cell->load->root : "/";
	const int error = wanted == XATTRS_NO ? 0 : xattrs_probe(err);
	if (wanted == XATTRS_NO || error)
		return error;
	if (getxattr(root, "user.statmark", NULL, 0) < 0 && errno == EOPNOTSUPP)
		return err_set(err, -EOPNOTSUPP, "the filesystem has no extended attributes");
	cell->answer.fields |= FIELD_XATTRS;
	cell->answer.fields |= wanted == XATTRS_VALUES ? (uint32_t)FIELD_XATTR_VALUES : 0;
	return 0;
}

/* What the option `extra` of libflist is. */
static inline uint32_t xattrs_extra(enum xattr_choice wanted)
{
	static const uint32_t fields[] = {0, FLIST_XATTRS, FLIST_XATTR_VALUES};
	return fields[wanted];
}

/* The metadata and the attributes of an entry. If its attributes failed, that is the result. */
static inline void record_extra(struct record *r, const struct flist_meta *meta,
				const struct flist_extra *extra, enum xattr_choice wanted)
{
	const bool values = wanted == XATTRS_VALUES;
	if (!(extra->valid & FLIST_XATTRS)) {
		record_fail(r, -extra->status[0]);
		return;
	}
	record_meta(r, meta);
	r->xattrs = 0;
	r->fields |= FIELD_XATTRS | (values ? (uint32_t)FIELD_XATTR_VALUES : 0);
	for (size_t i = 0; i < extra->n_xattrs; i++) {
		const struct flist_xattr *x = &extra->xattrs[i];
		record_xattr(r, x->name, x->value, x->size, values ? -x->status : 0);
	}
}

#endif
