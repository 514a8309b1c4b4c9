/* The details of each cell: a <details> element each. Its plots are drawn when it is opened. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/stats.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/page/parts.h"
#include "reports/table/notes.h"
#include "reports/words/format.h"
#include "reports/words/labels.h"

enum { SHOWN_PATH_MAX = 200 };

/* --- Small tables ---------------------------------------------------------------------------- */

static void put_fact(const struct page *p, const char *name, const char *text)
{
	if (text && *text)
		html_put(p->to, "<dt>%s</dt><dd><bdi>%s</bdi></dd>\n", name, text);
}

/* Only cells with a warm cache are primed until they are steady. */
static bool is_unsteady(const struct cell_result *cell)
{
	return cell->status == STATUS_OK && cell->n_passes && cell->cache == CACHE_WARM &&
	       !cell->is_steady;
}

static void put_what(const struct page *p, const struct cell_result *cell)
{
	const struct tree_facts *tree = result_tree(p->result, cell->tree);
	const struct fs_facts *fs = result_fs(p->result, cell->fs);
	struct arena *a = p->arena;
	fputs("<dl>\n", p->to);
	put_fact(p, "Status", status_name(cell->status));
	if (cell->reason)
		put_fact(p, "Reason", format_text(a, cell->reason));
	put_fact(p, "Time per entry", page_estimate_words(a, &cell->ns_per_entry, 1, " ns"));
	if (!cell->is_baseline && cell->baseline) {
		put_fact(p, arena_print(a, "Against %s", format_text(a, cell->baseline)),
			 page_estimate_words(a, &cell->ratio, 3, ""));
		if (estimate_has_median(&cell->ratio_all))
			put_fact(p, "With disturbed passes",
				 page_estimate_words(a, &cell->ratio_all, 3, ""));
	}
	if (cell->scaling.known && cell->jobs > 1)
		put_fact(p, "Against one job",
			 page_estimate_words(a, &cell->scaling, 2, " times as fast"));
	if (cell->has_passes)
		put_fact(p, "Its passes",
			 arena_print(a, "least %s, 5 %% %s, 95 %% %s ns per entry",
				     format_fixed(a, cell->min, 1), format_fixed(a, cell->p05, 1),
				     format_fixed(a, cell->p95, 1)));
	put_fact(p, "Entries per pass", format_count(a, cell->entries));
	put_fact(p, "Tree", tree ? format_text(a, tree->label ? tree->label : tree->name) : NULL);
	put_fact(p, "Filesystem", fs ? format_text(a, fs->type) : NULL);
	put_fact(p, "Cache",
		 arena_print(a, "%s%s%s%s", cache_state_name(cell->cache),
			     cell->cache_by ? ", by " : "",
			     cell->cache_by ? format_text(a, cell->cache_by) : "",
			     is_unsteady(cell) ? " (not steady)" : ""));
	put_fact(p, "Pinned",
		 arena_print(a, "%s%s%s", format_text(a, cell->pin), cell->cpus ? ", CPUs " : "",
			     cell->cpus ? format_text(a, cell->cpus) : ""));
	for (size_t i = 0; i < cell->n_params; i++)
		put_fact(p, format_text(a, cell->params[i].name),
			 format_text(a, cell->params[i].value));
	put_fact(p, "Runs", cell->command ? format_text(a, cell->command) : NULL);
	put_fact(p, "Answers", cell->answers ? format_text(a, cell->answers) : NULL);
	put_fact(p, "Digest", cell->digest ? format_text(a, cell->digest) : NULL);
	fputs("</dl>\n", p->to);
}

static void begin_table(const struct page *p, const char *caption, const char *const *heads,
			size_t n)
{
	html_put(p->to, "<table class=\"small\"><caption>%s</caption>\n<thead><tr>", caption);
	for (size_t i = 0; i < n; i++)
		html_put(p->to, "<th scope=\"col\">%s</th>", heads[i]);
	fputs("</tr></thead><tbody>\n", p->to);
}

static void end_table(const struct page *p)
{
	fputs("</tbody></table>\n", p->to);
}

static const char *per_entry(const struct page *p, uint64_t count, uint64_t entries)
{
	return entries ? format_fixed(p->arena, (double)count / (double)entries, 3)
		       : "\342\200\223";
}

static void put_calls(const struct page *p, const struct cell_result *cell)
{
	static const char *const heads[] = {"call", "a pass", "an entry"};
	if (cell->syscalls_total == COUNT_UNKNOWN) {
		html_put(p->to, "<p class=\"note\">System calls are not counted: %s.</p>\n",
			 format_text(p->arena, cell->syscalls_reason));
		return;
	}
	if (!cell->n_syscalls)
		return;
	begin_table(p, "System calls", heads, ARRAY_LEN(heads));
	for (size_t i = 0; i < cell->n_syscalls; i++)
		html_put(p->to,
			 "<tr><th scope=\"row\">%s</th><td class=\"n\">%s</td>"
			 "<td class=\"n\">%s</td></tr>\n",
			 format_text(p->arena, cell->syscalls[i].name),
			 format_count(p->arena, cell->syscalls[i].count),
			 per_entry(p, cell->syscalls[i].count, cell->entries));
	end_table(p);
}

/* Counts of each pass. */
static const struct counted_fact {
	const char *name;
	size_t offset;
} counts[] = {
	{"CPU time in user mode, ns", offsetof(struct pass, user_ns)},
	{"CPU time in the kernel, ns", offsetof(struct pass, sys_ns)},
	{"CPU time of io_uring's threads, ns", offsetof(struct pass, io_worker_ns)},
	{"waiting for a CPU, ns", offsetof(struct pass, run_delay_ns)},
	{"first worker done, ns", offsetof(struct pass, first_done_ns)},
	{"minor faults", offsetof(struct pass, minor_faults)},
	{"major faults", offsetof(struct pass, major_faults)},
	{"blocks read, 512 bytes", offsetof(struct pass, block_reads)},
	{"bytes read from storage", offsetof(struct pass, read_bytes)},
	{"requests to the server", offsetof(struct pass, requests)},
	{"switches, voluntary", offsetof(struct pass, switches)},
	{"switches, involuntary", offsetof(struct pass, preemptions)},
	{"migrations", offsetof(struct pass, migrations)},
	{"cycles", offsetof(struct pass, counted[COUNTER_CYCLES])},
	{"instructions", offsetof(struct pass, counted[COUNTER_INSTRUCTIONS])},
	{"cache misses", offsetof(struct pass, counted[COUNTER_CACHE_MISSES])},
	{"dTLB misses", offsetof(struct pass, counted[COUNTER_DTLB_MISSES])},
};

/* The median over the passes that count; false if it is unknown, or 0 in all of them. */
static bool median_count(const struct cell_result *cell, size_t offset, uint64_t *room,
			 uint64_t *median, uint64_t *most)
{
	const bool counts_disturbed = result_counts_disturbed(cell);
	size_t n = 0;
	*most = 0;
	for (size_t i = 0; i < cell->n_passes; i++) {
		const struct pass *pass = &cell->passes[i];
		const uint64_t count =
			*(const uint64_t *)(const void *)((const char *)pass + offset);
		if (!result_pass_counts(pass, counts_disturbed) || count == COUNT_UNKNOWN)
			continue;
		room[n++] = count;
		*most = MAX(*most, count);
	}
	*median = n ? stats_median_u64(room, n) : 0;
	return *most > 0;
}

static void put_counters(const struct page *p, const struct cell_result *cell)
{
	static const char *const heads[] = {"counter", "median pass", "an entry", "most"};
	uint64_t *room = calloc(cell->n_passes + 1, sizeof(*room)), median, most;
	bool any = false;
	for (size_t i = 0; room && i < ARRAY_LEN(counts); i++) {
		if (!median_count(cell, counts[i].offset, room, &median, &most))
			continue;
		if (!any)
			begin_table(p, "Counters of the passes that count", heads,
				    ARRAY_LEN(heads));
		any = true;
		html_put(p->to,
			 "<tr><th scope=\"row\">%s</th><td class=\"n\">%s</td>"
			 "<td class=\"n\">%s</td><td class=\"n\">%s</td></tr>\n",
			 counts[i].name, format_count(p->arena, median),
			 per_entry(p, median, cell->entries), format_count(p->arena, most));
	}
	if (any)
		end_table(p);
	free(room);
}

static const char *ns_words(const struct page *p, uint64_t ns)
{
	return ns == COUNT_UNKNOWN ? "\342\200\223" : format_count(p->arena, ns);
}

static void put_latency(const struct page *p, const struct cell_result *cell)
{
	static const char *const heads[] = {"p50", "p90", "p99", "p99.9", "most"};
	const struct latency_facts *l = &cell->latency;
	if (!l->samples) {
		if (l->reason)
			html_put(p->to, "<p class=\"note\">No latency: %s.</p>\n",
				 format_text(p->arena, l->reason));
		return;
	}
	begin_table(p,
		    arena_print(p->arena, "Latency in ns, %s, 1 in %" PRIu32,
				COUNTED(l->samples, "sample"), l->gap),
		    heads, ARRAY_LEN(heads));
	fputs("<tr>", p->to);
	const uint64_t figures[] = {l->p50, l->p90, l->p99, l->p999, l->max};
	for (size_t i = 0; i < ARRAY_LEN(figures); i++)
		html_put(p->to, "<td class=\"n\">%s</td>", ns_words(p, figures[i]));
	fputs("</tr>\n", p->to);
	end_table(p);
}

/* The path below the root of the tree. The root is shown elsewhere. */
static const char *path_below(const struct page *p, const struct cell_result *cell,
			      const char *path)
{
	const struct tree_facts *tree = result_tree(p->result, cell->tree);
	const size_t n = tree && tree->root ? strlen(tree->root) : 0;
	if (n && path && strncmp(path, tree->root, n) == 0 && path[n] == '/' && path[n + 1])
		path += n + 1;
	return text_shorten(p->arena, format_text(p->arena, path), SHOWN_PATH_MAX);
}

static void put_slowest(const struct page *p, const struct cell_result *cell)
{
	static const char *const heads[] = {"ns", "path in the tree"};
	const struct latency_facts *l = &cell->latency;
	if (!l->n_slowest)
		return;
	begin_table(p, "The slowest entries", heads, ARRAY_LEN(heads));
	for (size_t i = 0; i < l->n_slowest; i++)
		html_put(p->to,
			 "<tr><td class=\"n\">%s</td><td class=\"path\"><bdi>%s</bdi></td></tr>\n",
			 format_count(p->arena, l->slowest[i].ns),
			 path_below(p, cell, l->slowest[i].path));
	end_table(p);
}

/* If too few passes were undisturbed, disturbed passes count as well. */
static void put_disturbed(const struct page *p, const struct cell_result *cell)
{
	const bool counts_disturbed = result_counts_disturbed(cell);
	size_t n = 0, in_it = 0;
	for (size_t i = 0; i < cell->n_passes; i++) {
		const struct pass *pass = &cell->passes[i];
		n += !pass->clean;
		in_it += !pass->clean && result_pass_counts(pass, counts_disturbed);
	}
	if (!n)
		return;
	if (in_it)
		html_put(
			p->to,
			"<p>%s disturbed or wrong; %s of them counted, since too few rounds "
			"were undisturbed:</p><ul>\n",
			arena_print(p->arena, "%s %s", COUNTED(n, "pass"), n == 1 ? "was" : "were"),
			in_it == n ? "all" : format_count(p->arena, in_it));
	else
		html_put(p->to, "<p>%s did not count:</p><ul>\n",
			 format_counted(p->arena, n, "pass"));
	for (size_t i = 0; i < cell->n_passes && n; i++) {
		const struct pass *pass = &cell->passes[i];
		if (!pass->clean)
			html_put(p->to, "<li>round %s, %s: %s</li>\n",
				 format_count(p->arena, pass->round),
				 format_duration(p->arena, (double)pass->wall_ns),
				 cause_shown(pass->why));
	}
	fputs("</ul>\n", p->to);
}

/* --- A cell ---------------------------------------------------------------------------------- */

static void put_notes(const struct page *p, const struct cell_result *cell)
{
	const char *notes[NOTES_MAX];
	const size_t n = estimate_has_median(&cell->ns_per_entry)
				 ? notes_make(p->result, cell, p->arena, notes)
				 : 0;
	if (!n)
		return;
	fputs("<ul class=\"notes\">\n", p->to);
	for (size_t i = 0; i < n; i++)
		html_put(p->to, "<li>%s</li>\n", notes[i]);
	fputs("</ul>\n", p->to);
}

static void put_summary(const struct page *p, const struct cell_result *cell)
{
	const struct estimate *e = &cell->ns_per_entry;
	fprintf(p->to, "<summary><h%d>", p->level + 2);
	html_put(p->to, "<bdi>%s</bdi>", format_cell(p->arena, p->result, cell));
	if (p->groups.n > 1 && !labels_one_cache(p->result))
		html_put(p->to, ", %s", cache_state_name(cell->cache));
	fprintf(p->to, "</h%d> ", p->level + 2);
	if (cell->status != STATUS_OK)
		html_put(p->to, "<span class=\"why %s\">%s</span>", status_name(cell->status),
			 status_name(cell->status));
	else if (estimate_has_median(e))
		html_put(p->to, "<span>%s ns per entry</span>",
			 format_fixed(p->arena, e->median, 1));
	fputs("</summary>\n", p->to);
}

static void put_cell(const struct page *p, const struct cell_result *cell)
{
	const size_t at = (size_t)(cell - p->result->cells);
	fprintf(p->to, "<details class=\"cell\" id=\"r%zu-c%zu\">\n", p->number, at);
	put_summary(p, cell);
	fputs("<div class=\"body\">\n", p->to);
	put_notes(p, cell);
	fprintf(p->to, "<div class=\"plots\" data-cell=\"%zu\"></div>\n", at);
	put_what(p, cell);
	fputs("<div class=\"tables\">\n", p->to);
	put_latency(p, cell);
	put_calls(p, cell);
	put_counters(p, cell);
	put_slowest(p, cell);
	fputs("</div>\n", p->to);
	put_disturbed(p, cell);
	fputs("</div></details>\n", p->to);
}

void page_put_cells(const struct page *p)
{
	page_begin_section(p, "details", "Each cell");
	fputs("<p class=\"note\">Passes in time order, latency, system calls and counters of each "
	      "cell; the floor comes last.</p>\n",
	      p->to);
	for (size_t i = 0; i < p->n; i++)
		put_cell(p, p->cells[i]);
	for (size_t i = 0; i < p->result->n_cells; i++) {
		if (p->result->cells[i].is_floor)
			put_cell(p, &p->result->cells[i]);
	}
	page_end_section(p);
}
