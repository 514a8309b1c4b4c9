#include "datasets/sim/sim.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "datasets/sim/answer.h"
#include "datasets/sim/server.h"
#include "engine/base/clock.h"
#include "engine/base/count.h"
#include "engine/base/util.h"
#include "engine/lab/fuse.h"

enum { BACKGROUND = 4096 };

struct sim {
	pid_t server;
	uint64_t rtt_ns;
	struct server_shared *shared;
	uint64_t device;    /* of the mount */
	char dir[PATH_MAX]; /* absolute */
};

static uint64_t features(enum sim_readdirplus plus)
{
	uint64_t wanted = FUSE_PARALLEL_DIROPS | FUSE_ASYNC_READ | FUSE_ASYNC_DIO | FUSE_MAX_PAGES;
	if (plus != SIM_PLUS_OFF)
		wanted |= FUSE_DO_READDIRPLUS;
	if (plus == SIM_PLUS_AUTO)
		wanted |= FUSE_READDIRPLUS_AUTO;
	return wanted;
}

/*
 * Device number of the filesystem mounted on dir, without a request to the server. 0: not
 * available.
 */
static uint64_t device_of(const char *dir)
{
	struct statx st;
	if (statx(AT_FDCWD, dir, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, 0, &st))
		return 0;
	return (uint64_t)st.stx_dev_major << 32 | st.stx_dev_minor;
}

static int serve(struct sim *sim, const struct sim_options *options, const struct shape *shape,
		 struct err *err)
{
	const struct fuse_mount_options wanted = {
		.name = "statmark-sim",
		.what = "a simulated filesystem",
		.root = S_IFDIR,
		.flags = MS_RDONLY,
		.features = features(options->readdirplus),
		.max_write = ANSWER_ROOM,
		.background = BACKGROUND,
	};
	const pid_t parent = getpid();
	struct fuse fuse;
	int error = fuse_mount(&fuse, sim->dir, &wanted, err);
	if (error)
		return error;
	sim->device = device_of(sim->dir);
	sim->server = fork();
	if (sim->server == 0)
		server_run(&fuse, options, shape, sim->shared, parent);
	error = sim->server < 0 ? -errno : 0;
	/* Only the server keeps a descriptor, so that the kernel aborts the mount when it dies. */
	close(fuse.fd);
	if (error)
		fuse_unmount(sim->dir);
	return error ? err_errno(err, error, "cannot start the server of %s", sim->dir) : 0;
}

int sim_start(struct sim **started, const struct sim_options *options, const struct shape *shape,
	      const char *dir, struct err *err)
{
	*started = NULL;
	struct sim *sim = calloc(1, sizeof(*sim));
	if (!sim)
		return err_errno(err, -ENOMEM, "%s", dir);
	sim->rtt_ns = options->rtt_ns;
	sim->shared = mmap(NULL, sizeof(*sim->shared), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int error = sim->shared == MAP_FAILED || !realpath(dir, sim->dir) ? -errno : 0;
	error = error ? err_errno(err, error, "cannot serve %s", dir)
		      : serve(sim, options, shape, err);
	if (!error) {
		*started = sim;
		return 0;
	}
	if (sim->shared != MAP_FAILED)
		munmap(sim->shared, sizeof(*sim->shared));
	free(sim);
	return error;
}

static enum sim_state state_of(const struct sim *sim)
{
	siginfo_t end = {0};
	if (waitid(P_PID, (id_t)sim->server, &end, WEXITED | WNOHANG | WNOWAIT) || !end.si_pid)
		return SIM_SERVES;
	return end.si_code == CLD_EXITED && end.si_status == 0 ? SIM_UNMOUNTED : SIM_DIED;
}

void sim_counts(const struct sim *sim, struct sim_counts *counts)
{
	*counts = (struct sim_counts){
		.requests = atomic_load(&sim->shared->requests),
		.errors = atomic_load(&sim->shared->errors),
		.in_flight_max = atomic_load(&sim->shared->in_flight_max),
		.server = sim->server,
		.state = state_of(sim),
	};
}

/* --- How long a getattr takes -------------------------------------------------------------- */

enum { TRIALS_MAX = 201 };
#define TRIAL_TIME (NS_PER_SECOND / 5)

static int by_size(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

/* The median of some calls, as many as fit into the time. 0: the call failed, see errno. */
static uint64_t time_getattr(const struct sim *sim, int fd, enum server_trial trial)
{
	uint64_t took[TRIALS_MAX], began = clock_ns();
	struct statx st;
	size_t n = 0;
	atomic_store(&sim->shared->trial, trial);
	while (n < TRIALS_MAX && (n == 0 || clock_ns() - began < TRIAL_TIME)) {
		uint64_t before = clock_ns();
		if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, &st)) {
			n = 0;
			break;
		}
		took[n++] = clock_ns() - before;
	}
	atomic_store(&sim->shared->trial, TRIAL_NONE);
	qsort(took, n, sizeof(*took), by_size);
	return n ? took[n / 2] : 0;
}

int sim_facts(struct sim *sim, char *text, size_t size)
{
	int fd = open(sim->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	const uint64_t own = time_getattr(sim, fd, TRIAL_AT_ONCE);
	const uint64_t all = own ? time_getattr(sim, fd, TRIAL_AS_EVER) : 0;
	const int error = all ? 0 : -errno;
	struct sim_counts counts;
	close(fd);
	if (error)
		return error;
	sim_counts(sim, &counts);
	int used = snprintf(text, size,
			    "a getattr takes %.3f ms where %.3f ms were requested; %.1f us "
			    "without latency",
			    (double)all / 1e6, (double)sim->rtt_ns / 1e6, (double)own / 1e3);
	if (counts.requests && used > 0 && (size_t)used < size)
		snprintf(text + used, size - (size_t)used,
			 "; %s so far, at most %" PRIu32 " at the same time",
			 COUNTED(counts.requests, "request"), counts.in_flight_max);
	return 0;
}

void sim_stop(struct sim *sim)
{
	if (!sim)
		return;
	if (device_of(sim->dir) == sim->device) /* otherwise another process has unmounted it */
		fuse_unmount(sim->dir);
	kill(sim->server, SIGKILL);
	TEMP_FAILURE_RETRY(waitpid(sim->server, NULL, 0));
	munmap(sim->shared, sizeof(*sim->shared));
	free(sim);
}
