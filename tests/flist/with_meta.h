/* What the tests of libflist share: metadata held against stat(2), and trees to ask about. */
#ifndef TESTS_FLIST_WITH_META_H
#define TESTS_FLIST_WITH_META_H

#include <stdint.h>
#include <sys/stat.h>

#include "strategies/flist/flist.h"
#include "tests/scratch.h"

/* Has at least the fields wanted; each is stat's, or 0 where it is not valid. atime is free. */
void meta_is(const struct flist_meta *meta, const struct stat *st, uint32_t wanted);
void meta_is_empty(const struct flist_meta *meta); /* all zero */

/* cmocka fixtures: *state is a struct scratch in which things lie. */
int meta_scratch(void **state);
int meta_no_scratch(void **state);

/* A directory with one of each: file, link to it, link to nothing, fifo, directory. */
extern const char *const meta_names[]; /* NULL-terminated */
int meta_things(void **state);

#define with_things(test) cmocka_unit_test_setup_teardown(test, meta_things, meta_no_scratch)

#endif
