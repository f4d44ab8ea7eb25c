// A document in XML: nested elements with attributes and text.
#include "corpus.h"

static char *markup(size_t size, size_t *length) {
    char *document = (char *)malloc(size + 4096);
    unsigned char *text = corpus(size);
    size_t at = 0, from = 0, depth = 0;
    uint32_t state = 7;
    at += strlen(strcpy(document + at, "<?xml version=\"1.0\"?>\n<root>"));
    while (at < size) {
        state = state * 1664525 + 1013904223;
        uint32_t kind = (state >> 16) % 8;
        if (kind < 3 && depth < 40) {
            static const char *opening[] = {"<item id=\"17\" class=\"a b\">", "<p>", "<entry key='x &lt; y' value=\"&#65;\">"};
            at += strlen(strcpy(document + at, opening[depth % 3]));
            depth++;
        } else if (kind < 5 && depth > 0) {
            static const char *closing[] = {"</item>\n", "</p>", "</entry>"};
            depth--;
            at += strlen(strcpy(document + at, closing[depth % 3]));
        } else {
            size_t count = 10 + state % 90;
            if (from + count > size) from = 0;
            memcpy(document + at, text + from, count);
            at += count;
            from += count;
            if (kind == 7) at += strlen(strcpy(document + at, "<!-- note --><br/>&amp;"));
        }
    }
    while (depth > 0) {
        static const char *closing[] = {"</item>\n", "</p>", "</entry>"};
        depth--;
        at += strlen(strcpy(document + at, closing[depth % 3]));
    }
    at += strlen(strcpy(document + at, "</root>\n"));
    free(text);
    *length = at;
    return document;
}
