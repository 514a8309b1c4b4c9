/* What the generator says of single entries: names of every alphabet, links, attributes, specials.
 */
#include "datasets/shape/generator.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/util.h"
#include "tests/test.h"

static struct shape shape_of(const char *text)
{
	struct shape shape;
	struct err err = {0};
	if (shape_parse(&shape, "x", text, strlen(text), &err))
		fail_msg("%s", err.text);
	return shape;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* All names of one directory differ, are as long as they should be, and are found again. */
static void names_hold(const struct gen_dir *dir, uint64_t min, uint64_t max)
{
	uint64_t n = gen_entries(dir);
	char(*names)[GEN_NAME_SIZE] = calloc(n, sizeof(*names));
	assert_non_null(names);
	for (uint64_t i = 0; i < n; i++) {
		size_t length = gen_name(dir, i, names[i]);
		assert_int_equal(length, strlen(names[i]));
		assert_in_range(length, min, max);
		assert_null(strchr(names[i], '/'));
		assert_int_equal(gen_find(dir, names[i]), i);
	}
	qsort(names, n, sizeof(*names), by_text);
	for (uint64_t i = 1; i < n; i++)
		assert_true(strcmp(names[i - 1], names[i]) < 0);
	free(names);
}

static void test_names_of_every_alphabet(void **state)
{
	static const char *const alphabets[] = {
		"\"lower\"", "\"mixed\"",     "\"hex\"",
		"\"utf8\"",  "\"any-bytes\"", "{\"characters\": \"\\u00e4.- \"}",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(alphabets); i++) {
		char text[512];
		struct gen_dir root, child;
		snprintf(text, sizeof(text),
			 "{\"entries\": 3000, \"files_per_dir\": 2000, \"dirs_per_dir\": 300,"
			 "\"depth\": 1, \"name_length\": {\"min\": 7, \"max\": 30},"
			 "\"dir_name_length\": 5, \"alphabet\": %s, \"extensions\": "
			 "[{\"value\": \".c\", \"weight\": 1}, {\"value\": \"~\", \"weight\": 1},"
			 "{\"value\": \".x9z\", \"weight\": 1}]}",
			 alphabets[i]);
		const struct shape shape = shape_of(text);
		gen_root(&root, &shape);
		names_hold(&root, 5, 30);
		gen_child(&child, &root, 0);
		names_hold(&child, 7, 30);
	}
}

static void test_hex_names_are_hashes(void **state)
{
	struct shape shape;
	struct gen_dir root;
	char name[GEN_NAME_SIZE];
	bool seen[256] = {false};
	(void)state;
	assert_int_equal(shape_load(&shape, "git-objects", NULL), 0);
	gen_root(&root, &shape);
	assert_int_equal(root.dirs, 256);
	for (uint64_t i = 0; i < 256; i++) {
		assert_int_equal(gen_name(&root, i, name), 2);
		unsigned long value = strtoul(name, NULL, 16);
		assert_false(seen[value]);
		seen[value] = true;
	}
	names_hold(&root, 2, 2);
}

/* The inverse of the permutation needs all its bits. */
static void test_many_hex_names(void **state)
{
	const struct shape shape = shape_of("{\"entries\":70000,\"files_per_dir\":70000,"
					    "\"dirs_per_dir\":0,\"alphabet\":\"hex\","
					    "\"name_length\":5}");
	struct gen_dir root;
	(void)state;
	gen_root(&root, &shape);
	names_hold(&root, 5, 5);
}

static void test_text_names_are_utf8(void **state)
{
	const struct shape shape = shape_of("{\"entries\":500,\"files_per_dir\":500,"
					    "\"alphabet\":\"utf8\",\"name_length\":17}");
	struct gen_dir root;
	char name[GEN_NAME_SIZE];
	(void)state;
	gen_root(&root, &shape);
	for (uint64_t i = 0; i < root.files; i++) {
		assert_int_equal(gen_name(&root, i, name), 17);
		/* whole characters: none is cut by the number */
		for (const char *c = name; *c; c++) {
			bool lead = ((unsigned char)*c & 0xc0) == 0xc0;
			if (lead)
				assert_true(((unsigned char)c[1] & 0xc0) == 0x80);
		}
	}
}

static uint64_t count_type(const struct gen_dir *dir, mode_t type)
{
	uint64_t n = 0;
	for (uint64_t i = 0; i < dir->files; i++)
		n += gen_type(dir, i) == type;
	return n;
}

/* Shares of 20,000 draws; 4 standard deviations to both sides. */
static void test_shares_of_types(void **state)
{
	const struct shape shape = shape_of(
		"{\"entries\":20000,\"files_per_dir\":20000,\"dirs_per_dir\":0,"
		"\"symlinks\":{\"per_mille\":200},\"fifos\":50,\"sockets\":30,\"devices\":10}");
	struct gen_dir root;
	(void)state;
	gen_root(&root, &shape);
	assert_in_range(count_type(&root, S_IFLNK), 4000 - 226, 4000 + 226);
	assert_in_range(count_type(&root, S_IFIFO), 1000 - 123, 1000 + 123);
	assert_in_range(count_type(&root, S_IFSOCK), 600 - 97, 600 + 97);
	assert_in_range(count_type(&root, S_IFCHR), 200 - 56, 200 + 56);
	for (uint64_t i = 0; i < 100; i++) {
		struct gen_entry entry;
		gen_entry(&root, i, &entry);
		assert_int_equal(entry.mode & S_IFMT, gen_type(&root, i));
		assert_int_equal(S_ISLNK(entry.mode), *entry.target != '\0');
	}
}

/* Steps from a link to something that is none; more than the kernel would go fails. */
static unsigned hops(const struct gen_dir *dir, uint64_t i)
{
	struct gen_entry entry;
	unsigned n = 0;
	for (; gen_type(dir, i) == S_IFLNK; n++) {
		gen_entry(dir, i, &entry);
		i = gen_find(dir, entry.target);
		assert_true(i < gen_entries(dir));
		assert_true(n < 40);
	}
	return n;
}

static void test_links_lead_somewhere(void **state)
{
	static const char text[] = "{\"entries\":3000,\"files_per_dir\":2990,\"dirs_per_dir\":10,"
				   "\"depth\":1,\"symlinks\":{\"per_mille\":%d,\"kinds\":{%s}}}";
	struct gen_dir root;
	struct gen_entry entry;
	char document[512];
	unsigned longest = 0;
	(void)state;
	snprintf(document, sizeof(document), text, 500, "\"chain\":1");
	struct shape shape = shape_of(document);
	gen_root(&root, &shape);
	for (uint64_t i = 0; i < root.files; i++)
		longest = MAX(longest, hops(&root, i));
	assert_in_range(longest, 10, 32);

	snprintf(document, sizeof(document), text, 300, "\"directory\":1");
	shape = shape_of(document);
	gen_root(&root, &shape);
	for (uint64_t i = 0; i < root.files; i++) {
		gen_entry(&root, i, &entry);
		if (S_ISLNK(entry.mode))
			assert_int_equal(gen_type(&root, gen_find(&root, entry.target)), S_IFDIR);
	}
	snprintf(document, sizeof(document), text, 1000, "\"dangling\":1");
	shape = shape_of(document);
	gen_root(&root, &shape);
	gen_entry(&root, 5, &entry);
	assert_int_equal(gen_find(&root, entry.target), gen_entries(&root));
}

static void test_hard_links_have_a_first_name(void **state)
{
	const struct shape shape =
		shape_of("{\"entries\":5000,\"files_per_dir\":5000,\"dirs_per_dir\":0,\"symlinks\":"
			 "{\"per_mille\":300},\"hard_links\":{\"per_mille\":600,\"group\":8}}");
	struct gen_dir root;
	struct gen_entry entry, first;
	uint64_t links = 0;
	(void)state;
	gen_root(&root, &shape);
	for (uint64_t i = 0; i < root.files; i++) {
		gen_entry(&root, i, &entry);
		if (!entry.is_hard_link)
			continue;
		uint64_t of = gen_find(&root, entry.target);
		assert_true(of < i && of >= i - i % 8);
		gen_entry(&root, of, &first);
		assert_true(S_ISREG(first.mode) && !first.is_hard_link);
		links++;
	}
	assert_in_range(links, 1500, 2100);
}

static void test_hard_links_to_the_directory_above(void **state)
{
	struct shape shape;
	struct gen_dir root, host, snapshot;
	struct gen_entry entry;
	uint64_t links = 0;
	(void)state;
	assert_int_equal(shape_load(&shape, "backup-farm", NULL), 0);
	gen_root(&root, &shape);
	gen_child(&host, &root, root.dirs - 1);
	gen_child(&snapshot, &host, 1);
	assert_true(snapshot.files > 50);
	for (uint64_t i = 0; i < snapshot.files; i++) {
		gen_entry(&snapshot, i, &entry);
		if (!entry.is_hard_link)
			continue;
		assert_memory_equal(entry.target, "../", 3);
		assert_true(gen_find(&host, entry.target + 3) < host.files);
		links++;
	}
	assert_true(links * 10 > snapshot.files * 8);
}

static void test_attributes(void **state)
{
	const struct shape shape = shape_of(
		"{\"entries\":999,\"files_per_dir\":999,\"dirs_per_dir\":0,"
		"\"file_size\":{\"min\":5,\"max\":6},\"modes\":\"0600\",\"owners\":\"7:8\","
		"\"mtime\":99,\"xattrs\":{\"per_mille\":500,\"count\":3,\"size\":4}}");
	struct gen_dir root;
	struct gen_entry entry, again;
	unsigned with = 0;
	(void)state;
	gen_root(&root, &shape);
	for (uint64_t i = 0; i < root.files; i++) {
		gen_entry(&root, i, &entry);
		gen_entry(&root, i, &again);
		assert_int_equal(entry.mode, S_IFREG | 0600);
		assert_in_range(entry.size, 5, 6);
		assert_true(entry.size == again.size && entry.n_xattrs == again.n_xattrs);
		assert_true(entry.owned && entry.uid == 7 && entry.gid == 8);
		assert_true(entry.dated && entry.mtime == 99);
		assert_true(entry.n_xattrs == 0 || (entry.n_xattrs == 3 && entry.xattr_size == 4));
		with += entry.n_xattrs > 0;
	}
	assert_in_range(with, 430, 570);
}

/* Holes take no name that an entry has. */
static void test_holes(void **state)
{
	const struct shape shape = shape_of("{\"entries\":2000,\"files_per_dir\":2000,"
					    "\"dirs_per_dir\":0,\"holes\":250}");
	struct gen_dir root;
	char name[GEN_NAME_SIZE];
	unsigned n = 0;
	(void)state;
	gen_root(&root, &shape);
	for (uint64_t i = 0; i < root.files; i++) {
		if (!gen_hole(&root, i, name))
			continue;
		assert_int_equal(gen_find(&root, name), gen_entries(&root));
		n++;
	}
	assert_in_range(n, 420, 580);
}

/* Counts what is below a special, and holds its names. */
static uint64_t count(const struct gen_dir *dir)
{
	uint64_t total = gen_entries(dir);
	names_hold(dir, 1, 255);
	for (uint64_t i = 0; i < dir->dirs; i++) {
		struct gen_dir child;
		gen_child(&child, dir, i);
		total += count(&child);
	}
	assert_int_equal(total, dir->budget);
	return total;
}

static void test_specials(void **state)
{
	struct shape shape;
	struct gen_dir root, child, closed;
	char name[GEN_NAME_SIZE];
	(void)state;
	assert_int_equal(shape_load(&shape, "edge-cases", NULL), 0);
	gen_root(&root, &shape);
	assert_int_equal(root.dirs - root.shared, SPECIAL_KINDS);
	for (uint64_t i = root.shared; i < root.dirs; i++) {
		enum special_kind kind = (enum special_kind)(i - root.shared);
		gen_name(&root, root.files + i, name);
		assert_string_equal(name, specials[kind].name);
		assert_int_equal(gen_find(&root, name), root.files + i);
		gen_child(&child, &root, i);
		assert_int_equal(count(&child) + 1, special_entries(&shape, kind));
	}
	gen_child(&child, &root, root.shared + SPECIAL_HUGE_DIR);
	assert_int_equal(child.files, 100000);
	gen_child(&child, &root, root.shared + SPECIAL_UNREADABLE);
	gen_child(&closed, &child, 0);
	assert_int_equal(closed.mode, 0000);
	gen_child(&closed, &child, 2);
	assert_int_equal(closed.mode, 0444);
	assert_int_equal(closed.files, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_of_every_alphabet),
		cmocka_unit_test(test_hex_names_are_hashes),
		cmocka_unit_test(test_many_hex_names),
		cmocka_unit_test(test_text_names_are_utf8),
		cmocka_unit_test(test_shares_of_types),
		cmocka_unit_test(test_links_lead_somewhere),
		cmocka_unit_test(test_hard_links_have_a_first_name),
		cmocka_unit_test(test_hard_links_to_the_directory_above),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_specials),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
