// Text to compress: words of an artificial language, with their frequencies and repetitions.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static unsigned char *corpus(size_t size) {
    static const char *syllables[] = {"ka", "lo", "mi", "ter", "an", "su", "ro", "eth", "in", "po", "gra", "ul", "we", "fi", "nor", "ds"};
    unsigned char *text = (unsigned char *)malloc(size);
    uint32_t state = 99;
    size_t at = 0;
    while (at < size) {
        state = state * 1664525 + 1013904223;
        uint32_t word = state >> 16;
        // A few words are frequent, most are rare.
        word = word % 3 ? word % 61 : word;
        for (uint32_t k = 0; k <= word % 3 && at < size; k++) {
            const char *s = syllables[(word >> (k * 4)) & 15];
            for (; *s && at < size; s++) text[at++] = *s;
        }
        if (at < size) text[at++] = state % 97 == 0 ? '\n' : ' ';
        if (state % 401 == 0 && at > 3000 && at + 300 < size) {
            memcpy(text + at, text + at - 2500, 300);
            at += 300;
        }
    }
    return text;
}

static uint32_t checksum(const unsigned char *data, size_t size) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < size; i++) hash = (hash ^ data[i]) * 16777619u;
    return hash;
}
