/*
 * How many entries of an xfs are listed by calls before its tables are opened, and the shortest run
 * of inodes: a file of its own, so that a test can link other functions in its place.
 */
#include "strategies/flist/collect/bulk.h"

size_t flist_bulk_calls_first(void)
{
	return 1024;
}

size_t flist_bulk_run_least(void)
{
	return 32;
}
