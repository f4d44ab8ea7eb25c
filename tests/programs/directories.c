// Directories: made, listed, removed; links; and no way out of what was handed in.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void must(int ok, const char *what) {
    if (!ok) {
        printf("FAILED: %s: errno %d\n", what, errno);
        exit(1);
    }
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void list(const char *path) {
    DIR *dir = opendir(path);
    must(dir != NULL, "opendir");
    char *names[600];
    int count = 0;
    struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        must(count < 600, "few entries");
        names[count++] = strdup(entry->d_name);
    }
    must(closedir(dir) == 0, "closedir");
    qsort(names, count, sizeof *names, by_name);
    printf("%s: %d entries\n", path, count);
    for (int i = 0; i < count; i++) {
        if (count < 10 || i % 100 == 0) {
            char full[256];
            struct stat st;
            snprintf(full, sizeof full, "%s/%s", path, names[i]);
            must(lstat(full, &st) == 0, "lstat");
            const char *kind = S_ISDIR(st.st_mode) ? "directory" : S_ISLNK(st.st_mode) ? "link" : "file";
            printf("  %s (%s)\n", names[i], kind);
        }
        free(names[i]);
    }
}

static void touch(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    must(file != NULL, path);
    fputs(text, file);
    fclose(file);
}

static void show(const char *path) {
    char text[64] = {0};
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        printf("%s: can't be opened\n", path);
        return;
    }
    fread(text, 1, sizeof text - 1, file);
    fclose(file);
    printf("%s: %s\n", path, text);
}

int main(void) {
    list("/work");
    must(mkdir("/work/a", 0755) == 0, "mkdir");
    must(mkdir("/work/a/b", 0755) == 0, "mkdir");
    must(mkdir("/work/a/b/c", 0755) == 0, "mkdir");
    must(mkdir("/work/a", 0755) < 0 && errno == EEXIST, "mkdir twice");
    touch("/work/a/one", "first");
    touch("/work/a/b/two", "second");
    list("/work/a");
    must(rmdir("/work/a/b") < 0 && errno == ENOTEMPTY, "rmdir of a full directory");
    must(unlink("/work/a/b") < 0, "unlink of a directory");
    must(rename("/work/a/b", "/work/moved") == 0, "rename of a directory");
    list("/work/moved");
    show("/work/moved/../moved/./two");

    must(symlink("one", "/work/a/link") == 0, "symlink");
    char target[32];
    ssize_t length = readlink("/work/a/link", target, sizeof target);
    must(length == 3 && memcmp(target, "one", 3) == 0, "readlink");
    show("/work/a/link");
    must(link("/work/a/one", "/work/a/hard") == 0, "link");
    unlink("/work/a/one");
    show("/work/a/hard");
    show("/work/a/link");
    list("/work/a");

    // Outside is outside, whatever the path looks like.
    show("/work/../secret.txt");
    show("/work/a/../../secret.txt");
    if (symlink("../../secret.txt", "/work/a/escape") == 0) {
        show("/work/a/escape");
        unlink("/work/a/escape");
    } else {
        puts("/work/a/escape: can't be opened");
    }
    show("/etc/passwd");

    must(mkdir("/work/many", 0755) == 0, "mkdir");
    for (int i = 0; i < 500; i++) {
        char path[64];
        snprintf(path, sizeof path, "/work/many/file-with-a-rather-long-name-%03d", i);
        touch(path, "x");
    }
    list("/work/many");
    for (int i = 0; i < 500; i++) {
        char path[64];
        snprintf(path, sizeof path, "/work/many/file-with-a-rather-long-name-%03d", i);
        must(unlink(path) == 0, "unlink");
    }
    must(rmdir("/work/many") == 0, "rmdir");
    unlink("/work/a/link");
    unlink("/work/a/hard");
    unlink("/work/moved/two");
    must(rmdir("/work/moved/c") == 0, "rmdir");
    must(rmdir("/work/moved") == 0, "rmdir");
    must(rmdir("/work/a") == 0, "rmdir");
    list("/work");
    return 0;
}
