/*
 * The gate, with scripted workers: this program is its own worker. What a worker says stands in the
 * text of its arm, as settings with commas between them:
 *
 *     ns@10000            time of every pass
 *     again@10000         the same in the second measurement, the one that confirms
 *     control@10000       the same in the control
 *     odd@20,until@16     of the first 16 workers, by turns that many per cent more and less
 *     lost@3              the first 3 workers were disturbed in all their passes
 *     half@1              every second pass was disturbed, and took a hundred times as long
 *     fails@2             the third worker and those after it give up
 *     breaks@1            every worker of the second measurement gives up
 *     refuses@95          says so with that errno
 *     digest@other        has read another tree
 *     calls@5             counted in a pass
 *     way@by calls        did not work in its own way; with until@8 only the first 8 workers
 *     log@PATH            counts the workers of this arm
 */
#include "engine/gate/gate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "engine/base/util.h"
#include "tests/scratch.h"
#include "tests/test.h"

struct script {
	const char *text;
	bool is_control, is_again;
	unsigned life; /* workers of this arm before this one */
};

/* Copies the value of a setting; "" if the text has none. */
static bool setting(const char *text, const char *name, char *value, size_t size)
{
	const size_t len = strlen(name);
	*value = '\0';
	for (const char *at = text; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
		if (strncmp(at, name, len) != 0 || at[len] != '@')
			continue;
		snprintf(value, size, "%.*s", (int)strcspn(at + len + 1, ","), at + len + 1);
		return true;
	}
	return false;
}

static long number(const char *text, const char *name, long otherwise)
{
	char value[32];
	return setting(text, name, value, sizeof(value)) ? strtol(value, NULL, 10) : otherwise;
}

/* A byte for every worker; how many stood there before is the number of this one. */
static unsigned count_life(const struct script *s)
{
	char path[PATH_MAX], full[PATH_MAX + 16];
	if (!setting(s->text, "log", path, sizeof(path)))
		return 0;
	snprintf(full, sizeof(full), "%s%s", path, s->is_control ? ".control" : "");
	int fd = open(full, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, "x", 1) != 1)
		_exit(9);
	unsigned life = (unsigned)lseek(fd, 0, SEEK_CUR) - 1;
	close(fd);
	return life;
}

static uint64_t time_of(const struct script *s)
{
	long ns = number(s->text, "ns", 10000);
	if (s->is_control)
		ns = number(s->text, "control", ns);
	if (s->is_again)
		ns = number(s->text, "again", ns);
	if (s->life < (unsigned)number(s->text, "until", 1000))
		ns += ns * number(s->text, "odd", 0) / 100 * (s->life % 2 ? 1 : -1);
	return (uint64_t)ns;
}

static void tell(const char *packet, size_t size)
{
	if (send(PROTOCOL_FD, packet, size, MSG_NOSIGNAL) < 0)
		_exit(0);
}

static void tell_ready(const struct script *s)
{
	char packet[PACKET_MAX], digest[DIGEST_WORD_MAX];
	struct worker_ready ready = {
		.entries = 10, .stage = STAGE_FETCH, .addressing = ADDRESS_PATH, .jobs = 1};
	if (!setting(s->text, "digest", digest, sizeof(digest)))
		snprintf(digest, sizeof(digest), "10-a");
	snprintf(ready.digest, sizeof(ready.digest), "%s", digest);
	tell(packet, ready_to_packet(&ready, packet));
}

static void tell_pass(const struct script *s, unsigned pass)
{
	char packet[PACKET_MAX];
	bool hit = number(s->text, "half", 0) && pass % 2;
	bool lost = s->life < (unsigned)number(s->text, "lost", 0);
	struct worker_pass said = {
		.wall_ns = time_of(s) * (hit ? 100 : 1), .verified = true, .clean = !hit && !lost};
	if (s->life < (unsigned)number(s->text, "until", 1000))
		setting(s->text, "way", said.why, sizeof(said.why));
	if (s->life >= (unsigned)number(s->text, "fails", 1000000) ||
	    (s->is_again && number(s->text, "breaks", 0)))
		tell(packet, failed_to_packet("wrong answer: f1: its size", packet));
	else
		tell(packet, pass_to_packet(&said, packet));
}

static void tell_counts(const struct script *s)
{
	char packet[PACKET_MAX];
	struct worker_counts counts = {
		.n = 2,
		.rows = {{"entries", 10}, {"newfstatat", (uint64_t)number(s->text, "calls", 10)}},
	};
	tell(packet, counts_to_packet(&counts, packet));
}

static int work(char **words)
{
	struct worker_request order;
	char exe[PATH_MAX] = "", question[PACKET_MAX];
	struct err why = {0};
	if (worker_request_from_words(&order, words, &why) ||
	    readlink("/proc/self/exe", exe, sizeof(exe) - 1) < 0)
		return 9;
	struct script s = {
		.text = order.arm,
		.is_control = strstr(exe, "memfd:") || strstr(exe, "control"),
		.is_again = strstr(order.root, "confirm-") != NULL,
	};
	s.life = count_life(&s);
	if (number(s.text, "refuses", 0)) {
		tell(question,
		     refused_to_packet(-(int)number(s.text, "refuses", 0), "no", question));
		return 0;
	}
	tell(PACKET_LOADED, strlen(PACKET_LOADED));
	tell_ready(&s);
	for (unsigned pass = 0;; pass++) {
		ssize_t got = recv(PROTOCOL_FD, question, sizeof(question) - 1, 0);
		if (got <= 0)
			return 0;
		question[got] = '\0';
		if (strcmp(question, "pass") == 0)
			tell_pass(&s, pass);
		else
			tell_counts(&s);
	}
}

static struct scratch scratch;
static struct arena *arena;
static struct topology *topology;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	return arena && scratch_make(&scratch) && !topology_open(&topology, NULL, NULL) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	topology_close(topology);
	arena_free(arena);
	scratch_remove(&scratch);
	return 0;
}

/* The text of an arm with a count of its workers. */
static const char *counted(const char *text, const char *name)
{
	return arena_print(arena, "%s,log@%s/%s", text, scratch.path, name);
}

/* This program under another path: workers know by it that they are the control. */
static const char *control_path(void)
{
	const char *path = arena_print(arena, "%s/control", scratch.path);
	char self[PATH_MAX] = "";
	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	if (faccessat(scratch.fd, "control", X_OK, 0)) {
		char command[2 * PATH_MAX];
		snprintf(command, sizeof(command), "cp '%s' '%s'", self, path);
		assert_int_equal(system(command), 0);
	}
	return path;
}

static struct gate_cell cell_of(const char *base, const char *head)
{
	return (struct gate_cell){.label = "cell",
				  .base = {.program = "/proc/self/exe", .text = base},
				  .head = {.program = "/proc/self/exe", .text = head}};
}

static const struct workload no_tree = {.root = (char *)"/t", .root_len = 2};

static int run(struct gate_cell *cells, size_t n, const struct gate_request *how,
	       struct gate_facts *facts)
{
	struct gate_request request = *how;
	request.load = &no_tree;
	request.root = "/t";
	request.topology = how->topology ? how->topology : topology;
	request.jobs = MAX(how->jobs, 1);
	request.timeout_ns = UINT64_C(1000000000);
	request.seed = 1;
	request.confidence = 0.99;
	return gate_run(&request, cells, n, facts, arena, NULL);
}

static struct gate_facts run_one(struct gate_cell *cell)
{
	struct gate_facts facts;
	assert_int_equal(run(cell, 1, &(struct gate_request){.control = NULL}, &facts), 0);
	return facts;
}

static void assert_about(double a, double b)
{
	if (fabs(a - b) > 1e-9 * fabs(b))
		fail_msg("%.12g is not %.12g", a, b);
}

/* Head over base, not the other way round, and head's time is base's times the ratio. */
static void the_ratio_is_head_over_base(void **state)
{
	struct gate_cell cell = cell_of("ns@10000", "ns@12000");
	struct gate_facts facts = run_one(&cell);
	(void)state;
	assert_null(cell.invalid);
	assert_true(cell.ratio.known && cell.narrow);
	assert_about(cell.ratio.median, 1.2);
	assert_about(cell.ratio.lo, 1.2);
	assert_about(cell.ratio.hi, 1.2);
	assert_about(cell.ns[SIDE_BASE], 1000); /* of ten entries */
	assert_about(cell.ns[SIDE_HEAD], 1200);
	assert_int_equal(cell.n, UNITS_LEAST);
	assert_int_equal(facts.units, UNITS_LEAST);
	assert_int_equal(cell.rounds, UNITS_LEAST * UNIT_ROUNDS);
	assert_int_equal(cell.clean, cell.rounds);
}

/* A pass that was disturbed says nothing, however long it took; nor does the one beside it. */
static void disturbed_rounds_do_not_count(void **state)
{
	struct gate_cell cell = cell_of("ns@10000,half@1", "ns@12000");
	(void)state;
	run_one(&cell);
	assert_about(cell.ratio.median, 1.2);
	assert_int_equal(cell.clean, cell.rounds / 2);
	assert_int_equal(cell.lost, 0);
}

/* 30 units do not make the interval narrow while 16 of them are 20 % off; 34 do. */
static void units_are_added_by_four_until_the_interval_is_narrow(void **state)
{
	struct gate_cell cell = cell_of("ns@10000", counted("ns@10000,odd@20,until@17", "head"));
	(void)state;
	run_one(&cell); /* the first life is the trial */
	assert_int_equal(cell.n, UNITS_LEAST + UNITS_STEP);
	assert_true(cell.narrow);
	assert_about(cell.ratio.median, 1);
}

static void an_interval_that_never_gets_narrow_ends_at_the_most_units(void **state)
{
	struct gate_cell cell = cell_of("ns@10000", counted("ns@10000,odd@20", "head"));
	(void)state;
	run_one(&cell);
	assert_int_equal(cell.n, UNITS_MAX);
	assert_true(cell.ratio.known && !cell.narrow);
	assert_about(cell.ratio.lo, 0.8);
	assert_about(cell.ratio.hi, 1.2);
}

/* What a disturbed unit lost is measured again. */
static void a_lost_unit_is_made_up_for(void **state)
{
	struct gate_cell cell = cell_of("ns@10000", counted("ns@12000,lost@4", "head"));
	struct gate_facts facts = run_one(&cell);
	(void)state;
	assert_int_equal(cell.lost, 3); /* the fourth was the trial */
	assert_int_equal(facts.lost, 3);
	assert_int_equal(cell.n, UNITS_LEAST);
	assert_about(cell.ratio.median, 1.2);
}

static void a_cell_of_lost_units_is_given_up(void **state)
{
	struct gate_cell cell = cell_of("ns@10000", "ns@12000,lost@1000");
	(void)state;
	run_one(&cell);
	assert_int_equal(cell.lost, UNITS_LOST_MAX);
	assert_int_equal(cell.n, 0);
	assert_false(cell.ratio.known);
	assert_non_null(cell.ratio.reason);
}

static void another_way_is_counted_in_units_of_its_side(void **state)
{
	struct gate_cell cell =
		cell_of("ns@10000", counted("ns@12000,way@by calls,until@8,lost@3", "head"));
	(void)state;
	run_one(&cell);
	assert_null(cell.ways[SIDE_BASE].words);
	assert_int_equal(cell.ways[SIDE_BASE].units, 0);
	assert_string_equal(cell.ways[SIDE_HEAD].words, "by calls");
	/* The first was the trial, and two have no value. */
	assert_int_equal(cell.ways[SIDE_HEAD].units, 5);
}

/* Of a pass that is not clean the words are the reason for that. */
static void the_reason_of_a_disturbed_pass_is_no_way(void **state)
{
	struct gate_cell cell = cell_of("ns@10000", "ns@12000,way@by calls,lost@1000");
	(void)state;
	run_one(&cell);
	assert_null(cell.ways[SIDE_HEAD].words);
}

/* One control for a class of cells; its ratio is to base, and reaches as far as it is off. */
static void a_class_has_one_control(void **state)
{
	struct gate_cell cells[] = {cell_of("ns@10000,control@10500", "ns@12000"),
				    cell_of("ns@20000", "ns@20000")};
	struct gate_facts facts;
	(void)state;
	const struct gate_request how = {.control = control_path()};
	assert_int_equal(run(cells, 2, &how, &facts), 0);
	assert_true(cells[0].has_control && !cells[1].has_control);
	assert_int_equal(cells[0].n_controls, UNITS_LEAST);
	assert_about(cells[0].control.median, 1.05);
	assert_ptr_equal(gate_control(cells, 2, &cells[1]), &cells[0].control);
	assert_about(gate_control_bound(&cells[0].control), 0.05);
	assert_int_equal(cells[1].n_controls, 0);
}

/* As far off downwards counts as much. */
static void a_faster_control_counts_like_a_slower_one(void **state)
{
	const struct estimate control = {.known = true, .lo = 1 / 1.05, .hi = 1};
	const struct estimate unknown = {.lo = 0.5, .hi = 2};
	(void)state;
	assert_about(gate_control_bound(&control), 0.05);
	assert_true(gate_control_bound(&unknown) == 0);
	assert_true(gate_control_bound(NULL) == 0);
}

static void no_unit_begins_when_the_time_is_up(void **state)
{
	struct gate_cell cell = cell_of("ns@10000", "ns@12000");
	struct gate_facts facts;
	(void)state;
	assert_int_equal(run(&cell, 1, &(struct gate_request){.budget_ns = 1}, &facts), 0);
	assert_true(facts.out_of_time);
	assert_int_equal(facts.units, 0);
	assert_false(cell.ratio.known);
	assert_non_null(cell.ratio.reason);
}

static void a_worker_that_fails_ends_its_cell_and_no_other(void **state)
{
	struct gate_cell cells[] = {
		cell_of("ns@10000", counted("ns@10000,fails@3", "head")),
		cell_of("ns@10000", "ns@9000"),
	};
	struct gate_facts facts;
	(void)state;
	assert_int_equal(run(cells, 2, &(struct gate_request){.control = NULL}, &facts), 0);
	assert_non_null(cells[0].invalid);
	assert_string_equal(cells[0].invalid, "head: wrong answer: f1: its size");
	assert_int_equal(cells[0].n, 2);
	assert_int_equal(cells[0].error, -EBADMSG);
	assert_null(cells[1].invalid);
	assert_about(cells[1].ratio.median, 0.9);
}

static void a_side_that_sees_another_tree_is_invalid(void **state)
{
	struct gate_cell cell = cell_of("ns@10000", "ns@10000,digest@10-b");
	(void)state;
	run_one(&cell);
	assert_non_null(cell.invalid);
	assert_non_null(strstr(cell.invalid,
			       "base and head read different entries: digests 10-a and 10-b"));
	assert_int_equal(cell.n, 0);
}

/* In a list of strategies a refusal is a row; alone it ends the gate, if this machine is why. */
static void a_refusal_is_a_row_only_in_a_list(void **state)
{
	char refuses[32];
	struct gate_facts facts;
	(void)state;
	snprintf(refuses, sizeof(refuses), "refuses@%d", ENOTSUP);
	struct gate_cell cell = cell_of("ns@10000", refuses);
	assert_int_equal(run(&cell, 1, &(struct gate_request){.tolerant = true}, &facts), 0);
	assert_non_null(cell.incomparable);
	assert_null(cell.invalid);
	cell = cell_of("ns@10000", refuses);
	assert_int_equal(run(&cell, 1, &(struct gate_request){.control = NULL}, &facts), -ENOTSUP);
	snprintf(refuses, sizeof(refuses), "refuses@%d", EINVAL);
	cell = cell_of("ns@10000", refuses);
	run_one(&cell);
	assert_non_null(cell.invalid);
}

/* One of two sides that are the same is tried, so that what cannot run is told; none is measured.
 */
static void identical_sides_are_tried_but_not_measured(void **state)
{
	struct gate_cell cell = cell_of("ns@10000", "ns@10000");
	cell.identical = true;
	struct gate_facts facts = run_one(&cell);
	(void)state;
	assert_int_equal(facts.units, 0);
	assert_null(cell.invalid);
	cell = cell_of("fails@0", "fails@0");
	cell.identical = true;
	run_one(&cell);
	assert_non_null(cell.invalid);
}

static void counts_of_both_sides_are_kept(void **state)
{
	struct gate_cell cell = cell_of("calls@10", "calls@11");
	(void)state;
	run_one(&cell);
	for (int side = 0; side < 2; side++) {
		assert_int_equal(cell.counts[side].n, 2);
		assert_string_equal(cell.counts[side].rows[1].name, "newfstatat");
		assert_int_equal(cell.counts[side].rows[1].count, 10 + side);
	}
}

/* However many they are: the workers read the same list. */
static void all_cpus_of_a_large_machine_are_listed(void **state)
{
	enum { CPUS = 96 };
	struct gate_cell cell = cell_of("ns@10000", "ns@10000");
	struct topology *large = NULL;
	struct gate_facts facts;
	struct pin pin;
	int cpus[CPUS];
	bool seen[CPUS] = {false};
	(void)state;
	assert_int_equal(topology_open(&large, "core:48 pu:2", NULL), 0);
	const struct gate_request how = {.topology = large, .jobs = CPUS, .budget_ns = 1};
	assert_int_equal(run(&cell, 1, &how, &facts), 0);
	assert_null(cell.invalid);
	assert_int_equal(pin_parse(facts.cpus, &pin, NULL), 0);
	assert_int_equal(topology_place(large, &pin, CPUS, cpus, NULL), 0);
	for (int i = 0; i < CPUS; i++) {
		assert_false(seen[cpus[i]]);
		seen[cpus[i]] = true;
	}
	topology_close(large);
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "worker") == 0)
		return work(argv + 2);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_ratio_is_head_over_base),
		TEST(disturbed_rounds_do_not_count),
		TEST(units_are_added_by_four_until_the_interval_is_narrow),
		TEST(an_interval_that_never_gets_narrow_ends_at_the_most_units),
		TEST(a_lost_unit_is_made_up_for),
		TEST(a_cell_of_lost_units_is_given_up),
		TEST(another_way_is_counted_in_units_of_its_side),
		TEST(the_reason_of_a_disturbed_pass_is_no_way),
		TEST(a_class_has_one_control),
		TEST(a_faster_control_counts_like_a_slower_one),
		TEST(no_unit_begins_when_the_time_is_up),
		TEST(a_worker_that_fails_ends_its_cell_and_no_other),
		TEST(a_side_that_sees_another_tree_is_invalid),
		TEST(a_refusal_is_a_row_only_in_a_list),
		TEST(identical_sides_are_tried_but_not_measured),
		TEST(counts_of_both_sides_are_kept),
		TEST(all_cpus_of_a_large_machine_are_listed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
