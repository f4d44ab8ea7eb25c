// libbzip2: text compressed and restored.
#include <stdio.h>

#include "bzlib.h"
#include "corpus.h"

void bz_internal_error(int code) {
    printf("internal error %d\n", code);
    exit(1);
}

int main(int argc, char **argv) {
    unsigned size = (argc > 1 ? atoi(argv[1]) : 64) * 1024, packed_size = size + size / 100 + 600, restored_size = size;
    unsigned char *text = corpus(size), *packed = malloc(packed_size), *restored = malloc(size);
    if (BZ2_bzBuffToBuffCompress((char *)packed, &packed_size, (char *)text, size, 9, 0, 0) != BZ_OK) return 1;
    if (BZ2_bzBuffToBuffDecompress((char *)restored, &restored_size, (char *)packed, packed_size, 0, 0) != BZ_OK) return 2;
    printf("%u -> %u (%08x) -> %u (%s)\n", size, packed_size, checksum(packed, packed_size), restored_size,
           restored_size == size && memcmp(text, restored, size) == 0 ? "same" : "DIFFERENT");
    return 0;
}
