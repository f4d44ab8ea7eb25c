// zstd: text compressed at three levels and restored.
#include <stdio.h>

#include "corpus.h"
#include "zstd.h"

int main(int argc, char **argv) {
    size_t size = (argc > 1 ? atoi(argv[1]) : 64) * 1024, bound = ZSTD_compressBound(size);
    unsigned char *text = corpus(size), *packed = malloc(bound), *restored = malloc(size);
    for (int level = 1; level <= 13; level += 6) {
        size_t packed_size = ZSTD_compress(packed, bound, text, size, level);
        size_t restored_size = ZSTD_decompress(restored, size, packed, packed_size);
        if (ZSTD_isError(packed_size) || ZSTD_isError(restored_size)) return 1;
        printf("level %d: %zu -> %zu (%08x) -> %zu (%s)\n", level, size, packed_size, checksum(packed, packed_size),
               restored_size, memcmp(text, restored, size) == 0 ? "same" : "DIFFERENT");
    }
    return 0;
}
