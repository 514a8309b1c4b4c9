/* Facts about the machine and the filesystem that a run was made on. */
#ifndef ENGINE_HOST_HOST_H
#define ENGINE_HOST_HOST_H

#include <stdbool.h>

#include "engine/base/err.h"
#include "engine/host/topology.h"
#include "engine/result.h"

/*
 * Collects the facts; takes some milliseconds, because it times the clock. Unknown facts are NULL,
 * 0 or, for the load, COUNT_UNKNOWN. root: the directory that contains /proc, /sys and /etc, "" for
 * this machine's own. 0 or -ENOMEM.
 */
int host_read(struct host_facts *host, const char *root, const struct topology *topology,
	      struct arena *arena);

/*
 * A digest of the facts that stay the same on one machine: without load, name, kernel and
 * frequency. NULL: out of memory.
 */
const char *host_fingerprint(const struct host_facts *host, struct arena *arena);

/* One try of fixed arithmetic, some ten microseconds: elapsed time and CPU time, ns. */
struct speed_try {
	uint64_t wall_ns, cpu_ns;
};

/*
 * The median time of the tries that kept their CPU, ns. A try whose elapsed time exceeds its CPU
 * time by an eighth was pre-empted and is left out. 0: fewer than 3 are left.
 */
uint64_t host_undisturbed_ns(const struct speed_try *tries, size_t n);

/*
 * The current duration of a step of fixed arithmetic on this CPU, picoseconds: by
 * host_undisturbed_ns over several tries. It depends only on the CPU's clock frequency. 0: not
 * known.
 */
uint64_t host_step_ps(void);

/* The filesystem of path. Errors: those of statvfs(3), -ENOMEM. */
int fs_read(struct fs_facts *fs, const char *path, struct arena *arena, struct err *err);

/* A line of /proc/self/mountinfo, split into its fields. */

struct mount_line {
	const char *root; /* the directory of the filesystem that is mounted */
	const char *mount_point, *options, *type, *source;
	const char *super_options; /* NULL: none */
};

/* Splits line in place; the fields point into it. False: it is malformed. */
bool mount_line_cut(char *line, struct mount_line *mount);

#endif
