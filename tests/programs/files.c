// Files: made, written, read back, moved about in, renamed, cut short and removed.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *why(void) {
    switch (errno) {
    case ENOENT: return "ENOENT";
    case EEXIST: return "EEXIST";
    case EBADF: return "EBADF";
    case EISDIR: return "EISDIR";
    case EINVAL: return "EINVAL";
    case ENOTDIR: return "ENOTDIR";
    default: return "another error";
    }
}

static void must(int ok, const char *what) {
    if (!ok) {
        printf("FAILED: %s: %s\n", what, why());
        exit(1);
    }
}

static void stdio_files(void) {
    FILE *file = fopen("/work/lines.txt", "w");
    must(file != NULL, "fopen for writing");
    for (int i = 0; i < 1000; i++) fprintf(file, "line %d: %d\n", i, i * i);
    must(fclose(file) == 0, "fclose");

    file = fopen("/work/lines.txt", "r");
    must(file != NULL, "fopen for reading");
    char line[64];
    int lines = 0;
    long sum = 0;
    while (fgets(line, sizeof line, file)) {
        int i, square;
        must(sscanf(line, "line %d: %d", &i, &square) == 2 && square == i * i, "line");
        lines++;
        sum += square;
    }
    must(feof(file) && !ferror(file), "end of file");
    printf("read %d lines, sum %ld, %ld bytes\n", lines, sum, ftell(file));
    must(fseek(file, 9, SEEK_SET) == 0, "fseek");
    must(fgets(line, sizeof line, file) != NULL, "fgets");
    printf("at 9: %s", line);
    fclose(file);

    file = fopen("/work/lines.txt", "a+");
    fputs("appended\n", file);
    fseek(file, -9, SEEK_END);
    must(fgets(line, sizeof line, file) != NULL, "fgets");
    printf("at the end: %s", line);
    fclose(file);
}

static void descriptors(void) {
    int fd = open("/work/data.bin", O_RDWR | O_CREAT | O_EXCL, 0644);
    must(fd >= 0, "open new");
    must(open("/work/data.bin", O_RDWR | O_CREAT | O_EXCL, 0644) < 0, "open twice");
    printf("exclusive a second time: %s\n", why());

    unsigned char block[4096];
    for (int i = 0; i < 4096; i++) block[i] = (unsigned char)(i * 7);
    for (int i = 0; i < 64; i++) must(write(fd, block, sizeof block) == sizeof block, "write");
    printf("position %lld\n", (long long)lseek(fd, 0, SEEK_CUR));
    unsigned char byte;
    must(pread(fd, &byte, 1, 100000) == 1, "pread");
    printf("byte at 100000: %d\n", byte);
    must(pwrite(fd, "wasm", 4, 5000) == 4, "pwrite");
    char word[5] = {0};
    must(pread(fd, word, 4, 5000) == 4, "pread");
    printf("bytes at 5000: %s\n", word);
    printf("position still %lld\n", (long long)lseek(fd, 0, SEEK_CUR));
    must(ftruncate(fd, 6000) == 0, "ftruncate");
    struct stat st;
    must(fstat(fd, &st) == 0, "fstat");
    printf("cut to %lld bytes, %s\n", (long long)st.st_size, S_ISREG(st.st_mode) ? "a file" : "?");
    must(lseek(fd, 10000, SEEK_SET) == 10000, "seek beyond the end");
    must(write(fd, "x", 1) == 1, "write beyond the end");
    must(pread(fd, &byte, 1, 8000) == 1, "read the hole");
    fstat(fd, &st);
    printf("with a hole %lld bytes, in it %d\n", (long long)st.st_size, byte);
    must(fsync(fd) == 0, "fsync");
    must(close(fd) == 0, "close");
    must(close(fd) < 0, "close twice");
    printf("closed twice: %s\n", why());

    fd = open("/work/data.bin", O_WRONLY | O_TRUNC);
    must(fd >= 0, "open to truncate");
    fstat(fd, &st);
    printf("truncated to %lld bytes\n", (long long)st.st_size);
    close(fd);
}

static void names(void) {
    struct stat st;
    must(stat("/work/lines.txt", &st) == 0, "stat");
    must(rename("/work/lines.txt", "/work/renamed.txt") == 0, "rename");
    must(stat("/work/lines.txt", &st) < 0, "stat of the old name");
    printf("old name: %s\n", why());
    must(stat("/work/renamed.txt", &st) == 0, "stat of the new name");
    printf("new name: %lld bytes\n", (long long)st.st_size);
    must(access("/work/renamed.txt", F_OK) == 0, "access");
    must(unlink("/work/renamed.txt") == 0, "unlink");
    must(unlink("/work/renamed.txt") < 0, "unlink twice");
    printf("unlinked twice: %s\n", why());
    must(unlink("/work/data.bin") == 0, "unlink");
    must(open("/work/none/file", O_RDONLY) < 0, "open below nothing");
    printf("below nothing: %s\n", why());
}

int main(void) {
    stdio_files();
    descriptors();
    names();
    puts("done");
    return 0;
}
