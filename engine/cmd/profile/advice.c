/*
 * The conclusions of a profile (engine/profile/walks.h, tally.h) as sentences, each with its
 * evidence.
 */
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/cmd/profile/walk_profile.h"
#include "reports/table/summary.h"
#include "reports/words/format.h"

enum { PATH_MOST = 64 }; /* characters */

struct advice_list {
	const struct walk_profile *profile;
	struct arena *arena;
	struct advice *advice;
	size_t n;
};

static void say(struct advice_list *a, const char *code, const char *text)
{
	if (a->n < ADVICE_MAX && text)
		a->advice[a->n++] = (struct advice){code, text};
}

/* A path shortened to both ends. */
static const char *shortened(struct advice_list *a, const char *path)
{
	const char *text =
		path ? text_shorten(a->arena, format_text(a->arena, path), PATH_MOST) : NULL;
	return or_unknown(text);
}

/* "(99 % interval 2.10 to 2.52, 24 rounds)" */
static const char *interval(struct advice_list *a, const struct estimate *e)
{
	if (!e->known)
		return arena_print(a->arena, "(seen in %s, too few for an interval)",
				   COUNTED(e->n, "round"));
	return arena_print(a->arena, "(%d %% interval %.2f to %.2f, %s)",
			   format_confidence(e->confidence), e->lo, e->hi, COUNTED(e->n, "round"));
}

static void advise_unlike(struct advice_list *a, const struct crossover *c, enum cache_state cache,
			  const char *code)
{
	const struct cell_result *plain = walks_cell(a->profile->result, PROFILE_PLAIN, cache, 1);
	say(a, code,
	    arena_print(a->arena,
			"Times cannot be compared: %s finds %s and %s %s, because some are "
			"too deep, or appear and vanish.",
			PROFILE_PLAIN, COUNTED(plain->entries, "entry"), c->choice->strategy,
			GROUPED(c->choice->entries)));
}

static void advise_fastest(struct advice_list *a, const struct crossover *c, enum cache_state cache,
			   const char *code)
{
	const struct result *result = a->profile->result;
	const struct estimate *e = &c->speedup;
	const char *where = cache == CACHE_COLD ? "with cold caches" : "here";
	const char *name = c->choice ? format_cell_in_group(a->arena, result, c->choice) : NULL;
	switch (walks_fastest(result, c, cache)) {
	case WALKS_UNLIKE:
		advise_unlike(a, c, cache, code);
		break;
	case WALKS_FASTER:
		say(a, code,
		    arena_print(a->arena, "%s is %.2f times as fast as %s %s %s.", or_unknown(name),
				e->median, PROFILE_PLAIN, where, interval(a, e)));
		break;
	case WALKS_NOT_FASTER:
		say(a, code,
		    arena_print(a->arena,
				"No walk was measurably faster than %s %s: %s is %.2f times as "
				"fast %s.",
				PROFILE_PLAIN, where, or_unknown(name), e->median, interval(a, e)));
		break;
	case WALKS_UNKNOWN:
		say(a, code,
		    arena_print(a->arena,
				"Whether another walk is faster than %s %s is not known: %s.",
				PROFILE_PLAIN, where,
				format_text(a->arena, c->choice && e->reason
							      ? e->reason
							      : "none was measured to its end")));
		break;
	}
}

static void advise_jobs(struct advice_list *a)
{
	const struct crossover *c = &a->profile->walks.warm;
	const char *text;
	if (!c->known)
		text = arena_print(a->arena, "The best number of jobs for %s is not known: %s.",
				   PROFILE_FUSED, or_unknown(c->reason));
	else if (c->jobs == c->tried)
		text = arena_print(a->arena,
				   "With %u jobs, the most that were tried, %s is still faster: "
				   "%.2f times as fast as with %u %s; --jobs tries more.",
				   c->jobs, PROFILE_FUSED, c->gain.median, c->less,
				   interval(a, &c->gain));
	else
		text = arena_print(a->arena,
				   "With more than %s %s gains nothing measurable: with %u it is "
				   "%.2f times as fast as with %u %s; up to %u were tried.",
				   COUNTED(c->jobs, "job"), PROFILE_FUSED, c->more,
				   c->beyond.median, c->jobs, interval(a, &c->beyond), c->tried);
	if (c->known && c->less && c->jobs != c->tried)
		text = arena_print(a->arena,
				   "%s With %u jobs it is %.2f times as fast as with %u "
				   "%s.",
				   text ? text : "", c->jobs, c->gain.median, c->less,
				   interval(a, &c->gain));
	say(a, "jobs", text);
}

static void advise_shares(struct advice_list *a)
{
	const struct walk_profile *f = a->profile;
	const struct shares s = probe_shares(&f->probe, f->tally);
	const struct estimate *names = f->walks.is_compared ? walks_names_alone(f->result) : NULL;
	const char *spared = "";
	if (names)
		spared = arena_print(a->arena,
				     " Names and types alone take %.2f times the time of %s %s.",
				     names->median, PROFILE_PLAIN, interval(a, names));
	say(a, "shares",
	    arena_print(
		    a->arena,
		    "Of the timed walk %u %% is enumeration (open, getdents, close), %u %% statx "
		    "and %u %% the walking program itself.%s",
		    count_percent(s.enumeration_ns, s.all_ns), count_percent(s.statx_ns, s.all_ns),
		    count_percent(s.own_ns, s.all_ns), spared ? spared : ""));
}

static void advise_places(struct advice_list *a)
{
	const struct places p = tally_places(a->profile->tally);
	const uint64_t directories = tally_directories(a->profile->tally);
	if (p.kind == PLACES_EVEN)
		say(a, "places",
		    arena_print(a->arena,
				"No directory stands out: the slowest %zu of %s take %u %% of the "
				"time.",
				p.n, GROUPED(directories), p.percent));
	if (p.kind != PLACES_STAND_OUT)
		return;
	const char *place = shortened(a, arena_print(a->arena, "%.*s", (int)p.length, p.path));
	const char *where = p.length == 0 ? "."
			    : p.n == 1
				    ? arena_print(a->arena, ": %s.", place)
				    : arena_print(a->arena, ", all of them %s or below it.", place);
	say(a, "places",
	    arena_print(a->arena, "%u %% of the time is spent in %zu of %s directories%s",
			p.percent, p.n, GROUPED(directories), where ? where : "."));
}

static void advise_cold(struct advice_list *a)
{
	const struct walk_profile *f = a->profile;
	const struct cell_result *warm = walks_cell(f->result, PROFILE_PLAIN, CACHE_WARM, 1);
	const struct cell_result *cold = walks_cell(f->result, PROFILE_PLAIN, CACHE_COLD, 1);
	const double times = walks_cold_times(f->result);
	const bool is_asked = f->options->caches.drop_caches || f->options->caches.cold_command;
	if (!is_asked) {
		say(a, "cold",
		    "The walks were not measured with cold caches: --drop-caches "
		    "(as root, for the whole machine) or --cold-cmd COMMAND "
		    "empties them.");
		return;
	}
	if (!(times > 0)) {
		say(a, "cold",
		    arena_print(a->arena, "The walks were not measured with cold caches: %s.",
				format_text(a->arena, cold && cold->reason
							      ? cold->reason
							      : "there was no time for it")));
		return;
	}
	say(a, "cold",
	    arena_print(a->arena,
			"With cold caches %s takes %.1f times as long as with warm ones (%s per "
			"entry against %s).",
			PROFILE_PLAIN, times, format_duration(a->arena, cold->ns_per_entry.median),
			format_duration(a->arena, warm->ns_per_entry.median)));
	advise_fastest(a, &f->walks.cold, CACHE_COLD, "fastest-cold");
}

/* Gaps in the figures. */
static void advise_gaps(struct advice_list *a)
{
	const struct probe *p = &a->profile->probe;
	if (p->is_cut)
		say(a, "cut",
		    arena_print(a->arena,
				"The time was up before the walk was complete: the figures "
				"cover %s in %s. Raise --max-time.",
				COUNTED(tally_entries(a->profile->tally), "entry"),
				COUNTED(tally_directories(a->profile->tally), "directory")));
	if (p->unreadable)
		say(a, "unreadable",
		    arena_print(a->arena, "%s could not be read; their contents are not counted.",
				COUNTED(p->unreadable, "directory")));
	if (p->not_entered)
		say(a, "not-entered",
		    arena_print(a->arena,
				"%s were not entered: the list of directories to enter was full.",
				COUNTED(p->not_entered, "directory")));
}

/* The warnings of any run; those that name options that profile does not have are reworded. */
static void advise_warnings(struct advice_list *a)
{
	static const struct {
		const char *code, *text; /* NULL: it is mentioned elsewhere */
	} others[] = {
		{"few-rounds", "There were too few rounds for an interval; raise --max-time."},
		{"disturbed", "Too few passes were undisturbed, so disturbed ones count, "
			      "too; stop other work and run again."},
		{"sample", NULL},
		{"incomplete", NULL},
		{"baseline-missing", NULL},
		{"unreadable", NULL},
		{"mounts", NULL},
	};
	struct sentence sentences[SENTENCES_MAX];
	const size_t n = summary_make(a->profile->result, a->arena, sentences);
	for (size_t i = 0; i < n; i++) {
		const char *text = sentences[i].text;
		for (size_t k = 0; k < ARRAY_LEN(others); k++) {
			if (strcmp(sentences[i].code, others[k].code) == 0)
				text = others[k].text;
		}
		if (sentences[i].warning && text)
			say(a, sentences[i].code,
			    text == sentences[i].text ? arena_print(a->arena, "Note: %s", text)
						      : text);
	}
}

static void advise_part(struct advice_list *a)
{
	const struct tree_facts *tree = &a->profile->result->trees[0];
	if (tree->sample.of_entries)
		say(a, "part",
		    arena_print(a->arena,
				"The walks were compared on %s alone (%s of %s%s), as there was no "
				"time for all; raise --max-time.%s",
				shortened(a, tree->root), COUNTED(tree->entries, "entry"),
				tree->sample.is_more ? "more than " : "",
				GROUPED(tree->sample.of_entries),
				tree->sample.directories == 1 ? " It is a single directory, so the "
								"figures say little about jobs."
							      : ""));
}

size_t walk_profile_advise(const struct walk_profile *f, struct advice advice[ADVICE_MAX])
{
	struct advice_list a = {.profile = f, .arena = f->result->arena, .advice = advice};
	if (f->walks.is_compared) {
		advise_fastest(&a, &f->walks.warm, CACHE_WARM, "fastest");
		advise_jobs(&a);
	} else {
		say(&a, "not-compared",
		    arena_print(a.arena, "The walks were not compared: %s.",
				format_text(a.arena, f->walks.not_compared)));
	}
	advise_shares(&a);
	advise_places(&a);
	advise_cold(&a);
	advise_gaps(&a);
	if (f->is_interrupted)
		say(&a, "interrupted",
		    "The profile was interrupted: these are the results so far.");
	if (f->walks.is_compared) {
		advise_part(&a);
		advise_warnings(&a);
	}
	return a.n;
}
