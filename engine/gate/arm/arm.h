/*
 * Arms: everything that can be measured, as people write it.
 *
 *     lstat   strategy:statx[mask=size]/j2     a strategy of this program
 *     plugin:./libmine.so   plugin:./libmine.so:mine[depth=3]/j2
 *     exec:./mywalker {root}   exec[lines=verify,jobs=4]:find {root}   find=exec:find {root}
 *     bin:./old/statmark:lstat/j2              another build of statmark, with an arm of its own
 *
 * A path holds no colon. A plug-in's only strategy, or its first, need not be named. A binary's arm
 * may be missing where a list of strategies tells it.
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
	const char *text; /* as it was written */
	const char *name; /* that it was given: NAME=exec:.., also that of the inner arm; or NULL */
	const char *path; /* of the plug-in or the other build */
	const char *cell; /* NAME[param=value,..][/jN]; NULL: the plug-in's first strategy */
	const char *command; /* of exec */
	const char *inner;   /* text of the arm that the other build runs, without name; or NULL */
	unsigned jobs;       /* as named, also in cell or the inner arm; 0: not, but 1 of exec */
	bool names_jobs;     /* also of the inner arm: "/jN" or "jobs=N" was written */
	bool verify_lines;
};

/* Strings lie in the arena. -EINVAL in words. Nothing is opened: what is named may not exist. */
int arm_parse(struct arm *arm, const char *text, struct arena *arena, struct err *err);

/* The text behind "NAME=", which every build understands. */
const char *arm_unnamed(const struct arm *arm);

/*
 * The arm with a number of jobs, unless it names one: *given says whether it took this one. -EINVAL
 * in words: it can be given none, because the strategy's name is not known. -ENOMEM.
 */
int arm_give_jobs(struct arm *arm, const char *jobs, struct arena *arena, bool *given,
		  struct err *err);

/* -EINVAL in words where a strategy of the list, NULL-terminated, has the arm's name already. */
int arm_check_name(const struct arm *arm, const struct strategy *const *list, struct err *err);

/* An arm of this very process, ready to be measured: a strategy with parameters and jobs. */
struct arm_spec {
	struct cell_spec cell;
	struct plugin *plugin;   /* NULL unless ARM_PLUGIN */
	struct program *program; /* NULL unless ARM_EXEC */
};

struct arm_request {
	const struct strategy *const *strategies; /* of this program */
	unsigned cpus;                            /* allowed ones */
	const char *root;                         /* of the tree, for exec */
	uint64_t entries;                         /* below it */
	enum stage stage;                         /* that exec takes part in */
	uint64_t timeout_ns;                      /* of exec; 0: none */
	int hangup_fd;                            /* of exec; -1: none */
};

/* -EINVAL: unknown strategy or parameter, a plug-in that is refused; ARM_BINARY. */
int arm_open(struct arm_spec *spec, const struct arm *arm, const struct arm_request *request,
	     struct arena *arena, struct err *err);
void arm_close(struct arm_spec *spec); /* accepts a zeroed one */

#endif
