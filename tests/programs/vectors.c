// 128-bit vectors: a matrix product, a dot product of bytes and a search, each against plain code.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasm_simd128.h>

#define N 64
static float a[N][N], b[N][N], c[N][N], d[N][N];
static int8_t x[4096], y[4096];
static char text[65536];

static void product(void) {
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j += 4) {
            v128_t sum = wasm_f32x4_splat(0);
            for (int k = 0; k < N; k++)
                sum = wasm_f32x4_add(sum, wasm_f32x4_mul(wasm_f32x4_splat(a[i][k]), wasm_v128_load(&b[k][j])));
            wasm_v128_store(&c[i][j], sum);
        }
    }
}

static int32_t dot(void) {
    v128_t sum = wasm_i32x4_splat(0);
    for (int i = 0; i < 4096; i += 16) {
        v128_t u = wasm_v128_load(x + i), v = wasm_v128_load(y + i);
        sum = wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(wasm_i16x8_extend_low_i8x16(u), wasm_i16x8_extend_low_i8x16(v)));
        sum = wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(wasm_i16x8_extend_high_i8x16(u), wasm_i16x8_extend_high_i8x16(v)));
    }
    return wasm_i32x4_extract_lane(sum, 0) + wasm_i32x4_extract_lane(sum, 1) + wasm_i32x4_extract_lane(sum, 2) +
           wasm_i32x4_extract_lane(sum, 3);
}

static int count(char wanted) {
    int found = 0;
    v128_t w = wasm_i8x16_splat(wanted);
    for (int i = 0; i < 65536; i += 16)
        found += __builtin_popcount(wasm_i8x16_bitmask(wasm_i8x16_eq(wasm_v128_load(text + i), w)));
    return found;
}

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 1;
    uint32_t state = 3;
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            a[i][j] = (i * 3 + j) % 17 - 8;
            b[i][j] = (i - j * 5) % 13 * 0.5f;
        }
    }
    for (int i = 0; i < 4096; i++) {
        state = state * 1664525 + 1013904223;
        x[i] = state >> 24;
        y[i] = state >> 16;
    }
    for (int i = 0; i < 65536; i++) {
        state = state * 1664525 + 1013904223;
        text[i] = 'a' + (state >> 16) % 26;
    }
    int32_t dots = 0, letters = 0;
    for (int i = 0; i < rounds; i++) {
        product();
        x[i % 4096] ^= 1;
        dots += dot();
        letters += count('a' + i % 26);
        x[i % 4096] ^= 1;
    }
    float sum = 0, difference = 0;
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            for (int k = 0; k < N; k++) d[i][j] += a[i][k] * b[k][j];
            difference += d[i][j] - c[i][j];
            sum += c[i][j] * (i - j);
        }
    }
    int32_t plain = 0, plain_letters = 0;
    for (int i = 0; i < 4096; i++) plain += x[i] * y[i];
    for (int i = 0; i < 65536; i++) plain_letters += text[i] == 'q';
    printf("product: sum %g, difference %g\n", sum, difference);
    printf("dot: %s, %d\n", dot() == plain ? "same" : "DIFFERENT", dots);
    printf("letters: %s, %d\n", count('q') == plain_letters ? "same" : "DIFFERENT", letters);

    v128_t v = wasm_i8x16_make(0, -56, 3, -6, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, -1);
    uint8_t bytes[16];
    wasm_v128_store(bytes, wasm_u8x16_add_sat(v, wasm_i8x16_splat(10)));
    for (int i = 0; i < 16; i++) printf("%d ", bytes[i]);
    wasm_v128_store(bytes, wasm_i8x16_swizzle(v, wasm_i8x16_make(15, 14, 99, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)));
    for (int i = 0; i < 16; i++) printf("%d ", bytes[i]);
    printf("\n%d %d %d\n", wasm_v128_any_true(v), wasm_i8x16_all_true(v), wasm_i8x16_bitmask(v));
    v128_t f = wasm_f64x2_make(2.5, -3.5);
    printf("%g %g %d %d\n", wasm_f64x2_extract_lane(wasm_f64x2_nearest(f), 0), wasm_f64x2_extract_lane(wasm_f64x2_floor(f), 1),
           wasm_i32x4_extract_lane(wasm_i32x4_trunc_sat_f64x2_zero(f), 1), wasm_i32x4_extract_lane(wasm_i32x4_trunc_sat_f32x4(wasm_f32x4_splat(3e20f)), 3));
    return 0;
}
