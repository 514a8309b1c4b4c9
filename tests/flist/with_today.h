/* Sizes by today's header, for a program that was built with an older one. */
#ifndef TESTS_FLIST_WITH_TODAY_H
#define TESTS_FLIST_WITH_TODAY_H

#include <stddef.h>

extern const struct today_sizes {
	size_t meta, threads, where, many, cache, item, failure, collect, fetch;
} today_sizes;

#endif
