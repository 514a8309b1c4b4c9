#include "reports/words/wrap.h"

#include "engine/base/text.h"

enum { ROOM_MIN = 20 };

static size_t room_after(size_t column, size_t width)
{
	return width > column + ROOM_MIN ? width - column : ROOM_MIN;
}

/* The last space within the room, or the first beyond it; 0: none. */
static size_t find_cut(const char *text, size_t room)
{
	size_t cut = 0, seen = 0;
	for (size_t i = 0; text[i] && (seen <= room || !cut); i++) {
		if (text[i] == ' ')
			cut = i;
		seen += ((unsigned char)text[i] & 0xc0) != 0x80;
	}
	return cut;
}

void wrap_print(FILE *to, const char *text, size_t at, size_t indent, size_t width)
{
	size_t room = room_after(at, width);
	while (text_width(text) > room) {
		size_t cut = find_cut(text, room);
		if (!cut)
			break;
		fprintf(to, "%.*s\n%*s", (int)cut, text, (int)indent, "");
		text += cut + 1;
		room = room_after(indent, width);
	}
	fputs(text, to);
}
