/* The top of the page of a run: its results in sentences, and the warnings about them. */
#include "engine/base/util.h"
#include "reports/page/parts.h"
#include "reports/table/summary.h"
#include "reports/words/format.h"

static void put_lede(const struct page *p)
{
	const struct result *r = p->result;
	const struct tree_facts *only = result_only_tree(r);
	fputs("<p class=\"lede\">", p->to);
	if (only)
		html_put(p->to, "<span><bdi>%s</bdi></span> ", format_tree(p->arena, only));
	html_put(p->to, "<span>%s</span> ", format_state(p->arena, r));
	html_put(p->to, "<span><bdi>%s</bdi></span>", format_host(p->arena, r));
	if (r->run.started)
		html_put(p->to, " <time datetime=\"%s\">%s</time>", r->run.started,
			 format_text(p->arena, r->run.started));
	fputs("</p>\n", p->to);
}

static void put_warnings(const struct page *p, const struct sentence *sentences, size_t n)
{
	size_t warnings = 0;
	for (size_t i = 0; i < n; i++)
		warnings += sentences[i].warning;
	if (!warnings)
		return;
	page_begin_section(p, "warnings", "Before believing it");
	fputs("<ul>\n", p->to);
	for (size_t i = 0; i < n; i++) {
		if (sentences[i].warning)
			html_put(p->to, "<li data-code=\"%s\">%s</li>\n", sentences[i].code,
				 sentences[i].text);
	}
	fputs("</ul>\n", p->to);
	page_end_section(p);
}

void page_put_answer(const struct page *p)
{
	struct sentence *sentences = arena_alloc(p->arena, SENTENCES_MAX * sizeof(*sentences));
	const size_t n = sentences ? summary_make(p->result, p->arena, sentences) : 0;
	fprintf(p->to, "<header class=\"answer\">\n<h%d id=\"r%zu-title\">", p->level, p->number);
	html_put(p->to, "<bdi>%s</bdi>", page_title(p->arena, p->result));
	fprintf(p->to, "</h%d>\n", p->level);
	put_lede(p);
	/* With several groups no sentence is more important than the others. */
	fputs(p->groups.n > 1 ? "<div class=\"says many\">\n" : "<div class=\"says\">\n", p->to);
	for (size_t i = 0; i < n; i++) {
		if (!sentences[i].warning)
			html_put(p->to, "<p data-code=\"%s\">%s</p>\n", sentences[i].code,
				 sentences[i].text);
	}
	fputs("</div>\n<p class=\"downloads\"></p>\n</header>\n", p->to);
	put_warnings(p, sentences, n);
}
