/*
 * The findings of `statmark profile` about a tree, and their output as text, JSON, advice and
 * plots.
 */
#ifndef ENGINE_CMD_PROFILE_WALK_PROFILE_H
#define ENGINE_CMD_PROFILE_WALK_PROFILE_H

#include "engine/base/outdir.h"
#include "engine/cmd/line/options.h"
#include "engine/json/json.h"
#include "engine/profile/probe.h"
#include "engine/profile/walks.h"
#include "engine/result.h"

#define PROFILE_DOCUMENT "profile.json"

struct walk_profile {
	const struct profile_command *options;
	const char *root; /* as it is walked */
	bool is_made;     /* made by statmark, from this seed */
	uint64_t seed;
	struct probe probe;
	struct tally *tally;
	uint64_t block_reads; /* of the timed walk, in units of 512 bytes */
	/* The comparison of walks; its arena has all strings. */
	struct result *result;
	struct walks walks;
	bool is_interrupted;
};

enum { ADVICE_MAX = 16 };

struct advice {
	const char *code; /* "fastest", "jobs"; for programs */
	const char *text;
};

/* Writes the conclusions as sentences. Returns how many; the strings are in the result's arena. */
size_t walk_profile_advise(const struct walk_profile *profile, struct advice advice[ADVICE_MAX]);

/* Prints on stdout. */
void walk_profile_print(const struct walk_profile *profile, const struct advice *advice, size_t n);

/*
 * As JSON. After an allocation failed it is incomplete, which json_show and json_write_file detect.
 */
json_t *walk_profile_json(const struct walk_profile *profile, const struct advice *advice,
			  size_t n);

/* Draws profile-*.svg and .png, like the plots of a run, until until_ns. */
int walk_profile_draw(const struct walk_profile *profile, const struct outdir *out,
		      uint64_t until_ns, struct err *err);

/*
 * Loads the tree and compares the walks on it, or on the part that can be measured until until_ns,
 * and stores the results in the profile. -EINTR: stopped by the user; what was measured is stored.
 */
int walk_profile_compare(struct walk_profile *profile, uint64_t until_ns,
			 const struct progress *progress, struct err *err);

/* The label of a class of directories: "3", "10 to 99", "10,000 and more". */
const char *walk_profile_depth_label(struct arena *arena, size_t depth);
const char *walk_profile_size_label(struct arena *arena, size_t class);

#endif
