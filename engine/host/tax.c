#include "engine/host/tax.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"

/* One filter holds at most BPF_MAXINSNS instructions; several may be stacked. */
enum { FILTER_MAX = 4000 };

/*
 * Since Linux 5.11 the kernel caches for which calls a filter always allows without reading the
 * arguments, and skips it for those. So this filter reads an argument, and every further
 * instruction depends on the previous one.
 */
static int add_filter(uint32_t instructions)
{
	struct sock_filter *code = calloc(instructions + 2, sizeof(*code));
	if (!code)
		return -ENOMEM;
	code[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					       offsetof(struct seccomp_data, args[0]));
	for (uint32_t i = 1; i <= instructions; i++)
		code[i] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, i | 1);
	code[instructions + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {(unsigned short)(instructions + 2), code};
	long failed =
		syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
	int error = failed ? -errno : 0;
	free(code);
	return error;
}

/* The fastest of several batches of the simplest system call. */
static uint64_t time_call_ps(void)
{
	enum { BATCHES = 20, CALLS = 2000 };
	uint64_t best = UINT64_MAX;
	for (int batch = 0; batch < BATCHES; batch++) {
		uint64_t began = clock_ns();
		for (int i = 0; i < CALLS; i++)
			syscall(SYS_getppid);
		best = MIN(best, clock_ns() - began);
	}
	return best * 1000 / CALLS;
}

int tax_apply(struct tax *tax, uint32_t instructions, struct err *err)
{
	int error = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
	*tax = (struct tax){.instructions = instructions, .before_ps = time_call_ps()};
	while (!error && instructions) {
		uint32_t now = MIN(instructions, FILTER_MAX);
		error = add_filter(now);
		instructions -= now;
	}
	if (error == -ENOSYS || error == -EINVAL)
		error = -ENOTSUP;
	if (error)
		return err_errno(err, error, "--syscall-tax: seccomp filters");
	tax->after_ps = time_call_ps();
	return 0;
}
