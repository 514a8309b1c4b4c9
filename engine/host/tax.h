/*
 * Slows down every system call of this process by a seccomp filter, as in containers, to measure
 * whether batching is worth more with slower calls. The filter allows every call.
 */
#ifndef ENGINE_HOST_TAX_H
#define ENGINE_HOST_TAX_H

#include <stdint.h>

#include "engine/base/err.h"

/* The kernel allows 32768 instructions in all filters together (seccomp(2)). */
enum { TAX_MAX = 32000 };

struct tax {
	uint32_t instructions;        /* BPF instructions per call */
	uint64_t before_ps, after_ps; /* a getppid(2) without and with the tax, picoseconds */
};

/*
 * Installs the filter for all threads of the process and those started later. It cannot be removed.
 * -ENOTSUP: seccomp filters are not available.
 */
int tax_apply(struct tax *tax, uint32_t instructions, struct err *err);

#endif
