/*
 * Calls libflist's collect, which reads the tables of the filesystem. On ext4 and btrfs no system
 * call is made for an entry or a directory, except those that have just changed; on xfs names are
 * read by system calls. Data that is only in memory is written first (syncfs), which is part of the
 * time, unless sync is "no". The tables of ext4 have names of extended attributes, too.
 */
#include "strategies/walk/collect.h"

enum { PARAM_SYNC = COLLECT_XATTRS + 1 };

static const char *const answers[] = {"no", "yes", NULL};

static int setup(struct cell *cell, struct err *err)
{
	const char *root = cell->load->root_len ? cell->load->root : "/", *why;
	const struct flist_collect_options options = {.extra = xattrs_extra(collect_xattrs(cell))};
	const int ret = flist_bulk_check(root, &options, &why);
	if (ret == -ENOTSUP)
		return err_set(err, ret, "%s", why);
	return ret ? err_errno(err, ret, "%s", root) : collect_setup(cell, err);
}

static int run(struct worker *w)
{
	const unsigned no_sync = w->cell->params[PARAM_SYNC] ? 0 : (unsigned)FLIST_NO_SYNC;
	return collect_by_pool(w, FLIST_BULK | no_sync, 0);
}

/* How much of the list is from tables. The library's reasons are static strings. */
static unsigned extras(const struct cell *cell, struct extra extras[EXTRAS_MAX])
{
	const struct flist_list *list = ((const struct collected *)cell->state)->list;
	if (!list)
		return 0;
	const struct flist_how *how = flist_list_how(list);
	extras[0] = (struct extra){
		.name = "by_tables",
		.unit = "entries",
		.higher_is_better = true,
		.part = how->by_tables,
		.whole = flist_list_length(list),
		.reason = how->why_not,
		.other_way = "a walk by system calls",
	};
	return 1;
}

STRATEGY(bulk) = {
	.name = "bulk",
	.summary = "libflist's collect from the filesystem's tables (ext4, btrfs, xfs; root)",
	.stage = STAGE_WALK,
	.flags = STRATEGY_OWN_THREADS | STRATEGY_SHARES_STATE,
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_DIR},
	.cell_size = sizeof(struct collected),
	.uncounted = "libflist makes them",
	.params = {XATTRS_PARAM, {"sync", "call syncfs first", 1, 0, 1, answers}},
	.setup = setup,
	.prepare = collect_prepare,
	.deliver = collect_deliver,
	.finish = collect_finish,
	.extras = extras,
	.run = run,
};
