// LibTomMath: powers, quotients and a prime of large integers.
#include <stdio.h>

#include "corpus.h"
#include "tommath.h"

int main(int argc, char **argv) {
    int bits = argc > 1 ? atoi(argv[1]) : 512;
    mp_int base, exponent, modulus, result;
    char text[5000];
    if (mp_init_multi(&base, &exponent, &modulus, &result, NULL)) return 1;
    mp_read_radix(&base, "123456789012345678901234567890123456789", 10);
    mp_2expt(&modulus, bits);
    mp_add_d(&modulus, 297, &modulus);
    mp_sub_d(&modulus, 1, &exponent);
    for (int round = 0; round < 4; round++) {
        if (mp_exptmod(&base, &exponent, &modulus, &result)) return 2;
        mp_sqr(&result, &base);
        mp_mod(&base, &modulus, &base);
        mp_incr(&base);
    }
    mp_to_radix(&result, text, sizeof text, NULL, 16);
    printf("%s\n", text);
    mp_set(&base, 1);
    for (int k = 2; k < bits / 2; k++) mp_mul_d(&base, k, &base);
    mp_div(&base, &modulus, &exponent, &result);
    mp_to_radix(&result, text, sizeof text, NULL, 10);
    printf("%s\n", text);
    return 0;
}
