/*
 * Writes the shell script for a guest.
 */
#include "engine/cmd/lab/lab.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"
#include "engine/base/word.h"
#include "engine/lab/guest/guest.h"

/* Where the guest has this machine's files, including those below /tmp and /run. */
#define HOST "/run/host"

/* Time for the host after the runs: a share, and at most this much. */
enum { DRAWING_SHARE = 10, DRAWING_MAX_S = 8 };

/* Writes text in '..' for the shell. */
static void put_quoted(FILE *to, const char *before, const char *text)
{
	fprintf(to, "'%s", before);
	for (; *text; text++)
		fputs(*text == '\'' ? "'\\''" : (char[]){*text, '\0'}, to);
	fputc('\'', to);
}

static void put_option(FILE *to, const char *name, const char *value)
{
	fprintf(to, " --%s ", name);
	put_quoted(to, "", value);
}

static void put_variable(FILE *to, const char *name, const char *value)
{
	fprintf(to, "%s=", name);
	put_quoted(to, "", value);
	fputc('\n', to);
}

/* Writes the options that a run in the guest takes unchanged. */
static void put_given(FILE *to, const struct named_text *echo, size_t n)
{
	static const char *const names[] = {"stage",   "jobs",     "order",  "baseline",
					    "prepare", "cold-cmd", "rounds", "sample",
					    "timeout", "precision"};
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < ARRAY_LEN(names); k++) {
			const bool unset = !echo[i].value || (strcmp(names[k], "precision") == 0 &&
							      strcmp(echo[i].value, "0") == 0);
			if (strcmp(echo[i].name, names[k]) == 0 && !unset)
				put_option(to, names[k], echo[i].value);
		}
	}
}

static const char *value_of(const struct named_text *echo, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(echo[i].name, name) == 0)
			return echo[i].value;
	}
	return NULL;
}

/* Names of shapes are the same in the guest; files are given by absolute paths. */
static int put_words(FILE *to, char **words, struct err *err)
{
	for (; *words; words++) {
		const size_t length = strlen(*words);
		const bool is_file = strchr(*words, '/') ||
				     (length > 5 && strcmp(*words + length - 5, ".json") == 0);
		char *path = is_file ? realpath(*words, NULL) : NULL;
		if (is_file && !path)
			return err_errno(err, -errno, "cannot open %s", *words);
		fputc(' ', to);
		put_quoted(to, path ? HOST : "", path ? path : *words);
		free(path);
	}
	return 0;
}

static int put_run(FILE *to, const struct lab_job *job, const struct lab_run *run, struct err *err)
{
	const struct lab_command *o = job->options;
	char states[64];
	size_t n;
	const struct named_text *echo = options_echo(&o->line, CMD_LAB, job->arena, &n);
	if (!echo)
		return -ENOMEM;
	fprintf(to, "measure %u '%s'", run->percent, run->dir);
	put_option(to, "strategy", run->strategies);
	put_option(to, "fs", run->fs);
	put_option(to, "cache",
		   word_set_text(cache_state_name, run->states, states, sizeof(states)));
	put_option(to, "entries", o->fs.sizes.n ? value_of(echo, n, "entries") : run->entries);
	for (size_t i = 0; o->cells.params[i]; i++)
		put_option(to, "param", o->cells.params[i]);
	if (o->tree.has_seed)
		put_option(to, "seed", value_of(echo, n, "seed"));
	put_given(to, echo, n);
	fputs(o->line.quiet ? " --quiet" : "", to);
	fputs(" --drop-caches --pin none --no-plots --force-output", to);
	int error = put_words(to, job->words, err);
	fputc('\n', to);
	return error;
}

static int put_variables(FILE *to, const struct lab_job *job, struct err *err)
{
	const uint64_t seconds = job->options->time.max_time_s;
	char program[PATH_MAX], *out = realpath(job->results.dir.path, NULL);
	const ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	if (length < 0 || !out) {
		free(out);
		return err_errno(err, -errno, "cannot find the path of %s",
				 out ? "/proc/self/exe" : job->results.dir.path);
	}
	program[length] = '\0';
	put_variable(to, "fs", job->kind);
	put_variable(to, "program", program);
	put_variable(to, "modules", "/usr/lib/uml/modules");
	put_variable(to, "out", out);
	put_variable(to, "TERM", isatty(STDERR_FILENO) && getenv("TERM") ? getenv("TERM") : "dumb");
	fprintf(to, "half=%" PRIu64 "\nseconds=%" PRIu64 "\n", job->rtt_ns / 2000,
		seconds ? seconds - MIN(seconds / DRAWING_SHARE, DRAWING_MAX_S) : 0);
	fprintf(to, "words='round trip %.12g ms'\n", (double)job->rtt_ns / 1e6);
	free(out);
	return 0;
}

int lab_script(const struct lab_job *job, const char **script, struct err *err)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	int error = to ? put_variables(to, job, err) : -ENOMEM;
	if (!error)
		fputs(guest_text("guest"), to);
	for (size_t i = 0; !error && i < job->n_runs; i++)
		error = put_run(to, job, &job->runs[i], err);
	if (to) {
		fputs("echo '@lab done'\noff\n", to);
		error = fclose(to) && !error ? -ENOMEM : error;
	}
	*script = error ? NULL : arena_copy(job->arena, text);
	error = error || *script ? error : -ENOMEM;
	free(text);
	return error ? err_errno(err, error, "lab") : 0;
}
