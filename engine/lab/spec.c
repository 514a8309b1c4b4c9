#include "engine/lab/spec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"
#include "engine/base/word.h"
#include "engine/lab/disk.h"

#define MIB         (UINT64_C(1) << 20)
#define READ_NS_MAX NS_PER_SECOND
#define RTT_NS_MAX  (10 * NS_PER_SECOND)

enum {
	QUEUE_USUAL = 32,
	PACKING_BYTES = 6144, /* of which mkfs.erofs uses 4.6 KiB while it runs */
};

static const struct lab_kind kinds[] = {
	{.name = "here", .method = LAB_HERE, .entry = {0, 1280}},
	{.name = "tmpfs", .method = LAB_MEMORY, .entry = {896, 192}},
	{.name = "overlay", .method = LAB_LAYERED, .entry = {960, 960}},
	{.name = "sshfs", .method = LAB_PIPED, .entry = {1280, 1152}},
	{.name = "sim", .method = LAB_SERVED, .entry = {0, 1152}},
	{
		.name = "ext4",
		.method = LAB_DEVICE,
		.program = "mkfs.ext4",
		.package = "e2fsprogs",
		.arguments = {"-q", "-F", MKFS_INODES, MKFS_USER, MKFS_IMAGE},
		.size_min = 64 * MIB,
		.entry = {640, 1408},
	},
	{
		.name = "xfs",
		.method = LAB_DEVICE,
		.program = "mkfs.xfs",
		.package = "xfsprogs",
		.arguments = {"-q", "-f", MKFS_USER, MKFS_IMAGE},
		.size_min = 320 * MIB,
		.entry = {1280, 1408},
	},
	{
		.name = "btrfs",
		.method = LAB_DEVICE,
		.program = "mkfs.btrfs",
		.package = "btrfs-progs",
		.arguments = {"-q", "-f", MKFS_USER, MKFS_IMAGE},
		.size_min = 512 * MIB,
		.entry = {1536, 1408},
	},
	{
		.name = "squashfs",
		.method = LAB_PACKED,
		.program = "mksquashfs",
		.package = "squashfs-tools",
		.arguments = {MKFS_TREE, MKFS_IMAGE, "-quiet", "-no-progress", "-noappend",
			      MKFS_USER},
		.entry = {PACKING_BYTES, 1408},
	},
	{
		.name = "erofs",
		.method = LAB_PACKED,
		.program = "mkfs.erofs",
		.package = "erofs-utils",
		.arguments = {"--quiet", MKFS_USER, MKFS_IMAGE, MKFS_TREE},
		.entry = {PACKING_BYTES, 1408},
	},
	{.name = "nfs", .mount_type = "nfs4", .method = LAB_REMOTE, .entry = {896, 2176}},
	{.name = "cifs", .method = LAB_REMOTE, .entry = {896, 2176}},
};

static const char *kind_name(unsigned i)
{
	return i < ARRAY_LEN(kinds) ? kinds[i].name : NULL;
}

/* The kind with the name at the beginning of the item, up to its options. */
static const struct lab_kind *find_kind(const char *item)
{
	const size_t len = strcspn(item, ":");
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (strlen(kinds[i].name) == len && memcmp(kinds[i].name, item, len) == 0)
			return &kinds[i];
	}
	return NULL;
}

static int unknown(const char *item, struct err *err)
{
	char word[64];
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(item, ":"), item);
	return word_parse(kind_name, NULL, word, err);
}

/*
 * read= and queue= override disk=. The SSD is a network volume of a cloud, because a faster disk
 * could not be distinguished from the overhead of FUSE and the loop device, about 0.1 ms.
 */
static int add_disk(struct lab_spec *spec, const char *text, const char *value, struct err *err)
{
	static const struct {
		const char *name;
		struct lab_disk disk;
	} disks[] = {
		{"ssd", {.read_ns = 500000, .queue = 32}},
		{"hdd", {.read_ns = 8000000, .queue = 1, .turns = true}},
	};
	const char *name = spec->kind->name;
	struct lab_disk *disk = &spec->disk;
	uint64_t queue;
	if (!spec->kind->program)
		return err_set(err, -EINVAL, "%s: has no disk, leave out '%s'", name, text);
	if (*text == 'r')
		return parse_time(value, READ_NS_MAX, &disk->read_ns) || !disk->read_ns
			       ? err_set(err, -EINVAL,
					 "%s: '%s': expected a time of at most 1s, such as 500us "
					 "or 8ms",
					 name, text)
			       : 0;
	if (*text == 'q') {
		if (parse_integer(value, &queue) || !queue || queue > DISK_QUEUE_MAX)
			return err_set(err, -EINVAL, "%s: '%s': expected 1 to %d reads", name, text,
				       DISK_QUEUE_MAX);
		disk->queue = (uint32_t)queue;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(disks); i++) {
		if (strcmp(disks[i].name, value) == 0) {
			disk->turns = disks[i].disk.turns;
			disk->read_ns = disk->read_ns ? disk->read_ns : disks[i].disk.read_ns;
			disk->queue = disk->queue ? disk->queue : disks[i].disk.queue;
			return 0;
		}
	}
	return err_set(err, -EINVAL, "%s: expected disk=ssd or disk=hdd, got '%s'", name, value);
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static int add_option(struct lab_spec *spec, const char *text, struct err *err)
{
	const struct lab_kind *kind = spec->kind;
	if (!*text)
		return err_set(err, -EINVAL, "%s: an option is empty", kind->name);
	if (kind->method == LAB_HERE)
		return err_set(err, -EINVAL,
			       "here: takes no options, because no filesystem is made");
	if (kind->method == LAB_SERVED) {
		/* The server's options, see lab_spec_options. */
		spec->options[spec->n_options++] = text;
	} else if (begins(text, "mkfs=")) {
		if (!kind->program)
			return err_set(err, -EINVAL, "%s: is made without mkfs, leave out '%s'",
				       kind->name, text);
		spec->mkfs[spec->n_mkfs++] = text + 5;
	} else if (begins(text, "size=")) {
		if (kind->method == LAB_PACKED)
			return err_set(err, -EINVAL,
				       "%s: its size follows from its tree, leave out '%s'",
				       kind->name, text);
		if (parse_size(text + 5, &spec->size))
			return err_set(err, -EINVAL, "%s: '%s': expected a size, such as 64M or 2G",
				       kind->name, text);
	} else if (kind->method == LAB_PIPED && begins(text, "rtt=")) {
		if (parse_time(text + 4, RTT_NS_MAX, &spec->rtt_ns))
			return err_set(
				err, -EINVAL,
				"%s: '%s': expected a time of at most 10s, such as 500us or 5ms",
				kind->name, text);
	} else if (begins(text, "disk=") || begins(text, "read=")) {
		return add_disk(spec, text, text + 5, err);
	} else if (begins(text, "queue=")) {
		return add_disk(spec, text, text + 6, err);
	} else {
		spec->options[spec->n_options++] = text;
	}
	return 0;
}

/* Not the name of a filesystem, but similar to one, or followed by options. */
static bool looks_like_item(const char *text)
{
	const size_t len = strcspn(text, ":=");
	return text[len] == ':' || (!text[len] && word_nearest(kind_name, text));
}

/* An item without its options, with space for n of those. */
static struct lab_spec *begin(const struct lab_kind *kind, size_t n, struct arena *arena)
{
	struct lab_spec *spec = arena_alloc(arena, sizeof(*spec));
	if (!spec)
		return NULL;
	spec->kind = kind;
	spec->options = arena_alloc(arena, n * sizeof(*spec->options));
	spec->mkfs = arena_alloc(arena, n * sizeof(*spec->mkfs));
	return spec->options && spec->mkfs ? spec : NULL;
}

/* Checks that are possible only after all options were read. */
static int check_all(struct lab_spec *const *specs, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct lab_disk *disk = &specs[i]->disk;
		if (disk->queue && !disk->read_ns)
			return err_set(err, -EINVAL,
				       "%s: queue= is for a disk; add disk=ssd or read=1ms",
				       specs[i]->label);
		disk->queue = disk->queue ? disk->queue : QUEUE_USUAL;
		for (size_t k = 0; k < i; k++) {
			if (strcmp(specs[i]->label, specs[k]->label) == 0)
				return err_set(err, -EINVAL, "'%s' is given twice",
					       specs[i]->label);
		}
	}
	return 0;
}

int lab_parse(struct lab_spec ***specs, size_t *n, const char *text, struct arena *arena,
	      struct err *err)
{
	char *rest = arena_copy(arena, text), *item;
	size_t most = 1;
	for (const char *at = text; *at; at++)
		most += *at == ',';
	*specs = arena_alloc(arena, most * sizeof(**specs));
	*n = 0;
	if (!rest || !*specs)
		return err_set(err, -ENOMEM, "out of memory");
	while ((item = next_item(&rest))) {
		const struct lab_kind *kind = find_kind(item);
		struct lab_spec *spec = *n ? (*specs)[*n - 1] : NULL;
		const char *option = item;
		if (kind) {
			spec = (*specs)[(*n)++] = begin(kind, most, arena);
			option = strchr(item, ':');
			option = option ? option + 1 : NULL;
		} else if (!spec || !strchr(spec->label, ':') || looks_like_item(item)) {
			return unknown(item, err);
		}
		if (!spec)
			return err_set(err, -ENOMEM, "out of memory");
		spec->label = kind ? arena_copy(arena, item)
				   : arena_print(arena, "%s,%s", spec->label, item);
		if (!spec->label)
			return err_set(err, -ENOMEM, "out of memory");
		int error = option ? add_option(spec, option, err) : 0;
		if (error)
			return error;
	}
	if (*n == 0)
		return err_set(err, -EINVAL, "expected a filesystem, such as ext4, got nothing");
	return check_all(*specs, *n, err);
}

const char *lab_spec_type(const struct lab_spec *spec)
{
	return spec->kind->name;
}

struct lab_bytes lab_spec_bytes(const struct lab_spec *spec)
{
	return spec ? spec->kind->entry : kinds[0].entry;
}

bool lab_spec_is_served(const struct lab_spec *spec)
{
	return spec->kind->method == LAB_SERVED;
}

bool lab_spec_has_rtt(const struct lab_spec *spec)
{
	return spec->kind->method == LAB_SERVED || spec->kind->method == LAB_PIPED;
}

const char *lab_spec_options(const struct lab_spec *spec)
{
	const char *colon = strchr(spec->label, ':');
	return colon ? colon + 1 : "";
}

const char *lab_spec_label(const struct lab_spec *spec)
{
	return spec->label;
}

bool lab_spec_is_here(const struct lab_spec *spec)
{
	return spec->kind->method == LAB_HERE;
}
