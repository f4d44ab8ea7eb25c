// Hashes of strings, and a table of words built on them. The argument is the number of rounds.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t fnv1a(const char *text, size_t length) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)text[i]) * 16777619u;
    return hash;
}

static uint32_t crc32(const char *text, size_t length) {
    static uint32_t table[256];
    if (table[1] == 0) {
        for (uint32_t i = 0; i < 256; i++) {
            uint32_t c = i;
            for (int k = 0; k < 8; k++) c = c & 1 ? c >> 1 ^ 0xedb88320u : c >> 1;
            table[i] = c;
        }
    }
    uint32_t c = 0xffffffffu;
    for (size_t i = 0; i < length; i++) c = table[(c ^ (unsigned char)text[i]) & 255] ^ c >> 8;
    return ~c;
}

static uint32_t adler32(const char *text, size_t length) {
    uint32_t a = 1, b = 0;
    for (size_t i = 0; i < length; i++) {
        a = (a + (unsigned char)text[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

static uint64_t rotl(uint64_t x, int n) { return x << n | x >> (64 - n); }

static uint64_t siphash(const char *text, size_t length) {
    uint64_t k0 = 0x0706050403020100, k1 = 0x0f0e0d0c0b0a0908;
    uint64_t v0 = k0 ^ 0x736f6d6570736575, v1 = k1 ^ 0x646f72616e646f6d;
    uint64_t v2 = k0 ^ 0x6c7967656e657261, v3 = k1 ^ 0x7465646279746573;
#define ROUND                                                        \
    v0 += v1, v1 = rotl(v1, 13) ^ v0, v0 = rotl(v0, 32), v2 += v3,   \
    v3 = rotl(v3, 16) ^ v2, v0 += v3, v3 = rotl(v3, 21) ^ v0,        \
    v2 += v1, v1 = rotl(v1, 17) ^ v2, v2 = rotl(v2, 32)
    size_t i = 0;
    for (; i + 8 <= length; i += 8) {
        uint64_t m;
        memcpy(&m, text + i, 8);
        v3 ^= m;
        ROUND;
        ROUND;
        v0 ^= m;
    }
    uint64_t m = (uint64_t)length << 56;
    for (int k = 0; i < length; i++, k += 8) m |= (uint64_t)(unsigned char)text[i] << k;
    v3 ^= m;
    ROUND;
    ROUND;
    v0 ^= m;
    v2 ^= 0xff;
    ROUND;
    ROUND;
    ROUND;
    ROUND;
    return v0 ^ v1 ^ v2 ^ v3;
}

typedef struct entry {
    struct entry *next;
    uint32_t count;
    char word[];
} entry;
static entry **buckets;
static size_t bucket_count, entries;

static entry *look_up(const char *word, size_t length) {
    if (entries >= bucket_count) {
        size_t count = bucket_count ? bucket_count * 2 : 16;
        entry **bigger = calloc(count, sizeof *bigger);
        for (size_t i = 0; i < bucket_count; i++) {
            for (entry *e = buckets[i], *next; e; e = next) {
                next = e->next;
                entry **to = &bigger[siphash(e->word, strlen(e->word)) % count];
                e->next = *to;
                *to = e;
            }
        }
        free(buckets);
        buckets = bigger;
        bucket_count = count;
    }
    entry **at = &buckets[siphash(word, length) % bucket_count];
    for (entry *e = *at; e; e = e->next) {
        if (strncmp(e->word, word, length) == 0 && e->word[length] == '\0') return e;
    }
    entry *e = malloc(sizeof *e + length + 1);
    memcpy(e->word, word, length);
    e->word[length] = '\0';
    e->count = 0;
    e->next = *at;
    *at = e;
    entries++;
    return e;
}

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 3;
    const char *texts[] = {"", "a", "abc", "message digest", "123456789", "The quick brown fox jumps over the lazy dog"};
    for (unsigned i = 0; i < 6; i++) {
        size_t n = strlen(texts[i]);
        printf("\"%s\": %08x %08x %08x %016llx\n", texts[i], fnv1a(texts[i], n), crc32(texts[i], n), adler32(texts[i], n),
               (unsigned long long)siphash(texts[i], n));
    }
    uint32_t state = 7, total = 0;
    for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < 20000; i++) {
            char word[24];
            state = state * 1664525 + 1013904223;
            // Short words are frequent.
            uint32_t number = (state >> 8) % (1u << (4 + (state >> 28)));
            int length = snprintf(word, sizeof word, "word-%x", number);
            total += ++look_up(word, length)->count;
        }
    }
    uint32_t most = 0;
    char top[24] = "";
    uint64_t all = 0;
    for (size_t i = 0; i < bucket_count; i++) {
        for (entry *e = buckets[i]; e; e = e->next) {
            all += siphash(e->word, strlen(e->word)) * e->count;
            if (e->count > most || (e->count == most && strcmp(e->word, top) < 0)) {
                most = e->count;
                strcpy(top, e->word);
            }
        }
    }
    printf("%zu words, sum %u, most frequent %s with %u, all %016llx\n", entries, total, top, most, (unsigned long long)all);
    return 0;
}
