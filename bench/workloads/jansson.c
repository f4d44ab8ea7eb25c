// Jansson: values are made, written as JSON, read again and compared.
#include <stdio.h>

#include "corpus.h"
#include "jansson.h"

static json_t *record(unsigned char *text, uint32_t number) {
    json_t *object = json_object(), *list = json_array();
    char name[40];
    snprintf(name, sizeof name, "%.*s", (int)(number % 30 + 1), text + number % 5000);
    json_object_set_new(object, "id", json_integer(number));
    json_object_set_new(object, "name", json_string(name));
    json_object_set_new(object, "weight", json_real(number / 7.0));
    json_object_set_new(object, "is_new", json_boolean(number % 3 == 0));
    for (uint32_t k = 0; k < number % 9; k++) json_array_append_new(list, json_integer(k * number));
    json_object_set_new(object, "list", list);
    return object;
}

int main(int argc, char **argv) {
    uint32_t count = argc > 1 ? atoi(argv[1]) : 100;
    unsigned char *text = corpus(8192);
    json_t *all = json_array();
    for (uint32_t number = 0; number < count; number++) json_array_append_new(all, record(text, number * 2654435761u >> 8));
    for (int round = 0; round < 3; round++) {
        char *written = json_dumps(all, round == 1 ? JSON_INDENT(2) : JSON_SORT_KEYS);
        json_error_t error;
        json_t *again = json_loads(written, 0, &error);
        if (!again) return 1;
        printf("%zu bytes (%08x), %s\n", strlen(written), checksum((unsigned char *)written, strlen(written)),
               json_equal(all, again) ? "equal" : "DIFFERENT");
        json_decref(again);
        free(written);
    }
    return 0;
}
