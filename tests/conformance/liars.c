/*
 * Strategies that cheat, each in its own way, and are caught: the pass is judged wrong, and the
 * words name the first entry that was lied about. All are honest where they do not lie, so that
 * nothing else can be the reason.
 */
#include <errno.h>
#include <stdio.h>

#include "tests/conformance/with_files.h"
#include "tests/test.h"

static int run_nothing(struct worker *w)
{
	(void)w;
	return 0;
}

static int run_first_for_all(struct worker *w)
{
	struct workload_span span;
	while (worker_take(w, &span)) {
		files_ask(w, span.first);
		for (uint32_t i = span.first + 1; i < span.end; i++)
			w->records[i] = w->records[span.first];
	}
	return 0;
}

static int run_forget_last(struct worker *w)
{
	struct workload_span span;
	while (worker_take(w, &span)) {
		for (uint32_t i = span.first; i + 1 < span.end; i++)
			files_ask(w, i);
	}
	return 0;
}

static int run_swap(struct worker *w)
{
	int error = files_run(w);
	struct record other = w->records[2];
	w->records[2] = w->records[4];
	w->records[4] = other;
	return error;
}

static int run_promise_more(struct worker *w)
{
	int error = files_run(w);
	for (uint32_t i = 0; i < w->load->n_entries; i++)
		w->records[i].fields = FIELD_TYPE | FIELD_SIZE;
	return error;
}

static int run_follow(struct worker *w)
{
	struct workload_span span;
	while (worker_take(w, &span)) {
		for (uint32_t i = span.first; i < span.end; i++)
			files_ask_into(w, i, 0, &w->records[i]);
	}
	return 0;
}

/* An error is an answer like any other: nothing, quickly. */
static int run_hide_errors(struct worker *w)
{
	int error = files_run(w);
	for (uint32_t i = 0; i < w->load->n_entries; i++) {
		if (w->records[i].status < 0)
			w->records[i] = (struct record){.fields = FIELDS_ALL};
	}
	return error;
}

static int run_fail_all(struct worker *w)
{
	struct workload_span span;
	while (worker_take(w, &span))
		record_fail_span(w, &span, EACCES);
	return 0;
}

/* Works in the first pass only; what it found still lies in the records. */
struct memory {
	unsigned passes;
	struct record records[FILES_ENTRIES];
};

static int run_once(struct worker *w)
{
	struct memory *memory = w->state;
	return memory->passes++ ? run_nothing(w) : files_run(w);
}

/* Calls the records of the last pass answers of this one. */
static int run_once_and_revive(struct worker *w)
{
	struct memory *memory = w->state;
	if (memory->passes++ == 0)
		return files_run(w);
	for (uint32_t i = 0; i < w->load->n_entries; i++) {
		w->records[i].status = 0;
		w->records[i].fields = FIELDS_ALL;
	}
	return 0;
}

/* Asks before the clock starts, and only copies when it runs. */
static int open_ahead(struct worker *w)
{
	struct memory *memory = w->state;
	for (uint32_t i = 0; i < w->load->n_entries; i++)
		files_ask_into(w, i, AT_SYMLINK_NOFOLLOW, &memory->records[i]);
	return 0;
}

static int run_copy(struct worker *w)
{
	const struct memory *memory = w->state;
	memcpy(w->records, memory->records, w->load->n_entries * sizeof(*w->records));
	return 0;
}

#define LIAR                                                                                       \
	.name = "liar", .worker_size = sizeof(struct memory),                                      \
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_DIR}

/* The next pass must be judged wrong, in words that begin with the entry's path. */
static void is_caught(struct bench *b, struct meter *meter, uint32_t entry, const char *words)
{
	char why[512] = "", want[300];
	struct digest digest;
	struct pass pass;
	assert_int_equal(meter_pass(meter, &pass, NULL), 0);
	assert_int_equal(verify_pass(&b->reference, meter_cell(meter), &digest, why, sizeof(why)),
			 VERDICT_WRONG);
	snprintf(want, sizeof(want), "%s: %s", workload_name(b->load, entry), words);
	if (!strstr(why, want))
		fail_msg("'%s' does not say '%s'", why, want);
}

static void liar_is_caught(struct bench *b, const struct strategy *liar, uint32_t entry,
			   const char *words)
{
	struct meter *meter = NULL;
	assert_int_equal(files_meter(b, liar, &meter, NULL), 0);
	is_caught(b, meter, entry, words);
	meter_close(meter);
}

static uint32_t entry_called(const struct bench *b, const char *name)
{
	uint32_t i = 0;
	while (i < b->load->n_entries && strcmp(workload_name(b->load, i), name) != 0)
		i++;
	assert_true(i < b->load->n_entries);
	return i;
}

static void honesty_is_not_punished(void **state)
{
	static const struct strategy honest = {LIAR, .run = files_run};
	struct files *f = *state;
	struct meter *meter = NULL;
	struct err err = {0};
	assert_int_equal(files_meter(&f->bench, &honest, &meter, &err), 0);
	for (int pass = 0; pass < 3; pass++) {
		if (bench_expect(&f->bench, meter, VERDICT_RIGHT, &err))
			fail_msg("%s", err.text);
	}
	meter_close(meter);
}

static void returning_early_is_caught(void **state)
{
	static const struct strategy liar = {LIAR, .run = run_nothing};
	struct files *f = *state;
	liar_is_caught(&f->bench, &liar, 0, "was not answered");
}

static void a_floor_that_returns_early_is_caught(void **state)
{
	static const struct strategy liar = {
		.name = "liar", .run = run_nothing, .answer = {.addressing = ADDRESS_NONE}};
	struct files *f = *state;
	struct meter *meter = NULL;
	struct err err = {0};
	assert_int_equal(files_meter(&f->bench, &liar, &meter, &err), 0);
	assert_int_equal(bench_expect(&f->bench, meter, VERDICT_RIGHT, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "returned before the work was done"));
	meter_close(meter);
}

static void one_answer_for_all_is_caught(void **state)
{
	static const struct strategy liar = {LIAR, .run = run_first_for_all};
	struct files *f = *state;
	liar_is_caught(&f->bench, &liar, 1, "inode ");
}

static void forgetting_the_last_is_caught(void **state)
{
	static const struct strategy liar = {LIAR, .run = run_forget_last};
	struct files *f = *state;
	liar_is_caught(&f->bench, &liar, f->bench.load->n_entries - 1, "was not answered");
}

static void swapping_two_is_caught(void **state)
{
	static const struct strategy liar = {LIAR, .run = run_swap};
	struct files *f = *state;
	liar_is_caught(&f->bench, &liar, 2, "inode ");
}

static void promising_more_than_is_answered_is_caught(void **state)
{
	static const struct strategy liar = {LIAR, .run = run_promise_more};
	struct files *f = *state;
	liar_is_caught(&f->bench, &liar, 0, "was not answered");
}

static void following_links_is_caught(void **state)
{
	static const struct strategy liar = {LIAR, .run = run_follow};
	struct files *f = *state;
	liar_is_caught(&f->bench, &liar, entry_called(&f->bench, "link"), "inode ");
}

static void hidden_errors_are_caught(void **state)
{
	static const struct strategy liar = {LIAR, .run = run_hide_errors};
	struct files *f = *state;
	assert_int_equal(bench_unlink(&f->bench, 3, NULL), 0);
	liar_is_caught(&f->bench, &liar, 3, "gave an answer, should give ENOENT");
}

static void invented_errors_are_caught(void **state)
{
	static const struct strategy liar = {LIAR, .run = run_fail_all};
	struct files *f = *state;
	liar_is_caught(&f->bench, &liar, 0, "gave EACCES, should give an answer");
}

static void resting_after_the_first_pass_is_caught(void **state)
{
	static const struct strategy liar = {LIAR, .run = run_once};
	struct files *f = *state;
	struct meter *meter = NULL;
	assert_int_equal(files_meter(&f->bench, &liar, &meter, NULL), 0);
	assert_int_equal(bench_expect(&f->bench, meter, VERDICT_RIGHT, NULL), 0);
	is_caught(&f->bench, meter, 0, "was not answered");
	meter_close(meter);
}

static void reviving_old_records_is_caught(void **state)
{
	static const struct strategy liar = {LIAR, .run = run_once_and_revive};
	struct files *f = *state;
	struct meter *meter = NULL;
	assert_int_equal(files_meter(&f->bench, &liar, &meter, NULL), 0);
	assert_int_equal(bench_expect(&f->bench, meter, VERDICT_RIGHT, NULL), 0);
	is_caught(&f->bench, meter, 0, "");
	meter_close(meter);
}

/* Caught by an entry that changes between open and run. */
static void asking_ahead_is_caught(void **state)
{
	static const struct strategy liar = {LIAR, .open = open_ahead, .run = run_copy};
	struct files *f = *state;
	struct meter *meter = NULL;
	uint32_t file = entry_called(&f->bench, "file-3");
	assert_int_equal(files_meter(&f->bench, &liar, &meter, NULL), 0);
	assert_int_equal(bench_resize(&f->bench, file, NULL), 0);
	assert_int_equal(bench_refer(&f->bench, meter, NULL), 0);
	is_caught(&f->bench, meter, file, "size 4, should be 1001");
	meter_close(meter);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, files_set_up, files_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(honesty_is_not_punished),
		TEST(returning_early_is_caught),
		TEST(a_floor_that_returns_early_is_caught),
		TEST(one_answer_for_all_is_caught),
		TEST(forgetting_the_last_is_caught),
		TEST(swapping_two_is_caught),
		TEST(promising_more_than_is_answered_is_caught),
		TEST(following_links_is_caught),
		TEST(hidden_errors_are_caught),
		TEST(invented_errors_are_caught),
		TEST(resting_after_the_first_pass_is_caught),
		TEST(reviving_old_records_is_caught),
		TEST(asking_ahead_is_caught),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
