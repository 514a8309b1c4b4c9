#include "datasets/shape/generator.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/rng.h"
#include "engine/base/util.h"

/*
 * --- Seeds: all random numbers of a directory are derived from its seed ------------------------
 */

/* The uses of a directory's seed; each has a random sequence of its own. */
enum random_use {
	USE_SPLIT,
	USE_CHILD,
	USE_NAME,
	USE_TYPE,
	USE_FILE,
	USE_LINK,
	USE_HOLE,
	USE_RANK,
	USE_LENGTH
};

static uint64_t derive(uint64_t seed, enum random_use use, uint64_t i)
{
	return rng_mix(seed + (uint64_t)use * UINT64_C(0x9e3779b97f4a7c15) + rng_mix(i + 1));
}

static bool drawn(struct rng *rng, uint32_t per_mille)
{
	return rng_below(rng, 1000) < per_mille;
}

/* --- Directories: how a budget is split ---------------------------------------------------- */

static uint64_t divide_up(uint64_t number, uint64_t by)
{
	return number / by + (number % by != 0);
}

/*
 * Sets a directory's numbers of files and sub-directories, from its budget and random numbers. The
 * budget must be used exactly; that it can be is ensured by shape_capacity. If the random numbers
 * are
 *   - too small: no sub-directory is made that would be left without its files;
 *   - too large: more sub-directories than drawn and, if even the most cannot hold it, more files.
 */
static void split(struct gen_dir *dir, uint64_t budget)
{
	const struct shape *shape = dir->shape;
	const struct quantity *files = levels_at(&shape->files_per_dir, dir->depth);
	const struct quantity *dirs = levels_at(&shape->dirs_per_dir, dir->depth);
	struct rng rng = {derive(dir->seed, USE_SPLIT, 0)};
	dir->files = quantity_draw(files, &rng);
	dir->files = MIN(dir->files, budget);
	dir->dirs = quantity_draw(dirs, &rng);
	if (dir->depth == shape->depth) {
		dir->files = budget;
		dir->dirs = 0;
		return;
	}
	uint64_t rest = budget - dir->files, dirs_max = quantity_max(dirs);
	uint64_t least = quantity_min(levels_at(&shape->files_per_dir, dir->depth + 1));
	dir->dirs = MIN(dir->dirs, rest / (1 + least));
	if (dir->dirs == 0 && budget <= quantity_max(files)) {
		dir->files = budget;
		return;
	}
	dir->child_max = shape_capacity(shape, dir->depth + 1, rest);
	uint64_t need = divide_up(rest, 1 + dir->child_max);
	if (need > dirs_max) {
		need = dirs_max;
		dir->files = budget - need * (1 + dir->child_max);
	}
	dir->dirs = shape->fill == FILL_DEEP ? need : MAX(dir->dirs, need);
}

/*
 * The seed of a permutation: one for the sub-directories of a depth, another for the files there.
 */
static uint64_t order_of(const struct shape *shape, uint32_t depth, bool files)
{
	return derive(shape->seed, USE_RANK, 2 * (uint64_t)depth + files);
}

static struct profile_level level_of(const struct shape *shape, uint32_t depth)
{
	struct profile_level level;
	profile_level(&level, &shape->profile, shape->entries - special_total(shape), depth);
	return level;
}

/*
 * Deals files and sub-directories to a directory. Ranks are sorted by the number of
 * sub-directories, the smallest first; files are dealt in another order. number: how many
 * sub-directories of the depth above come before this one.
 */
static void deal(struct gen_dir *dir, uint64_t number)
{
	const struct shape *shape = dir->shape;
	const struct quantity *files = levels_at(&shape->files_per_dir, dir->depth);
	const struct quantity *dirs = levels_at(&shape->dirs_per_dir, dir->depth);
	const struct profile_level level = level_of(shape, dir->depth);
	const uint64_t n = level.parents;
	dir->all_dirs = level.dirs;
	dir->rank = profile_shuffle(order_of(shape, dir->depth, false), n, number);
	dir->first = profile_dealt(dirs, n, level.dirs, dir->rank);
	dir->dirs = profile_dealt(dirs, n, level.dirs, dir->rank + 1) - dir->first;
	uint64_t rank = profile_shuffle(order_of(shape, dir->depth, true), n, dir->rank);
	dir->first_file = profile_dealt(files, n, level.files, rank);
	dir->files = profile_dealt(files, n, level.files, rank + 1) - dir->first_file;
}

uint64_t gen_holder(const struct shape *shape, uint32_t depth, bool files, uint64_t number)
{
	const struct quantity *q =
		levels_at(files ? &shape->files_per_dir : &shape->dirs_per_dir, depth);
	const struct profile_level level = level_of(shape, depth);
	const uint64_t n = level.parents, total = files ? level.files : level.dirs;
	uint64_t low = 0, high = n;
	while (high - low > 1) { /* finds the last rank that begins at or before number */
		uint64_t middle = low + (high - low) / 2;
		if (profile_dealt(q, n, total, middle) <= number)
			low = middle;
		else
			high = middle;
	}
	if (files)
		low = profile_unshuffle(order_of(shape, depth, true), n, low);
	return profile_unshuffle(order_of(shape, depth, false), n, low);
}

/* The rows of this directory itself; those of its sub-directories follow them. */
static uint64_t literal_rows(const struct gen_dir *dir)
{
	uint64_t rows = 0, below = 0;
	while (rows + below < dir->budget)
		below += dir->literals[rows++].below;
	return rows;
}

static void split_special(struct gen_dir *dir)
{
	if (dir->literals) {
		uint64_t rows = literal_rows(dir);
		while (dir->files < rows && !S_ISDIR(dir->literals[dir->files].mode))
			dir->files++;
		dir->dirs = rows - dir->files;
		return;
	}
	dir->files = dir->special->dirs ? MIN(dir->special->files, dir->budget) : dir->budget;
	dir->dirs = MIN(dir->special->dirs, dir->budget - dir->files);
	dir->shared = dir->dirs;
}

void gen_root(struct gen_dir *root, const struct shape *shape)
{
	*root = (struct gen_dir){.shape = shape, .budget = shape->entries, .mode = 0755};
	root->seed = derive(shape->seed, USE_CHILD, 0);
	if (shape->profile.n)
		deal(root, 0);
	else
		split(root, shape->entries - special_total(shape));
	root->shared = root->dirs;
	root->dirs += special_count(shape);
}

/* The sum of what the first i of the sub-directories that share a directory's rest get. */
static uint64_t shares_before(const struct gen_dir *dir, uint64_t i)
{
	uint64_t taken = dir->depth ? 0 : special_total(dir->shape);
	uint64_t rest = dir->budget - taken - dir->files - dir->shared;
	if (dir->special || dir->shape->fill == FILL_EVEN)
		return i ? rest / dir->shared * i + MIN(i, rest % dir->shared) : 0;
	return MIN(i * dir->child_max, rest);
}

/* The part of the i-th. */
static uint64_t share(const struct gen_dir *dir, uint64_t i)
{
	return shares_before(dir, i + 1) - shares_before(dir, i);
}

uint64_t gen_before(const struct gen_dir *dir, uint64_t i)
{
	uint64_t shared = MIN(i, dir->shared), before = i;
	if (dir->literals) {
		for (uint64_t k = 0; k < i; k++)
			before += dir->literals[dir->files + k].below;
		return before;
	}
	before += shares_before(dir, shared);
	for (uint64_t k = 0; shared + k < i; k++)
		before += special_entries(dir->shape, special_at(dir->shape, (uint32_t)k)) - 1;
	return before;
}

static void literal_child(struct gen_dir *child, const struct gen_dir *dir, uint64_t i)
{
	const struct literal *row = &dir->literals[dir->files];
	child->literals = dir->literals + gen_entries(dir);
	for (; i > 0; i--)
		child->literals += row++->below;
	child->budget = row->below;
	child->mode = row->mode & 07777;
}

void gen_child(struct gen_dir *child, const struct gen_dir *dir, uint64_t i)
{
	*child = (struct gen_dir){.shape = dir->shape,
				  .depth = dir->depth + 1,
				  .mode = 0755,
				  .special = dir->special,
				  .up_seed = dir->seed,
				  .up_files = dir->files,
				  .up_entries = gen_entries(dir)};
	child->seed = derive(dir->seed, USE_CHILD, i);
	if (dir->literals) {
		literal_child(child, dir, i);
	} else if (i < dir->shared) {
		if (!gen_is_dealt(dir))
			child->budget = share(dir, i);
	} else {
		enum special_kind kind = special_at(dir->shape, (uint32_t)(i - dir->shared));
		child->special = &specials[kind];
		child->literals = child->special->literals;
		child->budget = special_entries(dir->shape, kind) - 1;
	}
	if (child->special) {
		split_special(child);
	} else if (gen_is_dealt(child)) {
		deal(child, dir->first + i);
		child->budget = gen_entries(child);
		child->shared = child->dirs;
	} else {
		split(child, child->budget);
		child->shared = child->dirs;
	}
}

uint64_t gen_below(const struct gen_dir *dir)
{
	uint64_t below = gen_entries(dir);
	if (!gen_is_dealt(dir) || dir->depth == 0)
		return dir->budget;
	for (uint64_t i = 0; i < dir->dirs; i++) {
		struct gen_dir child;
		gen_child(&child, dir, i);
		below += gen_below(&child);
	}
	return below;
}

/* --- Names, and from a name back to its entry ----------------------------------------------- */

static const char mixed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
static const char hex_letters[] = "0123456789abcdef";

/* One to four bytes each, including combining marks and right-to-left letters. */
static const char utf8[] =
	"aeio\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xc3\xa9\xc3\xb1\xc3\xa7\xc5\x82"
	"\xc5\xa1\xd0\xb6\xd1\x8f\xce\xb1\xce\xa9\xd7\xa9\xd8\xb3\xcc\x81"
	"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xed\x95\x9c\xe0\xb8\x81\xe2\x82\xac"
	"\xf0\x9f\x98\x80\xf0\x9d\x84\x9e";

/* Consonants and vowels alternate, so that paths can be read aloud. */
static void fill_syllables(struct rng *rng, char *text, size_t n)
{
	static const char consonants[] = "bcdfghjklmnprstv", vowels[] = "aeiou";
	for (size_t i = 0; i < n; i++) {
		if (i % 2)
			text[i] = vowels[rng_below(rng, sizeof(vowels) - 1)];
		else
			text[i] = consonants[rng_below(rng, sizeof(consonants) - 1)];
	}
}

static bool continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Whole characters while there is space; the remaining bytes get characters of one byte. */
static void fill_characters(const char *characters, size_t size, struct rng *rng, char *text,
			    size_t n)
{
	while (n > 0) {
		size_t first = rng_below(rng, size), length = 1;
		while (first > 0 && continues(characters[first]))
			first--;
		while (first + length < size && continues(characters[first + length]))
			length++;
		if (length > n) {
			memset(text, 'x', n);
			return;
		}
		memcpy(text, characters + first, length);
		text += length;
		n -= length;
	}
}

/* All bytes but NUL, '/' and the digits, which follow '/': 0x2f to 0x39 are left out. */
static void fill_bytes(struct rng *rng, char *text, size_t n)
{
	enum { GAP = 0x3a - 0x2f };
	for (size_t i = 0; i < n; i++) {
		uint64_t byte = 1 + rng_below(rng, 255 - GAP);
		text[i] = (char)(byte < '/' ? byte : byte + GAP);
	}
}

/*
 * Fills exactly n bytes, without a final NUL. Except in hexadecimal names there is no digit, slash
 * or NUL, so that the number in a name can be found again. characters: for LETTERS_CHARACTERS.
 */
static void letters_fill(enum letters letters, const char *characters, struct rng *rng, char *text,
			 size_t n)
{
	switch (letters) {
	case LETTERS_LOWER:
		fill_syllables(rng, text, n);
		return;
	case LETTERS_MIXED:
		fill_characters(mixed, sizeof(mixed) - 1, rng, text, n);
		return;
	case LETTERS_HEX:
		fill_characters(hex_letters, sizeof(hex_letters) - 1, rng, text, n);
		return;
	case LETTERS_UTF8:
		fill_characters(utf8, sizeof(utf8) - 1, rng, text, n);
		return;
	case LETTERS_ANY_BYTES:
		fill_bytes(rng, text, n);
		return;
	case LETTERS_CHARACTERS:
		fill_characters(characters, strlen(characters), rng, text, n);
		return;
	}
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

/*
 * Hexadecimal names should look like hashes. So their last digits are not the number itself but a
 * permutation of all numbers with that many digits: n * odd + offset, mod 16^digits.
 */
struct hex {
	unsigned digits;
	uint64_t mask, odd, offset;
};

static struct hex hex_of(const struct gen_dir *dir)
{
	struct hex hex = {.digits = 1, .mask = 15};
	for (uint64_t last = gen_entries(dir) - 1; last > hex.mask; hex.digits++)
		hex.mask = hex.mask << 4 | 15;
	hex.odd = derive(dir->seed, USE_NAME, UINT64_MAX - 1) | 1;
	hex.offset = rng_mix(hex.odd);
	return hex;
}

static size_t print_hex(const struct gen_dir *dir, uint64_t entry, char *text)
{
	const struct hex hex = hex_of(dir);
	uint64_t number = (entry * hex.odd + hex.offset) & hex.mask;
	for (unsigned i = hex.digits; i-- > 0; number >>= 4)
		text[i] = "0123456789abcdef"[number & 15];
	text[hex.digits] = '\0';
	return hex.digits;
}

static const char *draw_extension(const struct extensions *extensions, struct rng *rng)
{
	const struct extension *extension = extensions->at;
	uint64_t pick = rng_below(rng, extensions->total);
	while (pick >= extension->weight)
		pick -= extension++->weight;
	return extension->text;
}

static size_t copy_name(const char *from, char *name)
{
	size_t length = strlen(from);
	memcpy(name, from, length + 1);
	return length;
}

/* There are few directories, so with a profile the lengths of their names are dealt, too. */
static uint64_t draw_length(const struct gen_dir *dir, bool is_dir, uint64_t entry, struct rng *rng)
{
	const struct shape *shape = dir->shape;
	const struct quantity *lengths = shape_lengths(shape, is_dir);
	if (!is_dir || !shape->profile.n)
		return quantity_draw(lengths, rng);
	uint64_t number = profile_shuffle(derive(shape->seed, USE_LENGTH, dir->depth),
					  dir->all_dirs, dir->first + entry - dir->files);
	return quantity_draw_one_of(lengths, number, dir->all_dirs, rng);
}

/* Letters that fill the name up to its length, the number, the extension. */
static size_t print_name(const struct gen_dir *dir, enum letters letters, bool is_dir,
			 uint64_t entry, char *name)
{
	const struct shape *shape = dir->shape;
	const struct special *special = dir->special;
	const char *extension = "";
	char number[24];
	struct rng rng = {derive(dir->seed, USE_NAME, entry)};
	size_t digits = letters == LETTERS_HEX ? print_hex(dir, entry, number)
					       : print_number(entry, number);
	size_t wanted = special ? special->name_length : draw_length(dir, is_dir, entry, &rng);
	if (!special && !is_dir && shape->extensions.n)
		extension = draw_extension(&shape->extensions, &rng);
	size_t tail = digits + strlen(extension), n = wanted > tail ? wanted - tail : 0;
	letters_fill(letters, shape->alphabet.characters, &rng, name, n);
	n += copy_name(number, name + n);
	return n + copy_name(extension, name + n);
}

/* Whether entry i of dir, which is the root, is the directory of a special case. */
static bool is_special(const struct gen_dir *dir, uint64_t entry)
{
	return !dir->special && entry >= dir->files + dir->shared;
}

static enum letters letters_of(const struct gen_dir *dir)
{
	return dir->special ? dir->special->letters : dir->shape->alphabet.letters;
}

size_t gen_name(const struct gen_dir *dir, uint64_t entry, char *name)
{
	if (dir->literals)
		return copy_name(dir->literals[entry].name, name);
	if (is_special(dir, entry)) {
		uint32_t i = (uint32_t)(entry - dir->files - dir->shared);
		return copy_name(specials[special_at(dir->shape, i)].name, name);
	}
	return print_name(dir, letters_of(dir), entry >= dir->files, entry, name);
}

/* Reads the number in a name; returns none if there is none. */
static uint64_t read_number(const char *name, uint64_t none)
{
	const char *digit = name + strcspn(name, "0123456789");
	uint64_t number = 0;
	if (!*digit)
		return none;
	for (; *digit >= '0' && *digit <= '9' && number < none; digit++)
		number = number * 10 + (uint64_t)(*digit - '0');
	return number;
}

/* Decodes the number that print_hex wrote into the last digits of a name. */
static uint64_t read_hex(const struct gen_dir *dir, const char *name, uint64_t none)
{
	const struct hex hex = hex_of(dir);
	size_t end = strspn(name, "0123456789abcdef");
	char digits[17] = "";
	if (end < hex.digits)
		return none;
	memcpy(digits, name + end - hex.digits, hex.digits);
	/*
	 * Newton's iteration doubles the number of correct bits of the inverse; it starts with 3.
	 */
	uint64_t inverse = hex.odd;
	for (int i = 0; i < 5; i++)
		inverse *= 2 - hex.odd * inverse;
	return ((strtoull(digits, NULL, 16) - hex.offset) * inverse) & hex.mask;
}

/* Searches all names; names without numbers occur only in directories with few entries. */
static uint64_t find_among(const struct gen_dir *dir, uint64_t first, const char *name)
{
	char other[GEN_NAME_SIZE];
	for (; first < gen_entries(dir); first++) {
		gen_name(dir, first, other);
		if (strcmp(name, other) == 0)
			break;
	}
	return first;
}

uint64_t gen_find(const struct gen_dir *dir, const char *name)
{
	char wanted[GEN_NAME_SIZE];
	uint64_t none = gen_entries(dir);
	if (dir->literals || none == 0)
		return find_among(dir, 0, name);
	uint64_t entry = letters_of(dir) == LETTERS_HEX ? read_hex(dir, name, none)
							: read_number(name, none);
	if (entry < dir->files + dir->shared) {
		gen_name(dir, entry, wanted);
		if (strcmp(name, wanted) == 0)
			return entry;
	}
	return dir->special ? none : find_among(dir, dir->files + dir->shared, name);
}

/* --- Entries: type and other facts ----------------------------------------------------------- */

/* The type of a file in a generated directory; needs only the directory's seed. */
static mode_t draw_type(const struct shape *shape, uint64_t seed, uint64_t entry)
{
	uint32_t links = shape->symlinks.per_mille, fifos = links + shape->fifos;
	uint32_t sockets = fifos + shape->sockets, devices = sockets + shape->devices;
	if (devices == 0)
		return S_IFREG;
	struct rng rng = {derive(seed, USE_TYPE, entry)};
	uint64_t roll = rng_below(&rng, 1000);
	return roll < links     ? S_IFLNK
	       : roll < fifos   ? S_IFIFO
	       : roll < sockets ? S_IFSOCK
	       : roll < devices ? S_IFCHR
				: S_IFREG;
}

mode_t gen_type(const struct gen_dir *dir, uint64_t entry)
{
	if (entry >= dir->files)
		return S_IFDIR;
	if (dir->literals)
		return dir->literals[entry].mode & S_IFMT;
	return dir->special ? S_IFREG : draw_type(dir->shape, dir->seed, entry);
}

/*
 * A link's target is a neighbour: an entry of the same block of 32 names. So an entry can be
 * computed without others, and no chain reaches the 40 links that the kernel follows.
 */
struct block {
	uint64_t begin, end;
};

static struct block block_of(const struct gen_dir *dir, uint64_t i)
{
	enum { BLOCK = 32 };
	uint64_t begin = i - i % BLOCK;
	return (struct block){begin, MIN(begin + BLOCK, dir->files)};
}

static bool pick_file(const struct gen_dir *dir, uint64_t i, struct rng *rng, uint64_t *found)
{
	const struct block block = block_of(dir, i);
	uint64_t n = block.end - block.begin, first = rng_below(rng, n);
	for (uint64_t k = 0; k < n; k++) {
		*found = block.begin + (first + k) % n;
		if (gen_type(dir, *found) == S_IFREG)
			return true;
	}
	return false;
}

static bool pick_link_before(const struct gen_dir *dir, uint64_t i, uint64_t *found)
{
	for (*found = i; (*found)-- > block_of(dir, i).begin;) {
		if (gen_type(dir, *found) == S_IFLNK)
			return true;
	}
	return false;
}

static enum link_kind draw_kind(const uint32_t *weights, struct rng *rng)
{
	uint64_t total = 0;
	enum link_kind kind = LINK_FILE;
	for (size_t k = 0; k < LINK_KINDS; k++)
		total += weights[k];
	for (uint64_t pick = rng_below(rng, total); pick >= weights[kind]; kind++)
		pick -= weights[kind];
	return kind;
}

static void aim_symlink(const struct gen_dir *dir, uint64_t i, char *target)
{
	struct rng rng = {derive(dir->seed, USE_LINK, i)};
	enum link_kind kind = draw_kind(dir->shape->symlinks.weights, &rng);
	const char *text = "no-such-entry";
	uint64_t at = 0;
	bool found = false;
	if (kind == LINK_DIRECTORY) {
		text = dir->depth ? ".." : ".";
		found = dir->dirs > 0;
		at = found ? dir->files + rng_below(&rng, dir->dirs) : 0;
	}
	if (kind == LINK_CHAIN)
		found = pick_link_before(dir, i, &at);
	if (kind == LINK_FILE || (kind == LINK_CHAIN && !found))
		found = pick_file(dir, i, &rng, &at);
	if (found)
		gen_name(dir, at, target);
	else
		snprintf(target, GEN_TARGET_SIZE, "%s", text);
}

/*
 * The first file of a group of neighbours; later files of the group that are hard links are further
 * names of it.
 */
static bool first_in_group(const struct gen_dir *dir, uint64_t i, uint32_t group, uint64_t *first)
{
	for (*first = i - i % group; *first < i; ++*first) {
		if (gen_type(dir, *first) == S_IFREG)
			return true;
	}
	return false;
}

/* Whether the entry is a further name of a file; if so, target is set to the first name. */
static bool aim_hard_link(const struct gen_dir *dir, uint64_t i, char *target)
{
	const struct hard_links *links = &dir->shape->hard_links;
	uint32_t group = dir->special ? dir->special->group : links->group;
	uint32_t share = dir->special ? (group ? 1000 : 0) : links->per_mille;
	struct rng rng = {derive(dir->seed, USE_LINK, i)};
	uint64_t first;
	if (!drawn(&rng, share))
		return false;
	if (dir->special || links->of == FIRST_IN_DIRECTORY) {
		if (!first_in_group(dir, i, group, &first))
			return false;
		gen_name(dir, first, target);
		return true;
	}
	first = dir->up_files ? i % dir->up_files : 0;
	if (dir->up_files == 0 || draw_type(dir->shape, dir->up_seed, first) != S_IFREG)
		return false;
	/* The names of the parent's files need nothing else of it. */
	const struct gen_dir up = {
		.shape = dir->shape,
		.seed = dir->up_seed,
		.files = dir->up_files,
		.shared = dir->up_entries - dir->up_files,
		.dirs = dir->up_entries - dir->up_files,
	};
	memcpy(target, "../", 3);
	gen_name(&up, first, target + 3);
	return true;
}

static void draw_file(const struct gen_dir *dir, uint64_t i, struct gen_entry *entry)
{
	const struct shape *shape = dir->shape;
	struct rng rng = {derive(dir->seed, USE_FILE, i)};
	if (shape->file_size.n)
		entry->size = quantity_draw(&shape->file_size, &rng);
	if (shape->modes.n)
		entry->mode = S_IFREG | (mode_t)quantity_draw(&shape->modes, &rng);
	if (shape->owners.n) {
		uint64_t owner = quantity_draw(&shape->owners, &rng);
		entry->owned = true;
		entry->uid = (uint32_t)(owner >> 32);
		entry->gid = (uint32_t)owner;
	}
	if (shape->mtime.n) {
		entry->dated = true;
		entry->mtime = quantity_draw(&shape->mtime, &rng);
	}
	if (shape->xattrs.per_mille && drawn(&rng, shape->xattrs.per_mille)) {
		entry->n_xattrs = (uint32_t)quantity_draw(&shape->xattrs.count, &rng);
		entry->xattr_size = (uint32_t)quantity_draw(&shape->xattrs.size, &rng);
	}
}

static void literal_entry(const struct literal *row, struct gen_entry *entry)
{
	entry->mode = row->mode;
	if (row->target)
		snprintf(entry->target, sizeof(entry->target), "%s", row->target);
}

void gen_entry(const struct gen_dir *dir, uint64_t i, struct gen_entry *entry)
{
	mode_t type = gen_type(dir, i);
	memset(entry, 0, offsetof(struct gen_entry, target) + 1);
	if (dir->literals) {
		literal_entry(&dir->literals[i], entry);
		return;
	}
	entry->mode = type | (S_ISLNK(type) ? 0777 : S_ISDIR(type) ? 0755 : 0644);
	if (S_ISLNK(type))
		aim_symlink(dir, i, entry->target);
	if (!S_ISREG(type))
		return;
	entry->is_hard_link = aim_hard_link(dir, i, entry->target);
	if (!entry->is_hard_link && !dir->special)
		draw_file(dir, i, entry);
}

bool gen_hole(const struct gen_dir *dir, uint64_t entry, char *name)
{
	struct rng rng = {derive(dir->seed, USE_HOLE, entry)};
	if (dir->special || !dir->shape->holes || !drawn(&rng, dir->shape->holes))
		return false;
	snprintf(name, GEN_NAME_SIZE, "hole-%llu-", (unsigned long long)entry);
	return gen_find(dir, name) == gen_entries(dir);
}

/* --- Digests ------------------------------------------------------------------------------- */

uint64_t gen_hash(const char *path, size_t length, mode_t type)
{
	return digest_hash(path, length, type & S_IFMT);
}

void gen_digest_below(const struct gen_dir *dir, char *path, size_t length, struct digest *digest)
{
	for (uint64_t i = 0; i < gen_entries(dir); i++) {
		size_t end = length + gen_name(dir, i, path + length);
		digest_add(digest, gen_hash(path, end, gen_type(dir, i)));
		if (i >= dir->files) {
			struct gen_dir child;
			gen_child(&child, dir, i - dir->files);
			path[end++] = '/';
			gen_digest_below(&child, path, end, digest);
		}
	}
}

int gen_digest(const struct shape *shape, struct digest *digest)
{
	struct gen_dir root;
	char *path = malloc(SHAPE_LONG_PATH_MAX + GEN_NAME_SIZE);
	*digest = (struct digest){0};
	if (!path)
		return -ENOMEM;
	gen_root(&root, shape);
	gen_digest_below(&root, path, 0, digest);
	free(path);
	return 0;
}
