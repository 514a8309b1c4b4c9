#include "tests/conformance/with_bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/xattr.h>

#include "engine/base/util.h"

int bench_open(struct bench *b, const char *path, struct err *err)
{
	*b = (struct bench){0};
	memset(b->cpus, -1, sizeof(b->cpus));
	int error = topology_open(&b->topology, NULL, err);
	if (!error)
		error = workload_load(&b->load, path, NULL, NULL, err);
	if (!error)
		error = crew_new(&b->crew, BENCH_JOBS, b->topology, err);
	if (error)
		return error;
	size_t n = MAX(b->load->n_entries, 1);
	b->records = aligned_alloc(CACHE_LINE, n * sizeof(*b->records));
	if (!b->records)
		return err_errno(err, -ENOMEM, "records");
	memset(b->records, 0, n * sizeof(*b->records));
	b->sink = sink_new();
	return b->sink ? 0 : err_errno(err, -ENOMEM, "sink");
}

void bench_close(struct bench *b)
{
	crew_free(b->crew);
	reference_release(&b->reference);
	sink_free(b->sink);
	free(b->records);
	workload_free(b->load);
	topology_close(b->topology);
}

/* cell->strategy is the first member of the hook that bench_meter made. */
static int prepare_and_change(struct cell *cell)
{
	const struct bench_hook *hook = (const struct bench_hook *)cell->strategy;
	struct bench *b = hook->bench;
	bench_change *change = b->change;
	b->change = NULL;
	int error = hook->real->prepare ? hook->real->prepare(cell) : 0;
	return error || !change ? error : change(b, b->change_at, NULL);
}

static int change_and_deliver(struct cell *cell, struct sink *sink)
{
	const struct bench_hook *hook = (const struct bench_hook *)cell->strategy;
	struct bench *b = hook->bench;
	bench_change *late = b->late;
	b->late = NULL;
	int error = late ? late(b, b->change_at, NULL) : 0;
	return error || !hook->real->deliver ? error : hook->real->deliver(cell, sink);
}

int bench_meter(struct bench *b, const struct strategy *strategy, const int64_t *params,
		unsigned jobs, struct meter **meter, struct err *err)
{
	int64_t initial[PARAMS_MAX];
	for (size_t i = 0; i < PARAMS_MAX; i++)
		initial[i] = strategy->params[i].initial;
	b->hook = (struct bench_hook){.strategy = *strategy, .real = strategy, .bench = b};
	b->hook.strategy.prepare = prepare_and_change;
	b->hook.strategy.deliver = change_and_deliver;
	const struct meter_request request = {
		.strategy = &b->hook.strategy,
		.params = params ? params : initial,
		.jobs = jobs,
		.cpus = b->cpus,
		.load = b->load,
		.records = b->records,
		.sink = b->sink,
		.crew = b->crew,
		.topology = b->topology,
	};
	return meter_open(meter, &request, err);
}

int bench_refer(struct bench *b, struct meter *meter, struct err *err)
{
	reference_release(&b->reference);
	b->reference =
		(struct reference){.load = b->load, .stage = meter_cell(meter)->strategy->stage};
	int error = reference_want(&b->reference, &meter_cell(meter)->answer);
	if (!error && meter_cell(meter)->sink)
		error = workload_load(&b->reference.now, b->load->root, NULL, NULL, err);
	if (!error)
		error = reference_take(&b->reference);
	return error ? err_errno(err, error, "taking the reference") : 0;
}

int bench_expect(struct bench *b, struct meter *meter, enum verified want, struct err *err)
{
	static const char *const words[] = {"right", "changed", "wrong", "open", "without memory"};
	char why[512] = "";
	struct digest digest;
	struct pass pass;
	int error = meter_pass(meter, &pass, err);
	if (error)
		return error;
	enum verified got =
		verify_pass(&b->reference, meter_cell(meter), &digest, why, sizeof(why));
	if (got == want)
		return 0;
	return err_set(err, -EBADMSG, "a pass is judged %s, not %s%s%s", words[got], words[want],
		       *why ? ": " : "", why);
}

int bench_expect_change(struct bench *b, struct meter *meter, bench_change *change, uint32_t entry,
			enum verified want, struct err *err)
{
	b->change = change;
	b->change_at = entry;
	int error = bench_expect(b, meter, want, err);
	if (!error)
		error = bench_refer(b, meter, err);
	return error ? error : bench_expect(b, meter, VERIFIED_RIGHT, err);
}

int bench_expect_late(struct bench *b, struct meter *meter, bench_change *change, uint32_t entry,
		      struct err *err)
{
	b->late = change;
	b->change_at = entry;
	int error = bench_expect(b, meter, VERIFIED_RIGHT, err);
	return error ? error : bench_refer(b, meter, err);
}

/* The values that a parameter is tried with. */
enum { VALUES_MAX = 32 };
static size_t values_of(const struct param *param, int64_t values[VALUES_MAX])
{
	size_t n = 0;
	if (!param->words) {
		values[n++] = param->initial;
		if (param->min != param->initial)
			values[n++] = param->min;
		if (param->max != param->initial && param->max != param->min)
			values[n++] = param->max;
		return n;
	}
	for (; param->words[n] && n < VALUES_MAX; n++)
		values[n] = (int64_t)n;
	return n;
}

/* Goes on to the next combination of values; false after the last. */
static bool next_params(const struct strategy *strategy, size_t at[PARAMS_MAX],
			int64_t params[PARAMS_MAX])
{
	bool more = false;
	for (size_t i = 0; i < PARAMS_MAX && strategy->params[i].name; i++) {
		int64_t values[VALUES_MAX];
		size_t n = values_of(&strategy->params[i], values);
		if (!more)
			at[i]++;
		more |= at[i] < n;
		at[i] %= n;
		params[i] = values[at[i]];
	}
	return more;
}

static void first_params(const struct strategy *strategy, int64_t params[PARAMS_MAX])
{
	for (size_t i = 0; i < PARAMS_MAX && strategy->params[i].name; i++) {
		int64_t values[VALUES_MAX];
		values_of(&strategy->params[i], values);
		params[i] = values[0];
	}
}

static const char *label(const struct strategy *strategy, const int64_t *params, unsigned jobs,
			 char *text, size_t size)
{
	size_t used = (size_t)snprintf(text, size, "%s/j%u", strategy->name, jobs);
	for (size_t i = 0; i < PARAMS_MAX && strategy->params[i].name && used < size; i++) {
		const struct param *param = &strategy->params[i];
		if (param->words)
			used += (size_t)snprintf(text + used, size - used, " %s=%s", param->name,
						 param->words[params[i]]);
		else
			used += (size_t)snprintf(text + used, size - used, " %s=%lld", param->name,
						 (long long)params[i]);
	}
	return text;
}

static bool are_initial(const struct strategy *strategy, const int64_t *params)
{
	bool initial = true;
	for (size_t i = 0; i < PARAMS_MAX && strategy->params[i].name; i++)
		initial &= params[i] == strategy->params[i].initial;
	return initial;
}

/* Not everything that may be asked for is to be had on every filesystem. */
static int hold(struct bench *b, const struct strategy *strategy, const int64_t *params,
		unsigned jobs, bench_rule *rule, struct err *err)
{
	struct meter *meter = NULL;
	struct err why = {0};
	char cell[256];
	int error = bench_meter(b, strategy, params, jobs, &meter, &why);
	if (error == -ENOTSUP && !are_initial(strategy, params))
		return 0;
	if (!error)
		error = rule(b, meter, &why);
	meter_close(meter);
	if (error)
		err_set(err, error, "%s: %.700s", label(strategy, params, jobs, cell, sizeof(cell)),
			why.text);
	return error;
}

static int hold_at_jobs(struct bench *b, const struct strategy *strategy, const int64_t *params,
			const unsigned *jobs, bench_rule *rule, struct err *err)
{
	bool alone = strategy->flags & STRATEGY_SEQUENTIAL;
	int error = 0;
	for (size_t i = 0; !error && jobs[i] && !(alone && i); i++)
		error = hold(b, strategy, params, jobs[i], rule, err);
	return error;
}

int bench_each(struct bench *b, const struct strategy *strategy, const unsigned *jobs,
	       bench_rule *rule, struct err *err)
{
	int64_t params[PARAMS_MAX] = {0};
	size_t at[PARAMS_MAX] = {0};
	int error = 0;
	first_params(strategy, params);
	do {
		error = hold_at_jobs(b, strategy, params, jobs, rule, err);
	} while (!error && next_params(strategy, at, params));
	return error;
}

/* The n-th choice in which at most one parameter is not at its initial value; false: no more. */
static bool nth_params(const struct strategy *strategy, size_t n, int64_t params[PARAMS_MAX])
{
	size_t end = 0;
	for (; end < PARAMS_MAX && strategy->params[end].name; end++)
		params[end] = strategy->params[end].initial;
	for (size_t i = 0; n && i < end; i++) {
		int64_t values[VALUES_MAX];
		size_t n_values = values_of(&strategy->params[i], values);
		for (size_t k = 0; n && k < n_values; k++) {
			if (values[k] != strategy->params[i].initial && --n == 0)
				params[i] = values[k];
		}
	}
	return n == 0;
}

int bench_each_value(struct bench *b, const struct strategy *strategy, const unsigned *jobs,
		     bench_rule *rule, struct err *err)
{
	int64_t params[PARAMS_MAX] = {0};
	int error = 0;
	for (size_t n = 0; !error && nth_params(strategy, n, params); n++)
		error = hold_at_jobs(b, strategy, params, jobs, rule, err);
	return error;
}

/* The descriptor of an entry's directory, or -errno. */
static int open_parent(const struct bench *b, uint32_t entry, struct err *err)
{
	uint64_t opens = 0, closes = 0;
	int fd = workload_opendir(b->load, b->load->entries[entry].dir, O_PATH, &opens, &closes);
	return fd < 0 ? err_errno(err, fd, "opening a directory to change it") : fd;
}

uint32_t bench_find_file(const struct bench *b)
{
	for (uint32_t i = 0; i < b->load->n_entries; i++) {
		int parent = b->load->entries[i].type == S_IFREG ? open_parent(b, i, NULL) : -1;
		bool found = parent >= 0 && !faccessat(parent, workload_name(b->load, i), W_OK, 0);
		if (parent >= 0)
			close(parent);
		if (found)
			return i;
	}
	return UINT32_MAX;
}

/* Size and time are numbers that no file had so far: coarse clocks could give two the same time. */
static int write_file(struct bench *b, uint32_t entry, int flags, struct err *err)
{
	const char *name = workload_name(b->load, entry);
	int parent = open_parent(b, entry, err);
	if (parent < 0)
		return parent;
	const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1000 + ++b->changes}};
	int fd = openat(parent, name, O_WRONLY | O_CLOEXEC | flags, 0644);
	bool good = fd >= 0 && ftruncate(fd, 1000 + b->changes) == 0 && futimens(fd, times) == 0;
	int error = good ? 0 : err_errno(err, -errno, "changing %s", name);
	if (fd >= 0)
		close(fd);
	close(parent);
	return error;
}

int bench_resize(struct bench *b, uint32_t file, struct err *err)
{
	return write_file(b, file, 0, err);
}

/* -EOPNOTSUPP where the filesystem has no attributes. */
int bench_retag(struct bench *b, uint32_t file, struct err *err)
{
	static const char name[] = "user.statmark-tag";
	const int parent = open_parent(b, file, err);
	char path[PATH_MAX];
	if (parent < 0)
		return parent;
	snprintf(path, sizeof(path), "/proc/thread-self/fd/%d/%s", parent,
		 workload_name(b->load, file));
	int failed = lremovexattr(path, name);
	if (failed && errno == ENODATA)
		failed = lsetxattr(path, name, "1", 1, 0);
	int error = failed ? -errno : 0;
	close(parent);
	return error ? err_errno(err, error, "tagging a file") : 0;
}

int bench_create(struct bench *b, uint32_t missing, struct err *err)
{
	return write_file(b, missing, O_CREAT | O_EXCL, err);
}

static int unlink_as(struct bench *b, uint32_t entry, int flags, struct err *err)
{
	int parent = open_parent(b, entry, err);
	if (parent < 0)
		return parent;
	int failed = unlinkat(parent, workload_name(b->load, entry), flags);
	int error = failed ? err_errno(err, -errno, "removing an entry") : 0;
	close(parent);
	return error;
}

int bench_unlink(struct bench *b, uint32_t file, struct err *err)
{
	return unlink_as(b, file, 0, err);
}

int bench_rmdir(struct bench *b, uint32_t dir, struct err *err)
{
	return unlink_as(b, dir, AT_REMOVEDIR, err);
}

int bench_mkdir(struct bench *b, uint32_t missing, struct err *err)
{
	int parent = open_parent(b, missing, err);
	if (parent < 0)
		return parent;
	int failed = mkdirat(parent, workload_name(b->load, missing), 0755);
	int error = failed ? err_errno(err, -errno, "making a directory") : 0;
	close(parent);
	return error;
}

/* The entry's directory, with its name free; -errno. */
static int open_vacated(const struct bench *b, uint32_t entry, struct err *err)
{
	const char *name = workload_name(b->load, entry);
	int parent = open_parent(b, entry, err);
	if (parent < 0 || unlinkat(parent, name, 0) == 0 ||
	    unlinkat(parent, name, AT_REMOVEDIR) == 0)
		return parent;
	int error = err_errno(err, -errno, "clearing the place of %s", name);
	close(parent);
	return error;
}

int bench_symlink(struct bench *b, uint32_t entry, struct err *err)
{
	int parent = open_vacated(b, entry, err);
	if (parent < 0)
		return parent;
	int failed = symlinkat("nowhere/at all", parent, workload_name(b->load, entry));
	int error = failed ? err_errno(err, -errno, "making a symbolic link") : 0;
	close(parent);
	return error;
}

int bench_mkfifo(struct bench *b, uint32_t entry, struct err *err)
{
	int parent = open_vacated(b, entry, err);
	if (parent < 0)
		return parent;
	int failed = mkfifoat(parent, workload_name(b->load, entry), 0600);
	int error = failed ? err_errno(err, -errno, "making a fifo") : 0;
	close(parent);
	return error;
}

/*
 * The descriptor of what the entry's directory lies in, or -errno; its name there in `name`, of
 * PATH_MAX bytes.
 */
static int open_above(const struct bench *b, uint32_t entry, char *name)
{
	const struct workload_dir *dir = &b->load->dirs[b->load->entries[entry].dir];
	char path[PATH_MAX] = ".";
	if (dir->depth == 0 || dir->path_len >= PATH_MAX)
		return -ENOENT;
	const char *whole = workload_dir_path(b->load, b->load->entries[entry].dir);
	const char *slash = strrchr(whole, '/');
	if (slash)
		snprintf(path, sizeof(path), "%.*s", (int)(slash - whole), whole);
	snprintf(name, PATH_MAX, "%s", slash ? slash + 1 : whole);
	int fd = openat(b->load->root_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

uint32_t bench_find_below(const struct bench *b)
{
	char name[PATH_MAX];
	for (uint32_t i = 0; i < b->load->n_entries; i++) {
		int above = open_above(b, i, name);
		bool found = above >= 0 && !faccessat(above, ".", W_OK | X_OK, 0);
		if (above >= 0)
			close(above);
		if (found)
			return i;
	}
	return UINT32_MAX;
}

static const char away[] = "statmark-away";

static int rename_dir(const struct bench *b, uint32_t entry, bool back, struct err *err)
{
	char name[PATH_MAX];
	int above = open_above(b, entry, name);
	if (above < 0)
		return err_errno(err, above, "opening what a directory lies in");
	if (back)
		unlinkat(above, name, 0); /* the file of bench_replace, if it is there */
	int failed = back ? renameat(above, away, above, name) : renameat(above, name, above, away);
	int error = failed ? err_errno(err, -errno, "renaming a directory") : 0;
	close(above);
	return error;
}

int bench_move_away(struct bench *b, uint32_t entry, struct err *err)
{
	return rename_dir(b, entry, false, err);
}

int bench_move_back(struct bench *b, uint32_t entry, struct err *err)
{
	return rename_dir(b, entry, true, err);
}

int bench_replace(struct bench *b, uint32_t entry, struct err *err)
{
	char name[PATH_MAX];
	int above = open_above(b, entry, name);
	int fd = above < 0 ? above : openat(above, name, O_WRONLY | O_CREAT | O_EXCL, 0644);
	int error = fd < 0 ? err_errno(err, above < 0 ? above : -errno, "replacing") : 0;
	if (fd >= 0)
		close(fd);
	if (above >= 0)
		close(above);
	return error;
}
