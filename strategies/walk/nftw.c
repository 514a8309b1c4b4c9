/*
 * nftw(3), the walker of POSIX: stats each name relative to its directory's descriptor, as long as
 * it has descriptors for all directories above. glibc's ends the whole walk if a directory cannot
 * be opened for another reason than EACCES, and needs a descriptor for every level of a path longer
 * than PATH_MAX; so it gets as many as possible. Its FTW_MOUNT omits mount points, while all other
 * walkers list them without entering; so FTW_ACTIONRETVAL is used here to skip what is below them.
 */
#include <ftw.h>
#include <sys/resource.h>

#include "strategies/walk/listing.h"

struct state {
	int descriptors;
	int error; /* why the walk was stopped */
};

/* nftw passes no argument to its callback. */
static __thread struct worker *walking;

static int stop(struct worker *w, int error)
{
	struct state *state = w->cell->state;
	state->error = error;
	return FTW_STOP;
}

static int setup(struct cell *cell, struct err *err)
{
	enum { MOST = 1024, LEFT_OVER = 32 };
	struct state *state = cell->state;
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit))
		return err_errno(err, -errno, "RLIMIT_NOFILE");
	state->descriptors = limit.rlim_cur > MOST            ? MOST
			     : limit.rlim_cur > 2 * LEFT_OVER ? (int)limit.rlim_cur - LEFT_OVER
							      : (int)limit.rlim_cur / 2;
	return 0;
}

static int add_entry(const char *path, const struct stat *st, int flag, struct FTW *at)
{
	struct worker *w = walking;
	int error = flag == FTW_NS ? errno : 0;
	if (worker_stopped(w))
		return stop(w, -ECANCELED);
	if (at->level == 0)
		return flag == FTW_D ? FTW_CONTINUE : stop(w, -EACCES);
	path += w->load->root_len + 1;
	size_t len = strlen(path);
	if (listing_is_nameless(path, len)) {
		error = listing_fail_nameless(w->cell->sink, path, len);
		return error ? stop(w, error) : FTW_CONTINUE;
	}
	struct record *r = sink_add(w->cell->sink, path, len);
	if (!r)
		return stop(w, -ENOMEM);
	if (flag == FTW_NS) {
		record_fail(r, error);
		return FTW_CONTINUE;
	}
	record_stat(r, st);
	if (!workload_enters(w->load, st->st_dev))
		return flag == FTW_D ? FTW_SKIP_SUBTREE : FTW_CONTINUE;
	if (flag == FTW_DNR && sink_fail(w->cell->sink, path, len, EACCES))
		return stop(w, -ENOMEM);
	return FTW_CONTINUE;
}

static int run(struct worker *w)
{
	const struct state *state = w->cell->state;
	walk_begin(w);
	walking = w;
	int ret = nftw(w->path, add_entry, state->descriptors, FTW_PHYS | FTW_ACTIONRETVAL);
	int error = ret == FTW_STOP ? state->error : ret ? -errno : 0;
	sink_sort(w->cell->sink);
	return error;
}

STRATEGY(nftw) = {
	.name = "nftw",
	.summary = "nftw(3) of the C library",
	.stage = STAGE_WALK,
	.flags = STRATEGY_SEQUENTIAL,
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_DIR},
	.cell_size = sizeof(struct state),
	.uncounted = "the C library makes them",
	.setup = setup,
	.run = run,
};
