/*
 * Makes the sentences about a run: which strategy is fastest and by how much, and the warnings.
 * They end the table and begin the page.
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

/* Two for each group, and those of the whole run; of many groups the warnings have room. */
enum { SENTENCES_MAX = 256 };

/* Makes the sentences in the arena, the verdict first. Returns how many. */
size_t summary_make(const struct result *result, struct arena *arena,
		    struct sentence sentences[SENTENCES_MAX]);

#endif
