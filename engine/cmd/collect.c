/*
 * statmark collect: lists a tree by libflist. The list is always complete and sorted; counting is
 * done during the walk, by its threads.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "datasets/tree/census.h"
#include "engine/base/arena.h"
#include "engine/base/clock.h"
#include "engine/base/count.h"
#include "engine/base/inodes.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/cmd/cmd.h"
#include "strategies/flist/flist.h"

/*
 * Extended attributes of an entry as members of a JSON object: "xattrs" and "acl". Names are text
 * with the escape of engine/base/text.h; values are any bytes, so base64.
 */

enum { FIXED = 128 /* bytes besides names and values: for all together, and for each */ };

/* The most bytes that xattr_json_put writes. */
static size_t xattr_json_room(const struct flist_extra *extra)
{
	size_t room = FIXED;
	for (size_t i = 0; i < extra->n_xattrs; i++) {
		const struct flist_xattr *x = &extra->xattrs[i];
		room += FIXED + TEXT_SPELLED_MAX(strlen(x->name)) + (x->size + 2) / 3 * 4;
	}
	return room;
}

static char *put_text(char *at, const char *text)
{
	const size_t len = strlen(text);
	memcpy(at, text, len);
	return at + len;
}

static char *put_base64(char *at, const unsigned char *bytes, size_t n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < n; i += 3) {
		const size_t left = n - i;
		const unsigned bits = (unsigned)bytes[i] << 16 |
				      (left > 1 ? (unsigned)bytes[i + 1] << 8 : 0) |
				      (left > 2 ? bytes[i + 2] : 0);
		*at++ = digits[bits >> 18];
		*at++ = digits[bits >> 12 & 63];
		*at++ = left > 1 ? digits[bits >> 6 & 63] : '=';
		*at++ = left > 2 ? digits[bits & 63] : '=';
	}
	return at;
}

static char *put_one(char *at, const struct flist_xattr *x)
{
	at = put_text(at, "{\"name\": ");
	at += text_spell(at, x->name, TEXT_QUOTED);
	if (x->value) {
		at += snprintf(at, FIXED, ", \"size\": %zu, \"base64\": \"", x->size);
		at = put_base64(at, x->value, x->size);
		*at++ = '"';
	} else if (x->status != -ENODATA) {
		const char *name = strerrorname_np(-x->status);
		at += snprintf(at, FIXED, ", \"error\": \"%s\"", name ? name : "unknown");
	}
	*at++ = '}';
	return at;
}

/*
 * Writes `, "xattrs": [...], "acl": [...]`, without a NUL; null for what is not known. A value that
 * could not be read is a member "error" with the name of its errno. Returns the end.
 */
static char *xattr_json_put(char *at, const struct flist_extra *extra)
{
	if (!(extra->valid & FLIST_XATTRS))
		return put_text(at, ", \"xattrs\": null, \"acl\": null");
	at = put_text(at, ", \"xattrs\": [");
	for (size_t i = 0; i < extra->n_xattrs; i++) {
		at = put_text(at, i ? ", " : "");
		at = put_one(at, &extra->xattrs[i]);
	}
	at = put_text(at, "], \"acl\": [");
	at = put_text(at, extra->acl & FLIST_ACL_ACCESS ? "\"access\"" : "");
	at = put_text(at, extra->acl == (FLIST_ACL_ACCESS | FLIST_ACL_DEFAULT) ? ", " : "");
	at = put_text(at, extra->acl & FLIST_ACL_DEFAULT ? "\"default\"" : "");
	return put_text(at, "]");
}

/* --- The list as text ---------------------------------------------------------------------- */

/* Entries are written one by one as they are read from the list, without a copy in memory. */

enum listing_format {
	LISTING_NONE,
	LISTING_PRINT0, /* paths unchanged, each with a NUL */
	LISTING_LONG,   /* like ls -l with numbers, paths escaped */
	LISTING_JSON,   /* one document, an entry per line */
};

#define LISTING_SCHEMA "statmark-collect/1"

struct listing_of {
	const struct flist_list *list;
	const char *root;
	uint64_t mounts; /* directories on other filesystems, which were not entered */
};

enum { NUMBERS_ROOM = 1024 }; /* of a line, besides its path */

struct writer {
	FILE *to;
	const char *root;
	size_t root_len;   /* with the slash after it */
	const char *comma; /* text before the next line of JSON */
	char *line;
	size_t room;
};

static const struct {
	uint32_t type;
	char letter;
	const char *word;
} types[] = {
	{S_IFREG, '-', "file"},         {S_IFDIR, 'd', "directory"},
	{S_IFLNK, 'l', "symlink"},      {S_IFIFO, 'p', "fifo"},
	{S_IFSOCK, 's', "socket"},      {S_IFCHR, 'c', "character device"},
	{S_IFBLK, 'b', "block device"},
};

static size_t find_type(uint32_t type)
{
	size_t i = 0;
	while (i + 1 < ARRAY_LEN(types) && types[i].type != type)
		i++;
	return i;
}

/* Writes digits, with blanks before them up to a width. */
static char *put_number(char *at, uint64_t number, int width)
{
	char digits[20];
	int n = 0;
	do
		digits[n++] = (char)('0' + number % 10);
	while (number /= 10);
	for (; width > n; width--)
		*at++ = ' ';
	while (n > 0)
		*at++ = digits[--n];
	return at;
}

/* Writes a column of numbers, always with a blank before it. */
static char *put_column(char *at, uint64_t number, int width)
{
	*at++ = ' ';
	return put_number(at, number, width - 1);
}

/* Writes a number, or digits in quotes: ids and times would be rounded by JavaScript. */
static char *put_member(char *at, const char *name, uint64_t number, bool quoted)
{
	at = put_text(at, ", \"");
	at = put_text(at, name);
	at = put_text(at, quoted ? "\": \"" : "\": ");
	at = put_number(at, number, 0);
	if (quoted)
		*at++ = '"';
	return at;
}

static char *put_time(char *at, const char *name, int64_t ns)
{
	at = put_text(at, ", \"");
	at = put_text(at, name);
	at = put_text(at, ns < 0 ? "\": \"-" : "\": \"");
	at = put_number(at, ns < 0 ? -(uint64_t)ns : (uint64_t)ns, 0);
	*at++ = '"';
	return at;
}

static char *put_mode(char *at, uint32_t mode)
{
	for (int shift = 9; shift >= 0; shift -= 3)
		*at++ = (char)('0' + (mode >> shift & 7));
	return at;
}

static char *put_json(char *at, const struct flist_item *item)
{
	const struct flist_meta *m = item->meta;
	const uint64_t exact_max = UINT64_C(1) << 53;
	at = put_text(at, "{\"path\": ");
	at += text_spell(at, item->path, TEXT_QUOTED);
	at = put_text(at, ", \"type\": \"");
	at = put_text(at, types[find_type(item->type)].word);
	at = put_text(at, "\", \"mode\": \"");
	at = put_mode(at, m->mode);
	*at++ = '"';
	at = put_member(at, "size", m->size, m->size > exact_max);
	at = put_member(at, "blocks", m->blocks, m->blocks > exact_max);
	at = put_member(at, "nlink", m->nlink, false);
	at = put_member(at, "uid", m->uid, false);
	at = put_member(at, "gid", m->gid, false);
	at = put_member(at, "ino", m->ino, true);
	at = put_member(at, "dev", m->dev, true);
	at = put_time(at, "atime_ns", m->atime_ns);
	at = put_time(at, "mtime_ns", m->mtime_ns);
	at = put_time(at, "ctime_ns", m->ctime_ns);
	if (item->extra)
		at = xattr_json_put(at, item->extra);
	*at++ = '}';
	return at;
}

static char *put_permissions(char *at, uint32_t mode)
{
	static const char letters[] = "rwxrwxrwx";
	static const struct {
		uint32_t bit;
		int at;
		char with, without; /* with and without permission to execute, or search */
	} special[] = {{S_ISUID, 2, 's', 'S'}, {S_ISGID, 5, 's', 'S'}, {S_ISVTX, 8, 't', 'T'}};
	for (int i = 0; i < 9; i++)
		at[i] = mode & 0400U >> i ? letters[i] : '-';
	for (size_t i = 0; i < ARRAY_LEN(special); i++) {
		if (mode & special[i].bit)
			at[special[i].at] =
				at[special[i].at] == 'x' ? special[i].with : special[i].without;
	}
	return at + 9;
}

static char *put_date(char *at, int64_t ns)
{
	const int64_t second = 1000000000;
	const time_t seconds = ns / second - (ns % second < 0);
	struct tm tm;
	if (!localtime_r(&seconds, &tm))
		return put_text(at, "?");
	return at + strftime(at, 64, "%Y-%m-%d %H:%M:%S", &tm);
}

static char *put_long(char *at, const struct writer *w, const struct flist_item *item)
{
	const struct flist_meta *m = item->meta;
	*at++ = types[find_type(item->type)].letter;
	at = put_permissions(at, m->mode);
	at = put_column(at, m->nlink, 4);
	at = put_column(at, m->uid, 6);
	at = put_column(at, m->gid, 6);
	if (S_ISCHR(m->mode) || S_ISBLK(m->mode)) {
		at = put_column(at, major(m->rdev), 8);
		*at++ = ',';
		at = put_number(at, minor(m->rdev), 5);
	} else {
		at = put_column(at, m->size, 14);
	}
	*at++ = ' ';
	at = put_date(at, m->mtime_ns);
	*at++ = ' ';
	at += text_spell(at, w->root, TEXT_PEOPLE);
	if (w->root_len > strlen(w->root))
		*at++ = '/';
	at += text_spell(at, item->path, TEXT_PEOPLE);
	*at++ = '\n';
	return at;
}

static char *put_path(char *at, const struct writer *w, const struct flist_item *item)
{
	at = put_text(at, w->root);
	if (w->root_len > strlen(w->root))
		*at++ = '/';
	memcpy(at, item->path, item->path_len + 1);
	return at + item->path_len + 1;
}

static int write_item(struct writer *w, enum listing_format how, const struct flist_item *item)
{
	const size_t need = TEXT_SPELLED_MAX(w->root_len + item->path_len) + NUMBERS_ROOM +
			    (item->extra ? xattr_json_room(item->extra) : 0);
	int error = array_grow(&w->line, &w->room, need, 1);
	char *at = w->line;
	if (error)
		return error;
	if (how == LISTING_PRINT0)
		at = put_path(at, w, item);
	else if (how == LISTING_LONG)
		at = put_long(at, w, item);
	else
		at = put_json(put_text(at, w->comma), item);
	w->comma = ",\n";
	return fwrite_unlocked(w->line, (size_t)(at - w->line), 1, w->to) == 1 ? 0 : -EIO;
}

static int write_text(struct writer *w, const char *text)
{
	return fputs(text, w->to) < 0 ? -EIO : 0;
}

static int write_items(struct writer *w, enum listing_format how, const struct flist_list *list,
		       const volatile int *cancel)
{
	struct flist_cursor *cursor;
	const struct flist_item *item;
	int error = flist_cursor_open(&cursor, list);
	if (error)
		return error;
	w->comma = "\n";
	while (!error && (item = flist_cursor_next(cursor)))
		error = *cancel ? -EINTR : write_item(w, how, item);
	flist_cursor_close(cursor);
	return error;
}

static int write_failures(struct writer *w, const struct flist_list *list)
{
	static const char *const steps[] = {[FLIST_STEP_OPEN] = "open",
					    [FLIST_STEP_READ] = "read",
					    [FLIST_STEP_STAT] = "stat",
					    [FLIST_STEP_EXTRA] = "xattr"};
	size_t n;
	const struct flist_failure *f = flist_list_failures(list, &n);
	int error = 0;
	for (size_t i = 0; i < n && !error; i++) {
		const size_t need = TEXT_SPELLED_MAX(strlen(f[i].path)) + NUMBERS_ROOM;
		error = array_grow(&w->line, &w->room, need, 1);
		if (error)
			break;
		char *at = put_text(w->line, i ? ",\n{\"path\": " : "\n{\"path\": ");
		at += text_spell(at, f[i].path, TEXT_QUOTED);
		at = put_text(at, ", \"step\": \"");
		at = put_text(at, steps[f[i].step]);
		*at++ = '"';
		at = put_member(at, "errno", (uint64_t)f[i].error, false);
		at = put_text(at, ", \"error\": ");
		at += text_spell(at, strerror(f[i].error), TEXT_QUOTED);
		*at++ = '}';
		error = fwrite_unlocked(w->line, (size_t)(at - w->line), 1, w->to) == 1 ? 0 : -EIO;
	}
	return error;
}

static int write_json(struct writer *w, const struct listing_of *of, const volatile int *cancel)
{
	char *root = malloc(TEXT_SPELLED_MAX(w->root_len) + 1);
	if (!root)
		return -ENOMEM;
	root[text_spell(root, w->root, TEXT_QUOTED)] = '\0';
	int error =
		fprintf(w->to, "{\"schema\": \"" LISTING_SCHEMA "\", \"root\": %s, \"entries\": [",
			root) < 0
			? -EIO
			: 0;
	free(root);
	if (!error)
		error = write_items(w, LISTING_JSON, of->list, cancel);
	if (!error)
		error = write_text(w, "\n], \"failures\": [");
	if (!error)
		error = write_failures(w, of->list);
	if (error)
		return error;
	return fprintf(w->to, "\n], \"mounts_not_entered\": %" PRIu64 "}\n", of->mounts) < 0 ? -EIO
											     : 0;
}

/*
 * Writes the list. Paths begin with the root, in JSON they are relative to it. Ends early, with
 * -EINTR, when *cancel is not 0. Otherwise 0, -ENOMEM, or the error of writing.
 */
static int listing_write(FILE *to, enum listing_format how, const struct listing_of *of,
			 const volatile int *cancel)
{
	const size_t len = strlen(of->root);
	struct writer w = {
		.to = to, .root = of->root, .root_len = len + (of->root[len - 1] != '/')};
	int error = 0;
	if (how == LISTING_JSON)
		error = write_json(&w, of, cancel);
	else if (how != LISTING_NONE)
		error = write_items(&w, how, of->list, cancel);
	free(w.line);
	return error;
}

/* --- The command --------------------------------------------------------------------------- */

enum { NUMBER_SIZE = 32, FAILURES_NAMED = 20, OUTPUT_BUFFER = 256 * 1024 };

/* The counts of one thread, on cache lines of its own. */
struct collect_totals {
	const struct collection *collection;
	uint64_t types[CENSUS_TYPES];
	uint64_t mounts; /* directories on other filesystems, not entered */
	uint64_t with_xattrs, with_acl, xattrs_unknown;
	unsigned __int128 bytes; /* in files with one name */
	struct inodes linked;    /* files that may have other names, too */
} __attribute__((aligned(128)));

/* Bytes in files, each inode counted once, and the number of further names. */
struct volume {
	unsigned __int128 bytes;
	uint64_t further;
};

struct collection {
	const struct collect_command *options;
	const char *root;
	unsigned jobs, peak; /* most threads allowed, and most at the same time */
	enum listing_format listing;
	struct collect_totals *tallies;
	struct flist_list *list;
	uint64_t root_dev;
	uint64_t spent_ns;
};

static void count_xattrs(struct collect_totals *tally, const struct flist_extra *extra)
{
	tally->with_xattrs += extra->n_xattrs > 0;
	tally->with_acl += extra->acl != 0;
	tally->xattrs_unknown += !(extra->valid & FLIST_XATTRS);
}

static int count(void *arg, unsigned worker, const struct flist_item *item)
{
	struct collect_totals *tally = &((struct collect_totals *)arg)[worker];
	const struct collect_command *o = tally->collection->options;
	const struct flist_meta *meta = item->meta;
	tally->types[census_type_of(item->type)]++;
	if (item->extra)
		count_xattrs(tally, item->extra);
	if (S_ISDIR(item->type) && !o->tree.cross_mounts)
		tally->mounts += meta->dev != tally->collection->root_dev;
	if (!S_ISREG(item->type))
		return 0;
	if (meta->nlink > 1 || o->collect.follow)
		return inodes_add(&tally->linked, (struct inode){meta->dev, meta->ino, meta->size});
	tally->bytes += meta->size;
	return 0;
}

/* Merges the counts of the threads. 0 or -ENOMEM. */
static int measure_volume(const struct collection *c, struct volume *volume)
{
	struct inodes linked = {0};
	int error = 0;
	*volume = (struct volume){.bytes = 0};
	for (unsigned i = 0; i < c->jobs && !error; i++) {
		volume->bytes += c->tallies[i].bytes;
		error = inodes_add_all(&linked, &c->tallies[i].linked);
	}
	volume->further = inodes_unite(&linked);
	for (size_t i = 0; i < linked.n; i++)
		volume->bytes += linked.all[i].size;
	inodes_release(&linked);
	return error;
}

static int choose_listing(const struct collect_command *o, enum listing_format *listing,
			  struct err *err)
{
	if (o->collect.print0 + o->collect.details + o->line.json > 1)
		return err_set(err, -EINVAL,
			       "only one of --print0, --long and --json can be given");
	*listing = o->collect.print0    ? LISTING_PRINT0
		   : o->collect.details ? LISTING_LONG
		   : o->line.json       ? LISTING_JSON
					: LISTING_NONE;
	return 0;
}

static int begin(struct collection *c, const struct collect_command *options, char **operands,
		 struct err *err)
{
	const struct flist_threads wanted = {.jobs = (unsigned)options->tree.tree_jobs};
	*c = (struct collection){.options = options, .root = operands[0] ? operands[0] : "."};
	if (operands[0] && operands[1])
		return err_set(err, -EINVAL, "collect: expected one DIR, also got '%s'",
			       operands[1]);
	int error = choose_listing(options, &c->listing, err);
	if (error)
		return error;
	c->jobs = flist_jobs(&wanted);
	c->peak = wanted.jobs ? wanted.jobs : 1;
	c->tallies = aligned_alloc(_Alignof(struct collect_totals), c->jobs * sizeof(*c->tallies));
	if (!c->tallies)
		return err_errno(err, -ENOMEM, "collect");
	memset(c->tallies, 0, c->jobs * sizeof(*c->tallies));
	for (unsigned i = 0; i < c->jobs; i++)
		c->tallies[i].collection = c;
	return 0;
}

static void update_peak(void *arg, const struct flist_decision *decision)
{
	struct collection *c = arg;
	c->peak = MAX(c->peak, decision->jobs);
}

static int collect_list(struct collection *c, struct err *err)
{
	static const uint64_t extra_fields[] = {0, FLIST_XATTRS, FLIST_XATTR_VALUES};
	const struct flist_collect_options options = {
		.flags = (c->options->collect.follow ? (unsigned)FLIST_FOLLOW : 0) |
			 (c->options->tree.cross_mounts ? 0 : (unsigned)FLIST_ONE_FILESYSTEM) |
			 (c->options->collect.bulk ? (unsigned)FLIST_BULK : 0),
		.threads = {.jobs = (unsigned)c->options->tree.tree_jobs,
			    .decided = update_peak,
			    .arg = c},
		.each = count,
		.arg = c->tallies,
		.cancel = &cmd_stop,
		.extra = extra_fields[c->options->collect.xattrs],
	};
	struct stat root;
	if (!*c->root)
		return err_errno(err, -ENOENT, "cannot open ''");
	if (stat(c->root, &root))
		return err_errno(err, -errno, "cannot open %s", c->root);
	c->root_dev = root.st_dev;
	uint64_t began = clock_ns();
	int error = flist_collect(&c->list, c->root, &options);
	c->spent_ns = MAX(clock_ns() - began, 1);
	if (error == -ECANCELED)
		return err_set(err, -EINTR, "%s: interrupted", c->root);
	return error ? err_errno(err, error, "cannot list %s", c->root) : 0;
}

static uint64_t count_mounts(const struct collection *c)
{
	uint64_t n = 0;
	for (unsigned i = 0; i < c->jobs; i++)
		n += c->tallies[i].mounts;
	return n;
}

static void print_visible(FILE *to, const char *bytes)
{
	struct arena *arena = arena_new();
	const char *text = arena ? text_visible(arena, bytes) : NULL;
	fputs(or_unknown(text), to);
	arena_free(arena);
}

static void print_types(const struct collection *c)
{
	const char *between = "  ";
	for (size_t type = 0; type < CENSUS_TYPES; type++) {
		uint64_t n = 0;
		for (unsigned i = 0; i < c->jobs; i++)
			n += c->tallies[i].types[type];
		if (n == 0)
			continue;
		printf("%s%s", between, COUNTED(n, census_one[type]));
		between = ", ";
	}
	if (flist_list_length(c->list) > 0)
		putchar('\n');
}

static void print_volume(const struct volume *volume)
{
	printf("%s in files", COUNTED_WIDE(volume->bytes, "byte"));
	if (volume->further)
		printf(" (each inode counted once; %s)", COUNTED(volume->further, "further name"));
	putchar('\n');
}

static void print_mounts(FILE *to, const struct collection *c)
{
	const uint64_t n = count_mounts(c);
	if (n > 0)
		fprintf(to, "%s %s not entered (--cross-mounts enters %s)\n",
			COUNTED(n, "mount point"), n == 1 ? "was" : "were", n == 1 ? "it" : "them");
}

static void print_xattrs(const struct collection *c)
{
	uint64_t with = 0, acl = 0, unknown = 0;
	for (unsigned i = 0; i < c->jobs; i++) {
		with += c->tallies[i].with_xattrs;
		acl += c->tallies[i].with_acl;
		unknown += c->tallies[i].xattrs_unknown;
	}
	printf("extended attributes: %s, ", COUNTED(with, "entry"));
	printf("%s with ACLs", COUNTED(acl, "entry"));
	if (unknown)
		printf(", of %s they are not known", COUNTED(unknown, "entry"));
	printf(", by %s\n", flist_xattr_backend() ? flist_xattr_backend() : "no call");
}

/* Prints how metadata was read: by calls, from the filesystem's tables, or by both. */
static void print_means(const struct collection *c)
{
	const struct flist_how *how = flist_list_how(c->list);
	const uint64_t n = flist_list_length(c->list);
	if (how->bulk && how->by_tables >= n)
		printf(", by the filesystem's tables");
	else if (how->bulk)
		printf(", %s by the filesystem's tables, the others by %s",
		       COUNTED(how->by_tables, "entry"), flist_backend(0));
	else
		printf(", by %s", flist_backend(0));
}

/* Prints why --bulk was not used, or only in part. */
static void print_why_not(const struct collection *c)
{
	const struct flist_how *how = flist_list_how(c->list);
	if (how->why_not)
		printf("%swalked by calls: %s\n", how->bulk ? "partly " : "", how->why_not);
}

static int print_summary(const struct collection *c, struct err *err)
{
	const char *rate;
	const uint64_t n = flist_list_length(c->list), millis = c->spent_ns / 1000000;
	struct volume volume;
	int error = measure_volume(c, &volume);
	if (error)
		return err_errno(err, error, "cannot add up %s", c->root);
	print_visible(stdout, c->root);
	printf(": %s, ", COUNTED(n, "entry"));
	print_volume(&volume);
	print_types(c);
	if (c->options->collect.xattrs)
		print_xattrs(c);
	print_mounts(stdout, c);
	rate = GROUPED((uint64_t)((unsigned __int128)n * NS_PER_SECOND / c->spent_ns));
	printf("collected in %" PRIu64 ".%03" PRIu64 " s (%s entries/s): %s%s", millis / 1000,
	       millis % 1000, rate, c->options->tree.tree_jobs || c->peak == 1 ? "" : "up to ",
	       COUNTED(c->peak, "job"));
	print_means(c);
	if (n > 0)
		printf(", %s of memory per entry", COUNTED(flist_list_bytes(c->list) / n, "byte"));
	putchar('\n');
	print_why_not(c);
	return 0;
}

static size_t print_failures(const struct collection *c)
{
	size_t n;
	const struct flist_failure *failures = flist_list_failures(c->list, &n);
	for (size_t i = 0; i < n && i < FAILURES_NAMED; i++) {
		const char *slash = c->root[strlen(c->root) - 1] == '/' ? "" : "/";
		fputs("statmark: ", stderr);
		print_visible(stderr, c->root);
		fputs(*failures[i].path ? slash : "", stderr);
		print_visible(stderr, failures[i].path);
		fprintf(stderr, ": %s\n", strerror(failures[i].error));
	}
	if (n > FAILURES_NAMED)
		fprintf(stderr, "statmark: ... and %s\n",
			COUNTED(n - FAILURES_NAMED, "more failure"));
	return n;
}

/* If the reader closes the pipe, this program ends without a message, like other filters. */
static int print_list(const struct collection *c, struct err *err)
{
	signal(SIGPIPE, SIG_DFL);
	setvbuf(stdout, NULL, _IOFBF, OUTPUT_BUFFER);
	const struct listing_of of = {.list = c->list, .root = c->root, .mounts = count_mounts(c)};
	int error = listing_write(stdout, c->listing, &of, &cmd_stop);
	if (error == -EINTR)
		return err_set(err, error, "%s: interrupted", c->root);
	if (error == -EIO)
		return 0; /* errors of writing are reported when stdout is closed */
	return error ? err_errno(err, error, "cannot print the list of %s", c->root) : 0;
}

static enum exit_code collect(const union options *all, char **operands)
{
	const struct collect_command *options = &all->collect;
	struct collection c;
	struct err err = {0};
	size_t failures = 0;
	struct progress_line *line = progress_line_new(true);
	int error = begin(&c, options, operands, &err);
	if (!error)
		error = collect_list(&c, &err);
	progress_line_free(line);
	if (!error) {
		error = c.listing == LISTING_NONE ? print_summary(&c, &err) : print_list(&c, &err);
		fflush(stdout);
		if (c.listing != LISTING_NONE && count_mounts(&c) > 0) {
			fputs("statmark: ", stderr);
			print_mounts(stderr, &c);
		}
		failures = print_failures(&c);
	}
	for (unsigned i = 0; c.tallies && i < c.jobs; i++)
		inodes_release(&c.tallies[i].linked);
	free(c.tallies);
	flist_list_free(c.list);
	if (error)
		return cmd_fail(&err);
	return failures ? EXIT_FAILED : EXIT_DONE;
}

const struct command cmd_collect = {
	.name = "collect",
	.operands = "[DIR]",
	.summary = "list a directory tree with metadata, using the library",
	.details =
		"Walks DIR (default: .) once with libflist, the library that statmark measures.\n"
		"Prints a summary and the time it took. With --print0, --long or --json it lists\n"
		"all entries, sorted by the bytes of their paths. Entries that cannot be read\n"
		"are named on stderr, and the exit code is 4.\n",
	.bit = CMD_COLLECT,
	.run = collect,
};
