/*
 * Lists by tables and by calls, compared on real filesystems that are made for one test.
 */
#ifndef TESTS_UNIT_WITH_BULK_H
#define TESTS_UNIT_WITH_BULK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include "strategies/flist/flist.h"
#include "tests/scratch.h"

#ifdef FLIST_PORTABLE
enum { COMPILED_IN = 0 };
#else
enum { COMPILED_IN = 1 };
#endif

enum {
	LARGE = 3000, /* entries of a directory that has an index */
	DEVICES = 2,  /* of a tree, which an xfs is asked for by calls */
};

struct place {
	struct scratch scratch;
	char root[256]; /* where it is mounted */
	const char *type;
};

/* Ends the process of a test with what is wrong. */
#define hold(condition, ...)                                                                       \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition);            \
			fprintf(stderr, __VA_ARGS__);                                              \
			fputc('\n', stderr);                                                       \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

/* ---- Trees ----------------------------------------------------------------------------------- */

int64_t now_ns(void);
void pause_ms(long ms);
bool make_file(int at, const char *name, const char *text, off_t offset);
bool make_dir(int at, const char *name, bool (*make)(int at));
bool make_nested(int at);
bool make_tree(const char *where);

/*
 * What the library gets from flist_bulk_calls_first() and flist_bulk_run_least(); `on` sets them to
 * 0 and 1.
 */
extern size_t bulk_calls_first, bulk_run_least;

/* ---- Filesystems and lists ------------------------------------------------------------------- */

/* Runs a test on a filesystem that is made with these options. 77: it cannot be mounted here. */
void on(const char *type, const char *options, void (*test)(const struct place *place));
/* On a directory of it, with another one beside. */
void on_part(const char *type, const char *options, void (*test)(const struct place *place));
void on_large(const char *type, unsigned mebibytes, const char *options,
	      void (*test)(const struct place *place));

struct flist_list *collect(const char *root, const struct flist_collect_options *options,
			   unsigned flags);

void hold_same_since(const struct flist_list *a, const struct flist_list *b, int64_t since_ns);

void hold_same_lists(const struct flist_list *a, const struct flist_list *b);

/*
 * With 1 job, 2, and as many as pay. Returns the last list; with `all`, everything in it has come
 * from tables, of an xfs but for two devices.
 */
struct flist_list *compare(const char *root, const struct flist_collect_options *options, bool all);

/* No list by tables is begun so, and the reason has these words in it. */
void hold_refused(const char *root, const struct flist_collect_options *options, const char *words);

/* ---- What holds of every filesystem ---------------------------------------------------------- */

void tree_is_the_same(const struct place *p);
/* Jobs that are not given are found, where tables are read and where they are not. */
void jobs_are_found(const struct place *p);
bool make_hundred_files(int at);
bool make_hundred_directories(int at);
bool make_large(int at);
void filter_and_each_and_lazy(const struct place *p);
void mounts_are_seen(const struct place *p);
void without_privilege(const struct place *p);
/* A file whose blocks nobody has allocated yet. */
void unwritten_sizes_are_seen(const struct place *p);

struct change {
	const char *root;
	bool done;
};

/* When the first entry is told, what is to come changes: files go, come, and are written. */
int change(void *arg, unsigned worker, const struct flist_item *item);

/* All that changes after the call has begun, or right before it, is listed as it is. */
void changes_are_seen(const struct place *p);

#endif
