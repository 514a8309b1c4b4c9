/* A timed walk over a tree that is made up, with a clock that goes on by what calls cost. */
#include "engine/profile/probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/util.h"
#include "tests/dents_script.h"
#include "tests/scratch.h"
#include "tests/test.h"

enum {
	FDS_MAX = 64,
	OPEN_NS = 1000,
	READ_NS = 300,
	LOOK_NS = 70,
	CLOSE_NS = 10,
	CLOCK_NS = 1, /* a reading of the clock */
	DEPTH = 40,
	ASIDE = 1000, /* a directory of the root, entered last */
};

/*
 * Directories are numbers: the root, 0, has d1, a file and a link. Each dN has dN+1 and a file,
 * down to `deepest`, so that the way back needs descriptors that were closed.
 */
struct world {
	uint64_t now;
	int dir_of[FDS_MAX]; /* -1: closed */
	bool was_read[FDS_MAX];
	int open, most_open;
	int deepest;
	bool has_aside;
	int unreadable; /* this directory cannot be opened; 0: none */
	int endless;    /* this one never ends; 0: none */
	int far;        /* this one lies on another device; 0: none */
	int moved;      /* this one has another number when it is opened from below; 0: none */
	bool is_back[FDS_MAX]; /* opened from below */
	uint64_t looks, stop_at;
	int stop;
	size_t links, attributes;
};

static int world_open(void *arg, int fd, const char *name)
{
	struct world *w = arg;
	int dir = !name ? 0 : strcmp(name, "..") == 0 ? w->dir_of[fd] - 1 : atoi(name + 1);
	w->now += OPEN_NS;
	if (dir && dir == w->unreadable)
		return -EACCES;
	if (name && *name == 'd' && dir != ASIDE)
		assert_int_equal(w->dir_of[fd], dir - 1);
	for (int i = 0; i < FDS_MAX; i++) {
		if (w->dir_of[i] >= 0)
			continue;
		w->dir_of[i] = dir;
		w->was_read[i] = false;
		w->is_back[i] = name && *name == '.';
		w->open++;
		w->most_open = MAX(w->most_open, w->open);
		return i;
	}
	return -EMFILE;
}

static long world_read(void *arg, int fd, void *buf, size_t size)
{
	struct world *w = arg;
	const int dir = w->dir_of[fd];
	char name[16];
	size_t used = 0;
	(void)size;
	w->now += READ_NS;
	if (dir && dir == w->endless)
		return (long)dents_put(buf, 0, "file");
	if (w->was_read[fd])
		return 0;
	w->was_read[fd] = true;
	used = dents_put(buf, used, ".");
	used = dents_put(buf, used, "file");
	if (dir == ASIDE)
		return (long)used;
	snprintf(name, sizeof(name), "d%d", dir + 1);
	if (dir < w->deepest)
		used = dents_put(buf, used, name);
	if (dir == 0)
		used = dents_put(buf, used, "link");
	if (dir == 0 && w->has_aside)
		used = dents_put(buf, used, "d1000");
	return (long)used;
}

static int world_look(void *arg, int fd, const char *name, struct probe_entry *entry)
{
	struct world *w = arg;
	const int dir = *name ? atoi(name + 1) : w->dir_of[fd];
	w->now += *name ? LOOK_NS : 0;
	w->looks++;
	w->stop |= w->stop_at && w->looks >= w->stop_at;
	*entry = (struct probe_entry){
		.dev = dir && dir == w->far ? 2 : 1,
		.ino = (uint64_t)dir + (dir && dir == w->moved && w->is_back[fd] ? 1000 : 0),
		.is_directory = !*name || *name == 'd',
		.is_symlink = strcmp(name, "link") == 0,
	};
	return 0;
}

static int world_readlink(void *arg, int fd, const char *name)
{
	struct world *w = arg;
	(void)fd;
	assert_string_equal(name, "link");
	w->links++;
	return 0;
}

static int world_xattrs(void *arg, const char *path)
{
	struct world *w = arg;
	(void)path;
	w->attributes++;
	return -ENOTSUP;
}

static void world_close(void *arg, int fd)
{
	struct world *w = arg;
	assert_true(w->dir_of[fd] >= 0);
	w->now += CLOSE_NS;
	w->dir_of[fd] = -1;
	w->open--;
}

static uint64_t world_clock(void *arg)
{
	struct world *w = arg;
	return w->now += CLOCK_NS;
}

static struct world world_of(int deepest)
{
	struct world w = {.deepest = deepest};
	for (int i = 0; i < FDS_MAX; i++)
		w.dir_of[i] = -1;
	return w;
}

struct walked {
	struct probe probe;
	struct tally *tally;
};

static int walk_as(struct walked *it, struct world *w, bool crosses_mounts, uint64_t until_ns)
{
	const struct probe_calls calls = {w,           world_open,     world_read,
					  world_look,  world_readlink, world_xattrs,
					  world_close, world_clock};
	const struct progress progress = {.stop = &w->stop};
	const struct probe_request request = {.calls = &calls,
					      .crosses_mounts = crosses_mounts,
					      .until_ns = until_ns,
					      .progress = &progress};
	assert_int_equal(tally_new(&it->tally, 12, CLOCK_NS), 0);
	int error = probe_walk(&it->probe, &request, it->tally);
	assert_int_equal(w->open, 0);
	return error;
}

static void walk_works(struct walked *it, struct world *w)
{
	assert_int_equal(walk_as(it, w, false, 0), 0);
}

static void release(struct walked *it)
{
	probe_free(&it->probe);
	tally_free(it->tally);
}

/* With the clock taken off every call took what the script says, and the rest is nobody's. */
static void every_call_is_reported_with_its_time(void **state)
{
	struct world w = world_of(2);
	struct walked it;
	(void)state;
	walk_works(&it, &w);
	const struct tally *t = it.tally;
	assert_int_equal(tally_directories(t), 3);
	assert_int_equal(tally_entries(t), 3 + 2 + 1);
	assert_int_equal(tally_sum(t, TALLY_OPEN)->ns, 3 * OPEN_NS);
	assert_int_equal(tally_sum(t, TALLY_GETDENTS)->ns, 6 * READ_NS);
	assert_int_equal(tally_sum(t, TALLY_STATX)->ns, 6 * LOOK_NS);
	assert_int_equal(tally_sum(t, TALLY_CLOSE)->ns, 3 * CLOSE_NS);
	assert_int_equal(tally_sum(t, TALLY_READLINK)->hist.n, 1);
	assert_int_equal(w.links, 1);
	assert_int_equal(w.attributes, 6);
	assert_int_equal(tally_ns(t), 3 * OPEN_NS + 6 * READ_NS + 6 * LOOK_NS);
	/* There is nothing between calls but readings of the clock: some for each directory. */
	assert_true(probe_own_ns(&it.probe, t) <= (3 + 2) * CLOCK_NS);
	assert_false(it.probe.is_cut || it.probe.is_interrupted);
	release(&it);
}

/* Few descriptors are enough, and what is told of each level is right all the same. */
static void deep_trees_need_few_descriptors(void **state)
{
	struct world w = world_of(DEPTH);
	struct walked it;
	(void)state;
	w.has_aside = true;
	walk_works(&it, &w);
	assert_int_equal(tally_directories(it.tally), DEPTH + 2);
	assert_int_equal(it.probe.unreadable, 0);
	assert_int_equal(it.probe.gone, 0);
	assert_true(w.most_open <= PROBE_WINDOW + 2);
	assert_int_equal(tally_depth(it.tally, 3)->directories, 1);
	assert_int_equal(tally_depth(it.tally, TALLY_DEPTHS - 1)->directories,
			 DEPTH + 1 - (TALLY_DEPTHS - 1));
	assert_true(it.probe.aside_ns >= (DEPTH - PROBE_WINDOW) * OPEN_NS);
	assert_int_equal(tally_sum(it.tally, TALLY_OPEN)->hist.n, DEPTH + 2);
	release(&it);
}

static void unreadable_directories_are_named(void **state)
{
	struct world w = world_of(3);
	struct walked it;
	(void)state;
	w.unreadable = 2;
	walk_works(&it, &w);
	assert_int_equal(it.probe.unreadable, 1);
	assert_string_equal(it.probe.faults[0].path, "d1/d2");
	assert_int_equal(it.probe.faults[0].error, EACCES);
	assert_int_equal(tally_directories(it.tally), 2);
	release(&it);
}

static void mounts_are_entered_only_on_request(void **state)
{
	struct world w = world_of(3);
	struct walked it;
	(void)state;
	w.far = 2;
	walk_works(&it, &w);
	assert_int_equal(it.probe.mounts, 1);
	assert_int_equal(tally_directories(it.tally), 2);
	release(&it);
	w = world_of(3);
	w.far = 2;
	assert_int_equal(walk_as(&it, &w, true, 0), 0);
	assert_int_equal(tally_directories(it.tally), 4);
	release(&it);
}

/* Time ends it, and what was seen of the directory stands in the rankings. */
static void a_directory_without_end_ends_in_time(void **state)
{
	struct world w = world_of(1);
	struct walked it;
	(void)state;
	w.endless = 1;
	assert_int_equal(walk_as(&it, &w, false, 40000000), 0);
	assert_true(it.probe.is_cut);
	assert_true(w.now < 40000000 + 10 * OPEN_NS);
	const struct tops *largest = tally_largest(it.tally);
	assert_string_equal(largest->items[0].path, "d1");
	assert_true(largest->items[0].entries > 40000);
	assert_int_equal(tally_size(it.tally, TALLY_SIZES - 1)->directories, 1);
	/* Attributes are asked for of few. */
	assert_true(w.attributes < PROBE_ALWAYS + largest->items[0].entries / PROBE_GAP + 2);
	assert_true(w.attributes > PROBE_ALWAYS);
	release(&it);
}

static void a_signal_ends_it(void **state)
{
	struct world w = world_of(DEPTH);
	struct walked it;
	(void)state;
	w.stop_at = 20;
	walk_works(&it, &w);
	assert_true(it.probe.is_interrupted);
	assert_true(tally_directories(it.tally) > 0);
	assert_true(tally_directories(it.tally) < DEPTH);
	release(&it);
}

/* Whoever moves directories about does not lead the walk elsewhere: what is lost is told. */
static void a_replaced_parent_directory_is_noticed(void **state)
{
	struct world w = world_of(DEPTH);
	struct walked it;
	(void)state;
	w.moved = 20;
	w.has_aside = true;
	walk_works(&it, &w);
	assert_int_equal(tally_directories(it.tally), DEPTH + 1);
	assert_int_equal(it.probe.unreadable, 1);
	assert_int_equal(it.probe.faults[0].error, ESTALE);
	release(&it);
}

static void the_real_calls_read_a_real_tree(void **state)
{
	struct scratch s;
	struct walked it;
	struct probe_real real;
	(void)state;
	assert_true(scratch_make(&s));
	assert_true(scratch_chain(s.fd, 20));
	assert_int_equal(symlinkat("nowhere", s.fd, "link"), 0);
	probe_real_begin(&real, s.path);
	const struct probe_request request = {.calls = &real.calls};
	assert_int_equal(tally_new(&it.tally, 3, 0), 0);
	assert_int_equal(probe_walk(&it.probe, &request, it.tally), 0);
	assert_int_equal(tally_directories(it.tally), 21);
	assert_int_equal(tally_entries(it.tally), 41);
	assert_int_equal(it.probe.symlinks, 1);
	assert_int_equal(it.probe.unreadable + it.probe.unasked + it.probe.gone, 0);
	assert_int_equal(tally_slowest(it.tally)->n, 3);
	probe_real_end(&real);
	release(&it);
	scratch_remove(&s);
}

static void a_root_that_is_missing_is_an_error(void **state)
{
	struct walked it;
	struct probe_real real;
	(void)state;
	probe_real_begin(&real, "/nowhere/at/all");
	const struct probe_request request = {.calls = &real.calls};
	assert_int_equal(tally_new(&it.tally, 3, 0), 0);
	assert_int_equal(probe_walk(&it.probe, &request, it.tally), -ENOENT);
	probe_real_end(&real);
	release(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_is_reported_with_its_time),
		cmocka_unit_test(deep_trees_need_few_descriptors),
		cmocka_unit_test(unreadable_directories_are_named),
		cmocka_unit_test(mounts_are_entered_only_on_request),
		cmocka_unit_test(a_directory_without_end_ends_in_time),
		cmocka_unit_test(a_signal_ends_it),
		cmocka_unit_test(a_replaced_parent_directory_is_noticed),
		cmocka_unit_test(the_real_calls_read_a_real_tree),
		cmocka_unit_test(a_root_that_is_missing_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
