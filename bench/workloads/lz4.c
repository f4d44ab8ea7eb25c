// LZ4: text compressed, fast and well, and restored, some times.
#include <stdio.h>

#include "corpus.h"
#include "lz4.h"
#include "lz4hc.h"

int main(int argc, char **argv) {
    int size = (argc > 1 ? atoi(argv[1]) : 64) * 1024, bound = LZ4_compressBound(size);
    char *text = (char *)corpus(size), *packed = malloc(bound), *restored = malloc(size);
    for (int round = 0; round < 6; round++) {
        int packed_size = round == 5 ? LZ4_compress_HC(text, packed, size, bound, 6)
                                     : LZ4_compress_fast(text, packed, size, bound, round + 1);
        int restored_size = LZ4_decompress_safe(packed, restored, packed_size, size);
        if (packed_size <= 0 || restored_size != size) return 1;
        printf("%d -> %d (%08x) (%s)\n", size, packed_size, checksum((unsigned char *)packed, packed_size),
               memcmp(text, restored, size) == 0 ? "same" : "DIFFERENT");
    }
    return 0;
}
