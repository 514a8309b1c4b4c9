#include "reports/history/trend_table.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/verdict/judgement.h"
#include "reports/words/format.h"
#include "reports/words/wrap.h"

/* What several series have in common. */
static const char *footing(const struct store_series *s, struct arena *arena)
{
	const char *text = arena_print(
		arena, "%s (%s) on %s, %s cache, %s, pinned %s; %s (%s); time over that of %s",
		format_text(arena, s->tree), format_text(arena, s->digest),
		format_text(arena, s->fs), format_text(arena, s->cache),
		format_text(arena, s->place), format_text(arena, s->pin),
		format_text(arena, s->hostname), format_text(arena, s->fingerprint),
		format_text(arena, s->baseline));
	return text ? text : "?";
}

static bool same_footing(const struct store_series *a, const struct store_series *b)
{
	return strcmp(a->fingerprint, b->fingerprint) == 0 && strcmp(a->tree, b->tree) == 0 &&
	       strcmp(a->digest, b->digest) == 0 && strcmp(a->place, b->place) == 0 &&
	       strcmp(a->fs, b->fs) == 0 && strcmp(a->cache, b->cache) == 0 &&
	       strcmp(a->pin, b->pin) == 0 && strcmp(a->baseline, b->baseline) == 0;
}

static const char *day(struct arena *arena, const char *started)
{
	const char *text = arena_print(arena, "%.10s", started);
	return format_text(arena, text);
}

static void put_change(FILE *to, const struct trend *t, const struct change *change,
		       struct arena *arena)
{
	fprintf(to, "%s since %s: %s (%.3f to %.3f, p = %.4f)",
		judgement_change(arena, trend_ratio(change)),
		day(arena, t->points[change->at].started), trend_range(t, change, arena),
		t->levels[change->at - 1], t->levels[change->at], (double)change->p_ppm / 1e6);
}

static void put_row(FILE *to, const struct trend *t, size_t width, bool utf8, struct arena *arena)
{
	const struct store_point *last = &t->points[t->n - 1];
	const char *name = format_text(arena, t->series->cell);
	const size_t pad = width - MIN(text_width(name), width);
	fprintf(to, "  %s%*s  %6zu  %s %s  %6.3f  %6.3f  %s%.1f %%\n", name, (int)pad, "", t->n,
		day(arena, t->points[0].started), day(arena, last->started), last->ratio,
		t->levels[t->n - 1], format_plus_minus(utf8), 100 * t->noise);
	for (size_t i = 0; i < t->n_changes; i++) {
		fputs("    ", to);
		put_change(to, t, &t->changes[i], arena);
		fputc('\n', to);
	}
}

int trend_table(FILE *to, const struct trends *trends, const char *path, int columns, bool utf8)
{
	struct arena *arena = arena_new();
	size_t width = strlen("cell");
	if (!arena)
		return -ENOMEM;
	for (size_t i = 0; i < trends->n; i++) {
		const char *name = format_text(arena, trends->all[i].series->cell);
		width = MAX(width, text_width(name));
	}
	fprintf(to, "%s: %s, %s\n", format_text(arena, path), COUNTED(trends->runs, "run"),
		COUNTED(trends->n, "series"));
	for (size_t i = 0; i < trends->n; i++) {
		const struct trend *t = &trends->all[i];
		if (i == 0 || !same_footing(t->series, trends->all[i - 1].series)) {
			fputc('\n', to);
			wrap_print(to, footing(t->series, arena), 0, 0, (size_t)MAX(columns, 72));
			fprintf(to, "\n  %-*s  points  %-10s %-10s    last   level  noise\n",
				(int)width, "cell", "from", "to");
		}
		if (t->n)
			put_row(to, t, width, utf8, arena);
	}
	arena_free(arena);
	return 0;
}

int trend_report(FILE *to, const struct trends *trends, size_t *slower)
{
	struct arena *arena = arena_new();
	size_t found = 0;
	*slower = 0;
	if (!arena)
		return -ENOMEM;
	for (size_t i = 0; i < trends->n; i++) {
		const struct trend *t = &trends->all[i];
		for (size_t k = 0; k < t->n_changes; k++) {
			const bool up = trend_ratio(&t->changes[k]) > 1;
			fprintf(to, "%s  %s: ", up ? "SLOWER" : "FASTER", trend_name(t, arena));
			put_change(to, t, &t->changes[k], arena);
			fputc('\n', to);
			found++;
			*slower += up;
		}
	}
	fprintf(to, "%s, %s, %s of them to slower", COUNTED(trends->n, "series"),
		COUNTED(found, "change"), GROUPED(*slower));
	if (trends->n_short)
		fprintf(to, "; %s with fewer than %d points %s nothing yet",
			GROUPED(trends->n_short), 2 * CHANGE_PART_MIN,
			trends->n_short == 1 ? "says" : "say");
	fputc('\n', to);
	arena_free(arena);
	return 0;
}
