// KISS FFT: transforms of sizes that are and are not powers of two.
#include <stdio.h>

#include "corpus.h"
#include "kiss_fft.h"

int main(int argc, char **argv) {
    static const int sizes[] = {1024, 1000, 4096, 2310, 8192};
    int rounds = argc > 1 ? atoi(argv[1]) : 10;
    for (int k = 0; k < 5; k++) {
        int size = sizes[k];
        kiss_fft_cfg there = kiss_fft_alloc(size, 0, NULL, NULL), back = kiss_fft_alloc(size, 1, NULL, NULL);
        kiss_fft_cpx *a = malloc(size * sizeof *a), *b = malloc(size * sizeof *b);
        for (int at = 0; at < size; at++) a[at].r = at % 17 - 8, a[at].i = at % 5;
        for (int round = 0; round < rounds; round++) {
            kiss_fft(there, a, b);
            kiss_fft(back, b, a);
            for (int at = 0; at < size; at++) a[at].r /= size, a[at].i /= size;
        }
        printf("%d: %.4f %.4f\n", size, a[3].r, b[5].i);
    }
    return 0;
}
