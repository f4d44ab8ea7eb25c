// Floating point: formatting, reading back, rounding, and the functions of the mathematical library.
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double values[] = {
    0.0, -0.0, 1.0, -1.0, 0.1, 0.5, 1.5, 2.5, 3.5, 1e21, 1e22, 1e23, 123456789.123456789, 5e-324, 2.2250738585072014e-308,
    1.7976931348623157e308, 4503599627370496.5, 9007199254740993.0, 3.141592653589793, 2.718281828459045, 1.0 / 3.0,
    1e-5, 1e-4, 123456.0, 1234567.0, 0.000123456, 99999.95, 999999.5, 0.045, 1.005, 8.5, 1e100, 6.02214076e23,
    6.62607015e-34,
};

static uint64_t bits(double value) {
    uint64_t b;
    memcpy(&b, &value, sizeof b);
    return b;
}

static double random_double(uint64_t *state) {
    *state = *state * 6364136223846793005ull + 1442695040888963407ull;
    double value;
    memcpy(&value, state, sizeof value);
    return value;
}

int main(void) {
    for (unsigned i = 0; i < sizeof values / sizeof *values; i++) {
        double v = values[i];
        printf("%.17g | %g | %.0f | %.3f | %e | %a | %15.6e | %-12.4g|\n", v, v, fabs(v) < 1e25 ? v : 0.0,
               fabs(v) < 1e25 ? v : 0.0, v, v, v, v);
    }
    printf("%f %F %g %e %a\n", INFINITY, -INFINITY, NAN, INFINITY, -INFINITY);
    printf("%.0f %.0f %.0f %.0f %.1f %.2f\n", 0.5, 1.5, 2.5, -0.5, 0.25, 1.005);
    printf("%Lg %.20Lf\n", 1.25L, 0.1L);
    printf("%+.3f % .3f %08.2f %#.0f %.*f\n", 1.5, 2.5, -3.14159, 4.0, 3, 2.0 / 3.0);

    // Whatever is written with 17 digits is the same when read.
    uint64_t state = 42;
    int wrong = 0, finite = 0;
    for (int i = 0; i < 2000; i++) {
        double v = random_double(&state);
        if (!isfinite(v)) continue;
        finite++;
        char text[64];
        snprintf(text, sizeof text, "%.17g", v);
        wrong += bits(strtod(text, NULL)) != bits(v);
        snprintf(text, sizeof text, "%a", v);
        wrong += bits(strtod(text, NULL)) != bits(v);
    }
    printf("%d finite, %d wrong\n", finite, wrong);

    const char *texts[] = {"1e400", "-1e-400", "0x1.8p1", "  12.5abc", "inf", "nan", ".5", "1e", "179769313486231580793e289",
                           "2.2250738585072011e-308", "4.9406564584124654e-324", "2.4703282292062327e-324"};
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *end;
        double v = strtod(texts[i], &end);
        printf("\"%s\" is %.17g (%016llx), rest \"%s\"\n", texts[i], isnan(v) ? 0.0 : v,
               isnan(v) ? 0ull : (unsigned long long)bits(v), end);
    }

    for (double x = -3; x <= 3; x += 0.75) {
        printf("%.2f: %.12f %.12f %.12f %.12f %.12f %.12f %.9f\n", x, sin(x), cos(x), tan(x), exp(x), atan(x), tanh(x),
               pow(2.5, x));
        printf("      %g %g %g %g %g %g %ld\n", floor(x), ceil(x), trunc(x), rint(x), nearbyint(x), round(x), lrint(x));
    }
    for (double x = 0.25; x < 1e6; x *= 9.5) {
        printf("%g: %.12g %.12g %.12g %.12g %.12g %.12g\n", x, sqrt(x), cbrt(x), log(x), log10(x), lgamma(x), erf(x));
    }
    double whole;
    int exponent;
    double fraction = modf(-3.75, &whole), significand = frexp(48.0, &exponent);
    printf("%g %g %g\n", fraction, whole, significand);
    printf("%d %g %g %g %g\n", exponent, ldexp(0.75, 6), fmod(-7.5, 2), remainder(7.5, 2), hypot(3, 4));
    printf("%g %g %.17g %.17g\n", fmin(NAN, 1), fmax(-0.0, 0.0), nextafter(1, 2), fma(0.1, 10, -1));
    printf("%.9g %.9g %.9g %.9g\n", (double)(0.1f + 0.2f), (double)sqrtf(2), (double)FLT_MIN, (double)FLT_MAX);
    printf("%lld %llu %d %u\n", (long long)-1e18, (unsigned long long)1.8e19, (int)-2147483648.0, (unsigned)4294967295.0);

    double sum = 0, carry = 0;
    for (int i = 1; i <= 100000; i++) {
        double y = 1.0 / i - carry, t = sum + y;
        carry = (t - sum) - y;
        sum = t;
    }
    printf("harmonic: %.17g\n", sum);
    return 0;
}
