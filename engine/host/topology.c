#include "engine/host/topology.h"

#include <errno.h>
#include <hwloc.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/base/clock.h"
#include "engine/base/count.h"
#include "engine/base/util.h"
#include "engine/base/word.h"

struct topology {
	hwloc_topology_t hwloc;
	hwloc_bitmap_t allowed, busy;
	bool cannot_bind; /* the kernel refuses to bind threads */
	bool foreign;     /* a description of another machine: nothing can be bound */
};

static int describe(hwloc_topology_t hwloc, const char *description, struct err *err)
{
	size_t len = strlen(description);
	bool xml = len > 4 && strcmp(description + len - 4, ".xml") == 0;
	int failed = xml ? hwloc_topology_set_xml(hwloc, description)
			 : hwloc_topology_set_synthetic(hwloc, description);
	return failed ? err_set(err, -EINVAL, "cannot read the topology '%s'", description) : 0;
}

/*
 * hwloc applies the cgroup, but not a mask set by taskset(1). Workers inherit the mask of this
 * thread.
 */
static void apply_affinity(struct topology *t)
{
	hwloc_bitmap_t mine = hwloc_bitmap_alloc();
	if (mine && hwloc_get_cpubind(t->hwloc, mine, HWLOC_CPUBIND_THREAD) == 0 &&
	    hwloc_bitmap_intersects(mine, t->allowed)) {
		hwloc_bitmap_and(t->allowed, t->allowed, mine);
		t->cannot_bind = hwloc_set_cpubind(t->hwloc, mine, HWLOC_CPUBIND_THREAD) &&
				 (errno == EPERM || errno == EACCES || errno == ENOSYS);
	}
	hwloc_bitmap_free(mine);
}

int topology_open(struct topology **topology, const char *description, struct err *err)
{
	int error = -ENOMEM;
	struct topology *t = calloc(1, sizeof(*t));
	if (!t || hwloc_topology_init(&t->hwloc))
		goto out;
	t->foreign = description != NULL;
	error = description ? describe(t->hwloc, description, err) : 0;
	if (error)
		goto out;
	error = hwloc_topology_load(t->hwloc) ? -EIO : 0;
	if (error)
		goto out;
	t->allowed = hwloc_bitmap_dup(hwloc_topology_get_allowed_cpuset(t->hwloc));
	t->busy = hwloc_bitmap_alloc();
	if (!t->allowed || !t->busy) {
		error = -ENOMEM;
		goto out;
	}
	if (!t->foreign)
		apply_affinity(t);
	*topology = t;
	return 0;
out:
	topology_close(t);
	return err_errno(err, error, "cannot read the topology of the CPUs");
}

void topology_close(struct topology *t)
{
	if (!t)
		return;
	hwloc_bitmap_free(t->allowed);
	hwloc_bitmap_free(t->busy);
	if (t->hwloc)
		hwloc_topology_destroy(t->hwloc);
	free(t);
}

unsigned topology_cpus(const struct topology *t)
{
	return (unsigned)hwloc_get_nbobjs_by_type(t->hwloc, HWLOC_OBJ_PU);
}

unsigned topology_allowed(const struct topology *t)
{
	return (unsigned)hwloc_bitmap_weight(t->allowed);
}

char *topology_allowed_text(const struct topology *t)
{
	char *text = NULL;
	return hwloc_bitmap_list_asprintf(&text, t->allowed) < 0 ? NULL : text;
}

unsigned topology_busy(const struct topology *t)
{
	return (unsigned)hwloc_bitmap_weight(t->busy);
}

char *topology_busy_text(const struct topology *t)
{
	char *text = NULL;
	return hwloc_bitmap_list_asprintf(&text, t->busy) < 0 ? NULL : text;
}

char *topology_text(const struct topology *t)
{
	uint64_t packages = (uint64_t)hwloc_get_nbobjs_by_type(t->hwloc, HWLOC_OBJ_PACKAGE);
	uint64_t cores = (uint64_t)hwloc_get_nbobjs_by_type(t->hwloc, HWLOC_OBJ_CORE);
	uint64_t cpus = (uint64_t)hwloc_get_nbobjs_by_type(t->hwloc, HWLOC_OBJ_PU);
	uint64_t nodes = (uint64_t)hwloc_get_nbobjs_by_type(t->hwloc, HWLOC_OBJ_NUMANODE);
	char *text;
	if (asprintf(&text, "%s, %s, %s, %s", COUNTED(packages, "package"), COUNTED(cores, "core"),
		     COUNTED(cpus, "CPU"), COUNTED(nodes, "NUMA node")) < 0)
		return NULL;
	return text;
}

/* Allowed CPUs in hwloc's logical order, in which hardware threads of a core are neighbours. */
static void place_compact(const struct topology *t, size_t n, int *cpus)
{
	size_t found = 0;
	hwloc_obj_t pu = NULL;
	while (found < n && (pu = hwloc_get_next_obj_by_type(t->hwloc, HWLOC_OBJ_PU, pu))) {
		if (hwloc_bitmap_isset(t->allowed, pu->os_index))
			cpus[found++] = (int)pu->os_index;
	}
}

static size_t allowed_below(const struct topology *t, hwloc_obj_t obj)
{
	hwloc_bitmap_t both = hwloc_bitmap_alloc();
	int weight = 0;
	if (both) {
		hwloc_bitmap_and(both, obj->cpuset, t->allowed);
		weight = hwloc_bitmap_weight(both);
		hwloc_bitmap_free(both);
	}
	return weight > 0 ? (size_t)weight : 0;
}

/*
 * The k-th CPU below obj when CPUs are taken from its children in turn. A child without allowed
 * CPUs left (hybrid cores, cpusets) is skipped.
 */
static int scatter_at(const struct topology *t, hwloc_obj_t obj, size_t k)
{
	while (obj->type != HWLOC_OBJ_PU) {
		hwloc_obj_t chosen = NULL;
		size_t turn = 0;
		for (;; turn++) {
			size_t takers = 0;
			for (unsigned c = 0; c < obj->arity && !chosen; c++) {
				if (allowed_below(t, obj->children[c]) <= turn)
					continue;
				if (takers++ == k)
					chosen = obj->children[c];
			}
			if (chosen)
				break;
			if (takers == 0)
				return -1;
			k -= takers;
		}
		obj = chosen;
		k = turn;
	}
	return (int)obj->os_index;
}

/*
 * The first allowed hardware thread of every core, then the second ones. If the machine reports no
 * cores, each CPU counts as one.
 */
static void place_per_core(const struct topology *t, size_t n, int *cpus)
{
	size_t found = 0;
	if (hwloc_get_nbobjs_by_type(t->hwloc, HWLOC_OBJ_CORE) <= 0)
		place_compact(t, n, cpus);
	else
		for (size_t turn = 0; found < n; turn++) {
			hwloc_obj_t core = NULL;
			while (found < n && (core = hwloc_get_next_obj_by_type(
						     t->hwloc, HWLOC_OBJ_CORE, core))) {
				if (allowed_below(t, core) > turn)
					cpus[found++] = scatter_at(t, core, turn);
			}
		}
}

static void place_scatter(const struct topology *t, size_t n, int *cpus)
{
	for (size_t i = 0; i < n; i++)
		cpus[i] = scatter_at(t, hwloc_get_root_obj(t->hwloc), i);
}

const char *pin_policy_name(unsigned policy)
{
	static const char *const names[] = {
		[PIN_COMPACT] = "compact",
		[PIN_SCATTER] = "scatter",
		[PIN_PER_CORE] = "one-per-core",
		[PIN_NONE] = "none",
	};
	return word_of(names, ARRAY_LEN(names), policy);
}

const char *pin_policy_summary(enum pin_policy policy)
{
	static const char *const words[] = {
		[PIN_COMPACT] = "neighbours: threads of a core, cores of a package, then the next",
		[PIN_SCATTER] =
			"as far apart as possible: packages first, then cores, then threads",
		[PIN_PER_CORE] =
			"a core for each, in compact order; second threads when cores run out",
		[PIN_NONE] = "wherever the scheduler puts them",
	};
	return word_of(words, ARRAY_LEN(words), policy);
}

const char *pin_text(const struct pin *pin)
{
	return pin->policy == PIN_LIST ? pin->list : pin_policy_name(pin->policy);
}

const struct pin *pin_of(enum pin_policy policy)
{
	static const struct pin pins[] = {
		[PIN_COMPACT] = {.policy = PIN_COMPACT},
		[PIN_SCATTER] = {.policy = PIN_SCATTER},
		[PIN_PER_CORE] = {.policy = PIN_PER_CORE},
		[PIN_NONE] = {.policy = PIN_NONE},
	};
	return &pins[policy];
}

static int bad_pin(const char *text, struct err *err)
{
	return err_set(err, -EINVAL,
		       "--pin: expected compact, scatter, one-per-core, none or a CPU list such as "
		       "0,2-3, got '%s'",
		       text);
}

int pin_parse(const char *text, struct pin *pin, struct err *err)
{
	const int policy = word_find(pin_policy_name, text);
	*pin = (struct pin){.policy = policy < 0 ? PIN_LIST : (enum pin_policy)policy,
			    .list = text};
	for (const char *at = text; policy < 0; at++) {
		char *end;
		if (*at < '0' || *at > '9')
			return bad_pin(text, err);
		unsigned long from = strtoul(at, &end, 10), to = from;
		if (*end == '-' && end[1] >= '0' && end[1] <= '9')
			to = strtoul(end + 1, &end, 10);
		if ((*end && *end != ',') || to < from || to > 1 << 20)
			return bad_pin(text, err);
		if (pin->n == PIN_RANGES_MAX)
			return err_set(err, -EINVAL, "--pin: more than %d ranges of CPUs",
				       PIN_RANGES_MAX);
		pin->ranges[pin->n++] = (struct pin_range){(unsigned)from, (unsigned)to};
		if (!*end)
			break;
		at = end;
	}
	return 0;
}

const char *pin_list_text(const int *cpus, size_t n, struct arena *arena)
{
	char *text = NULL, *copy;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	for (size_t i = 0, run; to && i < n; i += run) {
		for (run = 1; i + run < n && cpus[i + run] == cpus[i] + (int)run;)
			run++;
		run = run > 2 ? run : 1;
		fprintf(to, "%s%d", i ? "," : "", cpus[i]);
		if (run > 1)
			fprintf(to, "-%d", cpus[i + run - 1]);
	}
	copy = to && !fclose(to) && n ? arena_copy(arena, text) : NULL;
	free(text);
	return copy;
}

/* Returns the number of CPUs in the list and stores the first n, or -EINVAL. */
static int place_list(const struct topology *t, const struct pin *pin, size_t n, int *cpus,
		      struct err *err)
{
	size_t found = 0;
	for (unsigned i = 0; i < pin->n; i++) {
		for (unsigned cpu = pin->ranges[i].from; cpu <= pin->ranges[i].to; cpu++) {
			if (!hwloc_bitmap_isset(t->allowed, cpu))
				return err_set(err, -EINVAL,
					       "--pin: this process may not use CPU %u", cpu);
			if (found < n)
				cpus[found++] = (int)cpu;
		}
	}
	return (int)found;
}

static int by_policy(const struct topology *t, const struct pin *pin, size_t n, int *cpus,
		     struct err *err)
{
	size_t distinct = MIN(n, topology_allowed(t));
	int found = 0;
	switch (pin->policy) {
	case PIN_NONE:
		memset(cpus, -1, n * sizeof(*cpus));
		return 0;
	case PIN_COMPACT:
		place_compact(t, distinct, cpus);
		break;
	case PIN_SCATTER:
		place_scatter(t, distinct, cpus);
		break;
	case PIN_PER_CORE:
		place_per_core(t, distinct, cpus);
		break;
	case PIN_LIST:
		found = place_list(t, pin, n, cpus, err);
		if (found < 0)
			return found;
		distinct = (size_t)found;
		break;
	}
	for (size_t i = distinct; i < n; i++)
		cpus[i] = cpus[i % distinct];
	return 0;
}

/* Takes the first n of all CPUs in the policy's order, with busy ones moved to the end. */
static void busy_last(const struct topology *t, const int *all, size_t n_all, int *cpus, size_t n)
{
	size_t found = 0;
	for (int busy = 0; busy <= 1; busy++) {
		for (size_t i = 0; i < n_all && found < n; i++) {
			if (hwloc_bitmap_isset(t->busy, (unsigned)all[i]) == busy)
				cpus[found++] = all[i];
		}
	}
	for (; found < n; found++)
		cpus[found] = cpus[found % n_all];
}

const struct pin *topology_pin(const struct topology *t, const struct pin *pin)
{
	return t->cannot_bind && pin->policy != PIN_LIST ? pin_of(PIN_NONE) : pin;
}

int topology_place(const struct topology *t, const struct pin *pin, size_t n, int *cpus,
		   struct err *err)
{
	const bool is_told = pin->policy == PIN_NONE || pin->policy == PIN_LIST;
	size_t n_all = topology_allowed(t);
	if (is_told || !topology_busy(t) || !n)
		return by_policy(t, pin, n, cpus, err);
	int *all = calloc(n_all, sizeof(*all));
	int error = all ? by_policy(t, pin, n_all, all, err)
			: err_errno(err, -ENOMEM, "cannot place workers on CPUs");
	if (!error)
		busy_last(t, all, n_all, cpus, n);
	free(all);
	return error;
}

static unsigned number_above(const struct topology *t, hwloc_obj_type_t type, hwloc_obj_t pu)
{
	hwloc_obj_t obj = hwloc_get_ancestor_obj_by_type(t->hwloc, type, pu);
	return obj ? obj->logical_index : 0;
}

/* In hwloc, NUMA nodes are attached to the tree of CPUs, not part of it. */
static unsigned node_of(const struct topology *t, hwloc_obj_t pu)
{
	hwloc_obj_t node = NULL;
	while ((node = hwloc_get_next_obj_by_type(t->hwloc, HWLOC_OBJ_NUMANODE, node))) {
		if (hwloc_bitmap_isset(node->cpuset, pu->os_index))
			return node->logical_index;
	}
	return 0;
}

void topology_list(const struct topology *t, struct cpu_place *places)
{
	hwloc_obj_t pu = NULL;
	bool has_cores = hwloc_get_nbobjs_by_type(t->hwloc, HWLOC_OBJ_CORE) > 0;
	while ((pu = hwloc_get_next_obj_by_type(t->hwloc, HWLOC_OBJ_PU, pu)))
		*places++ = (struct cpu_place){
			.cpu = (int)pu->os_index,
			.node = node_of(t, pu),
			.package = number_above(t, HWLOC_OBJ_PACKAGE, pu),
			.core = has_cores ? number_above(t, HWLOC_OBJ_CORE, pu) : pu->logical_index,
			.allowed = hwloc_bitmap_isset(t->allowed, pu->os_index),
		};
}

void topology_spread(const struct topology *t, void *memory, size_t size)
{
	if (t->foreign || hwloc_get_nbobjs_by_type(t->hwloc, HWLOC_OBJ_NUMANODE) <= 1)
		return;
	/* If it is refused, pages are placed by first touch: slower, but not wrong. */
	(void)hwloc_set_area_membind(t->hwloc, memory, size, t->allowed, HWLOC_MEMBIND_INTERLEAVE,
				     0);
}

int topology_bind(const struct topology *t, int cpu)
{
	if (t->foreign)
		return -ENOTSUP;
	hwloc_bitmap_t set = cpu < 0 ? hwloc_bitmap_dup(t->allowed) : hwloc_bitmap_alloc();
	if (!set || (cpu >= 0 && hwloc_bitmap_only(set, (unsigned)cpu))) {
		hwloc_bitmap_free(set);
		return -ENOMEM;
	}
	int failed = hwloc_set_cpubind(t->hwloc, set, HWLOC_CPUBIND_THREAD);
	int error = failed ? -errno : 0;
	hwloc_bitmap_free(set);
	/* If binding is refused, the thread was never bound and still has all allowed CPUs. */
	return cpu < 0 && (error == -EPERM || error == -ENOSYS) ? 0 : error;
}

bool topology_is_bound(const struct topology *t, int cpu)
{
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	bool bound = false;
	if (set && hwloc_get_cpubind(t->hwloc, set, HWLOC_CPUBIND_THREAD) == 0)
		bound = hwloc_bitmap_weight(set) == 1 && hwloc_bitmap_isset(set, (unsigned)cpu) &&
			sched_getcpu() == cpu;
	hwloc_bitmap_free(set);
	return bound;
}

enum { CPUS_MAX = 4096 };

/* The ticks of one CPU since boot. */
struct ticks {
	uint64_t all, idle;
};

/* False: no CPU was read. */
static bool read_ticks(struct ticks *ticks)
{
	char line[512];
	bool any = false;
	FILE *file = fopen("/proc/stat", "re");
	while (file && fgets(line, sizeof(line), file)) {
		unsigned cpu;
		unsigned long long t[8] = {0};
		/* user nice system idle iowait irq softirq steal; guest is part of user. */
		if (sscanf(line, "cpu%u %llu %llu %llu %llu %llu %llu %llu %llu", &cpu, &t[0],
			   &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]) < 6 ||
		    cpu >= CPUS_MAX)
			continue;
		ticks[cpu] = (struct ticks){.idle = t[3] + t[4]};
		for (size_t i = 0; i < ARRAY_LEN(t); i++)
			ticks[cpu].all += t[i];
		any = true;
	}
	if (file)
		fclose(file);
	return any;
}

static void pause_ns(uint64_t ns)
{
	struct timespec left = {(time_t)(ns / NS_PER_SECOND), (long)(ns % NS_PER_SECOND)};
	nanosleep(&left, NULL);
}

static void mark_busy(struct topology *t, int cpu, bool busy)
{
	if (busy && hwloc_bitmap_isset(t->allowed, (unsigned)cpu))
		hwloc_bitmap_set(t->busy, (unsigned)cpu);
	else
		hwloc_bitmap_clr(t->busy, (unsigned)cpu);
}

bool idle_measure(struct topology *topology, uint64_t window_ns)
{
	struct ticks *before = calloc(2 * CPUS_MAX, sizeof(*before)), *after = before + CPUS_MAX;
	if (!before || !read_ticks(before)) {
		free(before);
		return false;
	}
	pause_ns(window_ns);
	bool looked = read_ticks(after);
	for (int cpu = 0; cpu < CPUS_MAX; cpu++) {
		uint64_t all = after[cpu].all - before[cpu].all;
		uint64_t idle = after[cpu].idle - before[cpu].idle;
		if (after[cpu].all)
			mark_busy(topology, cpu, all > 0 && idle * 2 < all);
	}
	free(before);
	return looked;
}
