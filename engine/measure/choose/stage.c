#include "engine/measure/choose/stage.h"

#include <fnmatch.h>
#include <stdlib.h>

#include "engine/base/util.h"

static const char *const names[] = {[STAGE_FETCH] = "fetch", [STAGE_WALK] = "walk"};

const char *stage_name(enum stage stage)
{
	return names[stage];
}

static int parse(const char *word, enum stage *stage, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(word, names[i]) == 0) {
			*stage = (enum stage)i;
			return 0;
		}
	}
	return err_set(err, -EINVAL, "--stage: expected fetch or walk, got '%s'", word);
}

/* Stages as bits, of all strategies that an item means. */
static unsigned stages_of(const struct strategy *const *strategies, const char *item)
{
	unsigned stages = 0;
	for (; *strategies; strategies++) {
		if (fnmatch(item, (*strategies)->name, 0) == 0)
			stages |= 1U << (*strategies)->stage;
	}
	return stages;
}

/* The first item that decided, and for which stage. */
struct choice {
	const char *item;
	enum stage stage;
};

static int decide(struct choice *choice, const struct strategy *const *strategies, char *list,
		  struct err *err)
{
	for (char *item; (item = next_item(&list));) {
		item[strcspn(item, "/")] = '\0'; /* of --baseline */
		if (strchr(item, '='))
			item[strcspn(item, "[")] = '\0';
		unsigned stages = stages_of(strategies, item);
		if (stages != 1U << STAGE_FETCH && stages != 1U << STAGE_WALK)
			continue; /* nobody's, or everybody's */
		enum stage stage = stages == 1U << STAGE_WALK ? STAGE_WALK : STAGE_FETCH;
		if (choice->item && choice->stage != stage)
			return err_set(
				err, -EINVAL,
				"'%s' is of stage %s and '%s' of stage %s; a run measures one "
				"stage",
				choice->item, stage_name(choice->stage), item, stage_name(stage));
		if (!choice->item)
			*choice = (struct choice){item, stage};
	}
	return 0;
}

int stage_choose(const struct strategy *const *strategies, const char *word,
		 const char *const lists[2], enum stage *stage, struct err *err)
{
	struct choice choice = {NULL, STAGE_FETCH};
	char *copies[2] = {NULL, NULL};
	int error = 0;
	if (word)
		return parse(word, stage, err);
	for (int i = 0; i < 2 && !error; i++) {
		if (!lists[i])
			continue;
		copies[i] = strdup(lists[i]);
		error = copies[i] ? decide(&choice, strategies, copies[i], err) : -ENOMEM;
	}
	*stage = choice.stage;
	free(copies[0]);
	free(copies[1]);
	return error ? err_errno(err, error, "choosing the stage") : 0;
}
