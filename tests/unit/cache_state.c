/* Cache states: how they are named, by what they can be made, and when a pass belies them. */
#include "engine/measure/verify/cache_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/util.h"
#include "engine/base/word.h"
#include "tests/test.h"

static int parse(const char *list, unsigned *states, struct err *err)
{
	return word_parse_set(cache_state_name, "--cache", list, states, err);
}

static void names_make_a_set(void **state)
{
	unsigned states;
	(void)state;
	assert_int_equal(parse("warm", &states, NULL), 0);
	assert_int_equal(states, 1U << CACHE_WARM);
	assert_int_equal(parse("cold,as-is,cold", &states, NULL), 0);
	assert_int_equal(states, 1U << CACHE_COLD | 1U << CACHE_AS_IS);
	for (enum cache_state s = 0; s < CACHE_STATES; s++) {
		assert_int_equal(parse(cache_state_name(s), &states, NULL), 0);
		assert_int_equal(states, 1U << s);
	}
}

static void unknown_names_are_refused(void **state)
{
	static const char *const wrong[] = {"", "hot", "warm,", "warm,,cold", "warm cold", "WARM"};
	unsigned states;
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct err err = {0};
		assert_int_equal(parse(wrong[i], &states, &err), -EINVAL);
		assert_non_null(
			strstr(err.text, "--cache: expected as-is, warm, slab-cold or cold"));
	}
}

static int remount(void *arg, struct err *err)
{
	++*(int *)arg;
	return *(int *)arg > 1 ? err_set(err, -EBUSY, "busy") : 0;
}

static void a_cold_state_needs_a_way_to_empty_caches(void **state)
{
	const struct cache_control nothing = {0}, command = {.cold_command = "true"},
				   mount = {.remount = remount},
				   layered = {.may_drop = true, .in_memory = true};
	struct err err = {0};
	(void)state;
	for (enum cache_state s = 0; s < CACHE_STATES; s++) {
		bool is_free = s == CACHE_WARM || s == CACHE_AS_IS;
		assert_int_equal(cache_state_probe(s, &nothing, "ext4", NULL),
				 is_free ? 0 : -EPERM);
		assert_int_equal(cache_state_probe(s, &command, "tmpfs", NULL),
				 is_free ? 0 : -EOPNOTSUPP);
	}
	assert_int_equal(cache_state_probe(CACHE_COLD, &layered, "overlay", &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "overlay is in memory: it has no cold state"));
	err = (struct err){0};
	assert_int_equal(cache_state_probe(CACHE_COLD, &command, "ext4", NULL), 0);
	assert_int_equal(cache_state_probe(CACHE_COLD, &mount, "ext4", NULL), 0);
	assert_int_equal(cache_state_probe(CACHE_SLAB_COLD, &command, "ext4", &err), -EPERM);
	assert_non_null(strstr(err.text, "cannot empty caches: use --drop-caches"));
	assert_string_equal(cache_state_means(CACHE_COLD, &command), "true");
	assert_string_equal(cache_state_means(CACHE_COLD, &mount), "remount");
	assert_null(cache_state_means(CACHE_WARM, &command));
}

static void commands_are_run_and_judged(void **state)
{
	static const struct {
		const char *command, *words;
	} wrong[] = {{"exit 3", "--cold-cmd 'exit 3' ended with exit code 3"},
		     {"kill -9 $$", "--cold-cmd 'kill -9 $$' was killed by signal 9 (SIGKILL)"}};
	struct cache_control control = {.cold_command = "exit 0"};
	int count = 0;
	(void)state;
	assert_int_equal(cache_state_make(CACHE_COLD, &control, AT_FDCWD, NULL), 0);
	for (size_t i = 0; i < 2; i++) {
		struct err err = {0};
		control.cold_command = wrong[i].command;
		assert_int_equal(cache_state_make(CACHE_COLD, &control, AT_FDCWD, &err), -EIO);
		assert_string_equal(err.text, wrong[i].words);
		/* Only a cold pass runs it. */
		assert_int_equal(cache_state_make(CACHE_WARM, &control, AT_FDCWD, NULL), 0);
	}
	control = (struct cache_control){.remount = remount,
					 .arg = &count,
					 .cold_command = "exit 1",
					 .prepare_command = "true"};
	assert_int_equal(cache_state_make(CACHE_COLD, &control, AT_FDCWD, NULL), 0);
	assert_int_equal(count, 1);
	assert_int_equal(cache_state_make(CACHE_COLD, &control, AT_FDCWD, NULL), -EBUSY);
	control.prepare_command = "false";
	assert_int_equal(cache_state_make(CACHE_AS_IS, &control, AT_FDCWD, NULL), -EIO);
}

/* Each ignores SIGTERM and would run for minutes. */
static void a_stopped_or_late_command_is_ended(void **state)
{
	static const char stubborn[] = "trap '' TERM; sleep 1000 & wait; sleep 1000";
	const volatile int stop = 1;
	struct cache_control control = {.cold_command = stubborn, .stop = &stop};
	struct err err = {0};
	(void)state;
	assert_int_equal(cache_state_make(CACHE_COLD, &control, AT_FDCWD, &err), -EINTR);
	assert_non_null(strstr(err.text, "was stopped"));
	control = (struct cache_control){.prepare_command = stubborn, .timeout_ns = 1};
	err = (struct err){0};
	assert_int_equal(cache_state_make(CACHE_WARM, &control, AT_FDCWD, &err), -ETIMEDOUT);
	assert_non_null(strstr(err.text, "--prepare"));
	assert_non_null(strstr(err.text, "raise --timeout"));
}

static enum cause refute(enum cache_state s, enum cold_evidence evidence, struct pass pass)
{
	const struct cache_proof proof = {evidence, .requests_least = 10, .primed_ns = 1000};
	return cache_state_refute(s, &proof, &pass);
}

static void block_reads_decide(void **state)
{
	const struct pass read = {.block_reads = 8}, quiet = {0};
	(void)state;
	assert_int_equal(refute(CACHE_WARM, EVIDENCE_READS, read), CAUSE_NOT_WARM);
	assert_false(refute(CACHE_WARM, EVIDENCE_READS, quiet));
	assert_false(refute(CACHE_COLD, EVIDENCE_READS, read));
	assert_int_equal(refute(CACHE_COLD, EVIDENCE_READS, quiet), CAUSE_NO_READS);
	assert_int_equal(refute(CACHE_SLAB_COLD, EVIDENCE_READS, read), CAUSE_BLOCKS_DROPPED);
	assert_false(refute(CACHE_SLAB_COLD, EVIDENCE_READS, quiet));
	assert_false(refute(CACHE_AS_IS, EVIDENCE_READS, read));
	assert_false(refute(CACHE_AS_IS, EVIDENCE_READS, quiet));
}

static void requests_decide_where_they_are_counted(void **state)
{
	static const enum cold_evidence counted[] = {EVIDENCE_NFS, EVIDENCE_CIFS};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_false(refute(CACHE_COLD, counted[i], (struct pass){.requests = 10}));
		assert_false(
			refute(CACHE_COLD, counted[i], (struct pass){.requests = COUNT_UNKNOWN}));
		assert_int_equal(refute(CACHE_COLD, counted[i], (struct pass){.requests = 0}),
				 CAUSE_FEW_REQUESTS);
		/* A few attributes that had grown old. */
		assert_int_equal(refute(CACHE_COLD, counted[i],
					(struct pass){.requests = 9, .wall_ns = 90000}),
				 CAUSE_FEW_REQUESTS);
		/* A block that was read is proof on every filesystem. */
		assert_false(refute(CACHE_COLD, counted[i],
				    (struct pass){.requests = 0, .block_reads = 1}));
		assert_false(refute(CACHE_WARM, counted[i], (struct pass){.requests = 10}));
	}
}

static void the_time_decides_where_nothing_is_counted(void **state)
{
	const struct pass same = {.wall_ns = 1000}, noisy = {.wall_ns = 1100},
			  longer = {.wall_ns = 1101}, read = {.wall_ns = 900, .block_reads = 8};
	const struct cache_proof not_primed = {.evidence = EVIDENCE_TIME};
	(void)state;
	assert_int_equal(refute(CACHE_COLD, EVIDENCE_TIME, same), CAUSE_NO_LONGER);
	assert_int_equal(refute(CACHE_COLD, EVIDENCE_TIME, noisy), CAUSE_NO_LONGER);
	assert_false(refute(CACHE_COLD, EVIDENCE_TIME, longer));
	assert_false(refute(CACHE_COLD, EVIDENCE_TIME, read));
	assert_false(cache_state_refute(CACHE_COLD, &not_primed, &same));
	assert_int_equal(refute(CACHE_SLAB_COLD, EVIDENCE_TIME, same), CAUSE_NOTHING_DROPPED);
	assert_int_equal(refute(CACHE_SLAB_COLD, EVIDENCE_TIME, read), CAUSE_BLOCKS_DROPPED);
	assert_false(refute(CACHE_SLAB_COLD, EVIDENCE_TIME, longer));
	assert_false(refute(CACHE_WARM, EVIDENCE_TIME, longer));
	assert_false(refute(CACHE_COLD, EVIDENCE_WORD, same));
	assert_true(cache_state_wants_primed(CACHE_COLD, EVIDENCE_TIME));
	assert_false(cache_state_wants_primed(CACHE_COLD, EVIDENCE_WORD));
	assert_false(cache_state_wants_primed(CACHE_WARM, EVIDENCE_TIME));
}

static void nfs_has_no_slab_cold_state(void **state)
{
	const struct cache_control root = {.may_drop = true, .cold_command = "true"};
	struct err err = {0};
	(void)state;
	assert_int_equal(cache_state_probe(CACHE_SLAB_COLD, &root, "nfs4", &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "drop_caches=2 leaves the listings"));
	assert_non_null(strstr(err.text, "use cold"));
	assert_int_equal(cache_state_probe(CACHE_COLD, &root, "nfs4", NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_make_a_set),
		cmocka_unit_test(unknown_names_are_refused),
		cmocka_unit_test(a_cold_state_needs_a_way_to_empty_caches),
		cmocka_unit_test(commands_are_run_and_judged),
		cmocka_unit_test(a_stopped_or_late_command_is_ended),
		cmocka_unit_test(block_reads_decide),
		cmocka_unit_test(requests_decide_where_they_are_counted),
		cmocka_unit_test(the_time_decides_where_nothing_is_counted),
		cmocka_unit_test(nfs_has_no_slab_cold_state),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
