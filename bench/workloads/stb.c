// stb: a picture is made a JPEG file and read again, made smaller, and made larger.
#include <stdio.h>

#include "picture.h"
#define STB_IMAGE_IMPLEMENTATION
#define STBI_NO_THREAD_LOCALS
#define STBI_NO_STDIO
#include "stb_image.h"
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#include "stb_image_write.h"
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#include "stb_image_resize.h"

static unsigned char *file;
static int length;

static void write(void *context, void *data, int size) {
    memcpy(file + length, data, size);
    length += size;
}

int main(int argc, char **argv) {
    int width = argc > 1 ? atoi(argv[1]) : 100, height = width * 3 / 4, w, h, channels;
    unsigned char *pixels = picture(width, height), *small = malloc(width * height * 3);
    file = malloc(width * height * 3 + 100000);
    if (!stbi_write_jpg_to_func(write, NULL, width, height, 3, pixels, 85)) return 1;
    unsigned char *again = stbi_load_from_memory(file, length, &w, &h, &channels, 3);
    if (!again) return 2;
    stbir_resize_uint8(again, w, h, 0, small, w / 3, h / 3, 0, 3);
    stbir_resize_uint8(small, w / 3, h / 3, 0, pixels, w, h, 0, 3);
    printf("%d x %d: %d bytes (%08x), %08x, %08x\n", w, h, length, checksum(file, length), checksum(again, w * h * 3),
           checksum(pixels, w * h * 3));
    return 0;
}
