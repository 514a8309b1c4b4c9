/*
 * The rules of the contract that a strategy's cells are held to, in one place: strategies.c holds
 * every strategy to them, and liars.c shows that each kind of lie breaks one.
 */
#ifndef TESTS_CONFORMANCE_WITH_RULES_H
#define TESTS_CONFORMANCE_WITH_RULES_H

#include "tests/conformance/with_bench.h"

/*
 * Holds a strategy to all rules on a loaded tree, with every combination of its parameters'
 * values (each value alone where trees are few) and several numbers of jobs. The error says "RULE:
 * STRATEGY/jN PARAMETERS: what is wrong". Unless may_change, the tree is left alone. The workload
 * ends up in another order.
 */
int rules_hold(struct bench *bench, const struct strategy *strategy, bool may_change,
	       struct err *err);

#endif
