/*
 * The findings of `statmark profile` about a tree, and their output as text, JSON, advice and
 * plots.
 */
#ifndef ENGINE_CMD_PROFILE_WALK_PROFILE_H
#define ENGINE_CMD_PROFILE_WALK_PROFILE_H

#include "engine/base/outdir.h"
#include "engine/cmd/line/options.h"
#include "engine/json/json.h"
#include "engine/profile/crossover.h"
#include "engine/profile/probe.h"
#include "engine/result.h"

#define PROFILE_PLAIN  "walk-lstat" /* what ordinary programs do */
#define PROFILE_FUSED  "walk-fused" /* libflist's, which takes jobs */
#define PROFILE_LISTED "readdir"    /* names and types only */

#define PROFILE_DOCUMENT "profile.json"

struct walk_profile {
	const struct profile_command *options;
	const char *root; /* as it is walked */
	bool is_made;     /* by statmark, from this seed */
	uint64_t seed;
	struct probe probe;
	struct tally *tally;
	uint64_t block_reads; /* of the timed walk, in units of 512 bytes */
	/* The walks that were compared; its arena has all text. */
	struct result *result;
	bool is_compared;                 /* result has figures; else: */
	const char *not_compared;         /* why not */
	struct crossover crossover, cold; /* with warm caches, and with cold ones */
	bool is_interrupted;
};

enum { ADVICE_MAX = 16 };

struct advice {
	const char *code; /* "fastest", "jobs": for programs */
	const char *text;
};

/* What follows from it, in sentences. Returns how many; the text lies in the result's arena. */
size_t walk_profile_advise(const struct walk_profile *profile, struct advice advice[ADVICE_MAX]);

/* On stdout. */
void walk_profile_print(const struct walk_profile *profile, const struct advice *advice, size_t n);

/* The same for programs. Incomplete for want of memory: json_show and json_write_file notice. */
json_t *walk_profile_json(const struct walk_profile *profile, const struct advice *advice,
			  size_t n);

/* Pictures profile-*.svg and .png, as plots_draw makes those of a run, until until_ns. */
int walk_profile_draw(const struct walk_profile *profile, const struct outdir *out,
		      uint64_t until_ns, struct err *err);

/*
 * Loads the tree and compares the walks on it, or on as much of it as there is time for until
 * until_ns, and stores the results in the profile. -EINTR: stopped; what was measured stands there.
 */
int walk_profile_compare(struct walk_profile *profile, uint64_t until_ns,
			 const struct progress *progress, struct err *err);

/* The cell of a strategy with so many jobs in a cache state; NULL: there is none. */
const struct cell_result *walk_profile_cell(const struct walk_profile *profile,
					    const char *strategy, enum cache_state cache,
					    uint32_t jobs);

/* What a class of directories is called: "3", "10 to 99", "10,000 and more". */
const char *walk_profile_depth_label(struct arena *arena, size_t depth);
const char *walk_profile_size_label(struct arena *arena, size_t class);

/* Of the calls that every walk makes: open, getdents, close; statx; and this program's own time. */
struct shares {
	uint64_t enumeration_ns, statx_ns, own_ns, all_ns;
};
struct shares walk_profile_shares(const struct walk_profile *profile);

#endif
