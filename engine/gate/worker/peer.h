/*
 * The gate's side of a worker: a separate process, started anew for each unit, which makes passes
 * on request and is then ended. If the worker hangs, crashes, sends invalid packets or is another
 * program, this becomes an error with a message.
 */
#ifndef ENGINE_GATE_WORKER_PEER_H
#define ENGINE_GATE_WORKER_PEER_H

#include "engine/base/err.h"
#include "engine/gate/worker/protocol.h"

struct peer;

struct peer_request {
	const char *name;    /* "base", "head": for messages */
	const char *program; /* path of the worker's statmark */
	struct worker_request order;
	const volatile int *stop; /* not 0: waiting ends; may be NULL */
};

/*
 * Starts a worker; ended by peer_stop. -EBADMSG with a message: the program cannot be executed;
 * -ENOMEM, -EMFILE, -EAGAIN.
 */
int peer_start(struct peer **peer, const struct peer_request *request, struct err *err);

/*
 * Ends the worker and everything it started: it may end by itself, and is killed if it does not. If
 * the run was stopped, it waits only for the worker's current system call. Accepts NULL.
 */
void peer_stop(struct peer *peer);

/*
 * These wait for the worker's answer. A refusal by the worker has the worker's errno. -EBADMSG: it
 * is not a worker, has another version, has died, hangs, sent an invalid packet, or its measurement
 * failed; -EINTR: stopped.
 */
int peer_ready(struct peer *peer, struct worker_ready *ready, struct err *err);
int peer_pass(struct peer *peer, struct worker_pass *pass, struct err *err);
int peer_counts(struct peer *peer, struct worker_counts *counts, struct err *err);

#endif
