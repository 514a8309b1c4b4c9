/*
 * The gate's side of a worker: a process of its own, started afresh for each unit, asked for passes
 * and made to end. Whatever the worker does - hang, crash, talk nonsense, turn out to be something
 * else - becomes an error in words here.
 */
#ifndef ENGINE_GATE_WORKER_PEER_H
#define ENGINE_GATE_WORKER_PEER_H

#include "engine/base/err.h"
#include "engine/gate/worker/protocol.h"

struct peer;

struct peer_request {
	const char *name;    /* "base", "head": for messages */
	const char *program; /* path of the statmark that works */
	struct worker_request order;
	const volatile int *stop; /* nonzero: stop waiting; may be NULL */
};

/* Starts the worker. -EBADMSG in words: the program cannot be executed; -ENOMEM, -EMFILE, -EAGAIN.
 */
int peer_start(struct peer **peer, const struct peer_request *request, struct err *err);

/*
 * Ends it, kindly and then by force, with everything it started; when stopped without waiting for
 * more than the call of the kernel that it is in. Accepts NULL.
 */
void peer_stop(struct peer *peer);

/*
 * Wait for the worker's answer. A worker's own refusal keeps its errno. -EBADMSG: it is no
 * worker or of another version, it died, hung, talked nonsense, or its measurement failed; -EINTR:
 * stopped.
 */
int peer_ready(struct peer *peer, struct worker_ready *ready, struct err *err);
int peer_pass(struct peer *peer, struct worker_pass *pass, struct err *err);
int peer_counts(struct peer *peer, struct worker_counts *counts, struct err *err);

#endif
