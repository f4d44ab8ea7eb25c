// Sorting and searching: five ways, over numbers, words and records.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT 20000

static uint32_t state = 1;
static uint32_t next(void) {
    state ^= state << 13;
    state ^= state >> 17;
    return state ^= state << 5;
}

static int compare(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void quick(uint32_t *a, int n) { qsort(a, n, sizeof *a, compare); }

static void heap(uint32_t *a, int n) {
    for (int i = n / 2 - 1, end = n; end > 1;) {
        uint32_t value;
        if (i >= 0) value = a[i--];
        else {
            value = a[--end];
            a[end] = a[0];
        }
        int hole = i >= -1 && end == n ? i + 1 : 0;
        for (int child; (child = hole * 2 + 1) < end; hole = child) {
            if (child + 1 < end && a[child + 1] > a[child]) child++;
            if (a[child] <= value) break;
            a[hole] = a[child];
        }
        a[hole] = value;
    }
}

static void merge_into(uint32_t *a, uint32_t *b, int n) {
    if (n < 2) return;
    int half = n / 2;
    merge_into(a, b, half);
    merge_into(a + half, b, n - half);
    memcpy(b, a, half * sizeof *a);
    for (int i = 0, j = half, k = 0; i < half; k++) a[k] = j < n && a[j] < b[i] ? a[j++] : b[i++];
}
static void merge(uint32_t *a, int n) {
    uint32_t *b = malloc(n * sizeof *a);
    merge_into(a, b, n);
    free(b);
}

static void radix(uint32_t *a, int n) {
    uint32_t *b = malloc(n * sizeof *a), *from = a, *to = b;
    for (int shift = 0; shift < 32; shift += 8) {
        int counts[257] = {0};
        for (int i = 0; i < n; i++) counts[(from[i] >> shift & 255) + 1]++;
        for (int i = 0; i < 256; i++) counts[i + 1] += counts[i];
        for (int i = 0; i < n; i++) to[counts[from[i] >> shift & 255]++] = from[i];
        uint32_t *other = from;
        from = to;
        to = other;
    }
    free(b);
}

static void shell(uint32_t *a, int n) {
    for (int gap = n / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11) {
        for (int i = gap; i < n; i++) {
            uint32_t value = a[i];
            int k = i;
            for (; k >= gap && a[k - gap] > value; k -= gap) a[k] = a[k - gap];
            a[k] = value;
        }
    }
}

typedef struct {
    char name[12];
    int group;
    double weight;
} record;

static int by_group(const void *a, const void *b) {
    const record *x = a, *y = b;
    if (x->group != y->group) return x->group - y->group;
    return strcmp(x->name, y->name);
}
static int by_weight(const void *a, const void *b) {
    const record *x = a, *y = b;
    return x->weight < y->weight ? -1 : x->weight > y->weight;
}

int main(void) {
    static uint32_t numbers[COUNT], sorted[COUNT];
    struct {
        const char *name;
        void (*sort)(uint32_t *, int);
    } ways[] = {{"quick", quick}, {"heap", heap}, {"merge", merge}, {"radix", radix}, {"shell", shell}};
    for (int i = 0; i < COUNT; i++) numbers[i] = next();
    for (unsigned way = 0; way < 5; way++) {
        memcpy(sorted, numbers, sizeof sorted);
        ways[way].sort(sorted, COUNT);
        int ordered = 1;
        uint32_t hash = 2166136261u;
        for (int i = 0; i < COUNT; i++) {
            ordered &= i == 0 || sorted[i - 1] <= sorted[i];
            hash = (hash ^ sorted[i]) * 16777619u;
        }
        printf("%s: %s, hash %08x\n", ways[way].name, ordered ? "in order" : "OUT OF ORDER", hash);
    }
    int found = 0;
    for (int i = 0; i < COUNT; i += 7) {
        uint32_t *at = bsearch(&numbers[i], sorted, COUNT, sizeof *sorted, compare);
        found += at != NULL && *at == numbers[i];
    }
    printf("found %d of %d\n", found, (COUNT + 6) / 7);

    static record records[500];
    for (int i = 0; i < 500; i++) {
        snprintf(records[i].name, sizeof records[i].name, "r%u", next() % 100000);
        records[i].group = next() % 9;
        records[i].weight = next() / 4294967296.0;
    }
    qsort(records, 500, sizeof *records, by_group);
    for (int i = 0; i < 500; i += 100) printf("%d %s %.6f\n", records[i].group, records[i].name, records[i].weight);
    qsort(records, 500, sizeof *records, by_weight);
    for (int i = 0; i < 500; i += 100) printf("%.6f %s %d\n", records[i].weight, records[i].name, records[i].group);
    return 0;
}
