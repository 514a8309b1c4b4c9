#include "strategies/flist/tune.h"

enum {
	CALLS_PER_JOB = 2, /* in a window, at least, */
	MORE_CALLS = 6,    /* in a long one */
	FIRST_STEP = 16,   /* so many times as many jobs, where the first calls wait, */
	STEP = 4,          /* where later ones do */
	SMALL_STEP = 2,
	FAR = 400 * 1000, /* ns: who waits so long is worth the time that many threads take */
	PAUSE = 8,        /* windows, */
	LONG_PAUSE = 64,  /* where there are enough jobs as it seems */
	PAUSE_MOST = 512,
	FEW = 16,         /* jobs, */
	FEW_FOR_CPU = 4,  /* or so many for each CPU: these cost little where calls wait */
	MOST_SLEEPS = 64, /* of a call: where there are more, sleeps are not counted (clock.h) */
	LONGER = 2,       /* so many times as long calls take, or as short, */
	SURE = 2,         /* in so many windows in turn, and all is tried anew */
};

/* What a step has to gain: a half of what it would at best, a fifth where it is small. */
static const double gain_wanted = 2.0, small_gain_wanted = 1.2;

/* So much longer are waits where requests queue. */
static const double queueing = 1.5;

/* On CPUs of their own jobs are faster, whatever a short window says: unless they are slower. */
static const double loss_allowed = 0.8;

/* Half of the jobs are enough if they are nearly as fast. */
static const double as_fast = 0.93;

/* Of what the CPUs could do: from here on jobs wait for a CPU, not for answers. */
static const double saturated = 0.8;

/* Share of their time that jobs are on a CPU, where they wait for little else. */
static const double on_cpu = 0.6, mostly_waits = 0.25;

/* Of their calls, at least: fewer sleeps come from threads that wait for each other. */
static const double sleeping = 0.02;

struct tune_sample {
	double rate;    /* calls/ns */
	double wait_ns; /* of a call */
	double busy;    /* share of their time that jobs are on a CPU */
	double sleeps;  /* of a call: how often its thread slept */
	double off_ns;  /* see off_each */
	bool is_full;   /* the CPUs are */
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

uint64_t flist_tune_next(const struct flist_tune *tune)
{
	const bool first = tune->jobs == 1 && !(tune->last_rate > 0);
	const bool begins = tune->phase == FLIST_TUNE_CLIMB && tune->jobs > tune->cpus;
	const bool is_long = tune->is_settled || begins;
	const uint64_t window = is_long ? FLIST_TUNE_LONG_WINDOW : FLIST_TUNE_WINDOW;
	return tune->since.now_ns + (first ? FLIST_TUNE_FIRST_LOOK : window);
}

bool flist_tune_is_due(const struct flist_tune *tune, uint64_t calls)
{
	const unsigned each = tune->is_settled ? MORE_CALLS : CALLS_PER_JOB;
	return calls - tune->since.calls >= (uint64_t)each * tune->jobs;
}

/* How long one wait took: of a sleep, or of a call where not every one sleeps. 0: none did. */
static double off_each(double off_cpu, double calls, double sleeps)
{
	const bool is_counted = sleeps <= MOST_SLEEPS * calls;
	if (!(sleeps > 0) || !(off_cpu > 0))
		return 0;
	return off_cpu / (is_counted && sleeps > calls ? sleeps : calls);
}

static struct tune_sample see(const struct flist_tune *tune, const struct flist_tally *t)
{
	const double ns = (double)(t->now_ns - tune->since.now_ns);
	const double calls = (double)(t->calls - tune->since.calls);
	const double cpu = (double)(t->cpu_ns - tune->since.cpu_ns);
	const double sleeps = (double)(t->sleeps - tune->since.sleeps);
	return (struct tune_sample){
		.rate = calls / ns,
		.wait_ns = ns * tune->jobs / calls,
		.busy = cpu / (ns * tune->jobs),
		.sleeps = sleeps / calls,
		.off_ns = off_each(ns * tune->jobs - cpu, calls, sleeps),
		.is_full = cpu >= saturated * tune->cpus * ns,
	};
}

/* Also short calls wait if jobs are off the CPU for much of their time: some of them read a disk.
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

/* Jobs that could be on CPUs at once, were there enough to wait for, and half as many again. */
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

/* From here on with more jobs; false: there are none that could pay. */
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
	return true;
}

static void lower(struct flist_tune *tune, const struct tune_sample *seen)
{
	const unsigned half = tune->jobs / 2;
	tune->phase = FLIST_TUNE_LOWER;
	tune->last_jobs = tune->jobs;
	tune->last_rate = seen->rate;
	tune->jobs = half < tune->cpus ? tune->cpus : half;
}

/* The last step may have been kept for less than it could have gained. */
static void settle(struct flist_tune *tune, const struct tune_sample *seen)
{
	if (tune->jobs / 2 > tune->last_jobs && tune->gain < 0.75 * tune->factor &&
	    (tune->jobs > few(tune) || !waits(seen)))
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
	if (share < 1) /* a step cut short */
		wanted = 1 + (wanted - 1) * share;
	if (is_harmless)
		wanted = 0;
	else if (tune->jobs <= tune->cpus)
		wanted = loss_allowed;
	tune->gain = seen->rate / tune->last_rate;
	return tune->gain >= wanted;
}

/*
 * The step is taken back; a large one for a smaller one. What is seen next says whether that was
 * right, so that is no long look.
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
 * Entries differ: those asked for with more jobs may have been the slower ones. So a step that was
 * taken back is taken after all if with fewer jobs it does not become as fast again as it was.
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
	tune->last_rate = 0; /* it pays */
	tune->jobs = refused;
	tune->is_settled = tune->is_careful = false;
	return true;
}

/*
 * Where a disk or a server is near, more jobs gain little, and making them to see that takes longer
 * than a walk of some thousand entries.
 */
static bool is_enough(const struct flist_tune *tune)
{
	return tune->last_jobs == 1 && tune->jobs > tune->cpus && 2 * tune->jobs >= few(tune) &&
	       !is_far(tune);
}

static unsigned factor_of(const struct flist_tune *tune, const struct tune_sample *seen)
{
	const bool is_first = !(tune->last_rate > 0) && tune->jobs == 1;
	if (tune->is_careful || !waits(seen))
		return SMALL_STEP;
	if (is_first && seen->busy < on_cpu)
		return FIRST_STEP;
	return seen->busy < mostly_waits && is_far(tune) ? STEP : SMALL_STEP;
}

static void after_climb(struct flist_tune *tune, const struct tune_sample *seen)
{
	if (tune->last_rate > 0 && !pays(tune, seen)) {
		step_back(tune, seen);
		return;
	}
	if (step_again(tune, seen))
		return;
	if (is_enough(tune)) {
		tune->pause = LONG_PAUSE;
		hold(tune, seen);
	} else if (!climb(tune, seen, factor_of(tune, seen)))
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
	const bool changed = tune->changed >= SURE;
	if (!changed && ++tune->paused < tune->pause)
		return;
	if (changed) {
		tune->is_settled = tune->is_careful = false;
		tune->off_ns = seen->off_ns;
		if (tune->jobs > tune->cpus) /* who sleeps may be in a queue of them */
			tune->off_ns *= (double)tune->cpus / tune->jobs;
		tune->pause = PAUSE;
		if (is_enough(tune)) {
			tune->pause = LONG_PAUSE;
			hold(tune, seen);
			return;
		}
	} else if (tune->pause < PAUSE_MOST) {
		tune->pause *= 2;
	}
	if (seen->is_full && tune->jobs > tune->cpus)
		lower(tune, seen);
	else if (!climb(tune, seen, SMALL_STEP))
		hold(tune, seen);
}

unsigned flist_tune_look(struct flist_tune *tune, const struct flist_tally *tally, bool idle)
{
	if (!idle) {
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
	return tune->jobs;
}

void flist_tune_limit(struct flist_tune *tune, unsigned jobs)
{
	tune->most = least(tune->most, jobs);
	tune->jobs = least(tune->jobs, tune->most);
}
