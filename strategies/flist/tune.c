#include "strategies/flist/tune.h"

enum {
	CALLS_PER_JOB = 2, /* calls of each job in a window, at least */
	MORE_CALLS = 6,    /* the same, once the number is held */
	FIRST_STEP = 16,   /* factor of the first step, if calls wait */
	STEP = 4,          /* factor of later steps, if waits are long */
	SMALL_STEP = 2,
	FAR = 400 * 1000, /* ns: waits so long are worth starting many threads */
	PAUSE = 8,        /* windows to hold the number */
	LONG_PAUSE = 16,  /* the same, if there seem to be enough jobs */
	PAUSE_MOST = 512,
	FEW = 16,         /* these jobs cost little if calls wait */
	FEW_FOR_CPU = 4,  /* or so many for each CPU */
	MOST_SLEEPS = 64, /* per call: with more, the system does not count sleeps (clock.h) */
	LONGER = 2,       /* calls take so many times as long, or as short, */
	SURE = 2,         /* in so many windows in a row: the number is tried again */
};

/* What a step has to gain: half of the most that it could; a small step 20 %. */
static const double gain_wanted = 2.0, small_gain_wanted = 1.2;

/* Half of the most that a small step can gain: after less, the next one is not tried at once. */
static const double good_gain = 1.5;

/* Waits that are longer by this factor show that requests queue. */
static const double queueing = 1.5;

/*
 * A step to no more jobs than CPUs is kept unless the rate falls below this: a short window may be
 * misleading.
 */
static const double loss_allowed = 0.8;

/* Half of the jobs are enough if their rate is at least this part of the former one. */
static const double as_fast = 0.93;

/* Part of the CPU time of all CPUs above which jobs wait for a CPU, not for calls. */
static const double saturated = 0.8;

/*
 * Part of the time that jobs are on a CPU: from on_cpu up they wait for little else; below
 * mostly_waits they mostly wait.
 */
static const double on_cpu = 0.6, mostly_waits = 0.25;

/* Minimum of sleeps per call: fewer come from threads that wait for each other. */
static const double sleeping = 0.02;

struct tune_sample {
	double rate;    /* calls/ns, */
	double held;    /* and since `held` of struct flist_tune */
	double wait_ns; /* of a call */
	double busy;    /* part of the time that jobs are on a CPU */
	double sleeps;  /* per call */
	double off_ns;  /* see off_each */
	bool is_full;   /* the CPUs are saturated */
};

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

void flist_tune_begin(struct flist_tune *tune, unsigned most, unsigned cpus,
		      const struct flist_tally *now)
{
	*tune = (struct flist_tune){
		.jobs = 1,
		.most = most,
		.cpus = cpus,
		.since = *now,
		.last_jobs = 1,
		.pause = PAUSE,
	};
}

/* Whether no step has been taken yet. */
static bool is_alone(const struct flist_tune *tune)
{
	return tune->jobs == 1 && !(tune->last_rate > 0);
}

uint64_t flist_tune_next(const struct flist_tune *tune)
{
	const bool begins = tune->phase == FLIST_TUNE_CLIMB && tune->jobs > tune->cpus;
	const bool is_long = tune->is_settled || begins;
	const uint64_t window = is_long ? FLIST_TUNE_LONG_WINDOW : FLIST_TUNE_WINDOW;
	return tune->since.now_ns + (is_alone(tune) ? FLIST_TUNE_FIRST_WINDOW : window);
}

bool flist_tune_is_due(const struct flist_tune *tune, uint64_t calls)
{
	const unsigned each = tune->is_settled ? MORE_CALLS : CALLS_PER_JOB;
	return calls - tune->since.calls >= (uint64_t)each * tune->jobs;
}

/*
 * Returns the mean duration of a wait, ns: per sleep, or per call if not every call sleeps. 0: no
 * job slept.
 */
static double off_each(double off_cpu, double calls, double sleeps)
{
	const bool is_counted = sleeps <= MOST_SLEEPS * calls;
	if (!(sleeps > 0) || !(off_cpu > 0))
		return 0;
	return off_cpu / (is_counted && sleeps > calls ? sleeps : calls);
}

static double rate_since(const struct flist_tally *then, const struct flist_tally *now)
{
	return (double)(now->calls - then->calls) / (double)(now->now_ns - then->now_ns);
}

static struct tune_sample see(const struct flist_tune *tune, const struct flist_tally *t)
{
	const double ns = (double)(t->now_ns - tune->since.now_ns);
	const double calls = (double)(t->calls - tune->since.calls);
	const double cpu = (double)(t->cpu_ns - tune->since.cpu_ns);
	const double sleeps = (double)(t->sleeps - tune->since.sleeps);
	return (struct tune_sample){
		.rate = calls / ns,
		.held = rate_since(&tune->held, t),
		.wait_ns = ns * tune->jobs / calls,
		.busy = cpu / (ns * tune->jobs),
		.sleeps = sleeps / calls,
		.off_ns = off_each(ns * tune->jobs - cpu, calls, sleeps),
		.is_full = cpu >= saturated * tune->cpus * ns,
	};
}

/*
 * Whether jobs wait. Short calls count, too, if jobs are off the CPU for much of the time: then
 * some of the calls read a disk.
 */
static bool waits(const struct tune_sample *seen)
{
	return !seen->is_full && seen->sleeps >= sleeping &&
	       (seen->wait_ns >= FLIST_TUNE_WAITS || seen->busy < on_cpu);
}

static unsigned few(const struct flist_tune *tune)
{
	const unsigned for_cpus = FEW_FOR_CPU * tune->cpus;
	return for_cpus > FEW ? for_cpus : FEW;
}

static bool queues(const struct flist_tune *tune, const struct tune_sample *seen)
{
	return !(tune->off_ns > 0) || seen->off_ns > queueing * tune->off_ns;
}

static bool is_far(const struct flist_tune *tune)
{
	return tune->off_ns >= FAR;
}

/* The number of jobs beyond which the CPUs would be busy, and half as many again. */
static unsigned ceiling(const struct flist_tune *tune, const struct tune_sample *seen)
{
	double jobs = tune->cpus;
	if (waits(seen) && seen->busy > 0)
		jobs = jobs / seen->busy * 1.5;
	else if (waits(seen))
		jobs = tune->most;
	if (jobs < tune->cpus)
		jobs = tune->cpus;
	return jobs < tune->most ? (unsigned)jobs : tune->most;
}

static void hold(struct flist_tune *tune, const struct tune_sample *seen)
{
	tune->phase = FLIST_TUNE_HOLD;
	tune->wait_ns = seen->wait_ns;
	tune->paused = tune->changed = 0;
	tune->is_settled = true;
}

/* Takes a step to more jobs. false: no larger number could be faster. */
static bool climb(struct flist_tune *tune, const struct tune_sample *seen, unsigned factor)
{
	const unsigned top = ceiling(tune, seen);
	if (tune->jobs >= top)
		return false;
	tune->phase = FLIST_TUNE_CLIMB;
	tune->last_jobs = tune->jobs;
	tune->last_rate = seen->rate;
	tune->factor = factor;
	tune->jobs = least(tune->jobs * factor, top);
	tune->is_starting = tune->jobs > few(tune) && !is_far(tune);
	return true;
}

/* Tries half of the jobs, but as many as CPUs. There are more jobs than CPUs. */
static void lower(struct flist_tune *tune, const struct tune_sample *seen)
{
	const unsigned half = tune->jobs / 2;
	tune->phase = FLIST_TUNE_LOWER;
	tune->last_jobs = tune->jobs;
	tune->last_rate = seen->rate;
	tune->jobs = half < tune->cpus ? tune->cpus : half;
}

/*
 * Holds the number, or first tries fewer jobs: the last step may have gained less than it could
 * have.
 */
static void settle(struct flist_tune *tune, const struct tune_sample *seen)
{
	if (tune->jobs > tune->cpus && tune->jobs / 2 > tune->last_jobs &&
	    tune->gain < 0.75 * tune->factor && (tune->jobs > few(tune) || !waits(seen)))
		lower(tune, seen);
	else
		hold(tune, seen);
}

static bool pays(struct flist_tune *tune, const struct tune_sample *seen)
{
	const bool is_large = tune->factor > SMALL_STEP;
	const double share = (double)tune->jobs / ((double)tune->last_jobs * tune->factor);
	const bool is_harmless = waits(seen) && (tune->jobs <= few(tune) || !queues(tune, seen));
	double wanted = is_large ? gain_wanted : small_gain_wanted;
	if (share < 1) /* a step that was cut by a limit */
		wanted = 1 + (wanted - 1) * share;
	if (is_harmless)
		wanted = 0;
	else if (tune->jobs <= tune->cpus)
		wanted = loss_allowed;
	tune->gain = seen->rate / tune->last_rate;
	return tune->gain >= wanted;
}

/*
 * Takes the step back; a large one is replaced by a smaller one. The next window shows whether that
 * was right, so it is a short one.
 */
static void step_back(struct flist_tune *tune, const struct tune_sample *seen)
{
	const struct tune_sample then = {.rate = tune->last_rate,
					 .wait_ns = tune->last_jobs / tune->last_rate,
					 .busy = seen->busy,
					 .sleeps = seen->sleeps};
	const bool was_large = tune->factor > SMALL_STEP;
	tune->refused = tune->jobs;
	tune->refused_rate = seen->rate;
	tune->jobs = tune->last_jobs;
	tune->is_careful |= was_large;
	if (was_large && climb(tune, &then, SMALL_STEP))
		return;
	hold(tune, &then);
	tune->is_settled = false;
}

/*
 * Entries differ: those fetched with more jobs may have been slower ones. So a step that was taken
 * back is taken again if the rate with fewer jobs stays below that with more.
 */
static bool step_again(struct flist_tune *tune, const struct tune_sample *seen)
{
	const unsigned refused = least(tune->refused, tune->most);
	tune->refused = 0;
	if (refused <= tune->jobs || !waits(seen) ||
	    tune->refused_rate < small_gain_wanted * seen->rate)
		return false;
	tune->phase = FLIST_TUNE_CLIMB;
	tune->factor = SMALL_STEP;
	tune->gain = tune->factor;
	tune->last_jobs = tune->jobs;
	tune->last_rate = 0; /* so that it is kept */
	tune->jobs = refused;
	tune->is_settled = tune->is_careful = false;
	return true;
}

/*
 * Whether to hold the number. If a disk or a server is near, more jobs gain little, and starting
 * them to measure that takes longer than a walk of some thousand entries.
 */
static bool is_enough(const struct flist_tune *tune)
{
	return tune->jobs > tune->cpus && 2 * tune->jobs >= few(tune) && !is_far(tune);
}

/* Holds the number for a long pause if there are enough jobs. false: there are not, or it has. */
static bool hold_long(struct flist_tune *tune, const struct tune_sample *seen)
{
	if (!is_enough(tune) || tune->pause > LONG_PAUSE)
		return false;
	tune->pause = LONG_PAUSE;
	hold(tune, seen);
	return true;
}

static unsigned factor_of(const struct flist_tune *tune, const struct tune_sample *seen)
{
	if (tune->is_careful || !waits(seen))
		return SMALL_STEP;
	if (is_alone(tune) && seen->busy < on_cpu)
		return FIRST_STEP;
	return seen->busy < mostly_waits && is_far(tune) ? STEP : SMALL_STEP;
}

/* Whether the last step, beyond the few, gained so little that a larger one may gain nothing. */
static bool has_gained_little(const struct flist_tune *tune)
{
	return tune->jobs > few(tune) && (!(tune->last_rate > 0) || tune->gain < good_gain);
}

static void after_climb(struct flist_tune *tune, const struct tune_sample *seen)
{
	if (tune->last_rate > 0 && !pays(tune, seen)) {
		step_back(tune, seen);
		return;
	}
	if (step_again(tune, seen))
		return;
	/* Only the first calls may have waited, or the threads have just started: that shows soon.
	 */
	if (is_enough(tune) && (!waits(seen) || has_gained_little(tune)))
		hold(tune, seen);
	else if (!hold_long(tune, seen) && !climb(tune, seen, factor_of(tune, seen)))
		settle(tune, seen);
}

static void after_lower(struct flist_tune *tune, const struct tune_sample *seen)
{
	const bool is_slower = seen->rate < as_fast * tune->last_rate;
	if (is_slower)
		tune->jobs = tune->last_jobs;
	if (!is_slower && seen->is_full && tune->jobs > tune->cpus)
		lower(tune, seen);
	else
		hold(tune, seen);
}

static void after_hold(struct flist_tune *tune, const struct tune_sample *seen)
{
	if (step_again(tune, seen))
		return;
	tune->is_settled = true;
	const bool is_other =
		seen->wait_ns > LONGER * tune->wait_ns || seen->wait_ns * LONGER < tune->wait_ns;
	tune->changed = is_other ? tune->changed + 1 : 0;
	const bool changed = tune->changed >= SURE, is_longer = seen->wait_ns > tune->wait_ns;
	if (!changed && ++tune->paused < tune->pause)
		return;
	if (changed) {
		tune->is_settled = tune->is_careful = false;
		tune->off_ns = seen->off_ns;
		/* A queue of jobs makes sleeps longer. If calls became longer, the next step shows
		 * whether that is a queue.
		 */
		if (tune->jobs > tune->cpus && !is_longer)
			tune->off_ns *= (double)tune->cpus / tune->jobs;
		tune->pause = PAUSE;
	} else if (tune->pause < PAUSE_MOST) {
		tune->pause *= 2;
	}
	struct tune_sample all = *seen;
	all.rate = tune->changed ? seen->rate : seen->held;
	if (seen->is_full && tune->jobs > tune->cpus)
		lower(tune, &all);
	else if (!hold_long(tune, &all) && !climb(tune, &all, SMALL_STEP))
		hold(tune, &all);
}

unsigned flist_tune_update(struct flist_tune *tune, const struct flist_tally *tally, bool idle)
{
	if (!idle && tune->is_starting) {
		tune->is_starting = false;
	} else if (!idle) {
		const struct tune_sample seen = see(tune, tally);
		if (seen.off_ns > 0 && (seen.off_ns < tune->off_ns || !(tune->off_ns > 0)))
			tune->off_ns = seen.off_ns;
		if (tune->phase == FLIST_TUNE_CLIMB)
			after_climb(tune, &seen);
		else if (tune->phase == FLIST_TUNE_LOWER)
			after_lower(tune, &seen);
		else
			after_hold(tune, &seen);
	}
	tune->since = *tally;
	/* Not over all of a long pause, in which calls may become slowly faster or slower. */
	if (idle || tune->phase != FLIST_TUNE_HOLD || tune->paused % LONG_PAUSE == 0)
		tune->held = *tally;
	return tune->jobs;
}

void flist_tune_limit(struct flist_tune *tune, unsigned jobs)
{
	tune->most = least(tune->most, jobs);
	tune->jobs = least(tune->jobs, tune->most);
}
