/*
 * Fetches metadata and extended attributes of every entry in one pass, as backup programs need
 * them: the names, or also the values. Each call for attributes looks the entry up again, unless it
 * is open. So it matters how the entry is named: by full path (llistxattr); relative to its
 * directory's descriptor (listxattrat, Linux 6.13); or by opening it (flistxattr), which takes two
 * more calls and read permission, but then no lookup. If the kernel does not have the calls for
 * how=at, libflist uses a path through /proc.
 */
#include <errno.h>

#include "strategies/flist/extra/extra.h"
#include "strategies/xattrs.h"

enum { PARAM_HOW, PARAM_VALUES };

enum how { HOW_AT, HOW_PATH, HOW_FD };

static const char *const hows[] = {"at", "path", "fd", NULL};
static const char *const truths[] = {"no", "yes", NULL};

struct state {
	struct flist_asker *asker;
};

static enum xattr_choice wanted(const struct cell *cell)
{
	return cell->params[PARAM_VALUES] ? XATTRS_VALUES : XATTRS_NAMES;
}

static int setup(struct cell *cell, struct err *err)
{
	cell->answer.addressing = cell->params[PARAM_HOW] == HOW_AT ? ADDRESS_DIR : ADDRESS_PATH;
	cell->answer.opens = cell->params[PARAM_HOW] == HOW_FD;
	return xattrs_setup(cell, wanted(cell), err);
}

static int open_worker(struct worker *w)
{
	return flist_asker_new(&((struct state *)w->state)->asker);
}

static void close_worker(struct worker *w)
{
	flist_asker_free(((struct state *)w->state)->asker);
}

static void count_calls(struct worker *w, const struct flist_asker *a)
{
	static const enum syscall_kind lists[] = {SYSCALL_listxattrat, SYSCALL_llistxattr,
						  SYSCALL_flistxattr};
	static const enum syscall_kind gets[] = {SYSCALL_getxattrat, SYSCALL_lgetxattr,
						 SYSCALL_fgetxattr};
	if (a->lists == 0)
		return;
	worker_count(w, lists[a->method], a->lists);
	worker_count(w, gets[a->method], a->gets);
}

/* Fetches one entry. 0 or -ENOMEM; any other error is the result of the entry. */
static int ask(struct worker *w, const struct flist_question *q, struct record *r)
{
	struct flist_asker *asker = ((struct state *)w->state)->asker;
	struct flist_meta meta;
	int ret = flist_ask(q->dirfd, q->name, q->flags, FLIST_BASIC, &meta);
	worker_count(w, SYSCALL_newfstatat, 1);
	if (ret) {
		record_fail(r, -ret);
		return 0;
	}
	flist_asker_begin(asker);
	ret = flist_asker_rest(asker, q);
	count_calls(w, asker);
	if (!ret)
		record_extra(r, &meta, &asker->extra, wanted(w->cell));
	return ret;
}

/*
 * Opens an entry and fetches it. Regular files and directories are fetched by their descriptor.
 * Others are opened with O_PATH (open_flags), which gives no access to attributes, so those are
 * fetched by path.
 */
static int ask_opened(struct worker *w, struct flist_question *q, uint32_t entry, const char *path)
{
	const int flags = open_flags(&w->load->entries[entry]);
	const int fd = open(path, flags);
	int ret;
	worker_count(w, SYSCALL_openat, 1);
	if (fd < 0) {
		record_fail(&w->records[entry], errno);
		return 0;
	}
	const bool named = flags & O_PATH;
	q->dirfd = named ? AT_FDCWD : fd;
	q->name = named ? path : "";
	q->flags = named ? 0 : FLIST_ITSELF;
	q->method = named ? FLIST_XATTR_PATH : FLIST_XATTR_FD;
	ret = ask(w, q, &w->records[entry]);
	close(fd);
	worker_count(w, SYSCALL_close, 1);
	return ret;
}

static int ask_span(struct worker *w, const struct workload_span *span)
{
	const enum how how = (enum how)w->cell->params[PARAM_HOW];
	const size_t prefix = how == HOW_AT ? 0 : path_enter(w, span->dir);
	const int fd = how == HOW_AT ? dir_enter(w, span->dir) : AT_FDCWD;
	struct flist_question q = {
		.dirfd = fd,
		.wanted = xattrs_extra(wanted(w->cell)),
		.method = how == HOW_AT ? FLIST_XATTR_METHODS : FLIST_XATTR_PATH,
	};
	int ret = 0;
	if (how == HOW_AT && fd < 0) {
		record_fail_span(w, span, -fd);
		return 0;
	}
	for (uint32_t i = span->first; i < span->end && !ret && !worker_stopped(w); i++) {
		if (how == HOW_FD) {
			ret = ask_opened(w, &q, i, path_of(w, prefix, i));
			continue;
		}
		q.name = how == HOW_AT ? workload_name(w->load, i) : path_of(w, prefix, i);
		ret = ask(w, &q, &w->records[i]);
	}
	return ret;
}

static int run(struct worker *w)
{
	struct workload_span span;
	int ret = 0;
	while (!ret && worker_take(w, &span))
		ret = ask_span(w, &span);
	dir_leave(w);
	return ret;
}

/* Reports how many entries have attributes. */
static unsigned extras(const struct cell *cell, struct extra extras[EXTRAS_MAX])
{
	uint64_t n = 0;
	for (uint32_t i = 0; i < cell->load->n_entries; i++) {
		const struct record *r = &cell->records[i];
		n += r->status == 0 && r->fields & FIELD_XATTRS && r->xattrs != 0;
	}
	extras[0] = (struct extra){
		.name = "with_attributes",
		.unit = "entries",
		.higher_is_better = true,
		.part = n,
		.whole = cell->load->n_entries,
	};
	return 1;
}

STRATEGY(xattr) = {
	.name = "xattr",
	.summary = "metadata and extended attributes of every entry",
	.stage = STAGE_FETCH,
	.flags = STRATEGY_ON_REQUEST,
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_DIR},
	.worker_size = sizeof(struct state),
	.params = {{"how", "name entries on a directory descriptor, by full path, or open them", 0,
		    0, 2, hows},
		   {"values", "fetch values, too, not only names", 0, 0, 1, truths}},
	.probe = xattrs_probe,
	.setup = setup,
	.open = open_worker,
	.close = close_worker,
	.extras = extras,
	.run = run,
};
