#include "engine/gate/gate.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/util.h"
#include "tests/scratch.h"
#include "tests/test.h"

static struct scratch scratch;
static struct workload *load;
static struct arena *arena;

/* Eight directories of 100 files each, one of which has a sub-directory of 50, and an empty one. */
static int set_up(void **state)
{
	char name[64];
	(void)state;
	if (!scratch_make(&scratch))
		return -1;
	for (int d = 0; d < 8; d++) {
		snprintf(name, sizeof(name), "d%d", d);
		assert_int_equal(mkdirat(scratch.fd, name, 0755), 0);
		for (int i = 0; i < 100; i++) {
			snprintf(name, sizeof(name), "d%d/f%d", d, i);
			assert_true(scratch_file(scratch.fd, name, 0));
		}
	}
	assert_int_equal(mkdirat(scratch.fd, "d3/below", 0755), 0);
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "d3/below/f%d", i);
		assert_true(scratch_file(scratch.fd, name, 0));
	}
	assert_int_equal(mkdirat(scratch.fd, "empty", 0755), 0);
	arena = arena_new();
	return arena && workload_load(&load, scratch.path, NULL, NULL, NULL) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	workload_free(load);
	scratch_remove(&scratch);
	return 0;
}

static void a_short_tree_is_one_slice(void **state)
{
	struct gate_slices p;
	(void)state;
	assert_int_equal(gate_slices_cut(&p, load, STAGE_FETCH, true, GATE_SLICE_NS, arena), 0);
	assert_int_equal(p.n, 1);
	assert_int_equal(p.items[0].end, 0);
	assert_string_equal(p.items[0].root, scratch.path);
	assert_int_equal(gate_slices_cut(&p, load, STAGE_FETCH, false, 100 * GATE_SLICE_NS, arena),
			 0);
	assert_int_equal(p.n, 1);
}

/* Each span is in exactly one slice, and slices are about equal. */
static void fetches_are_cut_between_spans(void **state)
{
	struct gate_slices p;
	(void)state;
	for (uint64_t parts = 2; parts < 5; parts++) {
		uint32_t at = 0;
		assert_int_equal(
			gate_slices_cut(&p, load, STAGE_FETCH, true, parts * GATE_SLICE_NS, arena),
			0);
		assert_int_equal(p.n, parts);
		for (size_t i = 0; i < p.n; i++) {
			assert_int_equal(p.items[i].first, at);
			at = p.items[i].end;
			assert_true(at > p.items[i].first);
		}
		assert_int_equal(at, load->n_spans);
	}
	assert_int_equal(gate_slices_cut(&p, load, STAGE_FETCH, true, UINT64_MAX / 2, arena), 0);
	assert_int_equal(p.n, load->n_spans);
}

static bool has_root(const struct gate_slices *p, const char *end)
{
	for (size_t i = 0; i < p->n; i++) {
		const char *root = p->items[i].root + strlen(scratch.path);
		if (strcmp(root, end) == 0)
			return true;
	}
	return false;
}

static void walks_begin_at_subtrees_of_the_right_size(void **state)
{
	struct gate_slices p;
	(void)state;
	/* An eighth of 860 entries: 107, so 54 to 214. */
	assert_int_equal(gate_slices_cut(&p, load, STAGE_WALK, true, 8 * GATE_SLICE_NS, arena), 0);
	assert_int_equal(p.n, 8);
	assert_true(has_root(&p, "/d0") && has_root(&p, "/d3") && has_root(&p, "/d7"));
	/* An eighteenth: 47, so 24 to 94: only the one below. */
	assert_int_equal(gate_slices_cut(&p, load, STAGE_WALK, true, 18 * GATE_SLICE_NS, arena), 0);
	assert_int_equal(p.n, 1);
	assert_true(has_root(&p, "/d3/below"));
	/* None is that small. */
	assert_int_equal(gate_slices_cut(&p, load, STAGE_WALK, true, 800 * GATE_SLICE_NS, arena),
			 0);
	assert_int_equal(p.n, 1);
	assert_true(has_root(&p, ""));
	assert_int_equal(p.items[0].end, 0);
}

/* An entry on a slow server takes longer than a slice: nothing is found that has no entries. */
static void an_empty_directory_is_no_slice(void **state)
{
	struct gate_slices p;
	(void)state;
	assert_int_equal(gate_slices_cut(&p, load, STAGE_WALK, true, 2000 * GATE_SLICE_NS, arena),
			 0);
	assert_int_equal(p.n, 1);
	assert_true(has_root(&p, ""));
	assert_int_equal(mkdirat(scratch.fd, "empty/one", 0755), 0);
	struct workload *more;
	assert_int_equal(workload_load(&more, scratch.path, NULL, NULL, NULL), 0);
	assert_int_equal(gate_slices_cut(&p, more, STAGE_WALK, true, 2000 * GATE_SLICE_NS, arena),
			 0);
	workload_free(more);
	assert_int_equal(p.n, 1);
	assert_true(has_root(&p, "/empty"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_short_tree_is_one_slice),
		cmocka_unit_test(fetches_are_cut_between_spans),
		cmocka_unit_test(walks_begin_at_subtrees_of_the_right_size),
		cmocka_unit_test(an_empty_directory_is_no_slice),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
