// What a program is given: arguments, variables, standard input; and what it leaves with.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static void goodbye(void) { puts("at exit"); }

int main(int argc, char **argv) {
    printf("%d arguments\n", argc);
    for (int i = 1; i < argc; i++) printf("  %s\n", argv[i]);
    for (char **variable = environ; *variable; variable++) printf("variable %s\n", *variable);
    printf("GREETING is %s, OTHER is %s\n", getenv("GREETING"), getenv("OTHER") ? getenv("OTHER") : "not set");

    char line[128];
    int lines = 0, bytes = 0;
    while (fgets(line, sizeof line, stdin)) {
        lines++;
        bytes += strlen(line);
        line[strcspn(line, "\n")] = '\0';
        printf("> %s\n", line);
    }
    printf("%d lines, %d bytes\n", lines, bytes);
    fprintf(stderr, "to standard error\n");

    unsigned char random[32] = {0}, zero[32] = {0};
    printf("random: %d %s\n", getentropy(random, sizeof random), memcmp(random, zero, 32) ? "yes" : "NO");
    atexit(goodbye);
    const char *code = argc > 1 ? argv[1] : "0";
    if (strcmp(code, "abort") == 0) {
        fflush(stdout);
        abort();
    }
    exit(atoi(code));
}
