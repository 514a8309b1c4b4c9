#include "engine/measure/pass/sampler.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/stats.h"
#include "engine/base/util.h"

/* The data of one worker, on cache lines of its own. */
struct worker_samples {
	struct rng rng;
	uint32_t left;             /* entries until the next sample */
	uint32_t next, end;        /* spans taken from the queue, not yet split */
	struct workload_span rest; /* what is left of the span being split */
	bool is_sampling;          /* the last span returned is a sample */
	bool in_batches;
	uint32_t entry;
	uint64_t began_ns;
	struct slowest slowest;
	struct hist hist;
} __attribute__((aligned(CACHE_LINE)));

struct sampler {
	uint32_t gap;
	unsigned jobs, used;
	struct worker_samples *probes;
};

void slowest_add(struct slowest *s, uint32_t entry, uint64_t ns)
{
	size_t at;
	if (s->n == SLOWEST && ns <= s->entries[0].ns)
		return;
	for (at = 0; at < s->n && s->entries[at].entry != entry; at++)
		;
	if (at < s->n && s->entries[at].ns >= ns)
		return;
	if (at == s->n && s->n == SLOWEST)
		at = 0;
	else if (at == s->n)
		s->n++;
	/* The element `at` is free. It is moved to the position of the new time. */
	for (; at > 0 && s->entries[at - 1].ns > ns; at--)
		s->entries[at] = s->entries[at - 1];
	for (; at + 1 < s->n && s->entries[at + 1].ns < ns; at++)
		s->entries[at] = s->entries[at + 1];
	s->entries[at] = (struct slow){ns, entry};
}

/* Entries to skip before the next sample: gap - 1 on average. */
static uint32_t draw_gap(const struct sampler *s, struct worker_samples *p)
{
	return (uint32_t)rng_below(&p->rng, 2 * (uint64_t)s->gap - 1);
}

int sampler_new(struct sampler **out, unsigned jobs, uint32_t gap, uint64_t seed)
{
	struct sampler *s = malloc(sizeof(*s));
	if (!s)
		return -ENOMEM;
	*s = (struct sampler){.gap = gap, .jobs = jobs};
	s->probes = aligned_alloc(CACHE_LINE, jobs * sizeof(*s->probes));
	if (!s->probes) {
		free(s);
		return -ENOMEM;
	}
	memset(s->probes, 0, jobs * sizeof(*s->probes));
	for (unsigned i = 0; i < jobs; i++) {
		s->probes[i].rng.state = rng_mix(seed ^ rng_mix((uint64_t)i + 1));
		s->probes[i].left = draw_gap(s, &s->probes[i]);
	}
	*out = s;
	return 0;
}

void sampler_free(struct sampler *s)
{
	if (!s)
		return;
	free(s->probes);
	free(s);
}

/* The strategy has taken the next span, so the sample has ended. */
static void finish_sample(struct worker_samples *p, const struct worker *w, uint64_t now)
{
	p->is_sampling = false;
	if (w->records[p->entry].status == RECORD_UNANSWERED) {
		p->in_batches = true;
		return;
	}
	hist_add(&p->hist, now - p->began_ns);
	slowest_add(&p->slowest, p->entry, now - p->began_ns);
}

/* Takes the next span of the queue, as worker_take does. */
static bool refill(struct worker_samples *p, const struct worker *w)
{
	const struct cell *cell = w->cell;
	const uint32_t n = w->load->n_spans, step = cell->spans_per_take;
	if (p->next == p->end) {
		uint32_t first =
			atomic_fetch_add_explicit(&cell->cursor->next, step, memory_order_relaxed);
		if (first >= n)
			return false;
		p->next = first;
		p->end = n - first < step ? n : first + step;
	}
	p->rest = w->load->spans[p->next++];
	return true;
}

static bool take(struct worker *w, struct workload_span *span)
{
	struct sampler *s = w->cell->take_arg;
	struct worker_samples *p = &s->probes[w->index];
	if (p->is_sampling)
		finish_sample(p, w, clock_ns());
	while (p->rest.first == p->rest.end) {
		if (!refill(p, w))
			return false;
	}
	uint32_t n = p->left ? MIN(p->left, p->rest.end - p->rest.first) : 1;
	*span = (struct workload_span){p->rest.dir, p->rest.first, p->rest.first + n};
	p->rest.first += n;
	if (p->left) {
		p->left -= n;
		return true;
	}
	p->left = draw_gap(s, p);
	p->entry = span->first;
	p->is_sampling = true;
	p->began_ns = clock_ns(); /* last, so that none of the above is in the sample */
	return true;
}

void sampler_begin(struct sampler *s, struct cell *cell)
{
	s->used = cell->jobs;
	for (unsigned i = 0; i < s->used; i++) {
		struct worker_samples *p = &s->probes[i];
		/*
		 * The gap continues from pass to pass; otherwise the first entries would be sampled
		 * less often.
		 */
		*p = (struct worker_samples){.rng = p->rng, .left = p->left};
	}
	cell->take_arg = s;
	cell->take = take;
}

void sampler_end(struct cell *cell)
{
	cell->take = NULL;
	cell->take_arg = NULL;
}

bool sampler_collect(const struct sampler *s, struct hist *hist, struct slowest *slowest)
{
	for (unsigned i = 0; i < s->used; i++) {
		if (s->probes[i].in_batches)
			return false;
	}
	for (unsigned i = 0; i < s->used; i++) {
		const struct slowest *mine = &s->probes[i].slowest;
		hist_merge(hist, &s->probes[i].hist);
		for (size_t k = 0; k < mine->n; k++)
			slowest_add(slowest, mine->entries[k].entry, mine->entries[k].ns);
	}
	return true;
}

uint64_t sampler_timer_ns(void)
{
	enum { READINGS = 20001 };
	uint64_t *spent = calloc(READINGS, sizeof(*spent)), median = 0;
	for (size_t i = 0; spent && i < READINGS; i++) {
		uint64_t began = clock_ns();
		spent[i] = clock_ns() - began;
	}
	if (spent)
		median = stats_median_u64(spent, READINGS);
	free(spent);
	return median;
}
