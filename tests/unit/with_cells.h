/* Results made by hand, pass by pass: their first cell is the baseline. */
#ifndef TESTS_UNIT_WITH_CELLS_H
#define TESTS_UNIT_WITH_CELLS_H

#include "engine/result.h"

enum { WITH_CELLS = 5, ENTRIES = 1000 };

/* For cmocka: *state is an empty result with room for WITH_CELLS. */
int with_cells_set_up(void **state);
int with_cells_tear_down(void **state);

struct cell_result *add_cell(struct result *r, const char *id);

/* A pass that is verified and clean. */
struct pass *add_pass(struct cell_result *cell, uint32_t round, uint64_t wall_ns);

/* Rounds [0, n) that all took ns per entry. */
struct cell_result *add_steady(struct result *r, const char *id, uint32_t n, uint64_t ns);

void is_known(const struct estimate *e, double median, uint32_t n);
void is_unknown(const struct estimate *e, const char *reason);

/* Fewer rounds than an interval needs: their middle, their least and their greatest. */
void is_seen(const struct estimate *e, double median, double lo, double hi, const char *reason);

#endif
