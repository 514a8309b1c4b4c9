/*
 * One walk over a live tree that reads the clock around every call, to find out where the time
 * goes. Each directory is read to its end and statx is called for every entry as it is listed, as
 * in fast walks; then its sub-directories are entered one after the other. Nothing is changed, no
 * symbolic link is followed. Memory: descriptors of the last few levels, the current path, and the
 * names of sub-directories that are still to be entered, up to PROBE_PENDING_MAX bytes.
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
 * The target of a symbolic link and an entry's attributes are fetched for the first PROBE_ALWAYS of
 * each, then for one in PROBE_GAP, because a walk does not need them and they take as long as the
 * rest.
 */
enum { PROBE_ALWAYS = 1000, PROBE_GAP = 31 };

enum {
	PROBE_WINDOW = 16,       /* most descriptors that are kept open */
	PROBE_FAULTS_NAMED = 20, /* unreadable directories whose paths are kept */
};

/* Bytes for names of sub-directories to be entered; those beyond are counted, not entered. */
#define PROBE_PENDING_MAX ((size_t)64 << 20)

struct probe_entry {
	uint64_t dev, ino;
	bool is_directory, is_symlink;
};

/* The system calls, which return -errno; replaced by tests. */
struct probe_calls {
	void *arg;
	/* name NULL: opens fd again, as the root. */
	int (*open)(void *arg, int fd, const char *name);
	long (*read)(void *arg, int fd, void *buf, size_t size); /* getdents64(2) */
	int (*stat)(void *arg, int fd, const char *name, struct probe_entry *entry);
	int (*readlink)(void *arg, int fd, const char *name);
	int (*xattrs)(void *arg, const char *path); /* path below the root */
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
	uint64_t until_ns; /* by the clock of the calls; 0: no limit */
	const struct progress *progress;
};

struct probe {
	uint64_t wall_ns, spent_ns; /* in total; in calls, including the readings of the clock */
	uint64_t aside_ns; /* in calls that are made only because few descriptors are kept */
	uint64_t symlinks;
	uint64_t unreadable; /* directories that could not be read, or only in part */
	struct probe_fault faults[PROBE_FAULTS_NAMED]; /* the first of them */
	uint64_t unasked;                              /* entries for which statx failed, */
	struct probe_fault first_unasked;
	uint64_t gone;        /* entries that had vanished before statx */
	uint64_t mounts;      /* directories on other filesystems */
	uint64_t not_entered; /* directories whose names did not fit into memory */
	uint64_t bad_names;
	bool is_cut;         /* the time was up before the end, */
	bool is_interrupted; /* or the user stopped it */
};

/*
 * The system calls below the directory root; probe_real_end has to be called also after an error.
 */
struct probe_real {
	struct probe_calls calls;
	const char *root;
	char *path;
	size_t room;
};
void probe_real_begin(struct probe_real *real, const char *root);
void probe_real_end(struct probe_real *real);

/*
 * Walks, and adds all calls to tally. Directories that cannot be read are counted and named, and
 * the walk continues. The end of the time and an interruption are no errors. Errors: those of
 * opening the root, -EMFILE, -ENFILE, -ENOMEM. probe_free has to be called also after an error.
 */
int probe_walk(struct probe *probe, const struct probe_request *request, struct tally *tally);
void probe_free(struct probe *probe);

/* The time of this program itself: the walk's time without calls and readings of the clock. */
uint64_t probe_own_ns(const struct probe *probe, const struct tally *tally);

/*
 * The time of the calls that every walk makes (open, getdents, close), of statx, and of this
 * program itself.
 */
struct shares {
	uint64_t enumeration_ns, statx_ns, own_ns, all_ns;
};
struct shares probe_shares(const struct probe *probe, const struct tally *tally);

#endif
