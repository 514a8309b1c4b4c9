#include "engine/lab/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"

enum {
	BYTES_MAX = 4 << 20, /* on their way */
	READS_MAX = 1 << 16,
	READ_MAX = 1 << 16,
};

/* Bytes that were read at once, and when they are due. */
struct late {
	uint64_t due;
	size_t size;
};

struct ring {
	int in, out; /* in -1: the writer has ended */
	uint64_t late_ns;
	char bytes[BYTES_MAX];
	struct late reads[READS_MAX];
	size_t first, n;   /* of reads */
	size_t from, used; /* of bytes */
};

/* How much can be read into one piece. */
static size_t room(const struct ring *r)
{
	const size_t end = (r->from + r->used) % BYTES_MAX;
	const size_t piece =
		end < r->from || r->used == BYTES_MAX ? r->from - end : BYTES_MAX - end;
	return r->n == READS_MAX || r->used == BYTES_MAX ? 0 : MIN(piece, READ_MAX);
}

static void take(struct ring *r)
{
	char *to = r->bytes + (r->from + r->used) % BYTES_MAX;
	const ssize_t n = TEMP_FAILURE_RETRY(read(r->in, to, room(r)));
	if (n <= 0) {
		r->in = -1;
		return;
	}
	r->reads[(r->first + r->n++) % READS_MAX] =
		(struct late){clock_ns() + r->late_ns, (size_t)n};
	r->used += (size_t)n;
}

/* Whoever reads them is always ready to, so that writing may wait. */
static void give(struct ring *r)
{
	struct late *late = &r->reads[r->first];
	while (late->size) {
		const ssize_t n = TEMP_FAILURE_RETRY(
			write(r->out, r->bytes + r->from, MIN(late->size, BYTES_MAX - r->from)));
		if (n <= 0)
			_exit(0);
		r->from = (r->from + (size_t)n) % BYTES_MAX;
		r->used -= (size_t)n;
		late->size -= (size_t)n;
	}
	r->first = (r->first + 1) % READS_MAX;
	r->n--;
}

static _Noreturn void run(struct ring *r)
{
	while (r->in >= 0 || r->n) {
		struct pollfd fd = {r->in, POLLIN, 0};
		const uint64_t now = clock_ns(), due = r->n ? r->reads[r->first].due : 0;
		const uint64_t left = due > now ? due - now : 0;
		const struct timespec wait = {.tv_sec = (time_t)(left / NS_PER_SECOND),
					      .tv_nsec = (long)(left % NS_PER_SECOND)};
		const int ready =
			ppoll(&fd, r->in >= 0 && room(r) ? 1 : 0, r->n ? &wait : NULL, NULL);
		while (r->n && r->reads[r->first].due <= clock_ns())
			give(r);
		if (ready > 0 && room(r))
			take(r);
	}
	_exit(0);
}

/* Signals from the terminal are for the parent; no other end of a pipe stays open here. */
static void settle(struct ring *r, pid_t parent)
{
	enum { FIRST = 3, HIGH = 64 };
	char name[16];
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	snprintf(name, sizeof(name), "relay-%d", (int)parent);
	prctl(PR_SET_NAME, name);
	prctl(PR_SET_TIMERSLACK, 1);
	for (int sig = SIGHUP; sig <= SIGQUIT; sig++)
		signal(sig, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	const int in = fcntl(r->in, F_DUPFD, HIGH), out = fcntl(r->out, F_DUPFD, HIGH);
	r->in = dup2(in, FIRST);
	r->out = dup2(out, FIRST + 1);
	if (r->in < 0 || r->out < 0 || chdir("/"))
		_exit(1);
	close_range(FIRST + 2, ~0U, 0);
}

int relay_start(pid_t *relay, int *fd, uint64_t late_ns, struct err *err)
{
	struct ring *ring = calloc(1, sizeof(*ring));
	const pid_t parent = getpid();
	int ends[2];
	if (!ring || pipe2(ends, O_CLOEXEC)) {
		const int error = ring ? -errno : -ENOMEM;
		free(ring);
		return err_errno(err, error, "a relay");
	}
	ring->in = *fd;
	ring->out = ends[1];
	ring->late_ns = late_ns;
	const pid_t pid = fork();
	if (pid == 0) {
		settle(ring, parent);
		run(ring);
	}
	const int error = pid < 0 ? err_errno(err, -errno, "cannot start a relay") : 0;
	free(ring);
	close(ends[1]);
	close(*fd);
	*fd = ends[0];
	*relay = MAX(pid, 0);
	return error;
}

void relay_end(pid_t *relay)
{
	if (!*relay)
		return;
	kill(*relay, SIGKILL);
	waitpid(*relay, NULL, 0);
	*relay = 0;
}
