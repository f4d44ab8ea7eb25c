/* A trap below a function that the compiler inlines: for places in backtraces. */

static int __attribute__((noinline)) load(unsigned at)
{
    return *(volatile int *)at; /* the trap */
}

static inline __attribute__((always_inline)) int inlined(unsigned a)
{
    unsigned far = a | 0x7fff0000;
    return load(far) + 1;
}

int __attribute__((noinline)) middle(int a)
{
    unsigned sum = 0;
    for (int i = 0; i < a; i++)
        sum += i;
    return inlined(sum) + 1;
}

int run(int a)
{
    return middle(a) + 1;
}
