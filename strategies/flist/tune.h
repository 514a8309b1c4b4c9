/*
 * Chooses the number of jobs while they work, from the duration of system calls and never from the
 * type of the filesystem.
 *
 * One job begins. After a first measurement others join it: as many as there are CPUs if calls are
 * fast, up to 16 at once if they wait. These few cost little if calls wait, so they stay whatever
 * the next windows show: the calls in a window of a millisecond depend more on its entries than on
 * the number of jobs. More jobs are tried soon only if each wait is long, four times as many at a
 * time; if waits are short, starting the threads costs more than they gain, so that is tried late.
 * A step beyond the few is kept if waits did not become longer, or if the number of calls completed
 * per second has risen by enough; otherwise it is taken back and a smaller one is tried. If waits
 * are short, the first window of such a step is not evaluated, since its threads are only starting,
 * and the next step is tried late if this one gained less than half of what it could. Then the
 * number is held. It is tried again after pauses of increasing length, or soon if calls begin to
 * take much longer or shorter.
 *
 * A thread that is off the CPU may not be waiting for a call: on a busy machine it waits for a CPU,
 * and more threads do not help. So more jobs than CPUs are tried only if threads sleep voluntarily.
 *
 * This file has only the arithmetic: time, calls, CPU time and sleeps are arguments.
 */
#ifndef FLIST_TUNE_H
#define FLIST_TUNE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	FLIST_TUNE_MOST = 128,          /* jobs, unless the caller sets a limit */
	FLIST_TUNE_WINDOW = 500 * 1000, /* ns: minimum of a window */
	FLIST_TUNE_WAITS = 50 * 1000,   /* ns: a call that takes so long waits for something */
	FLIST_TUNE_LONG_WINDOW =
		2000 * 1000, /* ns: the same when held, or with more jobs than CPUs */
	FLIST_TUNE_FIRST_WINDOW = 200 * 1000 /* ns: window of the first job alone */
};

enum flist_tune_phase {
	FLIST_TUNE_CLIMB, /* more jobs, as long as that pays */
	FLIST_TUNE_LOWER, /* half of the jobs, which may be as fast */
	FLIST_TUNE_HOLD,
};

/* Sums of all jobs since any fixed time. */
struct flist_tally {
	uint64_t now_ns, calls, cpu_ns;
	uint64_t sleeps; /* number of times that threads waited for something other than a CPU */
};

struct flist_tune {
	unsigned jobs, most, cpus;
	enum flist_tune_phase phase;
	struct flist_tally since; /* at the beginning of this window */
	/*
	 * From where the rate before a step is measured: the beginning of the hold, the last time
	 * that a job was idle, or some windows ago.
	 */
	struct flist_tally held;
	unsigned last_jobs;     /* number of jobs before the last step, */
	double last_rate;       /* and calls/ns then; 0: not known */
	double wait_ns;         /* of a call, when the number was last held */
	double off_ns;          /* see struct tune_sample: the smallest so far; 0: no job slept */
	double gain;            /* of the last step: new rate / old rate */
	unsigned refused;       /* number of jobs of a step just taken back; 0: none */
	double refused_rate;    /* calls/ns with that number */
	unsigned factor;        /* by which the step multiplied the jobs */
	unsigned pause, paused; /* windows to hold; windows held so far */
	unsigned changed;       /* windows in a row with other waits than wait_ns */
	bool is_starting;       /* threads were just started: this window is not evaluated */
	bool is_settled;        /* the number has been held for a window */
	bool is_careful;        /* a large step was taken back */
};

/*
 * Begins with one job. most: maximum number of jobs; cpus: number of CPUs; both at least 1. now:
 * the sums at the beginning.
 */
void flist_tune_begin(struct flist_tune *tune, unsigned most, unsigned cpus,
		      const struct flist_tally *now);

/*
 * Whether the window has enough calls for an evaluation. calls: the sum, as in struct flist_tally.
 */
bool flist_tune_is_due(const struct flist_tune *tune, uint64_t calls);

/* Returns the earliest time of the next evaluation, ns. */
uint64_t flist_tune_next(const struct flist_tune *tune);

/*
 * Evaluates a window, when that is due, and returns the new number of jobs. idle: a job had no work
 * in this window, so it is not evaluated.
 */
unsigned flist_tune_update(struct flist_tune *tune, const struct flist_tally *tally, bool idle);

/* Lowers the maximum: no more than `jobs` can be started. */
void flist_tune_limit(struct flist_tune *tune, unsigned jobs);

#endif
