#include "engine/lab/lab.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"
#include "engine/lab/sshfs.h"
#include "tests/child.h"
#include "tests/scratch.h"
#include "tests/test.h"

enum { FILES = 10 };

static const char *const all =
	"tmpfs,overlay,ext4,xfs,btrfs,squashfs,erofs,ext4:disk=ssd,squashfs:read=1ms,queue=2,"
	"sshfs,sshfs:rtt=2ms";

struct fixture {
	struct arena *arena;
	struct lab_spec **specs;
	size_t n;
	struct err err;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	f->arena = arena_new();
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	arena_free(f->arena);
	free(f);
	return 0;
}

static int parse(struct fixture *f, const char *text)
{
	f->err = (struct err){0};
	return lab_parse(&f->specs, &f->n, text, f->arena, &f->err);
}

static void lists_are_cut_where_a_filesystem_begins(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *text;
		const char *labels[4];
	} cases[] = {
		{"tmpfs", {"tmpfs"}},
		{"ext4,xfs,here", {"ext4", "xfs", "here"}},
		{"ext4:noatime,mkfs=-O^dir_index,xfs", {"ext4:noatime,mkfs=-O^dir_index", "xfs"}},
		{"ext4:noatime,ext4", {"ext4:noatime", "ext4"}},
		{"btrfs:mkfs=-msingle,mkfs=-n64k,size=2G,compress=zstd",
		 {"btrfs:mkfs=-msingle,mkfs=-n64k,size=2G,compress=zstd"}},
		{"ext4:mkfs=-Oa[,b]", {"ext4:mkfs=-Oa[,b]"}},
		{"xfs:disk=hdd,xfs:queue=256,disk=ssd,erofs:read=20us,noexec",
		 {"xfs:disk=hdd", "xfs:queue=256,disk=ssd", "erofs:read=20us,noexec"}},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(parse(f, cases[i].text), 0);
		size_t n = 0;
		for (; n < ARRAY_LEN(cases[i].labels) && cases[i].labels[n]; n++) {
			assert_true(n < f->n);
			assert_string_equal(lab_spec_label(f->specs[n]), cases[i].labels[n]);
			assert_int_equal(lab_spec_is_here(f->specs[n]),
					 strcmp(cases[i].labels[n], "here") == 0);
		}
		assert_int_equal(n, f->n);
	}
}

#define EXPECTED                                                                                   \
	"expected here, tmpfs, overlay, sshfs, sim, ext4, xfs, btrfs, squashfs, erofs, nfs or "    \
	"cifs, got '"

static void a_wrong_list_is_refused_with_the_reason(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"", "expected a filesystem, such as ext4, got nothing"},
		{"etx4", EXPECTED "etx4'; did you mean 'ext4'?"},
		{"ext4,xsf", EXPECTED "xsf'; did you mean 'xfs'?"},
		{"ext4:noatime,xsf", EXPECTED "xsf'; did you mean 'xfs'?"},
		{"ext4:noatime,xfz:size=1G", EXPECTED "xfz'; did you mean 'xfs'?"},
		{"ext4,noatime", EXPECTED "noatime'"},
		{"ext4,xfs,ext4", "'ext4' is given twice"},
		{"ext4:noatime,xfs,ext4:noatime", "'ext4:noatime' is given twice"},
		{"ext4:", "ext4: an option is empty"},
		{"here:noatime", "here: takes no options"},
		{"tmpfs:mkfs=-q", "tmpfs: is made without mkfs"},
		{"erofs:size=1G", "erofs: its size follows from its tree"},
		{"tmpfs:disk=ssd", "tmpfs: has no disk, leave out 'disk=ssd'"},
		{"xfs:disk=tape", "xfs: expected disk=ssd or disk=hdd, got 'tape'"},
		{"xfs:read=1", "xfs: 'read=1': expected a time"},
		{"xfs:read=0ms", "xfs: 'read=0ms': expected a time"},
		{"xfs:read=1001ms",
		 "xfs: 'read=1001ms': expected a time of at most 1s, such as 500us or 8ms"},
		{"xfs:read=18446744073709551ms", "expected a time"},
		{"xfs:read=1ms,queue=0", "xfs: 'queue=0': expected 1 to 256 reads"},
		{"xfs:read=1ms,queue=257", "'queue=257': expected 1 to 256 reads"},
		{"ext4,xfs:queue=4", "xfs:queue=4: queue= is for a disk"},
		{"sshfs:rtt=5",
		 "sshfs: 'rtt=5': expected a time of at most 10s, such as 500us or 5ms"},
		{"sshfs:rtt=11s", "sshfs: 'rtt=11s': expected a time"},
		{"sshfs:disk=ssd", "sshfs: has no disk, leave out 'disk=ssd'"},
		{"sshfs:mkfs=-q", "sshfs: is made without mkfs"},
		{"ext4:size=", "ext4: 'size=': expected a size"},
		{"ext4:size=0", "'size=0': expected a size"},
		{"ext4:size=-1", "'size=-1': expected a size"},
		{"ext4:size=1x", "'size=1x': expected a size"},
		{"ext4:size=1GB", "'size=1GB': expected a size"},
		{"ext4:size=9999999999T", "expected a size"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(parse(f, cases[i].text), -EINVAL);
		if (!strstr(f->err.text, cases[i].words))
			fail_msg("'%s': '%s'", cases[i].text, f->err.text);
	}
}

static int fill_ten(void *arg, const char *dir, struct err *err)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char name[32];
	int error = fd < 0 ? -errno : 0;
	(void)arg;
	for (int i = 0; !error && i < FILES; i++) {
		snprintf(name, sizeof(name), "file%d", i);
		error = scratch_file(fd, name, i) ? 0 : -errno;
	}
	if (fd >= 0)
		close(fd);
	return error ? err_errno(err, error, "fill") : 0;
}

/* Only the ten files, with their sizes. */
static bool holds_ten(const struct lab_fs *fs)
{
	char path[512];
	struct stat st;
	DIR *dir = opendir(lab_root(fs));
	int names = 0;
	while (dir && readdir(dir))
		names++;
	if (!dir || closedir(dir) || names != FILES + 2)
		return false;
	for (int i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "%s/file%d", lab_root(fs), i);
		if (stat(path, &st) || st.st_size != i)
			return false;
	}
	return true;
}

static int open_one(struct fixture *f, const struct lab_spec *spec, struct lab_fs **fs)
{
	const struct lab_request request = {
		.spec = spec, .entries = FILES, .inodes = FILES + 1, .fill = fill_ten};
	f->err = (struct err){0};
	return lab_open(fs, &request, &f->err);
}

static void need_lab(struct fixture *f)
{
	if (geteuid() != 0)
		skip_because("needs root");
	f->err = (struct err){0};
	if (lab_enter((const char *const[]){NULL}, &f->err))
		skip_because("%s", f->err.text);
}

static void need(struct fixture *f, int error)
{
	if (error == -ENOTSUP)
		skip_because("%s", f->err.text);
	if (error)
		fail_msg("%s", f->err.text);
}

/* In the environment of this test and all that it starts. */
#define MARK "STATMARK_TEST_LAB"

/* The mounts, loop devices, processes and directories that a process leaves, to compare before and
 * after. */
static void look(pid_t pid, char *text, size_t size)
{
	char command[1024];
	snprintf(command, sizeof(command),
		 "cd /; grep -E ' /(media|mnt|srv|opt|usr/local/games)/' /proc/self/mounts; "
		 "cat /sys/block/loop*/loop/backing_file 2>/dev/null | grep image-%d; "
		 "cat /proc/[0-9]*/stat 2>/dev/null | grep -oE '\\((disk|relay)-%d\\) [^Z]'; "
		 "for i in $(grep -alsx -z " MARK "=%d /proc/[0-9]*/environ); do "
		 "grep -sE 'sshfs|sftp-server' ${i%%environ}comm; done; "
		 "ls -A media mnt srv opt usr/local/games 2>/dev/null",
		 (int)pid, (int)pid, (int)getpid());
	FILE *out = popen(command, "r");
	assert_non_null(out);
	size_t n = fread(text, 1, size - 1, out);
	text[n] = '\0';
	pclose(out);
}

static void is_as_before(pid_t pid, const char *before)
{
	char now[65536];
	for (int tries = 0; tries < 1000; tries++) {
		look(pid, now, sizeof(now));
		if (strcmp(now, before) == 0)
			return;
		usleep(10000);
	}
	assert_string_equal(now, before);
}

static void each_is_made_filled_remounted_and_gone(void **state)
{
	struct fixture *f = *state;
	char before[65536];
	int made = 0;
	need_lab(f);
	look(getpid(), before, sizeof(before));
	assert_int_equal(parse(f, all), 0);
	for (size_t i = 0; i < f->n; i++) {
		const char *label = lab_spec_label(f->specs[i]);
		const bool has_past = strcmp(label, "tmpfs") && strcmp(label, "overlay");
		struct lab_fs *fs;
		int error = open_one(f, f->specs[i], &fs);
		if (error == -ENOTSUP) {
			print_message("%s: %s\n", label, f->err.text);
			continue;
		}
		if (error)
			fail_msg("%s: %s", label, f->err.text);
		print_message("%s: %s, %s\n", label, lab_root(fs), lab_facts(fs));
		assert_true(holds_ten(fs));
		error = lab_remount(fs, &f->err);
		if (error != (has_past ? 0 : -ENOTSUP))
			fail_msg("%s: remount: %s", label, f->err.text);
		assert_true(holds_ten(fs));
		lab_close(fs);
		made++;
	}
	is_as_before(getpid(), before);
	if (made < 3)
		skip_because("no loop devices, or no mkfs programs");
}

static uint64_t device_reads(const struct lab_fs *fs)
{
	char path[128], line[256];
	struct stat st;
	unsigned long long reads = 0;
	assert_int_equal(stat(lab_root(fs), &st), 0);
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/stat", (unsigned)(st.st_dev >> 8),
		 (unsigned)(st.st_dev & 0xff));
	assert_true(read_line(path, line, sizeof(line)));
	assert_int_equal(sscanf(line, "%llu", &reads), 1);
	return reads;
}

static void a_remount_leaves_nothing_in_memory(void **state)
{
	struct fixture *f = *state;
	struct lab_fs *fs;
	need_lab(f);
	assert_int_equal(parse(f, "ext4"), 0);
	need(f, open_one(f, f->specs[0], &fs));
	assert_true(holds_ten(fs));
	uint64_t before = device_reads(fs);
	assert_true(holds_ten(fs));
	assert_int_equal(device_reads(fs), before);
	assert_int_equal(lab_remount(fs, &f->err), 0);
	before = device_reads(fs);
	assert_true(holds_ten(fs));
	assert_true(device_reads(fs) > before);

	/* Somebody in it: said, and it stays mounted. */
	int fd = open(lab_root(fs), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(lab_remount(fs, &f->err), -EBUSY);
	assert_true(holds_ten(fs));
	close(fd);
	lab_close(fs);
}

/* Times have lower bounds alone: what waits for a disk cannot be early. */
static void a_disk_delays_reads_with_its_queue_depth(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *text;
		double one_us, many_us;
	} cases[] = {
		{"ext4:read=20ms,queue=4", 20000, 5000},
		{"ext4:disk=hdd", 8000, 8000},
		{"erofs:disk=hdd,read=3ms,queue=2", 3000, 1500},
	};
	struct lab_fs *fs;
	need_lab(f);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		double one, many;
		assert_int_equal(parse(f, cases[i].text), 0);
		need(f, open_one(f, f->specs[0], &fs));
		const char *words = strstr(lab_facts(fs), "at random took ");
		assert_non_null(words);
		assert_int_equal(sscanf(words, "at random took %lf us, with 16 at once %lf us each",
					&one, &many),
				 2);
		if (one < cases[i].one_us || many < cases[i].many_us)
			fail_msg("%s: %s", cases[i].text, lab_facts(fs));
		/* Sixteen times as much if they were answered one at a time. */
		if (cases[i].one_us > cases[i].many_us)
			assert_true(many < one);
		assert_int_equal(lab_remount(fs, &f->err), 0);
		const uint64_t before = clock_ns();
		assert_true(holds_ten(fs));
		/* So small an erofs is read whole when it is mounted, which is not late. */
		if (strstr(cases[i].text, "ext4"))
			assert_true((double)(clock_ns() - before) / 1e3 >= cases[i].one_us);
		lab_close(fs);
	}
}

static void options_reach_the_mount_and_the_program(void **state)
{
	struct fixture *f = *state;
	char *mounts;
	size_t size;
	struct lab_fs *fs;
	need_lab(f);
	assert_int_equal(parse(f, "ext4:size=20M,mkfs=-O^has_journal,strictatime,nodelalloc,"
				  "tmpfs:size=1M,noexec"),
			 0);
	assert_int_equal(f->n, 2);
	static const char *const words[][2] = {{" ext4 rw", "nodelalloc"},
					       {" tmpfs rw,noexec,noatime,", "size=1024k"}};
	for (size_t i = 0; i < f->n; i++) {
		need(f, open_one(f, f->specs[i], &fs));
		assert_int_equal(read_file("/proc/self/mounts", 1 << 20, &mounts, &size), 0);
		char *line = strstr(mounts, i ? "/1 tmpfs" : "/1 ext4");
		assert_non_null(line);
		line[strcspn(line, "\n")] = '\0';
		if (!strstr(line, words[i][0]) || !strstr(line, words[i][1]))
			fail_msg("%s", line);
		assert_true(i == 1 || !strstr(line, "atime"));
		free(mounts);
		lab_close(fs);
	}
}

static int fill_too_much(void *arg, const char *dir, struct err *err)
{
	static const char data[1 << 16];
	char path[512];
	(void)arg;
	snprintf(path, sizeof(path), "%s/large", dir);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), error = 0;
	for (int i = 0; fd >= 0 && !error && i < 1600; i++)
		error = write(fd, data, sizeof(data)) < 0 ? -errno : 0;
	error = fd < 0 ? -errno : error;
	if (fd >= 0)
		close(fd);
	return error ? err_errno(err, error, "%s", path) : 0;
}

static void a_failed_filesystem_gives_a_reason_and_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *text;
		int error;
		const char *words;
	} cases[] = {
		{"ext4:mkfs=-Obogus", -EINVAL,
		 "mkfs.ext4 ended with exit code 1: Invalid "
		 "filesystem option set: bogus"},
		{"xfs:size=1M", -EINVAL, "mkfs.xfs ended with exit code 1: "},
		{"btrfs:size=1M", -EINVAL, "mkfs.btrfs ended with exit code 1: "},
		{"ext4:bogus", -EINVAL,
		 "cannot mount ext4: the kernel says 'ext4: Unknown "
		 "parameter 'bogus''"},
		{"tmpfs:bogus=1", -EINVAL, "tmpfs: Unknown parameter 'bogus'"},
		{"squashfs:mkfs=-bogus", -EINVAL, "mksquashfs ended with exit code 1: "},
		{"sshfs:bogus", -EINVAL, "sshfs ended with exit code 1: "},
		{"ext4:size=1M", -ENOSPC, "large: No space left on device"},
		{"tmpfs:size=1M", -ENOSPC, "large: No space left on device"},
	};
	char before[65536];
	need_lab(f);
	look(getpid(), before, sizeof(before));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(parse(f, cases[i].text), 0);
		const struct lab_request request = {.spec = f->specs[0], .fill = fill_too_much};
		struct lab_fs *fs;
		f->err = (struct err){0};
		int error = lab_open(&fs, &request, &f->err);
		if (error == -ENOTSUP)
			continue;
		if (error != cases[i].error || !strstr(f->err.text, cases[i].words))
			fail_msg("%s: %d, '%s'", cases[i].text, error, f->err.text);
		assert_null(fs);
	}
	is_as_before(getpid(), before);
}

static void a_missing_program_names_its_package(void **state)
{
	struct fixture *f = *state;
	static const char *const words[] = {
		"erofs is made by mkfs.erofs, which is missing: install erofs-utils",
		"sshfs is missing: install sshfs",
	};
	struct lab_fs *fs;
	need_lab(f);
	assert_int_equal(parse(f, "erofs,sshfs"), 0);
	for (size_t i = 0; i < f->n; i++) {
		char *path = strdup(getenv("PATH"));
		setenv("PATH", "/nowhere", 1);
		int error = open_one(f, f->specs[i], &fs);
		setenv("PATH", path, 1);
		free(path);
		assert_int_equal(error, -ENOTSUP);
		if (strstr(f->err.text, "no loop devices") || strstr(f->err.text, "/dev/fuse") ||
		    strstr(f->err.text, "sftp-server"))
			skip_because("%s", f->err.text);
		assert_string_equal(f->err.text, words[i]);
	}
}

/* Ends of a time have lower bounds alone. */
static void answers_of_a_remote_one_are_late(void **state)
{
	struct fixture *f = *state;
	struct statfs about;
	struct lab_fs *fs;
	need_lab(f);
	assert_int_equal(parse(f, "sshfs:rtt=30ms"), 0);
	need(f, open_one(f, f->specs[0], &fs));
	assert_non_null(strstr(lab_facts(fs), "answers 30.00 ms late; a request took "));
	for (int i = 0; i < 3; i++) {
		const uint64_t before = clock_ns();
		assert_int_equal(statfs(lab_root(fs), &about), 0);
		assert_true(clock_ns() - before >= 30000000);
	}
	assert_true(holds_ten(fs));
	/* Somebody in it: said, and it stays mounted. */
	int fd = open(lab_root(fs), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(lab_remount(fs, &f->err), -EBUSY);
	assert_true(holds_ten(fs));
	close(fd);
	lab_close(fs);
}

/* More bytes than the relay holds, and the order they came in. */
static void a_relay_loses_nothing(void **state)
{
	enum { WORDS = 3 << 20, EACH = 1000 };
	struct err err = {0};
	pid_t relay = 0;
	int ends[2];
	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(relay_start(&relay, &ends[0], 3000000, &err), 0);
	pid_t writer = fork();
	assert_true(writer >= 0);
	if (writer == 0) {
		uint32_t words[EACH];
		for (uint32_t i = 0; i < WORDS; i += EACH) {
			for (uint32_t k = 0; k < EACH; k++)
				words[k] = i + k;
			if (write(ends[1], words, sizeof(words)) != sizeof(words))
				_exit(1);
		}
		_exit(0);
	}
	close(ends[1]);
	FILE *in = fdopen(ends[0], "r");
	uint32_t word, n = 0;
	assert_non_null(in);
	while (fread(&word, sizeof(word), 1, in) == 1)
		if (word != n++)
			fail_msg("word %u is %u", n - 1, word);
	assert_int_equal(n, (WORDS + EACH - 1) / EACH * EACH);
	fclose(in);
	assert_int_equal(waitpid(writer, NULL, 0), writer);
	relay_end(&relay);
	assert_int_equal(relay, 0);
}

static void an_image_may_lie_in_a_directory(void **state)
{
	struct fixture *f = *state;
	struct scratch scratch;
	struct lab_fs *fs;
	need_lab(f);
	assert_true(scratch_make(&scratch));
	assert_int_equal(parse(f, "ext4"), 0);
	const struct lab_request request = {
		.spec = f->specs[0], .fill = fill_ten, .image_dir = scratch.path};
	need(f, lab_open(&fs, &request, &f->err));
	assert_non_null(strstr(lab_facts(fs), scratch.path));
	assert_true(holds_ten(fs));
	lab_close(fs);
	assert_int_equal(rmdir(scratch.path), 0); /* it is empty, nobody cleaned up */
	close(scratch.fd);
}

/* Says '+' once it holds one of each, and waits to be killed. */
static void hold_all(struct fixture *f, int pipe_end)
{
	char said = '-';
	if (lab_enter((const char *const[]){NULL}, &f->err) == 0 && parse(f, all) == 0) {
		size_t made = 0;
		for (struct lab_fs *fs; made < f->n; made++) {
			int error = open_one(f, f->specs[made], &fs);
			if (error && error != -ENOTSUP)
				break;
		}
		said = made == f->n ? '+' : '-';
	}
	if (write(pipe_end, &said, 1) == 1)
		pause();
	_exit(1);
}

/* The process never entered a lab, so what it sees is what everybody sees. */
static void nothing_survives_a_kill(void **state)
{
	struct fixture *f = *state;
	char before[65536], during[65536], said = 0;
	int ends[2];
	if (geteuid() != 0)
		skip_because("needs root");
	look(getpid(), before, sizeof(before));
	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		hold_all(f, ends[1]);
	assert_int_equal(read(ends[0], &said, 1), 1);
	look(pid, during, sizeof(during));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(said, '+');
	/* Of all it made others see only devices in use. */
	for (char *line = strtok(during, "\n"); line; line = strtok(NULL, "\n"))
		assert_true(strstr(before, line) || strstr(line, "statmark-image") ||
			    strstr(line, "disk-") || strstr(line, "relay-") ||
			    strstr(line, "sshfs") || strstr(line, "sftp-server"));
	is_as_before(pid, before);
}

/* What a machine looks like on which every user may open /dev/fuse; only this process sees it. */
static bool give_fuse(void)
{
	return !unshare(CLONE_NEWNS) && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       !mount("test", "/mnt", "tmpfs", 0, "mode=755") &&
	       !mknod("/mnt/fuse", S_IFCHR, makedev(10, 229)) && !chmod("/mnt/fuse", 0666) &&
	       !mount("/mnt/fuse", "/dev/fuse", NULL, MS_BIND, NULL) &&
	       !umount2("/mnt", MNT_DETACH);
}

struct as_nobody {
	struct fixture *f;
	bool with_fuse, lacks_fuse;
	int entered, ext4, tmpfs, sshfs;
	bool ten, served;
	struct err enter, device, client;
};

static int try_as_nobody(const void *arg)
{
	struct as_nobody *n = *(struct as_nobody *const *)arg;
	struct lab_fs *fs;
	n->lacks_fuse = n->with_fuse && !give_fuse();
	/* As after an exec: else what /proc has of us stays root's. */
	if (!become_nobody() || prctl(PR_SET_DUMPABLE, 1))
		return 1;
	n->entered = lab_enter((const char *const[]){NULL}, &n->enter);
	if (n->entered || parse(n->f, "ext4,tmpfs,sshfs"))
		return 0;
	n->ext4 = open_one(n->f, n->f->specs[0], &fs);
	n->device = n->f->err;
	n->tmpfs = open_one(n->f, n->f->specs[1], &fs);
	n->ten = n->tmpfs == 0 && holds_ten(fs);
	n->sshfs = open_one(n->f, n->f->specs[2], &fs);
	n->client = n->f->err;
	n->served =
		n->sshfs == 0 && holds_ten(fs) && lab_remount(fs, &n->client) == 0 && holds_ten(fs);
	return 0;
}

/* Shared with the child. */
static struct as_nobody *as_nobody(struct fixture *f, bool with_fuse)
{
	struct as_nobody *n =
		mmap(NULL, sizeof(*n), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(n != MAP_FAILED);
	n->f = f;
	n->with_fuse = with_fuse;
	assert_int_equal(in_child(try_as_nobody, &n), 0);
	return n;
}

/* Its processes die with the one that had it, which nobody has closed. */
static void without_root_fuse_works_if_it_can_be_opened(void **state)
{
	char before[65536];
	if (geteuid() != 0)
		skip_because("needs root");
	look(getpid(), before, sizeof(before));
	struct as_nobody n = *as_nobody(*state, true);
	if (n.entered || n.lacks_fuse)
		skip_because("%s", n.entered ? n.enter.text : "no /dev/fuse for this test");
	if (n.sshfs == -ENOTSUP)
		skip_because("%s", n.client.text);
	if (n.sshfs || !n.served)
		fail_msg("%d: '%s'", n.sshfs, n.client.text);
	is_as_before(getpid(), before);
}

static void without_root_memory_works_or_gives_a_reason(void **state)
{
	struct as_nobody *n = as_nobody(*state, false);
	if (n->entered) {
		assert_int_equal(n->entered, -ENOTSUP);
		assert_true(strlen(n->enter.text) > 20);
	} else {
		assert_int_equal(n->ext4, -ENOTSUP);
		assert_non_null(strstr(n->device.text, "cannot get a loop device: "));
		assert_int_equal(n->tmpfs, 0);
		assert_true(n->ten);
		assert_int_equal(n->served, n->sshfs == 0);
		if (n->sshfs)
			assert_int_equal(n->sshfs, -ENOTSUP);
		if (n->sshfs && access("/dev/fuse", F_OK) == 0 &&
		    !strstr(n->client.text, "install"))
			assert_non_null(strstr(n->client.text, "this user may not open it"));
	}
	munmap(n, sizeof(*n));
}

int main(void)
{
	char mark[16];
	snprintf(mark, sizeof(mark), "%d", (int)getpid());
	setenv(MARK, mark, 1);
	/* The first three want a process without mounts of its own. */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_survives_a_kill, setup, teardown),
		cmocka_unit_test_setup_teardown(without_root_memory_works_or_gives_a_reason, setup,
						teardown),
		cmocka_unit_test_setup_teardown(without_root_fuse_works_if_it_can_be_opened, setup,
						teardown),
		cmocka_unit_test_setup_teardown(lists_are_cut_where_a_filesystem_begins, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_wrong_list_is_refused_with_the_reason, setup,
						teardown),
		cmocka_unit_test_setup_teardown(each_is_made_filled_remounted_and_gone, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_remount_leaves_nothing_in_memory, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_disk_delays_reads_with_its_queue_depth, setup,
						teardown),
		cmocka_unit_test_setup_teardown(options_reach_the_mount_and_the_program, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			a_failed_filesystem_gives_a_reason_and_leaves_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_missing_program_names_its_package, setup,
						teardown),
		cmocka_unit_test_setup_teardown(answers_of_a_remote_one_are_late, setup, teardown),
		cmocka_unit_test(a_relay_loses_nothing),
		cmocka_unit_test_setup_teardown(an_image_may_lie_in_a_directory, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
