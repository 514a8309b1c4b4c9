#include "engine/host/host.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "engine/base/clock.h"
#include "engine/base/digest.h"
#include "engine/base/util.h"
#include "engine/host/cgroup.h"

#define SYS_CPU "/sys/devices/system/cpu/"

/* The directory that facts are read from, and the arena for them. */
struct facts_source {
	const char *root; /* contains /proc, /sys and /etc */
	struct arena *arena;
};

/* The first line of a file; false: it cannot be read, or is empty, as in a masked /sys. */
static bool first_line(const struct facts_source *p, const char *path, char *line, size_t size)
{
	char *full = arena_print(p->arena, "%s%s", p->root, path);
	return full && read_line(full, line, size) && *line;
}

static const char *line_of(const struct facts_source *p, const char *path)
{
	char line[512];
	return first_line(p, path, line, sizeof(line)) ? arena_copy(p->arena, line) : NULL;
}

/* The value on the first line of a file that begins with key, without separators and quotes. */
static const char *value_of(const struct facts_source *p, const char *path, const char *key)
{
	char line[8192], *full = arena_print(p->arena, "%s%s", p->root, path);
	const char *value = NULL;
	FILE *file = full ? fopen(full, "re") : NULL;
	while (file && !value && fgets(line, sizeof(line), file)) {
		if (strncmp(line, key, strlen(key)) != 0)
			continue;
		char *at = line + strlen(key);
		at += strspn(at, " \t:=\"");
		at[strcspn(at, "\"\n")] = '\0';
		value = *at ? arena_copy(p->arena, at) : NULL;
	}
	if (file)
		fclose(file);
	return value;
}

#if defined(__x86_64__) || defined(__i386__)
/* The hypervisor's name in CPUID leaf 0x40000000, if CPUID reports a hypervisor. */
static const char *hypervisor_of(const struct facts_source *p)
{
	static const char *const known[][2] = {
		{"KVMKVMKVM", "KVM"},    {"Microsoft Hv", "Hyper-V"},  {"VMwareVMware", "VMware"},
		{"XenVMMXenVMM", "Xen"}, {"TCGTCGTCGTCG", "QEMU TCG"}, {"bhyve bhyve ", "bhyve"},
	};
	unsigned a, b, c, d;
	char name[13] = "";
	if (!__get_cpuid(1, &a, &b, &c, &d))
		return NULL;
	if (!(c >> 31))
		return "none";
	__cpuid(0x40000000, a, b, c, d);
	memcpy(name, &b, 4);
	memcpy(name + 4, &c, 4);
	memcpy(name + 8, &d, 4);
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (strcmp(name, known[i][0]) == 0)
			return known[i][1];
	}
	return *name ? arena_copy(p->arena, name) : "unnamed";
}
#else
static const char *hypervisor_of(const struct facts_source *p)
{
	return line_of(p, "/sys/hypervisor/type");
}
#endif

/* Each driver has a file of its own; in one of them the meaning is inverted. */
static const char *turbo_of(const struct facts_source *p)
{
	static const struct {
		const char *path, *on, *off;
	} drivers[] = {{SYS_CPU "intel_pstate/no_turbo", "0", "1"},
		       {SYS_CPU "cpufreq/boost", "1", "0"}};
	char line[16];
	for (size_t i = 0; i < ARRAY_LEN(drivers); i++) {
		if (!first_line(p, drivers[i].path, line, sizeof(line)))
			continue;
		if (strcmp(line, drivers[i].on) == 0)
			return "on";
		if (strcmp(line, drivers[i].off) == 0)
			return "off";
	}
	return NULL;
}

static int is_flaw(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* For a vulnerability whose file cannot be read, only the name is stored. */
static int read_mitigations(struct host_facts *host, const struct facts_source *p)
{
	struct dirent **names;
	char *dir = arena_print(p->arena, "%s" SYS_CPU "vulnerabilities", p->root);
	int n = dir ? scandir(dir, &names, is_flaw, alphasort) : -1;
	if (n < 0)
		return dir ? 0 : -ENOMEM;
	host->mitigations = arena_alloc(p->arena, (size_t)n * sizeof(*host->mitigations));
	for (int i = 0; i < n; i++) {
		char path[512];
		snprintf(path, sizeof(path), SYS_CPU "vulnerabilities/%s", names[i]->d_name);
		if (host->mitigations)
			host->mitigations[host->n_mitigations++] = (struct named_text){
				arena_copy(p->arena, names[i]->d_name), line_of(p, path)};
		free(names[i]);
	}
	free(names);
	return host->mitigations ? 0 : -ENOMEM;
}

/* The fastest of several batches: the cost of a reading without disturbance. */
static uint64_t time_clock_ps(void)
{
	enum { BATCHES = 20, READINGS = 2000 };
	uint64_t best = UINT64_MAX;
	for (int batch = 0; batch < BATCHES; batch++) {
		uint64_t began = clock_ns();
		for (int i = 0; i < READINGS; i++)
			clock_ns();
		uint64_t spent = clock_ns() - began;
		best = MIN(best, spent);
	}
	return best * 1000 / READINGS;
}

enum { SPEED_TRIES = 24, SPEED_STEPS = 10000, SPEED_LEAST = 3 };

uint64_t host_undisturbed_ns(const struct speed_try *tries, size_t n)
{
	uint64_t kept[SPEED_TRIES];
	size_t n_kept = 0;
	for (size_t i = 0; i < n && n_kept < SPEED_TRIES; i++) {
		const struct speed_try *t = &tries[i];
		size_t at = n_kept;
		if (t->wall_ns > t->cpu_ns + t->cpu_ns / 8)
			continue;
		for (; at > 0 && kept[at - 1] > t->wall_ns; at--)
			kept[at] = kept[at - 1];
		kept[at] = t->wall_ns;
		n_kept++;
	}
	return n_kept < SPEED_LEAST ? 0 : kept[n_kept / 2];
}

static uint64_t thread_cpu_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

uint64_t host_step_ps(void)
{
	struct speed_try tries[SPEED_TRIES];
	uint64_t x = 1;
	for (int i = 0; i < SPEED_TRIES; i++) {
		uint64_t cpu = thread_cpu_ns(), wall = clock_ns();
		for (int step = 0; step < SPEED_STEPS; step++) {
			x = x * 3 + 1;
			__asm__ volatile("" : "+r"(x)); /* each step depends on the last one */
		}
		tries[i].wall_ns = clock_ns() - wall;
		tries[i].cpu_ns = thread_cpu_ns() - cpu;
	}
	return host_undisturbed_ns(tries, SPEED_TRIES) * 1000 / SPEED_STEPS;
}

static uint64_t load_milli(const struct facts_source *p)
{
	char line[128];
	unsigned whole, part;
	if (!first_line(p, "/proc/loadavg", line, sizeof(line)) ||
	    sscanf(line, "%u.%2u", &whole, &part) != 2)
		return COUNT_UNKNOWN;
	return (uint64_t)whole * 1000 + part * 10;
}

static const char *or_none(const char *text)
{
	return text ? text : "-";
}

const char *host_fingerprint(const struct host_facts *h, struct arena *arena)
{
	char *text = arena_print(arena, "%s|%s|%s|%u|%u|%s|%s|%s|%" PRIu64, or_none(h->machine),
				 or_none(h->cpu), or_none(h->topology), h->n_cpus, h->n_allowed,
				 or_none(h->hypervisor), or_none(h->smt), or_none(h->clocksource),
				 (h->memory_bytes + (1 << 29)) >> 30);
	if (!text)
		return NULL;
	return arena_print(arena, "%016" PRIx64, digest_hash(text, strlen(text), 0));
}

/* Copies a string that hwloc or libc allocated into the arena, and frees it. */
static const char *adopt(char *text, struct arena *arena)
{
	const char *copy = arena_copy(arena, text);
	free(text);
	return copy;
}

int host_read(struct host_facts *host, const char *root, const struct topology *topology,
	      struct arena *arena)
{
	const struct facts_source place = {root, arena}, *p = &place;
	struct utsname uts;
	struct cgroup_limit limit;
	if (uname(&uts))
		return -errno;
	*host = (struct host_facts){
		.hostname = arena_copy(arena, uts.nodename),
		.kernel = arena_copy(arena, uts.release),
		.kernel_version = arena_copy(arena, uts.version),
		.machine = arena_copy(arena, uts.machine),
		.os = value_of(p, "/etc/os-release", "PRETTY_NAME"),
		.cpu = value_of(p, "/proc/cpuinfo", "model name"),
		.hypervisor = hypervisor_of(p),
		.governor = line_of(p, SYS_CPU "cpu0/cpufreq/scaling_governor"),
		.turbo = turbo_of(p),
		.smt = line_of(p, SYS_CPU "smt/control"),
		.clocksource = line_of(
			p, "/sys/devices/system/clocksource/clocksource0/current_clocksource"),
		.cpus_allowed = adopt(topology_allowed_text(topology), arena),
		.topology = adopt(topology_text(topology), arena),
		.n_cpus = topology_cpus(topology),
		.n_allowed = topology_allowed(topology),
		.memory_bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE),
		.timer_ps = time_clock_ps(),
		.load_milli = load_milli(p),
	};
	cgroup_read(&limit, root, arena);
	host->cgroup_cpu_max = limit.cpu_max;
	host->cgroup_cpu_max_at = limit.at;
	int error = read_mitigations(host, p);
	host->fingerprint = host_fingerprint(host, arena);
	return error || !host->fingerprint ? -ENOMEM : 0;
}
