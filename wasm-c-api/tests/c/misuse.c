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

/* An instance that was never made. */
static void null_instance(void) {
  wasmtime_store_t *store = wasmtime_store_new(engine, NULL, NULL);
  wasmtime_instance_t instance = {0};
  wasmtime_extern_t item;
  wasmtime_instance_export_get(wasmtime_store_context(store), &instance, "", 0, &item);
}

/* An instance of another store. */
static void foreign_instance(void) {
  wasmtime_store_t *one = wasmtime_store_new(engine, NULL, NULL);
  wasmtime_store_t *other = wasmtime_store_new(engine, NULL, NULL);
  wasmtime_module_t *module;
  check_error(wasmtime_module_new(engine, (const uint8_t *)"(module)", 8, &module));
  wasmtime_instance_t instance;
  wasm_trap_t *trap = NULL;
  check_error(
      wasmtime_instance_new(wasmtime_store_context(one), module, NULL, 0, &instance, &trap));
  wasmtime_extern_t item;
  wasmtime_instance_export_get(wasmtime_store_context(other), &instance, "", 0, &item);
}

/* A handle of a store that is gone: no store has its number again. */
static void old_handle(void) {
  wasmtime_store_t *store = wasmtime_store_new(engine, NULL, NULL);
  wasm_globaltype_t *type = wasm_globaltype_new(wasm_valtype_new_i32(), WASM_VAR);
  wasmtime_val_t zero = {.kind = WASMTIME_I32};
  wasmtime_global_t global;
  check_error(wasmtime_global_new(wasmtime_store_context(store), type, &zero, &global));
  wasmtime_store_delete(store);
  store = wasmtime_store_new(engine, NULL, NULL);
  wasmtime_global_get(wasmtime_store_context(store), &global, &zero);
}

/* A shared memory that is deleted. */
static void deleted_memory(void) {
  wasmtime_store_t *store = wasmtime_store_new(engine, NULL, NULL);
  wasmtime_extern_t item = {.kind = WASMTIME_EXTERN_SHAREDMEMORY};
  item.of.sharedmemory = NULL;
  wasmtime_extern_delete(&item);
  wasmtime_extern_type(wasmtime_store_context(store), &item);
}

/* A pointer that is null, and a number of things there. */
static void null_slice(void) {
  wasmtime_module_t *module;
  wasmtime_module_new(engine, NULL, 10, &module);
}

/* A vector without what it has. */
static void null_vector(void) {
  wasm_byte_vec_t vector = {10, NULL};
  wasm_byte_vec_delete(&vector);
}

/* A value of a kind that there is not. */
static void no_kind(void) {
  wasmtime_store_t *store = wasmtime_store_new(engine, NULL, NULL);
  wasm_globaltype_t *type = wasm_globaltype_new(wasm_valtype_new_i32(), WASM_VAR);
  wasmtime_val_t val = {.kind = 77};
  wasmtime_global_t global;
  wasmtime_global_new(wasmtime_store_context(store), type, &val, &global);
}

/* A type whose pointer leads nowhere. */
static void null_type(void) {
  wasmtime_heaptype_t type = {.kind = WASMTIME_HEAPTYPE_KIND_CONCRETE_STRUCT}, copy;
  wasmtime_heaptype_clone(&type, &copy);
}

static wasmtime_call_future_t *polled;

static bool poll_again(void *env) {
  (void)env;
  return wasmtime_call_future_poll(polled);
}

static void waits(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *args, size_t nargs,
                  wasmtime_val_t *results, size_t nresults, wasm_trap_t **trap,
                  wasmtime_async_continuation_t *continuation) {
  CHECK(!env && caller && args && !nargs && results && !nresults && !*trap);
  continuation->callback = poll_again;
}

/* A future that polls itself. */
static void polls_itself(void) {
  const char *text = "(module (import \"\" \"\" (func)) (start 0))";
  wasmtime_module_t *module;
  check_error(wasmtime_module_new(engine, (const uint8_t *)text, strlen(text), &module));
  wasmtime_linker_t *linker = wasmtime_linker_new(engine);
  wasm_functype_t *type = wasm_functype_new_0_0();
  check_error(wasmtime_linker_define_async_func(linker, "", 0, "", 0, type, waits, NULL, NULL));
  wasmtime_store_t *store = wasmtime_store_new(engine, NULL, NULL);
  wasmtime_instance_t instance;
  wasm_trap_t *trap = NULL;
  wasmtime_error_t *error = NULL;
  polled = wasmtime_linker_instantiate_async(linker, wasmtime_store_context(store), module,
                                             &instance, &trap, &error);
  wasmtime_call_future_poll(polled);
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
  aborts(null_instance);
  aborts(foreign_instance);
  aborts(old_handle);
  aborts(deleted_memory);
  aborts(null_slice);
  aborts(null_vector);
  aborts(no_kind);
  aborts(null_type);
  aborts(polls_itself);
  wasm_engine_delete(engine);
  printf("misuse\n");
  return 0;
}
