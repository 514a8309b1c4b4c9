/*
 * Findings: facts of a machine that make measurements noisy or impossible, with advice. They are
 * made by rules from facts alone, so the facts of any machine can be checked on another.
 */
#ifndef ENGINE_HOST_FINDING_H
#define ENGINE_HOST_FINDING_H

#include "engine/base/arena.h"
#include "engine/result.h"

enum severity {
	SEVERITY_FINE,
	SEVERITY_NOTE,    /* readers of the figures should know it */
	SEVERITY_WARNING, /* should be changed, if possible */
};

struct finding {
	const char *code; /* part of the interface */
	enum severity severity;
	const char *text;
	const char *advice; /* what to do; NULL: nothing */
};

enum { FINDINGS_MAX = 32 };

struct findings {
	struct arena *arena; /* of their words */
	size_t n;
	struct finding items[FINDINGS_MAX];
};

const char *severity_name(enum severity severity);

/* Adds one; text and advice may be NULL when memory ran out, then it is left out. */
void finding_add(struct findings *findings, const char *code, enum severity severity,
		 const char *text, const char *advice);

/* What the machine is: governor, turbo, SMT, mitigations, hypervisor, clock, limits, load. */
void finding_host(struct findings *findings, const struct host_facts *host);

/* What the filesystem is that trees are made on. */
void finding_fs(struct findings *findings, const struct fs_facts *fs, bool is_root);

/* Of a run: steal, disturbed passes, missing counters. */
void finding_run(struct findings *findings, const struct result *result);

#endif
