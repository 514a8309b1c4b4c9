#include "strategies/ring.h"

#include <stdlib.h>

#if defined(HAVE_LIBURING) && !defined(FLIST_PORTABLE)

#include <liburing.h>
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>

#define MIN(a, b) ((a) < (b) ? (a) : (b))

struct ring {
	struct io_uring uring;
	unsigned depth, batch;
	unsigned n_free; /* requests that are not in flight */
	bool broken;     /* it failed; the kernel may still write completions */
	uint64_t calls;  /* number of io_uring_enter calls */
	ring_answer *answer;
	void *arg;
	char *paths; /* one piece for each request */
	struct ring_ask *asks;
	struct ring_ask *free[RING_DEPTH_MAX];
};

/* ---- Errors when a ring is made -------------------------------------------------------------- */

static const char *words_of(int error)
{
	switch (-error) {
	case ENOSYS:
		return "this kernel has no io_uring";
	case EPERM:
		return "io_uring is not permitted here: kernel.io_uring_disabled is "
		       "set, or a seccomp filter (of a container) refuses it";
	case ENOMEM:
		return "no memory for a ring: RLIMIT_MEMLOCK may be too small (ulimit -l)";
	case EMFILE:
	case ENFILE:
		return "too many open files for one more ring (ulimit -n)";
	default:
		return "io_uring_setup failed";
	}
}

/* Returns kernel.io_uring_disabled; 0 if it cannot be read, as on kernels before 6.6. */
static int disabled_by_sysctl(void)
{
	char digit = '0';
	int fd = open("/proc/sys/kernel/io_uring_disabled", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (read(fd, &digit, 1) != 1)
		digit = '0';
	close(fd);
	return digit - '0';
}

static int explain(int error, struct err *err)
{
	const int disabled = error == -EPERM ? disabled_by_sysctl() : 0;
	struct rlimit limit = {0};
	if (disabled)
		return err_set(err, error,
			       "io_uring is switched off: kernel.io_uring_disabled is %d",
			       disabled);
	if (error == -EPERM)
		return err_set(err, error,
			       "io_uring is not permitted: a seccomp filter (of a "
			       "container) refuses it");
	if (error == -ENOMEM && getrlimit(RLIMIT_MEMLOCK, &limit) == 0 &&
	    limit.rlim_cur != RLIM_INFINITY)
		return err_set(err, error,
			       "no memory for a ring: RLIMIT_MEMLOCK is %llu KiB (ulimit -l)",
			       (unsigned long long)limit.rlim_cur / 1024);
	return err_set(err, error, "%s (%s)", words_of(error), strerror(-error));
}

static int probe_ops(struct io_uring *uring, const enum ring_op *ops, size_t n, struct err *err)
{
	static const struct {
		const char *name;
		int code;
	} known[] = {
		[RING_STATX] = {"STATX", IORING_OP_STATX},
		[RING_OPENAT] = {"OPENAT", IORING_OP_OPENAT},
		[RING_CLOSE] = {"CLOSE", IORING_OP_CLOSE},
	};
	struct io_uring_probe *probe = io_uring_get_probe_ring(uring);
	int error = 0;
	if (!probe)
		return err_set(err, -ENOTSUP,
			       "this kernel's io_uring does not report its operations "
			       "(before Linux 5.6)");
	for (size_t i = 0; i < n && !error; i++) {
		if (!io_uring_opcode_supported(probe, known[ops[i]].code))
			error = err_set(err, -ENOTSUP, "this kernel's io_uring has no %s",
					known[ops[i]].name);
	}
	io_uring_free_probe(probe);
	return error;
}

int ring_probe(const enum ring_op *ops, size_t n, struct err *err)
{
	struct io_uring_params params = {0};
	struct io_uring uring;
	int error = io_uring_queue_init_params(2, &uring, &params);
	if (error)
		return explain(error, err);
	error = probe_ops(&uring, ops, n, err);
	io_uring_queue_exit(&uring);
	return error;
}

/* ---- Making a ring --------------------------------------------------------------------------- */

/* Uses the faster modes of newer kernels (6.1), if available. */
static int init_queue(struct ring *r)
{
	struct io_uring_params params = {.flags = IORING_SETUP_SUBMIT_ALL |
						  IORING_SETUP_SINGLE_ISSUER |
						  IORING_SETUP_DEFER_TASKRUN};
	int error = io_uring_queue_init_params(r->depth, &r->uring, &params);
	if (error != -EINVAL)
		return error;
	params = (struct io_uring_params){0};
	return io_uring_queue_init_params(r->depth, &r->uring, &params);
}

/* Binds the kernel's threads to the CPUs of the ring's owner. Newer kernels do this by default. */
static void bind_workers(struct ring *r)
{
	cpu_set_t mine;
	if (sched_getaffinity(0, sizeof(mine), &mine) == 0)
		(void)io_uring_register_iowq_aff(&r->uring, sizeof(mine), &mine);
}

static const char *limit_workers(struct ring *r, unsigned workers)
{
	unsigned most[2] = {workers, workers};
	if (!workers || !io_uring_register_iowq_max_workers(&r->uring, most))
		return NULL;
	return "this kernel cannot limit the number of io_uring's workers "
	       "(before Linux 5.15)";
}

/*
 * A piece is an odd number of cache lines long, so that not all pieces map to the same cache set.
 */
static int make_asks(struct ring *r, size_t path_size)
{
	const size_t line = CACHE_LINE, size = ((path_size + line - 1) / line | 1) * line;
	r->asks = calloc(r->depth, sizeof(*r->asks));
	r->paths = malloc(r->depth * size);
	if (!r->asks || !r->paths)
		return -ENOMEM;
	for (unsigned i = 0; i < r->depth; i++) {
		r->asks[i].path = r->paths + i * size;
		r->free[r->n_free++] = &r->asks[i];
	}
	return 0;
}

static void ring_free(struct ring *r)
{
	free(r->paths);
	free(r->asks);
	free(r);
}

static struct ring *new_ring(const int64_t *params, size_t path_size)
{
	struct ring *r = calloc(1, sizeof(*r));
	if (!r)
		return NULL;
	r->depth = (unsigned)params[RING_PARAM_DEPTH];
	r->batch = (unsigned)MIN(params[RING_PARAM_BATCH], params[RING_PARAM_DEPTH]);
	if (make_asks(r, path_size) == 0)
		return r;
	ring_free(r);
	return NULL;
}

int ring_open(struct ring **out, struct worker *w, size_t path_size, ring_answer *answer, void *arg)
{
	const int64_t *params = w->cell->params;
	struct ring *r = new_ring(params, path_size);
	const char *why = NULL;
	*out = NULL;
	if (!r)
		return -ENOMEM;
	r->answer = answer;
	r->arg = arg;
	int error = init_queue(r);
	if (error) {
		ring_free(r);
		why = words_of(error);
	} else {
		bind_workers(r);
		why = limit_workers(r, (unsigned)params[RING_PARAM_WORKERS]);
		if (why)
			ring_close(r);
	}
	if (!why)
		*out = r;
	else /* several workers may set it at once */
		__atomic_store_n(&w->cell->why, why, __ATOMIC_RELAXED);
	return why ? -ENOTSUP : 0;
}

/* The kernel may still write to the memory of a ring that failed, so that is never freed. */
void ring_close(struct ring *r)
{
	if (!r)
		return;
	io_uring_queue_exit(&r->uring);
	if (!r->broken)
		ring_free(r);
}

/* ---- Requests -------------------------------------------------------------------------------- */

unsigned ring_under_way(const struct ring *r)
{
	return r->depth - r->n_free;
}

/* The number of requests in flight that the kernel has. */
static unsigned handed_over(const struct ring *r)
{
	return ring_under_way(r) - io_uring_sq_ready(&r->uring);
}

/*
 * Makes one io_uring_enter: submits new requests, and returns when `wait` of them are complete, or
 * earlier if the kernel accepted fewer requests than it was given or was interrupted. If it has no
 * memory for more, or too many completions are unread, nothing is submitted until one has been
 * read.
 */
static int enter(struct ring *r, unsigned wait)
{
	struct io_uring_cqe *first;
	int got = io_uring_submit_and_wait(&r->uring, wait);
	r->calls++;
	if ((got == -EAGAIN || got == -EBUSY) && handed_over(r)) {
		r->calls += !io_uring_cq_ready(&r->uring);
		got = io_uring_wait_cqe(&r->uring, &first);
	}
	if (got >= 0 || got == -EINTR)
		return 0;
	r->broken = handed_over(r) > 0;
	return got;
}

/* Passes up to `most` completions to the callback. Returns how many. */
static unsigned deliver(struct ring *r, unsigned most)
{
	struct io_uring_cqe *cqe;
	unsigned head, n = 0;
	io_uring_for_each_cqe(&r->uring, head, cqe)
	{
		if (n == most)
			break;
		struct ring_ask *ask = io_uring_cqe_get_data(cqe);
		n++;
		r->answer(r->arg, ask, cqe->res);
		r->free[r->n_free++] = ask;
	}
	io_uring_cq_advance(&r->uring, n);
	return n;
}

/*
 * Waits for `wait` completions. The first call is made in any case, so that the number of calls
 * does not depend on timing.
 */
static int await(struct ring *r, unsigned wait)
{
	int error = 0;
	while (wait && !error) {
		error = enter(r, wait);
		if (!error)
			wait -= deliver(r, wait);
	}
	return error;
}

int ring_hand_over(struct ring *r)
{
	return io_uring_sq_ready(&r->uring) ? enter(r, 0) : 0;
}

int ring_turn(struct ring *r)
{
	unsigned n = ring_under_way(r);
	return await(r, MIN(n, r->batch));
}

int ring_drain(struct ring *r)
{
	return r->broken ? 0 : await(r, ring_under_way(r));
}

/* The submission queue may be shorter than was requested. */
int ring_begin(struct ring *r, struct ring_ask **ask)
{
	int error = io_uring_sq_space_left(&r->uring) ? 0 : ring_hand_over(r);
	while (!error && (!r->n_free || !io_uring_sq_space_left(&r->uring)))
		error = ring_turn(r);
	if (!error)
		*ask = r->free[--r->n_free];
	return error;
}

void ring_put(struct ring *r, struct ring_ask *ask)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	struct io_uring_sqe *sqe = io_uring_get_sqe(&r->uring);
	switch (ask->op) {
	case RING_STATX:
		io_uring_prep_statx(sqe, AT_FDCWD, ask->path, AT_SYMLINK_NOFOLLOW,
				    STATX_BASIC_STATS, &ask->stx);
		break;
	case RING_OPENAT:
		io_uring_prep_openat(sqe, AT_FDCWD, ask->path, flags, 0);
		break;
	case RING_CLOSE:
		io_uring_prep_close(sqe, ask->fd);
		break;
	}
	io_uring_sqe_set_data(sqe, ask);
}

uint64_t ring_calls(struct ring *r)
{
	uint64_t calls = r->calls;
	r->calls = 0;
	return calls;
}

#else /* ring_probe refuses every strategy, so the others are not called */

int ring_probe(const enum ring_op *ops, size_t n, struct err *err)
{
	(void)ops;
	(void)n;
	return err_set(err, -ENOTSUP, "built without liburing (package liburing-dev)");
}

int ring_open(struct ring **ring, struct worker *w, size_t path_size, ring_answer *answer,
	      void *arg)
{
	(void)w;
	(void)path_size;
	(void)answer;
	(void)arg;
	*ring = NULL;
	return -ENOTSUP;
}

void ring_close(struct ring *ring)
{
	(void)ring;
}

int ring_begin(struct ring *ring, struct ring_ask **ask)
{
	(void)ring;
	(void)ask;
	return -ENOTSUP;
}

void ring_put(struct ring *ring, struct ring_ask *ask)
{
	(void)ring;
	(void)ask;
}

int ring_hand_over(struct ring *ring)
{
	(void)ring;
	return -ENOTSUP;
}

int ring_turn(struct ring *ring)
{
	(void)ring;
	return -ENOTSUP;
}

int ring_drain(struct ring *ring)
{
	(void)ring;
	return -ENOTSUP;
}

unsigned ring_under_way(const struct ring *ring)
{
	(void)ring;
	return 0;
}

uint64_t ring_calls(struct ring *ring)
{
	(void)ring;
	return 0;
}

#endif
