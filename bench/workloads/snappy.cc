// Snappy: text compressed and restored, some times.
#include <cstdio>
#include <string>

#include "snappy.h"
extern "C" {
#include "corpus.h"
}

int main(int argc, char **argv) {
    size_t size = (argc > 1 ? atoi(argv[1]) : 64) * 1024;
    char *text = reinterpret_cast<char *>(corpus(size));
    for (int round = 0; round < 10; round++) {
        std::string packed, restored;
        snappy::Compress(text, size - round, &packed);
        if (!snappy::Uncompress(packed.data(), packed.size(), &restored)) return 1;
        printf("%zu -> %zu (%08x) (%s)\n", size - round, packed.size(),
               checksum(reinterpret_cast<const unsigned char *>(packed.data()), packed.size()),
               restored == std::string(text, size - round) ? "same" : "DIFFERENT");
    }
    return 0;
}
