#include "datasets/sim/answer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"

#define XATTR_PREFIX "user.statmark." /* followed by a number, as in tree/entry.c */

enum { BLOCK = 4096, NAME_BYTES_MAX = 255 };

/* --- Attributes ---------------------------------------------------------------------------- */

static bool attr_of(struct answerer *a, uint64_t number, struct fuse_attr *attr)
{
	struct node_name name;
	if (number == NODE_ROOT) {
		nodes_root_attr(&a->nodes, attr);
		return true;
	}
	if (!nodes_find(&a->nodes, number, &name))
		return false;
	nodes_attr(&a->nodes, &name, attr);
	return true;
}

/*
 * The attributes in the reply to a lookup are used by the call that made the lookup, so they must
 * be valid for a moment: the kernel rounds up to a tick of its clock.
 */
static void fill_entry(const struct answerer *a, const struct fuse_attr *attr,
		       struct fuse_entry_out *out)
{
	const uint64_t attr_ns = MAX(a->options->attr_cache_ns, 1);
	const uint64_t entry_ns = a->options->entry_cache_ns;
	*out = (struct fuse_entry_out){
		.nodeid = attr->ino,
		.generation = 1,
		.entry_valid = entry_ns / NS_PER_SECOND,
		.entry_valid_nsec = (uint32_t)(entry_ns % NS_PER_SECOND),
		.attr_valid = attr_ns / NS_PER_SECOND,
		.attr_valid_nsec = (uint32_t)(attr_ns % NS_PER_SECOND),
		.attr = *attr,
	};
}

/*
 * Whether the caller has this permission: R_OK, W_OK, X_OK. Of its groups only the first is known.
 */
static bool may(const struct fuse_in_header *in, const struct fuse_attr *attr, uint32_t mask)
{
	uint32_t bits = attr->mode & 7;
	if (in->uid == 0)
		return !(mask & X_OK) || S_ISDIR(attr->mode) || attr->mode & 0111;
	if (in->uid == attr->uid)
		bits = attr->mode >> 6 & 7;
	else if (in->gid == attr->gid)
		bits = attr->mode >> 3 & 7;
	return (bits & mask) == mask;
}

/* --- Requests, one function each: returns data and their size, or an error ------------------ */

static int give(struct answerer *a, struct sim_answer *answer, const void *data, size_t size)
{
	memcpy(a->data, data, size);
	answer->data = a->data;
	answer->size = size;
	return 0;
}

static int lookup(struct answerer *a, const struct fuse_request *request, struct sim_answer *answer)
{
	const struct fuse_in_header *in = request->in;
	struct node_name name;
	struct fuse_attr attr;
	struct fuse_entry_out out = {0};
	if (!nodes_dir(&a->nodes, in->nodeid, &name.in))
		return -ENOTDIR;
	if (in->uid) {
		attr_of(a, in->nodeid, &attr);
		if (!may(in, &attr, X_OK))
			return -EACCES;
	}
	name.entry = gen_find(&name.in.dir, request->body);
	if (name.entry < gen_entries(&name.in.dir)) {
		nodes_attr(&a->nodes, &name, &attr);
		fill_entry(a, &attr, &out);
	} else if (a->options->entry_cache_ns) {
		fill_entry(a, &(struct fuse_attr){0}, &out); /* also negative entries are cached */
	} else {
		return -ENOENT;
	}
	return give(a, answer, &out, sizeof(out));
}

static int get_attr(struct answerer *a, const struct fuse_request *request,
		    struct sim_answer *answer)
{
	const uint64_t ns = a->options->attr_cache_ns;
	struct fuse_attr_out out = {
		.attr_valid = ns / NS_PER_SECOND,
		.attr_valid_nsec = (uint32_t)(ns % NS_PER_SECOND),
	};
	if (!attr_of(a, request->in->nodeid, &out.attr))
		return -ESTALE;
	return give(a, answer, &out, sizeof(out));
}

static int read_link(struct answerer *a, const struct fuse_request *request,
		     struct sim_answer *answer)
{
	struct node_name name;
	struct gen_entry entry;
	if (!nodes_find(&a->nodes, request->in->nodeid, &name))
		return -ESTALE;
	nodes_resolve(&a->nodes, &name, &entry);
	return give(a, answer, entry.target, strlen(entry.target));
}

static int open_node(struct answerer *a, const struct fuse_request *request,
		     struct sim_answer *answer)
{
	const struct fuse_open_in *how = request->body;
	struct fuse_attr attr;
	if (!attr_of(a, request->in->nodeid, &attr))
		return -ESTALE;
	if ((how->flags & O_ACCMODE) != O_RDONLY)
		return -EROFS;
	if (!may(request->in, &attr, R_OK))
		return -EACCES;
	return give(a, answer, &(struct fuse_open_out){0}, sizeof(struct fuse_open_out));
}

static int check_access(struct answerer *a, const struct fuse_request *request,
			struct sim_answer *answer)
{
	const struct fuse_access_in *what = request->body;
	struct fuse_attr attr;
	(void)answer;
	if (!attr_of(a, request->in->nodeid, &attr))
		return -ESTALE;
	return may(request->in, &attr, what->mask & 7) ? 0 : -EACCES;
}

/* Files consist of a hole. */
static int read_file_at(struct answerer *a, const struct fuse_request *request,
			struct sim_answer *answer)
{
	const struct fuse_read_in *what = request->body;
	struct fuse_attr attr;
	if (!attr_of(a, request->in->nodeid, &attr))
		return -ESTALE;
	answer->size = what->offset < attr.size ? MIN(attr.size - what->offset, what->size) : 0;
	answer->size = MIN(answer->size, ANSWER_ROOM);
	memset(a->data, 0, answer->size);
	answer->data = a->data;
	return 0;
}

static int stat_fs(struct answerer *a, const struct fuse_request *request,
		   struct sim_answer *answer)
{
	const struct fuse_statfs_out out = {
		.st = {.files = a->nodes.root.dir.budget + 1,
		       .bsize = BLOCK,
		       .frsize = BLOCK,
		       .namelen = NAME_BYTES_MAX},
	};
	(void)request;
	return give(a, answer, &out, sizeof(out));
}

/* --- Extended attributes ------------------------------------------------------------------- */

/* size 0 requests the number of bytes only. */
static int give_sized(struct answerer *a, struct sim_answer *answer, size_t have, uint32_t size)
{
	if (size == 0) {
		const struct fuse_getxattr_out out = {.size = (uint32_t)have};
		return give(a, answer, &out, sizeof(out));
	}
	answer->data = a->data;
	answer->size = have;
	return have > size ? -ERANGE : 0;
}

static bool entry_of(struct answerer *a, uint64_t number, struct gen_entry *entry)
{
	struct node_name name;
	entry->n_xattrs = 0;
	if (number == NODE_ROOT)
		return true;
	if (!nodes_find(&a->nodes, number, &name))
		return false;
	nodes_resolve(&a->nodes, &name, entry);
	return true;
}

static int get_xattr(struct answerer *a, const struct fuse_request *request,
		     struct sim_answer *answer)
{
	const struct fuse_getxattr_in *what = request->body;
	const char *name = (const char *)(what + 1);
	struct gen_entry entry;
	uint64_t number;
	if (!entry_of(a, request->in->nodeid, &entry))
		return -ESTALE;
	if (strncmp(name, XATTR_PREFIX, strlen(XATTR_PREFIX)) != 0 ||
	    parse_integer(name + strlen(XATTR_PREFIX), &number) || number >= entry.n_xattrs)
		return -ENODATA;
	memset(a->data, 'x', entry.xattr_size);
	return give_sized(a, answer, entry.xattr_size, what->size);
}

static int list_xattrs(struct answerer *a, const struct fuse_request *request,
		       struct sim_answer *answer)
{
	const struct fuse_getxattr_in *what = request->body;
	struct gen_entry entry;
	size_t used = 0;
	if (!entry_of(a, request->in->nodeid, &entry))
		return -ESTALE;
	for (uint32_t i = 0; i < entry.n_xattrs; i++)
		used += 1 +
			(size_t)snprintf(a->data + used, ANSWER_ROOM - used, XATTR_PREFIX "%u", i);
	return give_sized(a, answer, used, what->size);
}

/* --- Listings ------------------------------------------------------------------------------ */

/* Offsets: 1 is after ".", 2 after "..", 3 + i after entry i. */
enum { DOTS = 2 };

struct dir_listing {
	struct answerer *a;
	struct node_dir dir;
	bool plus; /* with attributes */
	size_t used, room;
};

/* False: no space left. */
static bool put_name(struct dir_listing *list, const struct fuse_dirent *head, const char *name,
		     const struct fuse_entry_out *entry)
{
	const size_t first = list->plus ? sizeof(*entry) : 0;
	const size_t bare = first + FUSE_NAME_OFFSET + head->namelen;
	const size_t size = FUSE_DIRENT_ALIGN(bare);
	char *to = list->a->data + list->used;
	if (list->used + size > list->room)
		return false;
	if (list->plus)
		memcpy(to, entry, first);
	memcpy(to + first, head, FUSE_NAME_OFFSET);
	memcpy(to + first + FUSE_NAME_OFFSET, name, head->namelen);
	memset(to + bare, 0, size - bare);
	list->used += size;
	return true;
}

static bool put_dots(struct dir_listing *list, uint64_t at)
{
	const struct fuse_dirent head = {
		.ino = at ? list->dir.parent : list->dir.number,
		.off = at + 1,
		.namelen = (uint32_t)at + 1,
		.type = S_IFDIR >> 12,
	};
	return put_name(list, &head, "..", &(struct fuse_entry_out){0});
}

static bool may_be_links(const struct gen_dir *dir)
{
	return dir->special ? dir->special->group : dir->shape->hard_links.per_mille;
}

static bool put_entry(struct dir_listing *list, uint64_t i)
{
	char text[GEN_NAME_SIZE];
	struct node_name name = {list->dir, i};
	struct fuse_entry_out out = {0};
	const mode_t type = gen_type(&list->dir.dir, i);
	const size_t length = gen_name(&list->dir.dir, i, text);
	if (list->plus) {
		struct fuse_attr attr;
		nodes_attr(&list->a->nodes, &name, &attr);
		fill_entry(list->a, &attr, &out);
	} else if (S_ISREG(type) && may_be_links(&list->dir.dir)) {
		struct gen_entry entry;
		nodes_resolve(&list->a->nodes, &name, &entry);
	}
	const struct fuse_dirent head = {
		.ino = list->plus ? out.nodeid : nodes_number(&list->a->nodes, &name),
		.off = i + DOTS + 1,
		.namelen = (uint32_t)length,
		.type = type >> 12,
	};
	return put_name(list, &head, text, &out);
}

static int list_dir(struct answerer *a, const struct fuse_request *request,
		    struct sim_answer *answer)
{
	const struct fuse_read_in *what = request->body;
	struct dir_listing list = {
		.a = a,
		.plus = request->in->opcode == FUSE_READDIRPLUS,
		.room = MIN(what->size, ANSWER_ROOM),
	};
	if (!nodes_dir(&a->nodes, request->in->nodeid, &list.dir))
		return -ENOTDIR;
	const uint64_t end = gen_entries(&list.dir.dir) + DOTS;
	for (uint64_t at = what->offset; at < end; at++) {
		if (!(at < DOTS ? put_dots(&list, at) : put_entry(&list, at - DOTS)))
			break;
	}
	answer->data = a->data;
	answer->size = list.used;
	return 0;
}

/* --- All of them --------------------------------------------------------------------------- */

typedef int asked(struct answerer *a, const struct fuse_request *request,
		  struct sim_answer *answer);

static asked *const questions[] = {
	[FUSE_LOOKUP] = lookup,         [FUSE_GETATTR] = get_attr,  [FUSE_READLINK] = read_link,
	[FUSE_OPEN] = open_node,        [FUSE_OPENDIR] = open_node, [FUSE_ACCESS] = check_access,
	[FUSE_READ] = read_file_at,     [FUSE_STATFS] = stat_fs,    [FUSE_GETXATTR] = get_xattr,
	[FUSE_LISTXATTR] = list_xattrs, [FUSE_READDIR] = list_dir,  [FUSE_READDIRPLUS] = list_dir,
};

enum answer_kind answer_to(struct answerer *a, const struct fuse_request *request,
			   struct sim_answer *answer)
{
	const uint32_t opcode = request->in->opcode;
	*answer = (struct sim_answer){0};
	switch (opcode) {
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT: /* answers are never late enough for it */
		return ANSWER_NONE;
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
		return ANSWER_AT_HOME;
	default:
		break;
	}
	if (opcode >= ARRAY_LEN(questions) || !questions[opcode]) {
		answer->error = -ENOSYS; /* the kernel does not send it again */
		return ANSWER_AT_HOME;
	}
	answer->error = questions[opcode](a, request, answer);
	return ANSWER_REMOTE;
}
