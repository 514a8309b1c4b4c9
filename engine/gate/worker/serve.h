/*
 * The worker's side of the gate: one cell, set up and primed, which makes a pass on each request.
 */
#ifndef ENGINE_GATE_WORKER_SERVE_H
#define ENGINE_GATE_WORKER_SERVE_H

#include "engine/base/progress.h"
#include "engine/gate/worker/protocol.h"
#include "engine/host/topology.h"
#include "engine/measure/choose/select.h"
#include "engine/workload.h"

struct serve_request {
	int fd; /* socket to the gate */
	const struct cell_spec *spec;
	const int *cpus; /* one per job */
	const struct workload *load;
	const char *digest; /* of load's names and types */
	const struct topology *topology;
	/* When due: the current pass is stopped, and serve ends; NULL: never. */
	const struct halt *halt;
};

/*
 * Sends "ready" and serves requests until the gate closes its end: 0. After an error before "ready"
 * the caller has to send a refusal (serve_refuse); later errors have been sent to the gate.
 */
int serve(const struct serve_request *request, struct err *err);

/* Tells the gate that the tree is loaded. */
void serve_loaded(int fd);

/* Sends the reason why there will be no measurement. */
void serve_refuse(int fd, const struct err *err);

#endif
