// Calls through tables of functions of many signatures, among them wrong ones that must be told apart.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int64_t i64;
typedef double f64;
typedef float f32;

// One function for each of these signatures and a call through a table of its kind.
#define SIGNATURES(X) \
    X(0, int, (void), (), 1) \
    X(1, int, (int a), (3), a * 2) \
    X(2, i64, (i64 a), (3000000000), a * 2) \
    X(3, f32, (f32 a), (1.5f), a * 2) \
    X(4, f64, (f64 a), (1.25), a * 2) \
    X(5, int, (int a, i64 b), (1, 2), a + (int)b) \
    X(6, i64, (i64 a, int b), (1, 2), a - b) \
    X(7, f64, (int a, f32 b, i64 c, f64 d), (1, 2, 3, 4), a + b * (f64)c - d) \
    X(8, int, (int a, int b, int c, int d, int e, int f, int g, int h), (1, 2, 3, 4, 5, 6, 7, 8), \
      a ^ b ^ c ^ d ^ e ^ f ^ g ^ h) \
    X(9, f64, (f64 a, f64 b, f64 c, f64 d, f64 e, f64 f, f64 g, f64 h, f64 i, f64 j), \
      (1, 2, 3, 4, 5, 6, 7, 8, 9, 10), a + b * c - d + e * f - g + h * i - j) \
    X(10, i64, (int a, f64 b, int c, f64 d, int e, f64 f, int g, f64 h, int i, f64 j, int k, i64 l), \
      (1, 2.5, 3, 4.5, 5, 6.5, 7, 8.5, 9, 10.5, 11, 12), \
      a + (i64)(b * c) + (i64)(d * e) + (i64)(f * g) + (i64)(h * i) + (i64)(j * k) + l)

#define DEFINE(N, R, P, A, E) \
    typedef R (*type##N) P; \
    __attribute__((noinline)) static R plain##N P { return E; } \
    __attribute__((noinline)) static R other##N P { return (R)((E) + 1); } \
    static type##N volatile table##N[3] = {plain##N, other##N, plain##N};
SIGNATURES(DEFINE)

#define CALL(N, R, P, A, E) \
    for (int i = 0; i < 3; i++) sum = sum * 31 + (f64)table##N[i] A; \
    printf("signature " #N ": %.17g\n", sum);

// A machine of states that are functions in a table; each picks the next.
typedef struct machine machine;
typedef int (*state)(machine *);
struct machine {
    const char *input;
    long number, total;
    int sign, depth, steps;
};

enum { START, DIGIT, OPERATOR, OPEN, CLOSE, END, ERROR, STATES };

static int classify(char c) {
    if (c >= '0' && c <= '9') return DIGIT;
    if (c == '+' || c == '-') return OPERATOR;
    if (c == '(') return OPEN;
    if (c == ')') return CLOSE;
    return c == '\0' ? END : ERROR;
}
static void finish(machine *m) {
    m->total += m->sign * m->number;
    m->number = 0;
}
static int start(machine *m) { return classify(*m->input); }
static int digit(machine *m) {
    m->number = m->number * 10 + (*m->input++ - '0');
    return classify(*m->input);
}
static int operator(machine *m) {
    finish(m);
    m->sign = *m->input++ == '+' ? 1 : -1;
    return classify(*m->input);
}
static int open(machine *m) {
    m->depth++;
    m->input++;
    return classify(*m->input);
}
static int close(machine *m) {
    m->input++;
    return --m->depth < 0 ? ERROR : classify(*m->input);
}
static int end(machine *m) {
    finish(m);
    return m->depth == 0 ? STATES : ERROR;
}
static int error(machine *m) {
    m->total = -999;
    return STATES;
}

static const state states[STATES] = {start, digit, operator, open, close, end, error};

static long run(const char *text, int *steps) {
    machine m = {text, 0, 0, 1, 0, 0};
    for (int next = START; next != STATES; m.steps++) next = states[next](&m);
    *steps = m.steps;
    return m.total;
}

static int ascending(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
static int descending(const void *a, const void *b) { return *(const int *)b - *(const int *)a; }
static int by_last_digit(const void *a, const void *b) {
    int x = *(const int *)a, y = *(const int *)b;
    return x % 10 != y % 10 ? x % 10 - y % 10 : x - y;
}

int main(int argc, char **argv) {
    f64 sum = 0;
    SIGNATURES(CALL)

    const char *texts[] = {"1+2", "12-(3+4)-5", "((7))", "1+)", "", "100+20+3-50", "(1", "2*3"};
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) {
        int steps;
        long total = run(texts[i], &steps);
        printf("\"%s\": %ld in %d steps\n", texts[i], total, steps);
    }

    int (*orders[])(const void *, const void *) = {ascending, descending, by_last_digit};
    for (int i = 0; i < 3; i++) {
        int numbers[] = {42, 7, 19, 100, 3, 57, 28, 64};
        qsort(numbers, 8, sizeof *numbers, orders[i]);
        for (int k = 0; k < 8; k++) printf("%d ", numbers[k]);
        putchar('\n');
    }
    fflush(stdout);

    // What the specification says must trap; a C compiler can't see it through a volatile pointer.
    if (argc > 1 && strcmp(argv[1], "signature") == 0) {
        type4 volatile wrong = (type4)(void *)table1[0];
        printf("not reached: %g\n", wrong(1.0));
    }
    if (argc > 1 && strcmp(argv[1], "null") == 0) {
        type0 volatile null = NULL;
        printf("not reached: %d\n", null());
    }
    if (argc > 1 && strcmp(argv[1], "outside") == 0) {
        type0 volatile outside = (type0)(uintptr_t)123456;
        printf("not reached: %d\n", outside());
    }
    return 0;
}
