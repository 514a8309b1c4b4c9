/*
 * Placing workers on CPUs: other machines by hwloc's synthetic descriptions and by XML, this one
 * by really binding threads.
 */
#include "engine/host/topology.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "engine/base/util.h"
#include "tests/scratch.h"
#include "tests/test.h"

enum { MOST = 64 };

/* Two packages of two cores of two hardware threads, numbered as Linux likes to: threads last. */
#define TWO_PACKAGES "pack:2 core:2 pu:2(indexes=0,4,1,5,2,6,3,7)"

static struct topology *described(const char *description)
{
	struct topology *t = NULL;
	struct err err = {0};
	if (topology_open(&t, description, &err))
		fail_msg("%s: %s", description, err.text);
	return t;
}

/* The CPUs of n workers as text, "0,4,1"; or what is wrong. err->text is the room for it. */
static const char *place(const struct topology *t, const char *policy, size_t n, struct err *err)
{
	int cpus[MOST];
	char *text = err->text;
	assert_true(n <= MOST);
	*err = (struct err){0};
	struct pin pin;
	if (pin_parse(policy, &pin, err) || topology_place(t, &pin, n, cpus, err))
		return text;
	for (size_t i = 0; i < n; i++)
		snprintf(text + strlen(text), sizeof(err->text) - strlen(text), "%s%d",
			 i ? "," : "", cpus[i]);
	return text;
}

struct placing {
	const char *policy;
	size_t workers;
	const char *cpus;
};

static void placed(const struct topology *t, const struct placing *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct err err;
		const char *text = place(t, rows[i].policy, rows[i].workers, &err);
		if (strcmp(text, rows[i].cpus) != 0)
			fail_msg("%zu workers, %s: %s, should be %s", rows[i].workers,
				 rows[i].policy, text, rows[i].cpus);
	}
}

static void text_is(char *text, const char *want)
{
	assert_non_null(text);
	assert_string_equal(text, want);
	free(text);
}

static void two_packages_with_threads(void **state)
{
	static const struct placing rows[] = {
		{"compact", 0, ""},
		{"compact", 1, "0"},
		{"compact", 2, "0,4"},
		{"compact", 8, "0,4,1,5,2,6,3,7"},
		{"scatter", 1, "0"},
		{"scatter", 2, "0,2"},
		{"scatter", 4, "0,2,1,3"},
		{"scatter", 8, "0,2,1,3,4,6,5,7"},
		{"one-per-core", 1, "0"},
		{"one-per-core", 4, "0,1,2,3"},
		{"one-per-core", 8, "0,1,2,3,4,5,6,7"},
		{"none", 3, "-1,-1,-1"},
		{"5", 1, "5"},
		{"7,0-2", 4, "7,0,1,2"},
	};
	struct topology *t = described(TWO_PACKAGES);
	(void)state;
	assert_int_equal(topology_cpus(t), 8);
	assert_int_equal(topology_allowed(t), 8);
	text_is(topology_allowed_text(t), "0-7");
	text_is(topology_text(t), "2 packages, 4 cores, 8 CPUs, 1 NUMA node");
	placed(t, rows, ARRAY_LEN(rows));
	topology_close(t);
}

static void more_workers_than_cpus_take_turns(void **state)
{
	static const struct placing rows[] = {
		{"compact", 9, "0,4,1,5,2,6,3,7,0"},
		{"scatter", 10, "0,2,1,3,4,6,5,7,0,2"},
		{"3", 3, "3,3,3"},
		{"6,1", 5, "6,1,6,1,6"},
		{"0-2", 2, "0,1"},
	};
	struct topology *t = described(TWO_PACKAGES);
	(void)state;
	placed(t, rows, ARRAY_LEN(rows));
	topology_close(t);
}

static void machines_with_one_cpu(void **state)
{
	static const struct placing rows[] = {{"compact", 3, "0,0,0"},
					      {"scatter", 3, "0,0,0"},
					      {"one-per-core", 3, "0,0,0"},
					      {"0", 2, "0,0"}};
	struct topology *t = described("pu:1");
	(void)state;
	assert_int_equal(topology_cpus(t), 1);
	text_is(topology_allowed_text(t), "0");
	placed(t, rows, ARRAY_LEN(rows));
	topology_close(t);
}

static void deep_machines(void **state)
{
	static const struct placing rows[] = {
		{"compact", 5, "0,1,2,3,4"},
		{"scatter", 6, "0,8,4,12,2,10"},
		{"one-per-core", 9, "0,2,4,6,8,10,12,14,1"},
	};
	struct topology *t = described("pack:2 numa:2 l3:1 l2:2 core:1 pu:2");
	(void)state;
	text_is(topology_text(t), "2 packages, 8 cores, 16 CPUs, 4 NUMA nodes");
	placed(t, rows, ARRAY_LEN(rows));
	topology_close(t);
}

static void wrong_lists_are_refused(void **state)
{
#define WANTS                                                                                      \
	"--pin: expected compact, scatter, one-per-core, none or a CPU list such as 0,2-3, got "
	static const struct placing rows[] = {
		{"", 1, WANTS "''"},
		{"compcat", 1, WANTS "'compcat'"},
		{"0,", 1, WANTS "'0,'"},
		{",0", 1, WANTS "',0'"},
		{"0,,1", 1, WANTS "'0,,1'"},
		{"3-1", 1, WANTS "'3-1'"},
		{"1-", 1, WANTS "'1-'"},
		{"-1", 1, WANTS "'-1'"},
		{"0 1", 1, WANTS "'0 1'"},
		{"0x1", 1, WANTS "'0x1'"},
		{"99999999999999999999", 1, WANTS "'99999999999999999999'"},
		{"8", 1, "--pin: this process may not use CPU 8"},
		{"0,6-9", 1, "--pin: this process may not use CPU 8"},
	};
	struct topology *t = described(TWO_PACKAGES);
	(void)state;
	placed(t, rows, ARRAY_LEN(rows));
	topology_close(t);
}

/* In the order of the workers, and as --pin reads it, however many there are. */
static void a_list_has_neighbours_as_ranges(void **state)
{
	static const struct {
		int cpus[8];
		size_t n;
		const char *text;
	} rows[] = {
		{{3}, 1, "3"},
		{{0, 1}, 2, "0,1"},
		{{0, 1, 2}, 3, "0-2"},
		{{0, 4, 1, 5}, 4, "0,4,1,5"},
		{{2, 1, 0}, 3, "2,1,0"},
		{{0, 0, 0}, 3, "0,0,0"},
		{{7, 1, 2, 3, 4, 0, 1, 2}, 8, "7,1-4,0-2"},
		{{0, 1, 2, 0, 1, 2, 0, 1}, 8, "0-2,0-2,0,1"},
	};
	struct arena *arena = arena_new();
	struct pin pin;
	int many[PIN_RANGES_MAX];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(pin_list_text(rows[i].cpus, rows[i].n, arena), rows[i].text);
	assert_null(pin_list_text(many, 0, arena));
	for (int i = 0; i < PIN_RANGES_MAX; i++)
		many[i] = i;
	assert_string_equal(pin_list_text(many, PIN_RANGES_MAX, arena), "0-1023");
	for (int i = 0; i < PIN_RANGES_MAX; i++)
		many[i] = i / 2 + i % 2 * 1000; /* threads of a core side by side */
	assert_int_equal(pin_parse(pin_list_text(many, PIN_RANGES_MAX, arena), &pin, NULL), 0);
	assert_int_equal(pin.n, PIN_RANGES_MAX);
	for (int i = 0; i < PIN_RANGES_MAX; i++) {
		assert_int_equal(pin.ranges[i].from, many[i]);
		assert_int_equal(pin.ranges[i].to, many[i]);
	}
	arena_free(arena);
}

/*
 * A machine as hwloc exports it: one package with a core of two threads (CPUs 0 and 1) and a core
 * of one (CPU 2), as hybrid processors have them, of which a cpuset allows only some.
 */
static const char hybrid[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	"<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">\n"
	"<topology version=\"2.0\">\n"
	" <object type=\"Machine\" os_index=\"0\" cpuset=\"0x7\" complete_cpuset=\"0x7\""
	" allowed_cpuset=\"%s\" nodeset=\"0x1\" complete_nodeset=\"0x1\" allowed_nodeset=\"0x1\""
	" gp_index=\"1\">\n"
	"  <object type=\"NUMANode\" os_index=\"0\" cpuset=\"0x7\" complete_cpuset=\"0x7\""
	" nodeset=\"0x1\" complete_nodeset=\"0x1\" gp_index=\"2\" local_memory=\"1073741824\"/>\n"
	"  <object type=\"Package\" os_index=\"0\" cpuset=\"0x7\" complete_cpuset=\"0x7\""
	" nodeset=\"0x1\" complete_nodeset=\"0x1\" gp_index=\"3\">\n"
	"   <object type=\"Core\" os_index=\"0\" cpuset=\"0x3\" complete_cpuset=\"0x3\""
	" nodeset=\"0x1\" complete_nodeset=\"0x1\" gp_index=\"4\">\n"
	"    <object type=\"PU\" os_index=\"0\" cpuset=\"0x1\" complete_cpuset=\"0x1\""
	" nodeset=\"0x1\" complete_nodeset=\"0x1\" gp_index=\"5\"/>\n"
	"    <object type=\"PU\" os_index=\"1\" cpuset=\"0x2\" complete_cpuset=\"0x2\""
	" nodeset=\"0x1\" complete_nodeset=\"0x1\" gp_index=\"6\"/>\n"
	"   </object>\n"
	"   <object type=\"Core\" os_index=\"1\" cpuset=\"0x4\" complete_cpuset=\"0x4\""
	" nodeset=\"0x1\" complete_nodeset=\"0x1\" gp_index=\"7\">\n"
	"    <object type=\"PU\" os_index=\"2\" cpuset=\"0x4\" complete_cpuset=\"0x4\""
	" nodeset=\"0x1\" complete_nodeset=\"0x1\" gp_index=\"8\"/>\n"
	"   </object>\n"
	"  </object>\n"
	" </object>\n"
	"</topology>\n";

static struct topology *hybrid_allowing(const char *mask)
{
	struct scratch scratch;
	char path[PATH_MAX + 16];
	assert_true(scratch_make(&scratch));
	snprintf(path, sizeof(path), "%s/hybrid.xml", scratch.path);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, hybrid, mask);
	assert_int_equal(fclose(file), 0);
	struct topology *t = described(path);
	scratch_remove(&scratch);
	return t;
}

static void cores_with_unequal_threads(void **state)
{
	static const struct placing rows[] = {{"compact", 3, "0,1,2"},
					      {"scatter", 3, "0,2,1"},
					      {"scatter", 4, "0,2,1,0"},
					      {"one-per-core", 3, "0,2,1"}};
	struct topology *t = hybrid_allowing("0x7");
	(void)state;
	text_is(topology_text(t), "1 package, 2 cores, 3 CPUs, 1 NUMA node");
	placed(t, rows, ARRAY_LEN(rows));
	topology_close(t);
}

static void a_cpuset_without_cpu_0(void **state)
{
	static const struct placing rows[] = {
		{"compact", 3, "1,2,1"},
		{"scatter", 2, "1,2"},
		{"one-per-core", 2, "1,2"},
		{"2", 1, "2"},
		{"0", 1, "--pin: this process may not use CPU 0"},
		{"0-2", 2, "--pin: this process may not use CPU 0"},
	};
	struct topology *t = hybrid_allowing("0x6");
	(void)state;
	assert_int_equal(topology_allowed(t), 2);
	text_is(topology_allowed_text(t), "1-2");
	placed(t, rows, ARRAY_LEN(rows));
	topology_close(t);
}

static void places_are_printed(void **state)
{
	struct topology *t = described("pack:2 numa:2 core:1 pu:2");
	struct cpu_place places[8];
	(void)state;
	topology_list(t, places);
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(places[i].cpu, i);
		assert_int_equal(places[i].package, i / 4);
		assert_int_equal(places[i].node, i / 2);
		assert_int_equal(places[i].core, i / 2);
		assert_true(places[i].allowed);
	}
	topology_close(t);
	t = hybrid_allowing("0x6");
	/* hwloc leaves out what a cpuset forbids; what taskset(1) does is listed and not allowed.
	 */
	assert_int_equal(topology_cpus(t), 2);
	topology_list(t, places);
	assert_true(places[0].allowed && places[1].allowed);
	assert_int_equal(places[0].cpu, 1);
	assert_int_equal(places[0].core, 0);
	assert_int_equal(places[1].cpu, 2);
	assert_int_equal(places[1].core, 1);
	topology_close(t);
}

/* Where there are several nodes pages are bound, and else nothing happens; they hold what they do.
 */
static void memory_of_all_can_be_spread(void **state)
{
	enum { SIZE = 1 << 16 };
	struct topology *t = described(NULL);
	char *memory = aligned_alloc(4096, SIZE);
	(void)state;
	assert_non_null(memory);
	topology_spread(t, memory, SIZE);
	memset(memory, 7, SIZE);
	assert_int_equal(memory[SIZE - 1], 7);
	free(memory);
	topology_close(t);
}

static void every_policy_has_a_name_that_places(void **state)
{
	struct topology *t = described(TWO_PACKAGES);
	int cpus[3];
	(void)state;
	for (enum pin_policy i = 0; i < PIN_LIST; i++) {
		struct pin pin;
		assert_non_null(pin_policy_summary(i));
		assert_int_equal(pin_parse(pin_policy_name(i), &pin, NULL), 0);
		assert_int_equal(pin.policy, i);
		assert_string_equal(pin_text(pin_of(i)), pin_policy_name(i));
		assert_int_equal(topology_place(t, &pin, 3, cpus, NULL), 0);
	}
	assert_null(pin_policy_name(PIN_LIST));
	topology_close(t);
}

static void invalid_topologies_are_refused(void **state)
{
	static const char *const bad[] = {"frobnicate:3", "core:0", "/nonexistent/machine.xml"};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct topology *t = NULL;
		struct err err = {0};
		assert_true(topology_open(&t, bad[i], &err) < 0);
		assert_null(t);
		assert_int_not_equal(err.code, 0);
	}
	topology_close(NULL);
}

static void nothing_can_be_bound_to_another_machine(void **state)
{
	struct topology *t = described(TWO_PACKAGES);
	(void)state;
	assert_int_equal(topology_bind(t, 0), -ENOTSUP);
	assert_int_equal(topology_bind(t, -1), -ENOTSUP);
	topology_close(t);
}

static void threads_are_bound_to_their_cpus(void **state)
{
	struct topology *t = described(NULL);
	int cpus[MOST];
	unsigned n = MIN(topology_allowed(t), MOST);
	(void)state;
	assert_true(n >= 1 && n <= topology_cpus(t));
	assert_int_equal(topology_place(t, pin_of(PIN_COMPACT), n, cpus, NULL), 0);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(topology_bind(t, cpus[i]), 0);
		assert_int_equal(sched_getcpu(), cpus[i]);
		assert_true(topology_is_bound(t, cpus[i]));
		assert_false(topology_is_bound(t, cpus[i] + 1));
	}
	assert_int_equal(topology_bind(t, -1), 0);
	if (n > 1)
		assert_false(topology_is_bound(t, sched_getcpu()));
	topology_close(t);
}

static void a_missing_cpu_is_refused(void **state)
{
	struct topology *t = described(NULL);
	(void)state;
	assert_true(topology_bind(t, 100000) < 0);
	topology_close(t);
}

/* In a process that taskset(1) has confined to one CPU; returns the words of the first surprise. */
static const char *look_confined(int cpu)
{
	struct topology *t = NULL;
	int cpus[3] = {-5, -5, -5};
	char own[16], other[16];
	snprintf(own, sizeof(own), "%d", cpu);
	snprintf(other, sizeof(other), "%d", cpu ? 0 : 1);
	if (topology_open(&t, NULL, NULL))
		return "no topology";
	if (topology_allowed(t) != 1 || strcmp(topology_allowed_text(t), own) != 0)
		return "allowed is more than this CPU";
	if (topology_place(t, pin_of(PIN_COMPACT), 3, cpus, NULL) || cpus[0] != cpu ||
	    cpus[2] != cpu)
		return "compact uses another CPU";
	if (topology_place(t, pin_of(PIN_SCATTER), 3, cpus, NULL) || cpus[0] != cpu ||
	    cpus[2] != cpu)
		return "scatter uses another CPU";
	struct pin pin;
	if (pin_parse(other, &pin, NULL) || topology_place(t, &pin, 1, cpus, NULL) != -EINVAL)
		return "a list may name another CPU";
	struct cpu_place places[MOST];
	size_t allowed = 0;
	if (topology_cpus(t) > MOST)
		return NULL;
	topology_list(t, places);
	for (size_t i = 0; i < topology_cpus(t); i++)
		allowed += places[i].allowed && places[i].cpu == cpu;
	if (allowed != 1)
		return "the list allows another CPU";
	if (topology_place(t, pin_of(PIN_PER_CORE), 2, cpus, NULL) || cpus[0] != cpu ||
	    cpus[1] != cpu)
		return "one-per-core uses another CPU";
	if (topology_bind(t, -1) || !topology_is_bound(t, cpu))
		return "binding to all allowed CPUs leaves this one";
	return NULL;
}

/* The last CPU, so that CPU 0 is not among the allowed ones. */
static void a_mask_is_obeyed(void **state)
{
	cpu_set_t mine;
	size_t last = 0;
	int status = 0;
	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(mine), &mine), 0);
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
		last = CPU_ISSET(cpu, &mine) ? cpu : last;
	if (last == 0)
		skip_because("only CPU 0 is allowed here");
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		CPU_ZERO(&mine);
		CPU_SET(last, &mine);
		const char *why = "no affinity";
		if (sched_setaffinity(0, sizeof(mine), &mine) == 0)
			why = look_confined((int)last);
		if (why)
			fprintf(stderr, "confined to CPU %zu: %s\n", last, why);
		_exit(why != NULL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_packages_with_threads),
		cmocka_unit_test(more_workers_than_cpus_take_turns),
		cmocka_unit_test(machines_with_one_cpu),
		cmocka_unit_test(deep_machines),
		cmocka_unit_test(wrong_lists_are_refused),
		cmocka_unit_test(a_list_has_neighbours_as_ranges),
		cmocka_unit_test(cores_with_unequal_threads),
		cmocka_unit_test(a_cpuset_without_cpu_0),
		cmocka_unit_test(places_are_printed),
		cmocka_unit_test(memory_of_all_can_be_spread),
		cmocka_unit_test(every_policy_has_a_name_that_places),
		cmocka_unit_test(invalid_topologies_are_refused),
		cmocka_unit_test(nothing_can_be_bound_to_another_machine),
		cmocka_unit_test(threads_are_bound_to_their_cpus),
		cmocka_unit_test(a_missing_cpu_is_refused),
		cmocka_unit_test(a_mask_is_obeyed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
