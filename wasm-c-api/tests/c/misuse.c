/* What the headers forbid ends the program with a message, and harms nothing else. */

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static wasm_engine_t *engine;

/* A handle that is used with another store. */
static void foreign_handle(void) {
  wasmtime_store_t *one = wasmtime_store_new(engine, NULL, NULL);
  wasmtime_store_t *other = wasmtime_store_new(engine, NULL, NULL);
  wasm_memorytype_t *type;
  check_error(wasmtime_memorytype_new(1, false, 0, false, false, 16, &type));
  wasmtime_memory_t memory;
  check_error(wasmtime_memory_new(wasmtime_store_context(one), type, &memory));
  wasmtime_memory_data(wasmtime_store_context(other), &memory);
}

/* A function that is null. */
static void null_function(void) {
  wasmtime_func_t func;
  wasmtime_funcref_set_null(&func);
  wasmtime_store_t *store = wasmtime_store_new(engine, NULL, NULL);
  wasmtime_func_type(wasmtime_store_context(store), &func);
}

/* An object that is something else. */
static void wrong_object(void) {
  wasm_store_t *store = wasm_store_new(engine);
  wasm_foreign_t *foreign = wasm_foreign_new(store);
  wasm_func_type((wasm_func_t *)foreign);
}

/* Whether a child that runs this is aborted. */
static void aborts(void (*run)(void)) {
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    /* The message is for people. */
    CHECK(freopen("/dev/null", "w", stderr));
    run();
    _exit(0);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int main(void) {
  engine = wasm_engine_new();
  aborts(foreign_handle);
  aborts(null_function);
  aborts(wrong_object);
  wasm_engine_delete(engine);
  printf("misuse\n");
  return 0;
}
