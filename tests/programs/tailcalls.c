// Tail calls: millions of them deep, direct and through a table, with more arguments than the caller.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define TAIL __attribute__((musttail)) return

__attribute__((noinline)) static uint64_t odd(uint64_t n, uint64_t hash);
__attribute__((noinline)) static uint64_t even(uint64_t n, uint64_t hash) {
    if (n == 0) return hash;
    TAIL odd(n - 1, hash * 31 + n);
}
__attribute__((noinline)) static uint64_t odd(uint64_t n, uint64_t hash) {
    if (n == 0) return ~hash;
    TAIL even(n - 1, hash ^ n);
}

// An interpreter whose operations call the next one.
typedef struct {
    int64_t stack[16];
    const uint8_t *code;
    int64_t counter;
} vm;
typedef int64_t (*operation)(vm *, int, int);
static int64_t op_push(vm *, int, int), op_add(vm *, int, int), op_swap(vm *, int, int), op_loop(vm *, int, int),
    op_end(vm *, int, int);
static const operation operations[] = {op_push, op_add, op_swap, op_loop, op_end};
#define NEXT TAIL operations[vm->code[pc]](vm, pc, sp)

static int64_t op_push(vm *vm, int pc, int sp) {
    vm->stack[sp++] = (int8_t)vm->code[pc + 1];
    pc += 2;
    NEXT;
}
static int64_t op_add(vm *vm, int pc, int sp) {
    sp--;
    vm->stack[sp - 1] = vm->stack[sp - 1] * 3 + vm->stack[sp];
    pc++;
    NEXT;
}
static int64_t op_swap(vm *vm, int pc, int sp) {
    int64_t top = vm->stack[sp - 1];
    vm->stack[sp - 1] = vm->stack[sp - 2];
    vm->stack[sp - 2] = top;
    pc++;
    NEXT;
}
static int64_t op_loop(vm *vm, int pc, int sp) {
    pc = --vm->counter > 0 ? pc - vm->code[pc + 1] : pc + 2;
    NEXT;
}
static int64_t op_end(vm *vm, int pc, int sp) {
    (void)pc;
    return vm->stack[sp - 1];
}

__attribute__((noinline)) static int64_t gather(int64_t n, int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, int64_t f,
                                                int64_t g, int64_t h, double x) {
    if (n == 0) return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + (int64_t)x;
    TAIL gather(n - 1, b, c, d, e, f, g, h, a + n % 7, x * 0.5 + 1);
}

int main(int argc, char **argv) {
    int64_t count = argc > 1 ? atoll(argv[1]) : 3000000;
    printf("%016llx\n", (unsigned long long)even(count, 1));
    printf("%016llx\n", (unsigned long long)even(count + 1, 1));
    static const uint8_t code[] = {0, 1, 0, 7, 1, 0, 5, 2, 1, 3, 4, 4};
    vm vm = {{0}, code, count};
    printf("%lld\n", (long long)operations[code[0]](&vm, 0, 0));
    printf("%lld\n", (long long)gather(count, 1, 2, 3, 4, 5, 6, 7, 8, 0.5));
    return 0;
}
