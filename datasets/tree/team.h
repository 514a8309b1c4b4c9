/*
 * Threads that share the work on a tree. Each works on a task, a sub-tree; what it comes across
 * there it offers to the others, who take it as long as there is room in a short queue, and does
 * itself what they do not take. So memory and descriptors are bounded, no thread is idle while
 * there is work, and with one thread it is plain recursion.
 *
 * The caller's thread is member 0, the only one that reports progress and asks whether to stop.
 */
#ifndef DATASETS_TREE_TEAM_H
#define DATASETS_TREE_TEAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/err.h"
#include "engine/base/progress.h"

struct team;

/* Begins every member's own state. */
struct team_thread {
	struct team *team;
	uint64_t done; /* through member_done only */
	unsigned number;
};

struct team_plan {
	unsigned jobs;      /* threads; 0: as many as CPUs that this process may use */
	size_t member_size; /* bytes; zeroed but for its struct team_thread */
	void *arg;          /* for all */
	/* Works on a task, which is the member's from now on. Errors end everything. */
	int (*work)(struct team_thread *member, void *task);
	/* Gets rid of a task that is not worked on any more. */
	void (*drop)(void *task);
	/* After all work, for each member in turn: adds up what it found. May be NULL. */
	void (*sum)(struct team_thread *member);
	const struct progress *progress;
	const char *doing; /* for progress */
	uint64_t total;    /* 0: not known */
};

/* Works on the first task and what comes of it. The first error that a member returned. */
int team_run(const struct team_plan *plan, void *task, struct err *err);

void *team_arg(const struct team_thread *member);

/* Descriptors that each member may have open at a time: some of this process's limit. */
unsigned team_window(const struct team_thread *member);

/* Whether another takes the task; else it stays the caller's. */
bool team_offer(struct team_thread *member, void *task);

/* Whether a task offered now would be taken: cheap, and right most of the time. */
bool team_wants(const struct team_thread *member);

/* Whether to go on: -EINTR when told to stop, -ECANCELED when another member has failed. */
int team_go_on(struct team_thread *member);

/* One more entry is done. */
void team_done(struct team_thread *member);

/* By all members together. */
uint64_t team_total_done(const struct team_thread *member);

/*
 * Records a failure and returns code; the first one counts, and every other member stops soon.
 */
int team_fail(struct team_thread *member, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
