/*
 * Computes the answers of the simulated filesystem to requests. server.c delays them.
 */
#ifndef DATASETS_SIM_ANSWER_H
#define DATASETS_SIM_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "datasets/sim/nodes.h"
#include "datasets/sim/sim.h"
#include "engine/lab/fuse.h"

/* Bytes of the largest answer: a listing, or the contents of a file. */
#define ANSWER_ROOM ((size_t)1 << 20)

/* The state of one thread. */
struct answerer {
	const struct sim_options *options;
	struct nodes nodes;
	char data[ANSWER_ROOM];
};

enum answer_kind {
	ANSWER_NONE,    /* the request needs no answer */
	ANSWER_AT_HOME, /* a real client would not send this to its server */
	ANSWER_REMOTE,
};

struct sim_answer {
	int error; /* 0: data; they stay valid until the next answer */
	size_t size;
	const void *data;
};

enum answer_kind answer_to(struct answerer *a, const struct fuse_request *request,
			   struct sim_answer *answer);

#endif
