/*
 * A simulated remote filesystem: any shape, served by FUSE from its seed. Nothing is stored, so ten
 * million entries take no room and no time to make; every request takes as long as a server far
 * away would take, or errs as one would. Names and attributes are those of the tree that
 * tree_create makes of the same shape; what a shape does not give is the caller's (owner) or a
 * fixed time (NODE_TIME). The filesystem is read-only.
 *
 * The server is a process of its own. It dies with the thread that started it, and the mount is in
 * the caller's mount namespace, which is better a private one: so nothing survives the caller. When
 * the server dies first, every request ends with ENOTCONN or ECONNABORTED.
 *
 * Permissions are the server's business, as over NFS: root may do all, others what modes say.
 */
#ifndef DATASETS_SIM_SIM_H
#define DATASETS_SIM_SIM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "datasets/shape/shape.h"
#include "engine/base/err.h"

enum sim_model {
	SIM_FIXED,     /* always rtt */
	SIM_UNIFORM,   /* rtt plus or minus jitter, each alike */
	SIM_LOGNORMAL, /* median rtt, sigma jitter: a long tail */
};

/* Whether listings bring attributes along (FUSE_READDIRPLUS). */
enum sim_readdirplus { SIM_PLUS_OFF, SIM_PLUS_ALWAYS, SIM_PLUS_AUTO };

enum { SIM_FACTS_SIZE = 256 };

struct sim_options {
	uint64_t rtt_ns; /* from request to answer, without the simulation's own cost */
	double jitter;   /* share of rtt */
	enum sim_model model;
	uint32_t servers; /* requests served at the same time, the others wait; 0: all of them */
	/*
	 * How long the kernel believes what it was told. At 0 attributes that came with a lookup
	 * serve the call that looked up (for a tick of the kernel's clock), as they do over NFS.
	 */
	uint64_t attr_cache_ns, entry_cache_ns;
	enum sim_readdirplus readdirplus;
	uint64_t eio_one_in;               /* requests that end with EIO: one in so many; 0: none */
	uint64_t change_at, change_rtt_ns; /* rtt from this request on; 0: no change */
	uint64_t seed; /* of latencies and errors, drawn by a request's number */
};

enum sim_state {
	SIM_SERVES,
	SIM_UNMOUNTED, /* by another process; the server has ended */
	SIM_DIED,
};

/* What happened so far. */
struct sim_counts {
	uint64_t requests;      /* that take time: questions, not releases of what was open */
	uint64_t errors;        /* injected */
	uint32_t in_flight_max; /* requests at the same time, at most */
	pid_t server;
	enum sim_state state;
};

struct sim;

/*
 * "rtt=1ms,jitter=20%,servers=64", or a preset, "lan-nfs" or "wan", and then what differs from it;
 * nothing: 1 ms, always, and no caching. -EINVAL: what was wanted and what was found.
 */
int sim_parse(struct sim_options *options, const char *text, struct err *err);

/*
 * Mounts on dir, an existing directory, in the caller's mount namespace, and starts the server.
 * shape must have passed shape_check. -ENOTSUP: no FUSE here, or not for this user, with the
 * reason.
 */
int sim_start(struct sim **sim, const struct sim_options *options, const struct shape *shape,
	      const char *dir, struct err *err);

void sim_counts(const struct sim *sim, struct sim_counts *counts);

/*
 * Measures, and puts into words, how long a getattr really takes and what it takes without any
 * latency; both count as no request. No other process should use the filesystem meanwhile. 0 or
 * -errno.
 */
int sim_facts(struct sim *sim, char *text, size_t size);

/* Ends the server and takes the mount away. NULL is fine. */
void sim_stop(struct sim *sim);

#endif
