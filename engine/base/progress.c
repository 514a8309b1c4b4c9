#include "engine/base/progress.h"

#include "engine/base/util.h"

enum { LEAST = 8 }; /* steps that must be done before a time is predicted */

static uint64_t at_pace(uint64_t spent_ns, uint64_t done, uint64_t left)
{
	return (uint64_t)((unsigned __int128)spent_ns * left / done);
}

bool pace_left(struct pace *p, uint64_t spent_ns, uint64_t done, uint64_t total, uint64_t *left_ns)
{
	if (done >= 2 * p->marks[1].done) {
		p->marks[0] = p->marks[1];
		p->marks[1] = (struct pace_mark){spent_ns, done};
	}
	const struct pace_mark *since = &p->marks[0];
	if (done < LEAST || done <= since->done || done >= total)
		return false;
	uint64_t all = at_pace(spent_ns, done, total - done);
	uint64_t late = at_pace(spent_ns - since->spent_ns, done - since->done, total - done);
	*left_ns = late;
	return MAX(all, late) - MIN(all, late) <= MIN(all, late) / 2;
}
