// Clocks: they go forward, sleeping takes time, calendars are right.
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long long now(clockid_t clock) {
    struct timespec t;
    if (clock_gettime(clock, &t) != 0) return -1;
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void calendar(time_t t) {
    struct tm tm;
    char text[64];
    gmtime_r(&t, &tm);
    strftime(text, sizeof text, "%A, %Y-%m-%d %H:%M:%S, day %j", &tm);
    printf("%lld: %s\n", (long long)t, text);
    if (mktime(&tm) != t) puts("FAILED: mktime");
}

int main(void) {
    long long real = now(CLOCK_REALTIME);
    printf("after 2020: %d, before 2100: %d\n", real > 1577836800000000000LL, real < 4102444800000000000LL);
    struct timespec resolution;
    printf("resolution: %d %d\n", clock_getres(CLOCK_REALTIME, &resolution), clock_getres(CLOCK_MONOTONIC, &resolution));
    printf("between 1 ns and 1 s: %d\n", resolution.tv_sec <= 1 && (resolution.tv_sec > 0 || resolution.tv_nsec > 0));

    long long last = now(CLOCK_MONOTONIC), back = 0;
    for (int i = 0; i < 1000; i++) {
        long long t = now(CLOCK_MONOTONIC);
        back += t < last;
        last = t;
    }
    printf("steps back: %lld\n", back);

    long long before = now(CLOCK_MONOTONIC);
    struct timespec pause = {0, 20000000};
    int slept = nanosleep(&pause, NULL);
    long long took = now(CLOCK_MONOTONIC) - before;
    printf("slept: %d, at least 20 ms: %d, under 10 s: %d\n", slept, took >= 20000000, took < 10000000000LL);

    before = now(CLOCK_MONOTONIC);
    usleep(5000);
    took = now(CLOCK_MONOTONIC) - before;
    printf("at least 5 ms: %d\n", took >= 5000000);
    printf("time() agrees: %d\n", time(NULL) - real / 1000000000 < 20);

    calendar(0);
    calendar(951782400);
    calendar(1709251199);
    calendar(2147483648LL);
    calendar(253402300799LL);
    return 0;
}
