/*
 * A guest: Linux as a process (user-mode-linux), with this machine's files as its root, read-only,
 * and a script as its only program. It needs no privilege and leaves nothing behind: its memory and
 * its script are files without a name, and it is killed when this process ends, however it ends.
 */
#ifndef ENGINE_LAB_GUEST_GUEST_H
#define ENGINE_LAB_GUEST_GUEST_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/err.h"

struct guest_request {
	const char *program; /* path of linux.uml */
	/* For its /bin/sh: guest.sh, with variables before and commands after it. */
	const char *script;
	uint64_t memory_bytes;
	uint64_t boot_ns;         /* limit until it measures */
	uint64_t run_ns;          /* limit for everything; 0: none */
	uint64_t farewell_ns;     /* limit from the request to end until it has ended */
	const volatile int *stop; /* not 0: it is requested to end */
	/* Called with the output of programs on the guest's second terminal. */
	void (*said)(void *arg, const char *text, size_t size);
	void (*step)(void *arg, const char *words); /* a step before the first run begins */
	void (*began)(void *arg);                   /* a run begins */
	/* A run has ended, with that exit code; dir: where its results are. */
	void (*ended)(void *arg, int code, const char *dir);
	void *arg;
};

/*
 * Starts a guest and waits until it has shut down. -EIO, with the end of its console in the
 * message: it crashed, or its script failed; -ETIMEDOUT: it took too long; -EINTR: it was requested
 * to end.
 */
int guest_run(const struct guest_request *request, struct err *err);

/* The name of a program and of its package. */
struct guest_need {
	const char *program, *package;
};

/* The first program of the list (which ends with NULL) that is missing; NULL: none. */
const struct guest_need *guest_lacks(const struct guest_need *needs);

/* Finds a program in $PATH or in the directories for root's programs. 0 or -ENOENT. */
int guest_find(const char *program, char *path, size_t size);

/* A script of this folder, by its name without ".sh": "guest". */
const char *guest_text(const char *name);

#endif
