/* Loads strategies from outside: a shared object with the table of engine/plugin.h. */
#ifndef ENGINE_GATE_ARM_PLUGIN_H
#define ENGINE_GATE_ARM_PLUGIN_H

#include "engine/base/err.h"
#include "engine/strategy.h"

struct plugin;

/*
 * -EINVAL in words: it cannot be loaded, has no table, another ABI or layout, or a strategy that
 * cannot be one. Its code runs in this process from here on. The program never unloads it.
 */
int plugin_open(struct plugin **plugin, const char *path, struct err *err);
void plugin_close(struct plugin *plugin); /* accepts NULL */

/* NULL-terminated. */
const struct strategy *const *plugin_strategies(const struct plugin *plugin);

#endif
