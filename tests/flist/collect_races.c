/*
 * flist_collect while the tree changes: the caller's functions change it at the worst moments, so
 * that what comes out is certain. Every test runs with openat2 and in a process that has none.
 */
#include <stdlib.h>

#include "tests/child.h"
#include "tests/flist/with_meta.h"
#include "tests/flist/with_refusal.h"
#include "tests/flist/with_walk.h"
#include "tests/test.h"

/* A tree with "a/b/c/file" and "z", and something outside that is built alike. */
struct scene {
	struct scratch s;
	char root[PATH_MAX + 8];
	int fd; /* of root */
};

static bool make_tree(int at, const char *file)
{
	char path[64];
	snprintf(path, sizeof(path), "a/b/c/%s", file);
	return !mkdirat(at, "a", 0755) && !mkdirat(at, "a/b", 0755) &&
	       !mkdirat(at, "a/b/c", 0755) && scratch_file(at, path, 1);
}

static bool make_scene(struct scene *scene)
{
	if (!scratch_make(&scene->s) || mkdirat(scene->s.fd, "root", 0755) ||
	    mkdirat(scene->s.fd, "outside", 0755))
		return false;
	snprintf(scene->root, sizeof(scene->root), "%s/root", scene->s.path);
	scene->fd = openat(scene->s.fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int outside = openat(scene->s.fd, "outside", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool made = make_tree(scene->fd, "file") && make_tree(outside, "secret") &&
		    scratch_file(scene->fd, "z", 1);
	close(outside);
	return made;
}

/* One change: when this path comes by, this happens. */
struct change {
	const char *path;
	void (*happen)(int fd);
	bool after; /* it was asked for: in each, not in the filter */
	/* What comes of it. */
	const char *failed; /* path, NULL: none */
	int error, other_error;
	size_t length;
};

struct play {
	const struct scene *scene;
	const struct change *change;
};

static void play(const struct play *p, const struct flist_item *item, bool after)
{
	if (p->change->after == after && strcmp(item->path, p->change->path) == 0)
		p->change->happen(p->scene->fd);
}

static enum flist_choice before(void *arg, unsigned worker, const struct flist_item *item)
{
	(void)worker;
	play(arg, item, false);
	return FLIST_KEEP;
}

static int after(void *arg, unsigned worker, const struct flist_item *item)
{
	(void)worker;
	play(arg, item, true);
	return 0;
}

static bool holds_secrets(const struct flist_list *list)
{
	struct flist_cursor *cursor;
	const struct flist_item *item;
	bool found = false;
	if (flist_cursor_open(&cursor, list))
		return true;
	while ((item = flist_cursor_next(cursor)))
		found |= strstr(item->path, "secret") != NULL;
	flist_cursor_close(cursor);
	return found;
}

/* 0, or a number that says what is wrong. */
static int check(const struct flist_list *list, const struct change *change)
{
	size_t n;
	const struct flist_failure *failures = flist_list_failures(list, &n);
	if (holds_secrets(list))
		return 20;
	if (n != (change->failed ? 1 : 0))
		return 21;
	if (n && strcmp(failures->path, change->failed) != 0)
		return 22;
	if (n && failures->error != change->error && failures->error != change->other_error)
		return 23;
	return flist_list_length(list) == change->length ? 0 : 24;
}

static int walk_changing(const void *arg)
{
	const struct change *change = arg;
	struct scene scene;
	struct flist_list *list;
	if (!make_scene(&scene))
		return 10;
	struct play p = {.scene = &scene, .change = change};
	const struct flist_collect_options options = {
		.threads.jobs = 1, .filter = before, .each = after, .arg = &p};
	int ret = flist_collect(&list, scene.root, &options) ? 11 : check(list, change);
	if (ret != 11)
		flist_list_free(list);
	close(scene.fd);
	scratch_remove(&scene.s);
	return ret;
}

static int walk_changing_without_openat2(const void *arg)
{
	return refuse_calls("openat2") ? walk_changing(arg) : 100;
}

static void comes_of(const struct change *change)
{
	assert_int_equal(in_child(walk_changing, change), 0);
	int ret = in_child(walk_changing_without_openat2, change);
	if (ret != 100)
		assert_int_equal(ret, 0);
}

static void remove_z(int fd)
{
	unlinkat(fd, "z", 0);
}

static void replace_z(int fd)
{
	remove_z(fd);
	mkdirat(fd, "z", 0755);
	scratch_file(fd, "z/new", 1);
}

static void remove_c(int fd)
{
	unlinkat(fd, "a/b/c/file", 0);
	unlinkat(fd, "a/b/c", AT_REMOVEDIR);
}

static void make_c_a_file(int fd)
{
	remove_c(fd);
	scratch_file(fd, "a/b/c", 1);
}

static void make_c_a_link(int fd)
{
	remove_c(fd);
	(void)!symlinkat("../../../outside/a/b/c", fd, "a/b/c");
}

static void make_a_a_link(int fd)
{
	renameat(fd, "a", fd, "../moved");
	(void)!symlinkat("../outside/a", fd, "a");
}

static void a_vanished_entry_is_a_failure(void **state)
{
	(void)state;
	comes_of(&(struct change){"z", remove_z, .failed = "z", .error = ENOENT, .length = 4});
}

static void the_type_given_by_stat_counts(void **state)
{
	(void)state;
	comes_of(&(struct change){"z", replace_z, .length = 6});
	comes_of(&(struct change){"a/b/c", make_c_a_link, .length = 4});
	comes_of(&(struct change){"a/b/c", make_c_a_file, .length = 4});
}

static void a_vanished_directory_is_a_failure(void **state)
{
	(void)state;
	comes_of(&(struct change){"a/b/c", remove_c, true, .failed = "a/b/c", .error = ENOENT,
				  .length = 4});
	comes_of(&(struct change){"a/b/c", make_c_a_file, true, .failed = "a/b/c", .error = ENOTDIR,
				  .length = 4});
}

static void a_directory_that_becomes_a_link_is_not_followed(void **state)
{
	(void)state;
	comes_of(&(struct change){"a/b/c", make_c_a_link, true, .failed = "a/b/c", .error = ENOTDIR,
				  .other_error = ELOOP, .length = 4});
}

static void a_link_further_up_is_not_followed(void **state)
{
	(void)state;
	/* What is in it is still what the walk came to. */
	comes_of(&(struct change){"a/b/c", make_a_a_link, true, .length = 5});
	comes_of(&(struct change){"a/b/c", make_a_a_link, .length = 5});
}

/*
 * A chain of directories, each with "z/f" beside the next, deeper than a call can name; when the
 * walk is at its end, one in the middle is moved next to a "z" with a secret.
 */
enum { LEVELS = 60, MOVED = 30, NAME = 200 };

struct chain {
	struct scratch s;
	int fds[LEVELS + 1];
	char name[NAME + 1];
	size_t last; /* length of the last one's path */
};

static bool make_chain(struct chain *c)
{
	if (!scratch_make(&c->s) || mkdirat(c->s.fd, "tree", 0755) || mkdirat(c->s.fd, "z", 0755) ||
	    !scratch_file(c->s.fd, "z/secret", 1))
		return false;
	memset(c->name, 'd', NAME);
	c->name[NAME] = '\0';
	c->fds[0] = openat(c->s.fd, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < LEVELS; i++) {
		if (mkdirat(c->fds[i], c->name, 0755) || mkdirat(c->fds[i], "z", 0755) ||
		    !scratch_file(c->fds[i], "z/f", 1))
			return false;
		c->fds[i + 1] = openat(c->fds[i], c->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	c->last = LEVELS * (NAME + 1) - 1;
	return true;
}

static enum flist_choice move_at_the_end(void *arg, unsigned worker, const struct flist_item *item)
{
	const struct chain *c = arg;
	(void)worker;
	if (item->path_len == c->last)
		renameat(c->fds[MOVED], c->name, c->s.fd, "moved");
	return FLIST_KEEP;
}

static int walk_moving(const void *arg)
{
	struct chain c;
	char root[PATH_MAX + 8];
	(void)arg;
	if (!make_chain(&c))
		return 10;
	snprintf(root, sizeof(root), "%s/tree", c.s.path);
	const struct flist_collect_options options = {
		.threads.jobs = 1, .filter = move_at_the_end, .arg = &c};
	struct flist_list *list;
	if (flist_collect(&list, root, &options))
		return 11;
	size_t n;
	flist_list_failures(list, &n);
	int ret = holds_secrets(list)                     ? 20
		  : n                                     ? 21
		  : flist_list_length(list) == 3 * LEVELS ? 0
							  : 22;
	flist_list_free(list);
	for (int i = 0; i <= LEVELS; i++)
		close(c.fds[i]);
	scratch_remove(&c.s);
	return ret;
}

static void going_up_again_does_not_lead_out_of_the_tree(void **state)
{
	(void)state;
	assert_int_equal(in_child(walk_moving, NULL), 0);
}

struct view {
	const char *root;
	const struct sightings *seen;
};

static bool is_seen(const struct flist_list *list, const struct sightings *seen)
{
	struct flist_cursor *cursor;
	const struct flist_item *item;
	size_t same = 0;
	if (flist_cursor_open(&cursor, list))
		return false;
	while ((item = flist_cursor_next(cursor)) && same < seen->n &&
	       strcmp(item->path, seen->all[same].path) == 0 &&
	       item->meta->ino == seen->all[same].st.st_ino)
		same++;
	flist_cursor_close(cursor);
	return !item && same == seen->n;
}

/* 0, or the number of the way that saw something else. */
static int walk_without_openat2(const void *arg)
{
	const struct view *view = arg;
	if (!refuse_calls("openat2"))
		return 100;
	for (int w = 0; w < WAYS; w++) {
		const struct flist_collect_options options = way(w, NULL);
		struct flist_list *list;
		if (flist_collect(&list, view->root, &options) || !is_seen(list, view->seen))
			return w + 1;
		flist_list_free(list);
	}
	return 0;
}

static void without_openat2_the_result_is_the_same(void **state)
{
	const struct scratch *s = *state;
	struct sightings seen;
	assert_true(make_tree(s->fd, "file"));
	assert_true(scratch_chain(s->fd, 20));
	see(&seen, s->fd);
	int ret = in_child(walk_without_openat2, &(struct view){s->path, &seen});
	see_nothing(&seen);
	if (ret == 100)
		skip_because("this kernel has no filters of system calls");
	assert_int_equal(ret, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_vanished_entry_is_a_failure),
		cmocka_unit_test(the_type_given_by_stat_counts),
		cmocka_unit_test(a_vanished_directory_is_a_failure),
		cmocka_unit_test(a_directory_that_becomes_a_link_is_not_followed),
		cmocka_unit_test(a_link_further_up_is_not_followed),
		cmocka_unit_test(going_up_again_does_not_lead_out_of_the_tree),
		cmocka_unit_test_setup_teardown(without_openat2_the_result_is_the_same,
						meta_scratch, meta_no_scratch),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
