// SQLite on a database in memory: inserts, an index, joins, aggregates, sorting, text.
#include <stdio.h>
#include <stdlib.h>

#include "sqlite3.h"

// An operating system without files: the database is in memory.
static int no_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out) {
    (void)vfs, (void)name, (void)flags, (void)out;
    file->pMethods = NULL;
    return SQLITE_CANTOPEN;
}
static int no_access(sqlite3_vfs *vfs, const char *name, int flags, int *result) {
    (void)vfs, (void)name, (void)flags;
    *result = 0;
    return SQLITE_OK;
}
static int full_name(sqlite3_vfs *vfs, const char *name, int size, char *full) {
    (void)vfs;
    sqlite3_snprintf(size, full, "%s", name);
    return SQLITE_OK;
}
static int randomness(sqlite3_vfs *vfs, int size, char *bytes) {
    (void)vfs;
    for (int i = 0; i < size; i++) bytes[i] = (char)(i * 37);
    return size;
}
static int no_sleep(sqlite3_vfs *vfs, int microseconds) {
    (void)vfs;
    return microseconds;
}
static int no_time(sqlite3_vfs *vfs, double *now) {
    (void)vfs;
    *now = 2460000;
    return SQLITE_OK;
}
int sqlite3_os_init(void) {
    static sqlite3_vfs vfs = {.iVersion = 1, .szOsFile = sizeof(sqlite3_file), .mxPathname = 64, .zName = "none",
                              .xOpen = no_file, .xAccess = no_access, .xFullPathname = full_name,
                              .xRandomness = randomness, .xSleep = no_sleep, .xCurrentTime = no_time};
    return sqlite3_vfs_register(&vfs, 1);
}
int sqlite3_os_end(void) { return SQLITE_OK; }

static sqlite3 *db;

static int row(void *unused, int columns, char **values, char **names) {
    (void)unused;
    (void)names;
    for (int i = 0; i < columns; i++) printf("%s%s", i ? "|" : "", values[i] ? values[i] : "NULL");
    putchar('\n');
    return 0;
}

static void sql(const char *text) {
    char *error = NULL;
    if (sqlite3_exec(db, text, row, NULL, &error) != SQLITE_OK) {
        printf("%s: %s\n", text, error);
        exit(1);
    }
}

int main(int argc, char **argv) {
    int rows = argc > 1 ? atoi(argv[1]) : 2000;
    if (sqlite3_open(":memory:", &db) != SQLITE_OK) return 1;
    sql("create table person(id integer primary key, name text, age int, town int)");
    sql("create table town(id integer primary key, name text)");
    sql("begin");
    sqlite3_stmt *insert;
    sqlite3_prepare_v2(db, "insert into person values(?, ?, ?, ?)", -1, &insert, NULL);
    unsigned state = 5;
    for (int i = 0; i < rows; i++) {
        char name[32];
        state = state * 1664525 + 1013904223;
        snprintf(name, sizeof name, "person %u", (state >> 10) % 5000);
        sqlite3_bind_int(insert, 1, i);
        sqlite3_bind_text(insert, 2, name, -1, SQLITE_TRANSIENT);
        sqlite3_bind_int(insert, 3, (state >> 8) % 90);
        sqlite3_bind_int(insert, 4, (state >> 16) % 50);
        if (sqlite3_step(insert) != SQLITE_DONE) return 2;
        sqlite3_reset(insert);
    }
    sqlite3_finalize(insert);
    sql("with recursive n(i) as (select 0 union all select i + 1 from n where i < 49) "
        "insert into town select i, 'town ' || char(65 + i % 26) || i from n");
    sql("commit");
    sql("create index by_town on person(town, age)");
    sql("select count(*), sum(age), min(name), max(name), count(distinct name) from person");
    sql("select t.name, count(*), avg(p.age) from person p join town t on t.id = p.town group by t.id order by 3 desc limit 5");
    sql("select count(*) from person a join person b on a.town = b.town and a.age = b.age and a.id < b.id where a.age > 40");
    sql("select name, count(*) c from person where name like '%9%' group by name order by c desc, name limit 5");
    sql("update person set name = upper(substr(name, 1, 3)) || replace(name, 'person', '') where town % 3 = 0");
    sql("select substr(name, 1, 3), count(*), sum(length(name)) from person group by 1 order by 1");
    sql("delete from person where age between 20 and 40 and town in (select id from town where name like '%A%')");
    sql("select count(*), total(age * town) from person");
    sql("pragma integrity_check");
    sqlite3_close(db);
    return 0;
}
