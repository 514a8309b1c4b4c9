/*
 * Measures all series, each in its share of the time.
 */
#include <errno.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"
#include "engine/cmd/crossover/job.h"
#include "engine/host/host.h"
#include "reports/words/format.h"

/* Without a tree: the filesystem of the directory in which it would be, or of one above. */
static int read_fs(struct crossover_job *j, struct series *series)
{
	const bool is_read = j->words[0] && subject_is_directory(j->words[0]);
	char *path = arena_copy(j->arena, is_read ? j->words[0] : j->options.tree.dir);
	if (!path)
		return -ENOMEM;
	int error = fs_read(&series->fs, path, j->arena, NULL);
	for (char *slash; error && (slash = strrchr(path, '/')) && slash > path;) {
		*slash = '\0';
		error = fs_read(&series->fs, path, j->arena, NULL);
	}
	error = error ? fs_read(&series->fs, *path == '/' ? "/" : ".", j->arena, NULL) : 0;
	return error == -ENOMEM ? error : 0;
}

/* "ext4, warm" */
static int name_series(struct crossover_job *j, struct series *series)
{
	if (!series->spec && !series->fs.type && read_fs(j, series))
		return -ENOMEM;
	const char *fs = series->spec      ? lab_spec_label(series->spec)
			 : series->fs.type ? series->fs.type
					   : "an unknown filesystem";
	series->where = arena_print(j->arena, "%s, %s", format_text(j->arena, fs),
				    cache_state_name(series->state));
	return series->where ? 0 : -ENOMEM;
}

struct measuring_series {
	struct crossover_job *job;
	struct series *series;
	struct axes open; /* the tree of the last point, used again if the axis allows it */
};

static int measure(void *arg, uint64_t x, uint64_t until_ns, struct axis_point *point,
		   struct err *err)
{
	struct measuring_series *m = arg;
	return crossover_measure_point(m->job, m->series, &m->open, x, until_ns, point, err);
}

static int search_series(struct crossover_job *j, struct series *series, uint64_t until_ns,
			 struct err *err)
{
	struct measuring_series m = {.job = j, .series = series};
	int error = search_run(&series->search, until_ns, measure, &m, err);
	axes_close(&m.open);
	if (name_series(j, series))
		error = -ENOMEM;
	if (error && error != -EINTR)
		return error;
	j->is_interrupted |= error == -EINTR;
	return crossover_word(j, series) ? error : -ENOMEM;
}

int crossover_measure(struct crossover_job *j, struct err *err)
{
	int error = 0;
	for (size_t i = 0; i < j->n && !error; i++) {
		const uint64_t now = clock_ns();
		error = search_series(j, &j->series[i],
				      now + (j->until_ns - MIN(now, j->until_ns)) / (j->n - i),
				      err);
	}
	j->is_interrupted = error == -EINTR;
	for (size_t i = 0; i < j->n && j->is_interrupted; i++) {
		if (!j->series[i].sentence && name_series(j, &j->series[i]))
			return -ENOMEM;
	}
	return j->is_interrupted ? 0 : error;
}
