#include "engine/cmd/parts/axes.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "datasets/sim/sim.h"
#include "datasets/tree/tree.h"
#include "engine/base/clock.h"
#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/cmd/parts/results.h"
#include "engine/host/cgroup.h"
#include "engine/lab/lab.h"

/*
 * Memory per entry in this process: 12 bytes of the view and its name, two readings by the verifier
 * at 40 bytes, a record of 64, and in walks its path. Measured: 70 bytes in fetches of short names,
 * 260 in walks of long ones.
 */
enum { VIEW_BYTES = 256 };

uint64_t sitting_bound(uint64_t wanted, struct arena *arena)
{
	const uint64_t available = wanted ? 0 : memory_available("", arena);
	if (wanted)
		return wanted;
	return available ? available / 4 * 3 : UINT64_MAX;
}

static uint64_t bytes_of(uint64_t entries, uint64_t each)
{
	return entries > UINT64_MAX / each ? UINT64_MAX : entries * each;
}

uint64_t sitting_left(const struct sitting *s)
{
	return s->bound - MIN(s->used, s->bound);
}

enum sitting_fit sitting_take(struct sitting *s, const struct lab_spec *spec, uint64_t entries)
{
	const struct lab_bytes kernel = lab_spec_bytes(spec);
	const uint64_t least = bytes_of(entries, VIEW_BYTES + kernel.held);
	const uint64_t all = bytes_of(entries, VIEW_BYTES + kernel.held + kernel.cached);
	if (!s->n && least > s->bound)
		return SITTING_NEVER;
	if (s->n && all > sitting_left(s))
		return SITTING_LATER;
	s->used += MIN(all, UINT64_MAX - s->used);
	s->n++;
	return SITTING_FITS;
}

uint64_t sitting_room(const struct sitting *s)
{
	const uint64_t each = s->n ? VIEW_BYTES + lab_spec_bytes(NULL).cached : VIEW_BYTES;
	return sitting_left(s) / each;
}

/* One combination of a word, a filesystem and a size. */
struct point {
	const struct lab_spec *spec; /* NULL: the filesystem of --dir */
	const char *word;
	uint64_t entries; /* 0: that of the shape */
};

struct subject_opener {
	struct axes *axes;
	const struct axes_request *request;
	size_t n_words, n_sizes, n;
	struct arena *arena;
};

static size_t count_words(char **words)
{
	size_t n = 0;
	while (words[n])
		n++;
	return n;
}

size_t axes_count(const struct axes *axes, char **words, const struct fs_options *o)
{
	return MAX(count_words(words), 1) * MAX(axes->n_specs, 1) * MAX(o->sizes.n, 1);
}

int axes_parse(struct axes *axes, char **words, const struct fs_options *o,
	       const struct tree_options *tree, const struct output_options *output,
	       struct arena *arena, struct err *err)
{
	struct err why = {0};
	*axes = (struct axes){0};
	int error = o->fs ? lab_parse(&axes->specs, &axes->n_specs, o->fs, arena, &why) : 0;
	if (error)
		return err_set(err, error, "--fs: %s", why.text);
	const size_t n = axes_count(axes, words, o);
	if (n > AXES_MAX)
		return err_set(err, -EINVAL,
			       "%zu combinations of TREE, --fs and --entries; the limit is %d", n,
			       AXES_MAX);
	for (size_t i = 0; o->fs && words[i]; i++) {
		if (subject_is_directory(words[i]))
			return err_set(err, -EINVAL,
				       "--fs makes trees from shapes; '%s' is a directory, which "
				       "is only read",
				       words[i]);
	}
	for (size_t i = 0; i < axes->n_specs; i++) {
		struct sim_options how;
		if (lab_spec_is_served(axes->specs[i]) &&
		    sim_parse(&how, lab_spec_options(axes->specs[i]), &why))
			return err_set(err, -EINVAL, "--fs %s: %s", lab_spec_label(axes->specs[i]),
				       why.text);
	}
	/* Results, trees and images, and the working directory must stay visible. */
	const char *kept[] = {".", tree->dir, output->out ? output->out : RESULTS_ALL,
			      o->fs_dir ? o->fs_dir : ".", NULL};
	return axes->n_specs ? lab_enter(kept, err) : 0;
}

/* "maildir,ext4,10k": distinguishes a tree from the others of this run; NULL: there is only one. */
static int set_label(const struct subject_opener *o, struct subject *s, const struct point *point)
{
	char size[COUNT_SHORT_SIZE];
	const char *parts[] = {
		o->n_words > 1 ? s->tree.name : NULL,
		o->axes->n_specs > 1 ? lab_spec_label(point->spec) : NULL,
		o->n_sizes > 1 ? count_short(point->entries, size) : NULL,
	};
	const char *label = NULL;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (!parts[i])
			continue;
		label = arena_print(o->arena, "%s%s%s", label ? label : "", label ? "," : "",
				    parts[i]);
		if (!label)
			return -ENOMEM;
	}
	s->tree.label = label;
	return 0;
}

/* Trees with the same label are distinguished by a number. */
static int number_label(const struct subject_opener *o, struct subject *s)
{
	size_t n = 1;
	o->axes->labels[o->axes->n] = s->tree.label;
	for (size_t i = 0; i < o->axes->n; i++)
		n += s->tree.label && same_text(o->axes->labels[i], s->tree.label);
	if (n > 1)
		s->tree.label = arena_print(o->arena, "%s#%zu", s->tree.label, n);
	return n == 1 || s->tree.label ? 0 : -ENOMEM;
}

/* --- On a filesystem made for it ------------------------------------------------------------- */

struct tree_maker {
	const struct shape *shape;
	const struct progress *progress;
	struct tree_info *made;
	const char *dir;
	const struct sim_options *how; /* for a served filesystem */
	struct sim **sim;
	struct arena *arena;
};

/* The shape itself is served; no tree is stored. */
static int serve(void *arg, const char *dir, struct err *err)
{
	struct tree_maker *m = arg;
	*m->made = (struct tree_info){.shape = *m->shape, .state = TREE_COMPLETE};
	snprintf(m->made->root, sizeof(m->made->root), "%s", dir);
	m->dir = arena_copy(m->arena, dir);
	return m->dir ? sim_start(m->sim, m->how, m->shape, dir, err)
		      : err_errno(err, -ENOMEM, "%s", dir);
}

static int fill(void *arg, const char *dir, struct err *err)
{
	struct tree_maker *m = arg;
	m->dir = arena_copy(m->arena, dir);
	return m->dir ? tree_ensure(dir, m->shape, 0, m->progress, m->made, err)
		      : err_errno(err, -ENOMEM, "%s", dir);
}

/* A tree that cannot be made becomes rows with the reason, and the others go on. */
static int leave_out(const struct subject_opener *o, struct subject *s, const char *name,
		     uint64_t seed, const struct lab_spec *spec, const struct err *why)
{
	*s = (struct subject){
		.lacking = why->code == -ENOTSUP ? STATUS_SKIPPED : STATUS_FAILED,
		.why = arena_copy(o->arena, why->text),
		.tree = {.name = arena_copy(o->arena, name), .seed = seed},
		.fs = {.type = spec ? lab_spec_type(spec) : NULL},
		.made_ns = s->made_ns,
	};
	return s->why && s->tree.name ? 0 : -ENOMEM;
}

/* The same tree at its new path. */
static int move_root(struct tree_info *made, const char *from, const char *to, struct err *err)
{
	char root[PATH_MAX];
	const int length = snprintf(root, sizeof(root), "%s%s", to, made->root + strlen(from));
	if (length < 0 || (size_t)length >= sizeof(root))
		return err_errno(err, -ENAMETOOLONG, "cannot use %s", to);
	memcpy(made->root, root, (size_t)length + 1);
	return 0;
}

/* Notes how it was made, or the measured delay of its server. */
static int store_made(const struct subject_opener *o, struct subject *s)
{
	char facts[SIM_FACTS_SIZE];
	const char *text = lab_facts(s->lab);
	if (s->sim) {
		int error = sim_facts(s->sim, facts, sizeof(facts));
		if (error)
			return error;
		text = facts;
	}
	s->made = arena_copy(o->arena, text);
	return s->made ? 0 : -ENOMEM;
}

static int make_in_lab(const struct subject_opener *o, struct subject *s, const struct point *point,
		       const struct subject_request *r, struct tree_maker *m, struct err *err)
{
	const bool is_served = lab_spec_is_served(point->spec);
	const struct lab_request lab = {
		.spec = point->spec,
		.entries = m->shape->entries,
		.inodes = m->shape->entries + 3, /* container, sentinel, root */
		.image_dir = o->request->fs->fs_dir,
		.memory = sitting_left(&o->axes->sitting) +
			  m->shape->entries * lab_spec_bytes(point->spec).held,
		.fill = is_served ? serve : fill,
		.arg = m,
		.progress = r->progress,
	};
	const uint64_t began = clock_ns();
	int error = lab_open(&s->lab, &lab, err);
	if (!error && store_made(o, s))
		error = err_set(err, -EIO, "the server of %s does not answer",
				lab_spec_label(point->spec));
	s->made_ns = clock_ns() - began;
	return error;
}

/*
 * The tree was just made, so a difference is caused by the filesystem: SMB follows symlinks, for
 * example.
 */
static int leave_out_changed(const struct subject_opener *o, struct subject *s,
			     const struct shape *shape, const struct lab_spec *spec)
{
	struct err why = {0};
	err_set(&why, -ENOTSUP,
		"%s does not show the tree as it was made; choose a shape "
		"without symlinks and special files, such as flat",
		lab_spec_label(spec));
	return leave_out(o, s, shape->name, shape->seed, spec, &why);
}

static int open_in_lab(const struct subject_opener *o, struct subject *s, const struct point *point,
		       const struct subject_request *request, struct err *err)
{
	const char *word = point->word ? point->word : SUBJECT_USUAL;
	struct shape shape;
	struct tree_info made;
	struct sim_options how;
	struct tree_maker maker = {&shape, request->progress, &made, NULL, &how, &s->sim, o->arena};
	struct err why = {0};
	int error = subject_shape(&shape, word, request->options, err);
	if (error)
		return err_errno(err, error, "%s", word);
	if (lab_spec_is_served(point->spec))
		error = sim_parse(&how, lab_spec_options(point->spec), err);
	if (error)
		return error;
	error = make_in_lab(o, s, point, request, &maker, &why);
	if (error == -EINTR || error == -ENOMEM)
		return err_set(err, error, "--fs %s: %s", lab_spec_label(point->spec), why.text);
	if (error)
		return leave_out(o, s, shape.name, shape.seed, point->spec, &why);
	error = move_root(&made, maker.dir, lab_root(s->lab), &why);
	error = error ? error : subject_load(s, &made, request, &why);
	if (error == -EINVAL)
		return leave_out_changed(o, s, &shape, point->spec);
	return error ? err_set(err, error, "%s", why.text) : 0;
}

/* --- All of them ----------------------------------------------------------------------------- */

enum { LATER = 1 };

static bool is_made_here(const struct point *point)
{
	return !point->spec || lab_spec_is_here(point->spec);
}

/*
 * Loads the shape of a tree to be made. False: it is only read, or opening it will fail with the
 * reason.
 */
static bool foresee(const struct subject_opener *o, const struct point *point, struct shape *shape)
{
	const char *word = point->word ? point->word : SUBJECT_USUAL;
	struct tree_options options = *o->request->tree;
	struct err why = {0};
	options.entries = point->entries;
	return !subject_is_directory(word) && !subject_shape(shape, word, &options, &why);
}

static int open_subject(const struct subject_opener *o, const struct point *point,
			uint64_t entries_max, struct err *err)
{
	const struct axes_request *r = o->request;
	struct subject *s = &o->axes->subjects[o->axes->n];
	struct tree_options options = *r->tree;
	const struct subject_request request = {
		.word = point->word,
		.options = &options,
		.skip_dir = r->skip_dir,
		.share_ns = r->share_ns / o->n,
		.entries_max = entries_max,
		.progress = r->progress,
		.arena = r->arena,
	};
	options.entries = point->entries;
	return is_made_here(point) ? subject_open(s, &request, err)
				   : open_in_lab(o, s, point, &request, err);
}

/* A tree that does not fit even alone is left out. */
static int leave_out_large(const struct subject_opener *o, const struct point *point,
			   const struct shape *shape)
{
	struct axes *axes = o->axes;
	struct subject *s = &axes->subjects[axes->n];
	const uint64_t bound = axes->sitting.bound;
	struct err why = {0};
	if (shape)
		err_set(&why, -ENOTSUP,
			"%s do not fit into the %s of memory for trees; measure a "
			"smaller tree, or raise --memory",
			COUNTED(shape->entries, "entry"), MEMORY(bound));
	else
		err_set(&why, -ENOTSUP,
			"it has more than %s, which do not fit into the %s of memory "
			"for trees; measure a sub-directory, or raise --memory",
			COUNTED(sitting_room(&axes->sitting), "entry"), MEMORY(bound));
	const char *slash = point->word ? strrchr(point->word, '/') : NULL;
	return leave_out(o, s,
			 shape               ? shape->name
			 : slash && slash[1] ? slash + 1
					     : point->word,
			 shape ? shape->seed : 0, point->spec, &why);
}

/* The number of entries is known only after reading; if the tree has to wait, it is read again. */
static int open_unforeseen(const struct subject_opener *o, const struct point *point,
			   struct err *err)
{
	struct axes *axes = o->axes;
	struct subject *s = &axes->subjects[axes->n];
	struct err why = {0};
	int error = open_subject(o, point, MAX(sitting_room(&axes->sitting), 1), &why);
	if (error == -E2BIG)
		return axes->sitting.n ? LATER : leave_out_large(o, point, NULL);
	if (error)
		return err_set(err, error, "%s", why.text);
	if (sitting_take(&axes->sitting, NULL, s->load->n_entries) == SITTING_FITS)
		return 0;
	subject_close(s);
	return LATER;
}

/* LATER: there is not enough memory beside the trees that are open. */
static int open_fitting(const struct subject_opener *o, const struct point *point, struct err *err)
{
	struct sitting *sitting = &o->axes->sitting;
	struct shape shape;
	if (!foresee(o, point, &shape))
		return open_unforeseen(o, point, err);
	const enum sitting_fit fit =
		sitting_take(sitting, is_made_here(point) ? NULL : point->spec, shape.entries);
	if (fit == SITTING_LATER)
		return LATER;
	return fit == SITTING_NEVER ? leave_out_large(o, point, &shape)
				    : open_subject(o, point, 0, err);
}

static int name_subject(const struct subject_opener *o, const struct point *point)
{
	struct axes *axes = o->axes;
	struct subject *s = &axes->subjects[axes->n];
	int error = set_label(o, s, point);
	if (!error)
		error = number_label(o, s);
	s->tree.id = arena_print(o->arena, "tree%zu", axes->n);
	s->fs.id = arena_print(o->arena, "fs%zu", axes->n);
	s->fs.label = is_made_here(point) ? NULL : lab_spec_label(point->spec);
	s->fs.made = s->made;
	s->tree.fs = s->fs.id;
	s->tree.sitting = axes->sittings - 1;
	return !s->tree.id || !s->fs.id ? -ENOMEM : error;
}

static bool is_same_fs(const struct fs_facts *a, const struct fs_facts *b)
{
	return a->mount_point && same_text(a->mount_point, b->mount_point) &&
	       same_text(a->label, b->label) && same_text(a->source, b->source) &&
	       same_text(a->type, b->type);
}

/*
 * Trees on the same filesystem share its facts. A filesystem made for a run exists for one sitting.
 */
static void share_fs(struct axes *axes)
{
	for (size_t i = axes->first; i < axes->n; i++) {
		struct subject *s = &axes->subjects[i];
		for (size_t k = s->made ? axes->first : 0; k < i; k++) {
			if (!is_same_fs(&axes->subjects[k].fs, &s->fs))
				continue;
			s->tree.fs = axes->subjects[k].tree.fs;
			break;
		}
	}
}

static int remount(void *lab, struct err *err)
{
	return lab_remount(lab, err);
}

/* A filesystem that can be remounted needs no other means to be cold. */
static void set_target(struct axes *axes, size_t i, const struct cache_control *control)
{
	struct subject *s = &axes->subjects[i];
	axes->controls[i] = *control;
	axes->controls[i].in_memory = s->lab && lab_is_layered(s->lab);
	if (s->lab && lab_can_remount(s->lab)) {
		axes->controls[i].remount = remount;
		axes->controls[i].arg = s->lab;
	}
	axes->targets[i] = (struct target){
		.load = s->load,
		.lacking = s->lacking,
		.why = s->why,
		.where = &s->fs,
		.tree = s->tree.id,
		.fs = s->tree.fs,
		.label = s->tree.label,
		.control = &axes->controls[i],
	};
}

/* Called once, for all sittings. */
static int allocate(const struct subject_opener *o)
{
	struct axes *axes = o->axes;
	if (axes->subjects)
		return 0;
	axes->n_all = o->n;
	axes->subjects = arena_alloc(o->arena, o->n * sizeof(*axes->subjects));
	axes->targets = arena_alloc(o->arena, o->n * sizeof(*axes->targets));
	axes->controls = arena_alloc(o->arena, o->n * sizeof(*axes->controls));
	axes->labels = arena_alloc(o->arena, o->n * sizeof(*axes->labels));
	return axes->subjects && axes->targets && axes->controls && axes->labels ? 0 : -ENOMEM;
}

/*
 * Checks a point before anything is made, because it may be opened only after others were measured.
 */
static int check_point(const struct subject_opener *o, const struct point *point, struct err *err)
{
	struct tree_options options = *o->request->tree;
	options.entries = point->entries;
	return subject_check(point->word ? point->word : SUBJECT_USUAL, &options, err);
}

static struct point point_at(const struct subject_opener *o, size_t i)
{
	const struct axes *axes = o->axes;
	const size_t fs = i / o->n_sizes % MAX(axes->n_specs, 1);
	return (struct point){
		.spec = axes->n_specs ? axes->specs[fs] : NULL,
		.word = o->request->words[0] ? o->request->words[i / (o->n / o->n_words)] : NULL,
		.entries = o->request->fs->sizes.values[i % o->n_sizes],
	};
}

/* Determines the memory available now, including what the previous sitting released. */
static void begin_sitting(const struct subject_opener *o)
{
	struct axes *axes = o->axes;
	axes_close(axes);
	axes->first = axes->n;
	axes->sitting = (struct sitting){
		.bound = axes->sittings ? axes->sitting.bound
					: sitting_bound(o->request->fs->memory, o->arena)};
	axes->sittings++;
}

int axes_open(struct axes *axes, const struct axes_request *r, struct err *err)
{
	const struct fs_options *options = r->fs;
	const struct subject_opener o = {
		.axes = axes,
		.request = r,
		.n_words = MAX(count_words(r->words), 1),
		.n_sizes = MAX(options->sizes.n, 1),
		.n = axes_count(axes, r->words, options),
		.arena = r->arena,
	};
	int error = allocate(&o);
	for (size_t i = 0; i < o.n && !axes->sittings && !error; i++) {
		const struct point point = point_at(&o, i);
		error = check_point(&o, &point, err);
	}
	begin_sitting(&o);
	while (axes->n < axes->n_all && !error) {
		const struct point point = point_at(&o, axes->n);
		error = open_fitting(&o, &point, err);
		if (error)
			break;
		error = name_subject(&o, &point);
		axes->n++;
	}
	share_fs(axes);
	for (size_t i = axes->first; i < axes->n; i++)
		set_target(axes, i, r->control);
	return error && error != LATER ? err_errno(err, error, "cannot prepare trees") : 0;
}

bool axes_are_left(const struct axes *axes)
{
	return axes->n < axes->n_all;
}

/* After an error, the subject at n may be partly open. */
void axes_close(struct axes *axes)
{
	for (size_t i = axes->first; i < axes->n_all && i <= axes->n; i++)
		subject_close(&axes->subjects[i]);
	for (size_t i = axes->first; i < axes->n; i++)
		axes->targets[i].load = NULL;
}

uint64_t axes_made_ns(const struct axes *axes)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < axes->n; i++)
		sum += axes->subjects[i].made_ns;
	return sum;
}

static int make_room(const struct axes *axes, struct result *result)
{
	if (result->trees)
		return 0;
	result->trees = arena_alloc(result->arena, axes->n_all * sizeof(*result->trees));
	result->fs = arena_alloc(result->arena, axes->n_all * sizeof(*result->fs));
	return result->trees && result->fs ? 0 : -ENOMEM;
}

int axes_describe(const struct axes *axes, enum order order, struct result *result)
{
	if (make_room(axes, result))
		return -ENOMEM;
	for (size_t i = axes->first; i < axes->n; i++) {
		const struct subject *s = &axes->subjects[i];
		result->trees[i] = s->tree;
		result->trees[i].order = order;
		if (s->tree.fs == s->fs.id)
			result->fs[result->n_fs++] = s->fs;
	}
	result->n_trees = axes->n;
	result->run.memory_bytes = axes->sitting.bound == UINT64_MAX ? 0 : axes->sitting.bound;
	return 0;
}
