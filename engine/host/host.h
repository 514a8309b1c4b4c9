/* Facts about the machine and the filesystem that a run was made on. */
#ifndef ENGINE_HOST_HOST_H
#define ENGINE_HOST_HOST_H

#include <stdbool.h>

#include "engine/base/err.h"
#include "engine/host/topology.h"
#include "engine/result.h"

/*
 * Takes some milliseconds (it times the clock). What cannot be found out is NULL, 0 or, of the
 * load, COUNT_UNKNOWN. root: the directory that /proc, /sys and /etc lie in, "" for this machine's
 * own. -ENOMEM.
 */
int host_look(struct host_facts *host, const char *root, const struct topology *topology,
	      struct arena *arena);

/*
 * A digest of what stays the same while the machine stays the same: no load, no name, no kernel, no
 * frequency. NULL: out of memory.
 */
const char *host_fingerprint(const struct host_facts *host, struct arena *arena);

/* One try of some ten microseconds of fixed arithmetic: by the clock, and on the CPU, ns. */
struct speed_try {
	uint64_t wall_ns, cpu_ns;
};

/*
 * The median time of the tries that kept their CPU, ns. A try that lasted an eighth longer than it
 * ran was pre-empted and says nothing. 0: fewer than 3 are left.
 */
uint64_t host_undisturbed_ns(const struct speed_try *tries, size_t n);

/*
 * What a step of fixed arithmetic takes on this CPU just now, picoseconds: of several tries, as
 * host_undisturbed_ns has it. It follows the CPU's clock and nothing else. 0: not known.
 */
uint64_t host_step_ps(void);

/* The filesystem that path lies on. Errors: those of statvfs(3), -ENOMEM. */
int fs_look(struct fs_facts *fs, const char *path, struct arena *arena, struct err *err);

/* A line of /proc/self/mountinfo, cut into its fields. */

struct mount_line {
	const char *root; /* what of the filesystem is mounted */
	const char *mount_point, *options, *type, *source;
	const char *super_options; /* NULL: none */
};

/* The fields point into line, which is changed. false: it is no such line. */
bool mount_line_cut(char *line, struct mount_line *mount);

#endif
