#include "datasets/sim/server.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "datasets/sim/answer.h"
#include "engine/base/clock.h"
#include "engine/base/rng.h"
#include "engine/base/threads.h"
#include "engine/base/util.h"

enum sim_use { USE_LATENCY = 1, USE_ERROR };

static struct rng rng_of(const struct sim_options *options, enum sim_use use, uint64_t number)
{
	return (struct rng){rng_mix(options->seed ^ rng_mix(number * 4 + use))};
}

/* In (0, 1], so that it has a logarithm. */
static double uniform(struct rng *rng)
{
	return (double)((rng_next(rng) >> 11) + 1) * 0x1p-53;
}

/* Standard normal (Box and Muller, 1958), truncated so that no request takes minutes. */
static double normal(struct rng *rng)
{
	double radius = fmin(sqrt(-2 * log(uniform(rng))), 4);
	return radius * cos(2 * M_PI * uniform(rng));
}

uint64_t latency_ns(const struct sim_options *options, uint64_t number)
{
	bool changed = options->change_at && number >= options->change_at;
	uint64_t rtt = changed ? options->change_rtt_ns : options->rtt_ns;
	struct rng rng = rng_of(options, USE_LATENCY, number);
	if (options->model == SIM_UNIFORM)
		return (uint64_t)((double)rtt * (1 + options->jitter * (2 * uniform(&rng) - 1)));
	if (options->model == SIM_LOGNORMAL)
		return (uint64_t)((double)rtt * exp(options->jitter * normal(&rng)));
	return rtt;
}

/* Whether the request fails. */
static bool latency_errs(const struct sim_options *options, uint64_t number)
{
	struct rng rng = rng_of(options, USE_ERROR, number);
	return options->eio_one_in && rng_below(&rng, options->eio_one_in) == 0;
}

uint64_t latency_due(uint64_t *free_at, uint32_t n, uint64_t now, uint64_t ns)
{
	if (n == 0)
		return now + ns;
	uint64_t due = MAX(now, free_at[0]) + ns;
	uint32_t at = 0;
	for (;;) { /* restores the heap after the first time has increased */
		uint32_t next = 2 * at + 1;
		if (next + 1 < n && free_at[next + 1] < free_at[next])
			next++;
		if (next >= n || free_at[next] >= due)
			break;
		free_at[at] = free_at[next];
		at = next;
	}
	free_at[at] = due;
	return due;
}

enum { READERS = 4 };

/* An answer that is not due yet. */
struct late_reply {
	uint64_t due, unique;
	int error;
	bool counted;
	size_t size;
	char data[];
};

struct sim_server {
	struct fuse fuse;
	struct sim_options options;
	struct shape shape;
	struct server_shared *shared;
	pthread_mutex_t lock; /* guards all that follows */
	pthread_cond_t earlier;
	struct late_reply **heap; /* a heap, the earliest first */
	size_t n, room;
	uint64_t *free_at; /* see latency_due */
};

/* --- Answers that are not due yet ---------------------------------------------------------- */

static void rise(struct sim_server *s, size_t at, struct late_reply *p)
{
	for (; at > 0 && p->due < s->heap[(at - 1) / 2]->due; at = (at - 1) / 2)
		s->heap[at] = s->heap[(at - 1) / 2];
	s->heap[at] = p;
}

static struct late_reply *take_first(struct sim_server *s)
{
	struct late_reply *first = s->heap[0], *last = s->heap[--s->n];
	size_t at = 0, next;
	while ((next = 2 * at + 1) < s->n) {
		if (next + 1 < s->n && s->heap[next + 1]->due < s->heap[next]->due)
			next++;
		if (s->heap[next]->due >= last->due)
			break;
		s->heap[at] = s->heap[next];
		at = next;
	}
	if (s->n)
		s->heap[at] = last;
	return first;
}

/* To be called before the answer is sent, because the client may send its next request at once. */
static void leave(struct sim_server *s, bool counted)
{
	if (counted)
		atomic_fetch_sub(&s->shared->in_flight, 1);
}

/* Without memory to store an answer, the kernel gets an error. */
static void postpone(struct sim_server *s, uint64_t unique, const struct sim_answer *a,
		     uint64_t came, uint64_t ns, bool counted)
{
	const size_t size = a->error ? 0 : a->size;
	struct late_reply *p = malloc(sizeof(*p) + size);
	pthread_mutex_lock(&s->lock);
	if (!p || array_grow(&s->heap, &s->room, s->n + 1, sizeof(struct late_reply *))) {
		pthread_mutex_unlock(&s->lock);
		free(p);
		leave(s, counted);
		fuse_answer(&s->fuse, unique, -ENOMEM, NULL, 0);
		return;
	}
	*p = (struct late_reply){
		.unique = unique, .error = a->error, .size = size, .counted = counted};
	if (size)
		memcpy(p->data, a->data, size);
	p->due = latency_due(s->free_at, s->options.servers, came, ns);
	rise(s, s->n++, p);
	if (s->heap[0] == p)
		pthread_cond_signal(&s->earlier);
	pthread_mutex_unlock(&s->lock);
}

static void wait_until(struct sim_server *s, uint64_t ns)
{
	const struct timespec time = {(time_t)(ns / NS_PER_SECOND), (long)(ns % NS_PER_SECOND)};
	pthread_cond_timedwait(&s->earlier, &s->lock, &time);
}

static void send_what_is_due(struct sim_server *s)
{
	pthread_mutex_lock(&s->lock);
	for (;;) {
		if (s->n == 0) {
			pthread_cond_wait(&s->earlier, &s->lock);
		} else if (s->heap[0]->due > clock_ns()) {
			wait_until(s, s->heap[0]->due);
		} else {
			struct late_reply *p = take_first(s);
			pthread_mutex_unlock(&s->lock);
			leave(s, p->counted);
			fuse_answer(&s->fuse, p->unique, p->error, p->data, p->size);
			free(p);
			pthread_mutex_lock(&s->lock);
		}
	}
}

/* --- Requests ------------------------------------------------------------------------------ */

static void count_in(struct server_shared *shared)
{
	uint32_t now = atomic_fetch_add(&shared->in_flight, 1) + 1;
	uint32_t most = atomic_load(&shared->in_flight_max);
	while (now > most && !atomic_compare_exchange_weak(&shared->in_flight_max, &most, now))
		continue;
}

/* Whether it is a request for the root's attributes while the caller measures their duration. */
static bool is_trial(struct sim_server *s, const struct fuse_in_header *in, uint64_t *ns)
{
	int trial = atomic_load(&s->shared->trial);
	if (trial == TRIAL_NONE || in->opcode != FUSE_GETATTR || in->nodeid != NODE_ROOT)
		return false;
	uint64_t number = atomic_fetch_add(&s->shared->trials, 1) + 1;
	*ns = trial == TRIAL_AS_EVER ? latency_ns(&s->options, number) : 0;
	return true;
}

static void handle(struct sim_server *s, struct answerer *answerer,
		   const struct fuse_request *request)
{
	const uint64_t came = clock_ns(), unique = request->in->unique;
	struct sim_answer answer;
	uint64_t ns = 0;
	bool counted = false;
	enum answer_kind kind = answer_to(answerer, request, &answer);
	if (kind == ANSWER_NONE)
		return;
	if (kind == ANSWER_REMOTE && !is_trial(s, request->in, &ns)) {
		uint64_t number = atomic_fetch_add(&s->shared->requests, 1) + 1;
		counted = true;
		count_in(s->shared);
		ns = latency_ns(&s->options, number);
		if (latency_errs(&s->options, number)) {
			answer.error = -EIO;
			atomic_fetch_add(&s->shared->errors, 1);
		}
	}
	if (ns) {
		postpone(s, unique, &answer, came, ns, counted);
		return;
	}
	leave(s, counted);
	fuse_answer(&s->fuse, unique, answer.error, answer.data, answer.size);
}

static void read_requests(struct sim_server *s)
{
	struct answerer *answerer = malloc(sizeof(*answerer));
	char *buffer = malloc(s->fuse.room);
	struct fuse_request request;
	int got;
	if (!answerer || !buffer)
		_exit(1);
	answerer->options = &s->options;
	nodes_begin(&answerer->nodes, &s->shape, geteuid(), getegid());
	while ((got = fuse_next(&s->fuse, buffer, &request)) > 0)
		handle(s, answerer, &request);
	_exit(got < 0); /* 0: it was unmounted */
}

static void serve(void *server, unsigned index)
{
	if (index == 0)
		send_what_is_due(server);
	else
		read_requests(server);
}

/* --- The process --------------------------------------------------------------------------- */

/* Signals from the terminal are for the caller, which ends the server when it has finished. */
static void init_process(const struct fuse *fuse, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "statmark-sim");
	prctl(PR_SET_TIMERSLACK, 1);
	if (getppid() != parent)
		_exit(1);
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	/*
	 * Closes the caller's descriptors: locks, and pipes whose readers wait for the end of file.
	 */
	if (fuse->fd > STDERR_FILENO + 1)
		close_range(STDERR_FILENO + 1, (unsigned)fuse->fd - 1, 0);
	close_range((unsigned)fuse->fd + 1, ~0U, 0);
}

_Noreturn void server_run(const struct fuse *fuse, const struct sim_options *options,
			  const struct shape *shape, struct server_shared *shared, pid_t parent)
{
	struct sim_server *s = calloc(1, sizeof(*s));
	pthread_condattr_t monotonic;
	struct threads *threads;
	init_process(fuse, parent);
	if (!s || !(s->free_at = calloc(options->servers + 1, sizeof(*s->free_at))))
		_exit(1);
	s->fuse = *fuse;
	s->options = *options;
	s->shape = *shape;
	s->shared = shared;
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&s->earlier, &monotonic);
	/* If no thread can be created, this thread alone reads requests, which is slower. */
	(void)threads_start(&threads, READERS, serve, s);
	if (threads_count(threads) == 0)
		_exit(1);
	read_requests(s);
	_exit(0);
}
