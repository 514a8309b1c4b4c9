#include "engine/host/cgroup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/util.h"
#include "engine/host/host.h"

enum version { V1, V2, VERSIONS };

struct group_search;

/* Takes the limit of one group into account. False: it cannot be read. */
typedef bool read_fn(struct group_search *s, const char *group, enum version version);

/* The search for limits, and what it has found so far. */
struct group_search {
	const char *root, *controller; /* "cpu", "memory" */
	read_fn *read;
	struct arena *arena;
	uint64_t quota, period; /* the tightest limit of CPU time; quota 0: none so far */
	const char *at;
	uint64_t left;       /* bytes of memory left in the group that has least */
	bool in[VERSIONS];   /* this process is in a group of that hierarchy */
	bool seen[VERSIONS]; /* a mount shows that group, and every limit above it can be read */
};

/*
 * Reads the first line of a file of a group. False: it cannot be read. A missing file counts as
 * empty.
 */
static bool read_value(const struct group_search *s, const char *group, const char *name,
		       char *line, size_t size)
{
	char *path = arena_print(s->arena, "%s%s/%s", s->root, group, name);
	*line = '\0';
	if (!path)
		return false;
	if (access(path, F_OK))
		return errno == ENOENT;
	return read_line(path, line, size) && *line;
}

/*
 * A group's own limit; quota 0: none. False: it cannot be read. The root group has no cpu.max, and
 * neither has a group without the controller; a kernel without quotas has neither file.
 */
static bool read_limit(const struct group_search *s, const char *group, enum version version,
		       uint64_t *quota, uint64_t *period)
{
	char line[128], line2[128];
	*quota = 0;
	if (version == V2) {
		if (!read_value(s, group, "cpu.max", line, sizeof(line)))
			return false;
		if (!*line || strncmp(line, "max", 3) == 0)
			return true;
		return sscanf(line, "%" SCNu64 " %" SCNu64, quota, period) == 2 && *quota &&
		       *period;
	}
	if (!read_value(s, group, "cpu.cfs_quota_us", line, sizeof(line)))
		return false;
	if (!*line || strcmp(line, "-1") == 0)
		return true;
	return read_value(s, group, "cpu.cfs_period_us", line2, sizeof(line2)) &&
	       sscanf(line, "%" SCNu64, quota) == 1 && *quota &&
	       sscanf(line2, "%" SCNu64, period) == 1 && *period;
}

static bool read_cpu(struct group_search *s, const char *group, enum version version)
{
	uint64_t quota, period;
	if (!read_limit(s, group, version, &quota, &period))
		return false;
	if (quota &&
	    (!s->quota || (double)quota / (double)period < (double)s->quota / (double)s->period)) {
		s->quota = quota;
		s->period = period;
		s->at = arena_copy(s->arena, group);
	}
	return true;
}

/* Reads a number of a group. False: there is no number (such as "max"), or it cannot be read. */
static bool read_bytes(const struct group_search *s, const char *group, const char *name,
		       uint64_t *bytes)
{
	char line[128];
	return read_value(s, group, name, line, sizeof(line)) &&
	       sscanf(line, "%" SCNu64, bytes) == 1;
}

/* Memory that the kernel drops first if a group needs more: file pages not used recently. */
static uint64_t droppable(const struct group_search *s, const char *group, enum version version)
{
	const char *key = version == V2 ? "inactive_file %" SCNu64 : "total_inactive_file %" SCNu64;
	char line[128], *path = arena_print(s->arena, "%s%s/memory.stat", s->root, group);
	uint64_t bytes = 0;
	FILE *file = path ? fopen(path, "re") : NULL;
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, key, &bytes) == 1)
			break;
	}
	if (file)
		fclose(file);
	return bytes;
}

static bool read_memory(struct group_search *s, const char *group, enum version version)
{
	const bool v2 = version == V2;
	uint64_t most, used;
	if (!read_bytes(s, group, v2 ? "memory.max" : "memory.limit_in_bytes", &most) ||
	    !read_bytes(s, group, v2 ? "memory.current" : "memory.usage_in_bytes", &used))
		return true;
	used -= MIN(used, droppable(s, group, version));
	s->left = MIN(s->left, most - MIN(most, used));
	return true;
}

/*
 * Every group has a file cgroup.procs; if it is missing, something else is mounted over the groups.
 */
static bool read_group(struct group_search *s, const char *group, enum version version)
{
	char *sign = arena_print(s->arena, "%s%s/cgroup.procs", s->root, group);
	return sign && access(sign, F_OK) == 0 && s->read(s, group, version);
}

/*
 * Looks at a group ("" for the one that is mounted) and all groups above it that the mount shows.
 */
static void read_groups_above(struct group_search *s, const char *mount_point, const char *group,
			      enum version version)
{
	char *at = arena_print(s->arena, "%s%s", mount_point, group), *slash;
	bool all = at != NULL;
	do {
		all &= at && read_group(s, at, version);
		slash = at ? strrchr(at + strlen(mount_point), '/') : NULL;
		if (slash)
			*slash = '\0';
	} while (slash);
	s->seen[version] |= all;
}

/*
 * The path of a group below a mount whose root is the group `top`. NULL: the group is not below
 * top, or is outside of this process's cgroup namespace (/..).
 */
static const char *below(const char *group, const char *top)
{
	size_t len = strcmp(top, "/") == 0 ? 0 : strlen(top);
	if (strncmp(group, "/..", 3) == 0 || strncmp(group, top, len) != 0)
		return NULL;
	group += len;
	if (*group && *group != '/')
		return NULL;
	return strcmp(group, "/") == 0 ? "" : group;
}

static bool lists(const char *words, const char *word)
{
	size_t len = strlen(word);
	for (const char *at = words; at && *at;) {
		size_t n = strcspn(at, ",");
		if (n == len && strncmp(at, word, n) == 0)
			return true;
		at += n + (at[n] == ',');
	}
	return false;
}

/*
 * A mount is recognised by its type and options, because its name (cpu, cpu,cpuacct, unified)
 * varies.
 */
static void read_mounts(struct group_search *s, const char *group, enum version version)
{
	char *line = NULL, *path = arena_print(s->arena, "%s/proc/self/mountinfo", s->root);
	size_t room = 0;
	FILE *mounts = path ? fopen(path, "re") : NULL;
	while (mounts && getline(&line, &room, mounts) > 0) {
		struct mount_line m;
		if (!mount_line_cut(line, &m) ||
		    strcmp(m.type, version == V1 ? "cgroup" : "cgroup2") != 0 ||
		    (version == V1 && !lists(m.super_options, s->controller)))
			continue;
		const char *way = below(group, m.root);
		if (way)
			read_groups_above(s, m.mount_point, way, version);
	}
	free(line);
	if (mounts)
		fclose(mounts);
}

/* Parses "4:cpu,cpuacct:/a/b" (v1) or "0::/a/b" (v2); false: another line. */
static bool read_membership(struct group_search *s, char *line)
{
	line[strcspn(line, "\n")] = '\0';
	char *controllers = strchr(line, ':');
	char *group = controllers ? strchr(controllers + 1, ':') : NULL;
	if (!group || group[1] != '/')
		return false;
	*controllers++ = *group++ = '\0';
	enum version version = strcmp(line, "0") == 0 ? V2 : V1;
	if (version == V1 && !lists(controllers, s->controller))
		return true;
	s->in[version] = true;
	read_mounts(s, group, version);
	return true;
}

/* Looks at all groups of this process; false: they are not known. */
static bool read_all(struct group_search *s)
{
	char *line = NULL, *path = arena_print(s->arena, "%s/proc/self/cgroup", s->root);
	size_t room = 0;
	bool known = false;
	FILE *file = path ? fopen(path, "re") : NULL;
	while (file && getline(&line, &room, file) > 0)
		known |= read_membership(s, line);
	free(line);
	if (file)
		fclose(file);
	return known;
}

/*
 * Bytes of memory that the groups still allow, including file pages that would be dropped;
 * UINT64_MAX: no limit, or none that can be read.
 */
static uint64_t cgroup_memory_left(const char *root, struct arena *arena)
{
	struct group_search s = {.root = root,
				 .controller = "memory",
				 .read = read_memory,
				 .arena = arena,
				 .left = UINT64_MAX};
	read_all(&s);
	return s.left;
}

void cgroup_read(struct cgroup_limit *limit, const char *root, struct arena *arena)
{
	struct group_search s = {
		.root = root, .controller = "cpu", .read = read_cpu, .arena = arena};
	bool known = read_all(&s);
	/* A controller is in one hierarchy: if it is in v1, v2 has no limit for it. */
	enum version version = s.in[V1] ? V1 : V2;
	known &= s.seen[version] || !s.in[version];
	*limit = (struct cgroup_limit){.cpu_max = known ? "max" : NULL};
	if (s.quota) {
		limit->cpu_max = arena_print(arena, "%" PRIu64 " %" PRIu64, s.quota, s.period);
		limit->at = s.at;
	}
}

double cgroup_cpus(const char *cpu_max)
{
	uint64_t quota, period;
	if (!cpu_max || sscanf(cpu_max, "%" SCNu64 " %" SCNu64, &quota, &period) != 2 || !period)
		return 0;
	return (double)quota / (double)period;
}

uint64_t memory_available(const char *root, struct arena *arena)
{
	char line[128], *path = arena_print(arena, "%s/proc/meminfo", root);
	FILE *file = path ? fopen(path, "re") : NULL;
	uint64_t kib = 0;
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "MemAvailable: %" SCNu64 " kB", &kib) == 1)
			break;
	}
	if (file)
		fclose(file);
	return MIN(kib * 1024, cgroup_memory_left(root, arena));
}
