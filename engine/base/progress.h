/*
 * Progress of long work: reports how much is done, and checks whether the work should stop. Code
 * outside the composition root only calls report; engine/cmd/line/terminal.c draws.
 */
#ifndef ENGINE_BASE_PROGRESS_H
#define ENGINE_BASE_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Whether long work should stop early, because the user stopped it or time is up. It is checked
 * once per entry, outside the timed region.
 */

struct halt {
	bool (*is_due)(void *arg); /* NULL: never */
	void *arg;
};

/* halt NULL: never. */
static inline bool halt_is_due(const struct halt *halt)
{
	return halt && halt->is_due && halt->is_due(halt->arg);
}

struct progress {
	/*
	 * Reports `done` of `total` steps (0: not known) of the work `what`. It is called often and
	 * limits the drawing itself. May be NULL.
	 */
	void (*report)(void *arg, const char *what, uint64_t done, uint64_t total);
	void *arg;
	const volatile int *stop; /* not 0: stop soon and return -EINTR; may be NULL */
	/* Prints a message at once, for example about a call that hangs. May be NULL. */
	void (*tell)(void *arg, const char *words);
	/*
	 * A pass begins (true) or ends (false); during a pass other threads should be idle. May be
	 * NULL.
	 */
	void (*busy)(void *arg, bool begins);
};

/* In all of these p may be NULL. */
static inline void progress_report(const struct progress *p, const char *what, uint64_t done,
				   uint64_t total)
{
	if (p && p->report)
		p->report(p->arg, what, done, total);
}

static inline void progress_tell(const struct progress *p, const char *words)
{
	if (p && p->tell)
		p->tell(p->arg, words);
}

static inline void progress_busy(const struct progress *p, bool begins)
{
	if (p && p->busy)
		p->busy(p->arg, begins);
}

static inline bool progress_stopped(const struct progress *p)
{
	return p && p->stop && *p->stop;
}

/* The speed of work so far, to predict the time left. Zeroed at first. */
struct pace {
	struct pace_mark {
		uint64_t spent_ns, done;
		/*
		 * At two points in time: the second when at least half of the work so far was done,
		 * the first when half of that was.
		 */
	} marks[2];
};

/*
 * Predicts the time left, from the speed during the latest half to three quarters of the work done.
 * False: not known yet, because the average speed differs from it by more than half, as after a
 * slow beginning.
 */
bool pace_left(struct pace *pace, uint64_t spent_ns, uint64_t done, uint64_t total,
	       uint64_t *left_ns);

#endif
