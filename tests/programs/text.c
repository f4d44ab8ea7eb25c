// Strings: copied, cut, searched, converted, formatted; wide ones too.
#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

int main(void) {
    char buffer[256];
    snprintf(buffer, sizeof buffer, "%5d|%-5d|%05d|%+d|%x|%X|%#o|%c|%s|%.3s|%10s|%-10s|%%", 42, 42, 42, 42, 48879, 48879, 8,
             'c', "string", "string", "right", "left");
    puts(buffer);
    snprintf(buffer, sizeof buffer, "%lld %llu %llx %hhd %hd %zu %td %jd", -9223372036854775807LL - 1, 18446744073709551615ull,
             1234567890123456789ull, (signed char)300, (short)70000, (size_t)7, (ptrdiff_t)-7, (intmax_t)9);
    puts(buffer);
    printf("%d\n", snprintf(buffer, 5, "cut short"));
    puts(buffer);

    char list[] = "alpha,beta;;gamma delta";
    for (char *word = strtok(list, ",; "); word; word = strtok(NULL, ",; ")) printf("[%s]", word);
    putchar('\n');

    const char *hay = "the rain in spain stays mainly in the plain";
    printf("%td %td %td %zu %zu %s\n", strstr(hay, "ain") - hay, strrchr(hay, 'n') - hay, strpbrk(hay, "xyz") - hay,
           strspn(hay, "the "), strcspn(hay, "p"), strstr(hay, "snow") ? "found" : "absent");
    printf("%d %d %d %d\n", strcmp("a", "b") < 0, strcasecmp("HeLLo", "hEllO"), strncmp("abcd", "abce", 3), memcmp("a\0b", "a\0c", 3) < 0);

    const char *numbers[] = {"42", "-17", "0x1f", "077", "99999999999999999999", "12abc", "", "  +8"};
    for (int i = 0; i < 8; i++) {
        char *end;
        errno = 0;
        long long value = strtoll(numbers[i], &end, 0);
        printf("\"%s\": %lld, rest \"%s\", %s\n", numbers[i], value, end, errno == ERANGE ? "out of range" : "fine");
    }
    for (int base = 2; base <= 36; base += 17) printf("%lu ", strtoul("101", NULL, base));
    putchar('\n');

    int kinds[6] = {0};
    for (int c = 0; c < 128; c++) {
        kinds[0] += !!isalpha(c);
        kinds[1] += !!isdigit(c);
        kinds[2] += !!isspace(c);
        kinds[3] += !!ispunct(c);
        kinds[4] += !!isprint(c);
        kinds[5] += toupper(c) != c;
    }
    for (int i = 0; i < 6; i++) printf("%d ", kinds[i]);
    putchar('\n');

    memset(buffer, 'x', sizeof buffer);
    for (int size = 1; size <= 64; size *= 2) {
        memmove(buffer + 3, buffer, size);
        memset(buffer, 'a' + size % 26, size / 2);
        memcpy(buffer + 100, buffer, size);
    }
    buffer[40] = '\0';
    buffer[140] = '\0';
    printf("%s %s\n", buffer, buffer + 100);

    setlocale(LC_ALL, "C.UTF-8");
    const char *utf8 = "na\xc3\xafve \xe2\x82\xac \xf0\x9f\xa6\x80";
    wchar_t wide[32];
    size_t length = mbstowcs(wide, utf8, 32);
    printf("%zu characters:", length);
    for (size_t i = 0; i < length; i++) printf(" %x", (unsigned)wide[i]);
    putchar('\n');
    char narrow[64];
    wcstombs(narrow, wide, sizeof narrow);
    printf("%s\n", strcmp(narrow, utf8) == 0 ? "there and back" : "DIFFERENT");

    int a, b;
    char word[16];
    printf("%d: ", sscanf("12 monkeys 0x1A", "%d %15s %x", &a, word, &b));
    printf("%d %s %d\n", a, word, b);
    return 0;
}
