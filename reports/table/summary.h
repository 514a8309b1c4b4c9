/*
 * What a run says in plain sentences: which strategy is fastest and by how much, and what a reader
 * should know before believing it. The same sentences end the table and will stand on the page.
 */
#ifndef REPORTS_TABLE_SUMMARY_H
#define REPORTS_TABLE_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/result.h"

struct sentence {
	const char *code; /* "fastest", "pays-from", "floor-share": for programs */
	const char *text;
	bool warning;
};

enum { SENTENCES_MAX = 256 }; /* two for each group, and the others */

/* Returns how many there are, the verdict first; the text lies in the arena. */
size_t summary_make(const struct result *result, struct arena *arena,
		    struct sentence sentences[SENTENCES_MAX]);

#endif
