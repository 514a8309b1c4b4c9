/*
 * Wraps liburing: submits requests about files, which the kernel completes while the thread
 * continues.
 *
 * A ring belongs to the thread that opened it. At most `depth` requests are in flight. Each
 * ring_turn submits all new requests by one io_uring_enter(2), and waits until `batch` of them are
 * complete. The kernel runs operations that may block, which statx always is, in threads that it
 * makes for the ring's owner (iou-wrk); `workers` is the maximum number of them.
 *
 * Completions come in any order. If the kernel accepts fewer requests than were submitted, has no
 * room for a completion, or is interrupted, nothing is lost: ring_turn continues until its batch is
 * complete.
 */
#ifndef STRATEGIES_RING_H
#define STRATEGIES_RING_H

#include "engine/strategy.h"

enum ring_op { RING_STATX, RING_OPENAT, RING_CLOSE };

/* A request, from ring_begin until its completion. */
struct ring_ask {
	enum ring_op op;
	int fd;      /* of RING_CLOSE */
	char *path;  /* of the others: room for path_size bytes, valid until the completion */
	void *about; /* this and entry are for the caller */
	size_t entry;
	struct statx stx; /* result of RING_STATX */
};

/*
 * Called for each completion. result: 0 or more, or -errno. The request may be reused when this
 * returns.
 */
typedef void ring_answer(void *arg, const struct ring_ask *ask, int result);

/* The parameters of each strategy that uses a ring, in this order. */
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

/*
 * Tests whether a ring can be made and has these operations. 0, or -errno with the reason in err.
 */
int ring_probe(const enum ring_op *ops, size_t n, struct err *err);

/*
 * Makes a ring with the parameters of the worker's cell. path_size: bytes for the path of each
 * request. Completions are passed to answer(arg, ...). -ENOMEM; -ENOTSUP: the kernel refuses it,
 * and the reason is in cell->why.
 */
int ring_open(struct ring **ring, struct worker *w, size_t path_size, ring_answer *answer,
	      void *arg);
void ring_close(struct ring *ring); /* accepts NULL */

/*
 * Returns a free request in *ask, to be filled in. If all are in flight, waits for a batch first. 0
 * or -errno.
 */
int ring_begin(struct ring *ring, struct ring_ask **ask);

/*
 * Queues a request: statx of the path itself, without following links, with STATX_BASIC_STATS;
 * openat of a directory for reading, which is no link; or close. The next call of one of the three
 * functions below submits it.
 */
void ring_put(struct ring *ring, struct ring_ask *ask);

int ring_hand_over(struct ring *ring); /* submits, without waiting */
int ring_turn(struct ring *ring);  /* submits, and waits for a batch, or all that are in flight */
int ring_drain(struct ring *ring); /* submits, and waits for all */

unsigned ring_under_way(const struct ring *ring);

/* Returns the number of io_uring_enter calls since the last call of this function. */
uint64_t ring_calls(struct ring *ring);

#endif
