#include "datasets/generator.h"

#include <string.h>

#include "engine/base/rng.h"
#include "engine/base/util.h"

/* What a directory's seed is used for; each use has numbers of its own. */
enum use { USE_SPLIT, USE_CHILD, USE_NAME };

static uint64_t derive(uint64_t seed, enum use use, uint64_t i)
{
	return rng_mix(seed + (uint64_t)use * UINT64_C(0x9e3779b97f4a7c15) + rng_mix(i + 1));
}

static uint64_t draw(struct rng *rng, struct quantity q)
{
	return q.min + rng_below(rng, (uint64_t)q.max - q.min + 1);
}

static uint64_t divide_up(uint64_t number, uint64_t by)
{
	return number / by + (number % by != 0);
}

/*
 * Settles a directory's files and sub-directories from its budget. What is drawn is a wish; the
 * budget must come out exactly, and shape_capacity says that it can:
 *   - too small: no sub-directory is made that would be left without its files;
 *   - too large: more sub-directories than drawn and, if even the most cannot hold it, more files.
 */
static void split(struct gen_dir *dir)
{
	const struct shape *shape = dir->shape;
	struct rng rng = {derive(dir->seed, USE_SPLIT, 0)};
	dir->files = draw(&rng, shape->files_per_dir);
	dir->files = MIN(dir->files, dir->budget);
	dir->dirs = draw(&rng, shape->dirs_per_dir);
	if (dir->depth == shape->depth) {
		dir->files = dir->budget;
		dir->dirs = 0;
		return;
	}
	uint64_t rest = dir->budget - dir->files;
	dir->dirs = MIN(dir->dirs, rest / (1 + (uint64_t)shape->files_per_dir.min));
	if (dir->dirs == 0 && dir->budget <= shape->files_per_dir.max) {
		dir->files = dir->budget;
		return;
	}
	dir->child_max = shape_capacity(shape, dir->depth + 1, rest);
	uint64_t need = divide_up(rest, 1 + dir->child_max);
	if (need > shape->dirs_per_dir.max) {
		need = shape->dirs_per_dir.max;
		dir->files = dir->budget - need * (1 + dir->child_max);
	}
	dir->dirs = shape->fill == FILL_DEEP ? need : MAX(dir->dirs, need);
}

void gen_root(struct gen_dir *root, const struct shape *shape)
{
	*root = (struct gen_dir){.shape = shape, .budget = shape->entries};
	root->seed = derive(shape->seed, USE_CHILD, 0);
	split(root);
}

void gen_child(struct gen_dir *child, const struct gen_dir *dir, uint64_t i)
{
	uint64_t rest = dir->budget - dir->files - dir->dirs;
	*child = (struct gen_dir){.shape = dir->shape, .depth = dir->depth + 1};
	child->seed = derive(dir->seed, USE_CHILD, i);
	if (dir->shape->fill == FILL_EVEN)
		child->budget = rest / dir->dirs + (i < rest % dir->dirs);
	else if (i * dir->child_max < rest)
		child->budget = MIN(dir->child_max, rest - i * dir->child_max);
	split(child);
}

static size_t print_number(uint64_t number, char *text)
{
	char reversed[20];
	size_t n = 0, length = 0;
	do {
		reversed[n++] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	while (n)
		text[length++] = reversed[--n];
	text[length] = '\0';
	return length;
}

/* Letters come in turns of consonant and vowel, so that people can read a path aloud. */
size_t gen_name(const struct gen_dir *dir, uint64_t entry, char *name)
{
	static const char consonants[] = "bcdfghjklmnprstv", vowels[] = "aeiou";
	char number[24];
	struct rng rng = {derive(dir->seed, USE_NAME, entry)};
	size_t digits = print_number(entry, number);
	size_t wanted = draw(&rng, dir->shape->name_length);
	size_t letters = wanted > digits ? wanted - digits : 0;
	for (size_t i = 0; i < letters; i++) {
		if (i % 2)
			name[i] = vowels[rng_below(&rng, sizeof(vowels) - 1)];
		else
			name[i] = consonants[rng_below(&rng, sizeof(consonants) - 1)];
	}
	memcpy(name + letters, number, digits + 1);
	return letters + digits;
}

uint64_t gen_find(const struct gen_dir *dir, const char *name)
{
	char wanted[GEN_NAME_SIZE];
	uint64_t none = gen_entries(dir), entry = 0;
	const char *digit = name + strcspn(name, "0123456789");
	for (; *digit >= '0' && *digit <= '9' && entry < none; digit++)
		entry = entry * 10 + (uint64_t)(*digit - '0');
	if (*digit || entry >= none)
		return none;
	gen_name(dir, entry, wanted);
	return strcmp(name, wanted) == 0 ? entry : none;
}

uint64_t gen_hash(const char *path, size_t length, mode_t type)
{
	return digest_hash(path, length, type & S_IFMT);
}

/* path holds the directory's own path, length bytes, with a slash at its end unless empty. */
static void add_directory(const struct gen_dir *dir, char *path, size_t length,
			  struct digest *digest)
{
	for (uint64_t i = 0; i < gen_entries(dir); i++) {
		size_t end = length + gen_name(dir, i, path + length);
		digest_add(digest, gen_hash(path, end, gen_type(dir, i)));
		if (i >= dir->files) {
			struct gen_dir child;
			gen_child(&child, dir, i - dir->files);
			path[end++] = '/';
			add_directory(&child, path, end, digest);
		}
	}
}

void gen_digest(const struct shape *shape, struct digest *digest)
{
	struct gen_dir root;
	char path[SHAPE_PATH_MAX + GEN_NAME_SIZE];
	*digest = (struct digest){0};
	gen_root(&root, shape);
	add_directory(&root, path, 0, digest);
}
