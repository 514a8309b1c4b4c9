#include "engine/cmd/parts/listing.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "engine/base/text.h"
#include "engine/base/util.h"

enum { NUMBERS_ROOM = 1024 }; /* of a line, beside its path */

struct writer {
	FILE *to;
	const char *root;
	size_t root_len;   /* with the slash behind it */
	const char *comma; /* what goes before the next line of JSON */
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

static char *put_text(char *at, const char *text)
{
	size_t len = strlen(text);
	memcpy(at, text, len);
	return at + len;
}

/* Digits, with blanks before them up to a width. */
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

/* A column of numbers, never without a blank between it and the one before. */
static char *put_column(char *at, uint64_t number, int width)
{
	*at++ = ' ';
	return put_number(at, number, width - 1);
}

/* A member that is a number, or digits in quotes: ids and times would be rounded by JavaScript. */
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
	*at++ = '}';
	return at;
}

static char *put_permissions(char *at, uint32_t mode)
{
	static const char letters[] = "rwxrwxrwx";
	static const struct {
		uint32_t bit;
		int at;
		char with, without; /* the right to execute, or search */
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

static int write_item(struct writer *w, enum listing how, const struct flist_item *item)
{
	const size_t need = TEXT_SPELLED_MAX(w->root_len + item->path_len) + NUMBERS_ROOM;
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

static int write_items(struct writer *w, enum listing how, const struct flist_list *list,
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
	static const char *const steps[] = {
		[FLIST_STEP_OPEN] = "open", [FLIST_STEP_READ] = "read", [FLIST_STEP_STAT] = "stat"};
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

int listing_write(FILE *to, enum listing how, const struct listing_of *of,
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
