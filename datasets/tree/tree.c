/*
 * Reads the facts of a tree that statmark made, and makes a tree or finds it again (tree_ensure).
 */
#include "datasets/tree/tree.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "datasets/shape/generator.h"
#include "datasets/tree/container.h"

int tree_info(const char *dir, struct tree_info *info, struct err *err)
{
	struct container c;
	int error = container_open(&c, dir, err);
	if (!error && c.fd < 0)
		error = err_errno(err, -ENOENT, "cannot open %s", dir);
	else if (!error && (error = sentinel_read(&c, info, err)) == -ENOENT)
		error = err_set(err, -EEXIST, "%s: was not made by statmark", dir);
	container_close(&c);
	return error;
}

int tree_ensure(const char *base, const struct shape *shape, unsigned jobs,
		const struct progress *progress, struct tree_info *info, struct err *err)
{
	struct tree_counts made;
	char dir[PATH_MAX];
	uint64_t hash;
	int error = shape_check(shape, shape->name, err);
	if (error)
		return error;
	if (shape_hash(shape, &hash))
		return err_set(err, -ENOMEM, "%s: out of memory", shape->name);
	int length = snprintf(dir, sizeof(dir), "%s/%s-%" PRIu64 "-s%" PRIu64 "-%08" PRIx32, base,
			      shape->name, shape->entries, shape->seed, (uint32_t)hash);
	if (length >= (int)sizeof(dir))
		return err_errno(err, -ENAMETOOLONG, "cannot make a tree in %s", base);
	if (mkdir(base, 0755) && errno != EEXIST)
		return err_errno(err, -errno, "cannot make %s", base);
	error = tree_create(dir, shape, jobs, progress, &made, err);
	return error ? error : tree_info(dir, info, err);
}
