/*
 * Latency passes with a strategy that is a table of our own: what it is handed, and what the
 * sampler makes of it. Times themselves are not asserted.
 */
#include "engine/measure/pass/sampler.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/rng.h"
#include "engine/base/util.h"
#include "engine/measure/figures/latency.h"
#include "tests/test.h"

enum { DIRS = 40, PER_DIR = 50, ENTRIES = DIRS * PER_DIR, SPANS = 2 * DIRS };

/* A workload of many directories, each in two spans, and one worker on it. */
struct desk {
	struct workload load;
	struct workload_span spans[SPANS];
	struct record records[ENTRIES];
	struct cursor cursor;
	struct cell cell;
	struct worker workers[2];
	unsigned times_taken[ENTRIES];
};

static struct desk *new_desk(unsigned jobs)
{
	struct desk *d = aligned_alloc(CACHE_LINE, sizeof(*d));
	assert_non_null(d);
	memset(d, 0, sizeof(*d));
	for (uint32_t i = 0; i < SPANS; i++) {
		uint32_t dir = i / 2, first = dir * PER_DIR, middle = first + PER_DIR / 3;
		d->spans[i] = i % 2 ? (struct workload_span){dir, middle, first + PER_DIR}
				    : (struct workload_span){dir, first, middle};
	}
	d->load = (struct workload){.n_entries = ENTRIES, .n_spans = SPANS, .spans = d->spans};
	d->cell = (struct cell){.load = &d->load,
				.records = d->records,
				.cursor = &d->cursor,
				.jobs = jobs,
				.spans_per_take = 3};
	for (unsigned i = 0; i < jobs; i++)
		d->workers[i] = (struct worker){
			.cell = &d->cell, .load = &d->load, .records = d->records, .index = i};
	for (size_t i = 0; i < ENTRIES; i++)
		d->records[i].status = RECORD_UNANSWERED;
	return d;
}

/* What a fetch strategy's loop does; false when there was nothing to take. */
static bool work(struct desk *d, struct worker *w, struct workload_span *span)
{
	if (!worker_take(w, span))
		return false;
	assert_true(span->first < span->end && span->end <= ENTRIES);
	for (uint32_t i = span->first; i < span->end; i++) {
		assert_int_equal(i / PER_DIR, span->dir);
		d->times_taken[i]++;
		record_exists(&d->records[i]);
	}
	return true;
}

static void each_is_taken_once(const struct desk *d)
{
	for (size_t i = 0; i < ENTRIES; i++)
		assert_int_equal(d->times_taken[i], 1);
}

static struct sampler *sampler_of(unsigned jobs, uint32_t gap, uint64_t seed)
{
	struct sampler *s;
	assert_int_equal(sampler_new(&s, jobs, gap, seed), 0);
	return s;
}

/* One pass of one worker; which entries were spans of their own. Returns how many samples. */
static uint64_t pass(struct sampler *s, bool *alone)
{
	struct desk *d = new_desk(1);
	struct workload_span span;
	struct hist *hist = calloc(1, sizeof(*hist));
	struct slowest slowest = {0};
	assert_non_null(hist);
	memset(alone, 0, ENTRIES * sizeof(*alone));
	sampler_begin(s, &d->cell);
	while (work(d, &d->workers[0], &span))
		alone[span.first] = span.end - span.first == 1;
	sampler_end(&d->cell);
	each_is_taken_once(d);
	assert_true(sampler_collect(s, hist, &slowest));
	uint64_t n = hist->n;
	assert_int_equal(slowest.n, MIN(n, SLOWEST));
	for (size_t i = 0; i < slowest.n; i++)
		assert_true(alone[slowest.entries[i].entry]);
	free(hist);
	free(d);
	return n;
}

static void every_entry_is_taken_once_whatever_the_gap(void **state)
{
	static const uint32_t gaps[] = {1, 2, 3, 16, 50, 128, 100000};
	bool alone[ENTRIES];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(gaps); i++) {
		struct sampler *s = sampler_of(1, gaps[i], i);
		uint64_t samples = 0, alike = 100 * ENTRIES / gaps[i];
		for (int n = 0; n < 100; n++)
			samples += pass(s, alone);
		/* The mean gap, within 10 %: 100 passes of 2,000 entries. */
		if (samples * 10 + 20 < alike * 9 || samples * 10 > alike * 11 + 20)
			fail_msg("gap %u: %llu samples, expected %llu", gaps[i],
				 (unsigned long long)samples, (unsigned long long)alike);
		sampler_free(s);
	}
}

static void gap_one_samples_everything(void **state)
{
	struct sampler *s = sampler_of(1, 1, 5);
	bool alone[ENTRIES];
	(void)state;
	assert_int_equal(pass(s, alone), ENTRIES);
	for (size_t i = 0; i < ENTRIES; i++)
		assert_true(alone[i]);
	sampler_free(s);
}

/* With a fixed gap of 50, a multiple of a directory's length, all samples would be alike. */
static void samples_do_not_fall_into_step_with_directories(void **state)
{
	struct sampler *s = sampler_of(1, PER_DIR, 5);
	bool alone[ENTRIES], places[PER_DIR] = {false};
	size_t different = 0;
	(void)state;
	for (int n = 0; n < 50; n++) {
		pass(s, alone);
		for (size_t i = 0; i < ENTRIES; i++)
			places[i % PER_DIR] |= alone[i];
	}
	for (size_t i = 0; i < PER_DIR; i++)
		different += places[i];
	assert_int_equal(different, PER_DIR);
	sampler_free(s);
}

static void a_seed_decides_what_is_sampled(void **state)
{
	struct sampler *a = sampler_of(1, 16, 5), *b = sampler_of(1, 16, 5);
	struct sampler *c = sampler_of(1, 16, 6);
	bool of_a[ENTRIES], of_b[ENTRIES], of_c[ENTRIES];
	(void)state;
	pass(a, of_a);
	pass(b, of_b);
	pass(c, of_c);
	assert_memory_equal(of_a, of_b, sizeof(of_a));
	assert_memory_not_equal(of_a, of_c, sizeof(of_a));
	pass(a, of_a); /* and no pass is like the last one */
	assert_memory_not_equal(of_a, of_b, sizeof(of_a));
	sampler_free(a);
	sampler_free(b);
	sampler_free(c);
}

static void several_workers_share_the_queue(void **state)
{
	struct sampler *s = sampler_of(2, 1, 5);
	struct desk *d = new_desk(2);
	struct workload_span span;
	struct hist *hist = calloc(1, sizeof(*hist));
	struct slowest slowest = {0};
	bool more = true;
	(void)state;
	assert_non_null(hist);
	sampler_begin(s, &d->cell);
	while (more) {
		more = work(d, &d->workers[0], &span);
		more |= work(d, &d->workers[1], &span);
	}
	sampler_end(&d->cell);
	each_is_taken_once(d);
	assert_true(sampler_collect(s, hist, &slowest));
	assert_int_equal(hist->n, ENTRIES);
	free(hist);
	free(d);
	sampler_free(s);
}

static void after_a_latency_pass_the_queue_is_back(void **state)
{
	struct sampler *s = sampler_of(1, 1, 5);
	struct desk *d = new_desk(1);
	struct workload_span span;
	(void)state;
	sampler_begin(s, &d->cell);
	sampler_end(&d->cell);
	for (uint32_t i = 0; i < SPANS; i++) {
		assert_true(worker_take(&d->workers[0], &span));
		assert_memory_equal(&span, &d->spans[i], sizeof(span));
	}
	assert_false(worker_take(&d->workers[0], &span));
	free(d);
	sampler_free(s);
}

static void late_answers_are_measured(void **state)
{
	struct sampler *s = sampler_of(1, 4, 5);
	struct desk *d = new_desk(1);
	struct workload_span span;
	struct hist *hist = calloc(1, sizeof(*hist));
	struct slowest slowest = {0};
	(void)state;
	assert_non_null(hist);
	sampler_begin(s, &d->cell);
	while (worker_take(&d->workers[0], &span))
		;
	sampler_end(&d->cell);
	assert_false(sampler_collect(s, hist, &slowest));
	assert_int_equal(hist->n, 0);
	assert_int_equal(slowest.n, 0);
	free(hist);
	free(d);
	sampler_free(s);
}

static void an_empty_sample_takes_some_time(void **state)
{
	(void)state;
	assert_true(sampler_timer_ns() < 1000000);
}

/* --- latency.c: what is told of it ----------------------------------------------------------- */

static void run_pass(struct sampler *s, struct latency *l, struct latency_facts *facts,
		     bool verified)
{
	bool alone[ENTRIES];
	const struct pass done = {.verified = verified, .first_done_ns = 5, .wall_ns = 9};
	pass(s, alone);
	assert_int_equal(latency_keep(&l, s, &done, facts), 0);
}

static struct latency *new_latency(struct latency_facts *facts)
{
	const struct strategy fetch = {.stage = STAGE_FETCH};
	const struct cell cell = {.strategy = &fetch, .answer = {.addressing = ADDRESS_PATH}};
	struct latency *l;
	assert_int_equal(latency_open(&l, &cell, facts), 0);
	assert_non_null(l);
	return l;
}

static void wrong_passes_do_not_count(void **state)
{
	struct sampler *s = sampler_of(1, 1, 5);
	struct latency *l;
	struct latency_facts facts = {0};
	struct arena *arena = arena_new();
	(void)state;
	l = new_latency(&facts);
	run_pass(s, l, &facts, false);
	assert_int_equal(latency_settle(l, NULL, &facts, arena), 0);
	assert_int_equal(facts.samples, 0);
	assert_int_equal(facts.n_passes, 1);
	assert_int_equal(facts.p50, COUNT_UNKNOWN);
	assert_string_equal(facts.reason, "no latency pass was verified");
	free(facts.passes);
	latency_free(l);
	sampler_free(s);
	arena_free(arena);
}

/* Entries without names: their paths are the root's with a slash. */
static struct workload nameless(struct workload_entry *entries, struct workload_dir *dirs)
{
	return (struct workload){.root = "/root",
				 .root_len = 5,
				 .n_entries = ENTRIES,
				 .n_dirs = 1,
				 .path_size = 16,
				 .dirs = dirs,
				 .entries = entries,
				 .names = ""};
}

static void enough_samples_give_figures(void **state)
{
	static struct workload_entry entries[ENTRIES];
	static struct workload_dir dirs[1];
	const struct workload load = nameless(entries, dirs);
	struct sampler *s = sampler_of(1, 1, 5);
	struct latency *l;
	struct latency_facts facts = {0};
	struct arena *arena = arena_new();
	uint64_t counted = 0;
	(void)state;
	l = new_latency(&facts);
	run_pass(s, l, &facts, true);
	assert_int_equal(latency_settle(l, &load, &facts, arena), 0);
	assert_int_equal(facts.samples, ENTRIES);
	assert_true(facts.p50 <= facts.p90 && facts.p90 <= facts.p99 && facts.p99 <= facts.max);
	assert_int_equal(facts.p999, COUNT_UNKNOWN); /* 2 of 2,000 lie beyond it */
	assert_non_null(facts.reason);
	assert_int_equal(facts.first_done_ns, 5);
	assert_int_equal(facts.last_done_ns, 9);
	assert_int_equal(facts.n_slowest, SLOWEST);
	assert_int_equal(facts.slowest[0].ns, facts.max);
	assert_string_equal(facts.slowest[0].path, "/root/");
	for (size_t i = 0; i < facts.n_histogram; i++) {
		counted += facts.histogram[i].count;
		assert_true(i == 0 || facts.histogram[i - 1].ns < facts.histogram[i].ns);
	}
	assert_int_equal(counted, ENTRIES);
	for (int i = 0; i < 5; i++)
		run_pass(s, l, &facts, true);
	assert_int_equal(latency_settle(l, &load, &facts, arena), 0);
	assert_int_equal(facts.samples, 6 * ENTRIES);
	assert_true(facts.p999 <= facts.max); /* 12 of 12,000 */
	assert_null(facts.reason);
	free(facts.passes);
	latency_free(l);
	sampler_free(s);
	arena_free(arena);
}

static void cells_without_latency_give_a_reason(void **state)
{
	const struct strategy walk = {.stage = STAGE_WALK}, fetch = {.stage = STAGE_FETCH};
	struct cell cell = {.strategy = &walk, .answer = {.addressing = ADDRESS_PATH}};
	struct latency_facts facts = {0};
	struct latency *l;
	(void)state;
	assert_int_equal(latency_open(&l, &cell, &facts), 0);
	assert_null(l);
	assert_non_null(strstr(facts.reason, "walk"));
	cell.strategy = &fetch;
	cell.answer.addressing = ADDRESS_NONE;
	assert_int_equal(latency_open(&l, &cell, &facts), 0);
	assert_null(l);
	assert_string_equal(facts.reason, "asks nothing");
}

static void batches_have_no_latency(void **state)
{
	struct sampler *s = sampler_of(1, 4, 5);
	struct desk *d = new_desk(1);
	struct workload_span span;
	struct latency_facts facts = {0};
	struct latency *l = new_latency(&facts);
	const struct pass done = {.verified = true};
	(void)state;
	sampler_begin(s, &d->cell);
	while (worker_take(&d->workers[0], &span))
		;
	sampler_end(&d->cell);
	assert_int_equal(latency_keep(&l, s, &done, &facts), 0);
	assert_null(l);
	assert_non_null(strstr(facts.reason, "batches"));
	free(facts.passes);
	free(d);
	sampler_free(s);
}

static int compare_slow(const void *a, const void *b)
{
	const struct slow *x = a, *y = b;
	return (x->ns > y->ns) - (x->ns < y->ns);
}

/* Against sorting all, the longest time of each entry. */
static void the_slowest_are_the_slowest(void **state)
{
	enum { KINDS = 37 };
	struct rng rng = {9};
	(void)state;
	for (size_t added = 0; added < 200; added++) {
		struct slow all[KINDS] = {{0}};
		struct slowest s = {0};
		for (size_t i = 0; i < added; i++) {
			uint32_t entry = (uint32_t)rng_below(&rng, KINDS);
			uint64_t ns = 1 + rng_next(&rng) % 100000;
			slowest_add(&s, entry, ns);
			all[entry] = (struct slow){MAX(all[entry].ns, ns), entry};
		}
		qsort(all, KINDS, sizeof(*all), compare_slow);
		for (size_t i = 0; i < s.n; i++)
			assert_memory_equal(&s.entries[i].ns, &all[KINDS - s.n + i].ns,
					    sizeof(uint64_t));
		assert_true(s.n == SLOWEST || all[KINDS - 1 - s.n].ns == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_entry_is_taken_once_whatever_the_gap),
		cmocka_unit_test(gap_one_samples_everything),
		cmocka_unit_test(samples_do_not_fall_into_step_with_directories),
		cmocka_unit_test(a_seed_decides_what_is_sampled),
		cmocka_unit_test(several_workers_share_the_queue),
		cmocka_unit_test(after_a_latency_pass_the_queue_is_back),
		cmocka_unit_test(late_answers_are_measured),
		cmocka_unit_test(an_empty_sample_takes_some_time),
		cmocka_unit_test(wrong_passes_do_not_count),
		cmocka_unit_test(enough_samples_give_figures),
		cmocka_unit_test(cells_without_latency_give_a_reason),
		cmocka_unit_test(batches_have_no_latency),
		cmocka_unit_test(the_slowest_are_the_slowest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
