#include "datasets/shape/quantity.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>

#include "engine/base/util.h"
#include "engine/json/json_node.h"

static int read_value(const struct json_node *at, const struct quantity_form *form, uint64_t *value)
{
	return form->read ? form->read(at, value)
			  : json_node_count(at, form->min, form->max, value);
}

int weight_read(const struct json_node *at, uint32_t *weight)
{
	uint64_t value;
	int error = json_node_count(at, 1, QUANTITY_WEIGHT_MAX, &value);
	if (!error)
		*weight = (uint32_t)value;
	return error;
}

static int check_bin(const struct json_node *at, const struct bin *bin)
{
	if (bin->lo <= bin->hi)
		return 0;
	return json_node_bad(at, "min %" PRIu64 " is above max %" PRIu64, bin->lo, bin->hi);
}

static int read_range(const struct json_node *at, const struct quantity_form *form, struct bin *bin)
{
	struct json_node min, max;
	bin->weight = 1;
	int error = json_node_need(at, "min", &min);
	error = error ? error : read_value(&min, form, &bin->lo);
	error = error ? error : json_node_need(at, "max", &max);
	error = error ? error : read_value(&max, form, &bin->hi);
	return error ? error : check_bin(at, bin);
}

/* {"value": v, "weight": w} */
static int read_choice(const struct json_node *at, const struct quantity_form *form,
		       struct bin *bin)
{
	static const char *const keys[] = {"value", "weight"};
	struct json_node value, weight;
	int error = json_node_keys(at, keys, ARRAY_LEN(keys));
	error = error ? error : json_node_need(at, "value", &value);
	error = error ? error : read_value(&value, form, &bin->lo);
	error = error ? error : json_node_need(at, "weight", &weight);
	error = error ? error : weight_read(&weight, &bin->weight);
	bin->hi = bin->lo;
	return error;
}

/* [least, most, weight] */
static int read_row(const struct json_node *at, const struct quantity_form *form, struct bin *bin)
{
	struct json_node item;
	if (!json_node_is_list(at) || json_node_length(at) != 3)
		return json_node_bad(at, "must be a list of three: least, most, weight");
	int error = read_value(json_node_item(at, 0, &item), form, &bin->lo);
	error = error ? error : read_value(json_node_item(at, 1, &item), form, &bin->hi);
	error = error ? error : weight_read(json_node_item(at, 2, &item), &bin->weight);
	return error ? error : check_bin(at, bin);
}

static int read_bins(const struct json_node *list, const struct quantity_form *form,
		     struct quantity *q,
		     int (*read)(const struct json_node *at, const struct quantity_form *form,
				 struct bin *bin))
{
	size_t n = json_node_is_list(list) ? json_node_length(list) : 0;
	struct json_node item;
	int error = 0;
	if (n < 1 || n > QUANTITY_BINS)
		return json_node_bad(list, "must be a list of 1 to %d", QUANTITY_BINS);
	for (size_t i = 0; i < n && !error; i++) {
		error = read(json_node_item(list, i, &item), form, &q->bins[i]);
		q->total += error ? 0 : q->bins[i].weight;
	}
	q->n = (uint32_t)n;
	return error;
}

static int read_object(const struct json_node *at, const struct quantity_form *form,
		       struct quantity *q)
{
	static const char *const range[] = {"min", "max", "histogram"};
	static const char *const histogram[] = {"histogram"};
	struct json_node rows;
	if (form->read)
		return json_node_bad(at, "must be a string or a list of {\"value\", \"weight\"}");
	if (json_node_member(at, "histogram", &rows)) {
		int error = json_node_keys(at, histogram, ARRAY_LEN(histogram));
		return error ? error : read_bins(&rows, form, q, read_row);
	}
	int error = json_node_keys(at, range, ARRAY_LEN(range));
	q->n = q->total = 1;
	return error ? error : read_range(at, form, &q->bins[0]);
}

int quantity_read(const struct json_node *at, const struct quantity_form *form, struct quantity *q)
{
	struct quantity read = {0};
	int error;
	if (json_node_is_object(at)) {
		error = read_object(at, form, &read);
	} else if (json_node_is_list(at)) {
		error = read_bins(at, form, &read, read_choice);
	} else {
		error = read_value(at, form, &read.bins[0].lo);
		read.bins[0].hi = read.bins[0].lo;
		read.bins[0].weight = read.n = read.total = 1;
	}
	if (!error)
		*q = read;
	return error;
}

int levels_read(const struct json_node *at, const struct quantity_form *form, struct levels *levels)
{
	static const char *const keys[] = {"by_depth"};
	struct levels read = {.n = 1};
	struct json_node list, item;
	int error = 0;
	if (!json_node_is_object(at) || !json_node_member(at, "by_depth", &list)) {
		error = quantity_read(at, form, &read.at[0]);
	} else {
		size_t n = json_node_is_list(&list) ? json_node_length(&list) : 0;
		error = json_node_keys(at, keys, ARRAY_LEN(keys));
		if (!error && (n < 1 || n > QUANTITY_LEVELS))
			error = json_node_bad(&list, "must be a list of 1 to %d", QUANTITY_LEVELS);
		for (size_t i = 0; i < n && !error; i++)
			error = quantity_read(json_node_item(&list, i, &item), form, &read.at[i]);
		read.n = (uint32_t)n;
	}
	if (!error)
		*levels = read;
	return error;
}

int quantity_check(const struct json_node *at, const struct quantity_form *form,
		   const struct quantity *q)
{
	uint64_t total = 0;
	if (q->n < 1 || q->n > QUANTITY_BINS)
		return json_node_bad(at, "must have 1 to %d values", QUANTITY_BINS);
	for (uint32_t i = 0; i < q->n; i++) {
		const struct bin *bin = &q->bins[i];
		if (check_bin(at, bin))
			return -EINVAL;
		if (bin->lo < form->min || bin->hi > form->max)
			return json_node_bad(at,
					     "must be in %" PRIu64 " to %" PRIu64 ", is %" PRIu64
					     " to %" PRIu64,
					     form->min, form->max, bin->lo, bin->hi);
		total += bin->weight;
		if (bin->weight < 1 || bin->weight > QUANTITY_WEIGHT_MAX)
			return json_node_bad(at, "weights must be in 1 to %d", QUANTITY_WEIGHT_MAX);
	}
	return total == q->total ? 0 : json_node_bad(at, "weights do not add up");
}

int levels_check(const struct json_node *at, const struct quantity_form *form,
		 const struct levels *levels)
{
	if (levels->n < 1 || levels->n > QUANTITY_LEVELS)
		return json_node_bad(at, "must have 1 to %d levels", QUANTITY_LEVELS);
	for (uint32_t i = 0; i < levels->n; i++) {
		if (quantity_check(at, form, &levels->at[i]))
			return -EINVAL;
	}
	return 0;
}

static void print_value(FILE *out, const struct quantity_form *form, uint64_t value)
{
	if (form->print)
		form->print(out, value);
	else
		fprintf(out, "%" PRIu64, value);
}

static bool all_constant(const struct quantity *q)
{
	for (uint32_t i = 0; i < q->n; i++) {
		if (q->bins[i].lo != q->bins[i].hi)
			return false;
	}
	return true;
}

static void print_bins(FILE *out, const struct quantity_form *form, const struct quantity *q)
{
	bool choices = all_constant(q);
	fputs(choices ? "[" : "{\"histogram\": [", out);
	for (uint32_t i = 0; i < q->n; i++) {
		const struct bin *bin = &q->bins[i];
		fprintf(out, "%s%s", i ? ", " : "", choices ? "{\"value\": " : "[");
		print_value(out, form, bin->lo);
		if (!choices) {
			fputs(", ", out);
			print_value(out, form, bin->hi);
		}
		fprintf(out, choices ? ", \"weight\": %" PRIu32 "}" : ", %" PRIu32 "]",
			bin->weight);
	}
	fputs(choices ? "]" : "]}", out);
}

void quantity_print(FILE *out, const struct quantity_form *form, const struct quantity *q)
{
	if (q->n > 1) {
		print_bins(out, form, q);
	} else if (q->bins[0].lo == q->bins[0].hi) {
		print_value(out, form, q->bins[0].lo);
	} else {
		fputs("{\"min\": ", out);
		print_value(out, form, q->bins[0].lo);
		fputs(", \"max\": ", out);
		print_value(out, form, q->bins[0].hi);
		putc('}', out);
	}
}

void levels_print(FILE *out, const struct quantity_form *form, const struct levels *levels)
{
	if (levels->n == 1) {
		quantity_print(out, form, &levels->at[0]);
		return;
	}
	for (uint32_t i = 0; i < levels->n; i++) {
		fputs(i ? ", " : "{\"by_depth\": [", out);
		quantity_print(out, form, &levels->at[i]);
	}
	fputs("]}", out);
}

uint64_t quantity_min(const struct quantity *q)
{
	uint64_t least = q->bins[0].lo;
	for (uint32_t i = 1; i < q->n; i++)
		least = MIN(least, q->bins[i].lo);
	return least;
}

uint64_t quantity_max(const struct quantity *q)
{
	uint64_t most = q->bins[0].hi;
	for (uint32_t i = 1; i < q->n; i++)
		most = MAX(most, q->bins[i].hi);
	return most;
}

static uint64_t draw_at(const struct quantity *q, uint64_t pick, struct rng *rng)
{
	const struct bin *bin = q->bins;
	while (pick >= bin->weight)
		pick -= bin++->weight;
	return bin->lo + rng_below(rng, bin->hi - bin->lo + 1);
}

uint64_t quantity_draw(const struct quantity *q, struct rng *rng)
{
	return draw_at(q, q->n > 1 ? rng_below(rng, q->total) : 0, rng);
}

uint64_t quantity_draw_one_of(const struct quantity *q, uint64_t i, uint64_t n, struct rng *rng)
{
	return draw_at(q, (2 * i + 1) * q->total / (2 * n), rng);
}
