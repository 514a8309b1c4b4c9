#include "tests/conformance/with_rules.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/base/util.h"
#include "engine/measure/pass/sampler.h"
#include "engine/order.h"
#include "tests/conformance/with_trees.h"

static bool asks(const struct meter *m)
{
	return meter_cell(m)->answer.addressing != ADDRESS_NONE;
}

/* What a right cell makes of a change: it is told, unless nothing was asked that it concerns. */
static enum verified told_if(bool concerned, const struct meter *m)
{
	bool told = concerned && asks(m) && !meter_cell(m)->answer.negative;
	return told ? VERIFIED_CHANGED : VERIFIED_RIGHT;
}

static int check_record(const struct record *r, const char *name, const struct meter *m,
			struct err *err)
{
	const uint32_t promised = meter_cell(m)->answer.fields;
	bool answered = r->status == 0 && (r->fields & promised) == promised;
	bool refused = r->status < 0 && r->fields == FIELDS_NONE;
	if (answered || refused)
		return 0;
	return err_set(err, -EBADMSG, "record of %s: status %d, fields 0x%x", name, r->status,
		       r->fields);
}

/* Every record is an answer with the promised fields, or an errno and no fields. */
static int check_records(const struct bench *b, const struct meter *m, struct err *err)
{
	const struct sink *sink = meter_cell(m)->sink;
	size_t n = sink ? sink_count(sink) : b->load->n_entries, len;
	int error = 0;
	for (size_t i = 0; asks(m) && !error && i < n; i++)
		error = sink ? check_record(sink_record(sink, i), sink_path(sink, i, &len), m, err)
			     : check_record(&b->records[i], workload_name(b->load, (uint32_t)i), m,
					    err);
	return error;
}

static int answers_are_right(struct bench *b, struct meter *m, struct err *err)
{
	int error = bench_refer(b, m, err);
	for (int pass = 0; !error && pass < 2; pass++)
		error = bench_expect(b, m, VERIFIED_RIGHT, err);
	return error ? error : check_records(b, m, err);
}

/* In a latency pass spans are cut around samples, and the clock is read between them. */
static int sampled_are_right(struct bench *b, struct meter *m, struct err *err)
{
	struct sampler *sampler = NULL;
	int error = bench_refer(b, m, err);
	if (!error)
		error = sampler_new(&sampler, meter_cell(m)->jobs, 3, 1);
	if (!error) {
		meter_sample(m, sampler);
		error = bench_expect(b, m, VERIFIED_RIGHT, err);
		meter_sample(m, NULL);
	}
	if (!error)
		error = bench_expect(b, m, VERIFIED_RIGHT, err);
	sampler_free(sampler);
	return error;
}

/* Each entry that has an answer took a call. A walk, and a ring, may get many answers from one. */
static int enough_calls(const struct bench *b, const struct meter *m, uint64_t calls,
			uint64_t failed, struct err *err)
{
	uint64_t counts[SYSCALL_KINDS], least = 1;
	meter_syscalls(m, counts);
	if (!meter_cell(m)->sink && !counts[SYSCALL_io_uring_enter])
		least = b->load->n_entries;
	if (calls + failed >= least)
		return 0;
	return err_set(err, -EBADMSG, "%llu calls for %u entries", (unsigned long long)calls,
		       b->load->n_entries);
}

/*
 * All that could be opened was closed; and one worker, who meets the same entries in the same
 * order, does the same each time. Whether the counts are the truth is for syscalls.py to say.
 */
static int calls_are_counted(struct bench *b, struct meter *m, struct err *err)
{
	uint64_t counts[2][SYSCALL_KINDS], failed = 0, unread = 0, calls = 0;
	struct failure failures[FAILURES_MAX];
	for (int i = 0; i < 2; i++) {
		struct pass pass;
		int error = meter_pass(m, &pass, err);
		if (error)
			return error;
		meter_syscalls(m, counts[i]);
	}
	for (int kind = 0; kind < SYSCALL_KINDS; kind++)
		calls += counts[1][kind];
	if (!asks(m))
		return calls ? err_set(err, -EBADMSG, "asks nothing, but counts calls") : 0;
	if (meter_cell(m)->strategy->uncounted)
		return calls ? err_set(err, -EBADMSG, "cannot count calls, but does") : 0;
	verify_failures(meter_cell(m), failures, &failed);
	verify_unread(meter_cell(m), failures, &unread);
	failed += unread;
	if (enough_calls(b, m, calls, failed, err))
		return err->code;
	uint64_t opened = counts[1][SYSCALL_openat], closed = counts[1][SYSCALL_close];
	if (closed > opened || closed + failed < opened)
		return err_set(err, -EBADMSG, "%llu times openat, %llu times close",
			       (unsigned long long)opened, (unsigned long long)closed);
	/* Which of a ring's answers comes first decides what a walk asks next. */
	if (meter_cell(m)->sink)
		counts[0][SYSCALL_io_uring_enter] = counts[1][SYSCALL_io_uring_enter] = 0;
	if (meter_cell(m)->jobs == 1 && memcmp(counts[0], counts[1], sizeof(counts[0])) != 0)
		return err_set(err, -EBADMSG, "counts differ from pass to pass");
	return 0;
}

/* What changes after prepare is seen: nothing is asked ahead of the clock or kept. */
static int changes_are_seen(struct bench *b, struct meter *m, struct err *err)
{
	const bool sees = meter_cell(m)->answer.fields & (FIELD_SIZE | FIELD_MTIME);
	uint32_t file = bench_find_file(b);
	if (file == UINT32_MAX)
		return 0;
	int error = bench_refer(b, m, err);
	if (!error)
		error = bench_expect(b, m, VERIFIED_RIGHT, err);
	for (int pass = 0; !error && pass < 2; pass++)
		error = bench_expect_change(b, m, bench_resize, file, told_if(sees, m), err);
	return error;
}

/* Two in a row: the attribute comes and goes. */
static int tags_are_seen(struct bench *b, struct meter *m, struct err *err)
{
	const bool sees = meter_cell(m)->answer.fields & FIELD_XATTRS;
	uint32_t file = bench_find_file(b);
	struct err why = {0};
	if (file == UINT32_MAX || bench_retag(b, file, &why))
		return file == UINT32_MAX || why.code == -EOPNOTSUPP
			       ? 0
			       : err_set(err, why.code, "%s", why.text);
	int error = bench_refer(b, m, err);
	for (int pass = 0; !error && pass < 2; pass++)
		error = bench_expect_change(b, m, bench_retag, file, told_if(sees, m), err);
	return error;
}

/* Its record's; a walk does not know what is not there. */
static int status_of(const struct bench *b, const struct meter *m, uint32_t entry)
{
	const struct sink *sink = meter_cell(m)->sink;
	const struct workload *load = b->load;
	int status = -ENOENT;
	if (!sink)
		return b->records[entry].status;
	char *want = workload_spell(load, entry);
	for (size_t i = 0, len; want && i < sink_count(sink); i++) {
		if (strcmp(sink_path(sink, i, &len), want) == 0)
			status = sink_record(sink, i)->status;
	}
	free(want);
	return status;
}

static int check_status(const struct bench *b, const struct meter *m, uint32_t entry, int status,
			struct err *err)
{
	int got = status_of(b, m, entry);
	if (!asks(m) || got == status)
		return 0;
	return err_set(err, -EBADMSG, "%s has status %d, not %d", workload_name(b->load, entry),
		       got, status);
}

/* That a name is not there is an answer, and a right one where absence is asked for. */
static int missing(const struct meter *m)
{
	return meter_cell(m)->answer.negative ? 0 : -ENOENT;
}

/* An entry that vanishes is an answer, too; and so is whatever takes its place. */
static int what_vanishes_is_seen(struct bench *b, struct meter *m, struct err *err)
{
	static bench_change *const others[] = {bench_mkdir, bench_symlink, bench_mkfifo};
	const enum verified told = told_if(true, m);
	uint32_t file = bench_find_file(b);
	if (file == UINT32_MAX)
		return 0;
	int error = bench_refer(b, m, err);
	if (!error)
		error = bench_expect_change(b, m, bench_unlink, file, told, err);
	if (!error)
		error = check_status(b, m, file, missing(m), err);
	for (size_t i = 0; !error && i < ARRAY_LEN(others); i++)
		error = bench_expect_change(b, m, others[i], file, told, err);
	if (!error)
		error = bench_unlink(b, file, err);
	return error ? error : bench_create(b, file, err);
}

/* A directory takes with it all that it holds; and a file in its place holds nothing. */
static int what_goes_is_seen(struct bench *b, struct meter *m, struct err *err)
{
	uint32_t entry = bench_find_below(b);
	if (entry == UINT32_MAX)
		return 0;
	int error = bench_refer(b, m, err);
	if (!error)
		error = bench_expect_change(b, m, bench_move_away, entry, told_if(true, m), err);
	if (!error)
		error = check_status(b, m, entry, missing(m), err);
	if (!error)
		error = bench_expect_change(b, m, bench_replace, entry,
					    asks(m) ? VERIFIED_CHANGED : VERIFIED_RIGHT, err);
	if (!error)
		error = check_status(b, m, entry, meter_cell(m)->sink ? -ENOENT : -ENOTDIR, err);
	return error ? error : bench_move_back(b, entry, err);
}

/* What changes behind the clock is not seen: no work is left for the delivery. */
static int late_goes_unseen(struct bench *b, struct meter *m, struct err *err)
{
	static bench_change *const changes[] = {bench_resize, bench_unlink, bench_mkdir};
	uint32_t file = bench_find_file(b);
	if (file == UINT32_MAX)
		return 0;
	int error = bench_refer(b, m, err);
	for (size_t i = 0; !error && i < ARRAY_LEN(changes); i++)
		error = bench_expect_late(b, m, changes[i], file, err);
	if (!error)
		error = bench_rmdir(b, file, err);
	return error ? error : bench_create(b, file, err);
}

typedef int each(struct bench *b, const struct strategy *strategy, const unsigned *jobs,
		 bench_rule *rule, struct err *err);

enum {
	CHANGES = 1,  /* the tree */
	SHUFFLES = 2, /* the entries, for good: last; and nothing for a walk */
	OF_WALKS = 4,
};

/* A sequential strategy is tried at the first number of jobs only, so that is always 1. */
static const struct {
	const char *name;
	bench_rule *rule;
	each *each;
	unsigned jobs[4]; /* ends in 0 */
	unsigned flags;
} rules[] = {
	{"answers are right", answers_are_right, bench_each, {1, 2, BENCH_JOBS}, 0},
	{"sampled answers are right", sampled_are_right, bench_each, {1, BENCH_JOBS}, 0},
	{"calls are counted", calls_are_counted, bench_each, {1, 2}, 0},
	{"changes are seen", changes_are_seen, bench_each_value, {1, BENCH_JOBS}, CHANGES},
	{"attributes that come and go are seen", tags_are_seen, bench_each_value, {1, 2}, CHANGES},
	{"what vanishes is seen", what_vanishes_is_seen, bench_each_value, {1, 2}, CHANGES},
	{"directories that go are seen", what_goes_is_seen, bench_each_value, {1, 2}, CHANGES},
	{"late changes go unseen", late_goes_unseen, bench_each_value, {1, 2}, CHANGES | OF_WALKS},
	{"any order is right", answers_are_right, bench_each_value, {1, BENCH_JOBS}, SHUFFLES},
};

int rules_hold(struct bench *b, const struct strategy *strategy, bool may_change, struct err *err)
{
	const bool walks = strategy->stage == STAGE_WALK, few = trees_are_few();
	int error = 0;
	for (size_t i = 0; !error && i < ARRAY_LEN(rules); i++) {
		struct err why = {0};
		const unsigned flags = rules[i].flags;
		bool fits = !(flags & (walks ? SHUFFLES : OF_WALKS));
		if (!fits || (flags & CHANGES && !may_change))
			continue;
		if (flags & SHUFFLES)
			error = order_apply(b->load, ORDER_RANDOM, 1, &why);
		if (!error)
			error = (few ? bench_each_value : rules[i].each)(b, strategy, rules[i].jobs,
									 rules[i].rule, &why);
		if (error)
			err_set(err, error, "%s: %.900s", rules[i].name, why.text);
	}
	return error;
}
