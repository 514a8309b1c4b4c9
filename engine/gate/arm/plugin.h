/*
 * Loads plug-ins: shared objects with the table of engine/plugin.h.
 */
#ifndef ENGINE_GATE_ARM_PLUGIN_H
#define ENGINE_GATE_ARM_PLUGIN_H

#include "engine/base/err.h"
#include "engine/strategy.h"

struct plugin;

/*
 * Loads a plug-in. -EINVAL with a message: it cannot be loaded, has no table, another ABI or
 * layout, or an invalid strategy. From here on its code can run in this process. It is never
 * unloaded.
 */
int plugin_open(struct plugin **plugin, const char *path, struct err *err);
void plugin_close(struct plugin *plugin); /* accepts NULL */

/* NULL-terminated; they stay valid after plugin_close. */
const struct strategy *const *plugin_strategies(const struct plugin *plugin);

#endif
