/*
 * Collecting from the tables of ext4, btrfs and xfs while another process changes the tree as fast
 * as it can. What it does not touch has to be right in every list, and there once; what it touches
 * has to be right for some moment: a name is never joined with the metadata of another file.
 *
 *   STATMARK_CHANGES=60 bulk_changes    seconds for each kind of filesystem
 *
 * The other process works by the descriptors of directories that it has made, follows no links, and
 * both live on a filesystem and in a mount namespace of their own.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/rng.h"
#include "strategies/flist/flist.h"
#include "tests/loop.h"
#include "tests/scratch.h"
#include "tests/test.h"
#include "tests/unit/with_bulk.h"

enum {
	DIRS = 48,
	FOCUS = 4,   /* directories that are changed at a time, */
	BURST = 64,  /* so many changes, and others after that */
	STILL = 60,  /* files of each directory that nobody touches */
	HOT = 40,    /* files that are changed, at most, for each directory */
	APPEND = 16, /* bytes */
	OWNERS = 1000 * 1000,
};

/* ---- The tree, and who changes it ------------------------------------------------------------ */

struct hot {
	uint32_t owner; /* in its name and in its inode; 0: there is none */
	uint32_t dir, turn;
};

struct changer {
	int dirs[DIRS];
	struct hot all[DIRS * HOT];
	uint32_t next; /* owner */
	uint32_t focus;
	struct rng rng;
};

static void name_still(char *name, size_t size, int i)
{
	snprintf(name, size, "still-%d%.*s", i, i % 50, "--------------------------------------");
}

static void name_hot(char *name, size_t size, const struct hot *hot)
{
	snprintf(name, size, "hot-%u-%u", hot->owner, hot->turn);
}

static void make_all(struct changer *c, const char *root)
{
	char name[128];
	const int at = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int d = 0; d < DIRS; d++) {
		snprintf(name, sizeof(name), "dir-%d", d);
		hold(!mkdirat(at, name, 0755), "mkdir: %s", strerror(errno));
		c->dirs[d] = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		for (int i = 0; i < STILL; i++) {
			name_still(name, sizeof(name), i);
			hold(c->dirs[d] >= 0 && scratch_file(c->dirs[d], name, i * 1000), "%s",
			     strerror(errno));
		}
	}
	close(at);
}

static uint32_t choose_dir(struct changer *c)
{
	return (c->focus + (uint32_t)rng_below(&c->rng, FOCUS)) % DIRS;
}

static void create(struct changer *c, struct hot *hot, uint32_t dir)
{
	char name[64];
	*hot = (struct hot){.owner = 1 + c->next++ % OWNERS, .dir = dir};
	name_hot(name, sizeof(name), hot);
	const int fd = openat(c->dirs[dir], name,
			      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	hold(fd >= 0 && !fchown(fd, hot->owner, 0), "create %s: %s", name, strerror(errno));
	close(fd);
}

static void append(struct changer *c, const struct hot *hot, const char *name)
{
	static const char text[APPEND];
	const int fd =
		openat(c->dirs[hot->dir], name, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
	hold(fd >= 0 && write(fd, text, APPEND) == APPEND, "append: %s", strerror(errno));
	close(fd);
}

static void move(struct changer *c, struct hot *hot, const char *name)
{
	const struct hot before = *hot;
	char to[64];
	hot->turn++;
	if (hot->turn % 2)
		hot->dir = choose_dir(c);
	name_hot(to, sizeof(to), hot);
	hold(!renameat(c->dirs[before.dir], name, c->dirs[hot->dir], to), "rename: %s",
	     strerror(errno));
}

static void change_one(struct changer *c)
{
	struct hot *hot = &c->all[choose_dir(c) * HOT + rng_below(&c->rng, HOT)];
	char name[64];
	if (!hot->owner) {
		create(c, hot, choose_dir(c));
		return;
	}
	name_hot(name, sizeof(name), hot);
	switch (rng_below(&c->rng, 5)) {
	case 0:
		hold(!unlinkat(c->dirs[hot->dir], name, 0), "unlink: %s", strerror(errno));
		hot->owner = 0;
		break;
	case 1:
	case 2:
		move(c, hot, name);
		break;
	case 3:
		append(c, hot, name);
		break;
	default:
		hold(!fchmodat(c->dirs[hot->dir], name, 0600 | (mode_t)rng_below(&c->rng, 64), 0),
		     "chmod: %s", strerror(errno));
	}
}

static pid_t begin_changes(struct changer *c)
{
	const pid_t parent = getpid(), child = fork();
	if (child != 0)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	for (;;) {
		for (int i = 0; i < BURST; i++)
			change_one(c);
		c->focus = (uint32_t)rng_below(&c->rng, DIRS);
		pause_ms((long)rng_below(&c->rng, 12));
	}
}

/* ---- The lists ------------------------------------------------------------------------------- */

/* What does not change, from a list by calls before anything did. */
struct truth {
	char paths[DIRS * STILL][80];
	struct flist_meta metas[DIRS * STILL];
	size_t n;
};

static void note_truth(struct truth *truth, const char *root)
{
	struct flist_list *list;
	struct flist_cursor *cursor;
	const struct flist_item *item;
	hold(!flist_collect(&list, root, NULL) && !flist_cursor_open(&cursor, list), "collect");
	while ((item = flist_cursor_next(cursor))) {
		if (strncmp(item->name, "still-", 6) != 0)
			continue;
		snprintf(truth->paths[truth->n], sizeof(truth->paths[0]), "%s", item->path);
		truth->metas[truth->n++] = *item->meta;
	}
	hold(truth->n == DIRS * STILL, "%zu files", truth->n);
	flist_cursor_close(cursor);
	flist_list_free(list);
}

static void hold_hot(const struct flist_item *item)
{
	unsigned owner = 0, turn;
	const struct flist_meta *m = item->meta;
	hold(sscanf(item->name, "hot-%u-%u", &owner, &turn) == 2, "%s", item->path);
	hold(m && S_ISREG(m->mode) && (m->mode & 07700) == 0600, "%s: mode %o", item->path,
	     m ? m->mode : 0);
	hold(m->uid == owner || (m->uid == 0 && turn == 0), "%s: owner %u", item->path, m->uid);
	hold(m->size % APPEND == 0 && m->nlink <= 1 && m->ino > 2, "%s: size %ju", item->path,
	     (uintmax_t)m->size);
}

/* Hot files in it; all that is still is there, once, and right. */
static size_t hold_list(const struct flist_list *list, const struct truth *truth)
{
	struct flist_cursor *cursor;
	const struct flist_item *item;
	char last[256] = "";
	size_t still = 0, hot = 0, n;
	hold(!flist_cursor_open(&cursor, list), "no memory");
	while ((item = flist_cursor_next(cursor))) {
		hold(strcmp(last, item->path) < 0, "%s comes after %s", item->path, last);
		snprintf(last, sizeof(last), "%s", item->path);
		if (strncmp(item->name, "hot-", 4) == 0) {
			hold_hot(item);
			hot++;
		} else if (strncmp(item->name, "still-", 6) == 0) {
			hold(still < truth->n && !strcmp(item->path, truth->paths[still]),
			     "%s is there, %s is not", item->path, truth->paths[still]);
			hold(item->meta &&
				     !memcmp(item->meta, &truth->metas[still], sizeof(*item->meta)),
			     "%s is not as it was", item->path);
			still++;
		} else {
			hold(S_ISDIR(item->type), "%s", item->path);
		}
	}
	hold(still == truth->n, "%zu of %zu", still, truth->n);
	flist_cursor_close(cursor);
	const struct flist_failure *failures = flist_list_failures(list, &n);
	for (size_t i = 0; i < n; i++)
		hold(strstr(failures[i].path, "/hot-") && failures[i].error == ENOENT, "%s: %s",
		     failures[i].path, strerror(failures[i].error));
	return hot;
}

static void collect_again_and_again(const char *root, const struct truth *truth, uint64_t ns)
{
	const uint64_t end = clock_ns() + ns;
	uint64_t lists = 0, by_tables = 0, hot = 0;
	while (clock_ns() < end || lists < 8) {
		const struct flist_collect_options o = {
			.flags = FLIST_BULK | (lists % 2 ? (unsigned)FLIST_NO_SYNC : 0),
			.threads.jobs = 1 + (unsigned)(lists / 2 % 2)};
		struct flist_list *list;
		/* Tables are opened later, too; then the other job may be done before. */
		const bool is_late = lists / 4 % 2;
		bulk_calls_first = is_late ? 100 : 0;
		bulk_run_least = 1;
		const int ret = flist_collect(&list, root, &o);
		hold(ret == 0, "collect: %s", strerror(-ret));
		hold(flist_list_how(list)->bulk == COMPILED_IN || (is_late && o.threads.jobs > 1),
		     "%s", flist_list_how(list)->why_not);
		hot += hold_list(list, truth);
		by_tables += flist_list_how(list)->by_tables;
		flist_list_free(list);
		lists++;
	}
	hold(hot > 0, "nothing has changed");
	hold(!COMPILED_IN || by_tables > 0, "nothing came from tables");
	printf("# %ju lists, %ju entries by tables, %ju hot ones\n", (uintmax_t)lists,
	       (uintmax_t)by_tables, (uintmax_t)hot);
}

static void run(const char *root, uint64_t ns)
{
	static struct changer changer;
	static struct truth truth;
	make_all(&changer, root);
	sync();
	pause_ms(1100);
	note_truth(&truth, root);
	const pid_t child = begin_changes(&changer);
	hold(child > 0, "fork");
	collect_again_and_again(root, &truth, ns);
	hold(waitpid(child, NULL, WNOHANG) == 0, "the changes have ended");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/* On a filesystem; is_part: on a directory of it, with another one beside. */
static void run_on(const char *root, bool is_part, uint64_t ns)
{
	char beside[PATH_MAX], part[PATH_MAX];
	snprintf(beside, sizeof(beside), "%s/beside", root);
	snprintf(part, sizeof(part), "%s/part", root);
	hold(!is_part || (!mkdir(beside, 0755) && !mkdir(part, 0755)), "mkdir");
	run(is_part ? part : root, ns);
}

static void hold_beside(const char *type, unsigned mebibytes, const char *options, bool is_part)
{
	const char *wish = getenv("STATMARK_CHANGES");
	const uint64_t seconds = wish ? strtoull(wish, NULL, 10) : 1;
	struct scratch s;
	char root[256];
	int status;
	if (geteuid())
		skip_because("needs root");
	assert_true(scratch_make(&s));
	snprintf(root, sizeof(root), "%.200s/fs", s.path);
	fflush(NULL);
	const pid_t child = fork();
	if (child == 0) {
		int error = mkdir(root, 0755) ? -errno : loop_privacy();
		if (!error)
			error = loop_mount(type, root, "/dev/shm", mebibytes, options);
		if (error)
			_exit(77);
		run_on(root, is_part, seconds * 1000000000);
		fflush(NULL);
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	scratch_remove(&s);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip_because("no such %s can be mounted here: %s", type, options);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void with_checksums(void **state)
{
	(void)state;
	hold_beside("ext4", 64, "", false);
}

static void without_checksums(void **state)
{
	(void)state;
	hold_beside("ext4", 64, "-b 1024 -O ^metadata_csum", false);
}

static void without_indexes(void **state)
{
	(void)state;
	hold_beside("ext4", 64, "-O ^dir_index,^metadata_csum,^has_journal", false);
}

static void of_a_btrfs(void **state)
{
	(void)state;
	hold_beside("btrfs", 256, "", false);
}

static void of_an_xfs(void **state)
{
	(void)state;
	hold_beside("xfs", 320, "", false);
	hold_beside("xfs", 320, "", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_checksums),  cmocka_unit_test(without_checksums),
		cmocka_unit_test(without_indexes), cmocka_unit_test(of_a_btrfs),
		cmocka_unit_test(of_an_xfs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
