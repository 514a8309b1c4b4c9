/* The queue of a prefetching cursor: the entries that it has not returned yet, in order. */
#include "strategies/flist/prefetch/prefetch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Directories ----------------------------------------------------------------------------- */

struct flist_folder *flist_folder_new(struct flist_folder *parent, const char *name, size_t len)
{
	struct flist_folder *f = calloc(1, sizeof(*f) + len + 1);
	if (!f)
		return NULL;
	memcpy(f->name, name, len);
	f->name_len = (uint32_t)len;
	f->parent = parent;
	f->fd = -1;
	f->holders = 1; /* of its first stretch */
	f->whole.folder = f;
	f->stretches = &f->whole;
	if (parent) {
		f->path_len = flist_folder_prefix(parent) + (uint32_t)len;
		f->depth = parent->depth + 1;
	}
	return f;
}

static void free_folder(struct flist_folder *f)
{
	for (uint32_t i = 0; f->pages && i * FLIST_PAGE < f->n; i++)
		free(atomic_load_explicit(&f->pages[i], memory_order_relaxed));
	free((void *)f->pages);
	free(f->names);
	free(f);
}

/* ---- Descriptors ----------------------------------------------------------------------------- */

static void shut(struct flist_queue *queue, int fd)
{
	if (queue->n_shut < FLIST_SHUT_MOST)
		queue->shut[queue->n_shut++] = fd;
	else
		close(fd);
}

static void unlink_open(struct flist_queue *queue, struct flist_folder *f)
{
	*(f->newer ? &f->newer->older : &queue->newest) = f->older;
	*(f->older ? &f->older->newer : &queue->oldest) = f->newer;
	f->newer = f->older = NULL;
	queue->open--;
}

static void link_open(struct flist_queue *queue, struct flist_folder *f, int fd)
{
	f->fd = fd;
	f->older = queue->newest;
	*(queue->newest ? &queue->newest->newer : &queue->oldest) = f;
	queue->newest = f;
	queue->open++;
}

static void close_folder(struct flist_queue *queue, struct flist_folder *f)
{
	const int fd = f->fd;
	unlink_open(queue, f);
	f->fd = -1;
	shut(queue, fd);
}

static void close_unless_needed(struct flist_queue *queue, struct flist_folder *f)
{
	if (f->fd >= 0 && !f->users && !f->unread && !f->unanswered)
		close_folder(queue, f);
}

bool flist_queue_evict(struct flist_queue *queue)
{
	struct flist_folder *f = queue->oldest;
	while (f && f->users)
		f = f->newer;
	if (f)
		close_folder(queue, f);
	return f != NULL;
}

void flist_queue_lend(struct flist_queue *queue, struct flist_claim *claim, int fd)
{
	struct flist_folder *f = claim->folder;
	if (f->fd < 0)
		link_open(queue, f, fd);
	else
		shut(queue, fd); /* another job has opened it, too */
	f->users++;
	claim->fd = f->fd;
}

/* Ends a claim's use of a folder's descriptor. */
static void give_back(struct flist_queue *queue, struct flist_folder *f, int fd)
{
	if (fd >= 0 && f)
		f->users--;
	if (f)
		close_unless_needed(queue, f);
}

void flist_folder_let_go(struct flist_queue *queue, struct flist_folder *folder)
{
	while (folder && --folder->holders == 0) {
		struct flist_folder *parent = folder->parent;
		if (folder->fd >= 0)
			close_folder(queue, folder);
		free_folder(folder);
		folder = parent;
	}
}

/* ---- The queue ------------------------------------------------------------------------------- */

void flist_queue_begin(struct flist_queue *queue, struct flist_folder *root)
{
	queue->head = queue->scout = &root->whole;
}

static void remove_head(struct flist_queue *queue)
{
	struct flist_stretch *s = queue->head;
	struct flist_folder *f = s->folder;
	queue->head = s->next;
	if (queue->scout == s)
		queue->scout = s->next;
	if (f->recent == s)
		f->recent = NULL;
	f->stretches = s->later;
	if (s != &f->whole)
		free(s);
	flist_folder_let_go(queue, f);
}

void flist_queue_release(struct flist_queue *queue)
{
	while (queue->head)
		remove_head(queue);
}

/*
 * Whether an entry comes before those below a directory in the order of paths, although its name
 * comes after that of the directory.
 */
static bool goes_before(const struct flist_listed_name *name, const struct flist_listed_name *dir)
{
	return name->len > dir->len && (unsigned char)name->text[dir->len] < '/' &&
	       memcmp(name->text, dir->text, dir->len) == 0;
}

uint32_t flist_folder_after(const struct flist_folder *folder, uint32_t index)
{
	uint32_t after = index;
	while (after + 1 < folder->n &&
	       goes_before(&folder->names[after + 1], &folder->names[index]))
		after++;
	return after;
}

/*
 * Returns the folder's stretch that ends with entry `after`; splits one if necessary. NULL: out of
 * memory.
 */
static struct flist_stretch *split(struct flist_folder *f, uint32_t after)
{
	struct flist_stretch *s = f->recent && f->recent->begin <= after ? f->recent : f->stretches;
	struct flist_stretch *rest;
	while (after >= flist_stretch_end(s))
		s = s->later;
	f->recent = s;
	if (after + 1 == flist_stretch_end(s))
		return s;
	rest = malloc(sizeof(*rest));
	if (!rest)
		return NULL;
	*rest = (struct flist_stretch){.next = s->next,
				       .later = s->later,
				       .folder = f,
				       .begin = after + 1,
				       .claimed = s->claimed > after ? s->claimed : after + 1,
				       .at = after + 1};
	atomic_init(&rest->end, flist_stretch_end(s));
	s->claimed = s->claimed > after ? after + 1 : s->claimed;
	atomic_store_explicit(&s->end, after + 1, memory_order_relaxed);
	s->next = s->later = rest;
	f->holders++;
	return s;
}

/* Whether directory g is, or lies in, a child of f whose name comes after that of another child. */
static bool lies_behind(const struct flist_folder *g, const struct flist_folder *f, uint32_t index)
{
	while (g && g->depth > f->depth + 1)
		g = g->parent;
	return g && g->parent == f && g->index > index;
}

int flist_queue_enter(struct flist_queue *queue, struct flist_folder *child, uint32_t after)
{
	struct flist_folder *f = child->parent;
	struct flist_stretch *s = split(f, after);
	if (!s)
		return -ENOMEM;
	/*
	 * Entries that come between a directory and its own entries may be directories with
	 * entries, too.
	 */
	while (s->next && lies_behind(s->next->folder, f, child->index))
		s = s->next;
	child->whole.next = s->next;
	s->next = &child->whole;
	f->holders++;
	f->unread++;
	queue->scout = queue->head;
	return 0;
}

void flist_queue_arrive(struct flist_queue *queue, struct flist_folder *folder)
{
	if (folder->is_ahead)
		queue->held -= folder->n + 1;
	folder->is_ahead = false;
}

void flist_queue_advance(struct flist_queue *queue)
{
	remove_head(queue);
}

/* ---- Work ------------------------------------------------------------------------------------ */

static void count_claim(struct flist_queue *queue)
{
	queue->busy++;
	queue->claims++;
}

static void claim_reading(struct flist_queue *queue, struct flist_folder *f,
			  struct flist_claim *claim)
{
	struct flist_folder *parent = f->parent;
	*claim = (struct flist_claim){.folder = f, .fd = parent ? parent->fd : -1};
	atomic_store_explicit(&f->state, FLIST_READING, memory_order_relaxed);
	count_claim(queue);
	queue->reading++;
	f->holders++;
	if (claim->fd >= 0)
		parent->users++;
}

/* Allocates memory for the results of n names from `first`. 0 or -ENOMEM. */
static int make_pages(struct flist_folder *f, uint32_t first, uint32_t n)
{
	for (uint32_t at = first / FLIST_PAGE; at <= (first + n - 1) / FLIST_PAGE; at++) {
		const uint32_t left = f->n - at * FLIST_PAGE;
		struct flist_known *page =
			atomic_load_explicit(&f->pages[at], memory_order_relaxed);
		if (page)
			continue;
		page = malloc((left < FLIST_PAGE ? left : FLIST_PAGE) * sizeof(*page));
		if (!page)
			return -ENOMEM;
		for (uint32_t i = 0; i < left && i < FLIST_PAGE; i++)
			atomic_init(&page[i].is_known, false);
		atomic_store_explicit(&f->pages[at], page, memory_order_release);
	}
	return 0;
}

static int claim_names(struct flist_queue *queue, struct flist_stretch *s, uint32_t n,
		       struct flist_claim *claim)
{
	struct flist_folder *f = s->folder;
	if (make_pages(f, s->claimed, n))
		return -ENOMEM;
	*claim = (struct flist_claim){.folder = f, .first = s->claimed, .n = n, .fd = f->fd};
	s->claimed += n;
	queue->asked += n;
	count_claim(queue);
	f->holders++;
	if (f->fd >= 0)
		f->users++;
	return 1;
}

static uint32_t least(uint64_t a, uint64_t b, uint64_t c)
{
	const uint64_t d = a < b ? a : b;
	return (uint32_t)(c < d ? c : d);
}

static bool may_read_ahead(struct flist_queue *queue)
{
	if (queue->held + queue->reading < queue->depth)
		return queue->open + queue->reading < queue->open_most;
	queue->is_short = true;
	return false;
}

int flist_queue_claim(struct flist_queue *queue, uint32_t most, struct flist_claim *claim)
{
	const uint64_t ahead = queue->asked - queue->given;
	struct flist_stretch *passed = NULL; /* the first one that has work for later */
	for (struct flist_stretch *s = queue->scout; s; s = s->next) {
		const int state = atomic_load_explicit(&s->folder->state, memory_order_relaxed);
		const uint32_t left = state == FLIST_READ ? flist_stretch_end(s) - s->claimed : 0;
		queue->scout = passed ? passed : s;
		if (left > 0 && ahead >= queue->depth) {
			queue->is_short = true;
			return 0;
		}
		if (left > 0)
			return claim_names(queue, s, least(left, most, queue->depth - ahead),
					   claim);
		if (state == FLIST_UNREAD && may_read_ahead(queue)) {
			claim_reading(queue, s->folder, claim);
			return 1;
		}
		if (state == FLIST_UNREAD && !passed)
			passed = s;
	}
	return 0;
}

int flist_queue_claim_head(struct flist_queue *queue, uint32_t most, struct flist_claim *claim)
{
	struct flist_stretch *s = queue->head;
	const int state = atomic_load_explicit(&s->folder->state, memory_order_relaxed);
	const uint32_t left = flist_stretch_end(s) - s->claimed;
	const uint64_t ahead = queue->asked - queue->given;
	const uint64_t room = ahead < queue->depth ? queue->depth - ahead : 1;
	if (state == FLIST_UNREAD) {
		claim_reading(queue, s->folder, claim);
		return 1;
	}
	if (state != FLIST_READ || s->at != s->claimed || left == 0)
		return 0;
	return claim_names(queue, s, least(left, most, room), claim);
}

void flist_queue_read(struct flist_queue *queue, const struct flist_claim *claim, int fd)
{
	struct flist_folder *f = claim->folder, *parent = f->parent;
	queue->busy--;
	queue->reading--;
	f->unanswered = f->n;
	f->is_ahead = queue->head != &f->whole;
	if (f->is_ahead)
		queue->held += f->n + 1;
	atomic_store_explicit(&f->whole.end, f->n, memory_order_relaxed);
	if (fd >= 0)
		link_open(queue, f, fd);
	if (parent) {
		parent->unread--;
		give_back(queue, parent, claim->fd);
	}
	close_unless_needed(queue, f);
	queue->scout = queue->head;
	atomic_store_explicit(&f->state, FLIST_READ, memory_order_release);
	flist_folder_let_go(queue, f);
}

/*
 * The directory to be read still counts in the parent's `unread`, so the parent's descriptor stays
 * open.
 */
void flist_queue_forgo(struct flist_queue *queue, struct flist_claim *claim)
{
	if (claim->fd >= 0 && claim->folder->parent)
		give_back(queue, claim->folder->parent, claim->fd);
	claim->fd = -1;
}

void flist_queue_answered(struct flist_queue *queue, const struct flist_claim *claim)
{
	struct flist_folder *f = claim->folder;
	queue->busy--;
	f->unanswered -= claim->n;
	give_back(queue, f, claim->fd);
	flist_folder_let_go(queue, f);
}
