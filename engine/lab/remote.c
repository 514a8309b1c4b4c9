#include "engine/lab/remote.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/util.h"
#include "engine/lab/mount.h"

enum { OPTIONS_MAX = 64, OPTIONS_LEN = 512 };

static const char *told(const char *variable)
{
	const char *text = getenv(variable);
	return text ? text : "";
}

int remote_find(struct remote *remote, const struct lab_spec *spec, const char *name,
		struct err *err)
{
	const char *kind = spec->kind->name;
	if (strcmp(told(REMOTE_FS), kind) != 0)
		return err_set(err, -ENOTSUP,
			       "a real %s needs a server and a network, which this run has not; "
			       "'statmark lab %s' measures one in a kernel of its own",
			       kind, kind);
	snprintf(remote->source, sizeof(remote->source), "%s/%s", told(REMOTE_SOURCE), name);
	snprintf(remote->served, sizeof(remote->served), "%s/%s", told(REMOTE_SERVED), name);
	remote->facts = told(REMOTE_FACTS);
	return mkdir(remote->served, 0755) ? err_errno(err, -errno, "%s", remote->served) : 0;
}

/* Those of every mount come first, so that the user's win. */
int remote_mount(const struct remote *remote, const struct lab_spec *spec, const char *dir,
		 struct err *err)
{
	char text[OPTIONS_LEN], *rest = text, *item;
	const char *options[OPTIONS_MAX];
	struct mounting m = {
		.type = strcmp(spec->kind->name, "nfs") == 0 ? "nfs4" : spec->kind->name,
		.source = remote->source,
		.options = options,
	};
	snprintf(text, sizeof(text), "%s", told(REMOTE_OPTIONS));
	while ((item = next_item(&rest)) && m.n_options < OPTIONS_MAX)
		options[m.n_options++] = item;
	for (size_t i = 0; i < spec->n_options && m.n_options < OPTIONS_MAX; i++)
		options[m.n_options++] = spec->options[i];
	return lab_mount(dir, &m, err);
}
