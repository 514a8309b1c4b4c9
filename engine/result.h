/*
 * The result of a run: the measuring side fills it and every report reads it. It is plain data.
 * Strings and arrays lie in the result's arena or are constants of this program, except arrays that
 * grow during a run, which say so. Missing strings are NULL. Integers are ns and bytes unless a
 * name says otherwise.
 */
#ifndef ENGINE_RESULT_H
#define ENGINE_RESULT_H

/* Why the system calls of a cell cannot be counted. */
#define UNCOUNTED_OUTSIDE "system calls of an outside program are not counted"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/arena.h"
#include "engine/base/stats.h"
#include "engine/base/util.h"
#include "engine/terms.h"

#define RESULT_SCHEMA "statmark-run/1"

struct named_text {
	const char *name, *value;
};

struct named_count {
	const char *name;
	uint64_t count;
};

/* Of the processor, see engine/measure/watch/counters.h. */
enum counter {
	COUNTER_CYCLES,
	COUNTER_INSTRUCTIONS,
	COUNTER_CACHE_MISSES,
	COUNTER_DTLB_MISSES,
	COUNTERS
};

struct tool_facts {
	const char *version, *commit, *compiler, *cflags;
	struct named_text *libs;
	size_t n_libs;
};

/* Rounds that were judged together, because steal is counted in ticks of 10 ms. */
struct steal_unit {
	uint32_t first_round, rounds;
	uint64_t wall_ns;
	uint64_t steal_ns; /* taken by the hypervisor from that CPU of ours which lost most */
	uint64_t step_ps;  /* a step of fixed arithmetic at its end, picoseconds; 0: not tried */
};

struct run_facts {
	const char *id;      /* random, 16 hex digits */
	const char *started; /* ISO 8601, UTC */
	const char **argv;
	size_t n_argv;
	struct named_text *options; /* as they took effect, defaults included */
	size_t n_options;
	uint64_t seed;
	uint64_t duration_ns;
	uint64_t budget_ns;    /* --max-time; 0: none */
	uint64_t memory_bytes; /* for trees at the same time; 0: not bounded */
	uint32_t rounds_wanted, rounds_done;
	enum stop stopped;              /* why before rounds_wanted */
	uint64_t precision_wanted_ppm;  /* half-width of every ratio's interval; 0: not asked for */
	uint64_t precision_reached_ppm; /* of the widest; COUNT_UNKNOWN: not known */
	const char *precision_cell;     /* the widest's */
	struct named_text *unsupported; /* counters that are missing here, and why */
	size_t n_unsupported;
	struct steal_unit *units;
	size_t n_units, room_units; /* grown by the run, freed with the result */
};

struct host_facts {
	const char *fingerprint; /* digest of what does not change from run to run */
	const char *hostname, *os, *kernel, *kernel_version, *machine;
	const char *cpu, *hypervisor, *governor, *turbo, *smt, *clocksource;
	const char *cgroup_cpu_max;    /* the tightest limit, engine/host/cgroup.h */
	const char *cgroup_cpu_max_at; /* directory of the cgroup that has it; NULL: none */
	const char *cpus_allowed;      /* list, "0-1" */
	const char *cpus_busy; /* with others' work when measuring began, "" none, NULL unknown */
	const char *topology;  /* "1 package, 2 cores, 2 CPUs, 1 NUMA node" */
	uint32_t n_cpus, n_allowed;
	uint64_t memory_bytes;
	uint64_t timer_ps;         /* cost of one reading of the clock, picoseconds */
	uint32_t tax_instructions; /* --syscall-tax; 0: none */
	uint64_t tax_ps;           /* what it adds to a getppid(2), picoseconds */
	uint64_t load_milli;       /* one-minute load x 1000 when the run began; COUNT_UNKNOWN */
	struct named_text *mitigations; /* none: unknown; a value NULL: that one is */
	size_t n_mitigations;
};

struct fs_facts {
	const char *id;    /* "fs0" */
	const char *type;  /* as in /proc/filesystems */
	const char *label; /* as --fs named it, with its options; NULL: it was there before */
	const char *made;  /* how: "by mkfs.ext4, image of 65536 KiB in memory"; or NULL */
	const char *source, *mount_point, *options, *super_options;
	uint64_t block_size;
	uint64_t inodes, inodes_free; /* 0: the filesystem does not say */
	uint64_t bytes, bytes_free;
};

/* Of a tree that was measured in part, because there was no time for all of it. */
struct sample_facts {
	uint64_t of_entries;     /* that the tree has, 0: it was measured whole */
	uint64_t of_directories; /* those that were read */
	uint64_t directories;    /* that entries were taken from; of a walk: that it enters */
	uint64_t seed;
	bool is_more;      /* the tree has more: the time was up before it was read */
	const char *below; /* of a walk: root of the whole tree; else NULL */
};

struct tree_facts {
	const char *id;     /* "tree0" */
	const char *name;   /* of the shape, or the last component of the directory */
	const char *label;  /* tells it from the others of this run: "10k"; NULL: it is alone */
	const char *root;   /* absolute path of what was measured */
	const char *fs;     /* id of its filesystem */
	enum order order;   /* in which entries are asked for */
	const char *shape;  /* JSON text of its shape; NULL for a directory that was only read */
	const char *digest; /* of names and types, the same on every machine */
	uint64_t seed;
	uint64_t entries, directories, files, symlinks, others;
	uint64_t unreadable;
	const char *first_unreadable;
	uint64_t mounts;            /* mount points: entries, whether entered or not */
	bool crosses_mounts;        /* they were entered */
	uint64_t bad_names;         /* listed, but no names: left out */
	const char *first_bad;      /* the directory that listed the first of them */
	uint64_t changed;           /* entries that changed, came or went; not compared any more */
	const char **changed_paths; /* of the first few */
	size_t n_changed_paths;
	const char *unstable; /* what differs from look to look: "inode numbers, times"; or NULL */
	uint32_t root_depth, max_depth;
	uint64_t depth_sum;  /* over entries; /entries = mean depth below the root */
	uint64_t name_bytes; /* over entries */
	uint64_t view_bytes; /* memory of the workload without names */
	uint32_t sitting; /* trees of one sitting were measured together, one sitting after another
			   */
	struct sample_facts sample;
};

struct pass {
	uint32_t round;
	uint32_t position; /* in its round; the baseline is passed several times in each */
	uint64_t wall_ns, user_ns, sys_ns;
	uint64_t first_done_ns; /* when the first worker was done; the last one was at wall_ns */
	/* Runnable but not running, all workers; COUNT_UNKNOWN: no schedstat. */
	uint64_t run_delay_ns;
	uint64_t minor_faults, major_faults;
	uint64_t block_reads; /* in units of 512 bytes, the workers' and io_uring's threads' */
	uint64_t read_bytes;  /* from storage, the whole process's */
	uint64_t requests;    /* to the tree's server; COUNT_UNKNOWN: not counted */
	uint64_t switches, preemptions; /* voluntary, involuntary */
	uint64_t migrations;            /* of workers to another CPU */
	uint32_t threads, io_workers;   /* alive; of them, those that io_uring made */
	uint64_t io_worker_ns;          /* CPU time of the latter; COUNT_UNKNOWN: no schedstat */
	uint64_t counted[COUNTERS];
	bool verified;
	bool clean;     /* verified and undisturbed: counts */
	enum cause why; /* if not clean */
};

struct error_count {
	const char *name; /* "EACCES" */
	uint64_t count;   /* entries per pass */
	const char *path; /* the first one's */
};

struct extra_fact {
	const char *name, *unit;
	bool higher_is_better;
	uint64_t part, whole;
};

/* A strategy that finds the number of its threads went on with another one. */
enum { DECISIONS_MAX = 256 };

struct decision_fact {
	uint64_t at_ns, wait_ns, rate; /* as in engine/strategy.h */
	uint32_t before, threads;
};

struct latency_bucket {
	uint64_t ns, count;
};

struct slow_entry {
	uint64_t ns;
	const char *path;
};

/* How long single entries took, sampled in passes of their own; see engine/measure/pass/sampler.h.
 */
struct latency_facts {
	uint32_t gap;               /* one entry in so many was timed, on average; 0: none */
	uint64_t timer_ns;          /* of every sample, the clock's own share */
	uint64_t samples;           /* 0: no figures, and reason says why */
	uint64_t overflow;          /* of them, longer than the histogram reaches */
	uint64_t p50, p90, p99;     /* these and the next four: COUNT_UNKNOWN when withheld */
	uint64_t p999, max;         /* ns */
	uint64_t first_done_ns;     /* when the first worker was done, median over passes */
	uint64_t last_done_ns;      /* when the last one was */
	const char *reason;         /* why figures are missing, or NULL */
	struct slow_entry *slowest; /* longest first */
	size_t n_slowest;
	struct latency_bucket *histogram; /* buckets that are not empty */
	size_t n_histogram;
	struct pass *passes;
	size_t n_passes, room_passes; /* grown by the run, freed with the result */
};

struct cell_result {
	const char *id;    /* "lstat/j1", "statx[mask=size]/j2", "lstat/cold/j1" */
	const char *label; /* id without the jobs */
	enum stage stage;
	enum cache_state cache;
	const char *strategy, *pin, *tree, *fs;
	uint32_t jobs;
	bool finds_threads;   /* it makes as many as pay, whatever jobs says */
	const char *cpus;     /* where the workers ran, "0,1", or NULL when not pinned */
	const char *cache_by; /* what made the cache state: "drop_caches=3", a command, or NULL */
	enum cold_evidence evidence; /* by what a cold state was believed */
	bool is_steady; /* two passes of the priming took the same time, within a tenth */
	bool is_floor;  /* asks nothing; the first such cell is the floor of the others */
	bool is_baseline;
	struct named_text *params;
	size_t n_params;
	const char *command;     /* of an outside program, whole; else NULL */
	bool is_output_verified; /* of an outside program: its lines were counted in each pass */
	const char *answers;     /* what it returns of an entry: "all", "existence", "type,size" */
	/* May be called fastest: answers at least what the baseline does, or verified output. */
	bool is_rival;
	enum status status;
	const char *reason;
	uint64_t entries; /* per pass; of a walk: found */
	uint64_t errors;  /* entries per pass whose call failed */
	struct error_count *error_counts;
	size_t n_error_counts;
	uint64_t failures; /* directories per pass that a walk could not read */
	struct error_count *failure_counts;
	size_t n_failure_counts;
	const char *digest;
	struct named_count *syscalls; /* per pass */
	size_t n_syscalls;
	uint64_t syscalls_total;     /* COUNT_UNKNOWN: they cannot be counted, */
	const char *syscalls_reason; /* and why */
	uint32_t live_threads;       /* of this process while a pass ran, at most */
	struct extra_fact *extras;
	size_t n_extras;
	struct decision_fact *decisions; /* of the last pass, the first DECISIONS_MAX */
	size_t n_decisions;
	struct pass *passes;
	size_t n_passes, room_passes; /* grown by the run, freed with the result */
	uint32_t n_clean;
	uint64_t cpu_ns, kernel_ns; /* CPU time of the passes that count; in the kernel */
	/*
	 * Pass time / entries. Of the baseline, and where there is none: the median of its passes.
	 * Of a cell with a ratio: the baseline's time x that ratio, so that times and ratios tell
	 * one story; the interval is the product of both intervals.
	 */
	struct estimate ns_per_entry;
	bool has_passes, has_own_median; /* the next three and the one after are there: */
	double min, p05, p95;            /* of its own passes, as they were */
	double median_of_passes;         /* the same; of other rounds than the ratio */
	struct estimate ratio;           /* time over the baseline's time, paired by round */
	struct estimate ratio_all;       /* the same with the disturbed passes */
	const char *baseline;            /* id of the cell that the ratio is taken against */
	struct latency_facts latency;
	struct estimate scaling; /* the same with one job: its time over this one's, paired */
};

/*
 * The fastest of the cells that have one baseline. Of several it is chosen on one half of the
 * rounds and scored on the other; of one, and with too few rounds for halves, on all of them.
 */
struct fastest {
	const char *baseline;    /* id; NULL: none was measured */
	bool same_jobs;          /* only of cells with as many jobs as the baseline */
	const char *cell;        /* NULL: undecided, reason says why */
	struct estimate speedup; /* baseline's time over its time */
	const char *reason;
};

/*
 * What more jobs than one gain where both were measured with one baseline: the best cell with
 * several over the best with one, which may be another strategy's. The interval covers the luck of
 * choosing them: it is as much surer than 99 % as there are pairs of cells.
 */
struct more_jobs {
	const char *baseline;      /* id */
	const char *one, *several; /* ids of the best cells */
	struct estimate over_one;  /* time with several over time with one, paired by round */
};

/* A warning about the figures; engine/measure/figures/check.c has the rules. */
struct check {
	const char *code; /* part of the interface */
	const char *text;
	const char *cell; /* id; NULL: the whole run */
};

/* The user-mode kernel in which a run of `statmark lab` was made; host is the machine it ran on. */
struct guest_facts {
	const char *program; /* "user-mode-linux" */
	const char *kernel, *kernel_version, *topology;
	const char *serves; /* "nfs" */
	const char *says;   /* what such a kernel distorts, in words */
	uint32_t n_cpus;
	uint64_t memory_bytes;
	uint64_t timer_ps; /* cost of one reading of its clock, picoseconds */
	uint64_t rtt_ns;   /* round trip that its network was given */
};

struct result {
	struct arena *arena;
	bool complete;
	bool has_guest;
	struct guest_facts guest;
	struct tool_facts tool;
	struct run_facts run;
	struct host_facts host;
	struct fs_facts *fs;
	size_t n_fs;
	struct tree_facts *trees;
	size_t n_trees;
	struct cell_result *cells;
	size_t n_cells;
	struct fastest *fastest; /* one for each baseline, at least one */
	size_t n_fastest;
	struct more_jobs *more_jobs; /* at most one for each baseline */
	size_t n_more_jobs;
	struct check *checks;
	size_t n_checks, room_checks; /* grown by the checks, freed with the result */
};

struct result *result_new(void);         /* NULL: out of memory */
void result_free(struct result *result); /* accepts NULL */

/* The cell with that id, the floor, or the first baseline; NULL when there is none. */
const struct cell_result *result_cell(const struct result *result, const char *id);
/* That of a cell's own stage, tree and cache state. */
const struct cell_result *result_floor_of(const struct result *result,
					  const struct cell_result *cell);
const struct cell_result *result_baseline(const struct result *result);

/*
 * Whether disturbed passes count in a cell's figures, because fewer rounds have an undisturbed one
 * than the interval of a time needs (STATS_LEAST_OF_TWO); and whether a pass counts then. One that
 * did not verify never does.
 */
bool result_counts_disturbed(const struct cell_result *cell);
bool result_pass_counts(const struct pass *pass, bool counts_disturbed);

/* The baseline that a cell is compared with: of its own stage, tree and cache state. */
const struct cell_result *result_baseline_of(const struct result *result,
					     const struct cell_result *cell);
/* The tree that all of them are copies of, by name and digest, such as of one shape on several
 * filesystems; those that could not be made aside. NULL: there are different ones, or none. */
const struct tree_facts *result_only_tree(const struct result *result);

const struct tree_facts *result_tree(const struct result *result, const char *id);
const struct fs_facts *result_fs(const struct result *result, const char *id);

#endif
