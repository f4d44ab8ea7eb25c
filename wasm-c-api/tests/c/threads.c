/* Threads with a store each, and a module that they share. */

#include <pthread.h>

#include "check.h"

enum { THREADS = 4, REPETITIONS = 10 };

typedef struct {
  wasm_engine_t *engine;
  wasm_shared_module_t *module;
  int id;
  int calls;
} thread_args;

static wasm_trap_t *count(void *env, const wasm_val_vec_t *args, wasm_val_vec_t *results) {
  (void)results;
  thread_args *thread = env;
  CHECK(args->data[0].of.i32 == thread->id);
  thread->calls++;
  return NULL;
}

static void *run(void *env) {
  thread_args *thread = env;
  for (int i = 0; i < REPETITIONS; i++) {
    wasm_store_t *store = wasm_store_new(thread->engine);
    wasm_module_t *compiled = wasm_module_obtain(store, thread->module);
    CHECK(compiled);
    wasm_functype_t *type = wasm_functype_new_1_0(wasm_valtype_new_i32());
    wasm_func_t *host = wasm_func_new_with_env(store, type, count, thread, NULL);
    wasm_functype_delete(type);
    wasm_val_t id = WASM_I32_VAL(thread->id);
    wasm_globaltype_t *global_type = wasm_globaltype_new(wasm_valtype_new_i32(), WASM_CONST);
    wasm_global_t *global = wasm_global_new(store, global_type, &id);
    wasm_globaltype_delete(global_type);
    wasm_extern_t *import[] = {wasm_func_as_extern(host), wasm_global_as_extern(global)};
    wasm_extern_vec_t imports = WASM_ARRAY_VEC(import), exports;
    wasm_instance_t *made = wasm_instance_new(store, compiled, &imports, NULL);
    CHECK(made);
    wasm_instance_exports(made, &exports);
    CHECK(!wasm_func_call(wasm_extern_as_func(exports.data[0]), NULL, NULL));
    wasm_extern_vec_delete(&exports);
    wasm_instance_delete(made);
    wasm_global_delete(global);
    wasm_func_delete(host);
    wasm_module_delete(compiled);
    wasm_store_delete(store);
  }
  return NULL;
}

int main(void) {
  wasm_engine_t *engine = wasm_engine_new(), *other = wasm_engine_new();
  wasm_store_t *store = wasm_store_new(engine), *foreign = wasm_store_new(other);
  wasm_module_t *compiled = module(
      store, "(module (import \"\" \"f\" (func $f (param i32))) (import \"\" \"id\" (global i32))"
             " (func (export \"run\") (call $f (global.get 0))))");
  wasm_shared_module_t *shared = wasm_module_share(compiled);
  CHECK(!wasm_module_obtain(foreign, shared));
  wasm_module_delete(compiled);
  wasm_store_delete(store);
  wasm_store_delete(foreign);
  pthread_t threads[THREADS];
  thread_args args[THREADS];
  int calls = 0;
  for (int i = 0; i < THREADS; i++) {
    args[i] = (thread_args){engine, shared, i, 0};
    CHECK(!pthread_create(&threads[i], NULL, run, &args[i]));
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
    calls += args[i].calls;
  }
  printf("%d calls\n", calls);
  wasm_shared_module_delete(shared);
  wasm_engine_delete(engine);
  wasm_engine_delete(other);
  return 0;
}
