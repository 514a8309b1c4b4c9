/* What a profile comes to, in sentences, each with what it rests on. */
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/cmd/profile/found.h"
#include "reports/table/summary.h"
#include "reports/words/format.h"

/*
 * In per cent: directories of the ranking that take so much of the time are worth a sentence; a
 * place is named where so much of their time is spent below it.
 */
enum { STANDS_OUT = 25, BELOW = 80 };

struct adviser {
	const struct found *found;
	struct arena *arena;
	struct advice *advice;
	size_t n;
};

static void say(struct adviser *a, const char *code, const char *text)
{
	if (a->n < ADVICE_MAX && text)
		a->advice[a->n++] = (struct advice){code, text};
}

struct shares profile_shares(const struct found *f)
{
	struct shares s = {
		.enumeration_ns = tally_sum(f->tally, TALLY_OPEN)->ns +
				  tally_sum(f->tally, TALLY_GETDENTS)->ns +
				  tally_sum(f->tally, TALLY_CLOSE)->ns,
		.statx_ns = tally_sum(f->tally, TALLY_STATX)->ns,
		.own_ns = probe_own_ns(&f->probe, f->tally),
	};
	s.all_ns = s.enumeration_ns + s.statx_ns + s.own_ns;
	return s;
}

/* "(99% interval 2.10 to 2.52, 24 rounds)" */
static const char *interval(struct adviser *a, const struct estimate *e)
{
	if (!e->known)
		return arena_print(a->arena, "(seen in %s, too few for an interval)",
				   COUNTED(e->n, "round"));
	return arena_print(a->arena, "(%d%% interval %.2f to %.2f, %s)",
			   format_confidence(e->confidence), e->lo, e->hi,
			   COUNTED(e->n, "round"));
}

static void advise_fastest(struct adviser *a, const char *cache, const char *code)
{
	const struct found *f = a->found;
	const struct cell_result *plain = profile_cell(f, PROFILE_PLAIN, cache, 1);
	const struct fastest *fastest = NULL;
	for (size_t i = 0; plain && i < f->result->n_fastest; i++) {
		const struct fastest *one = &f->result->fastest[i];
		if (!one->same_jobs && same_text(one->baseline, plain->id))
			fastest = one;
	}
	if (!fastest)
		return;
	const struct cell_result *best =
		fastest->cell ? result_cell(f->result, fastest->cell) : NULL;
	const char *head = strcmp(cache, "cold") == 0 ? "With cold caches " : "";
	const struct estimate *e = &fastest->speedup;
	if (best && e->known && e->lo > 1)
		say(a, code,
		    arena_print(a->arena, "%s%s is %.2f times as fast as %s here %s.", head,
				format_cell_in_group(a->arena, f->result, best), e->median,
				PROFILE_PLAIN, interval(a, e)));
	else if (best && e->known)
		say(a, code,
		    arena_print(a->arena, "%s%s measurably faster than %s here: %s is %.2f times "
					  "as fast %s.",
				head, *head ? "no walk was" : "No walk was", PROFILE_PLAIN,
				format_cell_in_group(a->arena, f->result, best), e->median,
				interval(a, e)));
	else
		say(a, code,
		    arena_print(a->arena, "%s%s walk is fastest here is not known: %s.", head,
				*head ? "which" : "Which",
				format_text(a->arena, fastest->reason ? fastest->reason
						      : e->reason ? e->reason
								  : "it was not measured")));
}

static void advise_jobs(struct adviser *a)
{
	const struct crossover *c = &a->found->crossover;
	const char *text;
	if (!c->known)
		text = arena_print(a->arena, "How many jobs are worth it for %s is not known: %s.",
				   PROFILE_FUSED, c->reason ? c->reason : "?");
	else if (c->jobs == c->tried)
		text = arena_print(a->arena,
				   "With %u jobs, the most that were tried, %s is still faster: "
				   "%.2f times as fast as with %u %s; --jobs tries more.",
				   c->jobs, PROFILE_FUSED, c->gain.median, c->less,
				   interval(a, &c->gain));
	else if (c->less)
		text = arena_print(a->arena,
				   "%s gains by jobs up to %u, which are %.2f times as fast as %u "
				   "%s; above %u nothing is gained (up to %u were tried).",
				   PROFILE_FUSED, c->jobs, c->gain.median, c->less,
				   interval(a, &c->gain), c->jobs, c->tried);
	else
		text = arena_print(a->arena,
				   "%s gains nothing by more than %s (up to %u were tried).",
				   PROFILE_FUSED, COUNTED(c->jobs, "job"), c->tried);
	say(a, "jobs", text);
}

static void advise_shares(struct adviser *a)
{
	const struct found *f = a->found;
	const struct shares s = profile_shares(f);
	const struct cell_result *listed =
		f->is_compared ? profile_cell(f, PROFILE_LISTED, "warm", 1) : NULL;
	const char *spared = "";
	if (listed && listed->ratio.known && listed->ratio.hi < 1)
		spared = arena_print(a->arena,
				     " Names and types alone take %.2f times the time of %s %s.",
				     listed->ratio.median, PROFILE_PLAIN,
				     interval(a, &listed->ratio));
	say(a, "shares",
	    arena_print(a->arena,
			"Of the timed walk %u%% is enumeration (open, getdents, close), %u%% statx "
			"and %u%% the walking program itself.%s",
			count_percent(s.enumeration_ns, s.all_ns),
			count_percent(s.statx_ns, s.all_ns), count_percent(s.own_ns, s.all_ns),
			spared ? spared : ""));
}

static void advise_places(struct adviser *a)
{
	const struct tops *tops = tally_slowest(a->found->tally);
	const uint64_t all = tally_ns(a->found->tally);
	const uint64_t directories = tally_directories(a->found->tally);
	uint64_t ns, sum = 0;
	size_t of, n;
	for (size_t i = 0; i < tops->n; i++)
		sum += tops->items[i].ns;
	if (directories <= 2 * tops->n || tops->n == 0)
		return;
	if (count_percent(sum, all) < STANDS_OUT) {
		say(a, "places",
		    arena_print(a->arena,
				"No directory stands out: the slowest %zu of %s take %u%% of the "
				"time.",
				tops->n, GROUPED(directories), count_percent(sum, all)));
		return;
	}
	const size_t len = tops_below(tops, BELOW, &of, &ns, &n);
	const char *where =
		len ? arena_print(a->arena, " in or below %s",
				  format_text(a->arena,
					      arena_print(a->arena, "%.*s", (int)len,
							  tops->items[of].path)))
		    : "";
	say(a, "places",
	    arena_print(a->arena, "%u%% of the time is spent in %s%s, of %s.",
			count_percent(ns, all), COUNTED(n, "directory"), where ? where : "",
			GROUPED(directories)));
}

static void advise_cold(struct adviser *a)
{
	const struct found *f = a->found;
	const struct cell_result *warm = profile_cell(f, PROFILE_PLAIN, "warm", 1);
	const struct cell_result *cold = profile_cell(f, PROFILE_PLAIN, "cold", 1);
	const bool is_asked = f->options->drop_caches || f->options->cold_command;
	if (!is_asked) {
		say(a, "cold",
		    "How the walks do with cold caches is not known: --drop-caches (as root, for "
		    "the whole machine) or --cold-cmd COMMAND let profile empty them.");
		return;
	}
	if (!cold || !warm || !estimate_has_median(&cold->ns_per_entry) ||
	    cold->status != STATUS_OK) {
		say(a, "cold",
		    arena_print(a->arena, "How the walks do with cold caches is not known: %s.",
				format_text(a->arena,
					    cold && cold->reason ? cold->reason
								 : "there was no time for it")));
		return;
	}
	say(a, "cold",
	    arena_print(a->arena,
			"With cold caches %s takes %.1f times as long as with warm ones (%s per "
			"entry against %s).",
			PROFILE_PLAIN, cold->ns_per_entry.median / warm->ns_per_entry.median,
			format_duration(a->arena, cold->ns_per_entry.median),
			format_duration(a->arena, warm->ns_per_entry.median)));
	advise_fastest(a, "cold", "fastest-cold");
}

/* What is missing from the figures. */
static void advise_gaps(struct adviser *a)
{
	const struct probe *p = &a->found->probe;
	if (p->is_cut)
		say(a, "cut",
		    arena_print(a->arena,
				"The time was up before all had been walked: the figures are of "
				"%s in %s. Give --max-time more.",
				COUNTED(tally_entries(a->found->tally), "entry"),
				COUNTED(tally_directories(a->found->tally), "directory")));
	if (p->unreadable)
		say(a, "unreadable",
		    arena_print(a->arena, "%s could not be read; what is in there is in no figure.",
				COUNTED(p->unreadable, "directory")));
	if (p->not_entered)
		say(a, "not-entered",
		    arena_print(a->arena,
				"%s were not entered: too many wait beside each other.",
				COUNTED(p->not_entered, "directory")));
}

static void advise_warnings(struct adviser *a)
{
	struct sentence sentences[SENTENCES_MAX];
	const size_t n = summary_make(a->found->result, a->arena, sentences);
	for (size_t i = 0; i < n; i++) {
		if (sentences[i].warning)
			say(a, sentences[i].code, sentences[i].text);
	}
}

size_t profile_advise(const struct found *f, struct advice advice[ADVICE_MAX])
{
	struct adviser a = {.found = f, .arena = f->result->arena, .advice = advice};
	if (f->is_compared) {
		advise_fastest(&a, "warm", "fastest");
		advise_jobs(&a);
	} else {
		say(&a, "not-compared",
		    arena_print(a.arena, "The walks were not compared: %s.",
				format_text(a.arena, f->not_compared)));
	}
	advise_shares(&a);
	advise_places(&a);
	advise_cold(&a);
	advise_gaps(&a);
	if (f->is_compared)
		advise_warnings(&a);
	return a.n;
}
