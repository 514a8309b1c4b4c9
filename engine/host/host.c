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

static const char *line_of(const char *path, struct arena *arena)
{
	char line[512];
	return read_line(path, line, sizeof(line)) ? arena_copy(arena, line) : NULL;
}

/* The value behind the first line of a file that begins with key, separators and quotes removed. */
static const char *value_of(const char *path, const char *key, struct arena *arena)
{
	char line[8192];
	const char *value = NULL;
	FILE *file = fopen(path, "re");
	while (file && !value && fgets(line, sizeof(line), file)) {
		if (strncmp(line, key, strlen(key)) != 0)
			continue;
		char *at = line + strlen(key);
		at += strspn(at, " \t:=\"");
		at[strcspn(at, "\"\n")] = '\0';
		value = arena_copy(arena, at);
	}
	if (file)
		fclose(file);
	return value;
}

#if defined(__x86_64__) || defined(__i386__)
/* The name that the hypervisor gives itself in leaf 0x40000000, if CPUID says there is one. */
static const char *hypervisor_of(struct arena *arena)
{
	static const char *const known[][2] = {
		{"KVMKVMKVM", "KVM"},    {"Microsoft Hv", "Hyper-V"},  {"VMwareVMware", "VMware"},
		{"XenVMMXenVMM", "Xen"}, {"TCGTCGTCGTCG", "QEMU TCG"}, {"bhyve bhyve ", "bhyve"},
	};
	unsigned a, b, c, d;
	char name[13] = "";
	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 31))
		return "none";
	__cpuid(0x40000000, a, b, c, d);
	memcpy(name, &b, 4);
	memcpy(name + 4, &c, 4);
	memcpy(name + 8, &d, 4);
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (strcmp(name, known[i][0]) == 0)
			return known[i][1];
	}
	return *name ? arena_copy(arena, name) : "unnamed";
}
#else
static const char *hypervisor_of(struct arena *arena)
{
	return line_of("/sys/hypervisor/type", arena);
}
#endif

/* Each driver has a file of its own, one of them with the sense reversed. */
static const char *turbo_of(void)
{
	char line[16];
	if (read_line(SYS_CPU "intel_pstate/no_turbo", line, sizeof(line)))
		return line[0] == '0' ? "on" : "off";
	if (read_line(SYS_CPU "cpufreq/boost", line, sizeof(line)))
		return line[0] == '1' ? "on" : "off";
	return NULL;
}

static int look_mitigations(struct host_facts *host, struct arena *arena)
{
	struct dirent **names;
	int n = scandir(SYS_CPU "vulnerabilities", &names, NULL, alphasort);
	if (n < 0)
		return 0;
	host->mitigations = arena_alloc(arena, (size_t)n * sizeof(*host->mitigations));
	for (int i = 0; i < n; i++) {
		char path[512];
		snprintf(path, sizeof(path), SYS_CPU "vulnerabilities/%s", names[i]->d_name);
		const char *value = names[i]->d_name[0] == '.' ? NULL : line_of(path, arena);
		if (host->mitigations && value)
			host->mitigations[host->n_mitigations++] =
				(struct named_text){arena_copy(arena, names[i]->d_name), value};
		free(names[i]);
	}
	free(names);
	return host->mitigations ? 0 : -ENOMEM;
}

/* The cheapest of several batches: what a reading costs when nothing disturbs it. */
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
			__asm__ volatile("" : "+r"(x)); /* each step waits for the last one */
		}
		tries[i].wall_ns = clock_ns() - wall;
		tries[i].cpu_ns = thread_cpu_ns() - cpu;
	}
	return host_undisturbed_ns(tries, SPEED_TRIES) * 1000 / SPEED_STEPS;
}

static uint32_t load_milli(void)
{
	char line[128];
	unsigned whole, part;
	if (!read_line("/proc/loadavg", line, sizeof(line)) ||
	    sscanf(line, "%u.%2u", &whole, &part) != 2)
		return 0;
	return whole * 1000 + part * 10;
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

/* Strings that hwloc or libc allocated move into the arena. */
static const char *adopt(char *text, struct arena *arena)
{
	const char *copy = arena_copy(arena, text);
	free(text);
	return copy;
}

int host_look(struct host_facts *host, const struct topology *topology, struct arena *arena)
{
	struct utsname uts;
	struct cgroup_limit limit;
	if (uname(&uts))
		return -errno;
	*host = (struct host_facts){
		.hostname = arena_copy(arena, uts.nodename),
		.kernel = arena_copy(arena, uts.release),
		.kernel_version = arena_copy(arena, uts.version),
		.machine = arena_copy(arena, uts.machine),
		.os = value_of("/etc/os-release", "PRETTY_NAME", arena),
		.cpu = value_of("/proc/cpuinfo", "model name", arena),
		.hypervisor = hypervisor_of(arena),
		.governor = line_of(SYS_CPU "cpu0/cpufreq/scaling_governor", arena),
		.turbo = turbo_of(),
		.smt = line_of(SYS_CPU "smt/control", arena),
		.clocksource = line_of(
			"/sys/devices/system/clocksource/clocksource0/current_clocksource", arena),
		.cpus_allowed = adopt(topology_allowed_text(topology), arena),
		.topology = adopt(topology_text(topology), arena),
		.n_cpus = topology_cpus(topology),
		.n_allowed = topology_allowed(topology),
		.memory_bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE),
		.timer_ps = time_clock_ps(),
		.load_milli = load_milli(),
	};
	cgroup_look(&limit, "", arena);
	host->cgroup_cpu_max = limit.cpu_max;
	host->cgroup_cpu_max_at = limit.at;
	int error = look_mitigations(host, arena);
	host->fingerprint = host_fingerprint(host, arena);
	return error || !host->fingerprint ? -ENOMEM : 0;
}
