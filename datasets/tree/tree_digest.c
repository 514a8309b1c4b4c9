/*
 * Computes the digest of a loaded tree from whole paths (gen_hash). Far below, paths are not stored
 * in one piece, and hashing each from its beginning would take time quadratic in the depth. There
 * the hash of a path is continued from that of its directory, which gives the same value. The type
 * is the seed, so entries of each type are hashed in a separate run.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "datasets/shape/generator.h"
#include "datasets/tree/tree.h"

static int digest_near(const struct workload *load, uint32_t dir, struct digest *digest)
{
	const uint32_t first = load->dirs[dir].first, end = first + load->dirs[dir].count;
	for (uint32_t e = first; e < end; e++) {
		char *path = workload_spell(load, e);
		if (!path)
			return -ENOMEM;
		digest_add(digest, gen_hash(path, workload_path_len(load, e) - load->root_len - 1,
					    load->entries[e].type));
		free(path);
	}
	return 0;
}

enum { NO_DIR = UINT32_MAX, TYPE_STEP = 1 << 12 /* TYPE_STEP: distance of two types in a mode */ };

/* By index in the list of directories far below. */
struct below {
	/* Of its path and a slash; NULL: not computed yet, or released. */
	struct digest_stream *stream;
	uint32_t children; /* directories that still need it */
	uint32_t dir; /* index of the directory; NO_DIR: it is not in this part of a workload */
};

static struct below *list_below(const struct workload *load)
{
	struct below *all = calloc(load->n_far, sizeof(*all));
	for (uint32_t i = 0; all && i < load->n_far; i++) {
		all[i].dir = NO_DIR;
		if (load->far[i].up != FAR_NONE)
			all[load->far[i].up].children++;
	}
	for (uint32_t d = 0; all && d < load->n_dirs; d++) {
		if (workload_is_far(load, d))
			all[workload_far(load, d) - load->far].dir = d;
	}
	return all;
}

static struct digest_stream *begin(const struct workload *load, const struct workload_far *f,
				   const struct digest_stream *up, mode_t type)
{
	struct digest_stream *stream = digest_stream_new(up, type);
	if (!stream)
		return NULL;
	if (!up) {
		digest_stream_add(stream, load->names + f->head, f->head_len);
		digest_stream_add(stream, "/", 1);
	}
	digest_stream_add(stream, load->names + f->name, f->name_len);
	digest_stream_add(stream, "/", 1);
	return stream;
}

static void let_go(struct below *b)
{
	if (b->children)
		return;
	digest_stream_free(b->stream);
	b->stream = NULL;
}

static void digest_entries(const struct workload *load, const struct below *b, mode_t type,
			   struct digest *digest)
{
	const struct workload_dir *dir = &load->dirs[b->dir];
	for (uint32_t e = dir->first; e < dir->first + dir->count; e++) {
		if (load->entries[e].type == type)
			digest_add(digest, digest_stream_hash(b->stream, workload_name(load, e),
							      load->entries[e].name_len));
	}
}

/* Parents come before children. */
static int digest_type(const struct workload *load, struct below *all, mode_t type,
		       struct digest *digest)
{
	for (uint32_t i = 0; i < load->n_far; i++) {
		const struct workload_far *f = &load->far[i];
		struct below *b = &all[i], *up = f->up == FAR_NONE ? NULL : &all[f->up];
		b->stream = begin(load, f, up ? up->stream : NULL, type);
		if (!b->stream)
			return -ENOMEM;
		if (b->dir != NO_DIR)
			digest_entries(load, b, type, digest);
		let_go(b);
		if (up) {
			up->children--;
			let_go(up);
		}
	}
	return 0;
}

/* A mask of the types of entries far below. */
static unsigned types_far(const struct workload *load)
{
	unsigned types = 0;
	for (uint32_t e = 0; e < load->n_entries && load->n_far; e++) {
		if (workload_is_far(load, load->entries[e].dir))
			types |= 1U << (load->entries[e].type / TYPE_STEP);
	}
	return types;
}

static int digest_far(const struct workload *load, mode_t type, struct digest *digest)
{
	struct below *all = list_below(load);
	int error = all ? digest_type(load, all, type, digest) : -ENOMEM;
	for (uint32_t i = 0; all && i < load->n_far; i++)
		digest_stream_free(all[i].stream);
	free(all);
	return error;
}

int tree_digest(const struct workload *load, struct digest *digest)
{
	const unsigned types = types_far(load);
	int error = 0;
	*digest = (struct digest){0};
	for (uint32_t d = 0; d < load->n_dirs && !error; d++)
		error = workload_is_far(load, d) ? 0 : digest_near(load, d, digest);
	for (mode_t i = 0; i <= S_IFMT / TYPE_STEP && !error; i++)
		error = types & 1U << i ? digest_far(load, i * TYPE_STEP, digest) : 0;
	return error;
}
