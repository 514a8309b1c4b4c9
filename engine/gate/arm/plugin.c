#include "engine/gate/arm/plugin.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/base/util.h"
#include "engine/plugin.h"

enum { STRATEGIES_MAX = 256 }; /* more rows mean that the table has no end */

struct plugin {
	void *handle;
	const struct statmark_plugin *table;
};

static const char *const struct_names[] = {
#define X(name) #name,
	PLUGIN_LAYOUT(X)
#undef X
};

static const uint32_t our_sizes[] = {PLUGIN_LAYOUT(PLUGIN_SIZE)};

static int check_layout(const struct statmark_plugin *table, const char *path, struct err *err)
{
	if (table->abi != STRATEGY_ABI)
		return err_set(err, -EINVAL,
			       "%s: was built for strategy ABI %u, this statmark has ABI %d; "
			       "build it against this one's headers",
			       path, table->abi, STRATEGY_ABI);
	for (size_t i = 0; i < ARRAY_LEN(our_sizes); i++) {
		if (table->sizes[i] != our_sizes[i])
			return err_set(err, -EINVAL,
				       "%s: its struct %s has %u bytes, this statmark's has %u; "
				       "build it against this one's headers",
				       path, struct_names[i], table->sizes[i], our_sizes[i]);
	}
	return 0;
}

/*
 * Names are used in tables, in file names and on command lines, so only letters without another
 * meaning are allowed.
 */
static bool is_name(const char *name)
{
	static const char usual[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
	return name && *name && strlen(name) <= NAME_MAX / 4 && !name[strspn(name, usual)];
}

static int check_strategy(const struct strategy *s, const char *path, struct err *err)
{
	if (!is_name(s->name))
		return err_set(err, -EINVAL,
			       "%s: a strategy's name is made of a-z, 0-9, '-' and '_'", path);
	if (!s->run || (s->stage != STAGE_FETCH && s->stage != STAGE_WALK))
		return err_set(err, -EINVAL, "%s: strategy '%s' has no stage or no run function",
			       path, s->name);
	return 0;
}

static int check_table(const struct statmark_plugin *table, const char *path, struct err *err)
{
	int error = check_layout(table, path, err);
	if (!error && (!table->strategies || !table->strategies[0]))
		error = err_set(err, -EINVAL, "%s: its table lists no strategy", path);
	for (size_t i = 0; !error && table->strategies[i]; i++) {
		error = i < STRATEGIES_MAX
				? check_strategy(table->strategies[i], path, err)
				: err_set(err, -EINVAL,
					  "%s: its table of strategies does not end with NULL",
					  path);
	}
	return error;
}

/*
 * The path always gets a slash, because dlopen searches the system's folders for a name without
 * one.
 */
static void *load(const char *path, struct err *err)
{
	char here[PATH_MAX];
	snprintf(here, sizeof(here), "%s%s", strchr(path, '/') ? "" : "./", path);
	if (access(here, R_OK)) {
		err_errno(err, -errno, "cannot read %s", path);
		return NULL;
	}
	void *handle = dlopen(here, RTLD_NOW | RTLD_LOCAL);
	if (!handle) {
		const char *why = dlerror();
		err_set(err, -EINVAL, "cannot load the plug-in: %s", why ? why : path);
	}
	return handle;
}

int plugin_open(struct plugin **out, const char *path, struct err *err)
{
	struct err mine = {0};
	struct plugin *p = calloc(1, sizeof(*p));
	if (!p)
		return err_errno(err, -ENOMEM, "%s", path);
	int error = 0;
	p->handle = load(path, &mine);
	if (!p->handle) {
		error = err_set(err, mine.code, "%s", mine.text);
	} else {
		p->table = dlsym(p->handle, "statmark_plugin");
		error = p->table ? check_table(p->table, path, err)
				 : err_set(err, -EINVAL,
					   "%s: does not export 'statmark_plugin' "
					   "(STATMARK_PLUGIN in engine/plugin.h)",
					   path);
	}
	if (error) {
		plugin_close(p);
		return error;
	}
	*out = p;
	return 0;
}

/*
 * The library is not unloaded: functions that it registered, or threads that it started, may still
 * use its code.
 */
void plugin_close(struct plugin *p)
{
	free(p);
}

const struct strategy *const *plugin_strategies(const struct plugin *p)
{
	return p->table->strategies;
}
