/*
 * Fetches by io_uring: a worker has `depth` requests in flight, and one call submits the next batch
 * and waits for as many completions. This saves system calls, and time if calls wait. But the
 * kernel never completes statx inline; it passes each request to one of its threads (iou-wrk),
 * which does what lstat would have done. So if everything is cached, there is the additional cost
 * of two threads that wake each other. If calls wait, the number of workers limits the gain.
 */
#include "strategies/ring.h"

struct state {
	struct ring *ring;
};

static int probe(struct err *err)
{
	static const enum ring_op ops[] = {RING_STATX};
	return ring_probe(ops, 1, err);
}

static void answer(void *arg, const struct ring_ask *ask, int result)
{
	(void)arg;
	if (result < 0)
		record_fail(ask->about, -result);
	else
		record_statx(ask->about, &ask->stx, FIELDS_ALL);
}

static int open_ring(struct worker *w)
{
	struct state *s = w->state;
	return ring_open(&s->ring, w, w->load->path_size, answer, NULL);
}

static void close_ring(struct worker *w)
{
	ring_close(((struct state *)w->state)->ring);
}

static int ask_span(struct worker *w, struct ring *ring, const struct workload_span *span)
{
	const size_t prefix = path_enter(w, span->dir);
	struct ring_ask *ask;
	for (uint32_t i = span->first; i < span->end && !worker_stopped(w); i++) {
		int error = ring_begin(ring, &ask);
		if (error)
			return error;
		memcpy(ask->path, w->path, prefix);
		memcpy(ask->path + prefix, workload_name(w->load, i),
		       (size_t)w->load->entries[i].name_len + 1);
		ask->op = RING_STATX;
		ask->about = &w->records[i];
		ring_put(ring, ask);
	}
	/* When latencies are measured, one is that of a request and its completion. */
	return w->cell->take ? ring_drain(ring) : 0;
}

static int run(struct worker *w)
{
	struct ring *ring = ((struct state *)w->state)->ring;
	struct workload_span span;
	int error = 0;
	while (!error && worker_take(w, &span))
		error = ask_span(w, ring, &span);
	int drained = ring_drain(ring);
	worker_count(w, SYSCALL_io_uring_enter, ring_calls(ring));
	return error ? error : drained;
}

STRATEGY(uring) = {
	.name = "uring",
	.summary = "statx of full paths by io_uring, many requests in flight",
	.stage = STAGE_FETCH,
	.flags = STRATEGY_OWN_CREW,
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_PATH},
	.worker_size = sizeof(struct state),
	.params = RING_PARAMS,
	.probe = probe,
	.open = open_ring,
	.close = close_ring,
	.run = run,
};
