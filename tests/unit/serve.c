/* The worker of a gate, asked over its socket, while its tree changes. */
#include "engine/gate/worker/serve.h"
#include "engine/cmd/parts/registry.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "tests/scratch.h"
#include "tests/test.h"

enum { FILES = 5 };

/* Entries of each pass, of FILES, that the strategy "otherwise" says it has done in its own way. */
static unsigned own;

static struct scratch scratch;
static struct workload *load;
static struct topology *topology;
static struct arena *arena;

static int set_up(void **state)
{
	char name[16];
	(void)state;
	if (!scratch_make(&scratch))
		return -1;
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		assert_true(scratch_file(scratch.fd, name, 0));
	}
	arena = arena_new();
	return arena && !topology_open(&topology, NULL, NULL) &&
			       !workload_load(&load, scratch.path, NULL, NULL, NULL)
		       ? 0
		       : -1;
}

static int tear_down(void **state)
{
	(void)state;
	workload_free(load);
	topology_close(topology);
	arena_free(arena);
	scratch_remove(&scratch);
	return 0;
}

static unsigned tell(const struct cell *cell, struct extra extras[EXTRAS_MAX])
{
	(void)cell;
	extras[0] = (struct extra){.name = "own",
				   .unit = "entries",
				   .part = own,
				   .whole = FILES,
				   .reason = own ? NULL : "no tables",
				   .other_way = "a walk by calls"};
	return 1;
}

static struct strategy otherwise(void)
{
	size_t i = 0;
	while (strcmp(strategies[i]->name, "walk-lstat") != 0)
		i++;
	struct strategy strategy = *strategies[i];
	strategy.name = "otherwise";
	strategy.extras = tell;
	return strategy;
}

static _Noreturn void work(int fd, const char *strategy)
{
	const struct strategy other = otherwise(), *const others[] = {&other, NULL};
	const bool is_other = strcmp(strategy, other.name) == 0;
	const struct select_request selecting = {.strategies = is_other ? others : strategies,
						 .cpus = 1};
	struct cell_spec spec;
	int cpu;
	if (select_cell(&selecting, strategy, "test", arena, &spec, NULL) ||
	    topology_place(topology, pin_of(PIN_COMPACT), 1, &cpu, NULL))
		_exit(2);
	const struct serve_request request = {.fd = fd,
					      .spec = &spec,
					      .cpus = &cpu,
					      .load = load,
					      .digest = "5-a",
					      .topology = topology};
	_exit(serve(&request, NULL) ? 1 : 0);
}

/* A worker and the gate's end of its socket. */
struct helper {
	pid_t pid;
	int fd;
	char packet[PACKET_MAX];
};

static void hear(struct helper *h)
{
	ssize_t got = recv(h->fd, h->packet, sizeof(h->packet) - 1, 0);
	assert_true(got > 0);
	h->packet[got] = '\0';
}

static void ask(struct helper *h, const char *question)
{
	assert_true(send(h->fd, question, strlen(question), MSG_NOSIGNAL) > 0);
	hear(h);
}

static bool pass_is_verified(struct helper *h)
{
	struct worker_pass pass;
	ask(h, "pass");
	assert_int_equal(pass_from_packet(&pass, h->packet, NULL), 0);
	return pass.verified;
}

static size_t count(struct helper *h)
{
	struct worker_counts counts;
	ask(h, "counts");
	assert_int_equal(counts_from_packet(&counts, h->packet, NULL), 0);
	return counts.n;
}

static void begin(struct helper *h, const char *strategy)
{
	struct worker_ready ready;
	int ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	h->fd = ends[0];
	h->pid = fork();
	assert_true(h->pid >= 0);
	if (!h->pid) {
		close(ends[0]);
		work(ends[1], strategy);
	}
	close(ends[1]);
	hear(h);
	assert_int_equal(ready_from_packet(&ready, h->packet, NULL), 0);
	assert_int_equal(ready.entries, FILES);
}

static void end(struct helper *h)
{
	int status;
	close(h->fd);
	assert_int_equal(waitpid(h->pid, &status, 0), h->pid);
	assert_int_equal(status, 0);
}

/* Base counted before the file was gone, and has a failed entry less, or a call. */
static void counts_in(const char *strategy)
{
	struct helper h;
	begin(&h, strategy);
	assert_true(pass_is_verified(&h));
	assert_true(count(&h) >= 2); /* and calls, where somebody counts them */
	assert_int_equal(unlinkat(scratch.fd, "f3", 0), 0);
	assert_false(pass_is_verified(&h));
	assert_true(pass_is_verified(&h));
	assert_int_equal(count(&h), 0);
	end(&h);
}

static void a_fetch_from_a_changed_tree_counts_nothing(void **state)
{
	(void)state;
	counts_in("lstat");
}

static void a_walk_of_a_changed_tree_counts_nothing(void **state)
{
	(void)state;
	counts_in("walk-lstat");
}

/* Asks until a pass was not disturbed. */
static void is_told(unsigned part, const char *words)
{
	struct worker_pass pass = {.clean = false};
	struct helper h;
	own = part;
	begin(&h, "otherwise");
	for (int i = 0; i < 1000 && !pass.clean; i++) {
		ask(&h, "pass");
		assert_int_equal(pass_from_packet(&pass, h.packet, NULL), 0);
	}
	end(&h);
	assert_true(pass.clean);
	assert_string_equal(pass.why, words);
}

static void a_pass_says_if_it_worked_in_another_way(void **state)
{
	(void)state;
	is_told(0, "a walk by calls: no tables");
	is_told(2, "a walk by calls");
	is_told(3, "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_fetch_from_a_changed_tree_counts_nothing),
		TEST(a_walk_of_a_changed_tree_counts_nothing),
		TEST(a_pass_says_if_it_worked_in_another_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
