#include "reports/present/present.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/base/word.h"
#include "reports/words/format.h"

const struct present_format present_formats[] = {
	{"text", present_text}, {"json", present_json},   {"markdown", present_markdown},
	{"csv", present_csv},   {"junit", present_junit}, {"github", present_github},
	{NULL, NULL},
};

const char *present_format_name(unsigned format)
{
	return present_formats[format].name;
}

const struct present_format *present_find(const char *name)
{
	const int format = word_find(present_format_name, name);
	return format < 0 ? NULL : &present_formats[format];
}

const char *present_side(struct arena *arena, const struct judgement *j, bool head)
{
	const char *name = format_text(arena, head ? j->head : j->base);
	const uint32_t n = head ? j->n_head : j->n_base;
	return or_unknown(arena_print(arena, "%s (%s)", name, COUNTED(n, j->unit_one)));
}

/*
 * "PASS: of 3 comparisons 3 not slower": the line of a gate begins with PASS or FAIL. Without a
 * decision it keeps the verdict, which is neither.
 */
const char *present_words(struct arena *arena, const struct judgement *j)
{
	static const char *const outcomes[VERDICTS] = {
		[VERDICT_OK] = "PASS",        [VERDICT_IMPROVED] = "PASS",
		[VERDICT_IDENTICAL] = "PASS", [VERDICT_REGRESSED] = "FAIL",
		[VERDICT_INVALID] = "FAIL",
	};
	const char *words = format_text(arena, j->words), *rest = strchr(words, ':');
	if (j->kind != JUDGEMENT_GATE || !outcomes[j->overall] || !rest)
		return words;
	words = arena_print(arena, "%s%s", outcomes[j->overall], rest);
	return or_unknown(words);
}

const char *present_value(struct arena *arena, const struct judged *row, bool head)
{
	const double value = head ? row->head : row->base;
	if (!(head ? row->has_head : row->has_base))
		return "";
	if (!row->estimated)
		return format_fixed(arena, value, row->is_rate ? 3 : 0);
	return format_fixed(arena, value, value < 10 ? 3 : 1);
}

/* Without an interval the quotient of the figures stands for the ratio. */
const char *present_change(struct arena *arena, const struct judged *row)
{
	if (row->ratio.known)
		return judgement_change(arena, row->ratio.median);
	if (row->has_base && row->has_head && row->base > 0)
		return judgement_change(arena, row->head / row->base);
	return "";
}

const char *present_interval(struct arena *arena, const struct judged *row)
{
	if (!row->ratio.known)
		return row->estimated ? "" : "exact";
	/* One unit is enough: "-1.3 to +2.4 %". */
	const char *lo = judgement_change(arena, row->ratio.lo);
	return or_unknown(arena_print(arena, "%.*s to %s", (int)strcspn(lo, " "), lo,
				      judgement_change(arena, row->ratio.hi)));
}

const char *present_seen(struct arena *arena, const struct judged *row)
{
	return row->ratio.known ? judgement_percent(arena, row->seen) : "";
}

static const char *interval_words(struct arena *arena, const struct judged *row)
{
	if (!row->ratio.known)
		return "";
	return or_unknown(arena_print(arena,
				      " (%s, a %.5g %% interval of %" PRIu32
				      "); the smallest slowdown that it could have shown is %s",
				      present_interval(arena, row), 100 * row->ratio.confidence,
				      row->ratio.n, present_seen(arena, row)));
}

const char *present_sentence(struct arena *arena, const struct judged *row)
{
	const char *base = present_value(arena, row, false),
		   *head = present_value(arena, row, true);
	const char *change = present_change(arena, row);
	return or_unknown(arena_print(arena, "%s: %s. Base %s, head %s %s%s%s%s",
				      verdict_name(row->verdict), format_text(arena, row->reason),
				      *base ? base : "unknown", *head ? head : "unknown",
				      format_text(arena, row->unit), *change ? ", change " : "",
				      change, interval_words(arena, row)));
}
