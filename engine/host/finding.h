/*
 * Findings: facts of a machine that make measurements noisy or impossible, with advice. They are
 * derived by rules from facts alone, so the facts of one machine can be checked on another.
 */
#ifndef ENGINE_HOST_FINDING_H
#define ENGINE_HOST_FINDING_H

#include "engine/base/arena.h"
#include "engine/result.h"

enum severity {
	SEVERITY_FINE,
	SEVERITY_NOTE,    /* to be known by readers of the figures */
	SEVERITY_WARNING, /* should be changed, if possible */
};

struct finding {
	const char *code; /* part of the public interface */
	enum severity severity;
	const char *text;
	const char *advice; /* what to do; NULL: nothing */
};

enum { FINDINGS_MAX = 32 };

struct findings {
	struct arena *arena; /* for their strings */
	size_t n;
	struct finding items[FINDINGS_MAX];
};

const char *severity_name(enum severity severity);

/* Adds a finding. text and advice may be NULL after an allocation failed; then it is left out. */
void finding_add(struct findings *findings, const char *code, enum severity severity,
		 const char *text, const char *advice);

/*
 * Findings about the machine: governor, turbo, SMT, mitigations, hypervisor, clock, limits, load.
 */
void finding_host(struct findings *findings, const struct host_facts *host);

/* Findings about the filesystem on which trees are made. */
void finding_fs(struct findings *findings, const struct fs_facts *fs, bool is_root);

/* Findings about a run: steal, disturbed passes, missing counters. */
void finding_run(struct findings *findings, const struct result *result);

#endif
