/* Writes a judgement as JSON. */
#include <errno.h>
#include <stdlib.h>

#include "engine/json/fields.h"
#include "reports/present/present.h"

static const char *verdict_word(unsigned value)
{
	return verdict_name(value);
}

static const struct member text_members[] = {{.kind = MEMBER_TEXT}};

#define T struct judged_fact
static const struct member fact_members[] = {
	{TEXT("base", base)},
	{TEXT("head", head)},
	{0},
};
#undef T

#define T struct judged
static const struct member ratio_members[] = {ESTIMATE(ratio), {0}};
static const struct member row_members[] = {
	{TEXT("cell", cell)},
	{TEXT("metric", metric)},
	{TEXT("unit", unit)},
	{CONST("better", "lower")},
	{ENUM("verdict", verdict, enum verdict, verdict_word)},
	{TEXT("reason", reason)},
	{REAL_IF("base", base, has_base)},
	{REAL_IF("head", head, has_head)},
	{BOOL("estimated", estimated)},
	{OWN("ratio", ratio_members)},
	{REAL_IF("tolerance", tolerance, has_tolerance)},
	{REAL_IF("limit", limit, estimated)},
	{REAL("smallest_seen", seen, ratio)},
	{0},
};
#undef T

#define T struct judgement
static const struct member base_members[] = {
	{TEXT("name", base)},
	{U32("units", n_base)},
	{0},
};
static const struct member head_members[] = {
	{TEXT("name", head)},
	{U32("units", n_head)},
	{0},
};
static const struct member judgement_members[] = {
	{CONST("schema", JUDGEMENT_SCHEMA)},
	{ENUM("kind", kind, enum judgement_kind, judgement_kind_name)},
	{ENUM("verdict", overall, enum verdict, verdict_word)},
	{TEXT("words", words)},
	{OWN("base", base_members)},
	{OWN("head", head_members)},
	{TEXT("unit", unit)},
	{REAL_IF("family_error", family_error, finished)},
	{MAP("facts", facts, fact_members)},
	{ARRAY("notes", notes, text_members)},
	{ARRAY("rows", rows, row_members)},
	{0},
};
#undef T

int present_json(FILE *to, const struct judgement *j, const struct present_style *style)
{
	(void)style;
	return json_show(to, member_write(judgement_members, j));
}
