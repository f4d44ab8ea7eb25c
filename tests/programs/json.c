// JSON: written, parsed into a tree, summed up and written again. The argument is the number of rounds.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum { NUL, BOOLEAN, NUMBER, STRING, ARRAY, OBJECT } kind;

typedef struct value {
    kind kind;
    double number;
    char *text; // a string, or the name of a member
    char *name;
    struct value *first, *next;
} value;

static const char *at;
static char arena[8 << 20];
static size_t used;

static void *allocate(size_t size) {
    void *p = arena + used;
    used += (size + 7) & ~7u;
    if (used > sizeof arena) {
        puts("arena full");
        exit(1);
    }
    return p;
}

static void space(void) {
    while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r') at++;
}

static char *string(void) {
    const char *end = ++at;
    while (*end && *end != '"') end += *end == '\\' ? 2 : 1;
    char *text = allocate(end - at + 1), *to = text;
    while (at < end) {
        char c = *at++;
        if (c == '\\') {
            c = *at++;
            if (c == 'n') c = '\n';
            else if (c == 't') c = '\t';
            else if (c == 'u') {
                char code[5] = {at[0], at[1], at[2], at[3], 0};
                at += 4;
                c = (char)strtol(code, NULL, 16);
            }
        }
        *to++ = c;
    }
    *to = '\0';
    at = end + (*end == '"');
    return text;
}

static value *parse(void) {
    space();
    value *v = allocate(sizeof *v);
    memset(v, 0, sizeof *v);
    switch (*at) {
    case '{':
    case '[': {
        int object = *at++ == '{';
        v->kind = object ? OBJECT : ARRAY;
        value **last = &v->first;
        for (space(); *at && *at != '}' && *at != ']'; space()) {
            char *name = NULL;
            if (object) {
                name = string();
                space();
                at += *at == ':';
            }
            value *member = parse();
            member->name = name;
            *last = member;
            last = &member->next;
            space();
            at += *at == ',';
        }
        at += *at != '\0';
        break;
    }
    case '"':
        v->kind = STRING;
        v->text = string();
        break;
    case 't':
    case 'f':
        v->kind = BOOLEAN;
        v->number = *at == 't';
        at += *at == 't' ? 4 : 5;
        break;
    case 'n':
        at += 4;
        break;
    default: {
        char *end;
        v->kind = NUMBER;
        v->number = strtod(at, &end);
        if (end == at) {
            printf("unexpected `%c`\n", *at);
            exit(1);
        }
        at = end;
    }
    }
    return v;
}

static char *out;
static void put(const char *text) {
    size_t n = strlen(text);
    memcpy(out, text, n);
    out += n;
}
static void quoted(const char *text) {
    *out++ = '"';
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') *out++ = '\\';
        if (*text == '\n') put("\\n");
        else *out++ = *text;
    }
    *out++ = '"';
}

static void write(const value *v) {
    char text[40];
    switch (v->kind) {
    case NUL: put("null"); break;
    case BOOLEAN: put(v->number ? "true" : "false"); break;
    case NUMBER:
        snprintf(text, sizeof text, "%.10g", v->number);
        put(text);
        break;
    case STRING: quoted(v->text); break;
    default:
        put(v->kind == ARRAY ? "[" : "{");
        for (const value *m = v->first; m; m = m->next) {
            if (m->name) {
                quoted(m->name);
                put(":");
            }
            write(m);
            if (m->next) put(",");
        }
        put(v->kind == ARRAY ? "]" : "}");
    }
}

static double total(const value *v) {
    double sum = v->kind == NUMBER ? v->number : v->kind == STRING ? strlen(v->text) : v->kind;
    for (const value *m = v->first; m; m = m->next) sum += total(m);
    return sum;
}

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 2;
    static char text[1 << 20], copy[1 << 20];
    char *to = text;
    to += sprintf(to, "{ \"title\": \"a \\\"quoted\\\" name\\n\", \"none\": null, \"items\": [");
    unsigned state = 1;
    for (int i = 0; i < 2000; i++) {
        state = state * 1103515245 + 12345;
        to += sprintf(to, "%s\n  {\"id\": %d, \"price\": %g, \"tags\": [\"t%u\", \"\\u0041b\"], \"on\": %s, \"at\": {\"x\": %d.5e-1, \"y\": -%u}}",
                      i ? "," : "", i, (state >> 8) / 100.0, state % 97, i % 3 ? "true" : "false", i, state % 1000);
    }
    sprintf(to, "] }");
    size_t length = 0;
    for (int round = 0; round < rounds; round++) {
        used = 0;
        at = round ? copy : text;
        value *root = parse();
        double sum = total(root);
        out = copy;
        write(root);
        *out = '\0';
        length = out - copy;
        if (round < 2) printf("%zu bytes in the arena, %zu written, total %.4f\n", used, length, sum);
    }
    unsigned hash = 2166136261u;
    for (size_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)copy[i]) * 16777619u;
    printf("%.90s\nhash %08x\n", copy, hash);
    return 0;
}
