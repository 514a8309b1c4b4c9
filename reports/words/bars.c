#include "reports/words/bars.h"

#include <math.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/util.h"

enum { EIGHTHS = 8, INDENT = 2, LEAST = 8 };

static uint64_t scale(uint64_t count, uint64_t most, uint64_t to)
{
	return (uint64_t)(((unsigned __int128)count * to + most - 1) / most);
}

/* A bar of `eighths` eighths of a column; a value above 0 is always visible. */
static void draw(FILE *out, uint64_t eighths, bool utf8)
{
	static const char *const parts[] = {
		"",
		"\xe2\x96\x8f",
		"\xe2\x96\x8e",
		"\xe2\x96\x8d",
		"\xe2\x96\x8c",
		"\xe2\x96\x8b",
		"\xe2\x96\x8a",
		"\xe2\x96\x89",
	};
	for (; eighths >= EIGHTHS; eighths -= EIGHTHS)
		fputs(utf8 ? "\xe2\x96\x88" : "#", out);
	if (utf8)
		fputs(parts[eighths], out);
	else if (eighths)
		putc(eighths > EIGHTHS / 2 ? '#' : '.', out);
}

void bars_draw(FILE *out, double share, size_t columns, bool utf8)
{
	const double eighths = share * (double)(columns * EIGHTHS);
	draw(out, share > 0 ? (uint64_t)fmin(ceil(eighths), (double)(columns * EIGHTHS)) : 0, utf8);
}

/* "12 %"; "<1 %" above 0, and ">99 %" below 1. */
static void print_share(FILE *out, uint64_t count, uint64_t sum)
{
	unsigned percent = count_percent(count, sum);
	if (count && percent == 0)
		fputs("  <1 %", out);
	else if (count != sum && percent == 100)
		fputs(" >99 %", out);
	else
		fprintf(out, "%4u %%", percent);
}

void bars_print(FILE *out, const struct bar *bars, size_t n, int width, bool utf8)
{
	size_t label = 0, digits = 0;
	uint64_t most = 1, sum = 0;
	char count[32];
	for (size_t i = 0; i < n; i++) {
		label = MAX(label, strlen(bars[i].label));
		digits = MAX(digits, strlen(group_digits(bars[i].count, count, sizeof(count))));
		most = MAX(most, bars[i].count);
		sum += bars[i].count;
	}
	size_t used = INDENT + label + 2 + digits + 8;
	uint64_t room = (size_t)width > used + LEAST ? (size_t)width - used : LEAST;
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "%*s%*s  %*s", INDENT, "", (int)label, bars[i].label, (int)digits,
			group_digits(bars[i].count, count, sizeof(count)));
		print_share(out, bars[i].count, sum);
		if (bars[i].count)
			fputs("  ", out);
		draw(out, scale(bars[i].count, most, room * EIGHTHS), utf8);
		putc('\n', out);
	}
}

void bars_spark(FILE *out, const uint64_t *counts, size_t n, bool utf8)
{
	static const char ascii[] = " .:-=+*%#";
	uint64_t most = 1;
	for (size_t i = 0; i < n; i++)
		most = MAX(most, counts[i]);
	for (size_t i = 0; i < n; i++) {
		uint64_t height = scale(counts[i], most, EIGHTHS);
		if (!utf8)
			putc(ascii[height], out);
		else if (height == 0)
			putc(' ', out);
		else
			fprintf(out, "\xe2\x96%c", (char)(0x80 + height));
	}
}
