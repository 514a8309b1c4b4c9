/*
 * What the tests of made trees share: a scratch directory to work in, calls that fail the test when
 * they do not do what they should, and a small filesystem that can be filled.
 */
#ifndef TESTS_UNIT_WITH_TREE_H
#define TESTS_UNIT_WITH_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "datasets/tree/tree.h"

/* For a test that works in a directory of its own and leaves nothing behind. */
#define SCRATCH_TEST(name) cmocka_unit_test_setup_teardown(name, enter_scratch, leave_scratch)
int enter_scratch(void **state);
int leave_scratch(void **state);

void put_file(const char *path, const char *text);
char *get_file(const char *path); /* the caller frees */
mode_t mode_of(const char *path); /* of the link itself; 0: absent */
bool exists(const char *path);

/* A preset with another number of entries. */
struct shape shape_of(const char *preset, uint64_t entries);

/* Return how many entries were made or removed. */
uint64_t create_works(const char *dir, const struct shape *shape);
uint64_t remove_works(const char *dir);

/* Both have to fail before they change anything. */
void create_fails(const char *dir, const struct shape *shape, int error, const char *words);
void remove_fails(const char *dir, int error, const char *words);

struct tree_info info_of(const char *dir);
struct tree_verdict verdict_on(const char *dir);
bool is_verified(const char *dir);

/* Path of the n-th file or directory in t/tree; valid until the next call. */
const char *entry_of_t(unsigned n, bool directory);

/* A progress report that says stop when `after` entries are done. */
struct stopper {
	uint64_t after;
	volatile int stop;
};
void stop_after(void *stopper, const char *what, uint64_t done, uint64_t total);

/* Mounts a tmpfs on ./small that only this process sees; skips the test if it may not. */
void mount_small(const char *options);

#endif
