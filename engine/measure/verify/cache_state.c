#include "engine/measure/verify/cache_state.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "engine/base/child.h"
#include "engine/base/clock.h"
#include "engine/base/util.h"

enum { STATS_MAX = 16 << 20 };

static const struct source {
	const char *type;
	enum cold_evidence evidence;
} sources[] = {
	{"nfs", EVIDENCE_NFS},      {"nfs4", EVIDENCE_NFS},    {"cifs", EVIDENCE_CIFS},
	{"smb3", EVIDENCE_CIFS},    {"btrfs", EVIDENCE_READS}, {"bcachefs", EVIDENCE_READS},
	{"fuseblk", EVIDENCE_TIME},
};

/*
 * btrfs and bcachefs read their disks although their device numbers have major 0. With fuseblk a
 * server reads, not the kernel.
 */
static enum cold_evidence by_type(const char *type, uint64_t dev)
{
	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		if (strcmp(sources[i].type, type) == 0)
			return sources[i].evidence;
	}
	return major(dev) ? EVIDENCE_READS : EVIDENCE_TIME;
}

enum cold_evidence evidence_find(const struct fs_facts *fs, uint64_t dev, bool trusts)
{
	enum cold_evidence evidence = fs && fs->type ? by_type(fs->type, dev) : EVIDENCE_READS;
	const bool counts = evidence == EVIDENCE_NFS || evidence == EVIDENCE_CIFS;
	if (counts && evidence_requests(evidence, fs) == COUNT_UNKNOWN)
		evidence = EVIDENCE_TIME;
	return evidence == EVIDENCE_TIME && trusts ? EVIDENCE_WORD : evidence;
}

uint64_t evidence_requests(enum cold_evidence evidence, const struct fs_facts *fs)
{
	const bool nfs = evidence == EVIDENCE_NFS;
	const char *path = nfs ? "/proc/self/mountstats" : "/proc/fs/cifs/Stats";
	uint64_t requests = COUNT_UNKNOWN;
	char *text;
	size_t size;
	if ((!nfs && evidence != EVIDENCE_CIFS) || read_file(path, STATS_MAX, &text, &size))
		return COUNT_UNKNOWN;
	if (nfs && fs->mount_point)
		requests = evidence_parse_nfs(text, fs->mount_point);
	else if (fs->source)
		requests = evidence_parse_cifs(text, fs->source);
	free(text);
	return requests;
}

/*
 * Whether a field begins with text, followed by a blank. The kernel writes white space and
 * backslashes in it in octal.
 */
static bool begins_with(const char *field, const char *text)
{
	for (; *text; text++) {
		char octal[5];
		snprintf(octal, sizeof(octal), "\\%03o", (unsigned char)*text);
		if (strchr(" \t\n\\", *text) && strncmp(field, octal, 4) == 0)
			field += 4;
		else if (*field++ != *text)
			return false;
	}
	return *field == ' ';
}

/* "device SOURCE mounted on MOUNT with fstype nfs4 statvers=1.1" */
static bool is_mount(const char *line, const char *mount_point)
{
	const char *on = strstr(line, " mounted on ");
	const char *type = strstr(line, " with fstype nfs");
	return on && type && begins_with(on + strlen(" mounted on "), mount_point);
}

/*
 * "LOOKUP: 12 12 0 ...": the first number is the number of requests. Attributes are fetched again
 * when they are old, even if names are in memory, so only lookups and listings are counted.
 */
static bool is_counted(const char *line, uint64_t *count)
{
	static const char *const ops[] = {"LOOKUP:", "READDIR:", "READDIRPLUS:"};
	line += strspn(line, " \t");
	for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
		if (strncmp(line, ops[i], strlen(ops[i])) == 0)
			return sscanf(line + strlen(ops[i]), "%" SCNu64, count) == 1;
	}
	return false;
}

/* If mounts are stacked, the last is the visible one. */
uint64_t evidence_parse_nfs(char *text, const char *mount_point)
{
	uint64_t requests = COUNT_UNKNOWN, count;
	bool inside = false;
	for (char *line; (line = strsep(&text, "\n"));) {
		if (strncmp(line, "device ", 7) == 0) {
			inside = is_mount(line, mount_point);
			requests = inside ? COUNT_UNKNOWN : requests;
		} else if (inside && is_counted(line, &count)) {
			requests = (requests == COUNT_UNKNOWN ? 0 : requests) + count;
		}
	}
	return requests;
}

/*
 * Whether "1) \\SERVER\SHARE" names the share of "//server/share/below": slashes of either kind,
 * letters of either case.
 */
static bool is_share(const char *line, const char *source)
{
	char *share;
	size_t len = 0;
	if (!isdigit((unsigned char)*line))
		return false;
	strtoul(line, &share, 10);
	if (strncmp(share, ") ", 2) != 0)
		return false;
	for (share += 2; share[len] && !isspace((unsigned char)share[len]); len++) {
		char c = share[len] == '\\' ? '/' : share[len];
		if (tolower((unsigned char)c) != tolower((unsigned char)source[len]))
			return false;
	}
	return len && (!source[len] || source[len] == '/');
}

/* A share may be listed several times, once for each user. */
uint64_t evidence_parse_cifs(char *text, const char *source)
{
	uint64_t requests = COUNT_UNKNOWN, count;
	bool inside = false;
	for (char *line; (line = strsep(&text, "\n"));) {
		if (isdigit((unsigned char)*line) && strchr(line, ')'))
			inside = is_share(line, source);
		else if (inside && sscanf(line, "SMBs: %" SCNu64, &count) == 1)
			requests = (requests == COUNT_UNKNOWN ? 0 : requests) + count;
	}
	return requests;
}

static const char drop_caches[] = "/proc/sys/vm/drop_caches";

/*
 * The values for drop_caches: 2 drops names and inodes, 3 also the page cache, with that of block
 * devices.
 */
static const char *const drop_values[CACHE_STATES] = {
	[CACHE_SLAB_COLD] = "2",
	[CACHE_COLD] = "3",
};

/* Filesystems without a disk: data that is dropped there would be lost. */
static bool is_memory(const char *fs_type)
{
	static const char *const types[] = {"tmpfs", "ramfs",   "devtmpfs", "hugetlbfs", "proc",
					    "sysfs", "cgroup2", "debugfs",  "tracefs",   "rootfs"};
	for (size_t i = 0; fs_type && i < ARRAY_LEN(types); i++) {
		if (strcmp(fs_type, types[i]) == 0)
			return true;
	}
	return false;
}

static bool is_nfs(const char *fs_type)
{
	return fs_type && (strcmp(fs_type, "nfs") == 0 || strcmp(fs_type, "nfs4") == 0);
}

int cache_state_probe(enum cache_state state, const struct cache_control *control,
		      const char *fs_type, struct err *err)
{
	if (state == CACHE_WARM || state == CACHE_AS_IS)
		return 0;
	if (control->in_memory || is_memory(fs_type))
		return err_set(err, -EOPNOTSUPP, "%s is in memory: it has no %s state", fs_type,
			       cache_state_name(state));
	if (state == CACHE_SLAB_COLD && is_nfs(fs_type))
		return err_set(
			err, -EOPNOTSUPP,
			"%s has no slab-cold state: drop_caches=2 leaves the listings of its "
			"directories in memory; use cold",
			fs_type);
	if (state == CACHE_COLD && (control->remount || control->cold_command))
		return 0;
	if (!control->may_drop)
		return err_set(err, -EPERM, "cannot empty caches: use %s",
			       state == CACHE_COLD ? "--cold-cmd or --drop-caches"
						   : "--drop-caches");
	if (access(drop_caches, W_OK))
		return err_errno(err, -EPERM, "--drop-caches: cannot write %s", drop_caches);
	return 0;
}

const char *cache_state_means(enum cache_state state, const struct cache_control *control)
{
	if (state == CACHE_COLD && control->remount)
		return "remount";
	if (state == CACHE_COLD && control->cold_command)
		return control->cold_command;
	if (state == CACHE_COLD)
		return "drop_caches=3";
	return state == CACHE_SLAB_COLD ? "drop_caches=2" : NULL;
}

/* stdout is for results, so the output of a command goes to stderr. */
static int run_command(const char *option, const char *command, const struct cache_control *control,
		       struct err *err)
{
	const struct child_request request = {
		.shell = command, .out = STDERR_FILENO, .err = STDERR_FILENO};
	char end_text[CHILD_END_MAX];
	struct child child;
	int status, error = child_start(&child, &request);
	if (error)
		return err_errno(err, error, "%s: cannot start '%s'", option, command);
	enum child_end end = child_wait(&child, control->timeout_ns, control->stop, &status);
	if (end == CHILD_STOPPED)
		return err_set(err, -EINTR, "%s '%s' was stopped", option, command);
	if (end == CHILD_LATE)
		return err_set(err, -ETIMEDOUT,
			       "%s '%s' still ran after %llu s and was stopped; raise --timeout",
			       option, command,
			       (unsigned long long)(control->timeout_ns / NS_PER_SECOND));
	if (status)
		return err_set(err, -EIO, "%s '%s' %s", option, command,
			       child_end_text(status, end_text));
	return 0;
}

/*
 * Writes dirty data to disk, because it cannot be dropped. tree_fd may be O_PATH, which syncfs
 * refuses.
 */
static void flush(int tree_fd)
{
	int fd = openat(tree_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || syncfs(fd))
		sync();
	if (fd >= 0)
		close(fd);
}

static int drop(enum cache_state state, int tree_fd, struct err *err)
{
	flush(tree_fd);
	int fd = open(drop_caches, O_WRONLY | O_CLOEXEC);
	int error = fd < 0 || write(fd, drop_values[state], 1) != 1 ? -errno : 0;
	if (fd >= 0)
		close(fd);
	return error ? err_errno(err, error, "cannot write %s", drop_caches) : 0;
}

bool cache_state_needs_tree(enum cache_state state, const struct cache_control *control)
{
	return control->prepare_command ||
	       (state == CACHE_COLD && (control->cold_command || control->remount));
}

int cache_state_make(enum cache_state state, const struct cache_control *control, int tree_fd,
		     struct err *err)
{
	int error = 0;
	if (state == CACHE_COLD && control->remount)
		error = control->remount(control->arg, err);
	else if (state == CACHE_COLD && control->cold_command)
		error = run_command("--cold-cmd", control->cold_command, control, err);
	else if (drop_values[state])
		error = drop(state, tree_fd, err);
	if (!error && control->prepare_command)
		error = run_command("--prepare", control->prepare_command, control, err);
	return error;
}

/* A pass counts as longer than one with full caches if it takes more than a tenth longer. */
static bool is_no_longer(const struct cache_proof *proof, const struct pass *pass)
{
	return proof->primed_ns && pass->wall_ns <= proof->primed_ns + proof->primed_ns / 10;
}

/* On every filesystem, blocks that were read were not in memory. */
static enum cause refute_cold(const struct cache_proof *proof, const struct pass *pass)
{
	if (pass->block_reads || proof->evidence == EVIDENCE_WORD)
		return CAUSE_NONE;
	if (proof->evidence == EVIDENCE_READS)
		return CAUSE_NO_READS;
	if (proof->evidence == EVIDENCE_TIME)
		return is_no_longer(proof, pass) ? CAUSE_NO_LONGER : CAUSE_NONE;
	if (pass->requests == COUNT_UNKNOWN || pass->requests >= proof->requests_least)
		return CAUSE_NONE;
	return CAUSE_FEW_REQUESTS;
}

static enum cause refute_slab_cold(const struct cache_proof *proof, const struct pass *pass)
{
	if (pass->block_reads)
		return CAUSE_BLOCKS_DROPPED;
	if (proof->evidence == EVIDENCE_TIME && is_no_longer(proof, pass))
		return CAUSE_NOTHING_DROPPED;
	return CAUSE_NONE;
}

enum cause cache_state_refute(enum cache_state state, const struct cache_proof *proof,
			      const struct pass *pass)
{
	if (state == CACHE_WARM && pass->block_reads)
		return CAUSE_NOT_WARM;
	if (state == CACHE_COLD)
		return refute_cold(proof, pass);
	return state == CACHE_SLAB_COLD ? refute_slab_cold(proof, pass) : CAUSE_NONE;
}

bool cache_state_wants_primed(enum cache_state state, enum cold_evidence evidence)
{
	return (state == CACHE_COLD || state == CACHE_SLAB_COLD) && evidence == EVIDENCE_TIME;
}
