// A picture: waves, edges and a little noise.
#include "corpus.h"

static unsigned char *picture(int width, int height) {
    unsigned char *pixels = (unsigned char *)malloc((size_t)width * height * 3), *at = pixels;
    uint32_t state = 3;
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            state = state * 1664525 + 1013904223;
            int noise = (state >> 24) & 7, edge = ((x / 37) ^ (y / 23)) & 1 ? 60 : 0;
            int wave = ((x * x + y * y * 3) >> 9) & 127;
            *at++ = wave + edge + noise;
            *at++ = (x * 255 / width) / 2 + edge + (noise >> 1);
            *at++ = (y * 255 / height) / 2 + wave / 2 + noise;
        }
    }
    return pixels;
}
