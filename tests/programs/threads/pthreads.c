/* Threads by the C library's `pthread.h`, as programs have them: workers take numbers from a queue
 * under a mutex and wait for more with condition variables, each has thread-local data, and the
 * first thread joins all of them. With an argument, one of the threads ends the program. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define WORKERS 4
#define NUMBERS 4000
#define ROOM 8

static struct {
    pthread_mutex_t lock;
    pthread_cond_t not_empty, not_full;
    unsigned values[ROOM], first, count;
    int closed;
} queue = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER};

static _Thread_local unsigned taken = 100;
static _Thread_local unsigned long long sum;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static pthread_barrier_t all_begun;
static pthread_rwlock_t guard = PTHREAD_RWLOCK_INITIALIZER;
static unsigned made_once, dropped, total_taken;

static void drop(void *value) {
    __atomic_fetch_add(&dropped, *(unsigned *)value, __ATOMIC_RELAXED);
    free(value);
}

static void make_key(void) {
    made_once++;
    pthread_key_create(&key, drop);
}

static void put(unsigned value) {
    pthread_mutex_lock(&queue.lock);
    while (queue.count == ROOM) pthread_cond_wait(&queue.not_full, &queue.lock);
    queue.values[(queue.first + queue.count++) % ROOM] = value;
    pthread_cond_signal(&queue.not_empty);
    pthread_mutex_unlock(&queue.lock);
}

static int take(unsigned *value) {
    pthread_mutex_lock(&queue.lock);
    while (queue.count == 0 && !queue.closed) pthread_cond_wait(&queue.not_empty, &queue.lock);
    int found = queue.count != 0;
    if (found) {
        *value = queue.values[queue.first];
        queue.first = (queue.first + 1) % ROOM;
        queue.count--;
        pthread_cond_signal(&queue.not_full);
    }
    pthread_mutex_unlock(&queue.lock);
    return found;
}

static void *work(void *number) {
    pthread_once(&once, make_key);
    unsigned *own = malloc(sizeof *own);
    *own = 1 + *(unsigned *)number;
    pthread_setspecific(key, own);
    pthread_barrier_wait(&all_begun);
    for (unsigned value; take(&value);) {
        taken++;
        sum += value;
        char *room = malloc(1 + value % 512);
        room[value % 512] = (char)value;
        if (*(volatile char *)&room[value % 512] != (char)value) abort();
        free(room);
    }
    pthread_rwlock_wrlock(&guard);
    total_taken += taken;
    pthread_rwlock_unlock(&guard);
    unsigned long long *result = malloc(sizeof *result);
    *result = sum;
    return result;
}

/* Nobody signals this: the time ends the wait. */
static int wait_in_vain(void) {
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t never = PTHREAD_COND_INITIALIZER;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 5000000;
    if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
    pthread_mutex_lock(&lock);
    int outcome;
    do outcome = pthread_cond_timedwait(&never, &lock, &until);
    while (outcome == 0);
    pthread_mutex_unlock(&lock);
    return outcome;
}

static void *end(void *unused) {
    (void)unused;
    exit(9);
}

int main(int argc, char **argv) {
    (void)argv;
    pthread_t threads[WORKERS], other;
    if (argc > 1) {
        if (pthread_create(&other, NULL, end, NULL) != 0) return 1;
        for (;;) wait_in_vain();
    }
    unsigned numbers[WORKERS];
    pthread_barrier_init(&all_begun, NULL, WORKERS + 1);
    for (unsigned i = 0; i < WORKERS; i++) {
        numbers[i] = i;
        if (pthread_create(&threads[i], NULL, work, &numbers[i]) != 0) return 1;
    }
    pthread_barrier_wait(&all_begun);
    for (unsigned i = 1; i <= NUMBERS; i++) put(i);
    pthread_mutex_lock(&queue.lock);
    queue.closed = 1;
    pthread_cond_broadcast(&queue.not_empty);
    pthread_mutex_unlock(&queue.lock);
    unsigned long long all = 0;
    for (unsigned i = 0; i < WORKERS; i++) {
        void *result;
        if (pthread_join(threads[i], &result) != 0) return 1;
        all += *(unsigned long long *)result;
        free(result);
    }
    printf("sum %llu, taken %u\n", all, total_taken - WORKERS * 100);
    printf("made once: %u, dropped at the ends: %u\n", made_once, dropped);
    printf("this thread's own: %u and %llu\n", taken, sum);
    printf("timed out: %s\n", wait_in_vain() == ETIMEDOUT ? "yes" : "no");
    return 0;
}
