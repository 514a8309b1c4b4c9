#include "tests/unit/with_page.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tests/test.h"

size_t page_count(const char *text, const char *words)
{
	size_t n = 0;
	while ((text = strstr(text, words))) {
		text += strlen(words);
		n++;
	}
	return n;
}

void page_has(const char *page, const char *words)
{
	if (!strstr(page, words))
		fail_msg("the page lacks %s", words);
}

void page_has_no(const char *page, const char *words)
{
	const char *at = strstr(page, words);
	if (at)
		fail_msg("the page has %s in %.80s", words, at);
}

static bool is_one_of(const char *name, const char *list)
{
	char word[40];
	snprintf(word, sizeof(word), " %s ", name);
	return strstr(list, word);
}

enum { NAME_SIZE = 32, DEPTH = 64 };

/* The element that begins or ends at a "<"; returns what follows its ">". */
static const char *read_tag(const char *at, char name[NAME_SIZE], bool *ends, bool *empty)
{
	const char *end = at + 1;
	bool quoted = false;
	*ends = *end == '/';
	end += *ends;
	size_t n = strspn(end, "abcdefghijklmnopqrstuvwxyz0123456789!");
	snprintf(name, NAME_SIZE, "%.*s", (int)n, end);
	for (; *end && (quoted || *end != '>'); end++) {
		quoted ^= *end == '"';
		if (!quoted && *end == '<')
			fail_msg("a tag inside of %.60s", at);
	}
	if (!*end)
		fail_msg("no end of %.60s", at);
	*empty = end[-1] == '/' || is_one_of(name, " !doctype meta link input wbr ");
	return end + 1;
}

/* Every element that begins ends, in the reverse order; script and style hold no elements. */
static void is_balanced(const char *page)
{
	char open[DEPTH][NAME_SIZE], name[NAME_SIZE];
	size_t depth = 0;
	bool ends, empty;
	while ((page = strchr(page, '<'))) {
		const char *at = page;
		page = read_tag(at, name, &ends, &empty);
		if (ends) {
			if (!depth || strcmp(open[depth - 1], name) != 0)
				fail_msg("%s ends inside of %s: %.60s", name,
					 depth ? open[depth - 1] : "nothing", at);
			depth--;
		} else if (!empty) {
			assert_true(depth < DEPTH);
			snprintf(open[depth++], NAME_SIZE, "%s", name);
			if (strcmp(name, "script") == 0 || strcmp(name, "style") == 0)
				page = strstr(page, *name == 's' && name[1] == 'c' ? "</script>"
										   : "</style>");
			assert_non_null(page);
		}
	}
	assert_int_equal(depth, 0);
}

/* No id stands twice, and every link inside the page leads somewhere. */
static void ids_are_good(const char *page)
{
	const char *end = strstr(page, "<div id=\"tip\""), *at = page;
	assert_non_null(end);
	while ((at = strstr(at, " id=\"")) && at < end) {
		char id[64];
		snprintf(id, sizeof(id), "%.*s\"", (int)strcspn(at + 5, "\"") + 5, at);
		if (page_count(page, id) != 1)
			fail_msg("there are several%s", id);
		at += 5;
	}
	at = page;
	while ((at = strstr(at, "href=\"#")) && at < end) {
		char id[64];
		snprintf(id, sizeof(id), " id=\"%.*s\"", (int)strcspn(at + 7, "\""), at + 7);
		page_has(page, id);
		at += 7;
	}
}

void page_is_whole(const char *page)
{
	is_balanced(page);
	ids_are_good(page);
	page_has(page, "</html>\n");
	assert_int_equal(page_count(page, "<h1"), 1);
	for (const char *c = page; *c; c++)
		assert_true((unsigned char)*c >= 32 || *c == '\n' || *c == '\t');
}

void page_blank_documents(char *page)
{
	for (char *at = page; (at = strstr(at, "-json\">"));) {
		at += strlen("-json\">");
		memset(at, ' ', (size_t)(strstr(at, "</script>") - at));
	}
}
