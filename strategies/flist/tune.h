/*
 * How many jobs pay: found while they work, from how fast calls are answered, never from what kind
 * of filesystem it is.
 *
 * One job begins. After a look at how long calls take others join it: as many as there are CPUs
 * where calls are fast, up to 16 at once where they wait. These few cost little there, so they stay
 * whatever the next windows show: a window of a millisecond says more about the entries in it than
 * about the number of jobs. More are tried at once only where each wait is long, four times as many
 * at a time; where waits are short, making the threads costs more than they gain, so that is tried
 * late. A step beyond the few is kept if waits did not become longer, or if the calls answered per
 * second went up by enough; else it is taken back and a smaller one is tried. Then the number is
 * held, and tried again after pauses that grow, or at once when calls begin to take much longer or
 * shorter.
 *
 * A thread that is off the CPU need not wait for an answer: on a busy machine it waits for a CPU,
 * which more threads do not make faster. So more jobs than CPUs are tried only where threads go to
 * sleep by themselves.
 *
 * This file has only the arithmetic: clock, calls, CPU time and sleeps are its arguments.
 */
#ifndef FLIST_TUNE_H
#define FLIST_TUNE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	FLIST_TUNE_MOST = 128,          /* jobs, unless the caller says how many */
	FLIST_TUNE_WINDOW = 500 * 1000, /* ns that are measured at least */
	FLIST_TUNE_WAITS = 50 * 1000,   /* ns: a call that takes so long waits for something */
	FLIST_TUNE_LONG_WINDOW =
		2000 * 1000,               /* ns, once the number is settled: no hurry any more */
	FLIST_TUNE_FIRST_LOOK = 200 * 1000 /* ns for the first job alone */
};

enum flist_tune_phase {
	FLIST_TUNE_CLIMB, /* more and more, as long as it pays */
	FLIST_TUNE_LOWER, /* half of them, which may be as fast */
	FLIST_TUNE_HOLD,
};

/* Counted from the beginning. */
struct flist_tally {
	uint64_t now_ns, calls, cpu_ns;
	uint64_t sleeps; /* how often threads have waited for something else than a CPU */
};

struct flist_tune {
	unsigned jobs, most, cpus;
	enum flist_tune_phase phase;
	struct flist_tally since; /* when this window began */
	unsigned last_jobs;       /* what is gone back to, */
	double last_rate;         /* calls/ns then; 0: not known */
	double wait_ns;           /* of a call when the number was settled */
	double off_ns;            /* see struct tune_sample: the shortest seen; 0: no job slept */
	double gain;              /* of the last step that was kept */
	unsigned refused;         /* jobs, of the step that was just taken back; 0: none */
	double refused_rate;      /* calls/ns with them */
	unsigned factor;          /* of the step under way */
	unsigned pause, paused;   /* windows to hold, and held */
	unsigned changed;         /* of them, those in turn that were other than expected */
	bool is_settled;          /* once it has been held */
	bool is_careful;          /* a large step has been taken back */
};

/* most, cpus: at least 1. now: what all that follow are counted from. */
void flist_tune_begin(struct flist_tune *tune, unsigned most, unsigned cpus,
		      const struct flist_tally *now);

/* Whether so many calls in all are enough for a look. */
bool flist_tune_is_due(const struct flist_tune *tune, uint64_t calls);

/* When to look next, at the earliest. */
uint64_t flist_tune_next(const struct flist_tune *tune);

/*
 * A look, when it is due: how many jobs there shall be from now on. idle: one of them had nothing
 * to do since the last look, so nothing can be learned.
 */
unsigned flist_tune_look(struct flist_tune *tune, const struct flist_tally *tally, bool idle);

/* No more than `jobs` can be had. */
void flist_tune_limit(struct flist_tune *tune, unsigned jobs);

#endif
