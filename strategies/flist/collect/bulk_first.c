/*
 * How many entries of an xfs are listed before its tables are opened: a file of its own, so that a
 * test can link another function in its place.
 */
#include "strategies/flist/collect/bulk.h"

size_t flist_bulk_calls_first(void)
{
	return 1024;
}
