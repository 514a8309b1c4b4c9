/*
 * Cache states: which part of a tree the kernel's caches hold when a pass begins. A state is made
 * before the pass, and checked afterwards by the evidence that the filesystem gives.
 *
 * Caches are emptied by a remount, by the user's command or, for the whole machine, by
 * --drop-caches, and never unless one of these is asked for.
 */
#ifndef ENGINE_MEASURE_VERIFY_CACHE_STATE_H
#define ENGINE_MEASURE_VERIFY_CACHE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/err.h"
#include "engine/result.h"

/*
 * Evidence that a pass was cold. The kernel counts the blocks that it reads from a disk for a
 * process, and on network filesystems the requests. Elsewhere there is only the time of the pass,
 * or the user's word.
 */

/*
 * What there is on a filesystem (NULL: not known, so blocks), where the tree's root is on device
 * dev. The user's word counts only where there would be nothing but the time.
 */
enum cold_evidence evidence_find(const struct fs_facts *fs, uint64_t dev, bool trusts);

/* Requests of that filesystem so far; COUNT_UNKNOWN where evidence is no count of requests. */
uint64_t evidence_requests(enum cold_evidence evidence, const struct fs_facts *fs);

/*
 * The same from the text of /proc/self/mountstats and of /proc/fs/cifs/Stats, which is cut up.
 * COUNT_UNKNOWN: the mount, or the share, is not in it, or has no counts.
 */
uint64_t evidence_parse_nfs(char *text, const char *mount_point);
uint64_t evidence_parse_cifs(char *text, const char *source);

/* By what a state can be made. All zero: by nothing. */
struct cache_control {
	const char *cold_command;    /* empties the caches of the tree's filesystem; NULL: none */
	const char *prepare_command; /* run before every pass, in any state; NULL: none */
	bool may_drop;               /* /proc/sys/vm/drop_caches may be written */
	bool trusts; /* --trust-cold: a cold state is believed where only the time could show it */
	bool in_memory;      /* the filesystem lies on one without a disk: an overlay's layers */
	uint64_t timeout_ns; /* of a command; 0: no bound */
	const volatile int *stop; /* nonzero: a command is stopped; may be NULL */
	/* Mounts the tree's filesystem anew, when it is one that statmark mounted; NULL: it is not.
	 */
	int (*remount)(void *arg, struct err *err);
	void *arg;
};

/*
 * Whether a state can be had on a filesystem of that type (as in /proc/filesystems): 0,
 * -EOPNOTSUPP where there is no such state, -EPERM where nothing may make it; err says the reason.
 */
int cache_state_probe(enum cache_state state, const struct cache_control *control,
		      const char *fs_type, struct err *err);

/* How it will be made, for the document: "drop_caches=3"; NULL: by nothing. */
const char *cache_state_means(enum cache_state state, const struct cache_control *control);

/* Whether making it, by a remount or a command of the user's, may need the tree to itself. */
bool cache_state_needs_tree(enum cache_state state, const struct cache_control *control);

/*
 * Makes the state, before a pass and outside its time; tree_fd lies on the filesystem. Commands run
 * by /bin/sh, their output goes to stderr; one that is stopped, or late, is ended with its whole
 * process group. Errors: a command that fails (-EIO), is late (-ETIMEDOUT) or was stopped (-EINTR),
 * those of write(2).
 */
int cache_state_make(enum cache_state state, const struct cache_control *control, int tree_fd,
		     struct err *err);

/* By what a pass is judged. */
struct cache_proof {
	enum cold_evidence evidence;
	uint64_t requests_least; /* that any cold pass over this tree has to send */
	uint64_t primed_ns;      /* the longest pass with full caches; 0: not known */
};

/* Why this pass cannot have begun in that state; CAUSE_NONE: it may have. */
enum cause cache_state_refute(enum cache_state state, const struct cache_proof *proof,
			      const struct pass *pass);

/* Whether a state needs to know what passes with full caches take. */
bool cache_state_wants_primed(enum cache_state state, enum cold_evidence evidence);

#endif
