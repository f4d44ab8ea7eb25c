// cmark: a document in Markdown is made HTML, some times.
#include <stdio.h>

#include "cmark.h"
#include "corpus.h"

int main(int argc, char **argv) {
    size_t size = (argc > 1 ? atoi(argv[1]) : 64) * 1024, length = 0;
    unsigned char *text = corpus(size);
    char *document = malloc(size * 2);
    // Marks between the words.
    static const char *marks[] = {"\n\n# ", "*", "** ", "\n- ", "`", "\n> ", "[a](http://b/c) ", "\n\n    ", "&amp; ", "\n1. "};
    uint32_t state = 5;
    for (size_t at = 0; at < size; at++) {
        document[length++] = text[at];
        if (text[at] == ' ' && (state = state * 1664525 + 1013904223) % 5 == 0) {
            const char *mark = marks[(state >> 16) % 10];
            memcpy(document + length, mark, strlen(mark));
            length += strlen(mark);
            if (length + 20 > size * 2) break;
        }
    }
    for (int round = 0; round < 4; round++) {
        char *html = cmark_markdown_to_html(document, length, CMARK_OPT_SMART);
        printf("%zu -> %zu (%08x)\n", length, strlen(html), checksum((unsigned char *)html, strlen(html)));
        free(html);
    }
    return 0;
}
