#include "tests/unit/with_cells.h"

#include <math.h>

#include "engine/base/util.h"
#include "tests/test.h"

int with_cells_set_up(void **state)
{
	struct result *r = result_new();
	*state = r;
	if (!r)
		return -1;
	r->cells = arena_alloc(r->arena, WITH_CELLS * sizeof(*r->cells));
	return r->cells ? 0 : -1;
}

int with_cells_tear_down(void **state)
{
	result_free(*state);
	return 0;
}

struct cell_result *add_cell(struct result *r, const char *id)
{
	struct cell_result *cell = &r->cells[r->n_cells++];
	assert_true(r->n_cells <= WITH_CELLS);
	*cell = (struct cell_result){.id = id,
				     .label = id,
				     .entries = ENTRIES,
				     .is_baseline = r->n_cells == 1,
				     .is_rival = true};
	return cell;
}

struct pass *add_pass(struct cell_result *cell, uint32_t round, uint64_t wall_ns)
{
	assert_int_equal(array_grow(&cell->passes, &cell->room_passes, cell->n_passes + 1,
				    sizeof(*cell->passes)),
			 0);
	struct pass *pass = &cell->passes[cell->n_passes++];
	*pass = (struct pass){.round = round, .wall_ns = wall_ns, .verified = true, .clean = true};
	return pass;
}

/* Rounds [0, n) that all took ns per entry. */
struct cell_result *add_steady(struct result *r, const char *id, uint32_t n, uint64_t ns)
{
	struct cell_result *cell = add_cell(r, id);
	for (uint32_t round = 0; round < n; round++)
		add_pass(cell, round, ns * ENTRIES);
	return cell;
}

void is_known(const struct estimate *e, double median, uint32_t n)
{
	if (!e->known)
		fail_msg("not known: %s", e->reason);
	if (fabs(e->median - median) > 1e-9 * median)
		fail_msg("median %.12g, should be %.12g", e->median, median);
	assert_int_equal(e->n, n);
}

/* Fewer rounds than an interval needs: their middle, their least and their greatest. */
void is_seen(const struct estimate *e, double median, double lo, double hi, const char *reason)
{
	assert_false(e->known);
	assert_true(e->seen);
	if (fabs(e->median - median) > 1e-9 * median || fabs(e->lo - lo) > 1e-9 * lo ||
	    fabs(e->hi - hi) > 1e-9 * hi)
		fail_msg("%.12g (%.12g to %.12g), should be %.12g (%.12g to %.12g)", e->median,
			 e->lo, e->hi, median, lo, hi);
	assert_true(e->confidence == 0);
	assert_string_equal(e->reason, reason);
}

void is_unknown(const struct estimate *e, const char *reason)
{
	assert_false(e->known);
	assert_string_equal(e->reason, reason);
}
