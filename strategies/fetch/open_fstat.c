/*
 * Opens each file, calls fstat and closes it, as naive programs do. That takes three calls for one
 * result, and read permission. Links, fifos, sockets and devices are opened with O_PATH, so that
 * opening them has no effect (open_flags).
 */
#include <errno.h>
#include <sys/syscall.h>

#include "engine/strategy.h"

#ifndef __LP64__
#error "the kernel's struct stat is libc's only where long has 64 bits"
#endif

/*
 * Returns whether the entry could be opened. The system call is made directly, because fstat of
 * glibc 2.33 to 2.38 makes another one (newfstatat).
 */
static bool ask(struct record *r, const char *path, int flags)
{
	struct stat st;
	int fd = open(path, flags);
	if (fd < 0) {
		record_fail(r, errno);
		return false;
	}
	if (syscall(SYS_fstat, fd, &st))
		record_fail(r, errno);
	else
		record_stat(r, &st);
	close(fd);
	return true;
}

static int run(struct worker *w)
{
	struct workload_span span;
	while (worker_take(w, &span)) {
		size_t prefix = path_enter(w, span.dir);
		uint64_t opened = 0;
		for (uint32_t i = span.first; i < span.end && !worker_stopped(w); i++)
			opened += ask(&w->records[i], path_of(w, prefix, i),
				      open_flags(&w->load->entries[i]));
		worker_count(w, SYSCALL_openat, span.end - span.first);
		worker_count(w, SYSCALL_fstat, opened);
		worker_count(w, SYSCALL_close, opened);
	}
	return 0;
}

STRATEGY(open_fstat) = {
	.name = "open-fstat",
	.summary = "open, fstat and close every full path",
	.stage = STAGE_FETCH,
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_PATH, .opens = 1},
	.run = run,
};
