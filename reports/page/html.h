/*
 * Writes HTML. Text of a document cannot act as markup, because every argument is escaped and there
 * is no other way to print one.
 */
#ifndef REPORTS_PAGE_HTML_H
#define REPORTS_PAGE_HTML_H

#include <stdio.h>

/*
 * Like fprintf, but a format may contain %s only. Its argument may have any bytes, as text or as
 * the value of an attribute in double quotes, and is escaped. Control characters and bytes that are
 * not UTF-8 become \xHH (text.h); NULL becomes "?".
 */
void html_put(FILE *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Opens a table that scrolls on its own if it is wider than the page. what: its name, such as "all
 * cells"; class: of page.css; noun: what page.js calls its rows when it counts them, NULL: it does
 * not count them. The caller then prints the head and opens the body. html_close_table closes the
 * body as well.
 */
void html_open_table(FILE *to, const char *what, const char *class, const char *noun);
void html_close_table(FILE *to);

/* The head of a column that spans that many fields. page.js sorts by the first of them. */
void html_put_column(FILE *to, const char *key, const char *words, int span);

/* A field that is sorted by its value. NAN: unknown; the field is empty and sorted last. */
void html_put_number(FILE *to, const char *class, double value, const char *words);

#endif
