#include "engine/cmd/parts/subject.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "datasets/shape/shape.h"
#include "datasets/sim/sim.h"
#include "datasets/tree/tree.h"
#include "engine/base/clock.h"
#include "engine/base/util.h"
#include "engine/host/host.h"
#include "engine/lab/lab.h"

static bool is_directory(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_preset(const char *word)
{
	for (size_t i = 0; shape_preset(i); i++) {
		if (strcmp(shape_preset(i), word) == 0)
			return true;
	}
	return false;
}

static bool ends_as_shape(const char *word)
{
	const size_t len = strlen(word);
	return len > 5 && strcmp(word + len - 5, ".json") == 0;
}

/* Neither a path nor the name of a shape file. */
static bool is_bare(const char *word)
{
	return !strchr(word, '/') && !ends_as_shape(word);
}

/*
 * The name of a preset means the preset, even if a directory has this name, too; that one is
 * "./NAME".
 */
bool subject_is_directory(const char *word)
{
	if (is_preset(word))
		return false;
	if (is_directory(word))
		return true;
	return strchr(word, '/') && !ends_as_shape(word);
}

int subject_shape(struct shape *shape, const char *word, const struct tree_options *options,
		  struct err *err)
{
	int error = shape_load(shape, word, err);
	if (error)
		return error;
	if (options->entries)
		shape->entries = options->entries;
	if (options->has_seed)
		shape->seed = options->seed;
	if (options->tree_depth)
		shape_set_depth(shape, (uint32_t)options->tree_depth);
	if (options->tree_name_length)
		shape_set_name_length(shape, options->tree_name_length);
	return shape_check(shape, word, err);
}

static int find_shape(struct shape *shape, const char *word, const struct tree_options *options,
		      struct err *err)
{
	struct err why = {0};
	int error = subject_shape(shape, word, options, &why);
	/* Only a bare name can mean a shape or a directory. */
	if (error == -ENOENT && is_bare(word))
		return err_set(err, error, "there is no directory '%s', and %s", word, why.text);
	return error ? err_set(err, error, "%s", why.text) : 0;
}

static int make_tree(const char *word, const struct tree_options *options,
		     const struct progress *progress, struct tree_info *info, struct err *err)
{
	struct shape shape;
	int error = find_shape(&shape, word, options, err);
	return error ? error : tree_ensure(options->dir, &shape, 0, progress, info, err);
}

/*
 * A tree made by statmark is measured below its sentinel, with its shape; any other directory as it
 * is.
 */
static int find_tree(const char *word, const struct tree_options *options, struct tree_info *info,
		     bool *is_made, struct err *err)
{
	if (options->entries)
		return err_set(err, -EINVAL,
			       "--entries is for trees that are made; '%s' is only read", word);
	if (!is_directory(word))
		return err_errno(err, access(word, F_OK) ? -errno : -ENOTDIR, "cannot open %s",
				 word);
	*is_made = tree_info(word, info, NULL) == 0;
	if (*is_made && info->state == TREE_REMOVING)
		return err_set(err, -EINVAL,
			       "%s: this tree is partly removed; statmark tree remove "
			       "continues, with --force it also removes files that statmark "
			       "did not make",
			       word);
	if (*is_made && info->state != TREE_COMPLETE)
		return err_set(err, -EINVAL,
			       "%s: this tree is not complete; statmark tree create "
			       "completes it, statmark tree remove removes it",
			       word);
	return 0;
}

static void count_types(struct tree_facts *tree, const struct workload *load)
{
	for (uint32_t i = 0; i < load->n_entries; i++) {
		const struct workload_entry *e = &load->entries[i];
		uint32_t depth = load->dirs[e->dir].depth + 1;
		tree->directories += e->type == S_IFDIR;
		tree->files += e->type == S_IFREG;
		tree->symlinks += e->type == S_IFLNK;
		tree->depth_sum += depth;
		tree->max_depth = MAX(tree->max_depth, depth);
		tree->name_bytes += e->name_len;
	}
	tree->others = load->n_entries - tree->directories - tree->files - tree->symlinks;
}

static const char *last_component(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

int subject_narrow(struct subject *s, struct workload *part, uint64_t seed, struct arena *arena)
{
	struct tree_facts *tree = &s->tree;
	const struct workload *whole = s->load;
	char digest_buf[DIGEST_TEXT_SIZE];
	struct digest digest;
	s->whole = s->load;
	s->load = part;
	int error = tree_digest(part, &digest);
	if (error)
		return error;
	tree->sample = (struct sample_facts){
		.of_entries = whole->n_entries,
		.of_directories = whole->n_dirs - whole->n_unread,
		.directories = part->n_dirs,
		.seed = seed,
		.is_more = whole->is_partial,
		.below = part->is_slice ? NULL : tree->root,
	};
	tree->root = arena_copy(arena, part->root_len ? part->root : "/");
	tree->digest = arena_copy(arena, digest_text(&digest, digest_buf));
	tree->entries = part->n_entries;
	tree->root_depth = part->root_depth;
	tree->view_bytes = workload_bytes(part);
	tree->directories = tree->files = tree->symlinks = tree->depth_sum = 0;
	tree->max_depth = 0;
	tree->name_bytes = 0;
	count_types(tree, part);
	return tree->root && tree->digest ? 0 : -ENOMEM;
}

static int describe_tree(struct subject *s, const struct tree_info *made, struct arena *arena)
{
	const struct workload *load = s->load;
	char digest_buf[DIGEST_TEXT_SIZE];
	struct digest digest;
	int error = tree_digest(load, &digest);
	if (error)
		return error;
	s->tree = (struct tree_facts){
		.id = "tree0",
		.fs = "fs0",
		.root = arena_copy(arena, load->root_len ? load->root : "/"),
		.digest = arena_copy(arena, digest_text(&digest, digest_buf)),
		.entries = load->n_entries,
		.unreadable = load->unreadable,
		.first_unreadable = arena_copy(arena, load->first_unreadable),
		.mounts = load->mounts,
		.crosses_mounts = load->crosses_mounts,
		.bad_names = load->bad_names,
		.first_bad = arena_copy(arena, load->first_bad),
		.root_depth = load->root_depth,
		.view_bytes = workload_bytes(load),
	};
	s->whole_digest = s->tree.digest;
	count_types(&s->tree, load);
	s->tree.name = arena_copy(arena, made ? made->shape.name : last_component(s->tree.root));
	if (made) {
		char *json = shape_to_json(&made->shape);
		s->tree.shape = arena_copy(arena, json);
		s->tree.seed = made->shape.seed;
		free(json);
	}
	return s->tree.name && s->tree.digest && (!made || s->tree.shape) ? 0 : -ENOMEM;
}

/* The message has the path of the container, which the commands take, not of the tree in it. */
static int no_longer(const struct tree_info *made, struct err *err)
{
	const char *slash = strrchr(made->root, '/');
	*err = (struct err){0};
	return err_set(err, -EINVAL,
		       "%.*s: its tree no longer matches its sentinel; statmark "
		       "tree verify names the differences, statmark tree remove "
		       "--force removes it with everything in it",
		       slash ? (int)(slash - made->root) : 0, made->root);
}

/* If the tree was changed since it was made, its name and shape are wrong, and it is refused. */
static int check_made(const struct subject *s, const struct tree_info *made, struct err *err)
{
	char want[DIGEST_TEXT_SIZE];
	if (strcmp(s->tree.digest, digest_text(&made->digest, want)) == 0)
		return 0;
	return no_longer(made, err);
}

int subject_load(struct subject *s, const struct tree_info *made, const struct subject_request *r,
		 struct err *err)
{
	const struct workload_request request = {
		.path = made ? made->root : r->word,
		.skip_dir = r->skip_dir,
		.stop = r->progress ? r->progress->stop : NULL,
		.entries_max = r->entries_max,
		.until_ns = r->share_ns ? clock_ns() + r->share_ns : 0,
		.crosses_mounts = r->options->cross_mounts,
	};
	progress_report(r->progress, "loading the tree", 0, 0);
	int error = workload_load_as(&s->load, &request, err);
	if (error == -ENOENT && made)
		error = no_longer(made, err);
	if (!error)
		error = describe_tree(s, made, r->arena);
	/* Only trees made by tree_create have a digest beforehand. */
	if (!error && made && made->digest.count && !s->load->is_partial)
		error = check_made(s, made, err);
	if (!error)
		error = fs_read(&s->fs, s->tree.root, r->arena, err);
	if (error) {
		subject_close(s);
		return err_errno(err, error, "cannot read %s", request.path);
	}
	s->fs.id = "fs0";
	return 0;
}

int subject_check(const char *word, const struct tree_options *options, struct err *err)
{
	struct tree_info info;
	struct shape shape;
	bool is_made;
	int error = subject_is_directory(word) ? find_tree(word, options, &info, &is_made, err)
					       : find_shape(&shape, word, options, err);
	return error ? err_errno(err, error, "cannot read %s", word) : 0;
}

int subject_open(struct subject *s, const struct subject_request *r, struct err *err)
{
	struct tree_info info;
	bool is_made = true;
	*s = (struct subject){0};
	const char *word = r->word ? r->word : SUBJECT_USUAL;
	const uint64_t began = clock_ns();
	int error = subject_is_directory(word)
			    ? find_tree(word, r->options, &info, &is_made, err)
			    : make_tree(word, r->options, r->progress, &info, err);
	if (error)
		return err_errno(err, error, "cannot open %s", word);
	s->made_ns = clock_ns() - began;
	return subject_load(s, is_made ? &info : NULL, r, err);
}

void subject_close(struct subject *s)
{
	workload_free(s->load);
	workload_free(s->whole);
	sim_stop(s->sim);
	lab_close(s->lab);
	s->load = s->whole = NULL;
	s->sim = NULL;
	s->lab = NULL;
}

int subject_again(void *arg, const struct workload **load, struct err *err)
{
	struct subject_again *again = arg;
	struct tree_options options = *again->options;
	snprintf(again->dir, sizeof(again->dir), "%s/confirm-%d", options.dir, (int)getpid());
	options.dir = again->dir;
	const struct subject_request request = {
		.word = again->word,
		.options = &options,
		.progress = again->progress,
		.arena = again->arena,
	};
	int error = subject_open(&again->subject, &request, err);
	*load = again->subject.load;
	return error;
}

/* dir contains only a container made by statmark, which may be incomplete. */
void subject_again_drop(void *arg)
{
	struct subject_again *again = arg;
	struct tree_counts gone;
	struct err err = {0};
	struct dirent *d;
	DIR *stream = opendir(again->dir);
	subject_close(&again->subject);
	if (!stream)
		return;
	while ((d = readdir(stream))) {
		char container[PATH_MAX + NAME_MAX + 2];
		snprintf(container, sizeof(container), "%s/%s", again->dir, d->d_name);
		if (d->d_name[0] != '.')
			tree_remove(container, 0, NULL, &gone, &err);
	}
	closedir(stream);
	if (rmdir(again->dir))
		fprintf(stderr, "statmark: cannot remove %s: %s; remove it by hand\n", again->dir,
			strerror(errno));
}
