/* Extracts what the history stores of a result: the run, and a point for each cell with a ratio. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "engine/base/text.h"
#include "reports/history/store.h"

/* "nfs:noac, round trip 5 ms (rw,noatime)" */
static const char *name_fs(const struct result *result, const struct fs_facts *fs)
{
	const char *name = !fs ? NULL : fs->label ? fs->label : fs->type;
	const char *options = or_unknown(fs ? fs->options : NULL);
	if (!result->has_guest)
		return arena_print(result->arena, "%s (%s)", or_unknown(name), options);
	return arena_print(result->arena, "%s, round trip %.12g ms (%s)", or_unknown(name),
			   (double)result->guest.rtt_ns / 1e6, options);
}

/* A cell that worked in another way than its own has another series: its figures are of that way.
 */
static const char *name_cell(const struct cell_result *cell, struct arena *arena)
{
	const struct extra_fact *fact = result_other_way(cell);
	return fact ? arena_print(arena, "%s (%s)", cell->id, fact->other_way) : cell->id;
}

static const char *name_baseline(const struct result *result, const struct cell_result *cell)
{
	const struct cell_result *baseline = result_baseline_of(result, cell);
	return baseline ? name_cell(baseline, result->arena) : or_unknown(cell->baseline);
}

/* The name is that of name_cell. */
static int fill_series(struct store_series *s, const struct result *result,
		       const struct cell_result *cell, const char *name)
{
	const struct tree_facts *tree = result_tree(result, cell->tree);
	const struct fs_facts *fs = result_fs(result, cell->fs);
	struct arena *arena = result->arena;
	*s = (struct store_series){
		.fingerprint = or_unknown(result->host.fingerprint),
		.hostname = or_unknown(result->host.hostname),
		.tree = or_unknown(tree ? tree->name : NULL),
		.digest = or_unknown(tree ? tree->digest : NULL),
		.place = arena_print(arena, "%s order, depth %" PRIu32,
				     or_unknown(tree ? order_name(tree->order) : NULL),
				     tree ? tree->root_depth : 0),
		.fs = name_fs(result, fs),
		.cache = cache_state_name(cell->cache),
		.pin = or_unknown(cell->pin),
		.baseline = name_baseline(result, cell),
		.cell = name,
	};
	return s->place && s->fs && s->baseline ? 0 : -ENOMEM;
}

/*
 * Whether the cell is stored. The baseline's ratio to itself is always 1, and the floor is not a
 * strategy.
 */
static bool is_kept(const struct cell_result *cell)
{
	const struct estimate *e = &cell->ratio;
	return cell->status == STATUS_OK && !cell->is_floor && !cell->is_baseline && e->known &&
	       e->median > 0 && isfinite(e->median) && isfinite(e->lo) && isfinite(e->hi);
}

static int add_cell(struct points *r, const struct result *result, const struct cell_result *cell)
{
	if (!is_kept(cell)) {
		r->left_out += !cell->is_floor && !cell->is_baseline;
		return 0;
	}
	const char *name = name_cell(cell, result->arena);
	if (!name)
		return -ENOMEM;
	/* Ids are unique in statmark's documents. Other documents must not break the database. */
	for (size_t i = 0; i < r->n; i++) {
		if (strcmp(r->series[i].cell, name) == 0)
			return 0;
	}
	r->points[r->n] = (struct store_point){
		.ratio = cell->ratio.median,
		.lo = cell->ratio.lo,
		.hi = cell->ratio.hi,
		.ns = cell->ns_per_entry.known ? cell->ns_per_entry.median : 0,
	};
	return fill_series(&r->series[r->n++], result, cell, name);
}

int points_make(struct points *kept, const struct result *result, const char *commit,
		struct err *err)
{
	struct arena *arena = result->arena;
	*kept = (struct points){
		.run = {.id = result->run.id,
			.started = or_unknown(result->run.started),
			.commit = commit ? commit : result->tool.commit,
			.kernel = result->host.kernel},
		.series = arena_alloc(arena, (result->n_cells + 1) * sizeof(*kept->series)),
		.points = arena_alloc(arena, (result->n_cells + 1) * sizeof(*kept->points)),
	};
	if (!kept->series || !kept->points)
		return err_errno(err, -ENOMEM, "cannot store the run");
	if (!result->run.id || !*result->run.id)
		return err_set(err, -EINVAL, "the run has no id");
	if (!result->complete)
		return err_set(err, -EINVAL,
			       "the run is not complete: it is still going on, or was interrupted");
	int error = 0;
	for (size_t i = 0; i < result->n_cells && !error; i++)
		error = add_cell(kept, result, &result->cells[i]);
	return error ? err_errno(err, error, "cannot store the run") : 0;
}
