#include "engine/gate/worker/protocol.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/base/rng.h"
#include "engine/base/util.h"
#include "tests/test.h"

static void an_order_comes_as_it_was_sent(void **state)
{
	const struct worker_request sent = {
		.arm = "exec:find '{root}' -name \"a b\"",
		.root = "/caf\303\251/\377 x",
		.cpus = "0,2-3",
		.first = 7,
		.end = UINT32_MAX,
		.timeout_ns = UINT64_MAX,
	};
	struct worker_request got;
	const char *words[WORKER_REQUEST_WORDS];
	char buf[WORKER_REQUEST_ROOM];
	(void)state;
	worker_request_to_words(&sent, buf, words);
	assert_string_equal(words[0], "worker");
	assert_int_equal(worker_request_from_words(&got, (char **)words + 1, NULL), 0);
	assert_string_equal(got.arm, sent.arm);
	assert_string_equal(got.root, sent.root);
	assert_string_equal(got.cpus, sent.cpus);
	assert_int_equal(got.first, sent.first);
	assert_int_equal(got.end, sent.end);
	assert_true(got.timeout_ns == sent.timeout_ns);
}

static void an_order_of_another_version_is_recognized(void **state)
{
	char *other[] = {"2", "something", "new", NULL}, *people[] = {NULL}, *odd[] = {"1", NULL};
	char *relative[] = {"1", "lstat", "0", "0", "0", "5", "tree", NULL};
	struct worker_request order;
	(void)state;
	assert_int_equal(worker_request_from_words(&order, other, NULL), -EPROTO);
	assert_int_equal(worker_request_from_words(&order, people, NULL), -EINVAL);
	assert_int_equal(worker_request_from_words(&order, odd, NULL), -EINVAL);
	assert_int_equal(worker_request_from_words(&order, relative, NULL), -EINVAL);
}

static void packets_come_as_they_were_sent(void **state)
{
	char packet[PACKET_MAX];
	const struct worker_ready ready = {20000, "20000-00ff", STAGE_WALK, ADDRESS_DIR, 3};
	const struct worker_pass pass = {1, 2, UINT64_MAX, true, false, "the tree changed"};
	struct worker_counts counts = {.n = 2, .rows = {{"entries", 20000}, {"openat", 3}}}, c;
	struct worker_ready r;
	struct worker_pass p;
	size_t size;
	(void)state;
	size = ready_to_packet(&ready, packet);
	assert_int_equal(size, strlen(packet));
	assert_int_equal(ready_from_packet(&r, packet, NULL), 0);
	assert_memory_equal(&r, &ready, sizeof(r));
	size = pass_to_packet(&pass, packet);
	assert_int_equal(size, strlen(packet));
	assert_int_equal(pass_from_packet(&p, packet, NULL), 0);
	assert_true(p.wall_ns == 1 && p.cpu_ns == 2 && p.delay_ns == UINT64_MAX);
	assert_true(p.verified && !p.clean);
	assert_string_equal(p.why, pass.why);
	size = counts_to_packet(&counts, packet);
	assert_int_equal(size, strlen(packet));
	assert_int_equal(counts_from_packet(&c, packet, NULL), 0);
	assert_int_equal(c.n, 2);
	assert_string_equal(c.rows[1].name, "openat");
	assert_int_equal(c.rows[1].count, 3);
}

static void refusals_keep_their_reason(void **state)
{
	char packet[PACKET_MAX];
	struct worker_ready ready;
	struct worker_pass pass;
	struct err err = {0};
	(void)state;
	refused_to_packet(-ENOTSUP, "statx is missing", packet);
	assert_int_equal(ready_from_packet(&ready, packet, &err), -ENOTSUP);
	assert_string_equal(err.text, "statx is missing");
	err = (struct err){0};
	failed_to_packet("wrong answer: a: size 1", packet);
	assert_int_equal(pass_from_packet(&pass, packet, &err), -EBADMSG);
	assert_string_equal(err.text, "wrong answer: a: size 1");
}

static void malformed_packets_are_refused(void **state)
{
	static const char *const nonsense[] = {
		"",
		" ",
		"ready",
		"ready 1",
		"ready 2 5 5-a fetch 1 1",
		"ready 1 x 5-a fetch 1 1",
		"ready 1 5 5-a fletch 1 1",
		"ready 1 5 5-a fetch 9 1",
		"ready 1 5 5-a fetch 1",
		"ready 99999999999999999999 5 5-a fetch 1 1",
		"pass",
		"pass 1 2 3 1 2 x",
		"pass -1 2 3 1 1 ",
		"pass 0 2 3 1 1 ",
		"counts =1",
		"counts a",
		"counts a=-1",
		"counts aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=1",
		"refused x y",
		"refused 0 y",
		"refused 99999 y",
		"Hello, world!\n\033[31m",
	};
	struct worker_ready r;
	struct worker_pass p;
	struct worker_counts c;
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(nonsense); i++) {
		struct err err = {0};
		assert_int_equal(ready_from_packet(&r, nonsense[i], &err), -EPROTO);
		assert_int_equal(pass_from_packet(&p, nonsense[i], NULL), -EPROTO);
		assert_int_equal(counts_from_packet(&c, nonsense[i], NULL), -EPROTO);
		assert_true(strlen(err.text) > 0);
	}
}

/* Bytes changed, cut and added at random: never more than an error. */
static void damaged_packets_do_no_harm(void **state)
{
	static const char *const good[] = {"ready 1 20000 20000-00ff walk 2 3",
					   "pass 100 200 300 1 0 waited", "counts a=1 b=22 c=333"};
	struct rng rng = {7};
	(void)state;
	for (int i = 0; i < 30000; i++) {
		char packet[PACKET_MAX] = "";
		struct worker_ready r;
		struct worker_pass p;
		struct worker_counts c;
		snprintf(packet, sizeof(packet), "%s", good[i % 3]);
		for (int k = (int)rng_below(&rng, 4); k >= 0; k--)
			packet[rng_below(&rng, strlen(good[i % 3]) + 2)] =
				(char)rng_below(&rng, 256);
		ready_from_packet(&r, packet, NULL);
		pass_from_packet(&p, packet, NULL);
		counts_from_packet(&c, packet, NULL);
	}
}

static void packets_have_a_limit(void **state)
{
	char packet[PACKET_MAX], *long_words = malloc(2 * PACKET_MAX);
	struct worker_counts counts = {.n = COUNTS_MAX};
	size_t size;
	(void)state;
	assert_non_null(long_words);
	memset(long_words, 'x', 2 * PACKET_MAX - 1);
	long_words[2 * PACKET_MAX - 1] = '\0';
	assert_int_equal(failed_to_packet(long_words, packet), PACKET_MAX - 1);
	assert_int_equal(refused_to_packet(-EIO, long_words, packet), PACKET_MAX - 1);
	for (size_t i = 0; i < COUNTS_MAX; i++) {
		memset(counts.rows[i].name, 'n', sizeof(counts.rows[i].name) - 1);
		counts.rows[i].count = UINT64_MAX;
	}
	size = counts_to_packet(&counts, packet);
	assert_int_equal(size, strlen(packet));
	assert_int_equal(counts_from_packet(&counts, packet, NULL), 0);
	assert_int_equal(counts.n, COUNTS_MAX);
	free(long_words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_order_comes_as_it_was_sent),
		cmocka_unit_test(an_order_of_another_version_is_recognized),
		cmocka_unit_test(packets_come_as_they_were_sent),
		cmocka_unit_test(refusals_keep_their_reason),
		cmocka_unit_test(malformed_packets_are_refused),
		cmocka_unit_test(damaged_packets_do_no_harm),
		cmocka_unit_test(packets_have_a_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
