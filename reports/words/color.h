/* The colours of text on a terminal (SGR). Text in a colour ends with COLOR_PLAIN. */
#ifndef REPORTS_WORDS_COLOR_H
#define REPORTS_WORDS_COLOR_H

#define COLOR_BOLD   "\033[1m"
#define COLOR_DIM    "\033[2m"
#define COLOR_RED    "\033[31m"
#define COLOR_GREEN  "\033[32m"
#define COLOR_YELLOW "\033[33m"
#define COLOR_PLAIN  "\033[0m"

#endif
