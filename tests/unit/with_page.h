/* Reading a page back: whether it is whole, and what is in it. Each fails the test. */
#ifndef TESTS_UNIT_WITH_PAGE_H
#define TESTS_UNIT_WITH_PAGE_H

#include <stddef.h>

#define PAGE_HOSTILE                                                                               \
	"</script><script>alert(1)</script>\" onclick=\"x' <img src=x onerror=y>\033[2J=1+1"

/* How often these words are there. */
size_t page_count(const char *page, const char *words);
void page_has(const char *page, const char *words);
void page_has_no(const char *page, const char *words);

/* Elements end in the reverse order in which they begin, ids stand once, and links lead somewhere.
 */
void page_is_whole(const char *page);

/* Leaves markup alone: in JSON a quote is escaped in another way. */
void page_blank_documents(char *page);

#endif
