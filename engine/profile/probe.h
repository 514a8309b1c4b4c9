/*
 * One walk over a live tree that reads the clock around every call, to learn where the time goes.
 * Each directory is read to its end and every entry is asked for with statx as it comes, as fast
 * walks do; then its directories are entered one after the other. Nothing is changed, no symbolic
 * link is followed. Memory: descriptors of the last few levels, the path at hand, and the names of
 * directories on the way that are still to be entered, of which only so many bytes are kept.
 */
#ifndef ENGINE_PROFILE_PROBE_H
#define ENGINE_PROFILE_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/err.h"
#include "engine/base/progress.h"
#include "engine/profile/tally.h"

/*
 * A symbolic link's text and an entry's attributes are asked for of the first PROBE_ALWAYS of each,
 * then of one in PROBE_GAP, because a walk does not need them and they cost as much as the rest.
 */
enum { PROBE_ALWAYS = 1000, PROBE_GAP = 31 };

enum {
	PROBE_WINDOW = 16,       /* descriptors that are kept open, at most */
	PROBE_FAULTS_NAMED = 20, /* directories that could not be read: paths are kept of so many */
};

/* Names of directories that wait; what is beyond is counted, not entered. */
#define PROBE_PENDING_MAX ((size_t)64 << 20)

struct probe_entry {
	uint64_t dev, ino;
	bool is_directory, is_symlink;
};

/* The calls of the kernel, -errno when they fail; tests bring their own. */
struct probe_calls {
	void *arg;
	/* name NULL: fd is opened anew as the root. */
	int (*open)(void *arg, int fd, const char *name);
	long (*read)(void *arg, int fd, void *buf, size_t size); /* getdents64(2) */
	int (*look)(void *arg, int fd, const char *name, struct probe_entry *entry);
	int (*readlink)(void *arg, int fd, const char *name);
	int (*xattrs)(void *arg, const char *path); /* below the root */
	void (*close)(void *arg, int fd);
	uint64_t (*clock)(void *arg);
};

struct probe_fault {
	char *path; /* below the root */
	int error;  /* errno */
};

struct probe_request {
	const struct probe_calls *calls;
	bool crosses_mounts;
	uint64_t until_ns; /* by the clock of the calls; 0: no bound */
	const struct progress *progress;
};

struct probe {
	uint64_t wall_ns, spent_ns; /* all of it; in calls, as the clock told, nothing taken off */
	uint64_t aside_ns;          /* in calls that only a walk with few descriptors makes */
	uint64_t symlinks;
	uint64_t unreadable; /* directories that could not be read, or not to their end */
	struct probe_fault faults[PROBE_FAULTS_NAMED]; /* the first of them */
	uint64_t unasked;                              /* entries of which statx told nothing, */
	struct probe_fault first_unasked;
	uint64_t gone;        /* were listed, and had vanished when they were asked for */
	uint64_t mounts;      /* directories on other filesystems */
	uint64_t not_entered; /* directories for whose names there was no room */
	uint64_t bad_names;
	bool is_cut;         /* the time was up: there is more, */
	bool is_interrupted; /* or the user stopped it */
};

/* The real ones, of the directory root; probe_real_end also after an error. */
struct probe_real {
	struct probe_calls calls;
	const char *root;
	char *path;
	size_t room;
};
void probe_real_begin(struct probe_real *real, const char *root);
void probe_real_end(struct probe_real *real);

/*
 * Tells all to tally. What cannot be read is counted and named, and the walk goes on. Time that is
 * up and an interruption are no errors. Else those of opening the root, -EMFILE, -ENFILE, -ENOMEM.
 * probe_free also after an error.
 */
int probe_walk(struct probe *probe, const struct probe_request *request, struct tally *tally);
void probe_free(struct probe *probe);

/* This program's own time: what is left of the walk without calls and the reading of the clock. */
uint64_t probe_own_ns(const struct probe *probe, const struct tally *tally);

#endif
