/*
 * What depth.py counts: one thing that is done with a whole tree, by one worker.
 *
 *   statmark_depth DIR load            it is loaded
 *   statmark_depth DIR digest          and digested
 *   statmark_depth DIR sort            and sorted
 *   statmark_depth DIR STRATEGY        and the strategy runs once, and its answers are verified
 *   statmark_depth list                the strategies that are walks
 *
 * Prints the peak of the resident memory in KiB. 77, and why: the strategy cannot run here.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "datasets/tree/tree.h"
#include "engine/base/util.h"
#include "engine/cmd/parts/registry.h"
#include "engine/order.h"
#include "tests/conformance/with_bench.h"

enum { CANNOT_RUN = 77 };

static const struct strategy *find(const char *name)
{
	size_t i = 0;
	while (strategies[i] && strcmp(strategies[i]->name, name) != 0)
		i++;
	return strategies[i];
}

/* One thread, also of those that find out how many pay: what they find depends on the time. */
static void set_params(const struct strategy *strategy, int64_t params[PARAMS_MAX])
{
	for (size_t i = 0; i < PARAMS_MAX; i++) {
		const struct param *p = &strategy->params[i];
		params[i] = p->name && strcmp(p->name, "most") == 0 ? p->min : p->initial;
	}
}

static int measure(struct bench *bench, const struct strategy *strategy, struct err *err)
{
	int64_t params[PARAMS_MAX];
	struct meter *meter = NULL;
	set_params(strategy, params);
	int error = bench_meter(bench, strategy, params, 1, &meter, err);
	if (!error)
		error = bench_refer(bench, meter, err);
	if (!error)
		error = bench_expect(bench, meter, VERIFIED_RIGHT, err);
	meter_close(meter);
	return error;
}

static int act(struct bench *bench, const char *what, struct err *err)
{
	struct digest digest;
	if (strcmp(what, "load") == 0)
		return 0;
	if (strcmp(what, "digest") == 0)
		return tree_digest(bench->load, &digest);
	if (strcmp(what, "sort") == 0)
		return order_apply(bench->load, ORDER_SORTED, 0, err);
	const struct strategy *strategy = find(what);
	return strategy ? measure(bench, strategy, err) : err_set(err, -EINVAL, "no strategy");
}

static int list(void)
{
	for (size_t i = 0; strategies[i]; i++) {
		if (strategies[i]->stage == STAGE_WALK)
			puts(strategies[i]->name);
	}
	return 0;
}

/* Of this program alone: getrusage tells of the one that started it, too. */
static void print_peak(void)
{
	char line[256];
	long peak = -1;
	FILE *status = fopen("/proc/self/status", "re");
	while (status && peak < 0 && fgets(line, sizeof(line), status)) {
		if (sscanf(line, "VmHWM: %ld", &peak) != 1)
			peak = -1;
	}
	if (status)
		fclose(status);
	printf("%ld\n", peak);
}

static int probe(const char *what, struct err *err)
{
	const struct strategy *strategy = find(what);
	return strategy && strategy->probe ? strategy->probe(err) : 0;
}

static int run(const char *dir, const char *what, struct err *err)
{
	struct bench bench = {0};
	int error = bench_open(&bench, dir, err);
	if (!error)
		error = act(&bench, what, err);
	bench_close(&bench);
	return error;
}

int main(int argc, char **argv)
{
	struct err err = {0};
	if (argc == 2 && strcmp(argv[1], "list") == 0)
		return list();
	if (argc != 3)
		return 2;
	const int missing = probe(argv[2], &err), error = missing ? 0 : run(argv[1], argv[2], &err);
	if (!missing && !error)
		print_peak();
	else
		fprintf(stderr, "%s: %s\n", argv[2], err.text);
	return missing || error == -EOPNOTSUPP ? CANNOT_RUN : error != 0;
}
