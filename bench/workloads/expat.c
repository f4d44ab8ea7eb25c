// Expat: a document in XML is read, some times, with functions that are called for what is in it.
#include <stdio.h>

#include "expat.h"
#include "markup.h"

// What it makes a seed of.
int expat_pid(void) { return 1; }

static uint32_t elements, attributes, bytes, hash;

static void start(void *data, const XML_Char *name, const XML_Char **pairs) {
    elements++;
    hash = hash * 31 + (uint8_t)name[0];
    for (; *pairs; pairs += 2) attributes++, hash = hash * 31 + strlen(pairs[1]);
}

static void end(void *data, const XML_Char *name) { hash = hash * 33 + (uint8_t)name[0]; }

static void text(void *data, const XML_Char *text, int length) { bytes += length, hash = hash * 17 + (uint8_t)text[0]; }

int main(int argc, char **argv) {
    size_t length;
    char *document = markup((argc > 1 ? atoi(argv[1]) : 64) * 1024, &length);
    for (int round = 0; round < 6; round++) {
        XML_Parser parser = XML_ParserCreate(NULL);
        XML_SetElementHandler(parser, start, end);
        XML_SetCharacterDataHandler(parser, text);
        if (XML_Parse(parser, document, length, 1) != XML_STATUS_OK) {
            printf("line %lu: %s\n", XML_GetCurrentLineNumber(parser), XML_ErrorString(XML_GetErrorCode(parser)));
            return 1;
        }
        XML_ParserFree(parser);
        printf("%zu: %u elements, %u attributes, %u bytes, %08x\n", length, elements, attributes, bytes, hash);
    }
    return 0;
}
