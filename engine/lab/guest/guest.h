/*
 * A guest: Linux as a program (user-mode-linux), with this machine's files as its root, read-only,
 * and a script as all that it does. It needs no privilege, and leaves nothing: its memory and its
 * script are files without a name, and it is gone with us, whatever ends us.
 */
#ifndef ENGINE_LAB_GUEST_GUEST_H
#define ENGINE_LAB_GUEST_GUEST_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/err.h"

struct guest_request {
	const char *program; /* path of linux.uml */
	const char *script;  /* for its /bin/sh: guest.sh between what it needs and is to do */
	uint64_t memory_bytes;
	uint64_t boot_ns;         /* until it measures, at most */
	uint64_t run_ns;          /* all of it, at most; 0: no bound */
	uint64_t farewell_ns;     /* from the request to end until it has ended, at most */
	const volatile int *stop; /* nonzero: it is asked to end */
	/* What a program on the guest's second terminal writes. */
	void (*said)(void *arg, const char *text, size_t size);
	/* A step begins, in words; code of a run that has ended, -1: none, and its directory. */
	void (*step)(void *arg, const char *words);
	void (*ended)(void *arg, int code, const char *dir);
	void *arg;
};

/*
 * Starts it and waits until it has switched itself off. -EIO, with words that have the end of its
 * console in them: it died, or gave up; -ETIMEDOUT: it took too long; -EINTR: it was asked to end.
 */
int guest_run(const struct guest_request *request, struct err *err);

/* What a program and its package is called. */
struct guest_need {
	const char *program, *package;
};

/* The first of these, up to a NULL, that is not here; NULL: all are. */
const struct guest_need *guest_lacks(const struct guest_need *needs);

/* Where a program lies: in $PATH, or where those of root are; 0 or -ENOENT. */
int guest_find(const char *program, char *path, size_t size);

/* A script of this folder, by its name without ".sh": "guest". */
const char *guest_text(const char *name);

#endif
