/* A worker in a call that does not return: which call, of what, is said by who waits for it. */
#include "engine/measure/pass/stuck.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/measure/pass/crew.h"
#include "tests/scratch.h"
#include "tests/test.h"

struct fixture {
	struct scratch scratch;
	struct topology *topology;
	struct crew *crew;
	volatile int stop;
	unsigned told;
	char words[STUCK_WORDS_MAX + 128];
};

/* The other end of a fifo that nobody opens is a server that does not answer. */
static void hang(void *arg, unsigned index)
{
	const struct fixture *f = arg;
	(void)index;
	int fd = openat(f->scratch.fd, "fifo", O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
}

/* What is told ends the wait. */
static void answer(void *arg, const char *words)
{
	struct fixture *f = arg;
	f->told++;
	snprintf(f->words, sizeof(f->words), "%s", words);
	int fd = openat(f->scratch.fd, "fifo", O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
}

static void hangs_are_told_with_call_and_path(struct fixture *f, const char *begins)
{
	char wanted[PATH_MAX + 64];
	const int anywhere = -1;
	const struct progress progress = {.arg = f, .stop = &f->stop, .tell = answer};
	crew_report(f->crew, &progress);
	assert_int_equal(crew_run(f->crew, 1, &anywhere, hang, f), 0);
	assert_int_equal(f->told, 1);
	assert_memory_equal(f->words, begins, strlen(begins));
	snprintf(wanted, sizeof(wanted), "openat of '%s/fifo'", f->scratch.path);
	if (strstr(f->words, "cannot be seen"))
		skip_because("/proc/self/task/TID/syscall cannot be read here");
	assert_non_null(strstr(f->words, wanted));
}

static void a_call_that_hangs_is_told(void **state)
{
	hangs_are_told_with_call_and_path(*state, "worker 0 has waited for 5 s for ");
}

static void and_again_when_asked_to_stop(void **state)
{
	struct fixture *f = *state;
	f->stop = 1;
	hangs_are_told_with_call_and_path(f, "cannot stop yet: worker 0 has waited for ");
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	*state = f;
	if (!f || !scratch_make(&f->scratch) || mkfifoat(f->scratch.fd, "fifo", 0600) ||
	    topology_open(&f->topology, NULL, NULL))
		return -1;
	return crew_new(&f->crew, 1, f->topology, NULL);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	crew_free(f->crew);
	topology_close(f->topology);
	scratch_remove(&f->scratch);
	free(f);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_call_that_hangs_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(and_again_when_asked_to_stop, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
