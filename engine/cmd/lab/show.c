/*
 * Prints and draws the results of a guest.
 */
#include "engine/cmd/lab/lab.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/outdir.h"
#include "engine/base/util.h"
#include "engine/host/host.h"
#include "engine/host/topology.h"
#include "reports/document/document.h"
#include "reports/page/page.h"
#include "reports/plots/plots.h"
#include "reports/table/table.h"

#define SAYS                                                                                       \
	"this was measured in a separate kernel (%s %s on %s). Client, server and network share "  \
	"one CPU; a request costs a few hundred us of CPU time, reading the clock %.1f us, "       \
	"and starting an outside program some tens of milliseconds. Compare the rows of this run " \
	"with each other, not its times with those of other kernels."

/* The run took the guest for its host; replaces that by this machine. */
static int add_host(struct result *result, const struct lab_job *job, struct err *err)
{
	struct topology *topology = NULL;
	struct arena *arena = result->arena;
	const struct host_facts inside = result->host;
	int error = topology_open(&topology, NULL, err);
	error = error ? error : host_read(&result->host, "", topology, arena);
	topology_close(topology);
	if (error)
		return error;
	result->has_guest = true;
	result->guest = (struct guest_facts){
		.program = "user-mode-linux",
		.kernel = inside.kernel,
		.kernel_version = inside.kernel_version,
		.topology = inside.topology,
		.serves = job->kind,
		.n_cpus = inside.n_cpus,
		.memory_bytes = inside.memory_bytes,
		.timer_ps = inside.timer_ps,
		.rtt_ns = job->rtt_ns,
		.says = arena_print(arena, SAYS, "user-mode-linux", inside.kernel, result->host.cpu,
				    (double)inside.timer_ps / 1e6),
	};
	result->run.n_argv = (size_t)job->options->line.argc + 1;
	result->run.argv = arena_alloc(arena, result->run.n_argv * sizeof(*result->run.argv));
	for (size_t i = 0; result->run.argv && i < result->run.n_argv; i++)
		result->run.argv[i] = i ? job->options->line.argv[i - 1] : "statmark";
	return result->guest.says && result->run.argv ? 0 : -ENOMEM;
}

static void print(const struct lab_job *job, const struct result *result)
{
	const struct table_style style = {
		.width = cmd_width(stdout),
		.color = cmd_color(&job->options->output, stdout),
		.utf8 = cmd_utf8(),
		.bars = isatty(STDOUT_FILENO),
	};
	table_print(stdout, result, &style);
	fflush(stdout);
}

/* As for any run, there are no plots without gnuplot or time. */
static int draw(const struct lab_job *job, const struct result *result, const struct outdir *dir,
		struct err *err)
{
	struct err why = {0};
	const struct page_run run = {dir->path, result};
	const struct drawing_terms terms = {stderr, job->options->output.gp_dir, &cmd_stop,
					    job->until_ns,
					    job->options->output.theme == THEME_DARK};
	if (job->options->output.no_plots || cmd_stop)
		return 0;
	int error = page_write(dir, &run, 1, stderr, err);
	if (error)
		return error;
	error = plots_draw(result, dir, &terms, &why);
	if (error == -ETIMEDOUT)
		fprintf(stderr,
			"plots left out: no time left; draw them with 'statmark report %s'\n",
			dir->path);
	else if (error == -ENOTSUP)
		fprintf(stderr, "statmark: no plots: %s\n", why.text);
	else if (error)
		return err_set(err, error, "%s", why.text);
	return 0;
}

static int show(const struct lab_job *job, const struct outdir *dir, struct err *err)
{
	const char *path = arena_print(job->arena, "%s/" RESULTS_DOCUMENT, dir->path);
	struct result *result = NULL;
	int error = path ? document_read(path, &result, err) : -ENOMEM;
	if (error == -ENOENT) {
		*err = (struct err){0};
		return 0;
	}
	error = error ? error : add_host(result, job, err);
	error = error ? error : document_write(dir, RESULTS_DOCUMENT, result, err);
	if (!error) {
		print(job, result);
		fprintf(stderr, "results are in %s\n", path);
		error = draw(job, result, dir, err);
	}
	result_free(result);
	return error;
}

enum exit_code lab_show(const struct lab_job *job, const struct lab_run *run)
{
	const struct outdir *all = &job->results.dir;
	struct outdir below = OUTDIR_NONE;
	struct err err = {0};
	int error = *run->dir ? outdir_open_below(&below, all, run->dir, &err) : 0;
	error = error ? error : show(job, *run->dir ? &below : all, &err);
	outdir_close(&below);
	if (!error)
		return EXIT_DONE;
	err_errno(&err, error, "cannot show the results in %s", all->path);
	return cmd_fail(&err);
}
