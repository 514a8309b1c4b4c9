/*
 * The result of a run: engine/measure fills it, and every report reads it. It is plain data.
 * Strings and arrays are in the result's arena or are constants of this program, except arrays that
 * grow during a run, which are marked. Missing strings are NULL. Integers are ns and bytes unless a
 * name says otherwise.
 */
#ifndef ENGINE_RESULT_H
#define ENGINE_RESULT_H

/* The reason for missing system calls in the cell of an outside program. */
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

/* Counters of the processor, see engine/measure/watch/counters.h. */
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

/* Rounds that are judged together, because steal is counted in ticks of 10 ms. */
struct steal_period {
	uint32_t first_round, rounds;
	uint64_t wall_ns;
	uint64_t steal_ns; /* on the one of our CPUs from which the hypervisor took most */
	/*
	 * Duration of one step of fixed arithmetic after these rounds, picoseconds; 0: not
	 * measured.
	 */
	uint64_t step_ps;
};

struct run_facts {
	const char *id;      /* random, 16 hex digits */
	const char *started; /* ISO 8601, UTC */
	const char **argv;
	size_t n_argv;
	struct named_text *options; /* the values in effect, defaults included */
	size_t n_options;
	uint64_t seed;
	uint64_t duration_ns;
	uint64_t budget_ns;    /* --max-time; 0: none */
	uint64_t memory_bytes; /* limit for trees in memory at the same time; 0: none */
	uint32_t rounds_wanted, rounds_done;
	enum stop stopped;             /* why the run ended before rounds_wanted */
	uint64_t precision_wanted_ppm; /* half-width of every ratio's interval; 0: not requested */
	/* Half-width of the widest interval; COUNT_UNKNOWN: not known. */
	uint64_t precision_reached_ppm;
	const char *precision_cell;     /* the cell with the widest interval */
	struct named_text *unsupported; /* counters that are missing here, with the reason */
	size_t n_unsupported;
	struct steal_period *units;
	size_t n_units, room_units; /* grown by the run, freed with the result */
};

struct host_facts {
	const char *fingerprint; /* digest of the facts that do not change from run to run */
	const char *hostname, *os, *kernel, *kernel_version, *machine;
	const char *cpu, *hypervisor, *governor, *turbo, *smt, *clocksource;
	const char *cgroup_cpu_max;    /* the tightest limit, see engine/host/cgroup.h */
	const char *cgroup_cpu_max_at; /* directory of the cgroup with this limit; NULL: none */
	const char *cpus_allowed;      /* list, "0-1" */
	/* By other processes when measuring began; "": none; NULL: unknown. */
	const char *cpus_busy;
	const char *topology; /* "1 package, 2 cores, 2 CPUs, 1 NUMA node" */
	uint32_t n_cpus, n_allowed;
	uint64_t memory_bytes;
	uint64_t timer_ps;         /* cost of one reading of the clock, picoseconds */
	uint32_t tax_instructions; /* --syscall-tax; 0: none */
	uint64_t tax_ps;           /* time that it adds to a getppid(2), picoseconds */
	/* One-minute load x 1000 when the run began; COUNT_UNKNOWN: not known. */
	uint64_t load_milli;
	struct named_text *mitigations; /* none: unknown; value NULL: this one is unknown */
	size_t n_mitigations;
};

struct fs_facts {
	const char *id;   /* "fs0" */
	const char *type; /* as in /proc/filesystems */
	/* The argument of --fs with its options; NULL: the filesystem existed before. */
	const char *label;
	/* How it was made: "by mkfs.ext4, image of 65536 KiB in memory"; or NULL. */
	const char *made;
	const char *source, *mount_point, *options, *super_options;
	uint64_t block_size;
	uint64_t inodes, inodes_free; /* 0: the filesystem does not report them */
	uint64_t bytes, bytes_free;
};

/* The part of a tree that was measured, if there was no time for the whole tree. */
struct sample_facts {
	uint64_t of_entries;     /* entries of the whole tree; 0: all of it was measured */
	uint64_t of_directories; /* directories of the tree that were read */
	/* In the part: directories with chosen entries, or all directories of a sub-directory. */
	uint64_t directories;
	uint64_t seed;
	bool is_more;      /* the tree has more entries: time was up before all were read */
	const char *below; /* root of the whole tree, if the part is a sub-directory; else NULL */
};

struct tree_facts {
	const char *id;    /* "tree0" */
	const char *name;  /* of the shape, or the last component of the directory */
	const char *label; /* distinguishes the trees of a run: "10k"; NULL: the run has only one */
	const char *root;  /* absolute path of the root that was measured */
	const char *fs;    /* id of its filesystem */
	enum order order;  /* in which its entries are fetched */
	const char *shape; /* JSON text of its shape; NULL for a directory that was only read */
	const char *digest; /* of names and types, the same on every machine */
	uint64_t seed;
	uint64_t entries, directories, files, symlinks, others;
	uint64_t unreadable;
	const char *first_unreadable;
	uint64_t mounts;       /* mount points, each an entry, whether entered or not */
	bool crosses_mounts;   /* mount points were entered */
	uint64_t bad_names;    /* left out: empty names, or names with a slash */
	const char *first_bad; /* path of the directory with the first of them */
	uint64_t changed;      /* entries that changed, appeared or vanished; no longer compared */
	const char **changed_paths; /* paths of the first few */
	size_t n_changed_paths;
	/* Fields that differ between two reads: "inode numbers, times"; or NULL. */
	const char *unstable;
	uint32_t root_depth, max_depth;
	uint64_t depth_sum;  /* sum over all entries; / entries = mean depth below the root */
	uint64_t name_bytes; /* sum over all entries */
	uint64_t view_bytes; /* memory of the workload without names */
	/* Number of its sitting: the trees of one are measured together. */
	uint32_t sitting;
	struct sample_facts sample;
};

struct pass {
	uint32_t round;
	uint32_t position; /* in its round; the baseline has several passes in each round */
	uint64_t wall_ns, user_ns, sys_ns;
	/* When the first worker was done; the last worker was done at wall_ns. */
	uint64_t first_done_ns;
	/* Time that all workers were runnable but not running; COUNT_UNKNOWN: no schedstat. */
	uint64_t run_delay_ns;
	uint64_t minor_faults, major_faults;
	/* In units of 512 bytes; by the workers and the threads of io_uring. */
	uint64_t block_reads;
	uint64_t read_bytes;            /* read from storage by the whole process */
	uint64_t requests;              /* to the tree's server; COUNT_UNKNOWN: not counted */
	uint64_t switches, preemptions; /* voluntary, involuntary */
	uint64_t migrations;            /* moves of workers to another CPU */
	uint32_t threads, io_workers;   /* alive; io_workers: those of them that io_uring made */
	uint64_t io_worker_ns;          /* CPU time of io_workers; COUNT_UNKNOWN: no schedstat */
	uint64_t counted[COUNTERS];
	bool verified;
	bool clean;     /* verified and undisturbed, so it counts */
	enum cause why; /* if not clean: the reason */
};

struct error_count {
	const char *name; /* "EACCES" */
	uint64_t count;   /* entries per pass */
	const char *path; /* path of the first one */
};

struct extra_fact {
	const char *name, *unit;
	bool higher_is_better;
	uint64_t part, whole;           /* of the last verified pass */
	const char *reason, *other_way; /* as in engine/strategy.h; reason: the last one */
	/* Verified passes of the rounds; those with less than half of the whole. */
	uint32_t passes, passes_short;
};

/* At most so many changes of the number of threads are stored per cell. */
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

/* Durations of single entries, sampled in separate passes; see engine/measure/pass/sampler.h. */
struct latency_facts {
	uint32_t gap;               /* on average, one of this many entries was timed; 0: none */
	uint64_t timer_ns;          /* duration of reading the clock, part of every sample */
	uint64_t samples;           /* 0: no figures, see reason */
	uint64_t overflow;          /* samples longer than the largest bucket */
	uint64_t p50, p90, p99;     /* these and the next four members: COUNT_UNKNOWN if withheld */
	uint64_t p999, max;         /* ns */
	uint64_t first_done_ns;     /* when the first worker was done, median of the passes */
	uint64_t last_done_ns;      /* when the last worker was done, median of the passes */
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
	bool finds_threads;   /* it chooses the number of threads itself, whatever jobs is */
	const char *cpus;     /* CPUs of the workers, "0,1"; NULL: not pinned */
	const char *cache_by; /* what made the cache state: "drop_caches=3", a command, or NULL */
	enum cold_evidence evidence; /* the evidence for a cold state */
	bool is_steady;              /* two priming passes differed by at most a tenth in time */
	bool is_floor; /* makes no metadata call; the first such cell is the floor of the others */
	bool is_baseline;
	struct named_text *params;
	size_t n_params;
	const char *command; /* the whole command line of an outside program; else NULL */
	/* Of an outside program: its lines of output were counted in each pass. */
	bool is_output_verified;
	const char *answers; /* what it returns about an entry: "all", "existence", "type,size" */
	/*
	 * Can be named as the fastest: it returns at least what the baseline does, or its output is
	 * verified; and it worked in its own way (result_other_way).
	 */
	bool is_rival;
	enum status status;
	const char *reason;
	uint64_t entries; /* per pass; of a walk: entries found */
	uint64_t errors;  /* entries per pass whose call failed */
	struct error_count *error_counts;
	size_t n_error_counts;
	uint64_t failures; /* directories per pass that a walk could not read */
	struct error_count *failure_counts;
	size_t n_failure_counts;
	const char *digest;
	struct named_count *syscalls; /* per pass */
	size_t n_syscalls;
	uint64_t syscalls_total;     /* COUNT_UNKNOWN: not counted, */
	const char *syscalls_reason; /* for this reason */
	uint32_t live_threads;       /* maximum of this process during a pass */
	struct extra_fact *extras;
	size_t n_extras;
	struct decision_fact *decisions; /* in the last pass, the first DECISIONS_MAX */
	size_t n_decisions;
	struct pass *passes;
	size_t n_passes, room_passes; /* grown by the run, freed with the result */
	uint32_t n_clean;
	/* CPU time of the passes that count; kernel_ns: the part in the kernel. */
	uint64_t cpu_ns, kernel_ns;
	/*
	 * Pass time / entries. Of a baseline, or of a cell without one: the median of its passes.
	 * Of a cell with a ratio: the baseline's time x the ratio, so that times and ratios agree;
	 * its interval is the product of both intervals.
	 */
	struct estimate ns_per_entry;
	/* Whether the next three members, and the one after them, are set. */
	bool has_passes, has_own_median;
	double min, p05, p95; /* of its own passes, unadjusted */
	/* Also of its own passes; these may be of other rounds than the ratio. */
	double median_of_passes;
	struct estimate ratio;     /* time over the baseline's time, paired by round */
	struct estimate ratio_all; /* the same, with the disturbed passes included */
	const char *baseline;      /* id of the cell that the ratio refers to */
	struct latency_facts latency;
	struct estimate scaling; /* time with one job / time of this cell, paired by round */
};

/*
 * The fastest of the cells with one baseline. If there are several, the cell is chosen by one half
 * of the rounds, and the speed-up is taken from the other half. With only one cell, or too few
 * rounds for halves, all rounds are used for both.
 */
struct fastest {
	const char *baseline;    /* id; NULL: none was measured */
	bool same_jobs;          /* only cells with as many jobs as the baseline were considered */
	const char *cell;        /* NULL: undecided, see reason */
	struct estimate speedup; /* baseline's time / the cell's time */
	const char *reason;
};

/*
 * The gain of several jobs over one where both were measured with one baseline: the best cell with
 * several jobs against the best cell with one, which may have another strategy; a strategy that
 * chooses its number of threads is neither. Because both are chosen by their results, the error
 * allowed for the interval, 1 %, is divided by the number of pairs of cells.
 */
struct more_jobs {
	const char *baseline;      /* id */
	const char *one, *several; /* ids of the best cells */
	struct estimate over_one;  /* time with several jobs / time with one, paired by round */
};

/* A warning about the figures; the rules are in engine/measure/figures/check.c. */
struct check {
	const char *code; /* part of the public interface */
	const char *text;
	const char *cell; /* id; NULL: the whole run */
};

/* The user-mode kernel of a run of `statmark lab`; struct host_facts is the machine below it. */
struct guest_facts {
	const char *program; /* "user-mode-linux" */
	const char *kernel, *kernel_version, *topology;
	const char *serves; /* "nfs" */
	const char *says;   /* what such a kernel distorts, as text */
	uint32_t n_cpus;
	uint64_t memory_bytes;
	uint64_t timer_ps; /* cost of one reading of its clock, picoseconds */
	uint64_t rtt_ns;   /* the round trip time set for its network */
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
	struct fastest *fastest; /* one or two for each baseline, at least one */
	size_t n_fastest;
	struct more_jobs *more_jobs; /* at most one for each baseline */
	size_t n_more_jobs;
	struct check *checks;
	size_t n_checks, room_checks; /* grown by the checks, freed with the result */
};

struct result *result_new(void);         /* NULL: out of memory */
void result_free(struct result *result); /* accepts NULL */

/* The cell with that id; NULL if there is none. */
const struct cell_result *result_cell(const struct result *result, const char *id);
/*
 * The floor of a cell: of the same stage, tree and cache state. NULL: none. result_baseline: the
 * first baseline of the run, or NULL.
 */
const struct cell_result *result_floor_of(const struct result *result,
					  const struct cell_result *cell);
const struct cell_result *result_baseline(const struct result *result);

/*
 * result_counts_disturbed: whether disturbed passes count in a cell's figures, because fewer rounds
 * have an undisturbed pass than the interval of a time needs (STATS_LEAST_OF_TWO).
 * result_pass_counts: whether a pass then counts. A pass that was not verified never counts.
 */
bool result_counts_disturbed(const struct cell_result *cell);
bool result_pass_counts(const struct pass *pass, bool counts_disturbed);

/*
 * The figure by which the cell worked in another way than its own: in at least half of its passes
 * less than half was done in its own way. NULL: there is none.
 */
const struct extra_fact *result_other_way(const struct cell_result *cell);

/* The baseline of a cell: of the same stage, tree and cache state. NULL: none. */
const struct cell_result *result_baseline_of(const struct result *result,
					     const struct cell_result *cell);
/*
 * The first tree, if all trees of the run are copies of it by name and digest, such as one shape on
 * several filesystems. Trees that could not be made are ignored. NULL: the trees differ, or there
 * is none.
 */
const struct tree_facts *result_only_tree(const struct result *result);

const struct tree_facts *result_tree(const struct result *result, const char *id);
const struct fs_facts *result_fs(const struct result *result, const char *id);

#endif
