/*
 * In place of engine/measure/watch/usage.c, which is not linked where this is included: what a pass
 * used, and how long it took, is what the script of with_run.h says.
 */
#ifndef TESTS_UNIT_SCRIPTED_USAGE_H
#define TESTS_UNIT_SCRIPTED_USAGE_H

#include "engine/measure/watch/usage.h"
#include "tests/unit/with_run.h"

void usage_read(struct usage *usage, const struct counters *counters)
{
	(void)counters;
	*usage = (struct usage){.run_delay_ns = 0};
}

void usage_read_process(struct usage *usage)
{
	*usage = (struct usage){.run_delay_ns = 0};
}

void usage_add(struct pass *pass, const struct usage *before, const struct usage *after,
	       const struct counters *counters)
{
	(void)pass, (void)before, (void)after, (void)counters;
}

void usage_read_all(struct usage_all *all)
{
	*all = (struct usage_all){.threads = 1};
}

void usage_release_all(struct usage_all *all)
{
	(void)all;
}

void usage_add_all(struct pass *pass, const struct usage_all *before, const struct usage_all *after,
		   const pid_t *workers, unsigned n)
{
	(void)before, (void)after, (void)workers, (void)n;
	pass->wall_ns = driven.step.takes_ns;
	pass->block_reads = driven.step.block_reads;
	pass->major_faults = driven.step.major_faults;
	pass->run_delay_ns = driven.step.run_delay_ns;
	pass->io_workers = driven.step.io_workers;
	pass->threads = driven.step.threads;
}

#endif
