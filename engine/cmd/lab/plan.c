/*
 * Chooses the runs of a guest.
 */
#include "engine/cmd/lab/lab.h"

#include <errno.h>
#include <string.h>

#include "datasets/shape/shape.h"
#include "engine/base/clock.h"
#include "engine/base/util.h"
#include "engine/cmd/parts/arms.h"
#include "engine/cmd/parts/subject.h"
#include "engine/lab/guest/guest.h"
#include "engine/lab/lab.h"

/* The programs fetch every entry's size, as the walks do. %s: fd, which Debian calls fdfind. */
#define WALKS                                                                                      \
	"walk-lstat,walk-classic/j8,walk-fused,walk-fused/j8,readdir,"                             \
	"find=exec[lines=verify]:find {root} -printf \"%%s\\n\","                                  \
	"fd=exec[lines=verify]:%s --unrestricted --changed-after 1970-01-02 . {root},"             \
	"bfs=exec[lines=verify]:bfs {root} -printf \"%%s\\n\""
/* Entries are taken one by one; with larger batches most jobs would get none. */
#define FETCHES                                                                                    \
	"lstat,fstatat,statx[sync=dont],statx[sync=force],threaded[chunk=1]/j1,"                   \
	"threaded[chunk=1]/j2,threaded[chunk=1]/j8,threaded[chunk=1]/j32,threaded[chunk=1]/j128"
/* Without cached attributes each of these takes many round trips. */
#define AGAIN "lstat,fstatat,statx[sync=dont]"

#define ENTRIES       "100"
#define ENTRIES_AGAIN "8"

static const char *walks(struct arena *arena)
{
	char path[4096];
	return arena_print(arena, WALKS,
			   guest_find("fd", path, sizeof(path)) == 0 ? "fd" : "fdfind");
}

/* With less time none of three runs would have enough rounds. */
enum { ALL_LEAST_S = 90 };

/* Both stages cold, then warm with and without cached attributes. */
static int plan_usual(struct lab_job *job)
{
	const struct lab_run runs[] = {
		{.dir = "",
		 .strategies = walks(job->arena),
		 .fs = job->kind,
		 .states = 1U << CACHE_COLD,
		 .entries = ENTRIES,
		 .percent = 44},
		{.dir = "fetch",
		 .strategies = FETCHES,
		 .fs = job->kind,
		 .states = 1U << CACHE_COLD,
		 .entries = ENTRIES,
		 .percent = 60},
		{.dir = "attributes",
		 .strategies = AGAIN,
		 .fs = job->caches,
		 .states = 1U << CACHE_WARM,
		 .entries = ENTRIES_AGAIN,
		 .percent = 100},
	};
	memcpy(job->runs, runs, sizeof(runs));
	job->n_runs = ARRAY_LEN(runs);
	if (job->options->time.max_time_s && job->options->time.max_time_s < ALL_LEAST_S) {
		job->runs[0].percent = 100;
		job->n_runs = 1;
	}
	return runs[0].strategies ? 0 : -ENOMEM;
}

static int plan_asked(struct lab_job *job)
{
	const struct lab_command *o = job->options;
	const bool fetch = o->cells.stage == STAGE_FETCH;
	job->runs[0] = (struct lab_run){
		.dir = "",
		.strategies = o->cells.strategies ? o->cells.strategies
			      : fetch             ? FETCHES
						  : walks(job->arena),
		.fs = o->fs.fs ? o->fs.fs : job->kind,
		.states = o->caches.cache ? o->caches.cache : 1U << CACHE_COLD,
		.entries = ENTRIES,
		.percent = 100,
	};
	job->n_runs = 1;
	return job->runs[0].strategies ? 0 : -ENOMEM;
}

static int check_mounts(struct lab_job *job, const struct lab_run *run, size_t *n, struct err *err)
{
	struct lab_spec **specs;
	struct err why = {0};
	int error = lab_parse(&specs, n, run->fs, job->arena, &why);
	if (error)
		return err_set(err, error, "--fs: %s", why.text);
	for (size_t i = 0; i < *n; i++) {
		if (strcmp(lab_spec_type(specs[i]), job->kind) != 0)
			return err_set(err, -EINVAL,
				       "--fs: lab %s mounts %s only, with options such as "
				       "%s; '%s' is for statmark run",
				       job->kind, job->kind, job->caches, lab_spec_label(specs[i]));
	}
	return 0;
}

/* Trees are made on the server; an existing directory of the user cannot be there. */
static int check_trees(struct lab_job *job, uint64_t *entries, struct err *err)
{
	static const char *const usual[] = {SUBJECT_USUAL, NULL};
	const char *const *words = job->words[0] ? (const char *const *)job->words : usual;
	*entries = 0;
	for (; *words; words++) {
		const struct option_counts *sizes = &job->options->fs.sizes;
		struct lab_command o = *job->options;
		struct shape shape;
		if (subject_is_directory(*words))
			return err_set(err, -EINVAL,
				       "lab makes trees from shapes; '%s' is a directory", *words);
		for (size_t i = 0; i < MAX(sizes->n, 1); i++) {
			o.tree.entries = sizes->values[i] ? sizes->values[i] : 100;
			int error = subject_shape(&shape, *words, &o.tree, err);
			if (error)
				return error;
			*entries += shape.entries;
		}
	}
	return 0;
}

static int check_cells(struct lab_job *job, const struct lab_run *run, struct err *err)
{
	struct lab_command o = *job->options;
	struct arms arms;
	struct selection selection;
	o.cells.strategies = run->strategies;
	int error = arms_gather(&arms, &o.cells, o.time.timeout_s * NS_PER_SECOND, job->arena, err);
	if (error)
		return error;
	const struct select_request request = {
		.strategies = arms.strategies,
		.stage = arms.stage,
		.names = arms.names,
		.jobs = o.cells.jobs,
		.params = (const char *const *)o.cells.params,
		.baseline = o.cells.baseline,
		.cpus = 1,
	};
	error = arms_check_order(&arms, (enum order)o.place.order, err);
	error = error ? error : select_cells(&request, job->arena, &selection, err);
	arms_release(&arms);
	return error;
}

int lab_plan(struct lab_job *job, struct err *err)
{
	const struct lab_command *o = job->options;
	const bool asks = o->cells.strategies || o->cells.stage >= 0 || o->cells.jobs || o->fs.fs ||
			  o->caches.cache || o->cells.params[0] || o->cells.baseline ||
			  o->place.order != ORDER_READDIR;
	int error = asks ? plan_asked(job) : plan_usual(job);
	uint64_t entries = 0;
	error = error ? error : check_trees(job, &entries, err);
	for (size_t i = 0; !error && i < job->n_runs; i++) {
		size_t mounts = 0;
		job->runs[i].code = -1;
		error = check_mounts(job, &job->runs[i], &mounts, err);
		error = error ? error : check_cells(job, &job->runs[i], err);
		job->entries += entries * mounts;
	}
	return error ? err_errno(err, error, "lab") : 0;
}
