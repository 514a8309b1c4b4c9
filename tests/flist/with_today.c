#include "tests/flist/with_today.h"

#include "strategies/flist/flist.h"

const struct today_sizes today_sizes = {
	.meta = sizeof(struct flist_meta),
	.threads = sizeof(struct flist_threads),
	.where = sizeof(struct flist_where),
	.many = sizeof(struct flist_many_options),
	.cache = sizeof(struct flist_cache_options),
	.item = sizeof(struct flist_item),
	.failure = sizeof(struct flist_failure),
	.collect = sizeof(struct flist_collect_options),
	.fetch = sizeof(struct flist_fetch_options),
};
