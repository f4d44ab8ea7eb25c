/* An engine, a module and a linker that threads share, each with a store; one of them is stopped. */

#include <pthread.h>
#include <stdatomic.h>

#include "check.h"

enum { THREADS = 4, REPETITIONS = 10 };

static atomic_int calls, freed;
static wasm_engine_t *engine;
static wasmtime_linker_t *linker;
static wasmtime_module_t *compiled;

static void count_free(void *data) {
  CHECK(data == &calls);
  freed++;
}

static wasm_trap_t *count(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *args,
                          size_t nargs, wasmtime_val_t *results, size_t nresults) {
  CHECK(env == &calls && nargs == 0 && nresults == 0 && args && results);
  CHECK(wasmtime_context_get_data(wasmtime_caller_context(caller)));
  calls++;
  return NULL;
}

static void *run(void *env) {
  for (int i = 0; i < REPETITIONS; i++) {
    wasmtime_store_t *store = wasmtime_store_new(engine, env, NULL);
    wasmtime_context_t *context = wasmtime_store_context(store);
    wasmtime_context_set_epoch_deadline(context, 1000000);
    wasmtime_instance_t made;
    wasm_trap_t *trap = NULL;
    check_error(wasmtime_linker_instantiate(linker, context, compiled, &made, &trap));
    wasmtime_extern_t item;
    CHECK(wasmtime_instance_export_get(context, &made, "run", 3, &item));
    check_error(wasmtime_func_call(context, &item.of.func, NULL, 0, NULL, 0, &trap));
    CHECK(!trap);
    wasmtime_module_t *own = wasmtime_module_clone(compiled);
    wasmtime_module_delete(own);
    wasmtime_store_delete(store);
  }
  return NULL;
}

static atomic_bool stopped;

/* Counts epochs on until the store that loops has been stopped. */
static void *stop(void *env) {
  (void)env;
  while (!stopped) wasmtime_engine_increment_epoch(engine);
  return NULL;
}

int main(void) {
  wasm_config_t *config = wasm_config_new();
  wasmtime_config_epoch_interruption_set(config, true);
  engine = wasm_engine_new_with_config(config);
  const char *text = "(module (import \"\" \"\" (func $f)) (func (export \"run\") (call $f))"
                     " (func (export \"loop\") (loop (br 0))))";
  check_error(wasmtime_module_new(engine, (const uint8_t *)text, strlen(text), &compiled));
  linker = wasmtime_linker_new(engine);
  wasm_functype_t *type = wasm_functype_new_0_0();
  check_error(
      wasmtime_linker_define_func(linker, "", 0, "", 0, type, count, &calls, count_free));
  wasm_functype_delete(type);
  pthread_t threads[THREADS], stopper;
  for (int i = 0; i < THREADS; i++) CHECK(!pthread_create(&threads[i], NULL, run, &calls));
  for (int i = 0; i < THREADS; i++) CHECK(!pthread_join(threads[i], NULL));
  CHECK(calls == THREADS * REPETITIONS);

  /* What was shared may be freed before the stores that have it. */
  wasmtime_store_t *store = wasmtime_store_new(engine, &calls, NULL);
  wasmtime_context_t *context = wasmtime_store_context(store);
  wasmtime_context_set_epoch_deadline(context, 1);
  wasmtime_instance_t made;
  wasm_trap_t *trap = NULL;
  check_error(wasmtime_linker_instantiate(linker, context, compiled, &made, &trap));
  wasmtime_linker_delete(linker);
  wasmtime_module_delete(compiled);
  CHECK(freed == 0);
  wasmtime_extern_t item;
  CHECK(wasmtime_instance_export_get(context, &made, "loop", 4, &item));
  CHECK(!pthread_create(&stopper, NULL, stop, NULL));
  check_error(wasmtime_func_call(context, &item.of.func, NULL, 0, NULL, 0, &trap));
  stopped = true;
  wasmtime_trap_code_t code;
  CHECK(wasmtime_trap_code(trap, &code) && code == WASMTIME_TRAP_CODE_INTERRUPT);
  wasm_trap_delete(trap);
  CHECK(!pthread_join(stopper, NULL));
  wasm_engine_delete(engine);
  CHECK(wasmtime_instance_export_get(context, &made, "run", 3, &item));
  wasmtime_store_delete(store);
  CHECK(freed == 1);
  printf("shared\n");
  return 0;
}
