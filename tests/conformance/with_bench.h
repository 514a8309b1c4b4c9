/*
 * What the conformance tests share: a loaded tree with all that is needed to run cells over it,
 * every way in which a strategy can be asked to run, and a pass that must end in some verdict.
 *
 * Nothing here asserts: tests also run in child processes, under other users, and hand back words.
 */
#ifndef TESTS_CONFORMANCE_WITH_BENCH_H
#define TESTS_CONFORMANCE_WITH_BENCH_H

#include "engine/measure/meter.h"
#include "engine/measure/verify.h"

enum { BENCH_JOBS = 7 }; /* the most: more than most machines that run this have CPUs */

struct bench {
	struct workload *load;
	struct record *records;
	struct sink *sink;
	struct topology *topology;
	struct crew *crew; /* of BENCH_JOBS */
	struct reference reference;
	int cpus[BENCH_JOBS]; /* not pinned */
	unsigned changes;     /* how often the tree was changed */
};

/* Loads the tree under path. bench_close accepts what bench_open left after a failure. */
int bench_open(struct bench *bench, const char *path, struct err *err);
void bench_close(struct bench *bench);

int bench_meter(struct bench *bench, const struct strategy *strategy, const int64_t *params,
		unsigned jobs, struct meter **meter, struct err *err);

/* Takes the reference for what this meter's cell answers; the tree counts as it is now. */
int bench_refer(struct bench *bench, struct meter *meter, struct err *err);

/* One pass; -EBADMSG with both verdicts in words unless it is the wanted one. */
int bench_expect(struct bench *bench, struct meter *meter, enum verdict want, struct err *err);

/* A rule of the contract. The meter is new; err says how the rule is broken. */
typedef int bench_rule(struct bench *bench, struct meter *meter, struct err *err);

/*
 * Holds a strategy to a rule with every value of its parameters (all words; least, greatest and
 * initial number) at each number of jobs (0 ends them; a sequential strategy is tried at the first
 * only); the error begins with the cell that broke it.
 */
int bench_each(struct bench *bench, const struct strategy *strategy, const unsigned *jobs,
	       bench_rule *rule, struct err *err);

/* The first regular file that this user may write, UINT32_MAX when there is none. */
uint32_t bench_find_file(const struct bench *bench);

/* Changes of one entry; each makes sizes and times that were not there before. */
int bench_resize(struct bench *bench, uint32_t file, struct err *err);
int bench_unlink(struct bench *bench, uint32_t file, struct err *err);
int bench_mkdir(struct bench *bench, uint32_t missing, struct err *err);
int bench_rmdir(struct bench *bench, uint32_t dir, struct err *err);
int bench_create(struct bench *bench, uint32_t missing, struct err *err);

#endif
