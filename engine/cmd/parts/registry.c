#include "engine/cmd/parts/registry.h"

#define X(folder, name) extern const struct strategy strategy_##name;
#include "strategies/strategies.def"
#undef X

const struct strategy *const strategies[] = {
#define X(folder, name) &strategy_##name,
#include "strategies/strategies.def"
#undef X
	NULL,
};
