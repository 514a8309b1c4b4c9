/*
 * A simulated remote filesystem: any shape, served by FUSE and computed from its seed. Nothing is
 * stored, so ten million entries take no memory and no time to make. Every request takes as long as
 * with a remote server, or fails as one would. Names and attributes are those of the tree that
 * tree_create makes of the same shape. What the shape does not set is the caller's (owner) or a
 * fixed time (NODE_TIME). The filesystem is read-only.
 *
 * The server is a separate process. It is killed with the thread that started it. The mount is in
 * the caller's mount namespace, which should be a private one; then nothing is left when the caller
 * ends. If the server dies first, every request fails with ENOTCONN or ECONNABORTED.
 *
 * Permissions are checked by the server, as over NFS: root may do everything, others what modes
 * allow.
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
	SIM_UNIFORM,   /* rtt plus or minus jitter, uniform */
	SIM_LOGNORMAL, /* median rtt, sigma jitter: a long tail */
};

/* Whether listings include attributes (FUSE_READDIRPLUS). */
enum sim_readdirplus { SIM_PLUS_OFF, SIM_PLUS_ALWAYS, SIM_PLUS_AUTO };

enum { SIM_FACTS_SIZE = 256 };

struct sim_options {
	uint64_t rtt_ns; /* from request to answer, without the simulation's own time */
	double jitter;   /* as a share of rtt */
	enum sim_model model;
	uint32_t servers; /* requests served at the same time; others wait; 0: no limit */
	/*
	 * How long the kernel caches attributes and names. At 0, attributes from a lookup are used
	 * only by the call that made the lookup (for a tick of the kernel's clock), as over NFS.
	 */
	uint64_t attr_cache_ns, entry_cache_ns;
	enum sim_readdirplus readdirplus;
	uint64_t eio_one_in; /* one in so many requests fails with EIO; 0: none */
	/* Change_rtt_ns is rtt from request change_at on; change_at 0: no change. */
	uint64_t change_at, change_rtt_ns;
	uint64_t seed; /* for latencies and errors, together with a request's number */
};

enum sim_state {
	SIM_SERVES,
	SIM_UNMOUNTED, /* by another process; the server has ended */
	SIM_DIED,
};

/* Counts so far. */
struct sim_counts {
	uint64_t requests;      /* requests that are delayed: not those that release open files */
	uint64_t errors;        /* injected */
	uint32_t in_flight_max; /* largest number of requests at the same time */
	pid_t server;
	enum sim_state state;
};

struct sim;

/*
 * Parses "rtt=1ms,jitter=20%,servers=64", or a preset, "lan-nfs" or "wan", followed by changes to
 * it; "": 1 ms, fixed, and no caching. -EINVAL: the message has what was expected and what was
 * found.
 */
int sim_parse(struct sim_options *options, const char *text, struct err *err);

/*
 * Mounts on dir, an existing directory, in the caller's mount namespace, and starts the server.
 * Ended by sim_stop. shape must have passed shape_check. -ENOTSUP: FUSE is not available, or not
 * for this user, with the reason.
 */
int sim_start(struct sim **sim, const struct sim_options *options, const struct shape *shape,
	      const char *dir, struct err *err);

void sim_counts(const struct sim *sim, struct sim_counts *counts);

/*
 * Measures how long a getattr takes, with and without the simulated latency, and describes it in
 * text; these calls are not counted as requests. No other process should use the filesystem
 * meanwhile. 0 or -errno.
 */
int sim_facts(struct sim *sim, char *text, size_t size);

/* Ends the server and unmounts. Accepts NULL. */
void sim_stop(struct sim *sim);

#endif
