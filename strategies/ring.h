/*
 * The door to liburing: questions about files that the kernel answers while the asker goes on.
 *
 * A ring belongs to the thread that opened it. So many questions (`depth`) are under way at most;
 * each `turn` hands over all new ones in one io_uring_enter(2), and waits until a batch of answers
 * is there. What the kernel cannot answer without waiting, which is all of these, it gives to
 * threads that it makes for the ring's owner (iou-wrk); `workers` is the most of them at once.
 *
 * Answers come in any order. Nothing is lost when the kernel takes fewer questions than were handed
 * over, has no room for an answer, or is interrupted: a turn goes on until its batch is there.
 */
#ifndef STRATEGIES_RING_H
#define STRATEGIES_RING_H

#include "engine/strategy.h"

enum ring_op { RING_STATX, RING_OPENAT, RING_CLOSE };

/* A question from ring_begin until its answer. */
struct ring_ask {
	enum ring_op op;
	int fd;      /* to close */
	char *path;  /* room for path_size bytes, until the answer; of the other two */
	void *about; /* these two are the asker's */
	size_t entry;
	struct statx stx; /* the answer of RING_STATX */
};

/* The answer: 0 or more, or -errno. The question is over when this returns. */
typedef void ring_answer(void *arg, const struct ring_ask *ask, int result);

/* The parameters of every strategy with rings, in this order. */
enum { RING_PARAM_DEPTH, RING_PARAM_BATCH, RING_PARAM_WORKERS };
enum { RING_DEPTH_MAX = 1024, RING_WORKERS_MAX = 512 };

#define RING_PARAMS                                                                                \
	{                                                                                          \
		{"depth", "requests in flight", 64, 1, RING_DEPTH_MAX, NULL},                      \
			{"batch", "requests per system call, up to depth", 16, 1, RING_DEPTH_MAX,  \
			 NULL},                                                                    \
		{                                                                                  \
			"workers", "kernel threads for each ring; 0: the kernel's default", 0, 0,  \
				RING_WORKERS_MAX, NULL                                             \
		}                                                                                  \
	}

struct ring;

/* Can a ring be had here, and does it know these operations? 0, or -errno and the reason. */
int ring_probe(const enum ring_op *ops, size_t n, struct err *err);

/*
 * As the parameters of the worker's cell say; answers go to answer(arg, ...). -ENOTSUP: the kernel
 * refuses, and the cell says why.
 */
int ring_open(struct ring **ring, struct worker *w, size_t path_size, ring_answer *answer,
	      void *arg);
void ring_close(struct ring *ring); /* accepts NULL */

/* A question to fill in; waits for a batch of answers while as many as may be are under way. */
int ring_begin(struct ring *ring, struct ring_ask **ask);

/*
 * Puts it into the queue: statx of the path itself with STATX_BASIC_STATS; openat of a directory to
 * be read, which is no link; close. It reaches the kernel by the next of the three calls below.
 */
void ring_put(struct ring *ring, struct ring_ask *ask);

int ring_hand_over(struct ring *ring); /* waits for nothing */
int ring_turn(struct ring *ring);      /* waits for a batch of answers, or all there are to come */
int ring_drain(struct ring *ring);     /* waits for all of them */

unsigned ring_under_way(const struct ring *ring);

/* Calls of io_uring_enter since this was last asked. */
uint64_t ring_calls(struct ring *ring);

#endif
