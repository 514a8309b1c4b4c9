/*
 * Progress of long work: reports how far it is, and finds out that it should stop. Rooms below the
 * composition root only call report; engine/cmd/line/terminal.c draws.
 */
#ifndef ENGINE_BASE_PROGRESS_H
#define ENGINE_BASE_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Whether long work should stop early, because the user stopped it or the time is up. It is asked
 * once per entry, outside the timed region.
 */

struct halt {
	bool (*is_due)(void *arg); /* NULL: never */
	void *arg;
};

/* Accepts NULL: never. */
static inline bool halt_is_due(const struct halt *halt)
{
	return halt && halt->is_due && halt->is_due(halt->arg);
}

struct progress {
	/* May be NULL. Called often: it decides itself how often to draw. total 0: not known. */
	void (*report)(void *arg, const char *what, uint64_t done, uint64_t total);
	void *arg;
	const volatile int *stop; /* nonzero: stop soon and return -EINTR; may be NULL */
	/* Prints a message at once, such as one about a call that hangs; may be NULL. */
	void (*tell)(void *arg, const char *words);
	/*
	 * A pass begins (true) or ends (false); during a pass other threads stay idle. May be NULL.
	 */
	void (*busy)(void *arg, bool begins);
};

/* All accept NULL. */
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

/* The speed of work so far, to estimate the time left. Begins zeroed. */
struct pace {
	struct pace_mark {
		uint64_t spent_ns, done;
	} marks[2]; /* the second when at least half of it was done, the first when half of that */
};

/*
 * The time left, by the pace of the latest half to three quarters of what is done. false: not known
 * yet, because the pace over all is another by more than half, as after a slow beginning.
 */
bool pace_left(struct pace *pace, uint64_t spent_ns, uint64_t done, uint64_t total,
	       uint64_t *left_ns);

#endif
