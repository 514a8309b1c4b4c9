/*
 * Writing HTML so that nothing of a document becomes part of it: every argument is escaped, and
 * there is no other way to put one in.
 */
#ifndef REPORTS_PAGE_HTML_H
#define REPORTS_PAGE_HTML_H

#include <stdio.h>

/*
 * Any bytes as text or as the value of an attribute in double quotes. Control characters and what
 * is not UTF-8 become \xHH (text.h); NULL is "?".
 */
void html_text(FILE *to, const char *text);

/* As fprintf, but %s is all that a format may have, and it is escaped. */
void html_put(FILE *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * A table that scrolls by itself where it is wider than the page. what: "all cells", for its name;
 * class: of page.css; noun: what page.js counts its rows as, NULL: it does not. Its head and the
 * start of its body come next; closing ends the body, too.
 */
void html_open_table(FILE *to, const char *what, const char *class, const char *noun);
void html_close_table(FILE *to);

/* The head of a column, over so many fields; page.js sorts by the first of them. */
void html_put_column(FILE *to, const char *key, const char *words, int span);

/* A field that is sorted by its value. NAN: it is not known, empty, and behind all that are. */
void html_put_number(FILE *to, const char *class, double value, const char *words);

#endif
