/*
 * Plug-ins: strategies in a shared object that exports one table. A plug-in is built against this
 * header and engine/strategy.h, which may change from build to build. So the table holds the ABI
 * number and the sizes of the structs that both sides use; if any of them differs, the plug-in is
 * refused. A change of meaning without a change of size needs a new number.
 *
 *     #include "engine/plugin.h"
 *     STRATEGY(mine) = {.name = "mine", .stage = STAGE_FETCH, .run = run, ...};
 *     STATMARK_PLUGIN(&strategy_mine);
 *
 *     gcc -shared -fPIC -D_GNU_SOURCE -I STATMARK mine.c -o libmine.so
 *     statmark run -s lstat,plugin:./libmine.so
 */
#ifndef ENGINE_PLUGIN_H
#define ENGINE_PLUGIN_H

#include "engine/strategy.h"

/* The structures whose layout a plug-in relies on. */
#define PLUGIN_LAYOUT(X)                                                                           \
	X(strategy)                                                                                \
	X(cell)                                                                                    \
	X(worker)                                                                                  \
	X(record)                                                                                  \
	X(workload)                                                                                \
	X(workload_dir)                                                                            \
	X(workload_far)                                                                            \
	X(workload_entry)                                                                          \
	X(workload_span)                                                                           \
	X(cursor)                                                                                  \
	X(sink_far)

enum plugin_struct {
#define X(name) PLUGIN_##name,
	PLUGIN_LAYOUT(X)
#undef X
		PLUGIN_STRUCTS
};

struct statmark_plugin {
	uint32_t abi;                   /* STRATEGY_ABI; the first member in every version */
	uint32_t sizes[PLUGIN_STRUCTS]; /* bytes, in the order of PLUGIN_LAYOUT */
	const struct strategy *const *strategies; /* NULL-terminated */
};

#define PLUGIN_SIZE(name) sizeof(struct name),

#define STATMARK_PLUGIN(...)                                                                       \
	extern const struct statmark_plugin statmark_plugin;                                       \
	const struct statmark_plugin statmark_plugin = {                                           \
		STRATEGY_ABI,                                                                      \
		{PLUGIN_LAYOUT(PLUGIN_SIZE)},                                                      \
		(const struct strategy *const[]){__VA_ARGS__, NULL},                               \
	}

#endif
