/*
 * statmark doctor: reports what this machine can measure, how noisy it is, and what to do about it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/count.h"
#include "engine/base/progress.h"
#include "engine/base/util.h"
#include "engine/cmd/cmd.h"
#include "engine/cmd/parts/registry.h"
#include "engine/cmd/parts/subject.h"
#include "engine/host/finding.h"
#include "engine/host/host.h"
#include "engine/host/topology.h"
#include "engine/json/json.h"
#include "engine/measure/noise.h"
#include "reports/words/color.h"
#include "reports/words/format.h"

#define DOCTOR_SCHEMA "statmark-doctor/1"
enum { TREE_ENTRIES = 5000 };

struct doctor_job {
	struct doctor_command options;
	struct result *result;
	struct topology *topology;
	struct subject subject;
	struct findings findings;
	struct noise noise;
};

static int measure_noise(struct doctor_job *j, const struct progress *progress, struct err *err)
{
	static const struct cache_control untouched;
	const struct target target = {
		.load = j->subject.load,
		.where = &j->subject.fs,
		.tree = j->subject.tree.id,
		.fs = j->subject.fs.id,
		.control = &untouched,
	};
	const struct noise_request request = {
		.strategies = strategies,
		.target = &target,
		.topology = j->topology,
		.seconds = j->options.time.doctor_s,
		.progress = progress,
	};
	return noise_measure(&j->noise, &request, j->result, err);
}

static int inspect(struct doctor_job *j, const struct progress *progress, struct err *err)
{
	struct arena *arena = j->result->arena;
	j->findings.arena = arena;
	j->options.tree.entries = TREE_ENTRIES;
	int error = topology_open(&j->topology, NULL, err);
	if (!error)
		error = host_read(&j->result->host, "", j->topology, arena);
	if (!error)
		error = subject_open(&j->subject,
				     &(struct subject_request){.options = &j->options.tree,
							       .progress = progress,
							       .arena = arena},
				     err);
	if (error)
		return error;
	finding_host(&j->findings, &j->result->host);
	finding_fs(&j->findings, &j->subject.fs, geteuid() == 0);
	return measure_noise(j, progress, err);
}

/* The main figure. */
static const char *sentence(const struct doctor_job *j)
{
	const struct noise *noise = &j->noise;
	if (!noise->ratio.known)
		return arena_print(
			j->result->arena,
			"The smallest difference that can be detected here is not known: %s%s.",
			format_text(j->result->arena, noise->ratio.reason),
			noise->failed ? "" : "; raise --max-time");
	return arena_print(j->result->arena,
			   "Differences under %.2g %% cannot be detected here in %d s.",
			   noise->visible_percent, NOISE_SECONDS);
}

/* How the main figure is derived. */
static const char *derivation(const struct doctor_job *j)
{
	const struct estimate *e = &j->noise.ratio;
	if (!e->known)
		return NULL;
	return arena_print(j->result->arena,
			   "%s against an identical copy: ratio %.4f (%d %% interval %.4f to %.4f) "
			   "from %s in %.1f s; the figure above is half its width, scaled by the "
			   "square root of the time",
			   strategies[0]->name, e->median, format_confidence(e->confidence), e->lo,
			   e->hi, COUNTED(e->n, "round"),
			   (double)j->noise.spent_ns / (double)NS_PER_SECOND);
}

static void judge_noise(struct doctor_job *j)
{
	if (j->noise.looks_different)
		finding_add(&j->findings, "identical", SEVERITY_WARNING,
			    "one of two identical copies was measurably faster",
			    "run doctor again; if the result is the same, do not rely on small "
			    "differences");
	finding_run(&j->findings, j->result);
}

/* Paths in messages can contain any bytes. */
static void print_finding(struct arena *arena, const struct finding *finding, bool color,
			  size_t width)
{
	static const char *const colors[] = {COLOR_GREEN, COLOR_DIM, COLOR_YELLOW};
	enum { WORDS_AT = 22 };
	const char *end = color_begin(stdout, color, colors[finding->severity]);
	printf("%-8s%s%-12s  ", severity_name(finding->severity), end, finding->code);
	wrap_print(stdout, format_text(arena, finding->text), WORDS_AT, WORDS_AT, width);
	putchar('\n');
	if (!finding->advice)
		return;
	printf("%*s-> ", WORDS_AT, "");
	wrap_print(stdout, finding->advice, WORDS_AT + 3, WORDS_AT + 3, width);
	putchar('\n');
}

static void print_text(const struct doctor_job *j)
{
	const size_t width = (size_t)cmd_width(stdout);
	const bool color = cmd_color(&j->options.output, stdout);
	const char *how = derivation(j), *words = sentence(j);
	puts(format_host(j->result->arena, j->result));
	for (int severity = SEVERITY_WARNING; severity >= SEVERITY_FINE; severity--) {
		for (size_t i = 0; i < j->findings.n; i++) {
			if ((int)j->findings.items[i].severity == severity)
				print_finding(j->result->arena, &j->findings.items[i], color,
					      width);
		}
	}
	putchar('\n');
	wrap_print(stdout, words ? words : "out of memory", 0, 0, width);
	putchar('\n');
	if (how) {
		wrap_print(stdout, how, 0, 0, width);
		putchar('\n');
	}
}

static json_t *noise_json(const struct noise *noise)
{
	const struct estimate *e = &noise->ratio;
	if (!e->known)
		return json_pack("{s:n,s:o}", "visible_percent", "reason",
				 json_from_text(e->reason));
	return json_pack("{s:f,s:i,s:f,s:f,s:f,s:f,s:i,s:I,s:n}", "visible_percent",
			 noise->visible_percent, "seconds", NOISE_SECONDS, "ratio", e->median, "lo",
			 e->lo, "hi", e->hi, "confidence", e->confidence, "rounds", (int)e->n,
			 "spent_ns", (json_int_t)noise->spent_ns, "reason");
}

static int print_json(const struct doctor_job *j)
{
	json_t *findings = json_array();
	for (size_t i = 0; i < j->findings.n; i++) {
		const struct finding *f = &j->findings.items[i];
		json_array_append_new(findings, json_pack("{s:s,s:s,s:o,s:o}", "code", f->code,
							  "severity", severity_name(f->severity),
							  "text", json_from_text(f->text), "advice",
							  json_from_text(f->advice)));
	}
	json_t *json =
		json_pack("{s:s,s:o,s:o,s:o,s:o}", "schema", DOCTOR_SCHEMA, "fingerprint",
			  json_from_text(j->result->host.fingerprint), "findings", findings,
			  "noise", noise_json(&j->noise), "sentence", json_from_text(sentence(j)));
	return json_show(stdout, json);
}

static enum exit_code report(struct doctor_job *j, int error, struct err *err)
{
	if (!error) {
		judge_noise(j);
		if (j->options.line.json)
			error = print_json(j);
		else
			print_text(j);
	}
	if (!error)
		return j->noise.failed ? EXIT_FAILED : EXIT_DONE;
	if (error == -EINTR)
		*err = (struct err){error, "interrupted; nothing was judged"};
	err_errno(err, error, "doctor");
	return cmd_fail(err);
}

static enum exit_code doctor(const union options *all, char **operands)
{
	const struct doctor_command *options = &all->doctor;
	struct err err = {0};
	struct doctor_job job = {.options = *options};
	if (operands[0])
		err_set(&err, -EINVAL, "doctor: expected no operand, got '%s'", operands[0]);
	if (err.code)
		return cmd_fail(&err);
	struct progress_line *line = progress_line_new(options->line.quiet);
	const struct progress progress = {progress_line_report, line, &cmd_stop, progress_line_tell,
					  progress_line_busy};
	job.result = result_new();
	int error = job.result ? inspect(&job, &progress, &err) : -ENOMEM;
	progress_line_free(line);
	enum exit_code code = report(&job, error, &err);
	subject_close(&job.subject);
	topology_close(job.topology);
	result_free(job.result);
	return code;
}

const struct command cmd_doctor = {
	.name = "doctor",
	.operands = "",
	.summary = "check how noisy this machine is, and what to do about it",
	.details = "Checks the machine and the filesystem of --dir, then measures the baseline\n"
		   "against an identical copy on a tree of 5,000 entries. The last lines say how\n"
		   "small a difference can be measured on this machine.\n",
	.bit = CMD_DOCTOR,
	.run = doctor,
};
