// A small Forth: source is compiled to cells on the heap, and run with a budget of steps, so that it can be
// stopped in the middle of its work. A library without a `main`: the host calls what is exported.

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT(name) __attribute__((export_name(name)))

typedef int32_t cell;

enum { LIT, CALL, EXIT, JUMP, JUMPZ, ADD, SUB, MUL, DIV, MOD, LESS, EQUAL, DUP, DROP, SWAP, OVER, FETCH, STORE, HALT };

typedef struct Word {
    struct Word *next;
    char name[16];
    int is_variable;
    cell at; // Where its code is, or the number of the variable.
} Word;

static const struct { const char *name; int op; } primitives[] = {
    {"+", ADD}, {"-", SUB}, {"*", MUL}, {"/", DIV}, {"mod", MOD}, {"<", LESS}, {"=", EQUAL},
    {"dup", DUP}, {"drop", DROP}, {"swap", SWAP}, {"over", OVER}, {"@", FETCH}, {"!", STORE}, {"exit", EXIT},
};

static Word *dictionary;
static cell *code;
static cell here, room;
static cell *variables;
static cell variable_count;
static cell stack[256], returns[256];
static cell depth, return_depth, ip = -1;
static int (*handlers[HALT + 1])(cell *);

static void emit(cell value) {
    if (here == room) {
        room = room ? room * 2 : 64;
        code = realloc(code, room * sizeof(cell));
    }
    code[here++] = value;
}

static Word *find(const char *name) {
    for (Word *word = dictionary; word; word = word->next)
        if (strcmp(word->name, name) == 0) return word;
    return NULL;
}

static Word *define(const char *name, int is_variable, cell at) {
    Word *word = malloc(sizeof(Word));
    strncpy(word->name, name, sizeof word->name - 1);
    word->name[sizeof word->name - 1] = 0;
    word->is_variable = is_variable;
    word->at = at;
    word->next = dictionary;
    return dictionary = word;
}

// The machine goes through a table of functions, so that a snapshot has one that the program has filled.
static int do_lit(cell *ip) { stack[depth++] = code[(*ip)++]; return 1; }
static int do_call(cell *ip) { returns[return_depth++] = *ip + 1; *ip = code[*ip]; return 1; }
static int do_exit(cell *ip) { *ip = returns[--return_depth]; return 1; }
static int do_jump(cell *ip) { *ip = code[*ip]; return 1; }
static int do_jumpz(cell *ip) { *ip = stack[--depth] ? *ip + 1 : code[*ip]; return 1; }
#define BINARY(name, expression) \
    static int name(cell *ip) { (void)ip; cell b = stack[--depth], a = stack[--depth]; stack[depth++] = (expression); return 1; }
BINARY(do_add, a + b)
BINARY(do_sub, a - b)
BINARY(do_mul, a *b)
BINARY(do_div, a / b)
BINARY(do_mod, a % b)
BINARY(do_less, a < b ? -1 : 0)
BINARY(do_equal, a == b ? -1 : 0)
static int do_dup(cell *ip) { (void)ip; stack[depth] = stack[depth - 1]; depth++; return 1; }
static int do_drop(cell *ip) { (void)ip; depth--; return 1; }
static int do_swap(cell *ip) { (void)ip; cell a = stack[depth - 1]; stack[depth - 1] = stack[depth - 2]; stack[depth - 2] = a; return 1; }
static int do_over(cell *ip) { (void)ip; stack[depth] = stack[depth - 2]; depth++; return 1; }
static int do_fetch(cell *ip) { (void)ip; stack[depth - 1] = variables[stack[depth - 1]]; return 1; }
static int do_store(cell *ip) { (void)ip; variables[stack[depth - 1]] = stack[depth - 2]; depth -= 2; return 1; }
static int do_halt(cell *ip) { *ip = -1; return 0; }

EXPORT("prepare") void prepare(void) {
    int (*all[])(cell *) = {do_lit, do_call, do_exit, do_jump, do_jumpz, do_add, do_sub, do_mul, do_div, do_mod,
                            do_less, do_equal, do_dup, do_drop, do_swap, do_over, do_fetch, do_store, do_halt};
    memcpy(handlers, all, sizeof all);
}

EXPORT("buffer") char *buffer(int size) { return malloc(size); }

// Compiles source: `: name … ;`, `variable name`, `begin … while … repeat`, `if … else … then`. What stands
// outside of definitions is run by `step`. False if a word is not known.
EXPORT("compile") int compile(char *source) {
    cell main_code[256], main_len = 0, marks[64], mark_count = 0;
    int inside = 0;
    for (char *token = strtok(source, " \n"); token; token = strtok(NULL, " \n")) {
        if (strcmp(token, ":") == 0) {
            define(strtok(NULL, " \n"), 0, here);
            inside = 1;
        } else if (strcmp(token, ";") == 0) {
            emit(EXIT);
            inside = 0;
        } else if (strcmp(token, "variable") == 0) {
            variables = realloc(variables, (variable_count + 1) * sizeof(cell));
            variables[variable_count] = 0;
            define(strtok(NULL, " \n"), 1, variable_count++);
        } else if (strcmp(token, "begin") == 0) {
            marks[mark_count++] = here;
        } else if (strcmp(token, "while") == 0 || strcmp(token, "if") == 0) {
            emit(JUMPZ);
            marks[mark_count++] = here;
            emit(0);
        } else if (strcmp(token, "repeat") == 0) {
            cell leave = marks[--mark_count];
            emit(JUMP);
            emit(marks[--mark_count]);
            code[leave] = here;
        } else if (strcmp(token, "else") == 0) {
            cell other = marks[--mark_count];
            emit(JUMP);
            marks[mark_count++] = here;
            emit(0);
            code[other] = here;
        } else if (strcmp(token, "then") == 0) {
            code[marks[--mark_count]] = here;
        } else {
            cell words[2], count = 0;
            Word *word = find(token);
            if (word) {
                words[count++] = word->is_variable ? LIT : CALL;
                words[count++] = word->at;
            } else {
                for (size_t i = 0; i < sizeof primitives / sizeof *primitives; i++)
                    if (strcmp(token, primitives[i].name) == 0) words[count++] = primitives[i].op;
                char *end;
                cell number = strtol(token, &end, 10);
                if (!count && *end == 0) {
                    words[count++] = LIT;
                    words[count++] = number;
                }
                if (!count) return 0;
            }
            for (cell i = 0; i < count; i++) {
                if (inside) emit(words[i]);
                else main_code[main_len++] = words[i];
            }
        }
    }
    ip = here;
    for (cell i = 0; i < main_len; i++) emit(main_code[i]);
    emit(HALT);
    return 1;
}

// Runs so many steps at the most; whether there are more.
EXPORT("step") int step(int budget) {
    while (ip >= 0 && budget-- > 0) {
        cell op = code[ip++];
        if (!handlers[op](&ip)) break;
    }
    return ip >= 0;
}

EXPORT("set") int set(char *name, cell value) {
    Word *word = find(name);
    if (!word || !word->is_variable) return 0;
    variables[word->at] = value;
    return 1;
}

EXPORT("get") cell get(char *name) {
    Word *word = find(name);
    return word ? variables[word->at] : -1;
}
