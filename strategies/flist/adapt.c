#include "strategies/flist/adapt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "strategies/flist/clock.h"

enum {
	NEXT_UPDATE = 50 * 1000, /* ns: minimum wait if a window has too few calls */
	PART = 4,                /* or this part of the window's time so far, if that is longer */
	CPU_APART = 100 * 1000,  /* ns, times the jobs: time between updates of a job's CPU time; */
	CPU_PART = 2,            /* at least this part of a window, */
	CPU_SPARE = 4,           /* at most all but this part, since they follow a call */
};

/*
 * Sets when the window that begins now is evaluated, and how often its jobs read their CPU time.
 * Two system calls do that, so a job among many does it less often, but about once in a window.
 */
static void plan_window(struct flist_adapt *adapt)
{
	const uint64_t next = flist_tune_next(&adapt->tune);
	const uint64_t window = next - adapt->tune.since.now_ns;
	uint64_t apart = (uint64_t)CPU_APART * adapt->tune.jobs;
	if (apart > window - window / CPU_SPARE)
		apart = window - window / CPU_SPARE;
	if (apart < window / CPU_PART)
		apart = window / CPU_PART;
	atomic_store(&adapt->cpu_apart, (uint32_t)apart);
	atomic_store(&adapt->update_at, next);
}

int flist_adapt_init(struct flist_adapt *adapt, const struct flist_threads *threads)
{
	const unsigned most = flist_jobs(threads);
	const size_t size = most * sizeof(*adapt->counts);
	*adapt = (struct flist_adapt){
		.counts = aligned_alloc(_Alignof(struct flist_count), size),
		.crew = flist_crew_new(threads, most),
		.threads = threads,
		.began = flist_clock(),
		.most = most,
		.cpus = flist_cpus(threads),
		.told = 1,
	};
	if (!adapt->counts || !adapt->crew) {
		free(adapt->counts);
		flist_crew_free(adapt->crew);
		*adapt = (struct flist_adapt){.counts = NULL};
		return -ENOMEM;
	}
	adapt->counts[0] = (struct flist_count){.cpu_at = 0};
	atomic_init(&adapt->jobs, 1);
	atomic_init(&adapt->used, 1);
	atomic_init(&adapt->begun, 0);
	pthread_mutex_init(&adapt->lock, NULL);
	pthread_mutex_init(&adapt->lock_rest, NULL);
	pthread_cond_init(&adapt->again, NULL);
	return 0;
}

/*
 * Begins the first measurement, when the jobs begin: FLIST_BULK writes the filesystem's buffers
 * back before, which takes long and does not predict the later calls.
 */
static void begin_measuring(struct flist_adapt *adapt)
{
	const struct flist_tally now = {flist_clock(), 0, flist_cpu_clock(), flist_wait_count()};
	atomic_store(&adapt->counts[0].cpu_ns, now.cpu_ns);
	atomic_store(&adapt->counts[0].sleeps, now.sleeps);
	flist_tune_begin(&adapt->tune, adapt->most, adapt->cpus, &now);
	plan_window(adapt);
}

void flist_adapt_release(struct flist_adapt *adapt)
{
	if (!flist_adapt_is_on(adapt))
		return;
	pthread_cond_destroy(&adapt->again);
	pthread_mutex_destroy(&adapt->lock_rest);
	pthread_mutex_destroy(&adapt->lock);
	flist_crew_free(adapt->crew);
	free(adapt->counts);
}

bool flist_adapt_rests(const struct flist_adapt *adapt, unsigned job)
{
	return job >= atomic_load_explicit(&adapt->jobs, memory_order_relaxed);
}

bool flist_adapt_may_work(struct flist_adapt *adapt, unsigned job)
{
	if (!flist_adapt_is_on(adapt) || !flist_adapt_rests(adapt, job))
		return true;
	pthread_mutex_lock(&adapt->lock_rest);
	while (!adapt->is_over && flist_adapt_rests(adapt, job))
		pthread_cond_wait(&adapt->again, &adapt->lock_rest);
	pthread_mutex_unlock(&adapt->lock_rest);
	return !flist_adapt_rests(adapt, job);
}

static void call_back(struct flist_adapt *adapt, bool is_over)
{
	pthread_mutex_lock(&adapt->lock_rest);
	adapt->is_over |= is_over;
	pthread_cond_broadcast(&adapt->again);
	pthread_mutex_unlock(&adapt->lock_rest);
}

void flist_adapt_end(struct flist_adapt *adapt)
{
	if (flist_adapt_is_on(adapt))
		call_back(adapt, true);
}

static uint64_t sum_calls(const struct flist_adapt *adapt)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < adapt->used; i++)
		sum += atomic_load_explicit(&adapt->counts[i].calls, memory_order_relaxed);
	return sum;
}

/* Calls the caller's `decided` with what was measured between the last two evaluations. */
static void report_decision(const struct flist_adapt *adapt, uint64_t now_ns)
{
	const struct flist_threads *t = adapt->threads;
	const uint64_t ns = adapt->tally.now_ns - adapt->since.now_ns;
	const uint64_t calls = adapt->tally.calls - adapt->since.calls;
	const struct flist_decision decision = {
		.at_ns = now_ns - adapt->began,
		.wait_ns = calls ? ns * adapt->before / calls : 0,
		.rate = ns ? (uint64_t)((double)calls * 1e9 / (double)ns) : 0,
		.before = adapt->told,
		.jobs = flist_adapt_working(adapt),
	};
	if (t->decided)
		t->decided(t->arg, &decision);
}

static struct flist_tally tally_of(const struct flist_adapt *adapt, uint64_t now_ns)
{
	struct flist_tally tally = {.now_ns = now_ns, .calls = sum_calls(adapt)};
	for (unsigned i = 0; i < adapt->used; i++) {
		const struct flist_count *c = &adapt->counts[i];
		tally.cpu_ns += atomic_load_explicit(&c->cpu_ns, memory_order_relaxed);
		tally.sleeps += atomic_load_explicit(&c->sleeps, memory_order_relaxed);
	}
	return tally;
}

static void allow_jobs(struct flist_adapt *adapt, unsigned jobs)
{
	const unsigned before = atomic_exchange(&adapt->jobs, jobs);
	if (jobs > before)
		call_back(adapt, false);
	if (jobs != before && adapt->limit)
		adapt->limit(adapt->arg, jobs);
}

/*
 * Starts threads; each works as soon as it has started. If fewer can be started than wanted, that
 * number becomes the limit.
 */
static void make_threads(struct flist_adapt *adapt, unsigned jobs)
{
	for (unsigned i = adapt->used; i < jobs; i++)
		adapt->counts[i] = (struct flist_count){.cpu_at = 0};
	const unsigned had = flist_crew_grow(adapt->crew, jobs);
	if (adapt->used < had)
		adapt->used = had;
	if (had < jobs) {
		atomic_store(&adapt->wanted, 0);
		flist_tune_limit(&adapt->tune, had);
		allow_jobs(adapt, had);
	}
}

/* Returns how many of `jobs` have work, those that have begun included. */
static unsigned with_work(const struct flist_adapt *adapt, unsigned jobs)
{
	const unsigned used = adapt->used;
	const size_t work = adapt->work ? adapt->begun + adapt->work(adapt->arg) : jobs;
	if (work >= jobs)
		return jobs;
	return work > used ? (unsigned)work : used;
}

/*
 * Starting a thread takes some 20 us, and ten times that if the CPUs are busy. So the job that
 * evaluates starts only one thread, and that one starts the others.
 */
static void start_threads(struct flist_adapt *adapt, unsigned jobs)
{
	const unsigned one_more = adapt->used + 1;
	jobs = with_work(adapt, jobs);
	if (jobs > one_more)
		atomic_store(&adapt->wanted, jobs);
	if (jobs >= one_more)
		make_threads(adapt, one_more);
}

/*
 * Completes an adjustment: called by the job that evaluated, or, if several threads are wanted, by
 * the first of them. A measurement begins now: the time that starting threads took does not belong
 * to it.
 */
static void end_adjusting(struct flist_adapt *adapt)
{
	const uint64_t now = flist_clock();
	if (flist_adapt_working(adapt) != adapt->told)
		report_decision(adapt, now);
	adapt->told = flist_adapt_working(adapt);
	adapt->tune.since = tally_of(adapt, now);
	plan_window(adapt);
}

static void make_others(struct flist_adapt *adapt)
{
	pthread_mutex_lock(&adapt->lock);
	const unsigned wanted = atomic_exchange(&adapt->wanted, 0);
	if (wanted) {
		make_threads(adapt, with_work(adapt, wanted));
		end_adjusting(adapt);
	}
	pthread_mutex_unlock(&adapt->lock);
}

/* Ends the window: what was measured in it is reported with the next decision. */
static void end_window(struct flist_adapt *adapt, uint64_t now_ns)
{
	adapt->since = adapt->tune.since;
	adapt->before = flist_adapt_working(adapt);
	adapt->tally = tally_of(adapt, now_ns);
}

/* Starts threads that were allowed before and have work now. Returns whether it started any. */
static bool start_allowed(struct flist_adapt *adapt, uint64_t now_ns)
{
	const unsigned jobs = atomic_load(&adapt->jobs), used = adapt->used;
	if (used >= jobs || with_work(adapt, jobs) == used)
		return false;
	end_window(adapt, now_ns);
	start_threads(adapt, jobs);
	if (!atomic_load(&adapt->wanted))
		end_adjusting(adapt);
	return true;
}

void flist_adapt_start(struct flist_adapt *adapt)
{
	if (pthread_mutex_trylock(&adapt->lock))
		return;
	if (!atomic_load(&adapt->wanted))
		start_allowed(adapt, flist_clock());
	pthread_mutex_unlock(&adapt->lock);
}

static void begin_job(void *arg, unsigned index)
{
	struct flist_adapt *adapt = arg;
	atomic_fetch_add(&adapt->begun, 1);
	if (atomic_load(&adapt->wanted))
		make_others(adapt);
	adapt->job(adapt->job_arg, index);
}

void flist_adapt_run(struct flist_adapt *adapt, flist_job *job, void *arg)
{
	adapt->job = job;
	adapt->job_arg = arg;
	begin_measuring(adapt);
	flist_crew_run(adapt->crew, begin_job, adapt);
}

void flist_adapt_begin(struct flist_adapt *adapt, flist_job *job, void *arg)
{
	adapt->job = job;
	adapt->job_arg = arg;
	begin_measuring(adapt);
	atomic_store(&adapt->begun, 1); /* job 0 is the calling thread, which works elsewhere */
	flist_crew_begin(adapt->crew, begin_job, adapt);
}

static void adjust(struct flist_adapt *adapt, uint64_t now_ns)
{
	const unsigned before = adapt->tune.jobs;
	const bool idle = adapt->used < before || (adapt->is_idle && adapt->is_idle(adapt->arg));
	end_window(adapt, now_ns);
	const unsigned jobs = flist_tune_update(&adapt->tune, &adapt->tally, idle);
	if (jobs == before)
		return;
	allow_jobs(adapt, jobs);
	start_threads(adapt, jobs);
	if (!atomic_load(&adapt->wanted))
		end_adjusting(adapt);
}

static void evaluate(struct flist_adapt *adapt, uint64_t now_ns)
{
	const uint64_t apart = (now_ns - adapt->tune.since.now_ns) / PART;
	/* A job that offered work while this lock was held has started none. */
	if (start_allowed(adapt, now_ns))
		return;
	if (flist_tune_is_due(&adapt->tune, sum_calls(adapt))) {
		adjust(adapt, now_ns);
		plan_window(adapt);
	} else {
		atomic_store(&adapt->update_at,
			     now_ns + (apart > NEXT_UPDATE ? apart : NEXT_UPDATE));
	}
}

void flist_adapt_update(struct flist_adapt *adapt, uint64_t now_ns)
{
	if (pthread_mutex_trylock(&adapt->lock))
		return;
	if (now_ns >= atomic_load(&adapt->update_at) && now_ns > adapt->tune.since.now_ns &&
	    !atomic_load(&adapt->wanted))
		evaluate(adapt, now_ns);
	pthread_mutex_unlock(&adapt->lock);
}
