// zlib: text compressed at three levels and restored.
#include <stdio.h>

#include "corpus.h"
#include "zlib.h"

int main(int argc, char **argv) {
    uLong size = (argc > 1 ? atoi(argv[1]) : 64) * 1024;
    unsigned char *text = corpus(size), *packed = malloc(compressBound(size)), *restored = malloc(size);
    for (int level = 1; level <= 9; level += 4) {
        uLong packed_size = compressBound(size), restored_size = size;
        if (compress2(packed, &packed_size, text, size, level) != Z_OK) return 1;
        if (uncompress(restored, &restored_size, packed, packed_size) != Z_OK) return 2;
        printf("level %d: %lu -> %lu (%08x) -> %lu (%s), crc %08lx\n", level, size, packed_size,
               checksum(packed, packed_size), restored_size,
               restored_size == size && memcmp(text, restored, size) == 0 ? "same" : "DIFFERENT", crc32(0, text, size));
    }
    return 0;
}
