// 128-bit arithmetic: multiplication modulo primes of 64 bits, as cryptography does it.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

typedef unsigned __int128 u128;

// The compiler's library for wasm32, which divides 128-bit numbers, was built to guard its stack frames
// and expects these two from the C library, which does not have them.
uintptr_t __stack_chk_guard = 0x57a5e11e;
void __stack_chk_fail(void) { __builtin_trap(); }

static uint64_t multiply(uint64_t a, uint64_t b, uint64_t m) { return (u128)a * b % m; }

static uint64_t power(uint64_t base, uint64_t exponent, uint64_t m) {
    uint64_t result = 1;
    for (; exponent; exponent >>= 1, base = multiply(base, base, m)) {
        if (exponent & 1) result = multiply(result, base, m);
    }
    return result;
}

static int is_prime(uint64_t n) {
    static const uint64_t witnesses[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37};
    if (n < 2) return 0;
    for (int i = 0; i < 12; i++) {
        if (n % witnesses[i] == 0) return n == witnesses[i];
    }
    uint64_t odd = n - 1;
    int twos = __builtin_ctzll(odd);
    odd >>= twos;
    for (int i = 0; i < 12; i++) {
        uint64_t x = power(witnesses[i], odd, n);
        if (x == 1 || x == n - 1) continue;
        int k = 1;
        for (; k < twos && x != n - 1; k++) x = multiply(x, x, n);
        if (x != n - 1) return 0;
    }
    return 1;
}

// Field arithmetic modulo 2^255 - 19 with limbs of 51 bits: only additions and wide products.
typedef struct {
    uint64_t limb[5];
} field;
#define MASK ((1ull << 51) - 1)

__attribute__((noinline)) static field square_and_add(field a, field b) {
    u128 t[5] = {0};
    for (int i = 0; i < 5; i++) {
        for (int j = 0; j < 5; j++) {
            u128 product = (u128)a.limb[i] * a.limb[j];
            t[(i + j) % 5] += i + j >= 5 ? product * 19 : product;
        }
    }
    field r;
    uint64_t carry = 0;
    for (int i = 0; i < 5; i++) {
        t[i] += carry;
        r.limb[i] = (uint64_t)t[i] & MASK;
        carry = (uint64_t)(t[i] >> 51);
    }
    r.limb[0] += carry * 19;
    for (int i = 0; i < 5; i++) r.limb[i] = (r.limb[i] + b.limb[i]) & (MASK << 1 | 1);
    return r;
}

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 1000;
    uint64_t from = 18446744073709551557ull;
    printf("%" PRIu64 ": %d\n", from, is_prime(from));
    int primes = 0;
    uint64_t last = 0;
    for (uint64_t n = 1000000000000000003ull, i = 0; i < 400; i++, n += 2) {
        if (is_prime(n)) primes++, last = n;
    }
    printf("%d primes, last %" PRIu64 "\n", primes, last);
    printf("%" PRIu64 "\n", power(3, 1ull << 63, 18446744073709551557ull));
    field a = {{1, 2, 3, 4, 5}}, b = {{9, 8, 7, 6, 5}};
    for (int i = 0; i < rounds; i++) {
        field next = square_and_add(a, b);
        b = a;
        a = next;
    }
    for (int i = 0; i < 5; i++) printf("%016" PRIx64 " ", a.limb[i]);
    __int128 negative = -((__int128)1 << 100);
    printf("\n%" PRId64 " %" PRId64 "\n", (int64_t)(negative / 1000000007), (int64_t)(negative % 1000000007));
    return 0;
}
