/*
 * A tax on every system call of this process, as containers levy one with their seccomp filters:
 * so that the question "does batching pay?" can be asked for cheaper and dearer calls. The filter
 * allows everything; it only takes its time.
 */
#ifndef ENGINE_HOST_TAX_H
#define ENGINE_HOST_TAX_H

#include <stdint.h>

#include "engine/base/err.h"

enum { TAX_MAX = 32000 }; /* instructions; the kernel allows 32768 over all filters (seccomp(2)) */

struct tax {
	uint32_t instructions;        /* of BPF, per call */
	uint64_t before_ps, after_ps; /* a getppid(2) without and with the tax, picoseconds */
};

/*
 * Levies the tax on all threads of the process and those it starts, for good: it cannot be lifted.
 * -ENOTSUP: no seccomp filters here.
 */
int tax_apply(struct tax *tax, uint32_t instructions, struct err *err);

#endif
