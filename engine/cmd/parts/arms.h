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
	const struct strategy *const *strategies; /* ours and theirs, NULL-terminated */
	const char *names;                        /* the list, each item a name; NULL: all */
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
 * Reads --strategy and --stage; without --stage strategies and --baseline say which it is, and
 * programs alone walk. -EINVAL in words.
 */
int arms_gather(struct arms *arms, const struct cell_options *cells, uint64_t timeout_ns,
		struct arena *arena, struct err *err);

/* Whether --order can be had in that stage. -EINVAL in words. */
int arms_check_order(const struct arms *arms, enum order order, struct err *err);

/* Cells of programs are called by what they run, unless they were given a name. -ENOMEM. */
int arms_label(const struct arms *arms, struct selection *selection, struct arena *arena);

/* Once the tree is there: what {root} stands for in the programs. Before any crew_new. */
int arms_aim(struct arms *arms, const char *root, uint64_t entries, struct err *err);

void arms_release(struct arms *arms); /* accepts a zeroed one */

#endif
