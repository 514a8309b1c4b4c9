/* The worker's side of the gate: one cell, made ready and primed, passed whenever it is asked to.
 */
#ifndef ENGINE_GATE_WORKER_SERVE_H
#define ENGINE_GATE_WORKER_SERVE_H

#include "engine/base/progress.h"
#include "engine/gate/worker/protocol.h"
#include "engine/host/topology.h"
#include "engine/measure/choose/select.h"
#include "engine/workload.h"

struct serve_request {
	int fd; /* the gate's socket */
	const struct cell_spec *spec;
	const int *cpus; /* one per job */
	const struct workload *load;
	const char *digest; /* of load's names and types */
	const struct topology *topology;
	const struct halt *halt; /* due: leave the pass at hand and end; NULL: never */
};

/*
 * Says that it is ready and serves until the gate closes its end: 0. An error before that is for
 * the caller to refuse with (serve_refuse); later ones have been told to the gate.
 */
int serve(const struct serve_request *request, struct err *err);

/* Tells the gate that the tree is loaded. */
void serve_loaded(int fd);

/* Tells the gate why there will be no measurement. */
void serve_refuse(int fd, const struct err *err);

#endif
