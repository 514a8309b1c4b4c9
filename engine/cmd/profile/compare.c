/*
 * Compares walks on one tree, in rounds as in a run.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"
#include "engine/cmd/line/terminal.h"
#include "engine/cmd/parts/arms.h"
#include "engine/cmd/parts/budget.h"
#include "engine/cmd/parts/subject.h"
#include "engine/cmd/profile/walk_profile.h"
#include "engine/host/host.h"
#include "engine/measure/run.h"

/*
 * Enough rounds to choose the fastest on one half and to score it on the other. The same part of a
 * tree is measured every time.
 */
enum { ROUNDS = 24, SAMPLE_SEED = 1, LOADING_SHARE = 4, JOBS_TRIED_MAX = 16 };

struct comparing {
	struct walk_profile *profile;
	struct profile_command options;
	struct topology *topology;
	struct arms arms;
	struct selection selection;
	struct subject subject;
	struct cache_control control;
	char jobs[64];
};

/* "1,2,4": up to twice the number of CPUs, since jobs that wait for a server use no CPU. */
static void choose_jobs(struct comparing *c)
{
	const unsigned most = MIN(MAX(2 * topology_allowed(c->topology), 2), JOBS_TRIED_MAX);
	size_t used = 0;
	if (c->options.cells.jobs)
		return;
	for (unsigned jobs = 1; jobs <= most; jobs *= 2)
		used += (size_t)snprintf(c->jobs + used, sizeof(c->jobs) - used, "%s%u",
					 used ? "," : "", jobs);
	c->options.cells.jobs = c->jobs;
}

static int choose_cells(struct comparing *c, struct err *err)
{
	struct arena *arena = c->profile->result->arena;
	choose_jobs(c);
	c->options.cells.strategies = PROFILE_PLAIN "," PROFILE_FUSED "," PROFILE_LISTED;
	int error = arms_gather(&c->arms, &c->options.cells,
				c->options.time.timeout_s * NS_PER_SECOND, arena, err);
	const struct select_request request = {
		.strategies = c->arms.strategies,
		.stage = c->arms.stage,
		.names = c->arms.names,
		.jobs = c->options.cells.jobs,
		.cpus = topology_allowed(c->topology),
	};
	return error ? error : select_cells(&request, arena, &c->selection, err);
}

static int prepare(struct comparing *c, uint64_t until_ns, const struct progress *progress,
		   struct err *err)
{
	const struct profile_command *o = &c->options;
	struct walk_profile *f = c->profile;
	const uint64_t now = clock_ns();
	c->control = (struct cache_control){
		.cold_command = o->caches.cold_command,
		.may_drop = o->caches.drop_caches,
		.trusts = o->caches.trust_cold,
		.timeout_ns = o->time.timeout_s * NS_PER_SECOND,
		.stop = &cmd_stop,
	};
	int error = topology_open(&c->topology, NULL, err);
	if (!error)
		error = choose_cells(c, err);
	if (!error)
		error = host_read(&f->result->host, "", c->topology, f->result->arena);
	const struct subject_request request = {
		.word = f->root,
		.options = &o->tree,
		.share_ns = (until_ns - MIN(now, until_ns)) / LOADING_SHARE,
		.progress = progress,
		.arena = f->result->arena,
	};
	return error ? error : subject_open(&c->subject, &request, err);
}

static int describe(struct comparing *c)
{
	struct result *result = c->profile->result;
	result->trees = arena_alloc(result->arena, sizeof(*result->trees));
	result->fs = arena_alloc(result->arena, sizeof(*result->fs));
	if (!result->trees || !result->fs)
		return -ENOMEM;
	result->trees[0] = c->subject.tree;
	result->trees[0].order = ORDER_READDIR;
	result->fs[0] = c->subject.fs;
	result->n_trees = result->n_fs = 1;
	return 0;
}

static int measure(struct comparing *c, uint64_t until_ns, const struct progress *progress,
		   struct err *err)
{
	struct result *result = c->profile->result;
	const bool is_cold = c->options.caches.drop_caches || c->options.caches.cold_command;
	struct target target = {
		.load = c->subject.load,
		.where = &c->subject.fs,
		.tree = c->subject.tree.id,
		.fs = c->subject.fs.id,
		.control = &c->control,
	};
	uint64_t weights[CACHE_STATES] = {0};
	result->run.seed = clock_ns() >> 11;
	const struct run_request request = {
		.weights = weights,
		.targets = &target,
		.n_targets = 1,
		.topology = c->topology,
		.selection = &c->selection,
		.pin = topology_pin(c->topology, pin_of(PIN_COMPACT)),
		.states = 1U << CACHE_WARM | (is_cold ? 1U << CACHE_COLD : 0),
		.rounds = ROUNDS,
		.until_ns = until_ns,
		.seed = result->run.seed,
		.progress = progress,
	};
	const struct budget budget = {
		.n_subjects = 1,
		.arms = &c->arms,
		.arena = result->arena,
		.request = &request,
		.weights = weights,
		.order = ORDER_READDIR,
		.sample_seed = SAMPLE_SEED,
	};
	int error = budget_fit(&budget, &c->subject, &target, err);
	if (!error && describe(c))
		error = -ENOMEM;
	if (!error)
		error = run_cells(&request, result, err);
	result->complete = !error;
	return error;
}

static int estimate_walks(struct walk_profile *f, struct err *err)
{
	int error = walks_conclude(&f->walks, f->result);
	return error ? err_errno(err, error, "cannot compare walks") : 0;
}

int walk_profile_compare(struct walk_profile *f, uint64_t until_ns, const struct progress *progress,
			 struct err *err)
{
	struct comparing c = {.profile = f, .options = *f->options};
	int error = prepare(&c, until_ns, progress, err);
	if (!error && c.subject.load->n_entries == 0)
		f->walks.not_compared = "the tree has no entries";
	else if (!error)
		error = measure(&c, until_ns, progress, err);
	if (!f->walks.not_compared && (!error || error == -EINTR))
		error = estimate_walks(f, err) ? -ENOMEM : error;
	subject_close(&c.subject);
	topology_close(c.topology);
	arms_release(&c.arms);
	return error;
}
