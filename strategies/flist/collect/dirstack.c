/*
 * Opens the directories that a walk visits. A directory whose path has up to 4,095 bytes is opened
 * in one step, relative to the deepest directory above it that is open, or to the root. A directory
 * with a longer path is opened level by level. When the walk returns to such a directory after its
 * descriptor was closed, it is opened by ".." from a level below that is still open, and fstat(2)
 * shows whether this is the same directory as before: it is not if a directory was moved meanwhile
 * or a symbolic link was followed. Only then is the whole path opened again from the root.
 */
#include "strategies/flist/collect/dirstack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strategies/flist/list/arena.h"

struct flist_level {
	const struct flist_node *node;
	int fd;            /* -1: none */
	uint32_t same;     /* next level with an equal hash; NO_LEVEL: none */
	bool known;        /* dev and ino are set */
	uint64_t dev, ino; /* of the directory when its descriptor was closed */
};

enum {
	NO_LEVEL = UINT32_MAX,
	UPS_MOST = FLIST_PIECE_MAX / 3, /* maximum number of "../" in one path */
};

static bool is_far(const struct flist_node *node)
{
	return node->path_len > FLIST_PIECE_MAX;
}

static void close_level(struct flist_level *level)
{
	if (level->fd >= 0)
		close(level->fd);
	level->fd = -1;
}

/*
 * Closes the descriptors of the lowest levels until at most `window` are open, the last of them
 * level i. Records which directories those with long paths were, for reopen.
 */
static void give_up(struct flist_dirstack *t, size_t i)
{
	for (; t->lowest + t->window <= i; t->lowest++) {
		struct flist_level *level = &t->levels[t->lowest];
		struct stat st;
		if (level->fd >= 0 && is_far(level->node) && fstat(level->fd, &st) == 0) {
			level->known = true;
			level->dev = st.st_dev;
			level->ino = st.st_ino;
		}
		close_level(level);
	}
}

static size_t hash_of(const struct flist_dirstack *t, const struct flist_node *node)
{
	const uint64_t mixed = (node->ino ^ node->dev << 32) * UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(mixed >> 32) & (t->heads_room - 1);
}

/* Removes level n and all levels after it. The level hashed last is the first of its chain. */
static void cut(struct flist_dirstack *t, size_t n)
{
	for (; t->hashed > n; t->hashed--) {
		const struct flist_level *level = &t->levels[t->hashed - 1];
		t->heads[hash_of(t, level->node)] = level->same;
	}
	for (size_t i = n > t->lowest ? n : t->lowest; i < t->n; i++)
		close_level(&t->levels[i]);
	t->n = n;
	if (t->lowest > n)
		t->lowest = n;
}

void flist_dirstack_leave(struct flist_dirstack *stack)
{
	cut(stack, 0);
}

void flist_dirstack_release(struct flist_dirstack *stack)
{
	flist_dirstack_leave(stack);
	free(stack->levels);
	free(stack->path);
	free(stack->heads);
	*stack = (struct flist_dirstack){.n = 0};
}

void flist_dirstack_shed(struct flist_dirstack *stack)
{
	stack->window = 1;
	if (stack->n > 0)
		give_up(stack, stack->n - 1);
}

/* Returns the number of levels that the stack and the way from the root to the node share. */
static size_t count_shared(const struct flist_dirstack *t, const struct flist_node *node)
{
	while (node && (node->depth >= t->n || t->levels[node->depth].node != node))
		node = node->parent;
	return node ? (size_t)node->depth + 1 : 0;
}

/*
 * Returns the descriptor of the last of the first *n levels that has one, and sets *n to the number
 * of levels up to it. If none has one, returns -1 and sets *n to 0.
 */
static int find_open(const struct flist_dirstack *t, size_t *n)
{
	for (; *n > t->lowest; --*n) {
		if (t->levels[*n - 1].fd >= 0)
			return t->levels[*n - 1].fd;
	}
	*n = 0;
	return -1;
}

static int go_up(int fd, size_t levels)
{
	char path[3 * UPS_MOST + 1];
	int at = fd;
	while (levels > 0) {
		const size_t n = levels < UPS_MOST ? levels : UPS_MOST;
		for (size_t i = 0; i < n; i++)
			memcpy(path + 3 * i, "../", 4);
		const int up = openat(at, path, FLIST_OPEN_PASSING | O_DIRECTORY | O_CLOEXEC);
		const int error = errno;
		if (at != fd)
			close(at);
		if (up < 0)
			return -error;
		at = up;
		levels -= n;
	}
	return at;
}

/*
 * Opens level i again, by ".." from a level below it that is still open. 0 or -errno; -ENOENT: none
 * is open, or the level was not recorded; -ESTALE: it is another directory now.
 */
static int reopen(struct flist_dirstack *t, size_t i)
{
	struct flist_level *level = &t->levels[i];
	struct stat st;
	size_t below = i + 1 > t->lowest ? i + 1 : t->lowest;
	while (below < t->n && t->levels[below].fd < 0)
		below++;
	if (!level->known || below >= t->n)
		return -ENOENT;
	const int fd = go_up(t->levels[below].fd, below - i);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || st.st_dev != level->dev || st.st_ino != level->ino) {
		close(fd);
		return -ESTALE;
	}
	level->fd = fd;
	t->lowest = i;
	return 0;
}

static int grow_stack(struct flist_dirstack *t, const struct flist_node *node)
{
	const size_t old = t->room, need = (size_t)node->path_len + 1 + FLIST_NAME_MOST + 1;
	const int ret =
		flist_grow(&t->levels, &t->room, (size_t)node->depth + 1, sizeof(*t->levels));
	if (t->room != old)
		t->hashed = 0; /* make_heads makes a larger table */
	return ret ? ret : flist_grow(&t->path, &t->path_room, need, 1);
}

/* Adds the levels from depth n to the node, and writes their names to the path. */
static void extend(struct flist_dirstack *t, size_t n, const struct flist_node *node)
{
	t->n = (size_t)node->depth + 1;
	for (; node && node->depth >= n; node = node->parent) {
		char *name = t->path + node->path_len - node->name_len;
		t->levels[node->depth] = (struct flist_level){.node = node, .fd = -1};
		if (node->name_len > 0)
			flist_copy_name(name, node->name, node->name_len);
		if (name > t->path)
			name[-1] = '/';
	}
}

/*
 * Opens level i relative to fd, which is that of level n - 1, or relative to the root if n is 0.
 * Returns a descriptor or -errno.
 */
static int open_from(struct flist_dirstack *t, size_t n, int fd, size_t i)
{
	const struct flist_node *node = t->levels[i].node;
	const size_t from = n > 0 ? flist_node_prefix(t->levels[n - 1].node) : 0;
	fd = flist_opener_open_at(t->opener, n > 0 ? fd : t->opener->root, t->path + from,
				  node->path_len - from, t->to_read && i + 1 == t->n);
	if (fd < 0)
		return fd;
	t->levels[i].fd = fd;
	if (n == 0)
		t->lowest = i;
	give_up(t, i);
	return fd;
}

/* Opens the last level, relative to the deepest level that is open. */
static int open_last(struct flist_dirstack *t)
{
	const size_t last = t->n - 1;
	size_t n = last, near = 0;
	int fd = find_open(t, &n);
	if (!is_far(t->levels[last].node))
		return open_from(t, n, fd, last);
	while (n == 0 && !is_far(t->levels[near + 1].node))
		near++;
	if (near > 0) {
		fd = open_from(t, 0, -1, near);
		n = near + 1;
	}
	for (; n < last && fd >= 0; n++)
		fd = open_from(t, n, fd, n);
	return fd < 0 ? fd : open_from(t, n, fd, last);
}

static bool lacks_descriptors(int ret)
{
	return ret == -EMFILE || ret == -ENFILE;
}

/*
 * If the path of level n - 1 is long and none of the first n levels is open, tries to open it again
 * by "..", which takes fewer calls than opening the way from the root. Errors are ignored.
 */
static void prepare(struct flist_dirstack *t, size_t n)
{
	size_t open = n;
	if (n == 0 || !is_far(t->levels[n - 1].node) || find_open(t, &open) >= 0)
		return;
	if (lacks_descriptors(reopen(t, n - 1))) {
		flist_dirstack_shed(t);
		reopen(t, n - 1);
	}
}

int flist_dirstack_go(struct flist_dirstack *stack, const struct flist_node *node, bool to_read)
{
	size_t n = count_shared(stack, node);
	int ret = grow_stack(stack, node);
	if (ret)
		return ret;
	if (n > node->depth) {
		cut(stack, n);
		if (stack->levels[--n].fd >= 0)
			return stack->levels[n].fd;
	}
	stack->to_read = to_read;
	prepare(stack, n);
	cut(stack, n);
	extend(stack, n, node);
	ret = open_last(stack);
	if (!lacks_descriptors(ret))
		return ret;
	flist_dirstack_shed(stack);
	return open_last(stack);
}

int flist_dirstack_name(struct flist_dirstack *stack, const struct flist_node *node)
{
	const size_t n = count_shared(stack, node);
	const int ret = grow_stack(stack, node);
	if (ret)
		return ret;
	cut(stack, n);
	if (n <= node->depth)
		extend(stack, n, node);
	return 0;
}

static int make_heads(struct flist_dirstack *t)
{
	uint32_t *heads;
	if (t->heads_room == t->room)
		return 0;
	heads = realloc(t->heads, t->room * sizeof(*heads));
	if (!heads)
		return -ENOMEM;
	for (size_t i = 0; i < t->room; i++)
		heads[i] = NO_LEVEL;
	t->heads = heads;
	t->heads_room = t->room;
	return 0;
}

int flist_dirstack_is_loop(struct flist_dirstack *stack)
{
	const struct flist_node *node = stack->levels[stack->n - 1].node;
	const int ret = make_heads(stack);
	if (ret)
		return ret;
	for (; stack->hashed + 1 < stack->n; stack->hashed++) {
		struct flist_level *level = &stack->levels[stack->hashed];
		uint32_t *head = &stack->heads[hash_of(stack, level->node)];
		level->same = *head;
		*head = (uint32_t)stack->hashed;
	}
	for (uint32_t i = stack->heads[hash_of(stack, node)]; i != NO_LEVEL;
	     i = stack->levels[i].same) {
		const struct flist_node *up = stack->levels[i].node;
		if (up->ino == node->ino && up->dev == node->dev)
			return 1;
	}
	return 0;
}
