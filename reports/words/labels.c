#include "reports/words/labels.h"

#include <ctype.h>
#include <string.h>

#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/words/format.h"

bool labels_one_cache(const struct result *result)
{
	for (size_t i = 1; i < result->n_cells; i++) {
		if (result->cells[i].cache != result->cells[0].cache)
			return false;
	}
	return true;
}

bool labels_one_tree(const struct result *result)
{
	for (size_t i = 1; i < result->n_cells; i++) {
		if (!same_text(result->cells[i].tree, result->cells[0].tree))
			return false;
	}
	return true;
}

/* Names have no suffix for warm cells: "/warm" in a name is part of a program's path. */
static bool is_named(enum cache_state cache)
{
	return cache != CACHE_WARM;
}

/* Whether the first len bytes of text end in "/cache"; if so, stores the length without it. */
static bool ends_in(const char *text, enum cache_state state, size_t *len)
{
	const char *cache = cache_state_name(state);
	const size_t end = is_named(state) ? strlen(cache) : 0;
	if (!end || *len < end + 1 || text[*len - end - 1] != '/' ||
	    memcmp(text + *len - end, cache, end) != 0)
		return false;
	*len -= end + 1;
	return true;
}

const char *label_plain(struct arena *arena, const struct cell_result *cell)
{
	size_t len = cell->label ? strlen(cell->label) : 0;
	if (!cell->label || !ends_in(cell->label, cell->cache, &len))
		return format_text(arena, cell->label);
	return format_text(arena, arena_print(arena, "%.*s", (int)len, cell->label));
}

const char *label_in(struct arena *arena, const struct result *result,
		     const struct cell_result *cell)
{
	return labels_one_cache(result) ? label_plain(arena, cell)
					: format_text(arena, cell->label);
}

/* A judgement's row may name two ids. */
const char *label_without(struct arena *arena, const char *id, enum cache_state cache)
{
	const char *name = cache_state_name(cache);
	const char *state = is_named(cache) ? arena_print(arena, "/%s/j", name) : NULL;
	char *text = arena_copy(arena, id);
	for (char *at = text; state && at && (at = strstr(at, state));) {
		char *rest = at + strlen(name) + 1;
		if (isdigit((unsigned char)rest[2]))
			memmove(at, rest, strlen(rest) + 1);
		else
			at++;
	}
	return format_text(arena, text);
}

/* --- Cutting --------------------------------------------------------------------------------- */

/* Whether the text is neither the present nor the new name of another row. */
static bool is_free(const char *const *names, const char *const *cuts, size_t n, const char *name,
		    const char *text)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(names[i], name) != 0 &&
		    (strcmp(names[i], text) == 0 || (cuts[i] && strcmp(cuts[i], text) == 0)))
			return false;
	}
	return true;
}

static const char *cut(struct arena *arena, const char *const *names, const char *const *cuts,
		       size_t n, size_t at, size_t room)
{
	for (size_t i = 0; i < at; i++) {
		if (cuts[i] && strcmp(names[i], names[at]) == 0)
			return cuts[i];
	}
	/* Tries a cut in the middle, then cuts farther from it, until the result is unique. */
	const size_t kept = room > 2 ? room - 2 : 0, half = (kept + 1) / 2;
	for (size_t step = 0; step <= half; step++) {
		const size_t heads[] = {half - step, MIN(half + step, kept)};
		for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
			const char *text = text_cut(arena, names[at], heads[i], room);
			if (text && is_free(names, cuts, n, names[at], text))
				return text;
		}
	}
	return NULL;
}

void labels_fit(struct arena *arena, const char **names, size_t n, size_t room)
{
	const char **cuts = arena_alloc(arena, (n + 1) * sizeof(*cuts));
	for (size_t i = 0; cuts && i < n; i++) {
		if (text_width(names[i]) > room)
			cuts[i] = cut(arena, names, cuts, n, i, room);
	}
	for (size_t i = 0; cuts && i < n; i++)
		names[i] = cuts[i] ? cuts[i] : names[i];
}

/* The parameters of "statx[mask=size]" with their brackets; NULL if it has none. */
static const char *params_of(const char *name)
{
	const char *bracket = strchr(name, '[');
	return bracket && name[strlen(name) - 1] == ']' ? bracket : NULL;
}

/* "statx" of "statx[mask=size]". */
static const char *without_params(struct arena *arena, const char *name)
{
	const char *params = params_of(name);
	return params ? arena_print(arena, "%.*s", (int)(params - name), name) : NULL;
}

/* "statx[dirfd,size]" of "statx[addressing=dirfd,mask=size]". */
static const char *with_values(struct arena *arena, const char *name)
{
	const char *from = params_of(name);
	char *text = from ? arena_copy(arena, name) : NULL,
	     *to = text ? text + (from - name) : NULL;
	while (text && *from) {
		*to++ = *from++;
		const char *equals = from + strcspn(from, "=,]");
		if ((from[-1] == '[' || from[-1] == ',') && *equals == '=')
			from = equals + 1;
	}
	if (text)
		*to = '\0';
	return text;
}

/* A name wider than room is replaced by the result of `shorten` if that fits and is unique. */
static void shorten_all(struct arena *arena, const char **names, size_t n, size_t room,
			const char *(*shorten)(struct arena *, const char *))
{
	const char **cuts = arena_alloc(arena, (n + 1) * sizeof(*cuts));
	bool *is_kept = arena_alloc(arena, (n + 1) * sizeof(*is_kept));
	if (!cuts || !is_kept)
		return;
	for (size_t i = 0; i < n; i++) {
		const char *text = text_width(names[i]) > room ? shorten(arena, names[i]) : NULL;
		cuts[i] = text && text_width(text) <= room ? text : NULL;
	}
	/* If two names would become equal, both stay as they are. */
	for (size_t i = 0; i < n; i++)
		is_kept[i] = !cuts[i] || !is_free(names, cuts, n, names[i], cuts[i]);
	for (size_t i = 0; i < n; i++)
		names[i] = is_kept[i] ? names[i] : cuts[i];
}

void labels_drop_params(struct arena *arena, const char **names, size_t n, size_t room)
{
	shorten_all(arena, names, n, room, without_params);
}

void labels_keep_values(struct arena *arena, const char **names, size_t n, size_t room)
{
	shorten_all(arena, names, n, room, with_values);
}
