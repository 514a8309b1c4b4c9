#include "datasets/tree/team.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "engine/base/threads.h"
#include "engine/base/util.h"

enum {
	JOBS_MAX = 256,
	TASKS_PER_JOB = 2,       /* queue length per thread: enough for idle threads, and bounded */
	DESCRIPTORS_SPARED = 16, /* descriptors for the rest of the process */
	WINDOW_LEAST = 3,
	WINDOW_MOST = 32,
	REPORT_EVERY = 64, /* entries of member 0, while other members work, too */
	TICK_MS = 100,
};

struct team {
	const struct team_plan *plan;
	struct err *err;
	char *members; /* plan->member_size bytes each, rounded up to cache lines */
	size_t stride;
	unsigned jobs, window;
	pthread_mutex_t lock;
	pthread_cond_t change;
	/* Guarded by the lock; n_tasks, error and stopping are also read without it. */
	void *tasks[JOBS_MAX * TASKS_PER_JOB];
	unsigned first, n_tasks, waiting;
	int error;
	bool stopping; /* progress requested a stop */
	bool over;
};

static struct team_thread *member_at(const struct team *team, unsigned i)
{
	return (struct team_thread *)(void *)(team->members + i * team->stride);
}

void *team_arg(const struct team_thread *member)
{
	return member->team->plan->arg;
}

unsigned team_window(const struct team_thread *member)
{
	return member->team->window;
}

uint64_t team_total_done(const struct team_thread *member)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < member->team->jobs; i++)
		sum += __atomic_load_n(&member_at(member->team, i)->done, __ATOMIC_RELAXED);
	return sum;
}

int team_fail(struct team_thread *member, int code, const char *format, ...)
{
	struct team *team = member->team;
	char words[sizeof(team->err->text)];
	va_list args;
	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	pthread_mutex_lock(&team->lock);
	err_set(team->err, code, "%s", words);
	__atomic_store_n(&team->error, team->error ? team->error : code, __ATOMIC_RELAXED);
	team->over = true;
	pthread_cond_broadcast(&team->change);
	pthread_mutex_unlock(&team->lock);
	return code;
}

static void check_stop(struct team *team, const struct team_thread *member)
{
	if (member->number == 0 && progress_stopped(team->plan->progress))
		__atomic_store_n(&team->stopping, true, __ATOMIC_RELAXED);
}

int team_go_on(struct team_thread *member)
{
	struct team *team = member->team;
	check_stop(team, member);
	if (__atomic_load_n(&team->stopping, __ATOMIC_RELAXED))
		return -EINTR;
	return __atomic_load_n(&team->error, __ATOMIC_RELAXED) ? -ECANCELED : 0;
}

static void report(const struct team_thread *member)
{
	const struct team_plan *plan = member->team->plan;
	uint64_t done = team_total_done(member);
	progress_report(plan->progress, plan->doing, done, done > plan->total ? 0 : plan->total);
}

void team_done(struct team_thread *member)
{
	uint64_t done = member->done + 1;
	__atomic_store_n(&member->done, done, __ATOMIC_RELAXED);
	if (member->number == 0 && (member->team->jobs == 1 || done % REPORT_EVERY == 0))
		report(member);
}

bool team_wants(const struct team_thread *member)
{
	const struct team *team = member->team;
	return team->jobs > 1 &&
	       __atomic_load_n(&team->n_tasks, __ATOMIC_RELAXED) < team->jobs * TASKS_PER_JOB;
}

bool team_offer(struct team_thread *member, void *task)
{
	struct team *team = member->team;
	unsigned room = team->jobs * TASKS_PER_JOB;
	if (!team_wants(member))
		return false;
	pthread_mutex_lock(&team->lock);
	bool taken = team->n_tasks < room && !team->over;
	if (taken) {
		team->tasks[(team->first + team->n_tasks) % room] = task;
		__atomic_store_n(&team->n_tasks, team->n_tasks + 1, __ATOMIC_RELAXED);
		if (team->waiting)
			pthread_cond_signal(&team->change);
	}
	pthread_mutex_unlock(&team->lock);
	return taken;
}

/* Sleeps until something changes; member 0 wakes regularly to report and to check for a stop. */
static void wait_for_change(struct team *team, struct team_thread *member)
{
	struct timespec until;
	if (member->number > 0) {
		pthread_cond_wait(&team->change, &team->lock);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += TICK_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_cond_clockwait(&team->change, &team->lock, CLOCK_MONOTONIC, &until);
	pthread_mutex_unlock(&team->lock);
	report(member);
	check_stop(team, member);
	pthread_mutex_lock(&team->lock);
}

/* The oldest task; NULL: there is none, and no thread is left that could offer one. */
static void *next_task(struct team *team, struct team_thread *member)
{
	void *task = NULL;
	pthread_mutex_lock(&team->lock);
	team->waiting++;
	while (!team->over && team->n_tasks == 0) {
		if (team->waiting == team->jobs) {
			team->over = true;
			pthread_cond_broadcast(&team->change);
		} else {
			wait_for_change(team, member);
		}
	}
	team->waiting--;
	if (!team->over && team->n_tasks > 0) {
		task = team->tasks[team->first];
		team->first = (team->first + 1) % (team->jobs * TASKS_PER_JOB);
		__atomic_store_n(&team->n_tasks, team->n_tasks - 1, __ATOMIC_RELAXED);
	}
	pthread_mutex_unlock(&team->lock);
	return task;
}

static void work(struct team *team, struct team_thread *member)
{
	void *task;
	while ((task = next_task(team, member))) {
		int error = team->plan->work(member, task);
		if (error)
			team_fail(member, error, "%s failed: %s", team->plan->doing,
				  strerror(-error));
	}
}

/* Runs on the threads, which are the members after the caller. */
static void work_beside(void *team, unsigned index)
{
	work(team, member_at(team, index + 1));
}

static unsigned allowed_cpus(void)
{
	cpu_set_t cpus;
	if (sched_getaffinity(0, sizeof(cpus), &cpus))
		return 1;
	return (unsigned)CPU_COUNT(&cpus);
}

/* As many threads as requested, unless the limit of descriptors is too small. */
static void settle_jobs(struct team *team, unsigned wanted)
{
	struct rlimit limit;
	uint64_t files = 1024;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		files = MIN(limit.rlim_cur, 1 << 20);
	files = files > DESCRIPTORS_SPARED ? files - DESCRIPTORS_SPARED : 0;
	uint64_t most = MAX(files / (WINDOW_LEAST + TASKS_PER_JOB), 1);
	uint64_t jobs = wanted ? wanted : allowed_cpus();
	team->jobs = (unsigned)MIN(MIN(jobs, most), JOBS_MAX);
	uint64_t each = files / team->jobs;
	each = each > TASKS_PER_JOB ? each - TASKS_PER_JOB : 0;
	team->window = (unsigned)MIN(MAX(each, WINDOW_LEAST), WINDOW_MOST);
}

/* Fewer threads than requested are no error. The lock makes them wait until they are counted. */
static struct threads *start_threads(struct team *team)
{
	struct threads *threads;
	pthread_mutex_lock(&team->lock);
	(void)threads_start(&threads, team->jobs - 1, work_beside, team);
	team->jobs = threads_count(threads) + 1;
	pthread_mutex_unlock(&team->lock);
	return threads;
}

static void drop_tasks(struct team *team)
{
	unsigned room = team->jobs * TASKS_PER_JOB;
	for (; team->n_tasks > 0; team->n_tasks--) {
		team->plan->drop(team->tasks[team->first]);
		team->first = (team->first + 1) % room;
	}
}

int team_run(const struct team_plan *plan, void *task, struct err *err)
{
	struct err words = {0};
	struct team team = {.plan = plan, .err = err ? err : &words};
	settle_jobs(&team, plan->jobs);
	team.stride = (plan->member_size + 63) & ~(size_t)63;
	team.members = calloc(team.jobs, team.stride);
	if (!team.members) {
		plan->drop(task);
		return err_set(err, -ENOMEM, "out of memory");
	}
	for (unsigned i = 0; i < team.jobs; i++)
		*member_at(&team, i) = (struct team_thread){.team = &team, .number = i};
	team.tasks[0] = task;
	team.n_tasks = 1;
	pthread_mutex_init(&team.lock, NULL);
	pthread_cond_init(&team.change, NULL);
	struct threads *threads = start_threads(&team);
	work(&team, member_at(&team, 0));
	threads_join(threads);
	drop_tasks(&team);
	for (unsigned i = 0; i < team.jobs && plan->sum; i++)
		plan->sum(member_at(&team, i));
	pthread_cond_destroy(&team.change);
	pthread_mutex_destroy(&team.lock);
	free(team.members);
	return team.error;
}
