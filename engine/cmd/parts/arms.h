/*
 * Turns the list of --strategy, which may contain plug-ins and outside programs, into strategies
 * and plain names, so that the engine does not depend on where a strategy comes from.
 */
#ifndef ENGINE_CMD_PARTS_ARMS_H
#define ENGINE_CMD_PARTS_ARMS_H

#include "engine/base/arena.h"
#include "engine/cmd/line/options.h"
#include "engine/gate/arm/plugin.h"
#include "engine/gate/arm/program.h"
#include "engine/measure/choose/select.h"
#include "engine/order.h"

enum { ARMS_MAX = 16 }; /* plug-ins, and programs, of one run */

struct arms {
	/* Of this program and of plug-ins and outside programs, NULL-terminated. */
	const struct strategy *const *strategies;
	const char *names; /* the list with each item replaced by a name; NULL: all */
	enum stage stage;
	struct plugin *plugins[ARMS_MAX];
	struct program *programs[ARMS_MAX];
	struct arms_label {
		const char *label, *command;
		bool is_verified;
	} labels[ARMS_MAX]; /* of the programs */
	size_t n_plugins, n_programs;
};

/*
 * Evaluates --strategy and --stage. Without --stage the strategies and --baseline decide the stage;
 * programs alone are walks. -EINVAL with a message. Released by arms_release.
 */
int arms_gather(struct arms *arms, const struct cell_options *cells, uint64_t timeout_ns,
		struct arena *arena, struct err *err);

/* Whether --order is possible in that stage. -EINVAL with a message. */
int arms_check_order(const struct arms *arms, enum order order, struct err *err);

/* Labels the cells of programs with their commands, unless they were given a name. 0 or -ENOMEM. */
int arms_label(const struct arms *arms, struct selection *selection, struct arena *arena);

/*
 * Sets what {root} is replaced by in the programs. To be called when the tree exists, and before
 * any crew_new.
 */
int arms_aim(struct arms *arms, const char *root, uint64_t entries, struct err *err);

void arms_release(struct arms *arms); /* accepts a zeroed one */

#endif
