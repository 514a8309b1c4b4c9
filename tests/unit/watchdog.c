/* Calls that do not return: which, of what, and in whose name. The looks follow fast. */
#include "engine/base/watchdog.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/util.h"
#include "engine/measure/pass/crew.h"
#include "tests/scratch.h"
#include "tests/test.h"

enum { TICK_MS = 20, THREADS = 6 };

struct fixture {
	struct scratch scratch;
	struct topology *topology;
	struct crew *crew;
	struct watchdog *watchdog;
	struct progress progress;
	volatile int stop;
	unsigned wanted; /* words after which the server answers */
	unsigned told, busy[2];
	char words[8][STUCK_WORDS_MAX + 128];
	int pipe[2];
	_Atomic unsigned hanging;
	_Atomic pid_t tids[THREADS];
};

/* The other end of a fifo that nobody opens is a server that does not answer. */
static void *hang(void *arg)
{
	const struct fixture *f = arg;
	int fd = openat(f->scratch.fd, "fifo", O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	return NULL;
}

static void hang_at_work(void *arg, unsigned index)
{
	(void)index;
	hang(arg);
}

/* Not the relative path's descriptor: the watchdog has none of those of others. */
static void answer(void *arg, const char *words)
{
	struct fixture *f = arg;
	char path[PATH_MAX + 8];
	if (f->told < 8)
		snprintf(f->words[f->told], sizeof(f->words[0]), "%s", words);
	if (++f->told < f->wanted)
		return;
	snprintf(path, sizeof(path), "%s/fifo", f->scratch.path);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
}

static void let_watch(struct fixture *f, unsigned wanted)
{
	f->wanted = wanted;
	assert_int_equal(watchdog_start(&f->watchdog, &f->progress, TICK_MS), 0);
}

static void end_watch(struct fixture *f)
{
	watchdog_stop(f->watchdog);
	f->watchdog = NULL;
	if (strstr(f->words[0], "cannot be seen"))
		skip_because("/proc/self/task/TID/syscall cannot be read here");
}

static void words_are(const struct fixture *f, unsigned i, const char *before, const char *after)
{
	char wanted[PATH_MAX + 64];
	snprintf(wanted, sizeof(wanted), "%sopenat of '%s/fifo' has not returned for %s", before,
		 f->scratch.path, after);
	assert_memory_equal(f->words[i], wanted, strlen(wanted));
}

static void a_hanging_call_is_reported(void **state)
{
	struct fixture *f = *state;
	let_watch(f, 1);
	hang(f);
	end_watch(f);
	assert_int_equal(f->told, 1);
	words_are(f, 0, "", "5 s");
}

static void note_busy(void *arg, bool begins)
{
	struct fixture *f = arg;
	f->busy[begins]++;
	watchdog_busy(f->watchdog, begins);
}

/* A pass is spared at the first look only. */
static void a_worker_is_named(void **state)
{
	struct fixture *f = *state;
	const int anywhere = -1;
	f->progress.busy = note_busy;
	crew_report(f->crew, &f->progress);
	let_watch(f, 1);
	assert_int_equal(crew_run(f->crew, 1, &anywhere, hang_at_work, f), 0);
	end_watch(f);
	assert_int_equal(f->told, 1);
	words_are(f, 0, "worker 0: ", "5 s");
	assert_true(f->busy[true] == 1 && f->busy[false] == 1);
}

static void a_hanging_call_is_reported_at_once_on_a_stop(void **state)
{
	struct fixture *f = *state;
	f->stop = 1;
	let_watch(f, 1);
	hang(f);
	end_watch(f);
	assert_int_equal(f->told, 1);
	words_are(f, 0, "cannot stop yet: ", "1 s");
}

/* A person who presses Ctrl-C after the first words gets others. */
static void stop_at_words(void *arg, const char *words)
{
	struct fixture *f = arg;
	answer(f, words);
	f->stop = 1;
}

static void a_hanging_call_is_reported_again_on_a_stop(void **state)
{
	struct fixture *f = *state;
	f->progress.tell = stop_at_words;
	let_watch(f, 2);
	hang(f);
	end_watch(f);
	assert_int_equal(f->told, 2);
	words_are(f, 0, "", "5 s");
	words_are(f, 1, "cannot stop yet: ", "6 s");
}

static void *read_pipe(void *arg)
{
	const struct fixture *f = arg;
	char byte;
	assert_int_equal(read(f->pipe[0], &byte, 1), 1);
	return NULL;
}

/* It waits as long as the one that hangs, and longer. */
static void waiting_for_a_pipe_is_not_reported(void **state)
{
	struct fixture *f = *state;
	pthread_t reader;
	assert_int_equal(pipe2(f->pipe, O_CLOEXEC), 0);
	assert_int_equal(pthread_create(&reader, NULL, read_pipe, f), 0);
	f->progress.tell = stop_at_words;
	let_watch(f, 2);
	hang(f);
	end_watch(f);
	/* The crew's worker may have a copy of both ends, so closing one would wake nobody. */
	assert_int_equal(write(f->pipe[1], "x", 1), 1);
	pthread_join(reader, NULL);
	close(f->pipe[0]);
	close(f->pipe[1]);
	assert_int_equal(f->told, 2);
	words_are(f, 0, "", "5 s");
	words_are(f, 1, "cannot stop yet: ", "6 s");
}

static void *hang_by_number(void *arg)
{
	struct fixture *f = arg;
	f->tids[atomic_fetch_add(&f->hanging, 1)] = gettid();
	return hang(f);
}

/* All hang before the first look. */
static void await_hanging(const struct fixture *f, unsigned n)
{
	char call[STUCK_WORDS_MAX];
	for (unsigned i = 0; i < n; i++) {
		enum stuck stuck = STUCK_NOT;
		while (stuck == STUCK_NOT)
			stuck = f->tids[i] ? stuck_call(f->tids[i], call) : STUCK_NOT;
		if (stuck == STUCK_UNSEEN)
			skip_because("/proc/self/task/TID/syscall cannot be read here");
	}
}

static void of_many_calls_three_are_named(void **state)
{
	struct fixture *f = *state;
	pthread_t threads[THREADS];
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hang_by_number, f), 0);
	await_hanging(f, THREADS);
	f->stop = 1;
	let_watch(f, 4);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	end_watch(f);
	for (unsigned i = 0; i < 3; i++)
		words_are(f, i, "cannot stop yet: ", "");
	assert_string_equal(f->words[3], "3 more calls have not returned");
}

static struct fixture *interrupted;

static void on_interrupt(int number)
{
	(void)number;
	interrupted->stop = 1;
}

static pid_t find_watchdog(void)
{
	char path[64], comm[16];
	for (pid_t tid = getpid() + 1; tid < getpid() + 1000; tid++) {
		snprintf(path, sizeof(path), "/proc/self/task/%d/comm", (int)tid);
		if (read_line(path, comm, sizeof(comm)) && strcmp(comm, "watchdog") == 0)
			return tid;
	}
	return 0;
}

/* Only the watchdog gets it, as when it looks just when the signal comes. */
static void *interrupt(void *arg)
{
	enum { TICKS = 500 };
	struct fixture *f = arg;
	const struct timespec tick = {.tv_nsec = TICK_MS * 1000000};
	char call[STUCK_WORDS_MAX];
	while (stuck_call(getpid(), call) == STUCK_NOT)
		nanosleep(&tick, NULL);
	f->tids[0] = find_watchdog();
	tgkill(getpid(), f->tids[0], SIGINT);
	for (int i = 0; i < TICKS && !f->hanging; i++)
		nanosleep(&tick, NULL);
	if (!f->hanging) {
		f->busy[0] = 1; /* it has not ended by itself */
		close(openat(f->scratch.fd, "fifo", O_WRONLY | O_NONBLOCK | O_CLOEXEC));
	}
	return NULL;
}

static void a_signal_that_it_takes_ends_the_call(void **state)
{
	struct fixture *f = interrupted = *state;
	const struct sigaction action = {.sa_handler = on_interrupt};
	struct sigaction old;
	pthread_t thread;
#ifdef __SANITIZE_THREAD__
	skip_because("the thread sanitizer runs handlers later");
#endif
	sigaction(SIGINT, &action, &old);
	let_watch(f, UINT_MAX);
	assert_int_equal(pthread_create(&thread, NULL, interrupt, f), 0);
	hang(f);
	f->hanging = 1;
	pthread_join(thread, NULL);
	end_watch(f);
	sigaction(SIGINT, &old, NULL);
	if (!f->tids[0])
		skip_because("the watchdog is not found among the threads");
	assert_int_equal(f->stop, 1);
	assert_int_equal(f->busy[0], 0);
}

static void *part_of(int ring, size_t size, off_t which)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, which);
	assert_true(at != MAP_FAILED);
	return at;
}

/* A ring whose one request a thread of the kernel has done: it stays for five more seconds. */
static int ring_with_a_worker(void)
{
	struct io_uring_params p = {0};
	int ring = (int)syscall(SYS_io_uring_setup, 1, &p);
	if (ring < 0)
		skip_because("there is no io_uring");
	const size_t size = p.sq_off.array + p.sq_entries * sizeof(unsigned);
	char *queue = part_of(ring, size, IORING_OFF_SQ_RING);
	struct io_uring_sqe *asked = part_of(ring, sizeof(*asked), IORING_OFF_SQES);
	*asked = (struct io_uring_sqe){.opcode = IORING_OP_NOP, .flags = IOSQE_ASYNC};
	*(unsigned *)(queue + p.sq_off.array) = 0;
	*(unsigned *)(queue + p.sq_off.tail) = 1;
	assert_int_equal(syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0),
			 1);
	munmap(asked, sizeof(*asked));
	munmap(queue, size);
	return ring;
}

static void wait_until_it_sleeps(const char *tid)
{
	char path[300], line[128] = "running";
	snprintf(path, sizeof(path), "/proc/self/task/%s/syscall", tid);
	while (strncmp(line, "running", 7) == 0 && read_line(path, line, sizeof(line)))
		usleep(1000);
}

/* /proc shows the call in which such a thread was made, for as long as it waits for work. */
static void threads_of_io_uring_are_not_reported(void **state)
{
	char words[STUCK_WORDS_MAX], name[32];
	unsigned seen = 0;
	int ring = ring_with_a_worker();
	(void)state;
	DIR *tasks = opendir("/proc/self/task");
	assert_non_null(tasks);
	for (struct dirent *e; (e = readdir(tasks));) {
		char path[300];
		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", e->d_name);
		if (!read_line(path, name, sizeof(name)) || strncmp(name, "iou-wrk", 7) != 0)
			continue;
		seen++;
		wait_until_it_sleeps(e->d_name);
		assert_int_not_equal(stuck_call((pid_t)atoi(e->d_name), words), STUCK_IN);
	}
	closedir(tasks);
	close(ring);
	if (!seen)
		skip_because("the kernel shows no thread of io_uring");
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	*state = f;
	if (!f || !scratch_make(&f->scratch) || mkfifoat(f->scratch.fd, "fifo", 0600) ||
	    topology_open(&f->topology, NULL, NULL))
		return -1;
	f->progress = (struct progress){.arg = f, .stop = &f->stop, .tell = answer};
	return crew_new(&f->crew, 1, f->topology, NULL);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	watchdog_stop(f->watchdog);
	crew_free(f->crew);
	topology_close(f->topology);
	scratch_remove(&f->scratch);
	free(f);
	return 0;
}

#define WATCHED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WATCHED(a_hanging_call_is_reported),
		WATCHED(a_worker_is_named),
		WATCHED(a_hanging_call_is_reported_at_once_on_a_stop),
		WATCHED(a_hanging_call_is_reported_again_on_a_stop),
		WATCHED(waiting_for_a_pipe_is_not_reported),
		WATCHED(of_many_calls_three_are_named),
		WATCHED(threads_of_io_uring_are_not_reported),
		WATCHED(a_signal_that_it_takes_ends_the_call),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
