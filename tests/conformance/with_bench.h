/*
 * What the conformance tests share: a loaded tree with all that is needed to run cells over it,
 * every way in which a strategy can be asked to run, and a pass that must end in some verdict.
 *
 * Nothing here asserts: tests also run in child processes, under other users, and hand back words.
 */
#ifndef TESTS_CONFORMANCE_WITH_BENCH_H
#define TESTS_CONFORMANCE_WITH_BENCH_H

#include "engine/measure/pass/meter.h"
#include "engine/measure/verify/verify.h"

enum { BENCH_JOBS = 7 }; /* the most: more than most machines that run this have CPUs */

struct bench;

/* Changes the tree, here at this entry. */
typedef int bench_change(struct bench *bench, uint32_t entry, struct err *err);

/*
 * The strategy of the meter at hand, as the engine sees it: what it prepares is prepared by the
 * real one, and then the tree is changed where a test wants it; and before a walk is delivered.
 */
struct bench_hook {
	struct strategy strategy;
	const struct strategy *real;
	struct bench *bench;
};

struct bench {
	struct workload *load;
	struct record *records;
	struct sink *sink;
	struct topology *topology;
	struct crew *crew; /* of BENCH_JOBS */
	struct reference reference;
	int cpus[BENCH_JOBS]; /* not pinned */
	unsigned changes;     /* how often sizes and times were changed */
	struct bench_hook hook;
	bench_change *change; /* what the next pass begins with, NULL: nothing */
	bench_change *late;   /* what happens to the next walk before it is delivered */
	uint32_t change_at;
};

/* Loads the tree under path. bench_close accepts what bench_open left after a failure. */
int bench_open(struct bench *bench, const char *path, struct err *err);
void bench_close(struct bench *bench);

/* One at a time. params: NULL for the initial ones. */
int bench_meter(struct bench *bench, const struct strategy *strategy, const int64_t *params,
		unsigned jobs, struct meter **meter, struct err *err);

/* Takes the reference for what this meter's cell answers; the tree counts as it is now. */
int bench_refer(struct bench *bench, struct meter *meter, struct err *err);

/* One pass; -EBADMSG with both verdicts in words unless it is the wanted one. */
int bench_expect(struct bench *bench, struct meter *meter, enum verified want, struct err *err);

/*
 * The tree changes at the last moment, between prepare and run: that pass must be judged as wanted,
 * and the next one be right by a new reference. What was asked before the clock started is out of
 * date.
 */
int bench_expect_change(struct bench *bench, struct meter *meter, bench_change *change,
			uint32_t entry, enum verified want, struct err *err);

/* The tree changes behind the clock, before the walk is delivered: that must change nothing. */
int bench_expect_late(struct bench *bench, struct meter *meter, bench_change *change,
		      uint32_t entry, struct err *err);

/* A rule of the contract. The meter is new; err says how the rule is broken. */
typedef int bench_rule(struct bench *bench, struct meter *meter, struct err *err);

/*
 * Holds a strategy to a rule with every combination of its parameters' values (all words; least,
 * greatest and initial number) at each number of jobs (0 ends them; a sequential strategy is tried
 * at the first only); the error begins with the cell that broke it.
 */
int bench_each(struct bench *bench, const struct strategy *strategy, const unsigned *jobs,
	       bench_rule *rule, struct err *err);

/* The same with each value once, all other parameters at their initial ones. */
int bench_each_value(struct bench *bench, const struct strategy *strategy, const unsigned *jobs,
		     bench_rule *rule, struct err *err);

/* The first regular file that this user may write, UINT32_MAX when there is none. */
uint32_t bench_find_file(const struct bench *bench);

/* Changes of one entry; each makes sizes and times that were not there before. */
bench_change bench_retag, bench_resize, bench_create, bench_unlink, bench_mkdir, bench_rmdir;

/* In the place of what is there: a symbolic link that leads nowhere, a fifo. */
bench_change bench_symlink, bench_mkfifo;

/* The first entry whose directory, below the root, this user may rename; or UINT32_MAX. */
uint32_t bench_find_below(const struct bench *bench);

/*
 * Changes of such an entry's whole directory: it goes by another name, leaving nothing or a file
 * in its place, and is what it was again.
 */
bench_change bench_move_away, bench_replace, bench_move_back;

#endif
