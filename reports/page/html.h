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

#endif
