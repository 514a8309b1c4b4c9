/*
 * A profile as plots: reports/plots/profile-*.gp. All of their data are in the JSON, too.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/cmd/line/terminal.h"
#include "engine/cmd/profile/walk_profile.h"
#include "engine/host/tool.h"
#include "reports/plots/drawing.h"
#include "reports/words/format.h"

enum { LABEL_MAX_CHARS = 60, HOVER_MAX_CHARS = 240, DIRECTORIES_DRAWN = 20 };

struct profile_picture {
	const struct walk_profile *profile;
	struct arena *arena;
};

static void put(const struct profile_picture *p, FILE *data, const char *text, size_t max)
{
	fputc('\t', data);
	drawing_words(p->arena, data, text, max);
}

/* The last column: the text shown when the pointer is on a mark. */
static void put_hover(const struct profile_picture *p, FILE *data, const char *text)
{
	put(p, data, text, HOVER_MAX_CHARS);
	fputc('\n', data);
}

static const char *percent_of_walk(const struct profile_picture *p, uint64_t ns)
{
	const unsigned percent = count_percent(ns, tally_ns(p->profile->tally));
	const char *duration = format_duration(p->arena, (double)ns);
	if (percent == 0 && ns)
		return arena_print(p->arena, "%s, <1 %%", duration);
	return arena_print(p->arena, "%s, %u %%", duration, percent);
}

/* --- The head of every picture; common.gp knows the order ---------------------------------- */

static const char *filesystem_words(const struct profile_picture *p)
{
	const struct walk_profile *f = p->profile;
	const char *from_disk = f->block_reads ? arena_print(p->arena, "%s KiB read from disk",
							     GROUPED(f->block_reads / 2))
					       : "nothing read from disk";
	return f->result->n_fs ? arena_print(p->arena, "%s; caches as they were found: %s",
					     format_fs(p->arena, &f->result->fs[0]), from_disk)
			       : arena_print(p->arena, "caches as they were found: %s", from_disk);
}

static const char *walks_words(const struct profile_picture *p)
{
	const struct result *r = p->profile->result;
	if (!p->profile->walks.is_compared)
		return "";
	const struct tree_facts *tree = &r->trees[0];
	const uint64_t all = tree->sample.of_entries;
	return arena_print(p->arena, "; walks: %s%s%s, %s", COUNTED(tree->entries, "entry"),
			   all ? " of " : "", all ? GROUPED(all) : "",
			   COUNTED(r->run.rounds_done, "round"));
}

static const char *walks_seed_words(const struct profile_picture *p)
{
	return p->profile->walks.is_compared ? arena_print(p->arena, ", walks with seed %" PRIu64,
							   p->profile->result->run.seed)
					     : "";
}

/* Only for a tree made by statmark. */
static const char *seed_words(const struct profile_picture *p)
{
	return p->profile->is_made ? arena_print(p->arena, ", seed %" PRIu64, p->profile->seed)
				   : "";
}

static void write_about(const struct profile_picture *p, FILE *data)
{
	const struct walk_profile *f = p->profile;
	const struct result *r = f->result;
	const char *lines[] = {
		"floor",
		"baseline",
		"confidence",
		arena_print(p->arena, "%s: %s in %s%s, walked in %s%s",
			    format_text(p->arena, f->root),
			    COUNTED(tally_entries(f->tally), "entry"),
			    COUNTED(tally_directories(f->tally), "directory"), seed_words(p),
			    format_duration(p->arena, (double)f->probe.wall_ns),
			    f->probe.is_cut || f->probe.is_interrupted ? ", not to its end" : ""),
		filesystem_words(p),
		arena_print(p->arena, "%s; statmark %s%s",
			    r->host.hostname ? format_host(p->arena, r) : "host not known",
			    format_text(p->arena, r->tool.version), walks_seed_words(p)),
		arena_print(p->arena, "n = %s, %s each for the clock taken off%s",
			    COUNTED(tally_calls(f->tally), "timed call"),
			    format_duration(p->arena, (double)tally_timer_ns(f->tally)),
			    walks_words(p)),
	};
	drawing_about(p->arena, data, lines, ARRAY_LEN(lines), 0);
}

/* --- profile-time: what the calls took, by depth and by size of directory --------------------- */

static void put_class(const struct profile_picture *p, FILE *data, int panel, size_t row,
		      const char *label, const struct tally_row *class)
{
	fprintf(data, "%d\t%zu", panel, row);
	for (enum tally_call call = 0; call < TALLY_SPLIT; call++)
		fprintf(data, "\t%" PRIu64, class->calls[call].ns);
	put(p, data, label, LABEL_MAX_CHARS);
	const char *words = percent_of_walk(p, class->ns);
	put(p, data, words, LABEL_MAX_CHARS);
	put_hover(p, data,
		  arena_print(p->arena, "%s%s%s: open %s, getdents %s, statx %s (all: %s)",
			      panel == 1 ? "depth " : "", label, panel == 1 ? "" : " entries",
			      format_duration(p->arena, (double)class->calls[TALLY_OPEN].ns),
			      format_duration(p->arena, (double)class->calls[TALLY_GETDENTS].ns),
			      format_duration(p->arena, (double)class->calls[TALLY_STATX].ns),
			      words));
}

static const char *write_time(const struct profile_picture *p, FILE *data)
{
	const struct tally *tally = p->profile->tally;
	size_t row = 0;
	fputs("panel\trow\topen_ns\tgetdents_ns\tstatx_ns\tclass\twords\thover\n", data);
	for (size_t i = 0; i < TALLY_DEPTHS; i++) {
		const struct tally_row *class = tally_depth(tally, i);
		if (class->directories)
			put_class(p, data, 1, ++row, walk_profile_depth_label(p->arena, i), class);
	}
	row = 0;
	for (size_t i = 0; i < TALLY_SIZES; i++) {
		const struct tally_row *class = tally_size(tally, i);
		if (class->directories)
			put_class(p, data, 2, ++row, walk_profile_size_label(p->arena, i), class);
	}
	return row && tally_ns(tally) ? NULL : "no directory was read to its end";
}

/* --- profile-latency: percentiles of the calls, by size of directory ------------------------- */

static uint64_t percentile(const struct hist *h, uint32_t ppm)
{
	uint64_t ns;
	return hist_percentile(h, ppm, &ns) ? ns : 0;
}

/* ", p99 1.5 us"; "" where it is not known. */
static const char *mark_words(const struct profile_picture *p, const char *name, uint64_t ns)
{
	return ns ? arena_print(p->arena, ", %s %s", name, format_duration(p->arena, (double)ns))
		  : "";
}

/* "statx, 1 to 9 entries: n = 1,234, p50 1.5 us, p90 2.0 us, p99 3.0 us, max 9.0 us" */
static const char *latency_words(const struct profile_picture *p, const char *call,
				 const char *label, const struct hist *h)
{
	return arena_print(p->arena, "%s, %s entries: n = %s%s%s%s%s", call, label, GROUPED(h->n),
			   mark_words(p, "p50", percentile(h, HIST_P50)),
			   mark_words(p, "p90", percentile(h, HIST_P90)),
			   mark_words(p, "p99", percentile(h, HIST_P99)),
			   mark_words(p, "max", h->n ? MAX(h->max, 1) : 0));
}

static const char *write_latency(const struct profile_picture *p, FILE *data)
{
	bool is_any = false;
	fputs("panel\trow\tp50_ns\tp90_ns\tp99_ns\tmax_ns\tcall\tclass\tn\thover\n", data);
	for (enum tally_call call = 0; call < TALLY_SPLIT; call++) {
		for (size_t i = 0, row = 0; i < TALLY_SIZES; i++) {
			const struct tally_row *class = tally_size(p->profile->tally, i);
			const struct hist *h = &class->calls[call].hist;
			if (!class->directories)
				continue;
			is_any |= percentile(h, HIST_P50) > 0;
			fprintf(data, "%d\t%zu\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64,
				call + 1, ++row, percentile(h, HIST_P50), percentile(h, HIST_P90),
				percentile(h, HIST_P99), h->n ? MAX(h->max, 1) : 0);
			put(p, data, tally_call_names[call], LABEL_MAX_CHARS);
			put(p, data, walk_profile_size_label(p->arena, i), LABEL_MAX_CHARS);
			put(p, data, format_count(p->arena, h->n), LABEL_MAX_CHARS);
			put_hover(p, data,
				  latency_words(p, tally_call_names[call],
						walk_profile_size_label(p->arena, i), h));
		}
	}
	return is_any ? NULL : "too few calls were timed";
}

/* --- profile-directories: those that took longest --------------------------------------------- */

static const char *write_directories(const struct profile_picture *p, FILE *data)
{
	const struct tops *tops = tally_slowest(p->profile->tally);
	fputs("row\tns\tdirectory\twords\thover\n", data);
	for (size_t i = 0; i < MIN(tops->n, DIRECTORIES_DRAWN); i++) {
		const struct tally_top *top = &tops->items[i];
		fprintf(data, "%zu\t%" PRIu64, i + 1, top->ns);
		const char *path = format_text(p->arena, *top->path ? top->path : ".");
		const char *words = arena_print(p->arena, "%s; %s", percent_of_walk(p, top->ns),
						COUNTED(top->entries, "entry"));
		put(p, data, path, LABEL_MAX_CHARS);
		put(p, data, words, LABEL_MAX_CHARS);
		put_hover(p, data, arena_print(p->arena, "%s: %s", path, words));
	}
	return tops->n && tops->items[0].ns ? NULL : "no directory is ranked";
}

/* --- profile-walks: how fast each walk is, times walk-lstat ----------------------------------- */

static const char *write_walks(const struct profile_picture *p, FILE *data)
{
	const struct result *r = p->profile->result;
	size_t row = 0;
	if (!p->profile->walks.is_compared)
		return arena_print(p->arena, "walks were not compared: %s",
				   or_unknown(p->profile->walks.not_compared));
	fputs("row\tkind\tspeedup\tlo\thi\twalk\twords\thover\n", data);
	for (size_t i = 0; i < r->n_cells; i++) {
		const struct cell_result *cell = &r->cells[i];
		const struct estimate *e = &cell->ratio;
		const bool is_cold = cell->cache == CACHE_COLD;
		if (cell->is_floor || cell->is_baseline || !estimate_has_median(e))
			continue;
		const double lo = e->known || e->seen ? e->lo : e->median;
		const double hi = e->known || e->seen ? e->hi : e->median;
		fprintf(data, "%zu\t%d\t%.10g\t%.10g\t%.10g", ++row, is_cold, 1 / e->median, 1 / hi,
			1 / lo);
		const char *walk = arena_print(
			p->arena, "%s%s%s", format_cell_in_group(p->arena, r, cell),
			same_text(cell->strategy, PROFILE_LISTED) ? " (names only)" : "",
			is_cold ? ", cold" : ", warm");
		const char *words =
			arena_print(p->arena, "%.2f (%.2f to %.2f%s), n = %" PRIu32, 1 / e->median,
				    1 / hi, 1 / lo, e->known ? "" : " seen", e->n);
		put(p, data, walk, LABEL_MAX_CHARS);
		put(p, data, words, LABEL_MAX_CHARS);
		put_hover(p, data,
			  arena_print(p->arena, "%s, times as fast as " PROFILE_PLAIN ": %s", walk,
				      words));
	}
	return row ? NULL : "no walk has a ratio to " PROFILE_PLAIN;
}

/* --- All of them ------------------------------------------------------------------------------ */

static const struct picture {
	const char *name;
	const char *(*write)(const struct profile_picture *p, FILE *data);
} pictures[] = {
	{"profile-time", write_time},
	{"profile-latency", write_latency},
	{"profile-directories", write_directories},
	{"profile-walks", write_walks},
};

static const char *write_data(void *arg, const char *name, FILE *data)
{
	for (size_t i = 0; i < ARRAY_LEN(pictures); i++) {
		if (strcmp(pictures[i].name, name) == 0)
			return pictures[i].write(arg, data);
	}
	write_about(arg, data);
	return NULL;
}

int walk_profile_draw(const struct walk_profile *profile, const struct outdir *out,
		      uint64_t until_ns, struct err *err)
{
	const char *names[ARRAY_LEN(pictures)];
	struct profile_picture p = {.profile = profile, .arena = profile->result->arena};
	const struct drawing_terms terms = {stderr, profile->options->output.gp_dir, &cmd_stop,
					    until_ns, profile->options->output.theme == THEME_DARK};
	const struct drawing drawing = {
		.out = out,
		.about = "about",
		.names = names,
		.n = ARRAY_LEN(names),
		.write = write_data,
		.arg = &p,
		.again = "statmark profile DIR",
		.terms = &terms,
	};
	for (size_t i = 0; i < ARRAY_LEN(pictures); i++)
		names[i] = pictures[i].name;
	int error = tool_read(&profile->result->tool, p.arena);
	error = error ? error : drawing_make(&drawing, err);
	return error ? err_errno(err, error, "cannot draw plots") : 0;
}
