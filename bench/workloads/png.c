// libpng: a picture is written and read again.
#include <stdio.h>

#include "picture.h"
#include "png.h"

// Errors end the program.
_Noreturn void longjmp(jmp_buf place, int value) { abort(); }

int main(int argc, char **argv) {
    int width = argc > 1 ? atoi(argv[1]) : 100, height = width * 3 / 4;
    size_t size = (size_t)width * height * 3;
    unsigned char *pixels = picture(width, height), *file = malloc(size * 2), *again = malloc(size);
    png_image image = {.version = PNG_IMAGE_VERSION, .width = width, .height = height, .format = PNG_FORMAT_RGB};
    png_alloc_size_t length = size * 2;
    if (!png_image_write_to_memory(&image, file, &length, 0, pixels, 0, NULL)) return printf("%s\n", image.message), 1;
    png_image read = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_memory(&read, file, length)) return printf("%s\n", read.message), 2;
    read.format = PNG_FORMAT_RGB;
    if (!png_image_finish_read(&read, NULL, again, 0, NULL)) return printf("%s\n", read.message), 3;
    printf("%d x %d: %zu bytes (%08x), %s\n", width, height, (size_t)length, checksum(file, length),
           memcmp(pixels, again, size) == 0 ? "same" : "DIFFERENT");
    return 0;
}
