#include "tests/unit/with_sim.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "tests/test.h"
#include "tests/unit/with_tree.h"

static int try(struct sim **sim, const struct shape *shape, const char *options, struct err *err)
{
	struct sim_options how;
	int error = sim_parse(&how, options, err);
	mkdir("sim", 0755);
	return error ? error : sim_start(sim, &how, shape, "sim", err);
}

void need_fuse(void)
{
	static bool alone;
	const struct shape shape = shape_of("flat", 1);
	struct err err = {0};
	struct sim *sim;
	if (!alone && (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)))
		skip_because("needs root");
	alone = true;
	int error = try(&sim, &shape, "rtt=0", &err);
	if (error == -ENOTSUP)
		skip_because("%s", err.text);
	if (error)
		fail_msg("%s", err.text);
	sim_stop(sim);
}

struct sim *serve_shape(const struct shape *shape, const char *options)
{
	struct err err = {0};
	struct sim *sim = NULL;
	if (try(&sim, shape, options, &err))
		fail_msg("%s", err.text);
	return sim;
}
