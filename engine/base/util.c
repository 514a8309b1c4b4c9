#include "engine/base/util.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int array_grow(void *array, size_t *room, size_t need, size_t size)
{
	void **items = array;
	if (need <= *room)
		return 0;
	size_t wanted = MAX(need, *room ? *room * 2 : 16);
	void *grown = reallocarray(*items, wanted, size);
	if (!grown)
		return -ENOMEM;
	*items = grown;
	*room = wanted;
	return 0;
}

enum { WORD_MAX = 64 };

/* Optimal string alignment distance, one row at a time. */
static size_t distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	size_t row[3][WORD_MAX + 1];
	if (la > WORD_MAX || lb > WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= lb; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t *now = row[i % 3], *last = row[(i - 1) % 3], *before = row[(i + 1) % 3];
		now[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
			best = MIN(best, MIN(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = MIN(best, before[j - 2] + 1);
			now[j] = best;
		}
	}
	return row[la % 3][lb];
}

const char *nearest(const char *word, size_t n, const char *(*name)(size_t i, const void *arg),
		    const void *arg)
{
	const char *found = NULL;
	size_t least = MAX(strlen(word) / 3, 1) + 1;
	for (size_t i = 0; i < n; i++) {
		const char *candidate = name(i, arg);
		size_t d = distance(word, candidate);
		if (d < least) {
			least = d;
			found = candidate;
		}
	}
	return found;
}

const char *did_you_mean(const char *near, char buf[SUGGESTION_SIZE])
{
	*buf = '\0';
	if (near && *near)
		snprintf(buf, SUGGESTION_SIZE, "; did you mean '%s'?", near);
	return buf;
}

int make_dirs(const char *path)
{
	char part[PATH_MAX];
	size_t len = strlen(path);
	if (len >= sizeof(part))
		return -ENAMETOOLONG;
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0755) && errno != EEXIST)
			return -errno;
	}
	struct stat st;
	if (stat(path, &st))
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

bool read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	bool got = fgets(line, (int)size, file) != NULL;
	fclose(file);
	if (got)
		line[strcspn(line, "\n")] = '\0';
	return got;
}

static int read_stream(FILE *file, size_t limit, char **text, size_t *size)
{
	char *buf = NULL;
	size_t room = 0, used = 0;
	for (;;) {
		if (array_grow(&buf, &room, used + 4096, 1))
			break;
		size_t got = fread(buf + used, 1, room - used - 1, file);
		used += got;
		if (used > limit)
			break;
		if (got == 0 && !ferror(file)) {
			buf[used] = '\0';
			*text = buf;
			*size = used;
			return 0;
		}
		if (got == 0)
			break;
	}
	int error = used > limit ? -EFBIG : ferror(file) ? -errno : -ENOMEM;
	free(buf);
	return error;
}

int read_file(const char *path, size_t limit, char **text, size_t *size)
{
	FILE *file = fopen(path, "re");
	if (!file)
		return -errno;
	int error = read_stream(file, limit, text, size);
	fclose(file);
	return error;
}

int parse_count(const char *text, uint64_t *count)
{
	static const struct {
		const char *suffix;
		uint64_t factor;
	} suffixes[] = {{"", 1}, {"k", 1000}, {"m", 1000000}, {"g", 1000000000}};
	char *end;
	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	unsigned long long number = strtoull(text, &end, 10);
	if (errno)
		return -ERANGE;
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		if (strcasecmp(end, suffixes[i].suffix) == 0)
			return __builtin_mul_overflow(number, suffixes[i].factor, count) ? -ERANGE
											 : 0;
	}
	return -EINVAL;
}

int parse_integer(const char *text, uint64_t *number)
{
	if (!*text || text[strspn(text, "0123456789")])
		return -EINVAL;
	errno = 0;
	*number = strtoull(text, NULL, 10);
	return errno ? -ERANGE : 0;
}

char *next_item(char **rest)
{
	char *item = *rest, *at = item;
	int depth = 0;
	if (!item || !*item)
		return NULL;
	for (; *at && (depth || *at != ','); at++)
		depth += (*at == '[') - (*at == ']');
	*rest = *at ? at + 1 : at;
	*at = '\0';
	return item;
}

const char *group_digits(uint64_t number, char *buf, size_t size)
{
	char digits[24];
	size_t n = (size_t)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);
	size_t out = 0;
	for (size_t i = 0; i < n && out + 2 < size; i++) {
		if (i && (n - i) % 3 == 0)
			buf[out++] = ',';
		buf[out++] = digits[i];
	}
	buf[out] = '\0';
	return buf;
}

int parse_decimal(const char *text, double *number, const char **rest)
{
	enum { DIGITS_MAX = 20 };
	const size_t length = strspn(text, "0123456789.");
	char *end;
	if (length == 0 || length > DIGITS_MAX)
		return -EINVAL;
	*number = strtod(text, &end);
	*rest = end;
	return end == text + length ? 0 : -EINVAL;
}

int parse_size(const char *text, uint64_t *size)
{
	static const char units[] = "kmgt";
	char *end;
	errno = 0;
	unsigned long long number = isdigit((unsigned char)*text) ? strtoull(text, &end, 10) : 0;
	if (!number || errno)
		return -EINVAL;
	const char *unit = *end ? strchr(units, tolower((unsigned char)*end)) : NULL;
	const unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
	if ((*end && !unit) || (unit && end[1]) || number > (unsigned long long)INT64_MAX >> shift)
		return -EINVAL;
	*size = (uint64_t)number << shift;
	return 0;
}

int parse_time(const char *text, uint64_t most, uint64_t *ns)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
	const char *unit;
	double number;
	int error = parse_decimal(text, &number, &unit);
	if (error)
		return error;
	*ns = 0;
	if (number == 0 && !*unit)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (strcmp(unit, units[i].name) != 0)
			continue;
		const double all = number * units[i].ns;
		if (all > (double)most)
			return -ERANGE;
		*ns = (uint64_t)llround(all);
		return 0;
	}
	return -EINVAL;
}

const char *time_text(uint64_t ns, char *buf, size_t size)
{
	static const char *const units[] = {"ns", "us", "ms", "s"};
	size_t unit = 0;
	for (; ns && ns % 1000 == 0 && unit + 1 < ARRAY_LEN(units); unit++)
		ns /= 1000;
	snprintf(buf, size, "%llu%s", (unsigned long long)ns, units[unit]);
	return buf;
}
