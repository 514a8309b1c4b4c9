/*
 * Whether calls wait: for a network, a disk or another process. It is measured while a job walks,
 * not concluded from the filesystem's name: an NFS server may be fast, a local disk may not. The
 * clock is read a few times in a directory, never for each entry.
 *
 * One slow measurement may be a job that had to wait for a CPU, so it takes two in turn. One fast
 * measurement of questions is enough to go back.
 */
#ifndef FLIST_COLLECT_PACE_H
#define FLIST_COLLECT_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "strategies/flist/clock.h"

enum {
	FLIST_CALL_WAITS = 50 * 1000, /* ns: a call from a cache takes 1 us, waking a thread 50 */
	FLIST_PACE_SURE = 2,          /* slow measurements, one after the other */
};

/* Of a job; all zero: fast as far as it knows. */
struct flist_pace {
	uint64_t since; /* ns: when the calls began that are measured next */
	unsigned slow;  /* measurements in turn, up to FLIST_PACE_SURE */
};

static inline void flist_pace_begin(struct flist_pace *pace)
{
	pace->since = flist_clock();
}

/* So many calls were made since the last measurement; only those that ask show that calls do not
 * wait, since a directory may be cached where its entries are not. Returns the time, ns. */
static inline uint64_t flist_pace_measure(struct flist_pace *pace, size_t calls, bool asking)
{
	const uint64_t now = flist_clock();
	if (now - pace->since > calls * FLIST_CALL_WAITS)
		pace->slow += pace->slow < FLIST_PACE_SURE;
	else if (asking)
		pace->slow = 0;
	pace->since = now;
	return now;
}

static inline bool flist_pace_waits(const struct flist_pace *pace)
{
	return pace->slow >= FLIST_PACE_SURE;
}

#endif
