#include "engine/measure/rounds.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/base/clock.h"
#include "engine/base/stats.h"
#include "engine/base/util.h"
#include "engine/measure/choose/plan.h"
#include "engine/measure/figures/cell_row.h"
#include "engine/measure/figures/estimate.h"
#include "engine/measure/pass/hold.h"

enum {
	PRIMING_LEAST = 2, /* fewest passes after which a cell counts as warm */
	PRIMING_MAX = 8,
	FORESEEN_FROM = 2, /* rounds; from then on the number of rounds can be predicted */
	ROUNDS_LEAST = 3,  /* these are begun even if they may not end in time */
	/* A cell is invalid if so many passes, and more than a quarter, were refuted. */
	REFUTED_LEAST = 3,
	REFUTED_SHARE = 4,
	/* Rounds, beginning with the first; a latency pass of every cell follows each of these. */
	SAMPLING_EVERY = 5,
};

enum { TIME_UP = 1 };

/*
 * If every entry failed (the tree is gone, or cannot be entered), the results are right but
 * useless.
 */
static void judge_failures(struct run *run, struct site_cell *site_cell)
{
	const struct cell_result *cell = site_cell->result;
	if (cell->errors && cell->errors == cell->entries)
		run_give_up(run, site_cell, STATUS_INVALID,
			    arena_print(run->result->arena, "every entry failed with %s",
					cell->error_counts[0].name));
}

/*
 * Verifies the results of the last pass. A wrong result, or too little memory to verify, ends the
 * cell. False: the time was up, or the user stopped the run, before it was known whether results
 * are wrong or the tree has changed.
 */
static bool verify_answers(struct run *run, struct site_cell *site_cell, struct pass *pass)
{
	char why[512];
	struct digest digest;
	enum verified outcome =
		verify_pass(&site_cell->site->reference, meter_cell(site_cell->meter), &digest, why,
			    sizeof(why));
	if (outcome == VERIFIED_OPEN)
		return false;
	if (outcome == VERIFIED_RIGHT) {
		pass->verified = true;
		if (!run->is_sampling && site_cell->has_changed) {
			site_cell->has_changed = pass->clean = false;
			pass->why = CAUSE_TREE_CHANGED;
		}
		/* Which splits spans, and so changes the numbers of calls. */
		if (!run->is_sampling) {
			cell_row_pass(site_cell->result, site_cell->meter, &digest,
				      run->result->arena);
			judge_failures(run, site_cell);
		}
		return true;
	}
	site_cell->has_changed |= run->is_sampling && outcome == VERIFIED_CHANGED;
	pass->clean = false;
	pass->why = outcome == VERIFIED_CHANGED     ? CAUSE_TREE_CHANGED
		    : outcome == VERIFIED_NO_MEMORY ? CAUSE_CUT_SHORT
						    : CAUSE_WRONG;
	if (outcome == VERIFIED_NO_MEMORY)
		run_give_up(run, site_cell, STATUS_FAILED, why);
	if (outcome == VERIFIED_WRONG) {
		char reason[600];
		snprintf(reason, sizeof(reason), "wrong answer: %s", why);
		run_give_up(run, site_cell, STATUS_FAILED, reason);
	}
	return true;
}

/*
 * A pass that cannot have begun in the requested state does not count. Reads in a warm pass may be
 * caused by other processes. But a cell whose passes are refuted as cold again and again has not
 * been measured. A strategy that makes no metadata call reads nothing.
 */
static void judge_cache(struct run *run, struct site_cell *site_cell, struct pass *pass)
{
	if (!site_cell->meter || meter_cell(site_cell->meter)->answer.addressing == ADDRESS_NONE ||
	    (run->is_priming && run->state != CACHE_WARM))
		return;
	const struct site *site = site_cell->site;
	const struct cache_proof proof = {site->evidence, site->requests_least,
					  site_cell->primed_ns};
	const enum cause why = cache_state_refute(run->state, &proof, pass);
	site_cell->judged++;
	if (!why)
		return;
	if (pass->clean)
		pass->why = why;
	pass->clean = false;
	if (run->state == CACHE_WARM)
		return;
	pass->verified = false;
	site_cell->refuted++;
	if (site_cell->refuted >= REFUTED_LEAST &&
	    site_cell->refuted * REFUTED_SHARE > site_cell->judged)
		run_give_up(run, site_cell, STATUS_INVALID,
			    arena_print(run->result->arena, "a pass %s", cause_shown(why)));
}

/*
 * Runs the user's command, if any, at most until the end of the time; a command stopped then gives
 * -ECANCELED.
 */
static int run_control(struct run *run, enum cache_state state, const struct target *target,
		       struct err *err)
{
	struct cache_control control = *target->control;
	const uint64_t now = run_now(run);
	uint64_t left = run->until_ns - MIN(now, run->until_ns);
	if (run->until_ns && (!control.timeout_ns || left < control.timeout_ns))
		control.timeout_ns = MAX(left, 1);
	else
		left = 0;
	int error = cache_state_make(state, &control, target->load->root_fd, err);
	return error == -ETIMEDOUT && left ? -ECANCELED : error;
}

/* Sets the tree's device number after a remount. */
static void move_site(struct run *run, const struct site *site, uint64_t dev)
{
	site->target->load->dev = dev;
	if (site->reference.now)
		site->reference.now->dev = dev;
	for (size_t i = 0; i < run->request->selection->n; i++) {
		if (site->cells[i].meter)
			meter_move(site->cells[i].meter, dev);
	}
}

/*
 * Makes the cache state. The command may unmount the filesystem, so the tree is closed meanwhile.
 */
static int make_state(struct run *run, const struct site *site, struct err *err)
{
	const struct run_request *r = run->request;
	const struct target *target = site->target;
	const enum cache_state state = run->is_priming ? CACHE_WARM : run->state;
	struct hold *hold = NULL;
	int error = 0;
	if (cache_state_needs_tree(state, target->control))
		error = hold_let_go(&hold, target->load, run->crew, r->selection->max_jobs,
				    target->control->remount, err);
	if (!error)
		error = run_control(run, state, target, err);
	struct err gone = {0};
	uint64_t dev = target->load->dev;
	int lost = hold_take_back(hold, &dev, &gone);
	/* No cell can continue if the tree is gone. That a command had no time left is no reason.
	 */
	if (lost && error != -EINTR)
		run_give_up_site(run, site, STATUS_FAILED,
				 error && error != -ECANCELED ? err->text : gone.text);
	if (dev != target->load->dev)
		move_site(run, site, dev);
	return error ? error : lost;
}

/*
 * Requests are counted for the whole mount, so the counters are read directly before and after the
 * pass.
 */
static int pass_once(struct site_cell *site_cell, struct pass *pass, struct err *err)
{
	const struct fs_facts *fs = site_cell->site->target->where;
	const enum cold_evidence evidence = site_cell->site->evidence;
	const uint64_t before = evidence_requests(evidence, fs);
	int error = meter_pass(site_cell->meter, pass, err);
	const uint64_t after = evidence_requests(evidence, fs);
	const bool known = before != COUNT_UNKNOWN && after != COUNT_UNKNOWN && after >= before;
	pass->requests = known ? after - before : COUNT_UNKNOWN;
	return error;
}

bool rounds_pass(struct run *run, struct site_cell *site_cell, struct pass *pass)
{
	struct err err = {0};
	int error = make_state(run, site_cell->site, &err);
	if (!error && site_cell->meter)
		error = pass_once(site_cell, pass, &err);
	const bool passed = !error && site_cell->meter;
	if (!passed || !verify_answers(run, site_cell, pass)) {
		*pass = (struct pass){.requests = COUNT_UNKNOWN, .why = CAUSE_CUT_SHORT};
		/* Stopped by the user or the end of the time: then the cell has not failed. */
		if (!passed && error != -ECANCELED && !run_stopped(run) && site_cell->meter)
			run_give_up(run, site_cell, STATUS_FAILED, err.text);
		return false;
	}
	judge_cache(run, site_cell, pass);
	return site_cell->meter != NULL;
}

/* The times after which no third, and no second, priming pass of a cell begins. */
struct priming {
	uint64_t third_ns, second_ns;
};

/* They differ by at most a tenth. */
static bool alike(uint64_t a, uint64_t b)
{
	return MAX(a, b) - MIN(a, b) <= MIN(a, b) / 10;
}

/*
 * Runs passes until one reads nothing and takes as long as the one before, at least two and at most
 * PRIMING_MAX. After a quarter of the remaining time no third pass begins, after half of it no
 * second one.
 */
static int prime_one(struct run *run, struct site_cell *site_cell, const struct priming *when)
{
	struct pass pass = {0}, last;
	for (int tries = 0; site_cell->meter && tries < PRIMING_MAX; tries++) {
		const uint64_t now = run_now(run);
		if (run_stopped(run))
			return -EINTR;
		if (run_is_late(run) || (tries && now >= when->second_ns) ||
		    (tries >= PRIMING_LEAST && now >= when->third_ns))
			break;
		last = pass;
		if (!rounds_pass(run, site_cell, &pass)) {
			site_cell->result->is_steady = false;
			return run_stopped(run);
		}
		site_cell->result->is_steady = tries && alike(pass.wall_ns, last.wall_ns);
		if (!pass.block_reads && site_cell->result->is_steady)
			return 0;
	}
	if (site_cell->meter && pass.block_reads)
		run_give_up(run, site_cell, STATUS_INVALID,
			    "the last of its priming passes still read from disk");
	return 0;
}

/*
 * If only the time of a pass shows whether caches were cold, passes with full caches are timed
 * first. The first pass fills the caches; the longest of the others is taken, so that noise is not
 * taken for a cold cache.
 */
static int prime_for_comparison(struct run *run, struct site_cell *site_cell,
				const struct priming *when)
{
	enum { PASSES = 4 };
	struct pass pass;
	run->is_priming = true;
	for (int tries = 0; site_cell->meter && tries < PASSES; tries++) {
		if (run_stopped(run) || run_is_late(run) ||
		    (tries >= PRIMING_LEAST && run_now(run) >= when->third_ns))
			break;
		if (rounds_pass(run, site_cell, &pass) && tries)
			site_cell->primed_ns = MAX(site_cell->primed_ns, pass.wall_ns);
	}
	run->is_priming = false;
	return run_stopped(run);
}

/*
 * A warm state is made by priming; any other is made before each pass, or not touched. Cells take
 * very different times, so no time left is predicted from the number of cells done.
 */
int rounds_prime(struct run *run)
{
	const uint64_t now = run_now(run), left = run->until_ns - MIN(now, run->until_ns);
	const struct priming when = {
		.third_ns = run->until_ns ? now + left / 4 : UINT64_MAX,
		.second_ns = run->until_ns ? now + left / 2 : UINT64_MAX,
	};
	int error = 0;
	for (size_t i = 0; i < run->n && !error; i++) {
		struct site_cell *site_cell = &run->cells[i];
		const bool compares =
			cache_state_wants_primed(run->state, site_cell->site->evidence);
		if (!compares && run->state != CACHE_WARM)
			continue;
		progress_report(run->request->progress, "priming, cells done", i, 0);
		error = compares ? prime_for_comparison(run, site_cell, &when)
				 : prime_one(run, site_cell, &when);
	}
	return error;
}

/*
 * The first pass of a cell is not counted, because libraries then also allocate memory and the
 * like.
 */
static void count_one(struct run *run, struct site_cell *site_cell)
{
	struct pass pass;
	if (run->state != CACHE_WARM && !rounds_pass(run, site_cell, &pass))
		return;
	meter_tally(site_cell->meter, run->tracepoint);
	if (rounds_pass(run, site_cell, &pass) && pass.verified &&
	    !meter_tally_error(site_cell->meter))
		cell_row_syscalls(site_cell->result, site_cell->meter);
	if (site_cell->meter)
		meter_tally(site_cell->meter, 0);
}

/* Passes only for counting calls: none begins after half of the remaining time. */
int rounds_count(struct run *run)
{
	const uint64_t now = run_now(run);
	const uint64_t half_ns = now + (run->until_ns - MIN(now, run->until_ns)) / 2;
	for (size_t i = 0; run->tracepoint && i < run->n; i++) {
		struct site_cell *site_cell = &run->cells[i];
		if (run_stopped(run))
			return -EINTR;
		if (run->until_ns && run_now(run) >= half_ns)
			break;
		if (site_cell->meter && site_cell->spec->strategy->uncounted &&
		    !(site_cell->spec->strategy->flags &
		      (STRATEGY_OUTSIDE | STRATEGY_MAKES_THREADS)))
			count_one(run, site_cell);
	}
	return 0;
}

/*
 * Latency passes are made between rounds, apart from the passes for rates, because reading the
 * clock around entries takes time.
 */
int latencies_open(struct run *run)
{
	const struct run_request *r = run->request;
	if (!r->sample)
		return 0;
	const uint64_t timer_ns = sampler_timer_ns();
	int error = sampler_new(&run->sampler, r->selection->max_jobs, r->sample, r->seed);
	for (size_t i = 0; i < run->n && !error; i++) {
		struct site_cell *site_cell = &run->cells[i];
		site_cell->result->latency.timer_ns = timer_ns;
		if (site_cell->meter)
			error = latency_open(&site_cell->latency, meter_cell(site_cell->meter),
					     &site_cell->result->latency);
	}
	return error;
}

static int sample_once(struct run *run, struct site_cell *site_cell, uint32_t round)
{
	struct pass pass;
	meter_sample(site_cell->meter, run->sampler);
	run->is_sampling = true;
	bool goes_on = rounds_pass(run, site_cell, &pass);
	run->is_sampling = false;
	if (site_cell->meter)
		meter_sample(site_cell->meter, NULL);
	if (!goes_on)
		return 0;
	pass.round = round;
	return latency_keep(&site_cell->latency, run->sampler, &pass, &site_cell->result->latency);
}

/* When time is short, latency passes are left out first. */
static bool has_time_to_sample(const struct run *run, uint64_t round_ns)
{
	enum { ROUNDS_FIRST = 3 };
	return !run->until_ns || run_now(run) + ROUNDS_FIRST * round_ns < run->until_ns;
}

static int sample_round(struct run *run, uint32_t round, uint64_t round_ns)
{
	int error = 0;
	if (!run->sampler || round % SAMPLING_EVERY || !has_time_to_sample(run, round_ns))
		return 0;
	plan_round(~run->request->seed, round / SAMPLING_EVERY, run->sequence, run->n);
	for (size_t i = 0; i < run->n && !error; i++) {
		struct site_cell *site_cell = &run->cells[run->sequence[i]];
		error = run_stopped(run);
		if (run_is_late(run))
			break;
		if (!error && site_cell->meter && site_cell->latency)
			error = sample_once(run, site_cell, run->first_round + round);
	}
	return error;
}

int latencies_settle(struct run *run)
{
	int error = 0;
	for (size_t i = 0; i < run->n && !error; i++) {
		struct site_cell *site_cell = &run->cells[i];
		if (site_cell->latency)
			error = latency_settle(site_cell->latency, site_cell->site->target->load,
					       &site_cell->result->latency, run->result->arena);
	}
	return error;
}

void latencies_close(struct run *run)
{
	for (size_t i = 0; run->cells && i < run->n; i++) {
		latency_free(run->cells[i].latency);
		run->cells[i].latency = NULL;
	}
	sampler_free(run->sampler);
	run->sampler = NULL;
}

/* A cell that worked in another way than its own is not ranked. */
static void keep_extras(struct run *run, struct site_cell *site_cell)
{
	struct cell_result *cell = site_cell->result;
	cell_row_extras(cell, site_cell->meter, run->result->arena);
	cell->is_rival = site_cell->answers_all && (cell->is_baseline || !result_other_way(cell));
}

static int keep_pass(struct run *run, struct site_cell *site_cell, const struct pass *pass)
{
	struct cell_result *cell = site_cell->result;
	if (pass->verified && site_cell->meter)
		keep_extras(run, site_cell);
	int error = array_grow(&cell->passes, &cell->room_passes, cell->n_passes + 1,
			       sizeof(*cell->passes));
	if (!error)
		cell->passes[cell->n_passes++] = *pass;
	cell->live_threads = MAX(cell->live_threads, pass->threads);
	return error;
}

/*
 * The expected number of rounds: those that fit in the time, at most all. 0: unknown, because the
 * first round includes a latency pass and most others do not, or because the precision decides.
 */
static uint64_t rounds_expected(const struct run *run, uint32_t done, uint64_t began)
{
	const struct run_request *r = run->request;
	const uint64_t spent = run_now(run) - began;
	if (done < FORESEEN_FROM || r->precision_ppm || r->enough)
		return 0;
	if (!run->until_ns || !spent)
		return r->rounds;
	return MIN(r->rounds, MAX((run->until_ns - began) * done / spent, done + 1));
}

/* The baseline, which the other cells have as a neighbour, while it runs; else SIZE_MAX. */
static size_t find_anchor(const struct run *run, const struct site *site)
{
	for (size_t i = 0; i < run->request->selection->n; i++) {
		if (site->cells[i].spec->is_baseline && site->cells[i].meter)
			return i;
	}
	return SIZE_MAX;
}

/*
 * Plans a round. Cells of one site stay together, next to their baseline. Every site has the same
 * cells in the same order, except for a baseline that no longer runs.
 */
static void plan_sites(struct run *run, uint32_t round)
{
	const size_t n = run->request->selection->n, n_sites = run->request->n_targets;
	plan_round(run->request->seed, round, run->site_order, n_sites);
	run->length = 0;
	for (size_t i = 0; i < n_sites; i++) {
		const size_t at = run->site_order[i];
		size_t *sequence = run->sequence + run->length;
		const size_t length = plan_sequence(run->request->seed, round, n,
						    find_anchor(run, &run->sites[at]), sequence);
		for (size_t k = 0; k < length; k++)
			sequence[k] += at * n;
		run->length += length;
	}
}

/* TIME_UP: the time was up before its end. */
static int run_round(struct run *run, uint32_t round, uint64_t expected)
{
	plan_sites(run, round);
	for (size_t i = 0; i < run->length; i++) {
		struct site_cell *site_cell = &run->cells[run->sequence[i]];
		struct pass pass;
		if (run_stopped(run))
			return -EINTR;
		if (run_is_late(run))
			return TIME_UP;
		progress_report(run->request->progress, "measuring, passes", run->passes++,
				expected * run->length);
		if (!site_cell->meter)
			continue;
		if (!rounds_pass(run, site_cell, &pass) && site_cell->meter && !run_stopped(run))
			return TIME_UP;
		pass.round = run->first_round + round;
		pass.position = (uint32_t)i;
		int error = keep_pass(run, site_cell, &pass);
		if (error)
			return error;
		if (run->request->saved)
			run->request->saved(run->request->arg);
	}
	return 0;
}

/*
 * Whether the ratios have the requested precision, judged by the width of their intervals and never
 * by their values. A caller may have a rule of its own (run_request.enough).
 */
static int is_precise(const struct run *run, uint32_t round, bool *enough)
{
	*enough = false;
	if (run->request->enough)
		return run->request->enough(run->request->arg, enough);
	if (!run->request->precision_ppm || !estimate_is_due(round))
		return 0;
	int error = estimate_cells(run->result);
	*enough = !error && run->result->run.precision_reached_ppm <= run->request->precision_ppm;
	return error;
}

/* A round begins only if it will probably end in time, judged by the rounds so far. */
static bool has_time(const struct run *run, uint32_t done, uint64_t began)
{
	const uint64_t now = run_now(run);
	if (!run->until_ns)
		return true;
	return now < run->until_ns &&
	       (done < ROUNDS_LEAST || now + (now - began) / done <= run->until_ns);
}

/* A round, and a latency round if it is due. */
static int whole_round(struct run *run, uint32_t round, uint64_t expected)
{
	const uint64_t began = run_now(run), wall = clock_ns();
	int error = run_round(run, round, expected);
	if (!error)
		error = sample_round(run, round, run_now(run) - began);
	/* The passes of a round that was cut short are judged for steal, too. */
	if (!error || error == TIME_UP) {
		int watched = watch_round(&run->watch, run->result, run->first_round + round,
					  clock_ns() - wall);
		error = watched ? watched : error;
	}
	return error;
}

int rounds_run(struct run *run)
{
	const struct run_request *r = run->request;
	struct run_facts *facts = &run->result->run;
	const uint64_t began = run_now(run);
	const uint32_t before = facts->rounds_done ? facts->rounds_done : UINT32_MAX;
	watch_begin(&run->watch);
	for (uint32_t round = 0; round < r->rounds; round++) {
		int error = has_time(run, round, began)
				    ? whole_round(run, round, rounds_expected(run, round, began))
				    : TIME_UP;
		if (error == TIME_UP) {
			facts->stopped = STOP_TIME;
			return 0;
		}
		if (error)
			return error;
		facts->rounds_done = MIN(before, round + 1);
		bool enough;
		error = is_precise(run, round + 1, &enough);
		if (error || enough) {
			facts->stopped = enough ? STOP_PRECISION : facts->stopped;
			return error;
		}
	}
	return 0;
}
