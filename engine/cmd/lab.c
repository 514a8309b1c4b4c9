/*
 * statmark lab: measures a network filesystem, with a real server and client, in a separate kernel.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"
#include "engine/base/word.h"
#include "engine/cmd/cmd.h"
#include "engine/cmd/lab/lab.h"
#include "engine/lab/guest/guest.h"

#define GUEST_PROGRAM "linux.uml"
#define MIB           (UINT64_C(1) << 20)

/* The guest's memory; the host provides only what is used. */
enum { MEMORY_MIB = 1024, ENTRY_KIB = 4 };

enum { FAREWELL_S = 15, OVERTIME_S = 60 };

static const struct guest_need needs_nfs[] = {
	{GUEST_PROGRAM, "user-mode-linux"},
	{"ip", "iproute2"},
	{"tc", "iproute2"},
	{"modprobe", "kmod"},
	{"nsenter", "util-linux"},
	{"exportfs", "nfs-kernel-server"},
	{"rpc.mountd", "nfs-kernel-server"},
	{"rpc.nfsd", "nfs-kernel-server"},
	{NULL, NULL},
};

static const struct guest_need needs_cifs[] = {
	{GUEST_PROGRAM, "user-mode-linux"},
	{"ip", "iproute2"},
	{"tc", "iproute2"},
	{"modprobe", "kmod"},
	{"nsenter", "util-linux"},
	{"smbd", "samba"},
	{NULL, NULL},
};

static const struct lab_kind_needs {
	const char *name;
	const struct guest_need *needs;
	const char *caches;
} kinds[] = {{"nfs", needs_nfs, "nfs:actimeo=600,nfs:noac"},
	     {"cifs", needs_cifs, "cifs:actimeo=600,cifs:actimeo=0"}};

static const char *kind_name(unsigned i)
{
	return i < ARRAY_LEN(kinds) ? kinds[i].name : NULL;
}

static int find_kind(const char *word, const struct lab_kind_needs **kind, struct err *err)
{
	if (word && word_find(kind_name, word) < 0 && !word_nearest(kind_name, word))
		return err_set(err, -EINVAL,
			       "lab: expected nfs or cifs, got '%s'; statmark run --fs makes other "
			       "filesystems",
			       word);
	const int i = word_parse(kind_name, "lab", word, err);
	*kind = i < 0 ? NULL : &kinds[i];
	return MIN(i, 0);
}

static int check_here(const struct lab_kind_needs *kind, struct err *err)
{
	const struct guest_need *need = guest_lacks(kind->needs);
	struct stat st;
	if (need)
		return err_set(err, -ENOTSUP, "lab %s: %s is missing; install the package %s",
			       kind->name, need->program, need->package);
	if (stat("/usr/lib/uml/modules", &st))
		return err_set(err, -ENOTSUP,
			       "lab %s: /usr/lib/uml/modules is missing; install the package "
			       "user-mode-linux",
			       kind->name);
	return 0;
}

/* --- Output of the guest ---------------------------------------------------------------------- */

struct guest_output {
	struct lab_job *job;
	struct progress_line *line;
	char held[256]; /* beginning of a line that may have to be suppressed */
	size_t n_held;
};

/* Whether a line of a run names a directory that exists only in the guest. */
static bool is_theirs(const char *text, size_t n)
{
	static const char words[] = "results are in /run/out";
	return strncmp(text, words, MIN(n, sizeof(words) - 1)) == 0;
}

/* Other output, such as progress and errors, is passed on unchanged. */
static void pass_on_output(void *arg, const char *text, size_t size)
{
	struct guest_output *h = arg;
	progress_line_clear(h->line);
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\r' && i + 1 < size && text[i + 1] == '\n')
			continue;
		if (h->n_held < sizeof(h->held))
			h->held[h->n_held++] = text[i];
		if (is_theirs(h->held, h->n_held) && text[i] != '\n')
			continue;
		if (!is_theirs(h->held, h->n_held))
			fwrite(h->held, 1, h->n_held, stderr);
		h->n_held = 0;
	}
	fflush(stderr);
}

static void show_step(void *arg, const char *words)
{
	struct guest_output *h = arg;
	progress_line_report(h->line, words, 0, 0);
}

static void begin_run(void *arg)
{
	struct lab_job *job = ((struct guest_output *)arg)->job;
	for (size_t i = 0; i < job->n_runs; i++) {
		if (!job->runs[i].has_begun) {
			job->runs[i].has_begun = true;
			break;
		}
	}
}

static void end_run(void *arg, int code, const char *dir)
{
	struct lab_job *job = ((struct guest_output *)arg)->job;
	for (size_t i = 0; i < job->n_runs; i++) {
		if (strcmp(job->runs[i].dir, dir) == 0)
			job->runs[i].code = code;
	}
}

/* --- From start to end ----------------------------------------------------------------------- */

static int measure(struct lab_job *job, struct err *err)
{
	const struct lab_command *o = job->options;
	struct guest_output output = {.job = job, .line = progress_line_new(o->line.quiet)};
	char program[4096];
	struct guest_request request = {
		.program = program,
		.memory_bytes = MEMORY_MIB * MIB + job->entries * ENTRY_KIB * 1024,
		.boot_ns = o->time.timeout_s * NS_PER_SECOND,
		.run_ns = o->time.max_time_s ? (2 * o->time.max_time_s + OVERTIME_S) * NS_PER_SECOND
					     : 0,
		.farewell_ns = FAREWELL_S * NS_PER_SECOND,
		.stop = &cmd_stop,
		.said = pass_on_output,
		.step = show_step,
		.began = begin_run,
		.ended = end_run,
		.arg = &output,
	};
	int error = guest_find(GUEST_PROGRAM, program, sizeof(program));
	error = error ? err_errno(err, error, GUEST_PROGRAM)
		      : lab_script(job, &request.script, err);
	error = error ? error : guest_run(&request, err);
	progress_line_free(output.line);
	return error;
}

/* The worst exit code of the runs; a failure of the guest is worse. */
static enum exit_code conclude(struct lab_job *job, int error, const struct err *err)
{
	enum exit_code code = EXIT_DONE;
	for (size_t i = 0; i < job->n_runs; i++) {
		if (!job->runs[i].has_begun)
			continue;
		const enum exit_code shown = lab_show(job, &job->runs[i]);
		if (job->runs[i].code > 0 && code == EXIT_DONE)
			code = (enum exit_code)job->runs[i].code;
		code = code == EXIT_DONE ? shown : code;
	}
	return error ? cmd_fail(err) : code;
}

static int prepare(struct lab_job *job, char **operands, struct err *err)
{
	const struct lab_command *o = job->options;
	const struct lab_kind_needs *kind = NULL;
	int error = find_kind(operands[0], &kind, err);
	if (error)
		return error;
	job->kind = kind->name;
	job->caches = kind->caches;
	job->rtt_ns = o->lab.rtt_ns;
	job->words = operands + 1;
	error = lab_plan(job, err);
	error = error ? error : check_here(kind, err);
	return error ? error
		     : results_open(&job->results, &o->output, NULL,
				    arena_print(job->arena, "lab-%s", job->kind), job->arena, err);
}

static enum exit_code lab(const union options *all, char **operands)
{
	const struct lab_command *options = &all->lab;
	struct err err = {0}, link_err = {0};
	struct lab_job job = {
		.options = options,
		.results = RESULTS_NONE,
		.arena = arena_new(),
		.began_ns = clock_ns(),
	};
	job.until_ns = options->time.max_time_s
			       ? job.began_ns + options->time.max_time_s * NS_PER_SECOND
			       : 0;
	int error = job.arena ? prepare(&job, operands, &err) : -ENOMEM;
	enum exit_code code;
	if (error) {
		err_errno(&err, error, "lab");
		code = cmd_fail(&err);
	} else {
		error = measure(&job, &err);
		code = conclude(&job, error, &err);
		if (job.runs[0].has_begun && results_saved(&job.results, &link_err))
			fprintf(stderr, "statmark: %s\n", link_err.text);
	}
	results_close(&job.results);
	arena_free(job.arena);
	return code;
}

const struct command cmd_lab = {
	.name = "lab",
	.operands = "nfs|cifs [SHAPE...]",
	.summary = "measure NFS or SMB, with server and client in a separate kernel",
	.details =
		"Boots user-mode-linux, which needs no privileges and sees the files of this\n"
		"machine read-only. Starts an NFS 4.2 or SMB 3.1.1 server and a client in it,\n"
		"with a network delay of --rtt between them, makes the tree on the server, and\n"
		"runs statmark run there. Only the results stay.\n"
		"\n"
		"Without -s, -j, -c, --stage, --fs, --param, --order and --baseline it makes\n"
		"three runs: walks, cold, also by find, fd and bfs; fetches of known paths,\n"
		"cold, with up to 128 jobs (in OUTPUT/fetch); and fetches with and without the\n"
		"client's attribute cache, warm (in OUTPUT/attributes). With any of these\n"
		"options it makes one run. With --max-time under 90s it makes the first one\n"
		"only.\n"
		"\n"
		"The kernel has one CPU for client, server and network, and a slow clock, so its\n"
		"times are not those of a real machine: compare the rows of a run with each\n"
		"other. Round trips under 5 ms are refused, because the run would measure that\n"
		"CPU.\n",
	.bit = CMD_LAB,
	.run = lab,
};
