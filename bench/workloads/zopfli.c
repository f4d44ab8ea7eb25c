// Zopfli: text compressed as well as it goes.
#include <stdio.h>

#include "corpus.h"
#include "zopfli.h"

int main(int argc, char **argv) {
    size_t size = (argc > 1 ? atoi(argv[1]) : 16) * 1024, packed_size = 0;
    unsigned char *text = corpus(size), *packed = NULL;
    ZopfliOptions options;
    ZopfliInitOptions(&options);
    options.numiterations = 4;
    ZopfliCompress(&options, ZOPFLI_FORMAT_ZLIB, text, size, &packed, &packed_size);
    printf("%zu -> %zu (%08x)\n", size, packed_size, checksum(packed, packed_size));
    return 0;
}
