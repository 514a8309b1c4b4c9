#include "strategies/flist/extra/extra.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(FLIST_EXTRA_ALL == (1 << FLIST_EXTRA_KINDS) - 1, "a status for each field");

/* ---- The asker ------------------------------------------------------------------------------- */

/*
 * The buffers have their final size for most entries, so that later calls allocate nothing. The
 * pages that are not used are never touched.
 */
int flist_asker_new(struct flist_asker **asker)
{
	struct flist_asker *a = calloc(1, sizeof(*a));
	*asker = NULL;
	if (!a)
		return -ENOMEM;
	a->names = malloc(FLIST_XATTR_MOST);
	a->xattrs_room = 256;
	a->xattrs = malloc(a->xattrs_room * sizeof(*a->xattrs));
	a->values_room = 2 * FLIST_XATTR_MOST;
	a->values = malloc(a->values_room);
	a->link_room = FLIST_LINK_FIRST;
	a->link = malloc(a->link_room);
	if (!a->names || !a->xattrs || !a->values || !a->link) {
		flist_asker_free(a);
		return -ENOMEM;
	}
	flist_asker_begin(a);
	*asker = a;
	return 0;
}

void flist_asker_free(struct flist_asker *asker)
{
	if (!asker)
		return;
	free(asker->names);
	free(asker->xattrs);
	free(asker->values);
	free(asker->link);
	free(asker);
}

void flist_asker_begin(struct flist_asker *asker)
{
	memset(&asker->extra, 0, sizeof(asker->extra));
	for (size_t i = 0; i < sizeof(asker->extra.status) / sizeof(*asker->extra.status); i++)
		asker->extra.status[i] = -ENODATA;
	asker->names_len = asker->values_len = 0;
	asker->lists = asker->gets = 0;
}

/*
 * Grows a buffer to hold `need` bytes, doubling its size. 0 or -ENOMEM, with the buffer unchanged.
 */
static int grow_bytes(char **buffer, size_t *room, size_t need)
{
	size_t size = *room;
	char *grown;
	if (need <= size)
		return 0;
	while (size < need)
		size *= 2;
	grown = realloc(*buffer, size);
	if (!grown)
		return -ENOMEM;
	*buffer = grown;
	*room = size;
	return 0;
}

/*
 * Sets the status of fields. -ENOSYS becomes -EOPNOTSUPP: the field is not available, which is no
 * failure.
 */
static void set_status(struct flist_asker *a, uint32_t fields, int ret)
{
	const int status = ret == -ENOSYS ? -EOPNOTSUPP : ret;
	if (!status)
		a->extra.valid |= fields;
	for (int i = 0; i < FLIST_EXTRA_KINDS; i++) {
		if (fields & 1U << i)
			a->extra.status[i] = (int16_t)status;
	}
}

int flist_extra_error(const struct flist_extra *extra)
{
	for (int i = 0; i < FLIST_EXTRA_KINDS; i++) {
		const int status = extra->status[i];
		if (status && status != -ENODATA && status != -EOPNOTSUPP)
			return status;
	}
	return 0;
}

/* ---- Extended attributes --------------------------------------------------------------------- */

/*
 * Inserts a name in the order of bytes, since filesystems list names in different orders. There are
 * few, so insertion is fast.
 */
static void insert_sorted(struct flist_xattr *all, size_t n, const char *name)
{
	size_t at = n;
	for (; at > 0 && strcmp(all[at - 1].name, name) > 0; at--)
		all[at] = all[at - 1];
	all[at] = (struct flist_xattr){.name = name, .status = -ENODATA};
}

static int make_xattrs_room(struct flist_asker *a, size_t n)
{
	struct flist_xattr *grown;
	if (n <= a->xattrs_room)
		return 0;
	grown = realloc(a->xattrs, 2 * n * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	a->xattrs = grown;
	a->xattrs_room = 2 * n;
	return 0;
}

static void add_acl(struct flist_extra *extra, const char *name)
{
	if (strcmp(name, "system.posix_acl_access") == 0)
		extra->acl |= FLIST_ACL_ACCESS;
	else if (strcmp(name, "system.posix_acl_default") == 0)
		extra->acl |= FLIST_ACL_DEFAULT;
}

/*
 * Splits the list of names that the kernel wrote. Empty names are left out. -EIO: the list of a
 * broken filesystem does not end with NUL.
 */
static int parse_names(struct flist_asker *a)
{
	size_t n = 0;
	for (const char *at = a->names; at < a->names + a->names_len;) {
		const size_t len = strnlen(at, (size_t)(a->names + a->names_len - at));
		if (at + len == a->names + a->names_len)
			return -EIO;
		if (len > 0) {
			if (make_xattrs_room(a, n + 1))
				return -ENOMEM;
			insert_sorted(a->xattrs, n++, at);
			add_acl(&a->extra, at);
		}
		at += len + 1;
	}
	a->extra.xattrs = n ? a->xattrs : NULL;
	a->extra.n_xattrs = n;
	return 0;
}

int flist_asker_take_names(struct flist_asker *asker, size_t len)
{
	int ret;
	flist_asker_begin(asker);
	asker->names_len = len;
	ret = parse_names(asker);
	if (ret)
		flist_asker_begin(asker);
	else
		set_status(asker, FLIST_XATTRS, 0);
	return ret;
}

/* Fetches a value and appends it to a->values. 0 or -ENOMEM. */
static int take_value(struct flist_asker *a, struct flist_subject *s, struct flist_xattr *x)
{
	ptrdiff_t len;
	if (grow_bytes(&a->values, &a->values_room, a->values_len + FLIST_XATTR_MOST))
		return -ENOMEM;
	len = flist_subject_value(s, x->name, a->values + a->values_len);
	x->status = len < 0 ? (int)len : 0;
	x->size = len < 0 ? 0 : (size_t)len;
	a->values_len += x->size;
	return 0;
}

/*
 * Fetches the values. Each attribute has its own status. One that was removed meanwhile (-ENODATA),
 * or whose value is not available (-EOPNOTSUPP), is no failure of the entry; *status is set to the
 * first other error. 0 or -ENOMEM.
 */
static int take_values(struct flist_asker *a, struct flist_subject *s, int *status)
{
	const char *at;
	for (size_t i = 0; i < a->extra.n_xattrs; i++) {
		struct flist_xattr *x = &a->xattrs[i];
		if (take_value(a, s, x))
			return -ENOMEM;
		if (!*status && x->status && x->status != -ENODATA && x->status != -EOPNOTSUPP)
			*status = x->status;
	}
	at = a->values; /* final: the buffer does not grow any more */
	for (size_t i = 0; i < a->extra.n_xattrs; i++) {
		a->xattrs[i].value = a->xattrs[i].status ? NULL : at;
		at += a->xattrs[i].size;
	}
	return 0;
}

static int ask_xattrs_of(struct flist_asker *a, struct flist_subject *s, uint32_t wanted)
{
	ptrdiff_t len = flist_subject_names(s, a->names);
	int ret, status = 0;
	if (len == -EOPNOTSUPP)
		len = 0; /* this filesystem has no attributes */
	a->names_len = len < 0 ? 0 : (size_t)len;
	ret = len < 0 ? (int)len : parse_names(a);
	set_status(a, wanted & (FLIST_XATTRS | FLIST_XATTR_VALUES), ret);
	if (ret || !(wanted & FLIST_XATTR_VALUES))
		return ret == -ENOMEM ? ret : 0;
	ret = take_values(a, s, &status);
	if (!ret && status) {
		a->extra.valid &= ~(uint32_t)FLIST_XATTR_VALUES;
		set_status(a, FLIST_XATTR_VALUES, status);
	}
	return ret;
}

static int ask_xattrs(struct flist_asker *a, const struct flist_question *q)
{
	struct flist_subject subject;
	const uint32_t wanted = q->wanted | (q->wanted & FLIST_XATTR_VALUES ? FLIST_XATTRS : 0);
	int ret = flist_subject_init(&subject, q->method, q->dirfd, q->name, q->flags);
	if (ret) {
		set_status(a, wanted & (FLIST_XATTRS | FLIST_XATTR_VALUES), ret);
		return 0;
	}
	ret = ask_xattrs_of(a, &subject, wanted);
	a->method = subject.method;
	a->lists = subject.lists;
	a->gets = subject.gets;
	flist_subject_release(&subject);
	return ret;
}

/* ---- The target of a link -------------------------------------------------------------------- */

/*
 * Whether the entry may be a symbolic link. 0: it may; -EINVAL: it is not one. If its type has to
 * be fetched and that fails: that error.
 */
static int find_link(const struct flist_question *q)
{
	struct flist_meta meta = {.mode = q->type};
	const bool is_open = q->flags & FLIST_ITSELF;
	int ret = 0;
	if (!q->type && (is_open || q->flags & FLIST_FOLLOW))
		ret = flist_ask(q->dirfd, q->name, q->flags, FLIST_TYPE, &meta);
	if (ret)
		return ret;
	return (meta.mode && !S_ISLNK(meta.mode)) || (q->flags & FLIST_FOLLOW && !is_open) ? -EINVAL
											   : 0;
}

/*
 * Reads the target of a link. A target that fills the buffer may be longer, so the buffer is
 * enlarged and the target read again.
 */
static int ask_link(struct flist_asker *a, const struct flist_question *q)
{
	ssize_t len = -1;
	int ret = find_link(q);
	while (!ret) {
		len = readlinkat(q->dirfd, q->name, a->link, a->link_room);
		ret = len < 0 ? -errno : 0;
		if (len < 0 || (size_t)len < a->link_room)
			break;
		if (grow_bytes(&a->link, &a->link_room, a->link_room + 1))
			return -ENOMEM;
	}
	set_status(a, FLIST_LINK, ret == -EINVAL ? 0 : ret); /* not a link */
	if (!ret) {
		a->link[len] = '\0';
		a->extra.link = a->link;
		a->extra.link_len = (size_t)len;
	}
	return 0;
}

/* ---- All fields ------------------------------------------------------------------------------ */

int flist_asker_stat(struct flist_asker *asker, const struct flist_question *q, uint32_t fields,
		     struct flist_meta *meta)
{
	const uint32_t wanted = q->wanted & FLIST_WIDE;
	struct flist_wide wide;
	int ret = flist_ask_wide(q->dirfd, q->name, q->flags, fields, wanted, meta, &wide);
	set_status(asker, wanted, ret ? ret : -EOPNOTSUPP);
	if (ret)
		return ret;
	set_status(asker, wide.valid, 0);
	asker->extra.attributes = wide.attributes;
	asker->extra.attributes_mask = wide.attributes_mask;
	asker->extra.subvol = wide.subvol;
	asker->extra.mount = wide.mount;
	return 0;
}

static void ask_handle(struct flist_asker *a, const struct flist_question *q)
{
	struct flist_extra *extra = &a->extra;
	const int ret = flist_inode_handle(q->dirfd, q->name, q->flags, a->handle,
					   &extra->handle_len, &extra->handle_type);
	set_status(a, FLIST_HANDLE, ret);
	if (!ret)
		extra->handle = a->handle;
}

static void ask_xflags(struct flist_asker *a, const struct flist_question *q)
{
	struct flist_inode_flags flags;
	const int ret = flist_inode_flags(q->dirfd, q->name, q->flags, q->type, &flags);
	set_status(a, q->wanted & FLIST_XFLAGS, ret);
	set_status(a, q->wanted & FLIST_PROJECT, ret || flags.has_project ? ret : -EOPNOTSUPP);
	a->extra.xflags = a->extra.valid & FLIST_XFLAGS ? flags.xflags : 0;
	a->extra.project = a->extra.valid & FLIST_PROJECT ? flags.project : 0;
}

int flist_asker_rest(struct flist_asker *asker, const struct flist_question *q)
{
	int ret = 0;
	if (q->wanted & (FLIST_XATTRS | FLIST_XATTR_VALUES))
		ret = ask_xattrs(asker, q);
	if (!ret && q->wanted & FLIST_LINK)
		ret = ask_link(asker, q);
	if (!ret && q->wanted & FLIST_HANDLE)
		ask_handle(asker, q);
	if (!ret && q->wanted & (FLIST_XFLAGS | FLIST_PROJECT))
		ask_xflags(asker, q);
	return ret;
}

/* ---- The public functions -------------------------------------------------------------------- */

int flist_extra_new(struct flist_extra **extra)
{
	struct flist_asker *asker;
	int ret = flist_asker_new(&asker);
	*extra = ret ? NULL : &asker->extra;
	return ret;
}

void flist_extra_free(struct flist_extra *extra)
{
	flist_asker_free((struct flist_asker *)extra);
}

int flist_extra_ask(struct flist_extra *extra, int dirfd, const char *name, unsigned flags,
		    uint32_t fields)
{
	struct flist_asker *asker = (struct flist_asker *)extra;
	struct flist_question q = {.dirfd = dirfd,
				   .name = name,
				   .flags = flags,
				   .wanted = fields,
				   .method = FLIST_XATTR_METHODS};
	struct flist_meta meta;
	int ret;
	flist_asker_begin(asker);
	if (flags & ~(unsigned)(FLIST_FOLLOW | FLIST_ITSELF) ||
	    fields & ~(uint32_t)FLIST_EXTRA_ALL || (flags & FLIST_ITSELF && *name))
		return -EINVAL;
	if (fields & FLIST_WIDE && flist_asker_stat(asker, &q, FLIST_TYPE, &meta) == 0)
		q.type = meta.mode & S_IFMT;
	ret = flist_asker_rest(asker, &q);
	if (ret)
		flist_asker_begin(asker);
	return ret ? ret : flist_extra_error(extra);
}

const char *flist_xattr_backend(void)
{
	return flist_xattr_way_name();
}
