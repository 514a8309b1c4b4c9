/* The digest of a tree is that of its whole paths, also where they are not kept in one piece. */
#include <stdlib.h>

#include "datasets/shape/generator.h"
#include "datasets/tree/tree.h"
#include "engine/base/util.h"
#include "tests/scratch.h"
#include "tests/test.h"

enum { LEVELS = 120, NAME_LEN = 97 };

static int set_up(void **state)
{
	struct scratch *s = malloc(sizeof(*s));
	*state = s;
	return s && scratch_make(s) ? 0 : -1;
}

static int tear_down(void **state)
{
	scratch_remove(*state);
	free(*state);
	return 0;
}

static int go_down(int fd, const char *name)
{
	assert_int_equal(mkdirat(fd, name, 0755), 0);
	const int below = openat(fd, name, O_RDONLY | O_DIRECTORY);
	assert_true(below >= 0);
	close(fd);
	return below;
}

/* In each level a file, a link, a fifo, an empty directory and one with a file of its own. */
static void furnish(int fd)
{
	assert_true(scratch_file(fd, "file", 1));
	assert_int_equal(symlinkat("nowhere", fd, "link"), 0);
	assert_int_equal(mkfifoat(fd, "fifo", 0644), 0);
	assert_int_equal(mkdirat(fd, "empty", 0755), 0);
	const int side = go_down(dup(fd), "side");
	assert_true(scratch_file(side, "below", 1));
	close(side);
}

static struct workload *load_deep(const struct scratch *s)
{
	char name[NAME_LEN + 1];
	struct workload *load = NULL;
	int fd = dup(s->fd);
	for (int i = 0; i < LEVELS; i++) {
		memset(name, 'a' + i % 26, sizeof(name));
		name[NAME_LEN - i % 40] = '\0';
		furnish(fd);
		fd = go_down(fd, name);
	}
	close(fd);
	assert_int_equal(workload_load(&load, s->path, NULL, NULL, NULL), 0);
	assert_in_range(load->n_far, LEVELS, 3 * LEVELS);
	return load;
}

static struct digest digest_of_paths(const struct workload *load)
{
	struct digest digest = {0};
	for (uint32_t e = 0; e < load->n_entries; e++) {
		char *path = workload_spell(load, e);
		assert_non_null(path);
		digest_add(&digest, gen_hash(path, strlen(path), load->entries[e].type));
		free(path);
	}
	return digest;
}

static void digest_is_that_of_whole_paths(void **state)
{
	struct workload *load = load_deep(*state);
	const struct digest want = digest_of_paths(load);
	struct digest digest, sum = {0};
	assert_int_equal(tree_digest(load, &digest), 0);
	assert_int_equal(digest.count, load->n_entries);
	assert_true(digest_same(&digest, &want));
	for (uint32_t s = 0; s < load->n_spans; s += 5) {
		struct workload *slice;
		struct digest part;
		assert_int_equal(workload_slice(&slice, load, s, MIN(s + 5, load->n_spans)), 0);
		assert_int_equal(tree_digest(slice, &part), 0);
		digest_merge(&sum, &part);
		workload_free(slice);
	}
	assert_true(digest_same(&sum, &want));
	workload_free(load);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(digest_is_that_of_whole_paths, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
