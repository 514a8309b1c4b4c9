/*
 * Arms: everything that can be measured, as written on the command line.
 *
 *     lstat   strategy:statx[mask=size]/j2     a strategy of this program
 *     plugin:./libmine.so   plugin:./libmine.so:mine[depth=3]/j2
 *     exec:./mywalker {root}   exec[lines=verify,jobs=4]:find {root}   find=exec:find {root}
 *     bin:./old/statmark:lstat/j2              another build of statmark, with an arm of its own
 *
 * A path contains no colon. Without the name of a strategy, a plug-in's first one is meant. The arm
 * of a binary may be missing if a list of strategies is given.
 */
#ifndef ENGINE_GATE_ARM_ARM_H
#define ENGINE_GATE_ARM_ARM_H

#include <stdbool.h>

#include "engine/base/arena.h"
#include "engine/base/err.h"
#include "engine/gate/arm/plugin.h"
#include "engine/gate/arm/program.h"
#include "engine/measure/choose/select.h"

enum arm_kind { ARM_STRATEGY, ARM_PLUGIN, ARM_EXEC, ARM_BINARY };

struct arm {
	enum arm_kind kind;
	const char *text;    /* as written by the user */
	const char *name;    /* NAME of NAME=exec:.., also that of the inner arm; or NULL */
	const char *path;    /* of the plug-in or the other build */
	const char *cell;    /* NAME[param=value,..][/jN]; NULL: the plug-in's first strategy */
	const char *command; /* of exec */
	const char *inner;   /* text, without name, of the arm that the other build runs; or NULL */
	unsigned jobs;   /* as given, also in cell or the inner arm; 0: not given, but 1 for exec */
	bool names_jobs; /* "/jN" or "jobs=N" is given, also in the inner arm */
	bool verify_lines;
};

/*
 * Parses text; strings are in the arena. -EINVAL with a message. Nothing is opened, so plug-ins and
 * programs need not exist.
 */
int arm_parse(struct arm *arm, const char *text, struct arena *arena, struct err *err);

/* The text without "NAME=", which older builds understand, too. */
const char *arm_unnamed(const struct arm *arm);

/*
 * Gives an arm a number of jobs. *given: false if it already names a number. -EINVAL with a
 * message: the number is invalid, or the arm names no strategy. -ENOMEM.
 */
int arm_give_jobs(struct arm *arm, const char *jobs, struct arena *arena, bool *given,
		  struct err *err);

/* -EINVAL with a message if a strategy in list (NULL-terminated) has the arm's name. */
int arm_check_name(const struct arm *arm, const struct strategy *const *list, struct err *err);

/* An arm of this process, ready to be measured: a strategy with parameters and jobs. */
struct arm_spec {
	struct cell_spec cell;
	struct plugin *plugin;   /* NULL unless ARM_PLUGIN */
	struct program *program; /* NULL unless ARM_EXEC */
};

struct arm_request {
	const struct strategy *const *strategies; /* of this program */
	unsigned cpus;                            /* the number of CPUs allowed */
	const char *root;                         /* of the tree, for exec */
	uint64_t entries;                         /* below root */
	enum stage stage;                         /* the stage in which exec takes part */
	uint64_t timeout_ns;                      /* for exec; 0: none */
	int hangup_fd;                            /* for exec; -1: none */
};

/*
 * -EINVAL: unknown strategy or parameter, a plug-in that is refused, or an ARM_BINARY. Closed by
 * arm_close.
 */
int arm_open(struct arm_spec *spec, const struct arm *arm, const struct arm_request *request,
	     struct arena *arena, struct err *err);
void arm_close(struct arm_spec *spec); /* accepts a zeroed one */

#endif
