/* Copies extra fields to the memory of a list. */
#include "strategies/flist/extra/extra.h"

#include <stdbool.h>
#include <string.h>

static void *copy(struct flist_arena *arena, const void *from, size_t size)
{
	void *to = flist_arena_alloc(arena, size);
	if (to && size > 0)
		memcpy(to, from, size);
	return to;
}

static const struct flist_name_set *find_set(const struct flist_recent_extras *recent,
					     const struct flist_asker *asker)
{
	for (unsigned i = 0; i < FLIST_KEPT; i++) {
		const struct flist_name_set *set = &recent->sets[i];
		if (set->len == asker->names_len &&
		    memcmp(set->names, asker->names, asker->names_len) == 0)
			return set;
	}
	return NULL;
}

/* Copies the array of attributes; their names then point into `names`, a copy of asker->names. */
static struct flist_xattr *copy_xattrs(struct flist_arena *arena, const struct flist_asker *asker,
				       const char *names)
{
	const struct flist_extra *from = &asker->extra;
	struct flist_xattr *to = copy(arena, from->xattrs, from->n_xattrs * sizeof(*to));
	for (size_t i = 0; to && i < from->n_xattrs; i++)
		to[i].name = names + (from->xattrs[i].name - asker->names);
	return to;
}

static const struct flist_name_set *keep_set(struct flist_recent_extras *recent,
					     struct flist_arena *arena,
					     const struct flist_asker *asker)
{
	const struct flist_name_set *known = find_set(recent, asker);
	if (known)
		return known;
	struct flist_name_set set = {.len = asker->names_len};
	set.names = copy(arena, asker->names, asker->names_len);
	set.xattrs = set.names ? copy_xattrs(arena, asker, set.names) : NULL;
	if (!set.xattrs)
		return NULL;
	for (size_t i = 0; i < asker->extra.n_xattrs; i++) {
		set.xattrs[i] =
			(struct flist_xattr){.name = set.xattrs[i].name, .status = -ENODATA};
	}
	struct flist_name_set *place = &recent->sets[recent->n_sets++ % FLIST_KEPT];
	*place = set;
	return place;
}

/*
 * Whether values were requested, successfully or not: then the entry has an array of attributes of
 * its own.
 */
static bool has_values(const struct flist_extra *extra)
{
	return extra->status[1] != -ENODATA;
}

static int keep_xattrs(struct flist_recent_extras *recent, struct flist_arena *arena,
		       const struct flist_asker *asker, struct flist_extra *to)
{
	const struct flist_name_set *set = keep_set(recent, arena, asker);
	struct flist_xattr *own;
	char *values;
	if (!set)
		return -ENOMEM;
	to->xattrs = set->xattrs;
	if (!has_values(&asker->extra))
		return 0;
	own = copy_xattrs(arena, asker, set->names);
	values = copy(arena, asker->values, asker->values_len);
	if (!own || !values)
		return -ENOMEM;
	for (size_t i = 0; i < to->n_xattrs; i++) {
		own[i].value = own[i].status ? NULL : values;
		values += own[i].size;
	}
	to->xattrs = own;
	return 0;
}

static const struct flist_extra *find_extra(const struct flist_recent_extras *recent,
					    const struct flist_extra *extra)
{
	for (unsigned i = 0; i < FLIST_KEPT && i < recent->n_extras; i++) {
		if (memcmp(recent->extras[i], extra, sizeof(*extra)) == 0)
			return recent->extras[i];
	}
	return NULL;
}

const struct flist_extra *flist_keep(struct flist_recent_extras *recent, struct flist_arena *arena,
				     const struct flist_asker *asker)
{
	const struct flist_extra *from = &asker->extra;
	struct flist_extra to;
	memcpy(&to, from, sizeof(to)); /* including padding, since bytes are compared */
	if (from->n_xattrs > 0 && keep_xattrs(recent, arena, asker, &to))
		return NULL;
	if (from->link && !(to.link = copy(arena, from->link, from->link_len + 1)))
		return NULL;
	if (from->handle && !(to.handle = copy(arena, from->handle, from->handle_len)))
		return NULL;
	const struct flist_extra *kept = find_extra(recent, &to);
	if (!kept) {
		kept = copy(arena, &to, sizeof(to));
		if (kept)
			recent->extras[recent->n_extras++ % FLIST_KEPT] = kept;
	}
	return kept;
}
