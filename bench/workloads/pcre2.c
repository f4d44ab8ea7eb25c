// PCRE2: regular expressions are searched for in a text.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <stdio.h>

#include "corpus.h"
#include "pcre2.h"

int main(int argc, char **argv) {
    static const char *patterns[] = {
        "mi(ter|nor)+", "\\b[a-f]\\w*s\\b", "(\\w+) \\1", "(?i)THE|eth(?=in)", "[^ ]{12,}", "(?:ka|lo|su)(?!ro)[a-z]{3,5}we",
        "^.*(?<=ul)ds.*$",
    };
    size_t size = (argc > 1 ? atoi(argv[1]) : 64) * 1024;
    unsigned char *text = corpus(size);
    for (size_t k = 0; k < sizeof patterns / sizeof *patterns; k++) {
        int error;
        PCRE2_SIZE place;
        pcre2_code *code =
            pcre2_compile((PCRE2_SPTR)patterns[k], PCRE2_ZERO_TERMINATED, PCRE2_MULTILINE, &error, &place, NULL);
        if (!code) return 1;
        pcre2_match_data *match = pcre2_match_data_create_from_pattern(code, NULL);
        size_t at = 0, found = 0, sum = 0;
        while (at < size && pcre2_match(code, text, size, at, 0, match, NULL) > 0) {
            PCRE2_SIZE *places = pcre2_get_ovector_pointer(match);
            found++;
            sum += places[0] ^ places[1];
            at = places[1] > at ? places[1] : at + 1;
        }
        printf("%s: %zu, %zu\n", patterns[k], found, sum);
        pcre2_match_data_free(match);
        pcre2_code_free(code);
    }
    return 0;
}
