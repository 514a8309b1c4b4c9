/* The list of all strategies, built from strategies.def. */
#ifndef ENGINE_CMD_PARTS_REGISTRY_H
#define ENGINE_CMD_PARTS_REGISTRY_H

#include "engine/strategy.h"

/* The baseline of each stage first; NULL-terminated. */
extern const struct strategy *const strategies[];

#endif
