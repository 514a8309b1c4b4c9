/*
 * Makes every system call of this process slower by a seccomp filter, as containers do, to measure
 * whether batching pays with slower calls. The filter allows every call.
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
 * Installs the filter for all threads of the process and those it starts. It cannot be removed.
 * -ENOTSUP: no seccomp filters here.
 */
int tax_apply(struct tax *tax, uint32_t instructions, struct err *err);

#endif
