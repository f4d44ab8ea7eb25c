// The Mandelbrot set, of the size given by the argument, as a checksum and (if small) as a picture.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    int size = argc > 1 ? atoi(argv[1]) : 40;
    uint32_t hash = 2166136261u;
    long inside = 0;
    for (int y = 0; y < size; y++) {
        for (int x = 0; x < size; x++) {
            double cr = 3.0 * x / size - 2.25, ci = 2.6 * y / size - 1.3, zr = 0, zi = 0;
            int n = 0;
            for (; n < 100; n++) {
                double rr = zr * zr, ii = zi * zi;
                if (rr + ii > 4) break;
                zi = 2 * zr * zi + ci;
                zr = rr - ii + cr;
            }
            inside += n == 100;
            hash = (hash ^ n) * 16777619u;
            if (size <= 60) putchar(n == 100 ? '#' : n > 12 ? '+' : n > 6 ? '.' : ' ');
        }
        if (size <= 60) putchar('\n');
    }
    printf("%ld inside, hash %08x\n", inside, hash);
    return 0;
}
