// liblzma: text compressed and restored.
#include <stdio.h>

#include "corpus.h"
#include "lzma.h"

int main(int argc, char **argv) {
    size_t size = (argc > 1 ? atoi(argv[1]) : 64) * 1024, bound = lzma_stream_buffer_bound(size);
    unsigned char *text = corpus(size), *packed = malloc(bound), *restored = malloc(size);
    size_t packed_size = 0, read = 0, restored_size = 0;
    uint64_t limit = UINT64_MAX;
    if (lzma_easy_buffer_encode(4, LZMA_CHECK_CRC64, NULL, text, size, packed, &packed_size, bound) != LZMA_OK) return 1;
    if (lzma_stream_buffer_decode(&limit, 0, NULL, packed, &read, packed_size, restored, &restored_size, size) != LZMA_OK)
        return 2;
    printf("%zu -> %zu (%08x) -> %zu (%s)\n", size, packed_size, checksum(packed, packed_size), restored_size,
           memcmp(text, restored, size) == 0 ? "same" : "DIFFERENT");
    return 0;
}
