// libwebp: a picture is compressed with and without loss, and restored.
#include <stdio.h>

#include "picture.h"
#include "webp/decode.h"
#include "webp/encode.h"

int main(int argc, char **argv) {
    int width = argc > 1 ? atoi(argv[1]) : 100, height = width * 3 / 4, w, h;
    unsigned char *pixels = picture(width, height);
    for (int lossless = 0; lossless < 2; lossless++) {
        uint8_t *file;
        size_t length = lossless ? WebPEncodeLosslessRGB(pixels, width / 2, height / 2, width * 3, &file)
                                 : WebPEncodeRGB(pixels, width, height, width * 3, 75, &file);
        uint8_t *again = WebPDecodeRGB(file, length, &w, &h);
        if (!again) return 1;
        printf("%d x %d: %zu bytes (%08x), %08x\n", w, h, length, checksum(file, length), checksum(again, w * h * 3));
    }
    return 0;
}
