/*
 * A judgement: the result of comparing two sides. It has a row for each cell, with figures, verdict
 * and reason. It is plain data: compare and the gate fill it, and every output format presents it.
 * All strings are in the judgement's arena.
 */
#ifndef REPORTS_VERDICT_JUDGEMENT_H
#define REPORTS_VERDICT_JUDGEMENT_H

#include "engine/base/arena.h"
#include "engine/base/outdir.h"
#include "engine/base/verdict.h"
#include "engine/terms.h"
#include "reports/plots/drawing.h"

#define JUDGEMENT_SCHEMA "statmark-judgement/1"

/* A fact about both sides, their name or a condition: "kernel.release" = "6.1.0". */
struct judged_fact {
	const char *name, *base, *head;
	bool names; /* it names a side: two sides may differ in it */
};

struct judged {
	const char *cell;   /* "lstat/j1": with metric, unique in a judgement */
	const char *metric; /* "time", "calls" */
	const char *unit;   /* of the figures: "ns/entry", "calls/pass" */
	bool has_cache;     /* both sides have one cache state, which is part of cell: */
	enum cache_state cache;
	enum verdict verdict;
	const char *reason; /* why this and no other; filled by judgement_add where NULL */
	bool has_base, has_head;
	double base, head; /* figures of either side; head is base x ratio where that is known */
	bool is_rate;      /* counted per entry, so with a fraction */
	bool is_told;      /* the reason explains more than the figures */
	bool estimated;    /* else counted: no ratio, no interval */
	struct estimate ratio; /* head over base; n counts units */
	bool has_tolerance;    /* one decides: not of exact counts */
	double tolerance, limit, seen;
};

/* The origin: documents were compared, or a gate has measured. */
enum judgement_kind { JUDGEMENT_COMPARE, JUDGEMENT_GATE };
enum { JUDGEMENT_KINDS = JUDGEMENT_GATE + 1 };

struct judgement {
	struct arena *arena;
	enum judgement_kind kind;
	const char *base, *head;   /* the sides in words */
	const char *unit;          /* of inference, plural: "documents", "rounds", "worker pairs" */
	const char *unit_one;      /* the same of one: "document" */
	uint32_t n_base, n_head;   /* units of either side */
	double family_error;       /* probability that some interval misses the true value: 0.01 */
	struct judged_fact *facts; /* names and conditions of the sides */
	size_t n_facts, room_facts;
	const char **notes; /* notes for the reader, whole sentences */
	size_t n_notes, room_notes;
	struct judged *rows;
	size_t n_rows, room_rows;
	/* Of all rows, by judgement_finish. */
	bool finished;
	enum verdict overall;
	uint32_t counts[VERDICTS];
	const char *words; /* one sentence */
};

/* "gate"; NULL for values outside the enum. */
const char *judgement_kind_name(unsigned kind);

struct judgement *judgement_new(enum judgement_kind kind); /* NULL: out of memory */
void judgement_free(struct judgement *j);                  /* accepts NULL */

/*
 * Adds a row. Its verdict follows from the input, from which ratio, tolerance and limit are
 * copied; so does the reason, unless the row has one. If base and the ratio are known, head is
 * their product, so that change = head / base - 1 in every format. The row's strings are not
 * copied. -ENOMEM.
 */
int judgement_add(struct judgement *j, const struct judged *row, const struct verdict_input *input);

/* Adds a row of counts (system calls, entries). -ENOMEM. */
int judgement_add_counts(struct judgement *j, const struct judged *row, uint64_t base,
			 uint64_t head);

/* The same per entry, for sides whose trees may differ. -ENOMEM. */
int judgement_add_rates(struct judgement *j, const struct judged *row, double base, double head,
			double tolerance);

int judgement_fact(struct judgement *j, const char *name, const char *base, const char *head);
int judgement_note(struct judgement *j, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Call it after the last row: sorts the rows, the worst verdict first, and makes the summary.
 * -ENOMEM.
 */
int judgement_finish(struct judgement *j);

/* "+3.2 %", "-0.4 %": a ratio as a change. */
const char *judgement_change(struct arena *arena, double ratio);

/* "3.2 %" of 0.032 or -0.032 */
const char *judgement_percent(struct arena *arena, double share);

/*
 * judgement_plot.c: draws OUT/judgement.svg and .png of one that is finished: changes with their
 * intervals, what is tolerated, and the limit. Errors as of drawing_make.
 */
int judgement_plot(const struct judgement *j, const struct outdir *out,
		   const struct drawing_terms *terms, struct err *err);

#endif
