/*
 * Distributes the work on a tree among threads. Each works on a task, a sub-tree. It offers the
 * sub-trees that it finds to the others, who take them while there is space in a short queue, and
 * works itself on those not taken. So memory and descriptors are bounded, no thread is idle while
 * there is work, and with one thread it is plain recursion.
 *
 * The caller's thread is member 0, the only one that reports progress and checks whether to stop.
 */
#ifndef DATASETS_TREE_TEAM_H
#define DATASETS_TREE_TEAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/err.h"
#include "engine/base/progress.h"

struct team;

/* The first part of every member's own state. */
struct team_thread {
	struct team *team;
	uint64_t done; /* changed only by team_done */
	unsigned number;
};

struct team_plan {
	unsigned jobs;      /* threads; 0: the number of CPUs that this process may use */
	size_t member_size; /* bytes; zeroed except for its struct team_thread */
	void *arg;          /* shared by all members */
	/* Works on a task, and takes it over. An error ends the work of all members. */
	int (*work)(struct team_thread *member, void *task);
	/* Releases a task that is not worked on. */
	void (*drop)(void *task);
	/* Called for each member in turn after all work: adds its results. May be NULL. */
	void (*sum)(struct team_thread *member);
	const struct progress *progress;
	const char *doing; /* for progress */
	uint64_t total;    /* 0: not known */
};

/*
 * Works on the first task and all tasks that result from it. Returns 0 or the first error of a
 * member.
 */
int team_run(const struct team_plan *plan, void *task, struct err *err);

void *team_arg(const struct team_thread *member);

/* The number of descriptors that each member may have open: its share of this process's limit. */
unsigned team_window(const struct team_thread *member);

/* True: another member takes the task; false: it stays with the caller. */
bool team_offer(struct team_thread *member, void *task);

/* Whether a task offered now would probably be taken; cheap. */
bool team_wants(const struct team_thread *member);

/* 0: go on; -EINTR: a stop was requested, -ECANCELED: another member has failed. */
int team_go_on(struct team_thread *member);

/* Counts one more entry. */
void team_done(struct team_thread *member);

/* The entries of all members together. */
uint64_t team_total_done(const struct team_thread *member);

/*
 * Records a failure and returns code. The first one is the result, and all other members stop soon.
 */
int team_fail(struct team_thread *member, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
