/* Where a run was made, and what its figures mean. */
#include <inttypes.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/page/parts.h"
#include "reports/words/format.h"

static void put_fact(const struct page *p, const char *name, const char *text)
{
	if (text && *text)
		html_put(p->to, "<dt>%s</dt><dd><bdi>%s</bdi></dd>\n", name, text);
}

static void put_text(const struct page *p, const char *name, const char *text)
{
	put_fact(p, name, text ? format_text(p->arena, text) : NULL);
}

static void begin_block(const struct page *p, const char *title)
{
	fprintf(p->to, "<div><h%d>", p->level + 2);
	html_put(p->to, "%s", title);
	fprintf(p->to, "</h%d>\n<dl>\n", p->level + 2);
}

static void end_block(const struct page *p)
{
	fputs("</dl></div>\n", p->to);
}

static void put_trees(const struct page *p)
{
	const struct result *r = p->result;
	begin_block(p, r->n_trees > 1 ? "Trees" : "Tree");
	for (size_t i = 0; i < r->n_trees; i++) {
		const struct tree_facts *tree = &r->trees[i];
		const struct fs_facts *fs = result_fs(r, tree->fs);
		put_fact(p, tree->label ? format_text(p->arena, tree->label) : "Tree",
			 format_tree(p->arena, tree));
		put_text(p, "at", tree->root);
		put_fact(p, "on", fs ? format_fs(p->arena, fs) : NULL);
		put_text(p, "made", fs ? fs->made : NULL);
		put_text(p, "order", order_name(tree->order));
	}
	end_block(p);
}

static void put_host(const struct page *p)
{
	const struct host_facts *h = &p->result->host;
	begin_block(p, "Machine");
	put_fact(p, "Host", format_host(p->arena, p->result));
	if (p->result->has_guest)
		put_fact(p, "Guest", format_guest(p->arena, &p->result->guest));
	put_text(p, "System", h->os);
	put_text(p, "Kernel", h->kernel_version);
	put_text(p, "Topology", h->topology);
	put_text(p, "CPUs allowed", h->cpus_allowed);
	put_text(p, "CPUs busy", h->cpus_busy);
	put_text(p, "cgroup", h->cgroup_cpu_max);
	put_fact(p, "Memory", h->memory_bytes ? MEMORY(h->memory_bytes) : NULL);
	put_text(p, "Governor", h->governor);
	put_text(p, "Turbo", h->turbo);
	put_text(p, "SMT", h->smt);
	put_text(p, "Clock", h->clocksource);
	put_text(p, "Fingerprint", h->fingerprint);
	for (size_t i = 0; i < h->n_mitigations; i++)
		put_text(p, format_text(p->arena, h->mitigations[i].name), h->mitigations[i].value);
	end_block(p);
}

/* The command line for reading, not for pasting: nothing is quoted. */
static const char *command_of(const struct page *p)
{
	const struct run_facts *run = &p->result->run;
	const char *all = NULL;
	for (size_t i = 0; i < run->n_argv; i++)
		all = arena_print(p->arena, "%s%s%s", all ? all : "", all ? " " : "",
				  format_text(p->arena, run->argv[i]));
	return all;
}

static void put_run(const struct page *p)
{
	const struct run_facts *run = &p->result->run;
	begin_block(p, "Run");
	put_fact(p, "Command", command_of(p));
	put_text(p, "Started", run->started);
	put_fact(p, "Rounds", format_rounds(p->arena, p->result));
	put_fact(p, "Disturbed", format_disturbed(p->arena, p->result));
	put_fact(p, "Sittings", format_sittings(p->arena, p->result));
	put_fact(p, "State", format_state(p->arena, p->result));
	put_fact(p, "Complete", p->result->complete ? "yes" : "no, it was interrupted");
	put_text(p, "Id", run->id);
	for (size_t i = 0; i < run->n_unsupported; i++)
		put_fact(p,
			 arena_print(p->arena, "No %s",
				     format_text(p->arena, run->unsupported[i].name)),
			 format_text(p->arena, run->unsupported[i].value));
	end_block(p);
}

static void put_tool(const struct page *p)
{
	const struct tool_facts *tool = &p->result->tool;
	begin_block(p, "Program");
	put_text(p, "statmark", tool->version);
	put_text(p, "Commit", tool->commit);
	put_text(p, "Compiler", tool->compiler);
	put_text(p, "Flags", tool->cflags);
	for (size_t i = 0; i < tool->n_libs; i++)
		put_text(p, format_text(p->arena, tool->libs[i].name), tool->libs[i].value);
	end_block(p);
}

static void put_method(const struct page *p)
{
	page_begin_section(p, "method", "Method");
	fputs("<ul>\n"
	      "<li>Rounds are interleaved: one pass of every cell, in shuffled order. Each pass is "
	      "timed as a whole, and its answers are verified outside the clock.</li>\n"
	      "<li>A ratio is the median over rounds of this cell's time over the baseline's. Its "
	      "interval lies between two order statistics and assumes no distribution. Below 1 is "
	      "faster; an interval that contains 1 means that no difference was measured.</li>\n"
	      "<li>Time per entry is the baseline's time times the ratio, with the product of both "
	      "intervals. It has the drift of the baseline in it, so compare cells by their "
	      "ratios.</li>\n"
	      "<li>A pass that the machine disturbed does not count, by its cause and never by its "
	      "value. It stays in the document and in the plots.</li>\n"
	      "<li>Latency is sampled in passes of its own, and does not add up to the time per "
	      "entry.</li>\n"
	      "<li>The fastest of several is chosen on one half of the rounds and scored on the "
	      "other.</li>\n</ul>\n",
	      p->to);
	page_end_section(p);
}

void page_put_facts(const struct page *p)
{
	page_begin_section(p, "environment", "Environment");
	fputs("<div class=\"facts\">\n", p->to);
	put_run(p);
	put_trees(p);
	put_host(p);
	put_tool(p);
	fputs("</div>\n", p->to);
	page_end_section(p);
	put_method(p);
}
