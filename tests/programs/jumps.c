// Long jumps between functions through tables: coroutines, backtracking and errors that skip many
// callers, made of continuations that are indices into tables of functions.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef struct context context;
typedef int (*step)(context *);

enum { MAX = 64 };

struct context {
    int handler[MAX], handlers; // where a throw goes on
    int stack[MAX], depth;      // where a return goes on
    long value, trace;
    int countdown;
};

enum {
    HALT, MAIN, AFTER_PARSE, CAUGHT, PARSE, PARSE_NEXT, NUMBER, FAIL, FINALLY, PING, PONG, COLLECT, STEPS
};

static int push(context *c, int then, int go) {
    c->stack[c->depth++] = then;
    return go;
}
static int back(context *c) { return c->stack[--c->depth]; }
// The jump: drops every pending return, whatever the number of callers.
static int jump(context *c) {
    c->depth = 0;
    return c->handler[--c->handlers];
}

static int step_main(context *c) {
    c->trace = c->trace * 7 + MAIN;
    c->handler[c->handlers++] = CAUGHT;
    return push(c, AFTER_PARSE, PARSE);
}
static int step_after(context *c) {
    c->trace = c->trace * 7 + 1;
    c->handlers--;
    return PING;
}
static int step_caught(context *c) {
    c->trace = c->trace * 7 + 2;
    c->value = -c->value;
    return COLLECT;
}
static int step_parse(context *c) {
    c->trace = c->trace * 7 + 3;
    return c->depth < 40 ? push(c, PARSE_NEXT, c->countdown-- > 0 ? PARSE : NUMBER) : FAIL;
}
static int step_next(context *c) {
    c->value = c->value * 3 + 1;
    return back(c);
}
static int step_number(context *c) {
    c->value += 5;
    return back(c);
}
static int step_fail(context *c) {
    c->handler[c->handlers++] = FINALLY;
    return jump(c);
}
static int step_finally(context *c) {
    c->trace = c->trace * 7 + 4;
    return jump(c);
}
static int step_ping(context *c) {
    c->value += 1;
    return c->value % 10 == 0 ? COLLECT : PONG;
}
static int step_pong(context *c) {
    c->value += 2;
    return PING;
}
static int step_collect(context *c) {
    c->trace ^= c->value;
    return HALT;
}

static const step steps[STEPS] = {NULL, step_main, step_after, step_caught, step_parse, step_next, step_number,
                                  step_fail, step_finally, step_ping, step_pong, step_collect};

static void run(int countdown) {
    context c;
    memset(&c, 0, sizeof c);
    c.countdown = countdown;
    int count = 0;
    for (int next = MAIN; next != HALT; count++) next = steps[next](&c);
    printf("countdown %d: value %ld, trace %lx, %d steps\n", countdown, c.value, c.trace & 0xffffff, count);
}

// Eight queens by continuations: success and failure are both calls through a table.
static int queens[8], found, tried;
typedef void (*place)(int row, int next);
static void try_row(int row, int next);
static void solution(int row, int next) {
    (void)row;
    (void)next;
    if (found++ == 0) {
        for (int i = 0; i < 8; i++) printf("%d", queens[i] + 1);
        puts(" is the first solution");
    }
}
static place volatile places[9] = {try_row, try_row, try_row, try_row, try_row, try_row, try_row, try_row, solution};
static void try_row(int row, int next) {
    for (int column = 0; column < 8; column++) {
        int free = 1;
        tried++;
        for (int r = 0; r < row && free; r++) {
            int distance = row - r, other = queens[r];
            free = other != column && other != column - distance && other != column + distance;
        }
        if (!free) continue;
        queens[row] = column;
        places[next](row + 1, next + 1);
    }
}

int main(void) {
    for (int i = 0; i < 60; i += 7) run(i);
    places[0](0, 1);
    printf("%d solutions, %d tried\n", found, tried);
    return 0;
}
