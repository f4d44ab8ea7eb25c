// Recursion: deep, and with the argument `forever` until the stack is used up.
#include <stdio.h>
#include <string.h>

static volatile unsigned stop_at;

__attribute__((noinline)) static unsigned down(unsigned depth) {
    if (depth == stop_at) return 1;
    // Not a tail call: there is something left to do.
    unsigned below = down(depth + 1);
    return below * 31 + depth;
}

__attribute__((noinline)) static unsigned ackermann(unsigned m, unsigned n) {
    if (m == 0) return n + 1;
    if (n == 0) return ackermann(m - 1, 1);
    return ackermann(m - 1, ackermann(m, n - 1));
}

static unsigned odd(unsigned n);
__attribute__((noinline)) static unsigned even(unsigned n) { return n == 0 ? 1 : odd(n - 1) ^ (stop_at & 0); }
__attribute__((noinline)) static unsigned odd(unsigned n) { return n == 0 ? 0 : even(n - 1) ^ (stop_at & 0); }

int main(int argc, char **argv) {
    stop_at = 5000;
    printf("down: %u\n", down(0));
    printf("ackermann: %u\n", ackermann(2, 300));
    printf("even: %u\n", even(5000));
    fflush(stdout);
    if (argc > 1 && strcmp(argv[1], "forever") == 0) {
        stop_at = 0xffffffff;
        printf("never: %u\n", down(0));
    }
    return 0;
}
