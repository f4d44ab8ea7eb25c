// A memory that grows to a gigabyte, and is told where it ends.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define PAGE 65536u

static uint64_t fill(uint32_t from, uint32_t to) {
    // One word of each page of 4 KiB is written, so that most of it is really there.
    uint64_t sum = 0;
    for (uint32_t at = from; at < to; at += 4096) {
        *(volatile uint32_t *)at = at * 2654435761u;
        sum += *(volatile uint32_t *)at;
    }
    return sum;
}

static uint64_t check(uint32_t from, uint32_t to) {
    uint64_t sum = 0;
    for (uint32_t at = from; at < to; at += 4096) sum += *(volatile uint32_t *)at;
    return sum;
}

int main(void) {
    size_t start = __builtin_wasm_memory_size(0);
    uint32_t from = (uint32_t)start * PAGE;
    uint32_t end = from;
    uint64_t expected = 0;
    // Many small steps, then large ones.
    for (int i = 0; i < 256; i++) {
        size_t old = __builtin_wasm_memory_grow(0, 1);
        if (old * PAGE != end) return 1;
        expected += fill(end, end + PAGE);
        end += PAGE;
    }
    printf("256 steps: %s\n", check(from, end) == expected ? "all there" : "LOST");
    for (uint32_t step = 16; end - from < (1u << 30); step *= 2) {
        size_t old = __builtin_wasm_memory_grow(0, step);
        if (old == (size_t)-1) {
            puts("growth refused below 1 GiB");
            return 1;
        }
        uint32_t next = end + step * PAGE;
        for (uint32_t at = end; at < next; at += PAGE) {
            if (*(volatile uint32_t *)at != 0) return 2;
        }
        expected += fill(end, next);
        end = next;
        printf("%u MiB grown: %s\n", (end - from) >> 20, check(from, end) == expected ? "all there" : "LOST");
    }
    printf("65536 pages more: %d\n", (int)__builtin_wasm_memory_grow(0, 65536));
    printf("0 pages more: %s\n", __builtin_wasm_memory_grow(0, 0) * PAGE == end ? "the size" : "WRONG");
    printf("after that: %s\n", check(from, end) == expected ? "all there" : "LOST");

    // The allocator grows on, too.
    unsigned char *blocks[64];
    for (int i = 0; i < 64; i++) {
        blocks[i] = malloc(1 << 20);
        if (blocks[i] == NULL) return 3;
        for (int k = 0; k < 1 << 20; k += 512) blocks[i][k] = (unsigned char)(i + k / 512);
    }
    int wrong = 0;
    for (int i = 0; i < 64; i++) {
        for (int k = 0; k < 1 << 20; k += 512) wrong += blocks[i][k] != (unsigned char)(i + k / 512);
        free(blocks[i]);
    }
    printf("64 blocks: %d wrong\n", wrong);
    return 0;
}
