/*
 * Cache states: which part of a tree the kernel's caches hold when a pass begins. A state is made
 * before the pass and checked afterwards, by the evidence that the filesystem provides.
 *
 * Caches are emptied by a remount, by the user's command or, for the whole machine, by
 * --drop-caches; never without one of these.
 */
#ifndef ENGINE_MEASURE_VERIFY_CACHE_STATE_H
#define ENGINE_MEASURE_VERIFY_CACHE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/err.h"
#include "engine/result.h"

/*
 * Evidence that a pass was cold. The kernel counts the blocks that a process reads from disk, and
 * requests of network filesystems. On other filesystems there is only the time of the pass, or
 * --trust-cold.
 */

/*
 * The evidence that a filesystem (NULL: not known, so blocks) provides. dev: device of the tree's
 * root. trusts: --trust-cold, used only if the evidence would be the time.
 */
enum cold_evidence evidence_find(const struct fs_facts *fs, uint64_t dev, bool trusts);

/*
 * The number of requests of that filesystem so far; COUNT_UNKNOWN if the evidence is not a number
 * of requests, or they cannot be read.
 */
uint64_t evidence_requests(enum cold_evidence evidence, const struct fs_facts *fs);

/*
 * The same from the text of /proc/self/mountstats and of /proc/fs/cifs/Stats, which is modified.
 * COUNT_UNKNOWN: the mount, or the share, is missing, or has no counts.
 */
uint64_t evidence_parse_nfs(char *text, const char *mount_point);
uint64_t evidence_parse_cifs(char *text, const char *source);

/* The means to make a state. Zeroed: none. */
struct cache_control {
	const char *cold_command;    /* empties the caches of the tree's filesystem; NULL: none */
	const char *prepare_command; /* run before every pass, in any state; NULL: none */
	bool may_drop;               /* /proc/sys/vm/drop_caches may be written */
	bool trusts; /* --trust-cold: a cold state is assumed where only the time could show it */
	bool in_memory; /* the filesystem is on one without a disk, such as an overlay's layers */
	uint64_t timeout_ns;      /* of a command; 0: no limit */
	const volatile int *stop; /* not 0: a command is stopped; may be NULL */
	/* Remounts the tree's filesystem if statmark mounted it; NULL: it did not. */
	int (*remount)(void *arg, struct err *err);
	void *arg;
};

/*
 * Whether a state is possible on a filesystem of that type (as in /proc/filesystems): 0,
 * -EOPNOTSUPP: it has no such state, -EPERM: no permitted means makes it. err has the reason.
 */
int cache_state_probe(enum cache_state state, const struct cache_control *control,
		      const char *fs_type, struct err *err);

/* How it will be made, for the document: "drop_caches=3"; NULL: it is not made. */
const char *cache_state_means(enum cache_state state, const struct cache_control *control);

/*
 * Whether making it runs a remount or a command of the user, so that the tree must not be in use.
 */
bool cache_state_needs_tree(enum cache_state state, const struct cache_control *control);

/*
 * Makes the state, before a pass and untimed; tree_fd is a descriptor on the filesystem. Commands
 * are run by /bin/sh, with their output on stderr. A command that is stopped or late is ended with
 * its whole process group. 0, -EIO: a command failed, -ETIMEDOUT: it was late, -EINTR: it was
 * stopped, or an errno of opening or writing drop_caches.
 */
int cache_state_make(enum cache_state state, const struct cache_control *control, int tree_fd,
		     struct err *err);

/* The facts that a pass is judged by. */
struct cache_proof {
	enum cold_evidence evidence;
	uint64_t requests_least; /* fewest requests of a cold pass over this tree */
	uint64_t primed_ns;      /* the longest pass with full caches; 0: not known */
};

/* Why this pass cannot have begun in that state; CAUSE_NONE: it can. */
enum cause cache_state_refute(enum cache_state state, const struct cache_proof *proof,
			      const struct pass *pass);

/* Whether checking the state needs the time of passes with full caches. */
bool cache_state_wants_primed(enum cache_state state, enum cold_evidence evidence);

#endif
